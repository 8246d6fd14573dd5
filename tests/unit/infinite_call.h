/* The kernels of infinite width of points as `real` holds them. */
#ifndef INFINITE_CALL_H
#define INFINITE_CALL_H

#include <stdlib.h>

#include "infinite.h"
#include "sample.h"

/* With exactly the memory that counting says; returns whether host told it to stop. Entries as struct infinite_points. */
static inline bool infinite_call(const struct network *network, int64_t points, int64_t columns, const real *x,
                                 double *k, double *theta, const struct host *host) {
    struct arena counting = arena_counting(), arena;
    struct infinite_plan *plan;
    assert_int_equal(infinite_plan_create(network, &plan), OK);
    const struct shape in = network->node[0].in;
    const int64_t size = points * in.rows * in.columns * in.channels;
    double *inputs = malloc((size_t)size * sizeof *inputs);
    assert_non_null(inputs);
    la_to_double(size, x, inputs);
    const struct infinite_points all = {points, columns, inputs, k, theta};
    infinite_kernels(plan, &all, &counting, NULL);
    assert_int_equal(counting.used, 0);
    assert_int_equal(arena_create(counting.peak, &arena), OK);
    bool stopped = infinite_kernels(plan, &all, &arena, host);
    assert_int_equal(arena.peak, counting.peak);
    assert_int_equal(arena.used, 0);
    arena_free(&arena);
    infinite_plan_free(plan);
    free(inputs);
    return stopped;
}

/* All pairs of the first `points`. */
static inline void infinite_all(const struct network *network, int64_t points, const real *x, double *k,
                                double *theta) {
    assert_false(infinite_call(network, points, points, x, k, theta, NULL));
    for (int64_t i = 0; i < points; i++)
        for (int64_t j = i + 1; j < points; j++) {
            k[i * points + j] = k[j * points + i];
            theta[i * points + j] = theta[j * points + i];
        }
}

#endif
