/* What is measured at a point, into its record. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "matrix.h"
#include "panic.h"
#include "point.h"

/* ---- the arrays of the record ---- */

static int keeps(const struct point *point, int what) { return (point->config->measure.keep & what) != 0; }

/* Are all models trained whose numbers it is of, and have none of them diverged? */
static int is_measured(const struct point *point, enum metric_id metric) {
    for (int i = 0; i < MODELS; i++)
        if (metric_table[metric].models >> i & 1 && !point_has(point, (enum model_id)i)) return 0;
    return 1;
}

/* Before the first step, when no model has diverged. */
static void declare(struct point *point, enum metric_id metric, const int64_t *size) {
    if (is_measured(point, metric)) record_add(point->record, metric, size);
}

static void declare_steps(struct point *point) {
    static const enum metric_id by_step[] = {METRIC_RMSE_TRAIN,       METRIC_RMSE_TEST, METRIC_RMSE_TEST_MAX,
                                             METRIC_LOSS_TRAIN,       METRIC_LOSS_TEST, METRIC_LOSS_TRAIN_LINEAR,
                                             METRIC_LOSS_TEST_LINEAR, METRIC_F_RMS};
    static const enum metric_id by_class[] = {METRIC_ACCURACY_TRAIN, METRIC_ACCURACY_TEST, METRIC_ACCURACY_TRAIN_LINEAR,
                                              METRIC_ACCURACY_TEST_LINEAR};
    const int64_t size[] = {point->schedule.count, point->problem.network->layers};
    for (size_t i = 0; i < sizeof by_step / sizeof *by_step; i++) declare(point, by_step[i], size);
    /* Accuracy means something where targets are classes. */
    for (size_t i = 0; point->data->has_classes && i < sizeof by_class / sizeof *by_class; i++)
        declare(point, by_class[i], size);
    record_add(point->record, METRIC_PARAMETER_CHANGE, size);
}

/* The layers' names, a line each. */
static void declare_layers(struct record *record, const struct network *network) {
    size_t bytes = (size_t)network->layers * LAYER_NAME + 1, used = 0;
    char *names = calloc(bytes, 1);
    CHECK(names);
    for (int layer = 0; layer < network->layers; layer++)
        used += (size_t)snprintf(names + used, bytes - used, "%s%s", layer ? "\n" : "", network->layer[layer].name);
    record_text(record, METRIC_LAYER, names);
    free(names);
}

static void declare_coordinates(struct point *point) {
    const struct schedule *schedule = &point->schedule;
    double *step = record_add(point->record, METRIC_STEP, &schedule->count);
    for (int64_t i = 0; i < schedule->count; i++) step[i] = (double)schedule->step[i];
    declare_layers(point->record, point->problem.network);
    if (schedule->kernel_count == 0 || !point->with_kernel) return;
    double *kernel_step = record_add(point->record, METRIC_KERNEL_STEP, &schedule->kernel_count);
    for (int64_t i = 0; i < schedule->kernel_count; i++) kernel_step[i] = (double)schedule->kernel_step[i];
    record_add(point->record, METRIC_NTK_CHANGE, &schedule->kernel_count);
    record_add(point->record, METRIC_NNGP_CHANGE, &schedule->kernel_count);
}

static int64_t shown_points(const struct point *point) { return config_shown_points(point->config); }

static void declare_outputs(struct point *point) {
    const int64_t size[] = {point->schedule.count, shown_points(point), point->problem.points.outputs};
    enum dimension shown = point->config->measure.outputs == OUTPUTS_ALL ? DIM_TEST_EXAMPLE : DIM_PROBE;
    const enum dimension dim[] = {DIM_STEP, shown, DIM_OUTPUT};
    if (size[1] == 0) return;
    record_add_shaped(point->record, METRIC_OUTPUTS, 0, 3, dim, size);
    if (is_measured(point, METRIC_OUTPUTS_LINEAR))
        record_add_shaped(point->record, METRIC_OUTPUTS_LINEAR, 0, 3, dim, size);
}

static void declare_kept_outputs(struct point *point) {
    const struct points *points = &point->problem.points;
    const int64_t train[] = {point->schedule.count, points->train, points->outputs};
    const int64_t test[] = {point->schedule.count, points->test, points->outputs};
    if (!keeps(point, KEEP_OUTPUTS)) return;
    declare(point, METRIC_KEPT_F_TRAIN, train);
    declare(point, METRIC_KEPT_F_TRAIN_LINEAR, train);
    declare(point, METRIC_KEPT_F_TEST, test);
    declare(point, METRIC_KEPT_F_TEST_LINEAR, test);
}

static void keep_rows(struct point *point, enum metric_id metric, int64_t n, int64_t columns, const double *values) {
    const struct dataset *data = point->data;
    const int image = metric == METRIC_KEPT_X_TRAIN || metric == METRIC_KEPT_X_TEST;
    const enum dimension example =
        metric == METRIC_KEPT_X_TRAIN || metric == METRIC_KEPT_Y_TRAIN ? DIM_TRAIN_EXAMPLE : DIM_TEST_EXAMPLE;
    const enum dimension dim[] = {example, image ? DIM_FREE : DIM_OUTPUT, DIM_FREE, DIM_FREE};
    int64_t flat[] = {n, columns}, shaped[] = {n, data->rows, data->columns, data->channels};
    int as_image = image && data->is_image;
    double *out = record_add_shaped(point->record, metric, 0, as_image ? 4 : 2, dim, as_image ? shaped : flat);
    memcpy(out, values, (size_t)(n * columns) * sizeof *out);
}

static void keep_batches(struct point *point) {
    const int64_t size[] = {point->config->training.steps, point->batches.size};
    if (!keeps(point, KEEP_INPUTS) || point->problem.points.batch == 0) return;
    double *out = record_add(point->record, METRIC_KEPT_BATCHES, size);
    for (int64_t step = 0; step < size[0]; step++) {
        const int64_t *batch = batches_at(&point->batches, step);
        for (int64_t i = 0; i < size[1]; i++) out[step * size[1] + i] = (double)batch[i];
    }
}

static void keep_inputs(struct point *point) {
    const struct points *points = &point->problem.points;
    if (!keeps(point, KEEP_INPUTS)) return;
    keep_rows(point, METRIC_KEPT_X_TRAIN, points->train, point->problem.inputs, point->data->x_train);
    keep_rows(point, METRIC_KEPT_Y_TRAIN, points->train, points->outputs, point->data->y_train);
    keep_rows(point, METRIC_KEPT_X_TEST, points->test, point->problem.inputs, point->data->x_test);
    keep_rows(point, METRIC_KEPT_Y_TEST, points->test, points->outputs, point->data->y_test);
}

static void keep_parameters(struct point *point, enum metric_id metric, const real *theta) {
    static const enum dimension dim[METRIC_DIMENSIONS] = {DIM_FREE, DIM_FREE, DIM_FREE, DIM_FREE};
    const struct network *network = point->problem.network;
    for (int t = 0; keeps(point, KEEP_PARAMETERS) && t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        double *out = record_add_shaped(point->record, metric, t, tensor->ndim, dim, tensor->shape);
        la_to_double(tensor->size, theta + tensor->offset, out);
    }
}

void measure_declare(struct point *point) {
    struct record *record = point->record;
    declare_coordinates(point);
    declare_steps(point);
    declare_outputs(point);
    declare_kept_outputs(point);
    keep_inputs(point);
    keep_batches(point);
    keep_parameters(point, METRIC_KEPT_PARAMETERS, point->theta0);
    record_scalar(record, METRIC_LEARNING_RATE_USED, point->eta);
    record_scalar(record, METRIC_PARAMETERS, (double)network_parameters(point->problem.network));
    if (is_measured(point, METRIC_LINEARIZATION_USED))
        record_scalar(record, METRIC_LINEARIZATION_USED, point_linearization(point));
    record_scalar(record, METRIC_INPUT_MEAN, point->data->mean);
    record_scalar(record, METRIC_INPUT_DEVIATION, point->data->deviation);
}

/* ---- a recorded step ---- */

/* Row `index` of an array [step, ...]; NULL where it is not recorded. */
static double *row_of(const struct point *point, enum metric_id metric, int64_t index) {
    const struct array *array = record_find(point->record, metric, 0);
    return array ? array->value + index * (array_length(array) / array->size[0]) : NULL;
}

static void set(const struct point *point, enum metric_id metric, int64_t index, double value) {
    double *at = row_of(point, metric, index);
    if (at) *at = value;
}

static void copy_outputs(const struct point *point, enum metric_id metric, int64_t index, int64_t n, const real *f) {
    double *at = row_of(point, metric, index);
    if (at) la_to_double(n * point->problem.points.outputs, f, at);
}

/* Where the numbers of each model go. */
static const struct places {
    enum metric_id loss_train, loss_test, accuracy_train, accuracy_test, outputs, kept_train, kept_test;
} places[MODELS] = {
    [MODEL_NETWORK] = {METRIC_LOSS_TRAIN, METRIC_LOSS_TEST, METRIC_ACCURACY_TRAIN, METRIC_ACCURACY_TEST, METRIC_OUTPUTS,
                       METRIC_KEPT_F_TRAIN, METRIC_KEPT_F_TEST},
    [MODEL_LINEAR] = {METRIC_LOSS_TRAIN_LINEAR, METRIC_LOSS_TEST_LINEAR, METRIC_ACCURACY_TRAIN_LINEAR,
                      METRIC_ACCURACY_TEST_LINEAR, METRIC_OUTPUTS_LINEAR, METRIC_KEPT_F_TRAIN_LINEAR,
                      METRIC_KEPT_F_TEST_LINEAR},
};

static void measure_model(const struct point *point, int64_t index, int id) {
    const struct points *points = &point->problem.points;
    const struct places *place = &places[id];
    const struct model *model = point->model[id];
    int64_t n = points->train, m = points->test, k = points->outputs;
    const real *y_test = points->y + n * k;
    enum loss loss = point->training.descent.loss;
    set(point, place->loss_train, index, loss_value(loss, n, k, model->f_train, points->y));
    set(point, place->loss_test, index, loss_value(loss, m, k, model->f_test, y_test));
    set(point, place->accuracy_train, index, loss_accuracy(n, k, model->f_train, points->y));
    set(point, place->accuracy_test, index, loss_accuracy(m, k, model->f_test, y_test));
    copy_outputs(point, place->outputs, index, shown_points(point), model->f_test);
    copy_outputs(point, place->kept_train, index, n, model->f_train);
    copy_outputs(point, place->kept_test, index, m, model->f_test);
}

static void measure_layers(struct point *point, int64_t index) {
    double *change = row_of(point, METRIC_PARAMETER_CHANGE, index), norm;
    for (int layer = 0; layer < point->problem.network->layers; layer++) {
        double distance = trainer_layer_distance(point_trainer(point), layer, point->theta0, &norm);
        change[layer] = distance / norm;
    }
}

static void measure_difference(const struct point *point, int64_t index) {
    const struct points *points = &point->problem.points;
    const struct model *network = point->model[MODEL_NETWORK], *linear = point->model[MODEL_LINEAR];
    set(point, METRIC_RMSE_TRAIN, index, loss_rmse(points->train, points->outputs, network->f_train, linear->f_train));
    set(point, METRIC_RMSE_TEST, index, loss_rmse(points->test, points->outputs, network->f_test, linear->f_test));
    set(point, METRIC_RMSE_TEST_MAX, index,
        loss_rmse_max(points->test, points->outputs, network->f_test, linear->f_test));
}

void measure_step(struct point *point, int64_t index) {
    int64_t numbers = point->problem.points.test * point->problem.points.outputs;
    for (int i = 0; i < MODELS; i++)
        if (point_has(point, (enum model_id)i)) measure_model(point, index, i);
    if (!point_has(point, MODEL_NETWORK)) return;
    measure_layers(point, index);
    set(point, METRIC_F_RMS, index,
        sqrt(la_distance_squares(numbers, point->model[MODEL_NETWORK]->f_test, NULL) / (double)numbers));
    if (point_has(point, MODEL_LINEAR)) measure_difference(point, index);
}

/* ---- kernels ---- */

/* |Theta_0 - Theta_inf x I_k|_F / |Theta_inf x I_k|_F on the training set, both of F = alpha f. */
static void measure_distance(struct point *point) {
    const double *infinite = record_values(point->reference, METRIC_REFERENCE_NTK_TRAIN_TRAIN);
    if (!infinite || !config_has_infinite_width(point->config)) return;
    int64_t n = point->problem.points.train, k = point->problem.points.outputs;
    double distance = 0, norm = 0, alpha = point->config->network.output_scale;
    for (int64_t row = 0; row < n * k; row++)
        for (int64_t column = 0; column < n * k; column++) {
            double target = row % k == column % k ? alpha * alpha * infinite[row / k * n + column / k] : 0;
            double difference = (double)point->kernel.train_train[row * n * k + column] - target;
            distance += difference * difference;
            norm += target * target;
        }
    record_scalar(point->record, METRIC_NTK_DISTANCE_INFINITE, sqrt(distance / norm));
}

static void keep_kernel(struct point *point, enum metric_id metric, int64_t rows, int64_t columns, const real *kernel) {
    const int64_t size[] = {rows, columns};
    la_to_double(rows * columns, kernel, record_add(point->record, metric, size));
}

/* Of F = alpha f, as the empirical ones are. */
static void keep_infinite(struct point *point, enum metric_id metric, enum metric_id reference, int64_t rows,
                          int64_t columns) {
    const int64_t size[] = {rows, columns};
    const double *values = record_values(point->reference, reference);
    double alpha = point->config->network.output_scale;
    if (!values) return;
    double *out = record_add(point->record, metric, size);
    for (int64_t i = 0; i < rows * columns; i++) out[i] = alpha * alpha * values[i];
}

static void keep_kernels(struct point *point) {
    int64_t n = point->problem.points.train, m = point->problem.points.test, k = point->problem.points.outputs;
    if (!keeps(point, KEEP_KERNELS)) return;
    keep_kernel(point, METRIC_KEPT_NTK_TRAIN_TRAIN, n * k, n * k, point->kernel.train_train);
    keep_kernel(point, METRIC_KEPT_NTK_TEST_TRAIN, m * k, n * k, point->kernel.test_train);
    keep_infinite(point, METRIC_KEPT_NTK_INFINITE_TRAIN_TRAIN, METRIC_REFERENCE_NTK_TRAIN_TRAIN, n, n);
    keep_infinite(point, METRIC_KEPT_NTK_INFINITE_TEST_TRAIN, METRIC_REFERENCE_NTK_TEST_TRAIN, m, n);
    keep_infinite(point, METRIC_KEPT_NNGP_INFINITE_TRAIN_TRAIN, METRIC_REFERENCE_NNGP_TRAIN_TRAIN, n, n);
    keep_infinite(point, METRIC_KEPT_NNGP_INFINITE_TEST_TRAIN, METRIC_REFERENCE_NNGP_TEST_TRAIN, m, n);
    keep_infinite(point, METRIC_KEPT_NNGP_INFINITE_TEST_TEST, METRIC_REFERENCE_NNGP_TEST_TEST, m, m);
}

void measure_kernel(struct point *point, const double *lambda) {
    int64_t rows = point_kernel_rows(point);
    double trace = 0;
    for (int64_t i = 0; i < rows; i++) trace += (double)point->kernel.train_train[i * rows + i];
    record_scalar(point->record, METRIC_NTK_TRACE, trace);
    record_scalar(point->record, METRIC_LAMBDA_MIN, lambda[0]);
    record_scalar(point->record, METRIC_LAMBDA_MAX, lambda[rows - 1]);
    measure_distance(point);
    keep_kernels(point);
}

/* |a - b|_F / |b|_F */
static double relative_change(int64_t n, const real *a, const real *b) {
    return sqrt(la_distance_squares(n, a, b) / la_distance_squares(n, b, NULL));
}

void measure_change(struct point *point, int64_t index) {
    int64_t n = point->problem.points.train, rows = n * point->problem.points.outputs;
    set(point, METRIC_NTK_CHANGE, index,
        relative_change(rows * rows, point->moved.train_train, point->kernel.train_train));
    set(point, METRIC_NNGP_CHANGE, index,
        relative_change(n * n, point->moved.nngp_train_train, point->kernel.nngp_train_train));
}

/* ---- the end ---- */

void measure_end(struct point *point) {
    static const enum metric_id diverged[MODELS] = {METRIC_DIVERGED_STEP, METRIC_DIVERGED_STEP_LINEAR};
    const double *step = point->progress.diverged;
    if (point_has(point, MODEL_NETWORK)) keep_parameters(point, METRIC_KEPT_PARAMETERS_FINAL, point->theta);
    record_scalar(point->record, METRIC_STATUS, record_status_bits(step[MODEL_NETWORK], step[MODEL_LINEAR]));
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) record_scalar(point->record, diverged[i], step[i] >= 0 ? step[i] : (double)NAN);
}

/* Bytes of the record: what grows with the point. */
double measure_bytes(const struct point *point) {
    const struct points *points = &point->problem.points;
    double n = (double)points->train, m = (double)points->test, k = (double)points->outputs;
    double steps = (double)point->schedule.count, numbers = 100;
    numbers += steps * (14 + point->problem.network->layers + 2 * (double)shown_points(point) * k);
    if (keeps(point, KEEP_OUTPUTS)) numbers += 2 * steps * (n + m) * k;
    if (keeps(point, KEEP_INPUTS)) {
        numbers += (n + m) * ((double)point->problem.inputs + k);
        if (points->batch > 0) numbers += (double)point->config->training.steps * (double)points->batch;
    }
    if (keeps(point, KEEP_PARAMETERS)) numbers += 2 * (double)point->problem.network->theta;
    if (keeps(point, KEEP_KERNELS)) numbers += (n + m) * n * k * k + 2 * (n + m) * n + m * m;
    return sizeof(double) * numbers;
}
