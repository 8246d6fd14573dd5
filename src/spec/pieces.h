/* Memory in pieces that end together. Not collective. */
#ifndef PIECES_H
#define PIECES_H

#include <stddef.h>

struct pieces {
    struct piece *last; /* NULL: none yet */
};

/* One more, zeroed. */
void *pieces_take(struct pieces *pieces, size_t bytes);
void pieces_free(struct pieces *pieces);

#endif
