/* One block of memory with marks: sizes first, then one allocation, scratch between mark and release.
 *
 * An arena made with capacity 0 counts only: it hands out NULL and its `peak` is the size that the same calls need of a
 * real one. So one layout function both sizes and lays out. Pieces are 64-byte aligned and not cleared; debug builds
 * fill them with NaN. Not thread-safe, not collective. */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "status.h"

struct arena {
    unsigned char *base; /* NULL while counting */
    size_t capacity;     /* bytes */
    size_t used, peak;   /* bytes */
};

/* A counting arena. */
struct arena arena_counting(void);
/* Owned by the caller, ended by arena_free. Fails with ERROR_MEMORY. */
status arena_create(size_t bytes, struct arena *arena);
void arena_free(struct arena *arena);
static inline bool arena_is_counting(const struct arena *arena) { return arena->capacity == 0; }
/* `count` pieces of `size` bytes; NULL while counting. Running over the capacity is our bug: panic. */
void *arena_take(struct arena *arena, int64_t count, size_t size);
static inline size_t arena_mark(const struct arena *arena) { return arena->used; }
static inline void arena_release(struct arena *arena, size_t mark) { arena->used = mark; }

#define ARENA_TAKE(arena, count, type) ((type *)arena_take((arena), (count), sizeof(type)))

#endif
