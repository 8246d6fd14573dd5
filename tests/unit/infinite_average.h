/* Averages over seeds of empirical kernels, extrapolated in 1/width. */
#ifndef INFINITE_AVERAGE_H
#define INFINITE_AVERAGE_H

#include "sample.h"

enum { AVERAGE_POINTS = 8, AVERAGE_ENTRIES = AVERAGE_POINTS * AVERAGE_POINTS };

/* Mean over seeds of 2 K(2n) - K(n), which has no term in 1/n left, and its standard error. */
struct average {
    double mean[2][AVERAGE_ENTRIES], error[2][AVERAGE_ENTRIES]; /* NNGP, NTK; entries [train, train] */
};

static inline void empirical_pair(struct recipe recipe, double kernel[2][AVERAGE_ENTRIES]) {
    struct sample sample;
    sample_create(recipe, &sample);
    struct ntk_points points = {recipe.train, 0, 0, sample.x, NULL};
    real k[AVERAGE_ENTRIES], theta[AVERAGE_ENTRIES];
    struct ntk_kernels kernels = {.train_train = theta, .nngp_train_train = k};
    const int64_t bytes = 1 << 22, entries = recipe.train * recipe.train;
    struct arena counting = arena_counting(), arena;
    ntk_empirical(sample.network, sample.theta, &points, bytes, &counting, &kernels, NULL);
    assert_int_equal(arena_create(counting.peak, &arena), OK);
    ntk_empirical(sample.network, sample.theta, &points, bytes, &arena, &kernels, NULL);
    la_to_double(entries, k, kernel[0]);
    la_to_double(entries, theta, kernel[1]);
    arena_free(&arena);
    sample_free(&sample);
}

static inline void average_over_seeds(struct recipe recipe, int seeds, struct average *average) {
    memset(average, 0, sizeof *average);
    assert_true(recipe.train <= AVERAGE_POINTS);
    const int64_t width = recipe.width, entries = recipe.train * recipe.train;
    for (int seed = 0; seed < seeds; seed++) {
        double narrow[2][AVERAGE_ENTRIES] = {{0}}, wide[2][AVERAGE_ENTRIES] = {{0}};
        recipe.seed = 2 * (uint64_t)seed;
        recipe.width = width;
        empirical_pair(recipe, narrow);
        recipe.seed++;
        recipe.width = 2 * width;
        empirical_pair(recipe, wide);
        for (int which = 0; which < 2; which++)
            for (int64_t i = 0; i < entries; i++) {
                double value = 2 * wide[which][i] - narrow[which][i];
                average->mean[which][i] += value / seeds;
                average->error[which][i] += value * value / seeds;
            }
    }
    for (int which = 0; which < 2; which++)
        for (int64_t i = 0; i < entries; i++) {
            double variance = average->error[which][i] - average->mean[which][i] * average->mean[which][i];
            average->error[which][i] = sqrt(variance / seeds);
        }
}

#endif
