/* leaky_relu: phi(h) = h for h > 0, else slope h; phi'(0) = slope. */
#include "activation.h"
#include "simd.h"

SIMD_CLONES static void leaky(int64_t n, real slope, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = (h[i] > 0 ? 1 : slope) * h[i];
}

SIMD_CLONES static void slope_times(int64_t n, real slope, const real *h, const real *w, real *d) {
    for (int64_t i = 0; i < n; i++) d[i] = (h[i] > 0 ? 1 : slope) * w[i];
}

static void map(int64_t n, real slope, const real *h, real *x) { leaky(n, slope, h, x); }

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)x;
    slope_times(n, slope, h, w, d);
}

#include "activation_angle.h"

/* phi = s h + (1 - s) relu(h) and E[u relu(v)] = K12/2: T = s K12 + (1 - s)^2 T of relu, Tdot alike (activation_relu.c).
 */
SIMD_CLONES static void block(int64_t count, real slope, const real *restrict root, real *restrict k,
                              real *restrict theta) {
    const real part = (1 - slope) * (1 - slope);
    struct angles angle;
    find_angles(count, k, root, angle.tangent, angle.base);
    for (int64_t j = 0; j < count; j++) {
        real tdot = slope + part * ((real)0.25 + turns_of(angle.base[j], angle.tangent[j]));
        k[j] = part * (real)(1 / (2 * PI)) * root[j] + tdot * k[j];
        theta[j] *= tdot;
    }
}

static void self(int64_t count, real slope, const real *variance, real *t, real *tdot) {
    const real mean = (1 + slope * slope) / 2;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = mean;
    for (int64_t j = 0; j < count; j++) t[j] = mean * variance[j];
}

static const struct activation_dual dual = {
    .block = block, .self = self, .scaling = SCALING_HOMOGENEOUS, .nanoseconds = 1.7};

const struct activation REAL_NAME(activation_leaky_relu) = {map, backward, &dual};
