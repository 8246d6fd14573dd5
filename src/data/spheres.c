/* Two classes around one centre, in turn: a ball of radius 1/2, with target +1, and a shell of radii 1 to 3/2, with -1,
 * in d = data.dimension dimensions: x = r v, v uniform on the unit sphere, r = u^(1/d)/2 and r = 1 + u^(1/d)/2, u uniform
 * on (0, 1). Not scaled. Source: Dupont, Doucet, Teh 2019, Augmented Neural ODEs, arXiv:1904.01681, whose flows on d
 * numbers cannot part them. */
#include "drawn.h"
#include "labels.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

enum { SPHERES = 2, RADII = 1 }; /* directions, of drawn_inputs, are stream 0 */

/* x[d]: normal numbers before. */
static void place(int64_t d, double radius, double *x) {
    double squares = 0;
    for (int64_t j = 0; j < d; j++) squares += x[j] * x[j];
    for (int64_t j = 0; j < d; j++) x[j] *= radius / sqrt(squares);
}

static status draw(const struct dataset *set, uint64_t seed, enum random_purpose purpose, int64_t count, double *x,
                   double *y) {
    int64_t d = set->shape.inputs, k = set->shape.outputs;
    double *u = calloc((size_t)count + 1, sizeof *u);
    if (!u) FAIL(ERROR_MEMORY, "memory for the radii of spheres could not be had");
    drawn_uniform(seed, purpose, RADII, count, u);
    for (int64_t i = 0; i < count; i++) {
        place(d, (double)(i % SPHERES) + pow(u[i], 1 / (double)d) / 2, x + i * d);
        classes_target(k, i % SPHERES, y + i * k);
    }
    free(u);
    return OK;
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    drawn_shape(config->data.dimension, classes_outputs(config, SPHERES), set);
    set->shape.has_classes = true;
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    drawn_inputs(config, set);
    TRY(draw(set, (uint64_t)config->data.seed, RANDOM_INPUTS, set->shape.train, set->x_train, set->y_train));
    return draw(set, TEST_SEED, RANDOM_TEST, set->shape.test, set->x_test, set->y_test);
}

const struct source source_spheres = {load};
