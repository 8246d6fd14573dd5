/* relu: phi(h) = max(0, h), phi'(0) = 0. */
#include "activation.h"
#include "simd.h"

/* h - h is 0, and NaN where h is not finite. */
SIMD_CLONES static void relu(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = h[i] > 0 ? h[i] : h[i] - h[i];
}

SIMD_CLONES static void slope_times(int64_t n, const real *h, const real *w, real *d) {
    for (int64_t i = 0; i < n; i++) d[i] = h[i] > 0 ? w[i] : 0;
}

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    relu(n, h, x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)x;
    slope_times(n, h, w, d);
}

#if REAL_BITS == 64
#include "activation_angle.h"

/* Arc-cosine kernels (Cho & Saul 2009): Tdot = (pi - a)/(2 pi), T = (root + (pi - a) K12)/(2 pi), a = arccos(c). */
SIMD_CLONES static void block(int64_t count, double slope, const double *restrict root, double *restrict k,
                              double *restrict theta) {
    (void)slope;
    struct angles angle;
    find_angles(count, k, root, angle.tangent, angle.base);
    for (int64_t j = 0; j < count; j++) {
        double tdot = 0.25 + turns_of(angle.base[j], angle.tangent[j]);
        k[j] = root[j] * (1 / (2 * PI)) + tdot * k[j];
        theta[j] *= tdot;
    }
}

static void self(int64_t count, double slope, const double *variance, double *t, double *tdot) {
    (void)slope;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = 0.5;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j] / 2;
}

static const struct activation_dual dual = {
    .block = block, .self = self, .scaling = SCALING_HOMOGENEOUS, .nanoseconds = 1.9};
#endif

const struct activation REAL_NAME(activation_relu) = {map, backward, ACTIVATION_DUAL(dual)};
