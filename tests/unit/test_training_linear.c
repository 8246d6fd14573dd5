/* The linearization: function and parameter space in all ways, closed form, stability, one linear layer. */
#include "dynamics.h"

#include "eigen.h"
#include "difference.h"
#include "loss.h"
#include "matrix.h"

enum { STEPS = 120, FEW = 30 };

static struct model *linear_on(struct sample *sample, const struct points *points, const struct way *way,
                               const struct start *start, int in_parameters, real eta) {
    struct model *linear =
        way_model(sample, in_parameters ? &linear_parameters : &linear_functions, sample->network, points, way, 0, 0);
    struct beginning beginning = {.eta = eta, .f0_train = start->f_train, .f0_test = start->f_test};
    if (in_parameters) {
        beginning.theta0 = sample->theta;
    } else {
        beginning.train_train = start->train_train;
        beginning.test_train = start->test_train;
    }
    model_start(linear, &beginning);
    return linear;
}

/* In function space by the mean squared error, full batches. */
static struct model *linear_of(struct sample *sample, const struct start *start, double momentum, real eta) {
    const struct way way = {.momentum = momentum};
    return linear_on(sample, &sample->points, &way, start, 0, eta);
}

static void linear_steps(struct model *linear, int64_t steps) {
    for (int64_t step = 0; step < steps; step++) {
        model_forward(linear, NULL);
        model_step(linear);
    }
}

/* In function space, but for adam; in parameter space with one chunk of points and with several. */
static void check_spaces_of(struct sample *sample, const struct way *way, struct tally *tally) {
    enum { SPACES = 3 };
    struct start start = sample_start(sample);
    const struct points points = way_points(way, sample);
    struct points pieces = points;
    pieces.chunk = way->batch ? 1 : 2;
    real eta = way_rate(way, &start);
    struct batches batches;
    batches_create(3, points.train, points_batch(&points), &sample->arena, &batches);
    struct model *linear[SPACES] = {linear_on(sample, &points, way, &start, way->optimizer == OPTIMIZER_ADAM, eta),
                                    linear_on(sample, &points, way, &start, 1, eta),
                                    linear_on(sample, &pieces, way, &start, 1, eta)};
    for (int64_t step = 0; step < FEW; step++) {
        for (int space = 0; space < SPACES; space++) {
            if (step % 7 == 0) model_look(linear[space]);
            linear[space]->optimizer.share = way_share(way, step);
            model_forward(linear[space], batches_at(&batches, step));
            tally_arrays(tally, sample->label, batches.size * points.outputs, linear[space]->batch.f,
                         linear[0]->batch.f);
            if (step % 7 == 0) {
                tally_arrays(tally, sample->label, start.train, linear[space]->f_train, linear[0]->f_train);
                tally_arrays(tally, sample->label, start.test, linear[space]->f_test, linear[0]->f_test);
            }
        }
        for (int space = 0; space < SPACES; space++) model_step(linear[space]);
    }
}

static void check_spaces(struct sample *sample, struct tally *tally) { check_ways(sample, tally, check_spaces_of); }

static void test_spaces(void **state) {
    (void)state;
    check_all("linearization: function space = parameter space", roundings(2 * PASS * FEW), check_spaces);
}

static void test_test_chunks(void **state) {
    (void)state;
    struct tally tally = {"linearization of several chunks of test points", roundings(200), 0};
    struct recipe recipe = small_recipe;
    recipe.test = 530;
    run_sample(recipe, check_spaces, &tally);
    tally_end(&tally);
}

/* J of the training points, row by row. */
static real *whole_jacobian(struct sample *sample, int64_t rows) {
    int64_t n = sample->network->theta;
    real *jacobian = sample_take(sample, rows * n), *w = sample_take(sample, rows);
    struct tape tape = sample_forward(sample, 0, sample->theta, sample->points.train, sample->x);
    for (int64_t row = 0; row < rows; row++) {
        size_t mark = arena_mark(&sample->arena);
        w[row] = 1;
        memcpy(jacobian + row * n, sample_gradient(sample, &tape, w), (size_t)n * sizeof *w);
        w[row] = 0;
        arena_release(&sample->arena, mark);
    }
    return jacobian;
}

/* omega_{i+1} = omega_i - eta J' g + beta (omega_i - omega_{i-1}), written out; g is zero outside of the batch. */
static void plain_step(int64_t rows, int64_t n, const real *jacobian, const real *g, double eta, double beta,
                       real *omega, real *velocity) {
    for (int64_t p = 0; p < n; p++) {
        double sum = 0;
        for (int64_t i = 0; i < rows; i++) sum += (double)jacobian[i * n + p] * (double)g[i];
        velocity[p] = (real)(beta * (double)velocity[p] - eta * sum);
        omega[p] += velocity[p];
    }
}

static void check_definition_of(struct sample *sample, const struct way *way, struct tally *tally) {
    enum { BRIEF = 9 };
    if (way->optimizer == OPTIMIZER_ADAM || sample->recipe.rates == RATES_MATCHED) return;
    struct start start = sample_start(sample);
    const struct points points = way_points(way, sample);
    int64_t k = points.outputs, n = sample->network->theta, size = points_batch(&points);
    const real eta = way_rate(way, &start), *jacobian = whole_jacobian(sample, start.train);
    real *omega = sample_take(sample, n), *velocity = sample_take(sample, n), *f = sample_take(sample, start.train);
    struct batches batches;
    batches_create(3, points.train, size, &sample->arena, &batches);
    struct model *linear = linear_on(sample, &points, way, &start, 0, eta);
    for (int64_t step = 0; step < BRIEF; step++) {
        const int64_t *batch = batches_at(&batches, step);
        real *g = sample_take(sample, start.train);
        for (int64_t i = 0; i < start.train; i++)
            f[i] = (real)((double)start.f_train[i] + la_dot(n, jacobian + i * n, omega));
        tally_arrays(tally, sample->label, start.train, linear->f_train, f);
        for (int64_t i = 0; i < size; i++) {
            int64_t at = (batch ? batch[i] : i) * k;
            loss_gradient(way->loss, size, k, 1, f + at, points.y + at, g + at);
        }
        linear->optimizer.share = way_share(way, step);
        plain_step(start.train, n, jacobian, g, (double)eta * (double)linear->optimizer.share, way->momentum, omega,
                   velocity);
        model_forward(linear, batch);
        model_step(linear);
    }
}

static void check_definition(struct sample *sample, struct tally *tally) {
    if (sample->recipe.depth == 2) check_ways(sample, tally, check_definition_of);
}

static void test_definition(void **state) {
    (void)state;
    check_fc("linearization = f_0 + J omega, step by step", roundings(100), check_definition);
}

/* Counted flops in parameter space against the GEMMs of a step, written out. */
static void test_flops(void **state) {
    (void)state;
    struct sample sample;
    sample_create(small_recipe, &sample);
    struct points in_twos = sample.points, batches = sample.points;
    in_twos.chunk = 2;
    batches.batch = 3;
    const struct training full = {.network = sample.network, .points = &sample.points},
                          twos = {.network = sample.network, .points = &in_twos},
                          mini = {.network = sample.network, .points = &batches};
    double first = 2.0 * 5 * 7 * 13, later = 2.0 * 5 * (13 * 13 + 13 * 3);
    assert_true(linear_functions.step_flops(&full) == 2.0 * (5 * 3) * (5 * 3));
    assert_true(linear_functions.step_flops(&mini) == 2.0 * (5 * 3) * (3 * 3));
    assert_true(linear_parameters.step_flops(&full) == 2 * first + 4 * later);
    assert_true(linear_parameters.step_flops(&twos) == 2 * first + 4 * later);
    assert_true(linear_parameters.step_flops(&mini) == (3 * first + 5 * later) * 3 / 5);
    assert_true(linear_functions.look_flops(&full) == 2.0 * (4 * 3) * (5 * 3));
    assert_true(linear_parameters.look_flops(&full) == (2 * first + 3 * later) * 4 / 5);
    assert_true(linear_parameters.look_flops(&mini) == (2 * first + 3 * later) * 9 / 5);
    sample_free(&sample);
}

/* f_lin(t) = y + (I - eta Theta/(N k))^t (f_0 - y) on the training points, in the eigenbasis of Theta. */
static void check_closed_form(struct sample *sample, struct tally *tally) {
    struct start start = sample_start(sample);
    int64_t n = start.train;
    double *vector = ARENA_TAKE(&sample->arena, n * n, double), *value = ARENA_TAKE(&sample->arena, n, double);
    la_to_double(n * n, start.train_train, vector);
    assert_int_equal(la_eigen(n, 1, vector, value, NULL), OK);
    real *expected = sample_copy(sample, sample->y, n);
    for (int64_t mode = 0; mode < n; mode++) {
        double product = 0, decay = pow(1 - (double)start.eta * value[mode] / (double)n, STEPS);
        for (int64_t i = 0; i < n; i++)
            product += vector[i * n + mode] * ((double)start.f_train[i] - (double)sample->y[i]);
        for (int64_t i = 0; i < n; i++) expected[i] += (real)(vector[i * n + mode] * decay * product);
    }
    struct model *linear = linear_of(sample, &start, 0, start.eta);
    linear_steps(linear, STEPS);
    tally_arrays(tally, sample->label, n, linear->f_train, expected);
}

static void test_closed_form(void **state) {
    (void)state;
    check_all("linearization = (I - eta Theta/(N k))^t in the eigenbasis", roundings(SUM / 4 * STEPS),
              check_closed_form);
}

/* RMSE of train and test points between network and linearization after `steps` steps. */
struct gap {
    double train, test;
};

static struct gap train_both(struct sample *sample, const struct way *way, real eta, int64_t steps) {
    const struct points *points = &sample->points;
    struct start start = sample_start(sample);
    struct pair pair;
    pair_start(sample, points, way, (struct pair_form){0}, &start, eta, &pair);
    pair_steps(&pair, steps);
    pair_look(&pair);
    return (struct gap){difference_rms(points->train, points->outputs, pair.network->f_train, pair.linear->f_train),
                        difference_rms(points->test, points->outputs, pair.network->f_test, pair.linear->f_test)};
}

/* At depth 0 the network is its linearization. */
static void check_linear_layer(struct sample *sample, struct tally *tally) {
    if (sample->recipe.depth > 0) return;
    struct gap gap = train_both(sample, &ways[0], sample_start(sample).eta, STEPS);
    tally_error(tally, sample->label, gap.train);
    tally_error(tally, sample->label, gap.test);
}

static void test_linear_layer(void **state) {
    (void)state;
    check_fc("one linear layer: RMSE 0", roundings(STEPS), check_linear_layer);
}

static double loss_after(struct model *linear, int64_t steps) {
    linear_steps(linear, steps);
    model_forward(linear, NULL);
    return model_loss(linear);
}

/* Does it come to rest (by itself or at roundings) at a rate just below 2 (1 + beta) N k/lambda_max of Theta_0, and run away just above? */
static int is_separated(struct sample *sample, const struct start *start, double momentum, double most) {
    enum { HALF = 500 };
    for (int side = -1; side <= 1; side += 2) {
        double rate = (1 + 0.01 * side) * 2 * (1 + momentum) * (double)start->train / most;
        struct model *linear = linear_of(sample, start, momentum, (real)rate);
        double first = loss_after(linear, 0), before = loss_after(linear, HALF), after = loss_after(linear, HALF);
        /* where the kernel is singular, a direction of 0 drifts by its rounding, n eps lambda_max, at every step */
        double rest = fmax(before * (1 + roundings(100 * HALF)), first * pow(roundings(100), 2));
        if (side > 0 ? !(after > 1e6 * before) : !(after <= rest)) return 0;
    }
    return 1;
}

static void check_stable_rate(struct sample *sample, struct tally *tally) {
    struct start start = sample_start(sample);
    int64_t n = start.train;
    double *matrix = ARENA_TAKE(&sample->arena, n * n, double), *value = ARENA_TAKE(&sample->arena, n, double);
    la_to_double(n * n, start.train_train, matrix);
    assert_int_equal(la_eigen(n, 0, matrix, value, NULL), OK);
    for (int with = 0; with < 2; with++)
        if (!is_separated(sample, &start, 0.5 * with, value[n - 1])) tally_error(tally, sample->label, 1);
}

static void test_stable_rate(void **state) {
    (void)state;
    check_all("0.99 and 1.01 of 2 (1 + beta) N k/lambda_max", 0, check_stable_rate);
}

/* For erf, RMSE between network and linearization falls as 1/width (Lee et al. 2019, Fig. S5): geometric means over
 * seeds at two widths. */
static double mean_log_rmse(struct recipe recipe, int64_t width, int seeds) {
    double sum = 0;
    recipe.width = width;
    for (recipe.seed = 0; recipe.seed < (uint64_t)seeds; recipe.seed++) {
        struct sample sample;
        sample_create(recipe, &sample);
        sum += log(train_both(&sample, &ways[0], 1, 200).test);
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
        cmocka_unit_test(test_spaces),      cmocka_unit_test(test_test_chunks), cmocka_unit_test(test_definition),
        cmocka_unit_test(test_closed_form), cmocka_unit_test(test_flops),       cmocka_unit_test(test_linear_layer),
        cmocka_unit_test(test_stable_rate), cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
