#include "drawn.h"

#include <math.h>

#include "source.h"

enum { DIRECTION = 2 }; /* gaussian.c has streams 0 and 1 of the teacher */

void drawn_shape(int64_t inputs, int64_t outputs, struct dataset *set) {
    set->shape.inputs = set->shape.channels = inputs;
    set->shape.rows = set->shape.columns = 1;
    set->shape.outputs = outputs;
    set->deviation = 1;
}

void drawn_inputs(const struct config *config, struct dataset *set) {
    random_normal((uint64_t)config->data.seed, RANDOM_INPUTS, 0, 0, set->shape.train * set->shape.inputs, set->x_train);
    random_normal(TEST_SEED, RANDOM_TEST, 0, 0, set->shape.test * set->shape.inputs, set->x_test);
}

void drawn_uniform(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t count, double *u) {
    random_normal(seed, purpose, stream, 0, count, u);
    for (int64_t i = 0; i < count; i++) u[i] = 0.5 * erfc(-u[i] / sqrt(2));
}

void drawn_direction(int64_t dimension, double *direction) {
    double squares = 0;
    random_normal(TEST_SEED, RANDOM_TEACHER, DIRECTION, 0, dimension, direction);
    for (int64_t j = 0; j < dimension; j++) squares += direction[j] * direction[j];
    for (int64_t j = 0; j < dimension; j++) direction[j] /= sqrt(squares);
}
