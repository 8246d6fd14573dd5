/* A point before it runs: its choices, its memory, what it costs. */
#include "point.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "eigen.h"
#include "rounding.h"

/* ---- choices, from sizes alone ---- */

int64_t point_kernel_rows(const struct point *point) {
    return point->problem.points.train * point->problem.points.outputs;
}

static int64_t kernel_bytes(const struct point *point) {
    int64_t rows = point_kernel_rows(point), test = point->problem.points.test * point->problem.points.outputs;
    int64_t squares = rows * rows * (point->schedule.kernel_count > 0 ? 2 : 1) + test * rows;
    return squares * (int64_t)sizeof(real) + rows * rows * (int64_t)sizeof(double);
}

struct ntk_points point_kernel_points(const struct point *point) {
    const struct points *points = &point->problem.points;
    return (struct ntk_points){
        .train = points->train,
        .test = points->test,
        .first = trainer_first(&point->training),
        .value = point->theta ? trainer_values(point_trainer(point)) : NULL,
        .gram = points->gram,
    };
}

/* Of one computation of the kernels with `test` test points, which may take `bytes`. */
static double kernel_flops(const struct point *point, int64_t test, int64_t bytes) {
    struct ntk_points at = point_kernel_points(point);
    at.test = test;
    return ntk_empirical_flops(point->problem.network, &at, bytes, problem_has_gram(&point->problem));
}

/* Does its learning rate follow from its own kernel? */
static int has_empirical_rate(const struct config *config) {
    return config->training.learning_rate.form == RATE_EMPIRICAL_FRACTION;
}

/* Where no linearization runs on it, the kernel at theta_0 is measured where it is small, or of use: a matter of sizes, not of memory.
 * Beside a linearization it is always of use, beside a network alone for its change. */
enum { SMALL_KERNEL_ROWS = 4096 };
static int measures_kernel_anyway(const struct point *point) {
    int is_of_use = config_trains(point->config, MODEL_LINEAR) || point->schedule.kernel_count > 0;
    return (is_of_use && point_kernel_rows(point) <= SMALL_KERNEL_ROWS) ||
           (point->config->measure.keep & KEEP_KERNELS) || point->config->measure.predictions ||
           has_empirical_rate(point->config);
}

/* auto: function space where the optimizer is linear in the gradient, the kernels fit half of run.memory and LAPACK, and the flops, with
 * the other half to compute them in, are fewer. */
static int runs_in_parameters(const struct point *point) {
    const struct config *config = point->config;
    if (config->training.optimizer == OPTIMIZER_ADAM) return 1;
    if (config->training.linearization == LINEARIZATION_FUNCTION) return 0;
    if (config->training.linearization == LINEARIZATION_PARAMETER) return 1;
    double steps = (double)config->training.steps;
    double function = steps * linear_functions.step_flops(&point->training);
    double parameter = steps * linear_parameters.step_flops(&point->training);
    if (!measures_kernel_anyway(point))
        function += kernel_flops(point, point->problem.points.test, config->run.memory / 2);
    return kernel_bytes(point) > config->run.memory / 2 || point_kernel_rows(point) > la_eigen_most(0) ||
           function > parameter;
}

static const struct model_kind *choose_network(const struct point *point) {
    (void)point;
    return &trainer_model;
}

static const struct model_kind *choose_linear(const struct point *point) {
    return runs_in_parameters(point) ? &linear_parameters : &linear_functions;
}

/* What each model is run by. */
static const struct model_kind *(*const choices[MODELS])(const struct point *point) = {
    [MODEL_NETWORK] = choose_network,
    [MODEL_LINEAR] = choose_linear,
};

static void choose_models(struct point *point) {
    for (int i = 0; i < MODELS; i++) {
        point->progress.diverged[i] = -1;
        if (!config_trains(point->config, (enum model_id)i)) continue;
        point->kind[i] = choices[i](point);
        point->model[i] = model_allocate(point->kind[i]);
    }
}

enum linearization point_linearization(const struct point *point) {
    const struct model_kind *kind = point->kind[MODEL_LINEAR];
    if (!kind) return LINEARIZATION_AUTO;
    return kind == &linear_parameters ? LINEARIZATION_PARAMETER : LINEARIZATION_FUNCTION;
}

static int runs_in_functions(const struct point *point) { return point_linearization(point) == LINEARIZATION_FUNCTION; }

void point_create(const struct config *config, const struct dataset *data, struct point *point) {
    *point = (struct point){.config = config, .data = data};
    point->problem = problem_create(config, data);
    point->schedule = schedule_create(config);
    point->training = (struct training){.network = point->problem.network,
                                        .points = &point->problem.points,
                                        .descent = {.loss = (enum loss)config->training.loss,
                                                    .optimizer = (enum optimizer_kind)config->training.optimizer,
                                                    .momentum = (real)config->training.momentum},
                                        .is_centred = config->training.centred};
    choose_models(point);
    point->with_kernel = runs_in_functions(point) || measures_kernel_anyway(point);
    predict_choose(point);
}

void point_free(struct point *point) {
    for (int i = 0; i < MODELS; i++) free(point->model[i]);
    problem_free(&point->problem);
    schedule_free(&point->schedule);
}

/* ---- memory ---- */

static void lay_out_kernels(struct arena *arena, struct point *point) {
    int64_t rows = point_kernel_rows(point), train = point->problem.points.train;
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    int moves = point->schedule.kernel_count > 0;
    point->kernel.train_train = ARENA_TAKE(arena, rows * rows, real);
    point->kernel.test_train = ARENA_TAKE(arena, test * rows, real);
    if (moves) point->kernel.nngp_train_train = ARENA_TAKE(arena, train * train, real);
    if (moves) point->moved.train_train = ARENA_TAKE(arena, rows * rows, real);
    if (moves) point->moved.nngp_train_train = ARENA_TAKE(arena, train * train, real);
}

struct rounding point_rounding(const struct point *point) {
    return (struct rounding){.repeats_linear = runs_in_functions(point)};
}

int point_is_rounded(const struct point *point) { return point->config->run.precision == PRECISION_F32; }

static void count_kernels(struct arena *arena, struct point *point) {
    struct ntk_points at = point_kernel_points(point);
    size_t mark = arena_mark(arena);
    ntk_empirical(point->problem.network, NULL, &at, point->kernel_room, arena, &point->kernel, NULL);
    at.test = 0; /* fewer points, but perhaps more at once */
    if (point->schedule.kernel_count > 0)
        ntk_empirical(point->problem.network, NULL, &at, point->kernel_room, arena, &point->moved, NULL);
    ARENA_TAKE(arena, point_kernel_rows(point) * point_kernel_rows(point), double);
    ARENA_TAKE(arena, point_kernel_rows(point), double);
    (void)predict_empirical(point, arena, NULL, NULL);
    arena_release(arena, mark);
}

/* What phases take and give back, for a counting arena. */
static void count_phases(struct arena *arena, struct point *point) {
    size_t mark = arena_mark(arena);
    problem_count_fill(arena, &point->problem);
    if (point->with_kernel) count_kernels(arena, point);
    (void)predict_infinite(point, arena);
    if (!point_is_rounded(point)) return;
    struct rounding rounding = point_rounding(point);
    arena_release(arena, point->kept_mark);
    (void)rounding_measure(point->config, point->data, arena, &rounding);
    arena_release(arena, mark);
}

void point_lay_out(struct arena *arena, struct point *point) {
    const struct points *points = &point->problem.points;
    const struct config *config = point->config;
    const struct network *network = point->problem.network;
    point->theta = ARENA_TAKE(arena, network->theta, real);
    point->theta0 = ARENA_TAKE(arena, network->theta, real);
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) point->f_test_last[i] = ARENA_TAKE(arena, points->test * points->outputs, real);
    point->kept_mark = arena_mark(arena);
    batches_create((uint64_t)config->seed, points->train, points_batch(points), arena, &point->batches);
    problem_lay_out(arena, &point->problem);
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) model_create(point->kind[i], &point->training, arena, point->model[i]);
    if (point->with_kernel) lay_out_kernels(arena, point);
    predict_lay_out(arena, point);
    point->kernel_room = config->run.memory - (int64_t)arena_mark(arena);
    if (arena_is_counting(arena)) count_phases(arena, point);
}

/* ---- state ---- */

static void add_end(struct point *point, struct state *state) {
    static const char *const names[MODELS] = {"f_test_last", "f_test_linear_last"};
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    state_add(state, "theta_last", REAL_BITS, point->problem.network->theta, point->theta);
    for (int i = 0; i < MODELS; i++) state_add(state, names[i], REAL_BITS, test, point->f_test_last[i]);
}

struct state point_state(struct point *point, int in_training, int at_end) {
    struct state state = {0};
    state_add(&state, "progress", 64, sizeof point->progress / sizeof(double), &point->progress);
    if (at_end) add_end(point, &state);
    if (!in_training) return state;
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) model_state(point->model[i], &state);
    return state;
}

/* ---- cost ---- */

static double training_flops(const struct point *point) {
    double step = 0, look = 0;
    for (int i = 0; i < MODELS; i++) {
        if (!point->kind[i]) continue;
        step += point->kind[i]->step_flops(&point->training);
        look += point->kind[i]->look_flops(&point->training);
    }
    return (double)point->config->training.steps * step + (double)point->schedule.count * look;
}

/* Models whose steps go through the network. */
static int passes(const struct point *point) {
    int passes = 0;
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) passes += point->kind[i]->passes;
    return passes;
}

static double setup_flops(const struct point *point) {
    const struct points *points = &point->problem.points;
    int64_t all = points->train + points->test;
    double before = network_flops(point->problem.network, 0, all) -
                    network_flops(point->problem.network, trainer_first(&point->training), all);
    return problem_fill_flops(&point->problem) + before;
}

/* Of steps whose optimizer has arrays of its own. */
static double optimizer_work(const struct point *point) {
    int has_arrays = optimizer_arrays(&point->training.descent) > 1 || model_has_several_chunks(point->model[0]) ||
                     network_is_tied(point->problem.network);
    double trained = (double)(point->problem.network->theta - point->problem.network->trained_from);
    return has_arrays ? (double)point->config->training.steps * trained * passes(point) : 0;
}

/* Numbers that are touched outside of matrix products: values forth and back by the network, and by the linearization in parameter
 * space; cotangents for the kernels; weights drawn; the spectrum. */
static double elementwise(const struct point *point) {
    const struct network *network = point->problem.network;
    const struct points *points = &point->problem.points;
    double a_point = 0, rows = point->with_kernel ? (double)point_kernel_rows(point) : 0;
    for (int v = points->first + 1; v <= network->nodes; v++) a_point += (double)network_value_size(network, v);
    double stepped = (double)point->config->training.steps * (double)points_batch(points);
    double looked = points->batch > 0 ? (double)point->schedule.count * (double)points->train : 0;
    double trained = (2 * stepped + looked) * passes(point);
    double kernels = point->with_kernel ? (double)((points->train + points->test) * (1 + points->outputs)) : 0;
    double spectrum = point->predictor[PREDICTOR_EMPIRICAL].is_closed ? 2 : 0.5; /* with vectors or without */
    if (has_empirical_rate(point->config)) spectrum += 0.5;
    return (trained + kernels) * a_point + 20 * (double)network->theta + spectrum * rows * rows * rows +
           optimizer_work(point);
}

/* Of operators, there and back, a chunk of points at a time. */
static double node_calls(const struct point *point) {
    double chunks = ceil((double)points_batch(&point->problem.points) / (double)point->model[MODEL_NETWORK]->chunk);
    return (double)point->config->training.steps * (double)point->problem.network->nodes * 3 * chunks;
}

/* Of the largest arrays of a checkpoint: parameters and what the optimizer keeps of them, for network and linearization. */
static double checkpoint_bytes(const struct point *point) {
    double numbers = 0;
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) numbers += point->kind[i]->state_numbers(&point->training);
    return numbers * sizeof(real);
}

double point_flops(const struct point *point) {
    const struct points *points = &point->problem.points;
    double flops = setup_flops(point) + training_flops(point), moves = (double)point->schedule.kernel_count;
    if (point->with_kernel)
        flops +=
            kernel_flops(point, points->test, point->kernel_room) + moves * kernel_flops(point, 0, point->kernel_room);
    return point_is_rounded(point) ? flops + rounding_flops(point->config, point->data, runs_in_functions(point))
                                   : flops;
}

void point_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost) {
    struct point point;
    point_create(config, shape, &point);
    struct arena arena = arena_counting();
    point_lay_out(&arena, &point);
    *cost = (struct task_cost){
        .parameters = (double)network_parameters(point.problem.network),
        .flops = point_flops(&point),
        .share = network_flops_taken(point.problem.network),
        .elementwise = elementwise(&point),
        .calls = node_calls(&point),
        .arena_bytes = (double)arena.peak + predict_outside(&point),
        .record_bytes = measure_bytes(&point),
        .state_bytes = checkpoint_bytes(&point),
        .linearization = point_linearization(&point),
    };
    point_free(&point);
}

status point_check(const struct config *config, const struct dataset *shape) {
    struct point point;
    point_create(config, shape, &point);
    int vectors = point.predictor[PREDICTOR_EMPIRICAL].is_closed, with_kernel = point.with_kernel;
    int64_t rows = point_kernel_rows(&point), train = point.problem.points.train;
    point_free(&point);
    if (task_needs_reference(config) && train > la_eigen_most(1))
        FAIL(ERROR_INPUT,
             "sweep.train_size: %" PRId64
             " examples are beyond the eigensolver of infinite-width kernels; at most %" PRId64 " were expected",
             train, la_eigen_most(1));
    if (has_empirical_rate(config) && rows > la_eigen_most(0))
        FAIL(ERROR_INPUT,
             "training.learning_rate: empirical_fraction needs the eigenvalues of a kernel of %" PRId64
             " rows (examples times outputs), beyond the eigensolver's %" PRId64
             "; absolute or critical_fraction was expected",
             rows, la_eigen_most(0));
    if (with_kernel && rows > la_eigen_most(vectors))
        FAIL(ERROR_INPUT,
             "%s: a kernel of %" PRId64 " rows (examples times outputs) is beyond the eigensolver's %" PRId64
             "; %s was expected",
             vectors ? "measure.predictions" : "training.linearization", rows, la_eigen_most(vectors),
             vectors ? "false" : "parameter (and no kept kernels)");
    return OK;
}
