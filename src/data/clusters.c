/* Two classes: N(m, 1) with target +1, N(-m, 1) with -1, in turn. m has length data.mean and a fixed
 * random direction. */
#include "drawn.h"
#include "labels.h"
#include "source.h"

#include <stdlib.h>

enum { CLUSTERS = 2 };

static void place(const struct dataset *set, const double *m, int64_t count, double *x, double *y) {
    for (int64_t i = 0; i < count; i++) {
        int64_t class = i % CLUSTERS;
        for (int64_t j = 0; j < set->shape.inputs; j++) x[i * set->shape.inputs + j] += class == 0 ? m[j] : -m[j];
        classes_target(set->shape.outputs, class, y + i * set->shape.outputs);
    }
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    drawn_shape(config->data.dimension, classes_outputs(config, CLUSTERS), set);
    set->shape.has_classes = true;
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    double *m = calloc((size_t)set->shape.inputs, sizeof *m);
    if (!m) FAIL(ERROR_MEMORY, "memory for the centre of a cluster could not be had");
    drawn_direction(set->shape.inputs, m);
    for (int64_t j = 0; j < set->shape.inputs; j++) m[j] *= config->data.mean;
    drawn_inputs(config, set);
    place(set, m, set->shape.train, set->x_train, set->y_train);
    place(set, m, set->shape.test, set->x_test, set->y_test);
    free(m);
    return OK;
}

const struct source source_clusters = {load};
