/* Variants of training in all ways: the readout alone, centred outputs, scaled outputs, and going on from a state. */
#include "dynamics.h"

#include "difference.h"
#include "loss.h"
#include "matrix.h"

static void tally_pair(struct tally *tally, const struct sample *sample, const struct start *start,
                       const struct pair *pair, const real *f_train, const real *f_test) {
    tally_arrays(tally, sample->label, start->train, pair->network->f_train, f_train);
    tally_arrays(tally, sample->label, start->test, pair->network->f_test, f_test);
}

/* ---- the readout alone: the network is its linearization, at every width ---- */

/* The points as values that the readout reads. */
static struct points frozen_points(const struct way *way, struct sample *sample) {
    struct points points = way_points(way, sample);
    struct tape tape = sample_forward(sample, 0, sample->theta, points.train + points.test, sample->x);
    points.first = sample->network->first_trained;
    points.inputs = network_value_size(sample->network, points.first);
    points.x = tape.value[points.first];
    points.gram = NULL;
    return points;
}

static void check_readout_of(struct sample *sample, const struct way *way, struct tally *tally) {
    enum { LONG = 60 };
    struct start start = sample_start(sample);
    const struct points points = frozen_points(way, sample);
    for (int form = 0; form < 2; form++) {
        struct pair pair;
        pair_start(sample, &points, way, (struct pair_form){.in_parameters = form}, &start, way_rate(way, &start),
                   &pair);
        for (int piece = 0; piece < 3; piece++) {
            pair_steps(&pair, LONG / 3);
            pair_look(&pair);
            tally_pair(tally, sample, &start, &pair, pair.linear->f_train, pair.linear->f_test);
        }
        assert_memory_equal(pair.theta, sample->theta, (size_t)sample->network->trained_from * sizeof(real));
        double kernel =
            la_dot(start.train * start.train, start.train_train, start.train_train); /* 0: all units are dead */
        assert_true((la_distance_squares(sample->network->theta, pair.theta, sample->theta) > 0) == (kernel > 0));
    }
}

static void check_readout(struct sample *sample, struct tally *tally) { check_ways(sample, tally, check_readout_of); }

static void test_readout(void **state) {
    (void)state;
    /* The sums of a step, which momentum 0.9 carries on for ten. */
    struct tally tally = {"readout alone: network = linearization", roundings(10 * 2 * PASS), 0};
    static const int64_t widths[] = {1, 7, 64};
    for (int w = 0; w < 3; w++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            struct recipe recipe = recipe_variant(small_recipe, variant);
            recipe.width = widths[w];
            recipe.layers = LAYERS_READOUT;
            run_sample(recipe, check_readout, &tally);
        }
    for (int number = 0; number < IMAGE_SHAPES; number++) {
        struct recipe recipe = image_recipe(number);
        recipe.layers = LAYERS_READOUT;
        run_sample(recipe, check_readout, &tally);
    }
    tally_end(&tally);
}

/* ---- centred ---- */

/* F = f - f_0, zero at first. For the mean squared error that is training on y + f_0. */
static void check_centred_of(struct sample *sample, const struct way *way, struct tally *tally) {
    enum { SHORT = 7 };
    struct start start = sample_start(sample);
    struct points points = way_points(way, sample), shifted = points;
    int64_t all = points.train + points.test, rows = start.train + start.test;
    points.chunk = way->batch ? 1 : 3;
    real *y = sample_copy(sample, points.y, rows);
    la_axpy(start.train, 1, start.f_train, y);
    la_axpy(start.test, 1, start.f_test, y + start.train);
    shifted.y = y;
    real eta = way_rate(way, &start), *f0 = sample_copy(sample, start.f_train, rows);
    memcpy(f0 + start.train, start.f_test, (size_t)start.test * sizeof *f0);
    struct pair pair, other;
    pair_start(sample, &points, way, (struct pair_form){.is_centred = 1}, &start, eta, &pair);
    pair_start(sample, &shifted, way, (struct pair_form){0}, &start, eta, &other);
    pair_look(&pair);
    assert_true(la_dot(start.train, pair.network->f_train, pair.network->f_train) == 0);
    assert_true(la_dot(start.test, pair.network->f_test, pair.network->f_test) == 0);
    pair_steps(&pair, SHORT);
    pair_steps(&other, SHORT);
    pair_look(&pair);
    pair_look(&other);
    trainer_settle(pair.trainer);
    struct tape tape = sample_forward(sample, 0, pair.theta, all, sample->x);
    real *f = sample_copy(sample, tape_outputs(sample, &tape), rows);
    la_axpy(rows, -1, f0, f);
    tally_pair(tally, sample, &start, &pair, f, f + start.train);
    if (way->loss != LOSS_MSE) return;
    la_axpy(start.train, -1, f0, other.linear->f_train);
    tally_arrays(tally, sample->label, start.train, pair.linear->f_train, other.linear->f_train);
    la_axpy(start.train, -1, f0, other.network->f_train);
    la_axpy(start.test, -1, f0 + start.train, other.network->f_test);
    tally_pair(tally, sample, &start, &pair, other.network->f_train, other.network->f_test);
}

static void check_centred(struct sample *sample, struct tally *tally) { check_ways(sample, tally, check_centred_of); }

static void test_centred(void **state) {
    (void)state;
    check_fc("centred: F = f - f_0, as trained on y + f_0", roundings(2000), check_centred);
}

/* RMSE between network and linearization of F = alpha f after 100 steps at the rate of alpha = 1 over alpha^2. */
static double rmse_at(double alpha, int is_centred) {
    enum { LONG = 100 };
    struct recipe recipe = small_recipe;
    struct sample sample;
    recipe.activation = ACTIVATION_ERF;
    recipe.width = 64;
    recipe.output_scale = alpha;
    sample_create(recipe, &sample);
    struct start start = sample_start(&sample);
    struct pair pair;
    pair_start(&sample, &sample.points, &ways[0], (struct pair_form){.is_centred = is_centred}, &start, start.eta,
               &pair);
    pair_steps(&pair, LONG);
    pair_look(&pair);
    double rmse = difference_rms(sample.points.test, sample.points.outputs, pair.network->f_test, pair.linear->f_test);
    sample_free(&sample);
    return rmse;
}

/* Lazy training needs the centre (Chizat, Oyallon & Bach 2019): uncentred, alpha f_0 stands in the residual. */
static void test_lazy(void **state) {
    (void)state;
    /* The next order in 1/alpha, and some roundings of f, which alpha makes large. */
    double lazy = rmse_at(64, 1), slope = log(lazy / rmse_at(4, 1)) / log(16),
           rounded = 64 * roundings(8) / lazy / log(16);
    struct tally tally = {"output_scale 4 to 64, centred: slope of RMSE + 1", 0.05 + rounded, 0};
    tally_error(&tally, "centred", fabs(slope + 1));
    assert_true(rmse_at(64, 0) > rmse_at(4, 0));
    tally_end(&tally);
}

/* ---- going on from a state ---- */

static void restore(const struct state *from, struct state *to) {
    assert_int_equal(from->count, to->count);
    for (int i = 0; i < from->count; i++) {
        assert_string_equal(from->array[i].name, to->array[i].name);
        assert_true(from->array[i].size == to->array[i].size && from->array[i].bits == to->array[i].bits);
        memcpy(to->array[i].value, from->array[i].value, (size_t)(from->array[i].size * from->array[i].bits / 8));
        for (int j = 0; j < i; j++) assert_string_not_equal(from->array[i].name, from->array[j].name);
    }
}

static void assert_same(int64_t n, const real *a, const real *b) { assert_memory_equal(a, b, (size_t)n * sizeof *a); }

/* Whether it looks at all points on the way does not matter either. */
static void check_resume_of(struct sample *sample, const struct way *way, struct pair_form form, int64_t chunk) {
    enum { HALF = 5 };
    size_t mark = arena_mark(&sample->arena);
    struct start start = sample_start(sample);
    struct points points = way_points(way, sample);
    points.chunk = chunk;
    real eta = way_rate(way, &start);
    struct pair whole, half, rest;
    pair_start(sample, &points, way, form, &start, eta, &whole);
    pair_start(sample, &points, way, form, &start, eta, &half);
    pair_start(sample, &points, way, form, &start, eta, &rest);
    pair_steps(&whole, 2 * HALF);
    pair_steps(&half, HALF);
    pair_look(&half);
    struct state from = pair_state(&half), to = pair_state(&rest);
    restore(&from, &to);
    rest.step = half.step;
    pair_steps(&rest, HALF);
    pair_look(&whole);
    pair_look(&rest);
    for (int settled = 0; settled < 2; settled++) {
        assert_same(start.train, whole.network->f_train, rest.network->f_train);
        assert_same(start.test, whole.network->f_test, rest.network->f_test);
        assert_same(start.train, whole.linear->f_train, rest.linear->f_train);
        assert_same(start.test, whole.linear->f_test, rest.linear->f_test);
        assert_same(sample->network->theta, whole.theta, rest.theta);
        trainer_settle(whole.trainer);
        trainer_settle(rest.trainer);
    }
    arena_release(&sample->arena, mark);
}

static void check_resume(struct sample *sample, struct tally *tally) {
    (void)tally;
    for (int number = 0; number < WAYS; number++)
        for (int form = 0; form < 16; form++)
            if (way_suits(&ways[number], sample))
                check_resume_of(sample, &ways[number], (struct pair_form){form & 1, form >> 1 & 1, form >> 2 & 1},
                                form >> 3);
}

static void test_resume(void **state) {
    (void)state;
    run_sample(small_recipe, check_resume, NULL);
    run_sample(image_recipe(0), check_resume, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readout),
        cmocka_unit_test(test_centred),
        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
