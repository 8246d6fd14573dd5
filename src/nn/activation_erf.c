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

#if REAL_BITS == 32
#define ERF erff
#define EXP expf
#else
#define ERF erf
#define EXP exp
#endif

/* h - h is 0, and NaN where h is not finite: subtracted, it leaves all bits of a number alone. */
SIMD_CLONES static void erf_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = ERF(h[i]) - (h[i] - h[i]);
}

SIMD_CLONES static void slope_blocks(int64_t n, const real *h, real *x) {
    const real factor = (real)1.12837916709551257390;
    for (int64_t i = 0; i < n; i++) x[i] = factor * EXP(-h[i] * h[i]);
}

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    vector_in_blocks(erf_blocks, n, h, x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)x;
    vector_product_in_blocks(slope_blocks, n, h, w, d);
}

#if REAL_BITS == 64
#include "activation_angle.h"

/* Williams 1997: T = (2/pi) atan2(K12, root), Tdot = (2/pi)/root. */
SIMD_CLONES static void block(int64_t count, double slope, const double *restrict root, double *restrict k,
                              double *restrict theta) {
    (void)slope;
    struct angles angle;
    find_angles(count, k, root, angle.tangent, angle.base);
    for (int64_t j = 0; j < count; j++) {
        k[j] = 4 * turns_of(angle.base[j], angle.tangent[j]);
        theta[j] *= (2 / PI) / root[j];
    }
}

static void self(int64_t count, double slope, const double *variance, double *t, double *tdot) {
    (void)slope;
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(0.25 + variance[j]), tangent, base;
        find_angles(1, variance + j, &root, &tangent, &base);
        t[j] = 4 * turns_of(base, tangent);
        if (tdot) tdot[j] = (2 / PI) / root;
    }
}

static const struct activation_dual dual = {.block = block, .self = self, .scaling = SCALING_ROOT, .nanoseconds = 1.9};
#endif

const struct activation REAL_NAME(activation_erf) = {map, backward, ACTIVATION_DUAL(dual)};
