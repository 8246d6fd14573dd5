#include "pieces.h"

#include <stdalign.h>
#include <stdlib.h>
#include "panic.h"

struct piece {
    struct piece *next;
    alignas(max_align_t) char bytes[];
};

void *pieces_take(struct pieces *pieces, size_t bytes) {
    struct piece *piece = calloc(1, sizeof *piece + bytes);
    CHECK(piece);
    piece->next = pieces->last;
    pieces->last = piece;
    return piece->bytes;
}

void pieces_free(struct pieces *pieces) {
    for (struct piece *piece = pieces->last, *next; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    pieces->last = NULL;
}
