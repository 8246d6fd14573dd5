/* Built with doubles (REAL_BITS 64). */
#include "rounding.h"

#include <math.h>
#include <string.h>

#include "empirical.h"
#include "problem.h"
#include "twin.h"

struct repetition {
    struct problem problem;
    int64_t chunk; /* points at once */
    struct tape tape;
    double *theta, *f; /* f [train + test, k] */
    struct twin twin;
    struct ntk_kernels kernel;
    int64_t kernel_room; /* that it may take */
};

static struct ntk_points kernel_points(const struct points *points) {
    return (struct ntk_points){.train = points->train, .test = points->test, .value = points->x, .gram = points->gram};
}

static void lay_out_twin(const struct config *config, struct arena *arena, struct repetition *own) {
    const struct points *points = &own->problem.points;
    int64_t train = points->train * points->outputs, test = points->test * points->outputs;
    own->kernel.train_train = ARENA_TAKE(arena, train * train, double);
    own->kernel.test_train = ARENA_TAKE(arena, test * train, double);
    twin_create(own->problem.network, points, 0, arena, &own->twin);
    own->kernel_room = config->run.memory - (int64_t)arena_mark(arena);
}

static void lay_out(const struct config *config, const struct rounding *rounding, struct arena *arena,
                    struct repetition *own) {
    const struct network *network = own->problem.network;
    const struct points *points = &own->problem.points;
    problem_lay_out(arena, &own->problem);
    own->theta = ARENA_TAKE(arena, network->theta, double);
    own->f = ARENA_TAKE(arena, (points->train + points->test) * points->outputs, double);
    own->chunk = points_chunk(points, network, 0);
    network_tape(network, 0, own->chunk, network_work(network, arena), arena, &own->tape);
    if (rounding->repeat_twin) lay_out_twin(config, arena, own);
}

/* f at `theta`, which is left in own->theta. */
static void compute_outputs(const float *theta, struct repetition *own) {
    const struct points *points = &own->problem.points;
    int64_t all = points->train + points->test, k = points->outputs;
    for (int64_t i = 0; i < own->problem.network->theta; i++) own->theta[i] = (double)theta[i];
    for (int64_t from = 0; from < all; from += own->chunk) {
        int64_t n = points_at(from, all, own->chunk);
        const double *f =
            points_forward(own->problem.network, 0, own->theta, n, points->x + from * points->inputs, &own->tape);
        memcpy(own->f + from * k, f, (size_t)(n * k) * sizeof *f);
    }
}

/* Sums are short: the mean square of differences of the test points' outputs. */
static double rmse_between(const struct points *points, const double *a, const float *b) {
    int64_t n = points->test * points->outputs;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
    return sqrt(sum / (double)n);
}

static status repeat_twin(const struct config *config, struct arena *arena, struct repetition *own,
                          struct rounding *rounding) {
    const struct points *points = &own->problem.points;
    struct ntk_points at = kernel_points(points);
    compute_outputs(rounding->theta0, own);
    ntk_empirical(own->problem.network, own->theta, &at, own->kernel_room, arena, &own->kernel);
    twin_start(&own->twin, rounding->eta, own->f, own->f + points->train * points->outputs, own->kernel.train_train,
               own->kernel.test_train, NULL);
    for (int64_t step = 0; step < config->training.steps; step++) {
        if (rounding->hooks.stop && rounding->hooks.stop(rounding->hooks.context))
            FAIL(ERROR_INTERRUPTED, "stopped while repeating the linearization in double");
        twin_step(&own->twin);
    }
    twin_test(&own->twin);
    rounding->rmse_linear = rmse_between(points, own->twin.f_test, rounding->f_test_linear);
    return OK;
}

static status repeat(const struct config *config, const struct dataset *data, struct arena *arena,
                     struct repetition *own, struct rounding *rounding) {
    const struct points *points = &own->problem.points;
    problem_fill(data, &own->problem);
    compute_outputs(rounding->theta, own);
    rounding->rmse = rmse_between(points, own->f + points->train * points->outputs, rounding->f_test);
    return rounding->repeat_twin ? repeat_twin(config, arena, own, rounding) : OK;
}

static void count_kernel(struct arena *arena, struct repetition *own) {
    struct ntk_points at = kernel_points(&own->problem.points);
    ntk_empirical(own->problem.network, NULL, &at, own->kernel_room, arena, &own->kernel);
}

status rounding_measure(const struct config *config, const struct dataset *data, struct arena *arena,
                        struct rounding *rounding) {
    size_t mark = arena_mark(arena);
    struct repetition own = {.problem = problem_create(config, data)};
    status result = OK;
    rounding->rmse = rounding->rmse_linear = (double)NAN;
    lay_out(config, rounding, arena, &own);
    if (!arena_is_counting(arena))
        result = repeat(config, data, arena, &own, rounding);
    else if (rounding->repeat_twin)
        count_kernel(arena, &own);
    problem_free(&own.problem);
    arena_release(arena, mark);
    return result;
}

double rounding_flops(const struct config *config, const struct dataset *shape, int repeats_twin) {
    struct problem problem = problem_create(config, shape);
    const struct points *points = &problem.points;
    struct ntk_points at = kernel_points(points);
    int64_t all = points->train + points->test;
    double flops = problem_fill_flops(&problem) + network_flops(problem.network, 0, all);
    if (repeats_twin)
        flops += ntk_empirical_flops(problem.network, &at, config->run.memory, problem_has_gram(&problem)) +
                 network_flops(problem.network, 0, all) +
                 (double)config->training.steps * twin_step_flops(problem.network, points, 0);
    problem_free(&problem);
    return 2 * flops; /* a double counts as two at the rate of the point's floats */
}
