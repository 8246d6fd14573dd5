#include "heap.h"

#include <stdbool.h>

#include "panic.h"

static bool is_before(const struct heap_item *a, const struct heap_item *b) {
    return a->key < b->key || (a->key <= b->key && a->id < b->id);
}

void heap_add(struct heap *heap, struct heap_item item) {
    int64_t at = heap->count++;
    while (at > 0) {
        int64_t above = (at - 1) / 2;
        if (!is_before(&item, &heap->item[above])) break;
        heap->item[at] = heap->item[above];
        at = above;
    }
    heap->item[at] = item;
}

struct heap_item heap_take(struct heap *heap) {
    CHECK(heap->count > 0);
    struct heap_item first = heap->item[0], last = heap->item[--heap->count];
    int64_t at = 0;
    for (int64_t below; (below = 2 * at + 1) < heap->count; at = below) {
        if (below + 1 < heap->count) below += is_before(&heap->item[below + 1], &heap->item[below]);
        if (!is_before(&heap->item[below], &last)) break;
        heap->item[at] = heap->item[below];
    }
    heap->item[at] = last;
    return first;
}
