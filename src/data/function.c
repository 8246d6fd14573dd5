/* A function of one number, y = sin x, data.slope x, -x or |x|, at the midpoints x_i = a + (b - a)(i + 1/2)/N of N equal
 * parts of data.interval = [a, b]: N training examples, and likewise the test examples. Inputs are not scaled. */
#include "drawn.h"
#include "source.h"

#include <math.h>

static double value(const struct config *config, double x) {
    switch (config->data.function) {
    case FUNCTION_LINEAR:
        return config->data.slope * x;
    case FUNCTION_NEGATE:
        return -x;
    case FUNCTION_ABS:
        return fabs(x);
    default:
        return sin(x);
    }
}

static void fill(const struct config *config, int64_t count, double *x, double *y) {
    const struct interval interval = config->data.interval;
    for (int64_t i = 0; i < count; i++) {
        x[i] = interval.from + (interval.to - interval.from) * ((double)i + 0.5) / (double)count;
        y[i] = value(config, x[i]);
    }
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    drawn_shape(1, 1, set);
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    fill(config, set->shape.train, set->x_train, set->y_train);
    fill(config, set->shape.test, set->x_test, set->y_test);
    return OK;
}

const struct source source_function = {load};
