/* How the examples of a recorded step came to rest: test points, training points, and the batch where there are batches.
 * Told also at the step at which a network diverges, if it is a recorded one; at any step, how many have none: run.c. */
#include <math.h>

#include "measure.h"

/* Equilibria that are found anew at each step: those of layers that stay as drawn are not. */
static bool has_equilibria(const struct point *point) {
    const struct network *network = point->problem.network;
    return network->first_trained == 0 && network_expected_steps(network) > 0;
}

enum { METRICS_OF_EQUILIBRIA = 4 };
static const enum metric_id metrics[METRICS_OF_EQUILIBRIA] = {METRIC_SOLVER_ITERATIONS, METRIC_SOLVER_ITERATIONS_MAX,
                                                              METRIC_SOLVER_UNCONVERGED, METRIC_CONTRACTION};

static void declare(struct point *point) {
    for (int i = 0; has_equilibria(point) && i < METRICS_OF_EQUILIBRIA; i++) (void)measure_add(point, metrics[i]);
}

static void at_step(struct point *point, int64_t index) {
    double diverged = point->progress.diverged[MODEL_NETWORK];
    bool is_over = diverged >= 0 && diverged < point->progress.step;
    if (!has_equilibria(point) || is_over) return;
    const struct rests *rests = &point_trainer(point)->rests;
    const double numbers[METRICS_OF_EQUILIBRIA] = {
        rests->examples > 0 ? rests->iterations / rests->examples : (double)NAN,
        rests->examples > 0 ? rests->most : (double)NAN, rests->lost, rests->contraction};
    for (int i = 0; i < METRICS_OF_EQUILIBRIA; i++) *measure_row(point, metrics[i], index) = numbers[i];
}

static void cost(const struct point *point, struct task_cost *cost) {
    for (int i = 0; has_equilibria(point) && i < METRICS_OF_EQUILIBRIA; i++)
        cost->record_bytes += sizeof(double) * measure_numbers(point, metrics[i]);
}

const struct element measure_equilibria = {.name = "equilibria", .declare = declare, .at_step = at_step, .cost = cost};
