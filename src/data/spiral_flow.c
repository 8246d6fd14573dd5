/* Where the flow of a cubic spiral takes a point: y = x(T) of x' = A (x_1^3, x_2^3), A = [-0.1 2; -2 -0.1], from x(0) = x,
 * uniform on the square [-1, 1]^2, T = data.time. Two inputs, two outputs, not scaled. Source of the field: Chen, Rubanova,
 * Bettencourt, Duvenaud 2018, Neural Ordinary Differential Equations, arXiv:1806.07366, its program's spiral.
 *
 * By Taylor series (coefficients of products by Cauchy's rule), exact to rounding: x_1^4 + x_2^4 does not grow, so
 * |x_i| <= 2^(1/4), and u' = 2.1 u^3 from there bounds the series; it converges up to t = 1/(4.2 sqrt 2) = 0.168. With
 * steps of 1/32 at most the terms beyond degree 24 are below 0.186^25 < 1e-18. */
#include "drawn.h"
#include "source.h"

#include <math.h>
#include <string.h>

enum { PLANE = 2, DEGREE = 24, STEPS_A_UNIT = 32 };

/* sum a_j b_(n-j) */
static double product(int n, const double *a, const double *b) {
    double sum = 0;
    for (int j = 0; j <= n; j++) sum += a[j] * b[n - j];
    return sum;
}

/* x after h */
static void step(double h, double x[PLANE]) {
    double c[PLANE][DEGREE + 1], square[PLANE][DEGREE], cube[PLANE];
    for (int i = 0; i < PLANE; i++) c[i][0] = x[i];
    for (int n = 0; n < DEGREE; n++) {
        for (int i = 0; i < PLANE; i++) {
            square[i][n] = product(n, c[i], c[i]);
            cube[i] = product(n, square[i], c[i]);
        }
        c[0][n + 1] = (-0.1 * cube[0] + 2 * cube[1]) / (n + 1);
        c[1][n + 1] = (-2 * cube[0] - 0.1 * cube[1]) / (n + 1);
    }
    for (int i = 0; i < PLANE; i++) {
        x[i] = c[i][DEGREE];
        for (int n = DEGREE; n-- > 0;) x[i] = c[i][n] + h * x[i];
    }
}

static void follow(double time, int64_t count, const double *x, double *y) {
    int64_t steps = (int64_t)ceil(time * STEPS_A_UNIT);
    memcpy(y, x, (size_t)(count * PLANE) * sizeof *y);
    for (int64_t i = 0; i < count; i++)
        for (int64_t s = 0; s < steps; s++) step(time / (double)steps, y + i * PLANE);
}

static void draw(double time, uint64_t seed, enum random_purpose purpose, int64_t count, double *x, double *y) {
    drawn_uniform(seed, purpose, 0, count * PLANE, x);
    for (int64_t i = 0; i < count * PLANE; i++) x[i] = 2 * x[i] - 1;
    follow(time, count, x, y);
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    double time = config->data.time;
    drawn_shape(PLANE, PLANE, set);
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    draw(time, (uint64_t)config->data.seed, RANDOM_INPUTS, set->shape.train, set->x_train, set->y_train);
    draw(time, TEST_SEED, RANDOM_TEST, set->shape.test, set->x_test, set->y_test);
    return OK;
}

const struct source source_spiral_flow = {load};
