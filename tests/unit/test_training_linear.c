/* The linearization beside the network: function and parameter space, closed form, stability, one linear layer. */
#include "sample.h"

#include "eigen.h"
#include "loss.h"
#include "matrix.h"
#include "twin.h"

enum { STEPS = 120 };

static struct twin twin_on(struct sample *sample, const struct points *points, const struct start *start,
                           int in_parameters, real eta) {
    struct twin twin;
    twin_create(sample->network, points, in_parameters, &sample->arena, &twin);
    twin_start(&twin, eta, start->f_train, start->f_test, in_parameters ? NULL : start->train_train,
               in_parameters ? NULL : start->test_train, in_parameters ? sample->theta : NULL);
    return twin;
}

static struct twin twin_of(struct sample *sample, const struct start *start, int in_parameters, real eta) {
    return twin_on(sample, &sample->points, start, in_parameters, eta);
}

/* In parameter space with one chunk of points and with several. */
static void check_spaces(struct sample *sample, struct tally *tally) {
    enum { SPACES = 3, FEW = 30 };
    struct start start = sample_start(sample);
    struct points in_twos = sample->points;
    in_twos.chunk = 2;
    struct twin twin[SPACES] = {twin_of(sample, &start, 0, start.eta), twin_of(sample, &start, 1, start.eta),
                                twin_on(sample, &in_twos, &start, 1, start.eta)};
    for (int64_t step = 0; step < FEW; step++) {
        for (int space = 0; space < SPACES; space++) twin_step(&twin[space]);
        if (step % 7) continue;
        for (int space = 0; space < SPACES; space++) twin_test(&twin[space]);
        for (int space = 1; space < SPACES; space++) {
            tally_arrays(tally, sample->label, start.train, twin[0].f_train, twin[space].f_train);
            tally_arrays(tally, sample->label, start.test, twin[0].f_test, twin[space].f_test);
        }
    }
}

static void test_spaces(void **state) {
    (void)state;
    check_all("linearization: function space = parameter space", roundings(200), check_spaces);
}

static void test_test_chunks(void **state) {
    (void)state;
    struct tally tally = {"linearization of several chunks of test points", roundings(200), 0};
    struct recipe recipe = small_recipe;
    recipe.test = 530;
    run_sample(recipe, check_spaces, &tally);
    tally_end(&tally);
}

/* Counted flops in parameter space against the GEMMs of a step, written out. */
static void test_flops(void **state) {
    (void)state;
    struct sample sample;
    sample_create(small_recipe, &sample);
    struct points in_twos = sample.points;
    in_twos.chunk = 2;
    double first = 2.0 * 5 * 7 * 13, later = 2.0 * 5 * (13 * 13 + 13 * 3);
    assert_true(twin_step_flops(sample.network, &sample.points, 0) == 2.0 * (5 * 3) * (5 * 3));
    assert_true(twin_step_flops(sample.network, &sample.points, 1) == 2 * first + 4 * later);
    assert_true(twin_step_flops(sample.network, &in_twos, 1) == 3 * first + 5 * later);
    assert_true(twin_test_flops(sample.network, &sample.points, 0) == 2.0 * (4 * 3) * (5 * 3));
    assert_true(twin_test_flops(sample.network, &sample.points, 1) == (2 * first + 3 * later) * 4 / 5);
    sample_free(&sample);
}

/* f_lin(t) = y + (I - eta Theta/(N k))^t (f_0 - y) on the training points, in the eigenbasis of Theta. */
static void check_closed_form(struct sample *sample, struct tally *tally) {
    struct start start = sample_start(sample);
    int64_t n = start.train;
    double *vector = ARENA_TAKE(&sample->arena, n * n, double), *value = ARENA_TAKE(&sample->arena, n, double);
    la_to_double(n * n, start.train_train, vector);
    assert_int_equal(la_eigen(n, 1, vector, value), OK);
    real *expected = sample_copy(sample, sample->y, n);
    for (int64_t mode = 0; mode < n; mode++) {
        double product = 0, decay = pow(1 - (double)start.eta * value[mode] / (double)n, STEPS);
        for (int64_t i = 0; i < n; i++)
            product += vector[i * n + mode] * ((double)start.f_train[i] - (double)sample->y[i]);
        for (int64_t i = 0; i < n; i++) expected[i] += (real)(vector[i * n + mode] * decay * product);
    }
    struct twin twin = twin_of(sample, &start, 0, start.eta);
    for (int64_t step = 0; step < STEPS; step++) twin_step(&twin);
    tally_arrays(tally, sample->label, n, twin.f_train, expected);
}

static void test_closed_form(void **state) {
    (void)state;
    check_all("linearization = (I - eta Theta/(N k))^t in the eigenbasis", roundings(500), check_closed_form);
}

/* RMSE of train and test points between network and linearization after `steps` steps. */
struct gap {
    double train, test;
};

static struct gap train_both(struct sample *sample, real eta, int64_t steps) {
    const struct points *points = &sample->points;
    struct start start = sample_start(sample);
    struct twin twin = twin_of(sample, &start, 0, eta);
    struct trainer trainer;
    trainer_create(sample->network, points, 0, &sample->arena, &trainer);
    trainer_start(&trainer, eta, sample->theta);
    for (int64_t step = 0; step < steps; step++) {
        trainer_forward(&trainer);
        trainer_step(&trainer);
        twin_step(&twin);
    }
    trainer_test(&trainer);
    trainer_forward(&trainer);
    twin_test(&twin);
    return (struct gap){loss_rmse(points->train, points->outputs, trainer.f_train, twin.f_train),
                        loss_rmse(points->test, points->outputs, trainer.f_test, twin.f_test)};
}

/* At depth 0 the network is its linearization. */
static void check_linear_layer(struct sample *sample, struct tally *tally) {
    if (sample->recipe.depth > 0) return;
    struct gap gap = train_both(sample, sample_start(sample).eta, STEPS);
    tally_error(tally, sample->label, gap.train);
    tally_error(tally, sample->label, gap.test);
}

static void test_linear_layer(void **state) {
    (void)state;
    check_fc("one linear layer: RMSE 0", roundings(64), check_linear_layer);
}

/* 2 N k/lambda_max of Theta_0 separates convergence from divergence of the linear model. */
static void check_stable_rate(struct sample *sample, struct tally *tally) {
    struct start start = sample_start(sample);
    int64_t n = start.train;
    double *matrix = ARENA_TAKE(&sample->arena, n * n, double), *value = ARENA_TAKE(&sample->arena, n, double);
    la_to_double(n * n, start.train_train, matrix);
    assert_int_equal(la_eigen(n, 0, matrix, value), OK);
    for (int side = -1; side <= 1; side += 2) {
        double rate = (1 + 0.01 * side) * 2 * (double)n / value[n - 1];
        struct twin twin = twin_of(sample, &start, 0, (real)rate);
        double before = 0, after;
        for (int64_t step = 0; step < 2000; step++) {
            twin_step(&twin);
            if (step == 999) before = loss_value(n, 1, twin.f_train, sample->y);
        }
        after = loss_value(n, 1, twin.f_train, sample->y);
        if (side > 0 ? !(after > 1e6 * before) : !(after < before * (1 + roundings(1000))))
            tally_error(tally, sample->label, 1);
    }
}

static void test_stable_rate(void **state) {
    (void)state;
    check_all("0.99 and 1.01 of 2 N k/lambda_max: converges, diverges", 0, check_stable_rate);
}

/* For erf, RMSE between network and linearization falls as 1/width (Lee et al. 2019, Fig. S5): geometric means over
 * seeds at two widths. */
static double mean_log_rmse(struct recipe recipe, int64_t width, int seeds) {
    double sum = 0;
    recipe.width = width;
    for (recipe.seed = 0; recipe.seed < (uint64_t)seeds; recipe.seed++) {
        struct sample sample;
        sample_create(recipe, &sample);
        sum += log(train_both(&sample, 1, 200).test);
        sample_free(&sample);
    }
    return sum / seeds;
}

static void test_width(void **state) {
    (void)state;
    enum { SEEDS = 16, NARROW = 64, WIDE = 256 };
    struct tally tally = {"erf: slope of RMSE with width, distance from -1", 0.2, 0};
    struct recipe recipe = small_recipe;
    recipe.activation = ACTIVATION_ERF;
    double slope = mean_log_rmse(recipe, WIDE, SEEDS) - mean_log_rmse(recipe, NARROW, SEEDS);
    tally_error(&tally, "widths 64, 256", fabs(slope / log((double)WIDE / NARROW) + 1));
    tally_end(&tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spaces), cmocka_unit_test(test_test_chunks),  cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_flops),  cmocka_unit_test(test_linear_layer), cmocka_unit_test(test_stable_rate),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
