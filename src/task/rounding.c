/* Built with doubles (REAL_BITS 64). */
#include "rounding.h"

#include <math.h>

#include "empirical.h"
#include "loss.h"
#include "problem.h"
#include "twin.h"

static void widen(int64_t n, const float *in, double *out) {
    for (int64_t i = 0; i < n; i++) out[i] = (double)in[i];
}

/* Sums are short: the mean square of differences of [n] outputs. */
static double rmse_between(int64_t n, const double *a, const float *b) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
    return sqrt(sum / (double)n);
}

static void network_part(const struct problem *problem, struct trainer *trainer, double *theta,
                         struct rounding *rounding) {
    int64_t test = problem->points.test * problem->points.outputs;
    widen(problem->network->theta, rounding->theta, theta);
    trainer_start(trainer, rounding->eta, theta);
    trainer_test(trainer);
    rounding->rmse = rmse_between(test, trainer->f_test, rounding->f_test);
}

static status twin_part(const struct config *config, const struct problem *problem, struct trainer *trainer,
                        struct arena *arena, double *theta, const struct ntk_points *at, int64_t block,
                        const struct ntk_kernels *kernel, struct twin *twin, struct rounding *rounding) {
    int64_t test = problem->points.test * problem->points.outputs;
    ntk_empirical(problem->network, theta, at, block, arena, kernel);
    if (arena_is_counting(arena)) return OK;
    trainer_start(trainer, rounding->eta, theta);
    trainer_test(trainer);
    trainer_forward(trainer);
    twin_start(twin, rounding->eta, trainer->f_train, trainer->f_test, kernel->train_train, kernel->test_train, theta);
    for (int64_t step = 0; step < config->training.steps; step++) {
        if (rounding->hooks.stop && rounding->hooks.stop(rounding->hooks.context))
            FAIL(ERROR_INTERRUPTED, "stopped while repeating the linearization in double");
        twin_step(twin);
    }
    twin_test(twin);
    rounding->rmse_linear = rmse_between(test, twin->f_test, rounding->f_test_linear);
    return OK;
}

status rounding_measure(const struct config *config, const struct dataset *data, int64_t inputs, int64_t outputs,
                        struct arena *arena, struct rounding *rounding) {
    size_t mark = arena_mark(arena);
    int counting = arena_is_counting(arena);
    struct problem problem = problem_create(config, inputs, outputs);
    const struct points *points = &problem.points;
    struct trainer trainer;
    struct twin twin;
    rounding->rmse = rounding->rmse_linear = (double)NAN;
    status result = OK;
    double *theta = ARENA_TAKE(arena, problem.network->theta, double);
    problem_lay_out(arena, &problem);
    trainer_create(problem.network, points, 1, arena, &trainer);
    if (!counting) problem_fill(data, &problem);
    if (!counting) network_part(&problem, &trainer, theta, rounding);
    if (rounding->repeat_twin) {
        int64_t rows = points->train * outputs;
        struct ntk_points at = {.train = points->train, .test = points->test, .value = points->x, .gram = points->gram};
        struct ntk_kernels kernel = {.train_train = ARENA_TAKE(arena, rows * rows, double),
                                     .test_train = ARENA_TAKE(arena, points->test * outputs * rows, double)};
        twin_create(problem.network, points, 0, arena, &twin);
        if (!counting) widen(problem.network->theta, rounding->theta0, theta);
        int64_t left = config->run.memory - (int64_t)arena_mark(arena);
        result = twin_part(config, &problem, &trainer, arena, theta, &at, ntk_block_size(problem.network, &at, left),
                           &kernel, &twin, rounding);
    }
    problem_free(&problem);
    arena_release(arena, mark);
    return result;
}

double rounding_flops(const struct config *config, int64_t inputs, int64_t outputs, int repeat_twin) {
    struct problem problem = problem_create(config, inputs, outputs);
    const struct points *points = &problem.points;
    struct ntk_points at = {.train = points->train, .test = points->test};
    int64_t all = points->train + points->test;
    double flops = network_flops(problem.network, 0, points->test);
    if (repeat_twin)
        flops += ntk_empirical_flops(problem.network, &at, all, 0) + network_flops(problem.network, 0, all) +
                 (double)config->training.steps * twin_step_flops(problem.network, points, 0);
    problem_free(&problem);
    return 2 * flops; /* a double counts as two at the rate of the point's floats */
}
