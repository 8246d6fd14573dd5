/* Small memory for scheduling: if it cannot be had, that is a panic. Owned by the caller, free(). Not collective. */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stddef.h>
#include <stdint.h>

/* `count` cleared items of `size` bytes; never NULL, also for none. */
void *allocate_zeroed(int64_t count, size_t size);
void *allocate_copy(const void *from, size_t bytes);

#endif
