/* The built-in regression: inputs x ~ N(0, I) of data.dimension, targets y = tanh(x W / sqrt(d)) V / sqrt(h) of a fixed
 * random teacher with h = 32 hidden units and data.outputs outputs, W, V ~ N(0, 1); y has variance 0.39.
 * Training inputs are drawn from data.seed; the test inputs and the teacher are the same for all of its values. */
#include "drawn.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

#include "random.h"

enum { HIDDEN = 32 };
enum teacher_stream { FIRST_LAYER, READOUT };

/* hidden[HIDDEN] = tanh(x w / sqrt(d)), w [d, HIDDEN] */
static void teach_hidden(int64_t inputs, const double *x, const double *w, double *hidden) {
    double sum[HIDDEN] = {0};
    for (int64_t i = 0; i < inputs; i++)
        for (int h = 0; h < HIDDEN; h++) sum[h] += x[i] * w[i * HIDDEN + h];
    for (int h = 0; h < HIDDEN; h++) hidden[h] = tanh(sum[h] / sqrt((double)inputs));
}

/* y[outputs] = hidden v / sqrt(h), v [HIDDEN, outputs] */
static void teach_readout(int64_t outputs, const double *hidden, const double *v, double *y) {
    for (int64_t k = 0; k < outputs; k++) {
        double sum = 0;
        for (int h = 0; h < HIDDEN; h++) sum += hidden[h] * v[h * outputs + k];
        y[k] = sum / sqrt(HIDDEN);
    }
}

static void teach(const struct dataset *set, const double *w, int64_t count, const double *x, double *y) {
    double hidden[HIDDEN];
    for (int64_t i = 0; i < count; i++) {
        teach_hidden(set->shape.inputs, x + i * set->shape.inputs, w, hidden);
        teach_readout(set->shape.outputs, hidden, w + set->shape.inputs * HIDDEN, y + i * set->shape.outputs);
    }
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    drawn_shape(config->data.dimension, config->data.outputs, set);
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    double *w = calloc((size_t)(set->shape.inputs + set->shape.outputs), HIDDEN * sizeof *w); /* W, then V */
    if (!w) FAIL(ERROR_MEMORY, "memory for the teacher of the gaussian data could not be had");
    random_normal(TEST_SEED, RANDOM_TEACHER, FIRST_LAYER, 0, set->shape.inputs * HIDDEN, w);
    random_normal(TEST_SEED, RANDOM_TEACHER, READOUT, 0, HIDDEN * set->shape.outputs, w + set->shape.inputs * HIDDEN);
    random_normal((uint64_t)config->data.seed, RANDOM_INPUTS, 0, 0, set->shape.train * set->shape.inputs, set->x_train);
    random_normal(TEST_SEED, RANDOM_TEST, 0, 0, set->shape.test * set->shape.inputs, set->x_test);
    teach(set, w, set->shape.train, set->x_train, set->y_train);
    teach(set, w, set->shape.test, set->x_test, set->y_test);
    free(w);
    return OK;
}

const struct source source_gaussian = {load};
