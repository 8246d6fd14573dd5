#include "measure.h"

/* ---- sizes ---- */

static int64_t dimension_size(const struct point *point, enum dimension dimension) {
    const struct points *points = &point->problem.points;
    const int64_t k = points->outputs;
    const int64_t size[DIMENSIONS] = {
        [DIM_STEP] = point->schedule.count,
        [DIM_KERNEL_STEP] = point->schedule.kernel_count,
        [DIM_LAYER] = point->problem.network->layers,
        [DIM_STATE_STEP] = schedule_ends(&point->schedule),
        [DIM_STATE] = point->problem.network->states,
        [DIM_PROBE] = config_shown_points(point->config),
        [DIM_OUTPUT] = k,
        [DIM_TRAIN_EXAMPLE] = points->train,
        [DIM_TRAIN_EXAMPLE_2] = points->train,
        [DIM_TEST_EXAMPLE] = points->test,
        [DIM_TEST_EXAMPLE_2] = points->test,
        [DIM_TRAIN_ROW] = points->train * k,
        [DIM_TRAIN_ROW_2] = points->train * k,
        [DIM_TEST_ROW] = points->test * k,
        [DIM_TRAINING_STEP] = point->config->training.steps,
        [DIM_BATCH] = points_batch(points),
    };
    return size[dimension];
}

struct array_shape {
    int ndim;
    enum dimension dim[METRIC_DIMENSIONS];
    int64_t size[METRIC_DIMENSIONS];
};

static struct array_shape shape_of(const struct point *point, enum metric_id metric) {
    struct array_shape shape = {0};
    for (; shape.ndim < METRIC_DIMENSIONS && metric_table[metric].dim[shape.ndim] != DIM_NONE; shape.ndim++) {
        enum dimension dimension = metric_table[metric].dim[shape.ndim];
        bool is_all = dimension == DIM_PROBE && point->config->measure.outputs == OUTPUTS_ALL;
        shape.size[shape.ndim] = dimension_size(point, dimension);
        shape.dim[shape.ndim] = is_all ? DIM_TEST_EXAMPLE : dimension;
    }
    return shape;
}

double measure_numbers(const struct point *point, enum metric_id metric) {
    struct array_shape shape = shape_of(point, metric);
    double numbers = 1;
    for (int i = 0; i < shape.ndim; i++) numbers *= (double)shape.size[i];
    return numbers;
}

double *measure_add(struct point *point, enum metric_id metric) {
    struct array_shape shape = shape_of(point, metric);
    return record_add_shaped(point->record, metric, 0, shape.ndim, shape.dim, shape.size);
}

double *measure_row(const struct point *point, enum metric_id metric, int64_t index) {
    const struct array *array = record_find(point->record, metric, 0);
    return array ? array->value + index * (array_length(array) / array->size[0]) : NULL;
}

/* ---- models ---- */

static bool is_among(enum metric_id metric, int model) { return metric_table[metric].models >> model & 1; }

bool measure_is_of(const struct point *point, enum metric_id metric) {
    for (int i = 0; i < MODELS; i++)
        if (is_among(metric, i) && !point_has(point, (enum model_id)i)) return false;
    return true;
}

const struct model *measure_model(const struct point *point, enum metric_id metric) {
    int last = MODELS - 1;
    while (last > 0 && !is_among(metric, last)) last--;
    return point->model[last];
}
