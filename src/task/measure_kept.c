/* Arrays to replay a point elsewhere: its data, its batches, its parameters (measure.keep). */
#include <string.h>

#include "matrix.h"
#include "measure.h"

static bool keeps(const struct point *point, int what) { return (point->config->measure.keep & what) != 0; }

/* Inputs of an image keep its shape. */
static void keep_inputs_of(struct point *point, enum metric_id metric, int64_t n, const double *x) {
    const struct data_shape *shape = point->shape;
    const enum dimension dim[] = {metric_table[metric].dim[0], DIM_FREE, DIM_FREE, DIM_FREE};
    const int64_t flat[] = {n, shape->inputs}, image[] = {n, shape->rows, shape->columns, shape->channels};
    double *out =
        record_add_shaped(point->record, metric, 0, shape->is_image ? 4 : 2, dim, shape->is_image ? image : flat);
    memcpy(out, x, (size_t)(n * shape->inputs) * sizeof *out);
}

static void keep_targets_of(struct point *point, enum metric_id metric, const double *y) {
    memcpy(measure_add(point, metric), y, (size_t)measure_numbers(point, metric) * sizeof *y);
}

static bool has_batches(const struct point *point) { return point->problem.points.batch > 0; }

static void keep_batches(struct point *point) {
    double *out = measure_add(point, METRIC_KEPT_BATCHES);
    int64_t size = point->batches.size;
    for (int64_t step = 0; step < point->config->training.steps; step++) {
        const int64_t *batch = batches_at(&point->batches, step);
        for (int64_t i = 0; i < size; i++) out[step * size + i] = (double)batch[i];
    }
}

static void keep_inputs(struct point *point) {
    const struct dataset *data = point->data;
    const struct points *points = &point->problem.points;
    keep_inputs_of(point, METRIC_KEPT_X_TRAIN, points->train, data->x_train);
    keep_inputs_of(point, METRIC_KEPT_X_TEST, points->test, data->x_test);
    keep_targets_of(point, METRIC_KEPT_Y_TRAIN, data->y_train);
    keep_targets_of(point, METRIC_KEPT_Y_TEST, data->y_test);
    if (has_batches(point)) keep_batches(point);
}

static void keep_parameters(struct point *point, enum metric_id metric, const real *theta) {
    static const enum dimension dim[METRIC_DIMENSIONS] = {DIM_FREE, DIM_FREE, DIM_FREE, DIM_FREE};
    const struct network *network = point->problem.network;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        double *out = record_add_shaped(point->record, metric, t, tensor->ndim, dim, tensor->shape);
        la_to_double(tensor->size, theta + tensor->offset, out);
    }
}

static void declare(struct point *point) {
    if (keeps(point, KEEP_INPUTS)) keep_inputs(point);
    if (keeps(point, KEEP_PARAMETERS)) keep_parameters(point, METRIC_KEPT_PARAMETERS, point->theta0);
}

static void at_end(struct point *point) {
    if (keeps(point, KEEP_PARAMETERS) && point_has(point, MODEL_NETWORK))
        keep_parameters(point, METRIC_KEPT_PARAMETERS_FINAL, point->theta);
}

static void cost(const struct point *point, struct task_cost *cost) {
    const struct points *points = &point->problem.points;
    double numbers = 0, examples = (double)(points->train + points->test);
    if (keeps(point, KEEP_INPUTS)) {
        numbers += examples * (double)(point->problem.inputs + points->outputs);
        if (has_batches(point)) numbers += measure_numbers(point, METRIC_KEPT_BATCHES);
    }
    if (keeps(point, KEEP_PARAMETERS)) numbers += 2 * (double)point->problem.network->theta;
    cost->record_bytes += sizeof(double) * numbers;
}

const struct element measure_kept = {.name = "kept arrays", .declare = declare, .at_end = at_end, .cost = cost};
