/* What the numerical tests share: a small network with points, random arrays, and errors that are printed with their
 * tolerance. Sizes are odd and unequal. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "config.h"
#include "empirical.h"
#include "network.h"
#include "random.h"
#include "real.h"
#include "trainer.h"

/* ---- errors ---- */

/* The larger one; a NaN is the largest of all. */
static inline double worse(double a, double b) { return isnan(a) || a > b ? a : b; }

/* The worst error of one identity over all its cases. Relative error of arrays: max|a-b| / max|b|. */
struct tally {
    const char *what;
    double limit, worst;
};

static inline void tally_error(struct tally *tally, const char *label, double error) {
    if (!(error <= tally->limit))
        print_error("%s: error %.3g (limit %.1e) at %s\n", tally->what, error, tally->limit, label);
    tally->worst = worse(tally->worst, error);
}

static inline double relative_error(int64_t n, const real *a, const real *b) {
    double most = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        most = worse(most, fabs((double)a[i] - (double)b[i]));
        size = worse(size, fabs((double)b[i]));
    }
    return most == 0 ? 0 : most / size;
}

static inline void tally_arrays(struct tally *tally, const char *label, int64_t n, const real *a, const real *b) {
    tally_error(tally, label, relative_error(n, a, b));
}

static inline void tally_numbers(struct tally *tally, const char *label, double a, double b) {
    tally_error(tally, label, a == b ? 0 : fabs(a - b) / fabs(b));
}

static inline void tally_end(const struct tally *tally) {
    print_message("  %-58s f%d  %.2e  (limit %.1e)\n", tally->what, REAL_BITS, tally->worst, tally->limit);
    assert_true(tally->worst <= tally->limit);
}

/* `units` roundings in this precision. */
static inline double roundings(double units) { return units * (double)REAL_EPSILON; }

/* ---- samples ---- */

struct recipe {
    enum activation_kind activation;
    enum parameterization parameterization;
    enum network_rates rates;
    int64_t depth, width, inputs, outputs, train, test;
    double sigma_w2, sigma_b2;
    uint64_t seed;
};

static const struct recipe small_recipe = {
    .depth = 2, .width = 13, .inputs = 7, .outputs = 3, .train = 5, .test = 4, .sigma_w2 = 1.7, .sigma_b2 = 0.3};

struct sample {
    struct recipe recipe;
    struct arena arena;
    struct network *network;
    struct points points;
    real *x, *y, *gram, *theta;
    char label[120];
};

static inline real *sample_take(struct sample *sample, int64_t count) {
    real *taken = ARENA_TAKE(&sample->arena, count, real);
    memset(taken, 0, (size_t)count * sizeof *taken);
    return taken;
}

/* Standard normal numbers, others for each stream. */
static inline real *sample_random(struct sample *sample, uint64_t stream, int64_t count) {
    real *taken = sample_take(sample, count);
    for (int64_t i = 0; i < count; i += 4) {
        double four[4];
        random_normal(2385, RANDOM_TEST, stream, i, 4, four);
        for (int64_t j = 0; j < 4 && i + j < count; j++) taken[i + j] = (real)four[j];
    }
    return taken;
}

static inline real *sample_copy(struct sample *sample, const real *from, int64_t count) {
    real *taken = sample_take(sample, count);
    memcpy(taken, from, (size_t)count * sizeof *taken);
    return taken;
}

static inline struct config recipe_config(const struct recipe *recipe) {
    struct config config = {.width = recipe->width};
    config.network.family = FAMILY_FC;
    config.network.depth = recipe->depth;
    config.network.activation = (int)recipe->activation;
    config.network.sigma_w2 = recipe->sigma_w2;
    config.network.sigma_b2 = recipe->sigma_b2;
    config.network.parameterization = (int)recipe->parameterization;
    return config;
}

/* x x_train' by its definition */
static inline void sample_gram(struct sample *sample) {
    int64_t train = sample->recipe.train, all = train + sample->recipe.test, d = sample->recipe.inputs;
    for (int64_t i = 0; i < all; i++)
        for (int64_t j = 0; j < train; j++) {
            double sum = 0;
            for (int64_t c = 0; c < d; c++) sum += (double)sample->x[i * d + c] * (double)sample->x[j * d + c];
            sample->gram[i * train + j] = (real)sum;
        }
}

static inline struct network *sample_network(struct sample *sample, enum parameterization parameterization,
                                             enum network_rates rates) {
    struct config config = recipe_config(&sample->recipe);
    config.network.parameterization = (int)parameterization;
    struct network *network = ARENA_TAKE(&sample->arena, 1, struct network);
    network_create(&config, (struct shape){1, 1, sample->recipe.inputs}, sample->recipe.outputs, rates, network);
    return network;
}

static inline void sample_create(struct recipe recipe, struct sample *sample) {
    enum { BYTES = 3 << 20, BYTES_A_POINT = 1 << 17 };
    *sample = (struct sample){.recipe = recipe};
    int64_t all = recipe.train + recipe.test;
    assert_int_equal(arena_create(BYTES + (size_t)all * BYTES_A_POINT, &sample->arena), OK);
    sample->network = sample_network(sample, recipe.parameterization, recipe.rates);
    sample->x = sample_random(sample, 1, all * recipe.inputs);
    sample->y = sample_random(sample, 2, all * recipe.outputs);
    sample->gram = sample_take(sample, all * recipe.train);
    sample_gram(sample);
    sample->points =
        (struct points){recipe.train, recipe.test, recipe.inputs, recipe.outputs, sample->x, sample->y, sample->gram};
    sample->theta = sample_take(sample, sample->network->theta);
    network_initialize(sample->network, recipe.seed, sample->theta);
    snprintf(sample->label, sizeof sample->label, "activation %d parameterization %d rates %d depth %d sigma_b2 %g",
             (int)recipe.activation, (int)recipe.parameterization, (int)recipe.rates, (int)recipe.depth,
             recipe.sigma_b2);
}

static inline void sample_free(struct sample *sample) { arena_free(&sample->arena); }

/* Values of `n` points from value[first] = `value` on. */
static inline struct tape sample_forward(struct sample *sample, int first, const real *theta, int64_t n, real *value) {
    struct tape tape;
    network_tape(sample->network, first, n, &sample->arena, &tape);
    tape.value[first] = value;
    network_forward(sample->network, first, theta, &tape);
    return tape;
}

static inline const real *tape_outputs(const struct sample *sample, const struct tape *tape) {
    return tape->value[sample->network->operators];
}

/* rate_t J_t' w for all tensors, as a new array. */
static inline real *sample_gradient(struct sample *sample, const struct tape *tape, const real *w) {
    const struct network *network = sample->network;
    struct cotape cotape;
    network_cotape(network, tape->n, &sample->arena, &cotape);
    memcpy(cotape_value(network, &cotape, network->operators), w, (size_t)(tape->n * network->outputs) * sizeof *w);
    real *gradient = sample_take(sample, network->theta);
    network_vjp(network, 0, sample->theta, tape, &cotape, 1, gradient);
    return gradient;
}

/* J dtheta, with the inputs moving by dx (NULL: at rest). */
static inline const real *sample_jvp(struct sample *sample, const struct tape *tape, const real *dtheta, real *dx) {
    struct tape tangent;
    network_tape(sample->network, 0, tape->n, &sample->arena, &tangent);
    tangent.value[0] = dx;
    network_jvp(sample->network, 0, sample->theta, dtheta, tape, &tangent);
    return tape_outputs(sample, &tangent);
}

/* Where training starts: Theta_0 and f_0 of all points, and a rate that is below half of the largest stable one (the
 * largest row sum is a bound of lambda_max). */
struct start {
    int64_t train, test; /* rows: points times outputs */
    real *train_train, *test_train, *f_train, *f_test;
    real eta;
};

static inline real half_stable_rate(int64_t n, const real *theta) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += fabs((double)theta[i * n + j]);
        largest = worse(largest, sum);
    }
    return (real)((double)n / largest);
}

static inline struct start sample_start(struct sample *sample) {
    const struct points *points = &sample->points;
    struct start start = {.train = points->train * points->outputs, .test = points->test * points->outputs};
    start.train_train = sample_take(sample, start.train * start.train);
    start.test_train = sample_take(sample, start.test * start.train);
    struct ntk_points where = {points->train, points->test, 0, sample->x, NULL};
    struct ntk_kernels kernels = {.train_train = start.train_train, .test_train = start.test_train};
    int64_t all = points->train + points->test;
    ntk_empirical(sample->network, sample->theta, &where, all, &sample->arena, &kernels);
    struct tape tape = sample_forward(sample, 0, sample->theta, all, sample->x);
    start.f_train = sample_copy(sample, tape_outputs(sample, &tape), start.train);
    start.f_test = sample_copy(sample, tape_outputs(sample, &tape) + start.train, start.test);
    start.eta = half_stable_rate(start.train, start.train_train);
    return start;
}

/* ---- all cases of an identity: activations, parameterizations with their rates, biases, depths ---- */

typedef void sample_check(struct sample *sample, struct tally *tally);

static inline void run_sample(struct recipe recipe, sample_check *check, struct tally *tally) {
    struct sample sample;
    sample_create(recipe, &sample);
    check(&sample, tally);
    sample_free(&sample);
}

static inline void for_all_samples(struct recipe recipe, sample_check *check, struct tally *tally) {
    static const struct {
        enum parameterization parameterization;
        enum network_rates rates;
    } kinds[] = {{PARAMETERIZATION_NTK, RATES_UNIFORM},
                 {PARAMETERIZATION_STANDARD, RATES_UNIFORM},
                 {PARAMETERIZATION_STANDARD, RATES_MATCHED}};
    for (int activation = ACTIVATION_RELU; activation <= ACTIVATION_IDENTITY; activation++)
        for (int kind = 0; kind < 3; kind++)
            for (int depth = 0; depth <= 3; depth++)
                for (int bias = 0; bias < 2; bias++) {
                    recipe.activation = (enum activation_kind)activation;
                    recipe.parameterization = kinds[kind].parameterization;
                    recipe.rates = kinds[kind].rates;
                    recipe.depth = depth;
                    recipe.sigma_b2 = bias ? 0.3 : 0;
                    run_sample(recipe, check, tally);
                }
}

static inline void check_all(const char *what, double limit, sample_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    for_all_samples(small_recipe, check, &tally);
    tally_end(&tally);
}

#endif
