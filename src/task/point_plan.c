#include "point_plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "eigen.h"
#include "elements.h"
#include "kernels.h"
#include "predict.h"
#include "variants.h"

/* ---- choices, from sizes alone ---- */

/* auto: function space where the optimizer is linear in the gradient, the kernels fit half of run.memory and LAPACK,
 * and the flops, with the other half to compute them in, are fewer. */
static bool runs_in_parameters(const struct point *point) {
    const struct config *config = point->config;
    if (config->training.optimizer == OPTIMIZER_ADAM) return true;
    if (config->training.linearization == LINEARIZATION_FUNCTION) return false;
    if (config->training.linearization == LINEARIZATION_PARAMETER) return true;
    double steps = (double)config->training.steps;
    double function = steps * linear_functions.step_flops(&point->training);
    double parameter = steps * linear_parameters.step_flops(&point->training);
    if (!kernels_are_wanted(point))
        function += kernels_flops(point, point->problem.points.test, config->run.memory / 2);
    return kernels_rows(point) > la_eigen_most(0) || kernels_bytes(point) > config->run.memory / 2 ||
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

status point_create(const struct config *config, const struct data_shape *shape, struct point *point) {
    *point = (struct point){.config = config, .shape = shape, .stopped = -1};
    point->schedule = schedule_create(config);
    TRY(problem_create(config, shape, &point->problem));
    point->training = (struct training){.network = point->problem.network,
                                        .points = &point->problem.points,
                                        .descent = {.loss = (enum loss)config->training.loss,
                                                    .contraction = (real)config->training.contraction,
                                                    .optimizer = (enum optimizer_kind)config->training.optimizer,
                                                    .momentum = (real)config->training.momentum,
                                                    .clip = (real)config->training.clip},
                                        .is_centred = config->training.centred};
    choose_models(point);
    point->kernels.is_there = point_linearization(point) == LINEARIZATION_FUNCTION || kernels_are_wanted(point);
    predict_choose(point);
    return OK;
}

void point_free(struct point *point) {
    for (int i = 0; i < MODELS; i++) free(point->model[i]);
    problem_free(&point->problem);
    schedule_free(&point->schedule);
}

/* ---- memory ---- */

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
    elements_lay_out(arena, point);
    point->kernels.room = config->run.memory - (int64_t)arena_mark(arena);
    if (!arena_is_counting(arena)) return;
    problem_count_fill(arena, &point->problem);
    elements_count(arena, point);
}

/* ---- cost ---- */

/* Of all models: a step, and a look at all points. */
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
    const struct network *network = point->problem.network;
    int64_t all = points->train + points->test;
    double before = network_flops(network, 0, all) - network_flops(network, trainer_first(&point->training), all);
    return problem_fill_flops(&point->problem) + before;
}

/* Of steps whose optimizer has arrays of its own. */
static double optimizer_work(const struct point *point) {
    const struct network *network = point->problem.network;
    bool has_arrays = optimizer_arrays(&point->training.descent) > 1 || network_is_tied(network) ||
                      point->training.descent.clip > 0 || model_has_several_chunks(point->model[MODEL_NETWORK]);
    double trained = (double)(network->theta - network->trained_from);
    return has_arrays ? (double)point->config->training.steps * trained * passes(point) : 0;
}

/* Values forth and back by each model that goes through the network; weights drawn. */
static double training_elementwise(const struct point *point) {
    const struct points *points = &point->problem.points;
    double stepped = (double)point->config->training.steps * (double)points_batch(points);
    double looked = points->batch > 0 ? (double)point->schedule.count * (double)points->train : 0;
    return (2 * stepped + looked) * passes(point) * point_values(point) + 20 * (double)point->problem.network->theta +
           optimizer_work(point);
}

/* Of operators, there and back, a chunk of points at a time. */
static double node_calls(const struct point *point) {
    double chunks = ceil((double)points_batch(&point->problem.points) / (double)point->model[MODEL_NETWORK]->chunk);
    return (double)point->config->training.steps * (double)point->problem.network->nodes * 3 * chunks;
}

/* Of the largest arrays of a checkpoint: parameters and what the optimizer keeps of them, of each model. */
static double checkpoint_bytes(const struct point *point) {
    double numbers = 0;
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) numbers += point->kind[i]->state_numbers(&point->training);
    return numbers * sizeof(real);
}

void point_add_cost(struct point *point, struct task_cost *cost) {
    cost->parameters = (double)network_parameters(point->problem.network);
    cost->share = network_flops_taken(point->problem.network);
    cost->solver_steps = network_expected_steps(point->problem.network);
    cost->flops += setup_flops(point) + training_flops(point);
    cost->elementwise += training_elementwise(point);
    cost->calls = node_calls(point);
    cost->state_bytes = checkpoint_bytes(point);
    elements_cost(point, cost);
}

/* ---- plan ---- */

static status check_reference(const struct point *point) {
    int64_t train = point->problem.points.train, most = la_eigen_most(1);
    if (train <= most) return OK;
    FAIL(ERROR_INPUT,
         "sweep.train_size: %" PRId64 " examples are beyond the eigensolver of infinite-width kernels; at most %" PRId64
         " were expected",
         train, most);
}

static status check_own_rate(const struct point *point) {
    int64_t rows = kernels_rows(point), most = la_eigen_most(0);
    if (point->config->training.learning_rate.form != RATE_EMPIRICAL_FRACTION || rows <= most) return OK;
    FAIL(ERROR_INPUT,
         "training.learning_rate: empirical_fraction needs the eigenvalues of a kernel of %" PRId64
         " rows (examples times outputs), beyond the eigensolver's %" PRId64
         "; absolute or critical_fraction was expected",
         rows, most);
}

static status check_kernel(const struct point *point) {
    int vectors = point->predictions.of[PREDICTOR_EMPIRICAL].is_closed;
    int64_t rows = kernels_rows(point), most = la_eigen_most(vectors);
    if (!point->kernels.is_there || rows <= most) return OK;
    FAIL(ERROR_INPUT,
         "%s: a kernel of %" PRId64 " rows (examples times outputs) is beyond the eigensolver's %" PRId64
         "; %s was expected",
         vectors ? "measure.predictions" : "training.linearization", rows, most,
         vectors ? "false" : "parameter (and no kept kernels)");
}

/* fc of depth 0 has none; of an equilibrium there are those of its solver. */
static status check_states(const struct point *point) {
    const struct network *network = point->problem.network;
    bool is_wanted = point->config->measure.stability || point->config->measure.trajectories;
    if (!is_wanted || network->states > 0 || network_solver_states(network).states > 0) return OK;
    FAIL(ERROR_INPUT, "measure.%s: this network has no hidden states; false was expected",
         point->config->measure.stability ? "stability" : "trajectories");
}

static status plan_point(struct point *point, struct task_plan *plan) {
    const struct config *config = point->config;
    struct arena arena = arena_counting();
    plan->needs_reference = config_needs_reference(config);
    plan->linearization = (int)point_linearization(point);
    if (plan->needs_reference) TRY(check_reference(point));
    TRY(check_own_rate(point));
    TRY(check_kernel(point));
    TRY(check_states(point));
    point_lay_out(&arena, point);
    point_add_cost(point, &plan->cost);
    plan->cost.arena_bytes = (double)arena.peak + plan->cost.outside_bytes;
    return OK;
}

status point_plan(const struct config *config, const struct data_shape *shape, struct task_plan *plan) {
    struct point point;
    *plan = (struct task_plan){0};
    status result = point_create(config, shape, &point);
    if (result == OK) result = plan_point(&point, plan);
    point_free(&point);
    return result;
}
