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

#if REAL_BITS == 64
#include "activation_angle.h"

/* phi = s h + (1 - s) relu(h) and E[u relu(v)] = K12/2: T = s K12 + (1 - s)^2 T of relu, Tdot alike (activation_relu.c).
 */
SIMD_CLONES static void block(int64_t count, double slope, const double *restrict product,
                              const double *restrict offset, double *restrict k, double *restrict theta) {
    (void)offset;
    const double part = (1 - slope) * (1 - slope);
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(determinant_of(product[j], k[j]));
        double tdot = slope + part * (0.25 + angle_of(k[j], root) * (1 / (2 * PI)));
        k[j] = part * (1 / (2 * PI)) * root + tdot * k[j];
        theta[j] *= tdot;
    }
}

static void self(int64_t count, double slope, const double *variance, double *t, double *tdot) {
    const double mean = (1 + slope * slope) / 2;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = mean;
    for (int64_t j = 0; j < count; j++) t[j] = mean * variance[j];
}

static const struct activation_dual dual = {
    .block = block, .self = self, .scaling = SCALING_HOMOGENEOUS, .nanoseconds = 3.5};
#endif

const struct activation REAL_NAME(activation_leaky_relu) = {map, backward, ACTIVATION_DUAL(dual)};
