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

#include "activation_angle.h"

/* Arc-cosine kernels (Cho & Saul 2009): Tdot = (pi - a)/(2 pi), T = (root + (pi - a) K12)/(2 pi), a = arccos(c). */
SIMD_CLONES static void block(int64_t count, real slope, const real *restrict root, real *restrict k,
                              real *restrict theta) {
    (void)slope;
    struct angles angle;
    find_angles(count, k, root, angle.tangent, angle.base);
    for (int64_t j = 0; j < count; j++) {
        real tdot = (real)0.25 + turns_of(angle.base[j], angle.tangent[j]);
        k[j] = root[j] * (real)(1 / (2 * PI)) + tdot * k[j];
        theta[j] *= tdot;
    }
}

static void self(int64_t count, real slope, const real *variance, real *t, real *tdot) {
    (void)slope;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = (real)0.5;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j] / 2;
}

static const struct activation_dual dual = {
    .block = block, .self = self, .scaling = SCALING_HOMOGENEOUS, .nanoseconds = 1.7};

const struct activation REAL_NAME(activation_relu) = {map, backward, &dual};
