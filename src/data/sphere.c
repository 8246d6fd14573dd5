/* Inputs uniform on the sphere of radius sqrt(d) in d = data.dimension dimensions, targets a polynomial of degree
 * l = data.degree of one fixed random direction v: y = sqrt(N) P_l(v.x / sqrt(d)), a spherical harmonic of variance 1.
 *
 * P_l is the Gegenbauer polynomial with P_l(1) = 1: P_0 = 1, P_1 = t,
 * (l + d - 2) P_{l+1} = (2 l + d - 2) t P_l - l P_{l-1},
 * and E P_l^2 = 1/N with N = (2 l + d - 2)/l binomial(l + d - 3, l - 1), the number of harmonics of degree l.
 * Source: Atkinson, Han 2012, Spherical Harmonics and Approximations on the Unit Sphere, (2.10), (2.86). */
#include "drawn.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

static void put_on_sphere(int64_t count, int64_t d, double *x) {
    for (int64_t i = 0; i < count; i++) {
        double squares = 0;
        for (int64_t j = 0; j < d; j++) squares += x[i * d + j] * x[i * d + j];
        for (int64_t j = 0; j < d; j++) x[i * d + j] *= sqrt((double)d / squares);
    }
}

static double gegenbauer(int64_t degree, double d, double t) {
    double last = 1, value = t;
    for (int64_t l = 1; l < degree; l++) {
        double next = ((2 * (double)l + d - 2) * t * value - (double)l * last) / ((double)l + d - 2);
        last = value;
        value = next;
    }
    return value;
}

/* N, as a product that stays small: binomial(l + d - 3, l - 1) = prod (d - 2 + i)/i, i = 1 .. l-1. */
static double harmonics(int64_t degree, double d) {
    double count = (2 * (double)degree + d - 2) / (double)degree;
    for (int64_t i = 1; i < degree; i++) count *= (d - 2 + (double)i) / (double)i;
    return count;
}

static void teach(int64_t degree, int64_t d, const double *v, int64_t count, const double *x, double *y) {
    double size = sqrt(harmonics(degree, (double)d));
    for (int64_t i = 0; i < count; i++) {
        double t = 0;
        for (int64_t j = 0; j < d; j++) t += v[j] * x[i * d + j];
        y[i] = size * gegenbauer(degree, (double)d, t / sqrt((double)d));
    }
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    drawn_shape(config->data.dimension, 1, set);
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    double *v = calloc((size_t)set->shape.inputs, sizeof *v);
    if (!v) FAIL(ERROR_MEMORY, "memory for a direction could not be had");
    drawn_direction(set->shape.inputs, v);
    drawn_inputs(config, set);
    put_on_sphere(set->shape.train, set->shape.inputs, set->x_train);
    put_on_sphere(set->shape.test, set->shape.inputs, set->x_test);
    teach(config->data.degree, set->shape.inputs, v, set->shape.train, set->x_train, set->y_train);
    teach(config->data.degree, set->shape.inputs, v, set->shape.test, set->x_test, set->y_test);
    free(v);
    return OK;
}

const struct source source_sphere = {load};
