#include "arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "panic.h"

enum { ALIGNMENT = 64, LARGE_PAGE = 1 << 21 };

struct arena arena_counting(void) {
    return (struct arena){0};
}

/* In large pages, if the system gives them when asked: a CPU finds few thousand of the small ones without a search. */
static void *allocate(size_t bytes) {
    void *base = NULL;
    if (posix_memalign(&base, bytes < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE, bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= LARGE_PAGE) (void)madvise(base, bytes, MADV_HUGEPAGE);
#endif
    return base;
}

status arena_create(size_t bytes, struct arena *arena) {
    size_t rounded = bytes > 0 ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT; /* 0 counts only */
    *arena = (struct arena){.base = allocate(rounded), .capacity = rounded};
    if (!arena->base) FAIL(ERROR_MEMORY, "%.1f MB of memory could not be had", (double)rounded / 1e6);
    return OK;
}

void arena_free(struct arena *arena) {
    free(arena->base);
    *arena = (struct arena){0};
}

void *arena_take(struct arena *arena, int64_t count, size_t size) {
    CHECK(count >= 0);
    size_t bytes = ((size_t)count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t at = arena->used;
    arena->used += bytes;
    if (arena->used > arena->peak) arena->peak = arena->used;
    if (arena_is_counting(arena)) return NULL;
    CHECK(arena->used <= arena->capacity);
#ifndef NDEBUG
    memset(arena->base + at, 0xff, bytes); /* all ones is a NaN in float and double */
#endif
    return arena->base + at;
}
