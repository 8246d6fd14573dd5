/* cos: phi' = -sin. */
#include "activation.h"

#include <math.h>

#include "simd.h"

#ifdef VECTOR_FUNCTION
VECTOR_FUNCTION double cos(double);
VECTOR_FUNCTION double sin(double);
VECTOR_FUNCTION float cosf(float);
VECTOR_FUNCTION float sinf(float);
#endif

SIMD_CLONES static void cos_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = REAL_MATH(cos)(h[i]);
}

SIMD_CLONES static void slope_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = -REAL_MATH(sin)(h[i]);
}

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    vector_in_blocks(cos_blocks, n, h, x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)x;
    vector_product_in_blocks(slope_blocks, n, h, w, d);
}

/* E[cos(u +- v)] = exp(-(K11 + K22)/2 -+ K12): T = (p + q)/2 and Tdot = (p - q)/2 of p = exp(K12 - m),
 * q = exp(-K12 - m), m = (K11 + K22)/2. */
static void block(int64_t count, real slope, const real *restrict root, real *restrict k, real *restrict theta) {
    (void)slope;
    for (int64_t j = 0; j < count; j++) {
        real m = root[j] / 2, p = REAL_MATH(exp)(k[j] - m), q = REAL_MATH(exp)(-k[j] - m);
        k[j] = (p + q) / 2;
        theta[j] *= (p - q) / 2;
    }
}

static void self(int64_t count, real slope, const real *variance, real *t, real *tdot) {
    (void)slope;
    for (int64_t j = 0; j < count; j++) {
        real q = REAL_MATH(exp)(-2 * variance[j]);
        if (tdot) tdot[j] = (1 - q) / 2;
        t[j] = (1 + q) / 2;
    }
}

static const struct activation_dual dual = {.block = block, .self = self, .nanoseconds = 15};

const struct activation REAL_NAME(activation_cos) = {map, backward, &dual};
