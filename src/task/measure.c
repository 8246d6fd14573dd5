#include "measure.h"

#include "point.h"

static const struct element *const elements[] = {
    &measure_circumstances, &measure_losses,   &measure_differences, &measure_outputs,
    &measure_layers,        &measure_kernels,  &measure_predictions, &measure_stability,
    &measure_kept,          &measure_rounding, &measure_equilibria,
};
enum { ELEMENTS = sizeof elements / sizeof *elements };

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

static const struct model *last_model(const struct point *point, enum metric_id metric) {
    int last = MODELS - 1;
    while (last > 0 && !is_among(metric, last)) last--;
    return point->model[last];
}

/* ---- measurements ---- */

typedef void visitor(struct point *point, const struct measurement *measurement, void *context);

static bool is_recorded(const struct point *point, const struct measurement *measurement) {
    return measure_is_of(point, measurement->metric) && (!measurement->is_wanted || measurement->is_wanted(point)) &&
           measure_numbers(point, measurement->metric) > 0;
}

/* Those of models that have not diverged: before the first step all there are. */
static void visit_recorded(struct point *point, visitor *visit, void *context) {
    for (int i = 0; i < ELEMENTS; i++)
        for (const struct measurement *at = elements[i]->measurements; at && at->fill; at++)
            if (is_recorded(point, at)) visit(point, at, context);
}

static void add_array(struct point *point, const struct measurement *measurement, void *context) {
    (void)context;
    (void)measure_add(point, measurement->metric);
}

static void add_bytes(struct point *point, const struct measurement *measurement, void *context) {
    *(double *)context += sizeof(double) * measure_numbers(point, measurement->metric);
}

static void fill_row(struct point *point, const struct measurement *measurement, void *context) {
    double *row = measure_row(point, measurement->metric, *(const int64_t *)context);
    if (row) measurement->fill(point, last_model(point, measurement->metric), row);
}

/* ---- all elements ---- */

void measure_lay_out(struct arena *arena, struct point *point) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->lay_out) elements[i]->lay_out(arena, point);
}

void measure_count(struct arena *arena, struct point *point) {
    for (int i = 0; i < ELEMENTS; i++) {
        size_t mark = arena_mark(arena);
        if (elements[i]->count) elements[i]->count(arena, point);
        arena_release(arena, mark);
    }
}

void measure_declare(struct point *point) {
    visit_recorded(point, add_array, NULL);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->declare) elements[i]->declare(point);
}

status measure_start(struct point *point, struct arena *arena) {
    for (int i = 0; i < ELEMENTS; i++) {
        size_t mark = arena_mark(arena);
        if (elements[i]->at_start) TRY(elements[i]->at_start(point, arena));
        arena_release(arena, mark);
    }
    return OK;
}

void measure_step(struct point *point, int64_t index) {
    visit_recorded(point, fill_row, &index);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->at_step) elements[i]->at_step(point, index);
}

void measure_end(struct point *point) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->at_end) elements[i]->at_end(point);
}

status measure_after(struct point *point, struct arena *arena) {
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->after) TRY(elements[i]->after(point, arena));
    return OK;
}

void measure_cost(struct point *point, struct task_cost *cost) {
    visit_recorded(point, add_bytes, &cost->record_bytes);
    for (int i = 0; i < ELEMENTS; i++)
        if (elements[i]->cost) elements[i]->cost(point, cost);
}
