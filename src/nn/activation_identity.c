/* identity: a linear network. */
#include <string.h>

#include "activation.h"

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    memmove(x, h, (size_t)n * sizeof *x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)h, (void)x;
    if (d != w) memmove(d, w, (size_t)n * sizeof *d);
}

static void block(int64_t count, real slope, const real *restrict root, real *restrict k, real *restrict theta) {
    (void)count, (void)slope, (void)root, (void)k, (void)theta;
}

static void self(int64_t count, real slope, const real *variance, real *t, real *tdot) {
    (void)slope;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = 1;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j];
}

static const struct activation_dual dual = {.block = block, .self = self, .is_linear = true, .nanoseconds = 3.5};

const struct activation REAL_NAME(activation_identity) = {map, backward, &dual};
