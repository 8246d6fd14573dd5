/* A point: set up, kernels at theta_0, training of the network beside its linearization, end. */
#include "point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "eigen.h"
#include "loss.h"
#include "matrix.h"
#include "rounding.h"

/* ---- choices, from sizes alone ---- */

static int64_t kernel_rows(const struct point *point) {
    return point->problem.points.train * point->problem.points.outputs;
}

static int64_t kernel_bytes(const struct point *point) {
    int64_t rows = kernel_rows(point), test = point->problem.points.test * point->problem.points.outputs;
    int64_t squares = rows * rows * (point->schedule.kernel_count > 0 ? 2 : 1) + test * rows;
    return squares * (int64_t)sizeof(real) + rows * rows * (int64_t)sizeof(double);
}

static struct ntk_points kernel_points(const struct point *point) {
    const struct points *points = &point->problem.points;
    return (struct ntk_points){
        .train = points->train,
        .test = points->test,
        .first = point->trainer.first,
        .value = point->trainer.first ? point->trainer.h : points->x,
        .gram = points->gram,
    };
}

/* Of one computation of the kernels with `test` test points, which may take `bytes`. */
static double kernel_flops(const struct point *point, int64_t test, int64_t bytes) {
    struct ntk_points at = kernel_points(point);
    at.test = test;
    return ntk_empirical_flops(point->problem.network, &at, bytes, problem_has_gram(&point->problem));
}

/* In parameter space too the kernel at theta_0 is measured where it is small, or kept: a matter of sizes, not of memory. */
enum { SMALL_KERNEL_ROWS = 4096 };
static int measures_kernel_anyway(const struct point *point) {
    return kernel_rows(point) <= SMALL_KERNEL_ROWS || (point->config->measure.keep & KEEP_KERNELS);
}

/* auto: function space where the kernels fit half of run.memory and the flops, with the other half to compute them in, are fewer. */
static int runs_in_parameters(const struct point *point) {
    const struct config *config = point->config;
    if (config->training.linearization == LINEARIZATION_FUNCTION) return 0;
    if (config->training.linearization == LINEARIZATION_PARAMETER) return 1;
    const struct points *points = &point->problem.points;
    double steps = (double)config->training.steps;
    double function = steps * twin_step_flops(point->problem.network, points, 0);
    double parameter = steps * twin_step_flops(point->problem.network, points, 1);
    if (!measures_kernel_anyway(point)) function += kernel_flops(point, points->test, config->run.memory / 2);
    return kernel_bytes(point) > config->run.memory / 2 || function > parameter;
}

struct point point_create(const struct config *config, const struct dataset *data) {
    struct point point = {.config = config, .data = data, .diverged = -1, .diverged_linear = -1};
    point.problem = problem_create(config, data);
    point.schedule = schedule_create(config);
    point.trainer.first =
        trainer_keeps_head(point.problem.network, point.problem.points.train, point.problem.points.inputs);
    point.in_parameters = runs_in_parameters(&point);
    point.with_kernel = !point.in_parameters || measures_kernel_anyway(&point);
    return point;
}

void point_free(struct point *point) {
    problem_free(&point->problem);
    schedule_free(&point->schedule);
}

/* ---- memory ---- */

static void lay_out_kernels(struct arena *arena, struct point *point) {
    int64_t rows = kernel_rows(point), train = point->problem.points.train;
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    int moves = point->schedule.kernel_count > 0;
    point->kernel.train_train = ARENA_TAKE(arena, rows * rows, real);
    point->kernel.test_train = ARENA_TAKE(arena, test * rows, real);
    if (moves) point->kernel.nngp_train_train = ARENA_TAKE(arena, train * train, real);
    if (moves) point->moved.train_train = ARENA_TAKE(arena, rows * rows, real);
    if (moves) point->moved.nngp_train_train = ARENA_TAKE(arena, train * train, real);
}

static struct rounding rounding_of(const struct point *point) {
    return (struct rounding){.repeat_twin = !point->in_parameters};
}

static int is_rounded(const struct point *point) { return point->config->run.precision == PRECISION_F32; }

/* What phases take and give back, for a counting arena. */
static void count_phases(struct arena *arena, struct point *point) {
    struct ntk_points at = kernel_points(point);
    size_t mark = arena_mark(arena);
    if (point->with_kernel) {
        ntk_empirical(point->problem.network, NULL, &at, point->kernel_room, arena, &point->kernel);
        ARENA_TAKE(arena, kernel_rows(point) * kernel_rows(point), double);
        ARENA_TAKE(arena, kernel_rows(point), double);
    }
    arena_release(arena, mark);
    if (!is_rounded(point)) return;
    struct rounding rounding = rounding_of(point);
    arena_release(arena, point->kept_mark);
    (void)rounding_measure(point->config, point->data, arena, &rounding);
    arena_release(arena, mark);
}

void point_lay_out(struct arena *arena, struct point *point) {
    const struct points *points = &point->problem.points;
    const struct network *network = point->problem.network;
    point->theta = ARENA_TAKE(arena, network->theta, real);
    point->theta0 = ARENA_TAKE(arena, network->theta, real);
    point->f_test_last = ARENA_TAKE(arena, points->test * points->outputs, real);
    point->f_test_linear_last = ARENA_TAKE(arena, points->test * points->outputs, real);
    point->kept_mark = arena_mark(arena);
    point->prediction = ARENA_TAKE(arena, points->outputs * (points->test + 2 * points->train), double);
    problem_lay_out(arena, &point->problem);
    trainer_create(network, points, 0, arena, &point->trainer);
    twin_create(network, points, point->in_parameters, arena, &point->twin);
    if (point->with_kernel) lay_out_kernels(arena, point);
    point->kernel_room = point->config->run.memory - (int64_t)arena_mark(arena);
    if (arena_is_counting(arena)) count_phases(arena, point);
}

/* ---- cost ---- */

static double training_flops(const struct point *point) {
    double steps = (double)point->config->training.steps, recorded = (double)point->schedule.count;
    const struct network *network = point->problem.network;
    const struct points *points = &point->problem.points;
    double step = trainer_step_flops(&point->trainer) + twin_step_flops(network, points, point->in_parameters);
    double test = trainer_test_flops(&point->trainer) + twin_test_flops(network, points, point->in_parameters);
    return steps * step + recorded * test;
}

static double setup_flops(const struct point *point) {
    const struct points *points = &point->problem.points;
    int64_t all = points->train + points->test;
    double head = point->trainer.first ? network_flops(point->problem.network, 0, all) : 0;
    return problem_fill_flops(&point->problem) + head;
}

/* Numbers that are touched outside of matrix products: values forth and back by the network, and by the linearization in parameter
 * space; cotangents for the kernels; weights drawn; the spectrum. */
static double elementwise(const struct point *point) {
    const struct network *network = point->problem.network;
    const struct points *points = &point->problem.points;
    double a_point = 0, rows = point->with_kernel ? (double)kernel_rows(point) : 0;
    for (int v = 1; v <= network->operators; v++) a_point += (double)network_value_size(network, v);
    double trained = 2 * (double)point->config->training.steps * (double)points->train * (1 + point->in_parameters);
    double kernels = point->with_kernel ? (double)((points->train + points->test) * (1 + points->outputs)) : 0;
    return (trained + kernels) * a_point + 20 * (double)network->theta + 0.5 * rows * rows * rows;
}

/* Of operators, there and back, a chunk of points at a time. */
static double operator_calls(const struct point *point) {
    double chunks = ceil((double)point->problem.points.train / (double)point->trainer.chunk);
    return (double)point->config->training.steps * (double)point->problem.network->operators * 3 * chunks;
}

static double point_flops(const struct point *point) {
    const struct points *points = &point->problem.points;
    double flops = setup_flops(point) + training_flops(point), moves = (double)point->schedule.kernel_count;
    if (point->with_kernel)
        flops +=
            kernel_flops(point, points->test, point->kernel_room) + moves * kernel_flops(point, 0, point->kernel_room);
    return is_rounded(point) ? flops + rounding_flops(point->config, point->data, !point->in_parameters) : flops;
}

void point_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost) {
    struct point point = point_create(config, shape);
    struct arena arena = arena_counting();
    point_lay_out(&arena, &point);
    *cost = (struct task_cost){
        .parameters = (double)network_parameters(point.problem.network),
        .flops = point_flops(&point),
        .share = network_share(point.problem.network),
        .elementwise = elementwise(&point),
        .calls = operator_calls(&point),
        .arena_bytes = (double)arena.peak,
        .record_bytes = measure_bytes(&point),
        .in_parameters = point.in_parameters,
    };
    point_free(&point);
}

/* ---- running ---- */

static int told_to_stop(const struct point *point) {
    return point->hooks.stop && point->hooks.stop(point->hooks.context);
}

/* `critical_fraction: c` is c times the largest stable rate 2 N k/lambda_max of the infinite-width kernel. */
static double learning_rate(const struct point *point) {
    const struct learning_rate *rate = &point->config->training.learning_rate;
    if (rate->form == RATE_ABSOLUTE) return rate->value;
    const struct array *spectrum = record_find(point->reference, METRIC_REFERENCE_EIGENVALUES, 0);
    double lambda_max = spectrum->value[array_length(spectrum) - 1];
    return rate->value * 2 * (double)kernel_rows(point) / lambda_max;
}

static void set_up(struct point *point) {
    double begin = clock_seconds();
    int64_t theta = point->problem.network->theta;
    problem_fill(point->data, &point->problem);
    network_initialize(point->problem.network, (uint64_t)point->config->seed, point->theta0);
    memcpy(point->theta, point->theta0, (size_t)theta * sizeof(real));
    trainer_start(&point->trainer, (real)point->eta, point->theta);
    point->seconds_setup = clock_seconds() - begin;
}

static status kernels_at_start(struct point *point, struct arena *arena) {
    if (!point->with_kernel) return OK;
    double begin = clock_seconds();
    struct ntk_points at = kernel_points(point);
    ntk_empirical(point->problem.network, point->theta, &at, point->kernel_room, arena, &point->kernel);
    size_t mark = arena_mark(arena);
    int64_t rows = kernel_rows(point);
    point->spectrum = ARENA_TAKE(arena, rows * rows, double);
    ARENA_TAKE(arena, rows, double);
    status result = measure_kernel(point);
    arena_release(arena, mark);
    point->seconds_kernel += clock_seconds() - begin;
    return result;
}

static void kernels_moved(struct point *point, struct arena *arena, int64_t step) {
    int64_t index = schedule_index(point->schedule.kernel_count, point->schedule.kernel_step, step);
    if (index < 0 || !point->with_kernel || point->diverged >= 0) return;
    double begin = clock_seconds();
    struct ntk_points at = kernel_points(point);
    at.test = 0;
    ntk_empirical(point->problem.network, point->theta, &at, point->kernel_room, arena, &point->moved);
    measure_change(point, index);
    point->seconds_kernel += clock_seconds() - begin;
}

/* Loss or outputs not finite, or the loss above 1e6 times max(1, its first value). */
static int has_diverged(double loss, double first) { return !(loss <= 1e6 * fmax(1, first)); }

/* The training loss of a model, not finite if a test output of a recorded step is not. */
static double watched_loss(const struct points *points, int recorded, const real *f_train, const real *f_test) {
    double loss = loss_value(points->train, points->outputs, f_train, points->y);
    return recorded && !isfinite(la_dot(points->test * points->outputs, f_test, f_test)) ? (double)INFINITY : loss;
}

static void watch(struct point *point, int64_t step) {
    const struct points *points = &point->problem.points;
    int recorded = schedule_index(point->schedule.count, point->schedule.step, step) >= 0;
    double loss = watched_loss(points, recorded, point->trainer.f_train, point->trainer.f_test);
    double linear = watched_loss(points, recorded, point->twin.f_train, point->twin.f_test);
    if (step == 0) {
        point->first_loss = loss;
        point->first_loss_linear = linear;
    }
    if (point->diverged < 0 && has_diverged(loss, point->first_loss)) point->diverged = step;
    if (point->diverged_linear < 0 && has_diverged(linear, point->first_loss_linear)) point->diverged_linear = step;
}

static void record_step(struct point *point, struct arena *arena, int64_t step) {
    int64_t index = schedule_index(point->schedule.count, point->schedule.step, step);
    if (index < 0) return;
    double begin = clock_seconds();
    measure_step(point, index);
    point->seconds_recording += clock_seconds() - begin;
    kernels_moved(point, arena, step);
}

/* Outputs at this step: test points first, whose values are not kept. */
static void look(struct point *point, int64_t step) {
    if (schedule_index(point->schedule.count, point->schedule.step, step) >= 0) {
        double begin = clock_seconds();
        if (point->diverged < 0) trainer_test(&point->trainer);
        if (point->diverged_linear < 0) twin_test(&point->twin);
        point->seconds_recording += clock_seconds() - begin;
    }
    if (point->diverged < 0) trainer_forward(&point->trainer);
}

static status train(struct point *point, struct arena *arena) {
    double begin = clock_seconds(), others = point->seconds_recording + point->seconds_kernel;
    for (int64_t step = 0; point->diverged < 0 || point->diverged_linear < 0; step++) {
        if (step > 0) look(point, step);
        watch(point, step);
        record_step(point, arena, step);
        if (step == point->config->training.steps) break;
        if (told_to_stop(point)) FAIL(ERROR_INTERRUPTED, "stopped at step %lld", (long long)step);
        if (point->diverged < 0) trainer_step(&point->trainer);
        if (point->diverged_linear < 0) twin_step(&point->twin);
    }
    others = point->seconds_recording + point->seconds_kernel - others;
    point->seconds_training = clock_seconds() - begin - others;
    return OK;
}

/* Outputs at step 0, and all that begins with them. */
static status begin_twin(struct point *point, struct arena *arena) {
    trainer_test(&point->trainer);
    trainer_forward(&point->trainer);
    TRY(kernels_at_start(point, arena));
    measure_infinite(point, point->trainer.f_train, point->trainer.f_test);
    twin_start(&point->twin, (real)point->eta, point->trainer.f_train, point->trainer.f_test, point->kernel.train_train,
               point->kernel.test_train, point->theta0);
    return OK;
}

/* Only where the network has not diverged; releases the memory of the training. */
static status measure_rounding(struct point *point, struct arena *arena) {
    if (!is_rounded(point) || point->diverged >= 0) return OK;
    struct rounding rounding = rounding_of(point);
    rounding.repeat_twin = rounding.repeat_twin && point->diverged_linear < 0;
    rounding.eta = (double)(real)point->eta;
#if REAL_BITS == 32
    rounding.theta0 = point->theta0;
    rounding.theta = point->theta;
    rounding.f_test = point->f_test_last;
    rounding.f_test_linear = point->f_test_linear_last;
#endif
    arena_release(arena, point->kept_mark);
    rounding.hooks = point->hooks;
    TRY(rounding_measure(point->config, point->data, arena, &rounding));
    record_scalar(point->record, METRIC_RMSE_ROUNDING, rounding.rmse);
    record_scalar(point->record, METRIC_RMSE_ROUNDING_LINEAR, rounding.rmse_linear);
    return OK;
}

static status end(struct point *point, struct arena *arena) {
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    double begin = clock_seconds();
    if (point->diverged < 0) trainer_settle(&point->trainer);
    measure_end(point);
    memcpy(point->f_test_last, point->trainer.f_test, (size_t)test * sizeof(real));
    memcpy(point->f_test_linear_last, point->twin.f_test, (size_t)test * sizeof(real));
    TRY(measure_rounding(point, arena));
    point->seconds_recording += clock_seconds() - begin;
    record_scalar(point->record, METRIC_SECONDS_SETUP, point->seconds_setup);
    record_scalar(point->record, METRIC_SECONDS_KERNEL, point->seconds_kernel);
    record_scalar(point->record, METRIC_SECONDS_TRAINING, point->seconds_training);
    record_scalar(point->record, METRIC_SECONDS_RECORDING, point->seconds_recording);
    record_scalar(point->record, METRIC_FLOPS, point_flops(point));
    record_scalar(point->record, METRIC_ARENA_BYTES, (double)arena->capacity);
    return OK;
}

static status run_in(struct point *point, struct arena *arena) {
    point_lay_out(arena, point);
    point->eta = learning_rate(point);
    set_up(point);
    measure_declare(point);
    TRY(begin_twin(point, arena));
    TRY(train(point, arena));
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
    struct point point = point_create(config, data);
    point.reference = reference;
    point.hooks = hooks;
    point.record = record;
    status result = run_in_memory(&point);
    point_free(&point);
    return result;
}
