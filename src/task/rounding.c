/* Built with doubles (REAL_BITS 64). */
#include "rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "empirical.h"
#include "linear.h"
#include "panic.h"
#include "problem.h"

struct repetition {
    struct problem problem;
    int64_t chunk; /* points at once */
    struct tape tape;
    double *theta, *f; /* f [train + test, k] */
    double *origin;    /* centred: f_0 [train + test, k]; else NULL */
    struct batches batches;
    struct training training;
    struct model *linear; /* owned */
    struct ntk_kernels kernel;
    int64_t kernel_room; /* that it may take */
};

static struct ntk_points kernel_points(const struct points *points) {
    return (struct ntk_points){
        .train = points->train, .test = points->test, .first = points->first, .value = points->x, .gram = points->gram};
}

static struct training training_of(const struct config *config, const struct problem *problem) {
    return (struct training){.network = problem->network,
                             .points = &problem->points,
                             .descent = {.loss = (enum loss)config->training.loss,
                                         .optimizer = (enum optimizer_kind)config->training.optimizer,
                                         .momentum = (double)(float)config->training.momentum}};
}

static void lay_out_linear(const struct config *config, struct arena *arena, struct repetition *own) {
    const struct points *points = &own->problem.points;
    int64_t train = points->train * points->outputs, test = points->test * points->outputs;
    own->kernel.train_train = ARENA_TAKE(arena, train * train, double);
    own->kernel.test_train = ARENA_TAKE(arena, test * train, double);
    batches_create((uint64_t)config->seed, points->train, points_batch(points), arena, &own->batches);
    model_create(&linear_functions, &own->training, arena, own->linear);
    own->kernel_room = config->run.memory - (int64_t)arena_mark(arena);
}

static void lay_out(const struct config *config, const struct rounding *rounding, struct arena *arena,
                    struct repetition *own) {
    const struct network *network = own->problem.network;
    const struct points *points = &own->problem.points;
    problem_lay_out(arena, &own->problem);
    own->theta = ARENA_TAKE(arena, network->theta, double);
    int64_t outputs = (points->train + points->test) * points->outputs;
    own->f = ARENA_TAKE(arena, outputs, double);
    if (config->training.centred) own->origin = ARENA_TAKE(arena, outputs, double);
    own->chunk = points_test_chunk(points, network, points->first);
    network_tape(network, points->first, own->chunk, network_work(network, arena), arena, &own->tape);
    if (rounding->repeats_linear) lay_out_linear(config, arena, own);
}

static void set_theta(const float *theta, struct repetition *own) {
    for (int64_t i = 0; i < own->problem.network->theta; i++) own->theta[i] = (double)theta[i];
}

/* The model's outputs at own->theta: f, or f - f_0 where there is an origin. */
static void compute_outputs(struct repetition *own) {
    const struct points *points = &own->problem.points;
    const struct network *network = own->problem.network;
    int64_t all = points->train + points->test, k = points->outputs;
    for (int64_t from = 0; from < all; from += own->chunk) {
        int64_t n = points_at(from, all, own->chunk);
        const double *x = points->x + from * points->inputs;
        memcpy(own->f + from * k, points_forward(network, points->first, own->theta, n, x, &own->tape),
               (size_t)(n * k) * sizeof *own->f);
    }
    for (int64_t i = 0; own->origin && i < all * k; i++) own->f[i] -= own->origin[i];
}

/* At theta_0: then the model's outputs are zero. */
static void centre(struct repetition *own) {
    const struct points *points = &own->problem.points;
    size_t bytes = (size_t)((points->train + points->test) * points->outputs) * sizeof(double);
    memset(own->origin, 0, bytes);
    compute_outputs(own);
    memcpy(own->origin, own->f, bytes);
}

/* Sums are short: the mean square of differences of the test points' outputs. */
static double rmse_between(const struct points *points, const double *a, const float *b) {
    int64_t n = points->test * points->outputs;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
    return sqrt(sum / (double)n);
}

static status interrupted(void) { FAIL(ERROR_INTERRUPTED, "stopped while repeating the linearization in double"); }

/* At own->theta = theta_0. */
static status repeat_linear(const struct config *config, struct arena *arena, struct repetition *own,
                            struct rounding *rounding) {
    const struct points *points = &own->problem.points;
    const struct host host = task_host(&rounding->hooks);
    struct ntk_points at = kernel_points(points);
    compute_outputs(own);
    if (ntk_empirical(own->problem.network, own->theta, &at, own->kernel_room, arena, &own->kernel, &host))
        return interrupted();
    const struct beginning beginning = {.eta = rounding->eta,
                                        .f0_train = own->f,
                                        .f0_test = own->f + points->train * points->outputs,
                                        .train_train = own->kernel.train_train,
                                        .test_train = own->kernel.test_train};
    model_start(own->linear, &beginning);
    const struct rate_schedule schedule = config_rate_schedule(config);
    for (int64_t step = 0; step < rounding->steps; step++) {
        if (host_stops(&host)) return interrupted();
        own->linear->optimizer.share = (double)(float)rate_share(&schedule, step);
        model_forward(own->linear, batches_at(&own->batches, step));
        model_step(own->linear);
    }
    model_look(own->linear);
    rounding->rmse_linear = rmse_between(points, own->linear->f_test, rounding->f_test_linear);
    return OK;
}

static status repeat(const struct config *config, struct arena *arena, struct repetition *own,
                     struct rounding *rounding) {
    const struct points *points = &own->problem.points;
    set_theta(rounding->theta0, own);
    problem_fill(rounding->data, own->theta, arena, &own->problem);
    if (own->origin) centre(own);
    if (rounding->repeats_linear) TRY(repeat_linear(config, arena, own, rounding));
    set_theta(rounding->theta, own);
    compute_outputs(own);
    rounding->rmse = rmse_between(points, own->f + points->train * points->outputs, rounding->f_test);
    return OK;
}

/* What `repeat` takes and gives back. */
static void count_phases(const struct rounding *rounding, struct arena *arena, struct repetition *own) {
    struct ntk_points at = kernel_points(&own->problem.points);
    problem_count_fill(arena, &own->problem);
    if (!rounding->repeats_linear) return;
    ntk_empirical(own->problem.network, NULL, &at, own->kernel_room, arena, &own->kernel, NULL);
}

static status measure(const struct config *config, const struct data_shape *shape, struct arena *arena,
                      struct repetition *own, struct rounding *rounding) {
    TRY(problem_create(config, shape, &own->problem));
    own->training = training_of(config, &own->problem);
    lay_out(config, rounding, arena, own);
    if (!arena_is_counting(arena)) return repeat(config, arena, own, rounding);
    count_phases(rounding, arena, own);
    return OK;
}

status rounding_measure(const struct config *config, const struct data_shape *shape, struct arena *arena,
                        struct rounding *rounding) {
    size_t mark = arena_mark(arena);
    struct repetition own = {.linear = model_allocate(&linear_functions)};
    rounding->rmse = rounding->rmse_linear = (double)NAN;
    status result = measure(config, shape, arena, &own, rounding);
    free(own.linear);
    problem_free(&own.problem);
    arena_release(arena, mark);
    return result;
}

double rounding_flops(const struct config *config, const struct data_shape *shape, bool repeats_linear) {
    struct problem problem;
    status result = problem_create(config, shape, &problem);
    CHECK(result == OK); /* as that of the point itself */
    const struct points *points = &problem.points;
    const struct training training = training_of(config, &problem);
    struct ntk_points at = kernel_points(points);
    int64_t all = points->train + points->test;
    double flops = problem_fill_flops(&problem) + network_flops(problem.network, 0, all);
    if (repeats_linear)
        flops += ntk_empirical_flops(problem.network, &at, config->run.memory, problem_has_gram(&problem)) +
                 network_flops(problem.network, 0, all) +
                 (double)config->training.steps * linear_functions.step_flops(&training);
    problem_free(&problem);
    return 2 * flops; /* a double counts as two at the rate of the point's floats */
}
