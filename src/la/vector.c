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

void vector_product_in_blocks(void (*map)(int64_t n, const real *h, real *x), int64_t n, const real *h, const real *w,
                              real *d) {
    enum { PIECE = 64 * VECTOR_BLOCK };
    real factor[PIECE];
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        vector_in_blocks(map, count, h + at, factor);
        for (int64_t i = 0; i < count; i++) d[at + i] = factor[i] * w[at + i];
    }
}
