/* A point while it runs: set up, kernels at theta_0, training of the network beside its linearization, end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "eigen.h"
#include "loss.h"
#include "matrix.h"
#include "elements.h"
#include "kernels.h"
#include "orders.h"
#include "point_plan.h"
#include "reference.h"
#include "variants.h"

/* ---- beginning ---- */

/* A small kernel may be 0 in single precision alone. */
static const char *words_of_precision(const struct config *config) {
    if (config->training.learning_rate.form == RATE_CRITICAL_FRACTION)
        return config->run.limit_precision == PRECISION_F32 ? " in run.limit_precision: f32" : "";
    return config->run.precision == PRECISION_F32 ? " in run.precision: f32" : "";
}

/* A fraction c is c times the largest stable rate of a kernel whose largest eigenvalue on the training set is
 * lambda_max: mean squared error 2 (1 + beta) N k/lambda_max; cross-entropy 4 (1 + beta) N/lambda_max, its softmax's
 * Hessian being at most 1/2 (src/README.md, Rates). */
static status take_fraction(struct point *point, double fraction, double lambda_max) {
    const struct config *config = point->config;
    const char *where = words_of_precision(config);
    double examples = (double)point->problem.points.train, outputs = (double)point->problem.points.outputs;
    double stable = config->training.loss == LOSS_MSE ? 2 * examples * outputs : 4 * examples;
    point->eta = fraction * stable * (1 + config->training.momentum) / lambda_max;
    if (lambda_max <= 0) FAIL(ERROR_INPUT, "the kernel of the training set is 0%s: no critical rate", where);
    if (isinf(point->eta))
        FAIL(ERROR_INPUT,
             "the kernel of the training set, with the largest eigenvalue %g%s, is too small for a critical rate",
             lambda_max, where);
    return OK;
}

/* What of an equilibrium the study alone does not say (spec/checks.c). */
static status check_limit(const struct point *point) {
    const struct config *config = point->config;
    if (!config_needs_limit(config) || reference_has_limit(point->reference)) return OK;
    FAIL(ERROR_INPUT,
         "the cell of infinite width does not contract at network.feedback_w2 = %.15g, so it has no kernel; "
         "training.learning_rate: { absolute: x } or { empirical_fraction: c }, and measure.predictions: false, "
         "were expected",
         config->network.feedback_w2);
}

/* F = alpha f goes at the rate of alpha = 1 over alpha^2. */
static status take_rate(struct point *point) {
    const struct learning_rate *rate = &point->config->training.learning_rate;
    double alpha = point->config->network.output_scale, each = rate->value / (alpha * alpha);
    TRY(check_limit(point));
    point->eta = rate->form == RATE_ABSOLUTE ? each : 0;
    if (rate->form != RATE_CRITICAL_FRACTION) return OK;
    const struct array *spectrum = record_find(point->reference, METRIC_REFERENCE_EIGENVALUES, 0);
    return take_fraction(point, each, spectrum->value[array_length(spectrum) - 1]);
}

/* An expansion begins where the network stands before its first step. */
static void begin_model(struct point *point, int model) {
    const struct model *network = point->model[MODEL_NETWORK];
    const struct beginning beginning = {.eta = (real)point->eta,
                                        .theta = point->theta,
                                        .theta0 = point->theta0,
                                        .f0_train = network->f_train,
                                        .f0_test = network->f_test,
                                        .train_train = point->kernels.first.train_train,
                                        .test_train = point->kernels.first.test_train};
    model_start(point->model[model], &beginning);
}

static void set_up(struct point *point, struct arena *arena) {
    double begin = clock_seconds();
    const struct network *network = point->problem.network;
    network_initialize(network, (uint64_t)point->config->seed, point->theta0);
    memcpy(point->theta, point->theta0, (size_t)network->theta * sizeof(real));
    problem_fill(point->data, point->theta0, arena, &point->problem);
    begin_model(point, MODEL_NETWORK);
    point->progress.seconds_setup += clock_seconds() - begin;
}

static status kernels_at_start(struct point *point, struct arena *arena) {
    double begin = clock_seconds();
    status result = kernels_start(point, arena);
    point->progress.seconds_kernel += clock_seconds() - begin;
    return result;
}

/* `empirical_fraction`: of Theta_0, that of F = alpha f, so that alpha needs no further thought. */
static status take_rate_of_kernel(struct point *point, struct arena *arena) {
    const struct host host = task_host(&point->hooks);
    int64_t rows = kernels_rows(point);
    double *theta = kernels_in_double(point, arena), *lambda = ARENA_TAKE(arena, rows, double);
    TRY(la_eigen(rows, 0, theta, lambda, &host));
    return take_fraction(point, point->config->training.learning_rate.value, lambda[rows - 1]);
}

static status begin_at_own_rate(struct point *point, struct arena *arena) {
    if (point->config->training.learning_rate.form != RATE_EMPIRICAL_FRACTION) return OK;
    double begin = clock_seconds();
    size_t mark = arena_mark(arena);
    point->eta = (double)NAN;
    status result = point->kernels.is_finite ? take_rate_of_kernel(point, arena) : OK;
    arena_release(arena, mark);
    begin_model(point, MODEL_NETWORK);
    point->progress.seconds_kernel += clock_seconds() - begin;
    return result;
}

/* Outputs at step 0, and all that begins with them. */
static status begin_expansions(struct point *point, struct arena *arena) {
    struct model *network = point->model[MODEL_NETWORK];
    const struct host host = task_host(&point->hooks);
    if (host_stops(&host)) FAIL(ERROR_INTERRUPTED, "stopped before step 0");
    model_look(network);
    if (!points_are_in_batches(&point->problem.points)) model_forward(network, NULL);
    TRY(elements_start(point, arena));
    for (int i = MODEL_NETWORK + 1; i < MODELS; i++)
        if (point->kind[i]) begin_model(point, i);
    return OK;
}

/* ---- training ---- */

static int64_t recorded_index(const struct point *point) {
    return schedule_index(point->schedule.count, point->schedule.step, point_step(point));
}

/* Before the forward pass, so that a stop finds a state that nothing has touched. */
static status move_kernels(struct point *point, struct arena *arena) {
    double begin = clock_seconds();
    status result = kernels_move(point, arena);
    point->progress.seconds_kernel += clock_seconds() - begin;
    return result == ERROR_INTERRUPTED ? orders_stop(point) : result;
}

/* Of those that have not diverged. */
static void each_model(struct point *point, void (*visit)(struct model *model)) {
    for (int i = 0; i < MODELS; i++)
        if (point_has(point, (enum model_id)i)) visit(point->model[i]);
}

/* Outputs that a recorded step needs beside the batch's: test points first, whose values are not kept. */
static void look(struct point *point) {
    if (recorded_index(point) < 0) return;
    double begin = clock_seconds();
    each_model(point, model_look);
    point->progress.seconds_recording += clock_seconds() - begin;
}

/* Mini-batches have none after the last step. */
static void forward(struct point *point) {
    const int64_t *batch = batches_at(&point->batches, point_step(point));
    if (batch && point_step(point) == point->config->training.steps) return;
    const struct rate_schedule schedule = config_rate_schedule(point->config);
    for (int i = 0; i < MODELS; i++) {
        if (!point_has(point, (enum model_id)i)) continue;
        point->model[i]->optimizer.share = (real)rate_share(&schedule, point_step(point));
        model_forward(point->model[i], batch);
    }
}

/* Loss not finite, or above 1e6 times max(1, its first value). Weights and hidden values that are not finite make
 * outputs and loss so (vector.h); what they are at a step, the gradient of the step before has made them. */
static bool has_diverged(double loss, double first) { return !(isfinite(loss) && loss <= 1e6 * fmax(1, first)); }

/* A model's loss at a recorded step: of the training set, not finite if a test output is not. */
static double recorded_loss(const struct point *point, const struct model *model) {
    const struct points *points = &point->problem.points;
    enum loss loss = point->training.descent.loss;
    double value = loss_value(loss, points->train, points->outputs, model->f_train, points->y);
    return la_is_finite(points->test * points->outputs, model->f_test) ? value : (double)INFINITY;
}

/* An example without rest makes outputs and kernel NaN; where the weights are not finite, it was the gradient. */
static enum divergence what_of(const struct point *point, double unconverged) {
    if (!la_is_finite(point->problem.network->theta, point->theta)) return DIVERGED_OF_GRADIENT;
    if (unconverged > 0) return DIVERGED_OF_REST;
    return kernels_are_bad(point, MODEL_NETWORK) ? DIVERGED_OF_KERNEL : DIVERGED_OF_LOSS;
}

static void diverge(struct point *point, int model) {
    double unconverged = point->problem.rests.lost + point_trainer(point)->rests.lost;
    point->progress.diverged[model] = point->progress.step;
    if (model != MODEL_NETWORK) return;
    record_scalar(point->record, METRIC_DIVERGED_OF, what_of(point, unconverged));
    if (network_expected_steps(point->problem.network) > 0)
        record_scalar(point->record, METRIC_DIVERGED_UNCONVERGED, unconverged);
}

static void watch(struct point *point, int model) {
    struct progress *progress = &point->progress;
    const struct model *own = point->model[model];
    double loss = recorded_index(point) >= 0 ? recorded_loss(point, own) : model_loss(own);
    if (progress->step == 0) progress->first_loss[model] = loss;
    if (kernels_are_bad(point, model) || has_diverged(loss, progress->first_loss[model])) diverge(point, model);
}

/* The network's training loss decides, at recorded steps, where that of the whole set is known with any batches. */
static void watch_goal(struct point *point) {
    double goal = point->config->training.stop_loss;
    if (goal == 0 || recorded_index(point) < 0 || !point_has(point, MODEL_NETWORK)) return;
    if (recorded_loss(point, point->model[MODEL_NETWORK]) <= goal) point->stopped = point_step(point);
}

static bool is_at_end(const struct point *point) {
    return point->stopped >= 0 || point_step(point) == point->config->training.steps;
}

static bool is_in_training(const struct point *point) {
    for (int i = 0; i < MODELS; i++)
        if (point_has(point, (enum model_id)i)) return true;
    return false;
}

static void record_step(struct point *point) {
    if (recorded_index(point) < 0) return;
    double begin = clock_seconds();
    elements_step(point, recorded_index(point));
    point->progress.seconds_recording += clock_seconds() - begin;
}

static void step_on(struct point *point) {
    each_model(point, model_step);
    point->progress.step++;
}

/* A rate that is 0 in this precision would train nothing. */
static status check_rate(const struct point *point) {
    if (!point_has(point, MODEL_NETWORK) || point->eta == 0 || (real)point->eta != 0) return OK;
    FAIL(ERROR_INPUT, "the learning rate %g is 0 in single precision; run.precision: f64 was expected", point->eta);
}

static status visit_step(struct point *point, struct arena *arena) {
    look(point);
    TRY(move_kernels(point, arena));
    forward(point);
    for (int i = 0; i < MODELS; i++)
        if (point_has(point, (enum model_id)i)) watch(point, i);
    TRY(check_rate(point));
    watch_goal(point);
    record_step(point);
    return OK;
}

static status train(struct point *point, struct arena *arena) {
    struct progress *progress = &point->progress;
    double begin = clock_seconds(), others = progress->seconds_recording + progress->seconds_kernel;
    while (is_in_training(point)) {
        if (progress->step > 0) TRY(orders_obey(point));
        TRY(visit_step(point, arena));
        if (is_at_end(point)) break;
        step_on(point);
        double now = clock_seconds(), measured = progress->seconds_recording + progress->seconds_kernel;
        progress->seconds_training += now - begin - (measured - others);
        begin = now;
        others = measured;
    }
    return OK;
}

/* ---- the end ---- */

static void end_training(struct point *point) {
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    if (point_has(point, MODEL_NETWORK)) trainer_settle(point_trainer(point));
    if (point_has(point, MODEL_NETWORK) && !la_is_finite(point->problem.network->theta, point->theta))
        diverge(point, MODEL_NETWORK);
    elements_end(point);
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) memcpy(point->f_test_last[i], point->model[i]->f_test, (size_t)test * sizeof(real));
    point->progress.is_trained = 1;
}

static status end(struct point *point, struct arena *arena) {
    const struct progress *progress = &point->progress;
    double begin = clock_seconds();
    struct task_cost cost = {0};
    status result = elements_after(point, arena);
    if (result == ERROR_INTERRUPTED) return orders_stop(point);
    TRY(result);
    point_add_cost(point, &cost);
    record_scalar(point->record, METRIC_SECONDS_SETUP, progress->seconds_setup);
    record_scalar(point->record, METRIC_SECONDS_KERNEL, progress->seconds_kernel);
    record_scalar(point->record, METRIC_SECONDS_TRAINING, progress->seconds_training);
    record_scalar(point->record, METRIC_SECONDS_RECORDING, progress->seconds_recording + clock_seconds() - begin);
    record_scalar(point->record, METRIC_FLOPS, cost.flops);
    record_scalar(point->record, METRIC_ARENA_BYTES, (double)arena->capacity);
    return OK;
}

static status run_in(struct point *point, struct arena *arena) {
    point_lay_out(arena, point);
    TRY(take_rate(point));
    set_up(point, arena);
    TRY(kernels_at_start(point, arena));
    TRY(begin_at_own_rate(point, arena));
    elements_declare(point);
    TRY(begin_expansions(point, arena));
    TRY(orders_resume(point));
    if (point->progress.is_trained == 0) {
        TRY(train(point, arena));
        end_training(point);
    }
    return end(point, arena);
}

static status run_in_memory(struct point *point) {
    struct arena sizes = arena_counting(), arena;
    point_lay_out(&sizes, point);
    TRY(arena_create(sizes.peak, &arena));
    status result = run_in(point, &arena);
    arena_free(&arena);
    return result;
}

status point_run(const struct config *config, const struct dataset *data, const struct record *reference,
                 struct task_hooks hooks, struct record *record) {
    struct point point;
    status result = point_create(config, &data->shape, &point);
    point.data = data;
    point.reference = reference;
    point.hooks = hooks;
    point.record = record;
    if (result == OK) result = run_in_memory(&point);
    point_free(&point);
    return result;
}
