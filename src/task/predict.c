#include "predict.h"

#include <math.h>
#include <string.h>

#include "eigen.h"
#include "matrix.h"
#include "kernels.h"
#include "measure.h"
#include "orders.h"

/* ---- which ---- */

static void choose(struct point *point, enum predictor kind, bool closed, bool flow) {
    const struct config *config = point->config;
    const struct points *points = &point->problem.points;
    double alpha = kind == PREDICTOR_INFINITE ? config->network.output_scale : 1;
    double outputs = config->training.loss == LOSS_MSE ? (double)points->outputs : 1;
    point->predictions.of[kind] = (struct predictor_state){
        .is_closed = closed, .is_flow = flow, .rate = alpha * alpha / ((double)points->train * outputs)};
}

void predict_choose(struct point *point) {
    const struct config *config = point->config;
    bool closed = config_has_closed_form(config), infinite = config_has_infinite_width(config);
    bool flow = config->measure.predictions && config_has_flow(config) && !closed;
    choose(point, PREDICTOR_EMPIRICAL, closed && config->measure.predictions, flow);
    choose(point, PREDICTOR_INFINITE, closed && infinite, flow && infinite);
}

/* ---- memory ---- */

static struct prediction_kernel kernel_of(const struct point *point, enum predictor kind) {
    const struct points *points = &point->problem.points;
    int64_t rows = kind == PREDICTOR_EMPIRICAL ? points->outputs : 1;
    return (struct prediction_kernel){
        .n = points->train * rows, .m = points->test * rows, .columns = points->outputs / rows};
}

static int64_t test_numbers(const struct point *point) {
    return point->problem.points.test * point->problem.points.outputs;
}

static void lay_out(struct arena *arena, struct point *point) {
    point->predictions.at_step = ARENA_TAKE(arena, test_numbers(point), double);
    for (int kind = 0; kind < PREDICTORS; kind++) {
        struct predictor_state *own = &point->predictions.of[kind];
        struct prediction_kernel kernel = kernel_of(point, (enum predictor)kind);
        if (own->is_closed) prediction_create(&kernel, arena, &own->closed);
        if (own->is_closed && kind == PREDICTOR_EMPIRICAL) own->lambda = ARENA_TAKE(arena, kernel.n, double);
        if (own->is_flow) own->flow = ARENA_TAKE(arena, point->schedule.count * test_numbers(point), double);
    }
}

/* ---- beginning ---- */

static double *in_double(struct arena *arena, int64_t n, const real *numbers) {
    double *copy = ARENA_TAKE(arena, n, double);
    if (copy) la_to_double(n, numbers, copy);
    return copy;
}

static void start_closed(struct point *point, struct arena *arena, enum predictor kind,
                         const struct prediction_kernel *kernel) {
    const struct points *points = &point->problem.points;
    int64_t train = points->train * points->outputs;
    double *f0_train = in_double(arena, train, point->model[MODEL_NETWORK]->f_train);
    double *f0_test = in_double(arena, test_numbers(point), point->model[MODEL_NETWORK]->f_test);
    if (arena_is_counting(arena)) return;
    for (int64_t i = 0; i < train; i++) f0_train[i] -= (double)points->y[i];
    struct prediction *closed = &point->predictions.of[kind].closed;
    closed->kernel = *kernel;
    prediction_start(f0_train, f0_test, closed);
}

static status start_flow(struct point *point, struct arena *arena, enum predictor kind,
                         const struct prediction_kernel *kernel, const double *train_train) {
    const struct points *points = &point->problem.points;
    const struct predictor_state *own = &point->predictions.of[kind];
    const struct host host = task_host(&point->hooks);
    int64_t train = points->train * points->outputs;
    const struct prediction_flow flow = {.n = kernel->n,
                                         .m = kernel->m,
                                         .columns = kernel->columns,
                                         .k = points->outputs,
                                         .train_train = train_train,
                                         .test_train = kernel->test_train,
                                         .y = in_double(arena, train, points->y),
                                         .f0_train = in_double(arena, train, point->model[MODEL_NETWORK]->f_train),
                                         .f0_test =
                                             in_double(arena, test_numbers(point), point->model[MODEL_NETWORK]->f_test),
                                         .rate = own->rate * point->eta,
                                         .count = point->schedule.count,
                                         .step = point->schedule.step,
                                         .host = &host};
    return arena_is_counting(arena) ? OK : prediction_flow(&flow, own->flow);
}

/* In the flow first: the eigenproblem uses theta up. */
static status start_empirical(struct point *point, struct arena *arena, double *theta, double *lambda) {
    const struct predictor_state *own = &point->predictions.of[PREDICTOR_EMPIRICAL];
    const struct host host = task_host(&point->hooks);
    struct prediction_kernel kernel = kernel_of(point, PREDICTOR_EMPIRICAL);
    if (own->is_closed || own->is_flow)
        kernel.test_train = in_double(arena, kernel.m * kernel.n, point->kernels.first.test_train);
    if (own->is_flow) TRY(start_flow(point, arena, PREDICTOR_EMPIRICAL, &kernel, theta));
    if (!arena_is_counting(arena)) TRY(la_eigen(kernel.n, own->is_closed, theta, lambda, &host));
    kernel.lambda = own->lambda;
    kernel.vector = theta;
    if (own->lambda) memcpy(own->lambda, lambda, (size_t)kernel.n * sizeof *lambda);
    if (own->is_closed) start_closed(point, arena, PREDICTOR_EMPIRICAL, &kernel);
    return OK;
}

status predict_empirical(struct point *point, struct arena *arena, double *theta, double *lambda) {
    size_t mark = arena_mark(arena);
    status result = start_empirical(point, arena, theta, lambda);
    arena_release(arena, mark);
    return result;
}

void predict_nothing(struct point *point, double *lambda) {
    struct predictor_state *own = &point->predictions.of[PREDICTOR_EMPIRICAL];
    own->is_closed = own->is_flow = false;
    for (int64_t i = 0; i < kernels_rows(point); i++) lambda[i] = (double)NAN;
}

static status at_start(struct point *point, struct arena *arena) {
    const struct predictor_state *own = &point->predictions.of[PREDICTOR_INFINITE];
    struct prediction_kernel kernel = kernel_of(point, PREDICTOR_INFINITE);
    kernel.lambda = record_values(point->reference, METRIC_REFERENCE_EIGENVALUES);
    kernel.vector = record_values(point->reference, METRIC_REFERENCE_EIGENVECTORS);
    kernel.test_train = record_values(point->reference, METRIC_REFERENCE_NTK_TEST_TRAIN);
    if (own->is_closed) start_closed(point, arena, PREDICTOR_INFINITE, &kernel);
    if (!own->is_flow) return OK;
    return start_flow(point, arena, PREDICTOR_INFINITE, &kernel,
                      record_values(point->reference, METRIC_REFERENCE_NTK_TRAIN_TRAIN));
}

static void count(struct arena *arena, struct point *point) { (void)at_start(point, arena); }

/* ---- against the network ---- */

static double rmse(const struct point *point, const double *prediction) {
    int64_t count = test_numbers(point);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double difference = (double)point->model[MODEL_NETWORK]->f_test[i] - prediction[i];
        sum += difference * difference;
    }
    return sqrt(sum / (double)count);
}

/* Against a closed form at recorded step number `index`. */
static double rmse_closed(struct point *point, enum predictor kind, enum dynamics dynamics, int64_t index) {
    const struct predictor_state *own = &point->predictions.of[kind];
    const struct prediction_descent descent = {dynamics, own->rate * point->eta, point->config->training.momentum,
                                               config_rate_schedule(point->config)};
    prediction_at(&point->predictions.of[kind].closed, &descent, (double)point->schedule.step[index],
                  point->predictions.at_step);
    return rmse(point, point->predictions.at_step);
}

static const struct {
    enum metric_id metric;
    enum predictor kind;
    enum dynamics dynamics;
} comparisons[] = {
    {METRIC_RMSE_TEST_DISCRETE, PREDICTOR_EMPIRICAL, DYNAMICS_DISCRETE},
    {METRIC_RMSE_TEST_FLOW, PREDICTOR_EMPIRICAL, DYNAMICS_FLOW},
    {METRIC_RMSE_TEST_DISCRETE_INFINITE, PREDICTOR_INFINITE, DYNAMICS_DISCRETE},
    {METRIC_RMSE_TEST_FLOW_INFINITE, PREDICTOR_INFINITE, DYNAMICS_FLOW},
};
enum { COMPARISONS = sizeof comparisons / sizeof comparisons[0] };

/* The network at this step against comparison number i; NaN: it does not exist. */
static double compare(struct point *point, int i, int64_t index) {
    const struct predictor_state *own = &point->predictions.of[comparisons[i].kind];
    bool is_flow = comparisons[i].dynamics == DYNAMICS_FLOW;
    if (is_flow && !config_has_flow(point->config)) return (double)NAN;
    if (own->is_closed) return rmse_closed(point, comparisons[i].kind, comparisons[i].dynamics, index);
    return is_flow && own->is_flow ? rmse(point, own->flow + index * test_numbers(point)) : (double)NAN;
}

static void at_step(struct point *point, int64_t index) {
    if (!point_has(point, MODEL_NETWORK)) return;
    for (int i = 0; point->config->measure.predictions && i < COMPARISONS; i++) {
        double value = compare(point, i, index);
        if (!isnan(value)) measure_add(point, comparisons[i].metric)[index] = value;
    }
    if (index == point->schedule.count - 1 && point->predictions.of[PREDICTOR_INFINITE].is_closed)
        record_scalar(point->record, METRIC_RMSE_TEST_INFINITE,
                      rmse_closed(point, PREDICTOR_INFINITE, DYNAMICS_DISCRETE, index));
}

/* ---- cost ---- */

static void cost(const struct point *point, struct task_cost *cost) {
    for (int kind = 0; kind < PREDICTORS; kind++) {
        struct prediction_kernel kernel = kernel_of(point, (enum predictor)kind);
        if (point->predictions.of[kind].is_flow)
            cost->outside_bytes = fmax(cost->outside_bytes, (double)prediction_flow_bytes(kernel.n, kernel.columns));
    }
    if (point->config->measure.predictions)
        cost->record_bytes += sizeof(double) * COMPARISONS * (double)point->schedule.count;
}

const struct element measure_predictions = {
    .name = "predictions", .lay_out = lay_out, .count = count, .at_start = at_start, .at_step = at_step, .cost = cost};
