/* A binary heap: the item of the least key comes first, of equal keys that of the least id. Not collective. */
#ifndef HEAP_H
#define HEAP_H

#include <stdint.h>

struct heap_item {
    double key;
    int64_t id;
};
struct heap {
    int64_t count;
    struct heap_item *item; /* [count], in memory that the owner has made large enough */
};

void heap_add(struct heap *heap, struct heap_item item);
/* The heap is not empty. */
struct heap_item heap_take(struct heap *heap);

#endif
