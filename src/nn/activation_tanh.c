/* tanh: phi' = 1 - phi^2. */
#include "activation.h"

#include <math.h>

#include "simd.h"

#ifdef VECTOR_FUNCTION
VECTOR_FUNCTION double tanh(double);
VECTOR_FUNCTION float tanhf(float);
#endif

/* h - h is 0, and NaN where h is not finite: subtracted, it leaves all bits of a number alone. */
SIMD_CLONES static void tanh_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = REAL_MATH(tanh)(h[i]) - (h[i] - h[i]);
}

SIMD_CLONES static void slope_times(int64_t n, const real *x, const real *w, real *d) {
    for (int64_t i = 0; i < n; i++) d[i] = (1 - x[i] * x[i]) * w[i];
}

static void map(int64_t n, real slope, const real *h, real *x) {
    (void)slope;
    vector_in_blocks(tanh_blocks, n, h, x);
}

static void backward(int64_t n, real slope, const real *h, const real *x, const real *w, real *d) {
    (void)slope, (void)h;
    slope_times(n, x, w, d);
}

static double slope_from(double x) { return 1 - x * x; }

/* No closed form. The quadrature's nodes grow with the root of the variance. */
static const struct activation_series series = {tanh, slope_from, .pole = 3.14159265358979323846 / 2};
static const struct activation_dual dual = {.series = &series, .most = 1e8, .nanoseconds = 8, .preparation = 15};

const struct activation REAL_NAME(activation_tanh) = {map, backward, &dual};
