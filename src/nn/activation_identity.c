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

#if REAL_BITS == 64
static void block(int64_t count, double slope, const double *restrict root, double *restrict k,
                  double *restrict theta) {
    (void)count, (void)slope, (void)root, (void)k, (void)theta;
}

static void self(int64_t count, double slope, const double *variance, double *t, double *tdot) {
    (void)slope;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = 1;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j];
}

static const struct activation_dual dual = {.block = block, .self = self, .is_linear = true, .nanoseconds = 3.5};
#endif

const struct activation REAL_NAME(activation_identity) = {map, backward, ACTIVATION_DUAL(dual)};
