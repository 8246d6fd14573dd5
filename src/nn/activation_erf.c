/* erf: phi'(h) = 2/sqrt(pi) exp(-h^2). */
#include "activation.h"

#include <math.h>

#include "simd.h"

#ifdef VECTOR_FUNCTION
VECTOR_FUNCTION double erf(double);
VECTOR_FUNCTION double exp(double);
VECTOR_FUNCTION float erff(float);
VECTOR_FUNCTION float expf(float);
#endif

/* h - h is 0, and NaN where h is not finite: subtracted, it leaves all bits of a number alone. */
SIMD_CLONES static void erf_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = REAL_MATH(erf)(h[i]) - (h[i] - h[i]);
}

SIMD_CLONES static void slope_blocks(int64_t n, const real *h, real *x) {
    const real factor = (real)1.12837916709551257390;
    for (int64_t i = 0; i < n; i++) x[i] = factor * REAL_MATH(exp)(-h[i] * h[i]);
}

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    vector_in_blocks(erf_blocks, n, h, x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)x;
    vector_product_in_blocks(slope_blocks, n, h, w, d);
}

#include "activation_angle.h"

/* Williams 1997: T = (2/pi) atan2(K12, root), Tdot = (2/pi)/root. */
SIMD_CLONES static void block(int64_t count, real slope, const real *restrict root, real *restrict k,
                              real *restrict theta) {
    (void)slope;
    struct angles angle;
    find_angles(count, k, root, angle.tangent, angle.base);
    for (int64_t j = 0; j < count; j++) {
        k[j] = 4 * turns_of(angle.base[j], angle.tangent[j]);
        theta[j] *= (real)(2 / PI) / root[j];
    }
}

static void self(int64_t count, real slope, const real *variance, real *t, real *tdot) {
    (void)slope;
    for (int64_t j = 0; j < count; j++) {
        real root = REAL_MATH(sqrt)((real)0.25 + variance[j]), tangent, base;
        find_angles(1, variance + j, &root, &tangent, &base);
        t[j] = 4 * turns_of(base, tangent);
        if (tdot) tdot[j] = (real)(2 / PI) / root;
    }
}

static const struct activation_dual dual = {.block = block, .self = self, .scaling = SCALING_ROOT, .nanoseconds = 1.7};

const struct activation REAL_NAME(activation_erf) = {map, backward, &dual};
