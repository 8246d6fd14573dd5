/* Two classes on two interleaved spirals of three turns in the plane, with target +1 and -1 in turn: a point is
 * x = y r (cos phi, sin phi) + noise, phi = 6 pi u, r = c (1 + 12 u)/13, u uniform on (0, 1), noise of deviation
 * data.noise in each input; c^2 = 338/61 gives E |x|^2 = 2 without noise, one for each input. Not scaled.
 * Source: Lang, Witbrock 1988, Learning to Tell Two Spirals Apart, whose 194 points have evenly spaced u. */
#include "drawn.h"
#include "labels.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

enum { SPIRALS = 2, PLANE = 2, PLACES = 1 }; /* noise, of drawn_inputs, is stream 0 */

/* x: noise of deviation 1 before. */
static void place(double noise, int64_t spiral, double u, double *x) {
    const double pi = 3.14159265358979323846;
    double phi = 6 * pi * u, r = sqrt(338.0 / 61) * (1 + 12 * u) / 13;
    if (spiral > 0) r = -r;
    x[0] = r * cos(phi) + noise * x[0];
    x[1] = r * sin(phi) + noise * x[1];
}

static status draw(const struct dataset *set, double noise, uint64_t seed, enum random_purpose purpose, int64_t count,
                   double *x, double *y) {
    int64_t k = set->shape.outputs;
    double *u = calloc((size_t)count + 1, sizeof *u);
    if (!u) FAIL(ERROR_MEMORY, "memory for places on spirals could not be had");
    drawn_uniform(seed, purpose, PLACES, count, u);
    for (int64_t i = 0; i < count; i++) {
        place(noise, i % SPIRALS, u[i], x + i * PLANE);
        classes_target(k, i % SPIRALS, y + i * k);
    }
    free(u);
    return OK;
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    double noise = config->data.noise;
    drawn_shape(PLANE, classes_outputs(config, SPIRALS), set);
    set->shape.has_classes = true;
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    drawn_inputs(config, set);
    TRY(draw(set, noise, (uint64_t)config->data.seed, RANDOM_INPUTS, set->shape.train, set->x_train, set->y_train));
    return draw(set, noise, TEST_SEED, RANDOM_TEST, set->shape.test, set->x_test, set->y_test);
}

const struct source source_spirals = {load};
