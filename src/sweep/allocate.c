#include "allocate.h"

#include <stdlib.h>
#include <string.h>

#include "panic.h"

void *allocate_zeroed(int64_t count, size_t size) {
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    CHECK(memory);
    return memory;
}

void *allocate_copy(const void *from, size_t bytes) { return memcpy(allocate_zeroed((int64_t)bytes, 1), from, bytes); }
