#include "vector.h"

#include <string.h>

void vector_in_blocks(void (*map)(int64_t n, const real *h, real *x), int64_t n, const real *h, real *x) {
    int64_t whole = n / VECTOR_BLOCK * VECTOR_BLOCK, rest = n - whole;
    map(whole, h, x);
    if (rest == 0) return;
    real padded[VECTOR_BLOCK] = {0}, result[VECTOR_BLOCK];
    memcpy(padded, h + whole, (size_t)rest * sizeof *h);
    map(VECTOR_BLOCK, padded, result);
    memcpy(x + whole, result, (size_t)rest * sizeof *x);
}
