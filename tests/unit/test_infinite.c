/* The infinite-width kernels against a plain implementation over all pairs of pixels, and against empirical kernels:
 * their average over seeds, extrapolated in 1/width. */
#include "sample.h"

#include <stdlib.h>

#include "infinite_average.h"
#include "infinite_call.h"
#include "infinite_plain.h"

/* ---- calls ---- */

static double work_of(const struct network *network, int64_t columns) {
    struct infinite_plan *plan;
    assert_int_equal(infinite_plan_create(network, &plan), OK);
    double work = infinite_work(plan, 10, columns);
    infinite_plan_free(plan);
    return work;
}

/* The worst error of the lower triangle. */
static void tally_triangle(struct tally *tally, const char *label, int64_t points, const double *a, const double *b) {
    for (int64_t i = 0; i < points; i++)
        for (int64_t j = 0; j <= i; j++) tally_numbers(tally, label, a[i * points + j], b[i * points + j]);
}

enum { VALUES = 64, FEW = 3 };

static void check_plain(struct recipe recipe, struct tally *tally) {
    static struct plain value[VALUES];
    recipe.train = recipe.activation == ACTIVATION_TANH ? 2 : FEW;
    recipe.outputs = 1;
    struct sample sample;
    sample_create(recipe, &sample);
    assert_true(sample.network->nodes < VALUES);
    double k[FEW * FEW], theta[FEW * FEW];
    infinite_all(sample.network, recipe.train, sample.x, k, theta);
    struct plain right = plain_compute(&sample, recipe.train, value);
    tally_triangle(tally, sample.label, recipe.train, k, right.k);
    tally_triangle(tally, sample.label, recipe.train, theta, right.theta);
    for (int v = 0; v <= sample.network->nodes; v++) plain_free(&value[v]);
    sample_free(&sample);
}

/* ---- networks ---- */

static void strided(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 5, 3, 1, "a");
    build_activation(builder);
    build_convolution(builder, 6, 5, 2, "b");
    build_activation(builder);
    build_convolution(builder, 4, 3, 2, "c");
    build_activation(builder);
    build_flatten(builder);
    build_dense(builder, outputs, "readout");
}

/* Windows that tile the image where rows and columns are even. */
static void pooled(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 5, 3, 1, "a");
    build_activation(builder);
    build_pooling(builder, 2, 3);
    build_convolution(builder, 6, 3, 1, "b");
    build_activation(builder);
    build_pooling(builder, builder->at.shape.rows, builder->at.shape.columns);
    build_dense(builder, 7, "hidden");
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* A pooling before the first layer; a strided branch and its shortcut; a value with two readers. */
static void branched(struct builder *builder, int64_t outputs) {
    build_pooling(builder, 2, 1);
    struct cursor start = builder->at;
    build_convolution(builder, 5, 3, 2, "a");
    build_activation(builder);
    build_convolution(builder, 5, 3, 1, "b");
    struct cursor end = builder->at;
    builder->at = start;
    build_convolution(builder, 5, 1, 2, "shortcut");
    struct cursor shortcut = builder->at;
    builder->at = end;
    build_sum(builder, shortcut, 1);
    end = builder->at;
    build_activation(builder);
    build_convolution(builder, 5, 3, 1, "c");
    build_sum(builder, end, 1);
    build_flatten(builder);
    build_dense(builder, outputs, "readout");
}

static const struct recipe images[] = {
    {.family = FAMILY_CONV, .depth = 2, .kernel_size = 3, .pooling = POOLING_FLATTEN, .image = {5, 4, 3}},
    {.family = FAMILY_CONV, .depth = 2, .kernel_size = 3, .pooling = POOLING_GLOBAL, .image = {4, 3, 2}},
    {.family = FAMILY_CONV, .depth = 1, .kernel_size = 5, .pooling = POOLING_GLOBAL, .image = {4, 6, 1}},
    {.family = FAMILY_CONV, .depth = 2, .kernel_size = 1, .pooling = POOLING_GLOBAL, .image = {3, 3, 5}},
    {.family = FAMILY_CONV, .depth = 2, .kernel_size = 9, .pooling = POOLING_GLOBAL, .image = {4, 3, 1}},
    {.family = FAMILY_CONV, .depth = 2, .kernel_size = 3, .pooling = POOLING_GLOBAL, .image = {1, 1, 5}},
    {.family = FAMILY_WRN, .blocks = 1, .kernel_size = 3, .image = {5, 5, 2}},
    {.family = FAMILY_CONV, .depth = 1, .kernel_size = 3, .write = strided, .image = {7, 6, 2}},
    {.family = FAMILY_CONV, .depth = 1, .kernel_size = 3, .write = pooled, .image = {6, 6, 2}},
    {.family = FAMILY_CONV, .depth = 1, .kernel_size = 3, .write = branched, .image = {6, 5, 2}},
};

static struct recipe finished(struct recipe recipe, enum activation_kind activation) {
    recipe.activation = activation;
    recipe.width = 4;
    recipe.sigma_w2 = activation == ACTIVATION_TANH ? 1.3 : 1.7;
    recipe.sigma_b2 = 0.2;
    return recipe;
}

static void test_plain(void **state) {
    (void)state;
    struct tally tally = {"infinite width of images, all pairs of pixels", BITS(1e-12, 1e-6), 0};
    for (int activation = 0; activation < ACTIVATIONS; activation++)
        for (size_t n = 0; n < sizeof images / sizeof *images; n++)
            check_plain(finished(images[n], (enum activation_kind)activation), &tally);
    const struct recipe large[] = {
        {.family = FAMILY_WRN, .blocks = 2, .kernel_size = 3, .image = {9, 9, 3}},
        {.family = FAMILY_CONV, .depth = 3, .kernel_size = 3, .write = strided, .image = {13, 11, 2}},
    };
    for (size_t n = 0; n < 2; n++) check_plain(finished(large[n], ACTIVATION_RELU), &tally);
    tally_end(&tally);
}

/* A filter of one pixel on images of one pixel is a fully connected layer. */
static void test_one_pixel(void **state) {
    (void)state;
    struct tally tally = {"infinite width: images of one pixel = fully connected", BITS(1e-14, 1e-6), 0};
    enum { POINTS = 9 };
    for (int activation = 0; activation < ACTIVATIONS; activation++) {
        double k[2][POINTS * POINTS], theta[2][POINTS * POINTS];
        for (int kind = FAMILY_FC; kind <= FAMILY_CONV; kind++) {
            struct recipe recipe = {.family = (enum family)kind, .depth = 3, .kernel_size = 1, .image = {1, 1, 7}};
            recipe = finished(recipe, (enum activation_kind)activation);
            recipe.train = POINTS, recipe.outputs = 1;
            struct sample sample;
            sample_create(recipe, &sample);
            infinite_all(sample.network, POINTS, sample.x, k[kind], theta[kind]);
            sample_free(&sample);
        }
        tally_triangle(&tally, "K", POINTS, k[1], k[0]);
        tally_triangle(&tally, "Theta", POINTS, theta[1], theta[0]);
    }
    tally_end(&tally);
}

/* Means over equal pixels are one of them, also over the million pairs of a pooling: sums are double. */
static void test_equal_pixels(void **state) {
    (void)state;
    struct tally tally = {"infinite width: equal pixels, pooled = one pixel", BITS(1e-12, 5e-7), 0};
    enum { POINTS = 3, CHANNELS = 2 };
    double k[2][POINTS * POINTS], theta[2][POINTS * POINTS];
    for (int is_large = 0; is_large < 2; is_large++) {
        int64_t side = is_large ? 32 : 1, pixels = side * side;
        struct recipe recipe = {.family = FAMILY_CONV, .depth = 2, .kernel_size = 1, .image = {side, side, CHANNELS}};
        recipe = finished(recipe, ACTIVATION_RELU);
        recipe.pooling = POOLING_GLOBAL, recipe.train = POINTS, recipe.outputs = 1;
        struct sample sample;
        sample_create(recipe, &sample);
        for (int64_t i = 0; i < POINTS * pixels * CHANNELS; i++)
            sample.x[i] = (real)cos((double)(1 + i % CHANNELS + 5 * (i / (pixels * CHANNELS))));
        infinite_all(sample.network, POINTS, sample.x, k[is_large], theta[is_large]);
        sample_free(&sample);
    }
    tally_triangle(&tally, "K", POINTS, k[1], k[0]);
    tally_triangle(&tally, "Theta", POINTS, theta[1], theta[0]);
    tally_end(&tally);
}

/* ---- sizes ---- */

/* Without bias relu networks are homogeneous: sigma_w2 2^e times as large makes K and Theta 2^(e layers) times as
 * large, to the bit, also where products of kernels overflow or vanish. */
static void check_homogeneous(struct recipe recipe, int exponent, int layers, struct tally *tally) {
    enum { POINTS = 4 };
    double k[2][POINTS * POINTS] = {0}, theta[2][POINTS * POINTS] = {0};
    recipe.width = 3, recipe.train = POINTS, recipe.outputs = 1, recipe.sigma_w2 = 1.7;
    for (int scaled = 0; scaled < 2; scaled++) {
        struct sample sample;
        sample_create(recipe, &sample);
        for (int l = 0; l < sample.network->layers; l++)
            sample.network->tensor[sample.network->layer[l].weight].variance =
                ldexp(recipe.sigma_w2, scaled ? exponent : 0);
        infinite_all(sample.network, POINTS, sample.x, k[scaled], theta[scaled]);
        sample_free(&sample);
    }
    for (int i = 0; i < POINTS * POINTS; i++) k[1][i] = ldexp(k[1][i], -exponent * layers);
    for (int i = 0; i < POINTS * POINTS; i++) theta[1][i] = ldexp(theta[1][i], -exponent * layers);
    tally_triangle(tally, "K", POINTS, k[1], k[0]);
    tally_triangle(tally, "Theta", POINTS, theta[1], theta[0]);
}

static void test_homogeneous(void **state) {
    (void)state;
    struct tally tally = {"infinite width: sigma_w2 and sigma_w2 2^e", 0, 0};
    enum { DEPTH = BITS(80, 20) };
    const struct recipe fc = {.depth = DEPTH, .inputs = 7}, conv = {.family = FAMILY_CONV,
                                                                    .depth = 11,
                                                                    .kernel_size = 3,
                                                                    .pooling = POOLING_GLOBAL,
                                                                    .image = {5, 4, 3}};
    check_homogeneous(fc, BITS(7, 3), DEPTH + 1, &tally);
    check_homogeneous(fc, BITS(12, 5), DEPTH + 1, &tally);
    check_homogeneous(fc, BITS(-9, -4), DEPTH + 1, &tally);
    check_homogeneous(conv, BITS(70, 9), 12, &tally);
    check_homogeneous(conv, BITS(-60, -7), 12, &tally);
    tally_end(&tally);
}

/* ---- pieces: batches of a row, tiles of points, the first columns alone ---- */

/* Entries of a large call against calls for two points alone. */
static void check_pieces(struct recipe recipe, int64_t points, int64_t steps, struct tally *tally) {
    recipe.train = points, recipe.outputs = 1;
    struct sample sample;
    sample_create(recipe, &sample);
    double *k = calloc((size_t)(2 * points * points), sizeof *k), *theta = k + points * points;
    assert_true(k);
    int64_t d = sample.recipe.inputs;
    infinite_all(sample.network, points, sample.x, k, theta);
    for (int64_t step = 0; step < steps; step++) {
        int64_t i = points - 1 - step % 3, j = step * (points - 1) / steps;
        double two_k[4], two_theta[4];
        real *x = calloc((size_t)(2 * d), sizeof *x);
        assert_true(x);
        memcpy(x, sample.x + j * d, (size_t)d * sizeof *x);
        memcpy(x + d, sample.x + i * d, (size_t)d * sizeof *x);
        infinite_all(sample.network, 2, x, two_k, two_theta);
        tally_numbers(tally, "K", k[i * points + j], two_k[i == j ? 3 : 2]);
        tally_numbers(tally, "Theta", theta[i * points + j], two_theta[i == j ? 3 : 2]);
        tally_numbers(tally, "own K", k[j * points + j], two_k[0]);
        tally_numbers(tally, "own Theta", theta[j * points + j], two_theta[0]);
        free(x);
    }
    free(k);
    sample_free(&sample);
}

static void test_pieces(void **state) {
    (void)state;
    struct tally tally = {"infinite width: many points = two alone", BITS(1e-12, 1e-6), 0};
    struct recipe points = {.family = FAMILY_FC, .depth = 2, .image = {1, 1, 31}};
    check_pieces(finished(points, ACTIVATION_RELU), 1100, 17, &tally);
    check_pieces(finished(points, ACTIVATION_TANH), 1100, 17, &tally);
    struct recipe large = {
        .family = FAMILY_CONV, .depth = 10, .kernel_size = 3, .pooling = POOLING_FLATTEN, .image = {32, 32, 1}};
    check_pieces(finished(large, ACTIVATION_TANH), 8, 4, &tally);
    /* Tiles of pairs, the last ones smaller; of two activations. */
    check_pieces(finished(images[0], ACTIVATION_TANH), 37, 12, &tally);
    check_pieces(finished(images[9], ACTIVATION_TANH), 35, 7, &tally);
    /* Sides that fill their room to the last number: rows a line longer, and a last batch that is filled up. */
    struct recipe wide = finished(points, ACTIVATION_TANH), huge = large;
    wide.sigma_w2 = 12;
    for (int64_t n = 119; n < 125; n++) check_pieces(wide, n, 6, &tally);
    huge.depth = 3, huge.image = (struct shape){512, 512, 1};
    check_pieces(finished(huge, ACTIVATION_RELU), 9, 1, &tally);
    tally_end(&tally);
}

static void check_columns(struct recipe recipe) {
    enum { POINTS = 37, COLUMNS = 18, ENTRIES = POINTS * POINTS };
    recipe.train = POINTS, recipe.outputs = 1;
    struct sample sample;
    sample_create(recipe, &sample);
    double k[ENTRIES], theta[ENTRIES], some[ENTRIES], some_theta[ENTRIES];
    for (int i = 0; i < ENTRIES; i++) some_theta[i] = -7;
    infinite_all(sample.network, POINTS, sample.x, k, theta);
    infinite_call(sample.network, POINTS, COLUMNS, sample.x, some, some_theta, NULL);
    for (int i = 0; i < ENTRIES; i++) {
        int row = i / POINTS, column = i % POINTS;
        if (column <= row && column < COLUMNS)
            assert_true(some[i] == k[i] && some_theta[i] == theta[i]);
        else
            assert_true(some_theta[i] == -7);
    }
    sample_free(&sample);
}

static void test_columns(void **state) {
    (void)state;
    const struct recipe points = {.family = FAMILY_FC, .depth = 2, .image = {1, 1, 32}};
    check_columns(finished(points, ACTIVATION_ERF));
    check_columns(finished(images[0], ACTIVATION_ERF));
    check_columns(finished(images[0], ACTIVATION_TANH));
    check_columns(finished(images[1], ACTIVATION_ERF));
}

/* ---- averages of empirical kernels ---- */

enum { SEEDS = 200, SEEDS_POINTS = 400, AVERAGED = 5, ENTRIES = AVERAGED * AVERAGED };

static void check_average(struct recipe recipe, int seeds, struct tally *tally) {
    static struct average average;
    average_over_seeds(recipe, seeds, &average);
    struct sample sample;
    sample_create(recipe, &sample);
    double kernel[2][AVERAGE_ENTRIES];
    const int64_t n = recipe.train;
    infinite_all(sample.network, n, sample.x, kernel[0], kernel[1]);
    for (int which = 0; which < 2; which++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) {
                int64_t at = i * n + j;
                tally_error(tally, sample.label,
                            fabs(average.mean[which][at] - kernel[which][at]) / average.error[which][at]);
            }
    sample_free(&sample);
}

static void test_average(void **state) {
    (void)state;
    struct tally tally = {"infinite width, standard errors from the empirical average", 3, 0};
    for (int activation = 0; activation < ACTIVATIONS; activation++) {
        struct recipe recipe = {.activation = (enum activation_kind)activation,
                                .depth = 2,
                                .width = 32,
                                .inputs = 3,
                                .outputs = 1,
                                .train = AVERAGED,
                                .sigma_w2 = 1.6,
                                .sigma_b2 = 0.2};
        check_average(recipe, SEEDS_POINTS, &tally);
        recipe.write = write_tied;
        recipe.depth = 3;
        check_average(recipe, SEEDS_POINTS, &tally);
    }
    tally_end(&tally);
}

static void test_average_images(void **state) {
    (void)state;
    struct tally tally = {"infinite width of images, the same", 3, 0};
    const struct recipe averaged[] = {
        {.family = FAMILY_CONV, .depth = 2, .kernel_size = 3, .pooling = POOLING_FLATTEN, .image = {4, 5, 2}},
        {.family = FAMILY_CONV, .depth = 2, .kernel_size = 3, .pooling = POOLING_GLOBAL, .image = {5, 4, 2}},
        {.family = FAMILY_WRN, .blocks = 1, .kernel_size = 3, .image = {5, 5, 2}},
        {.family = FAMILY_CONV, .depth = 1, .kernel_size = 3, .write = strided, .image = {5, 5, 2}},
        {.write = write_tied_images, .depth = 2, .image = {4, 4, 2}},
    };
    for (int activation = 0; activation < ACTIVATIONS; activation++)
        for (size_t n = 0; activation != ACTIVATION_IDENTITY && n < sizeof averaged / sizeof *averaged; n++) {
            struct recipe recipe = finished(averaged[n], (enum activation_kind)activation);
            recipe.width = 16, recipe.outputs = 1, recipe.train = 3;
            check_average(recipe, SEEDS, &tally);
        }
    tally_end(&tally);
}

/* ---- one layer by hand: K = Theta = sigma_w^2 x.x'/d + sigma_b^2; stopped ---- */

static bool stop_at_third(void *context) { return ++*(int *)context == 3; }

static void test_calls(void **state) {
    (void)state;
    struct tally tally = {"infinite width at depth 0", BITS(1e-14, 1e-6), 0};
    struct recipe recipe = small_recipe;
    enum { POINTS = AVERAGED };
    for (recipe.depth = 0; recipe.depth < 3; recipe.depth += 2) {
        struct sample sample;
        sample_create(recipe, &sample);
        double k[ENTRIES], theta[ENTRIES], again[ENTRIES], theta_again[ENTRIES];
        infinite_all(sample.network, POINTS, sample.x, k, theta);
        for (int i = 0; i < ENTRIES && recipe.depth == 0; i++) {
            if (i % POINTS > i / POINTS) continue;
            double inner = 0, d = (double)recipe.inputs;
            for (int64_t c = 0; c < recipe.inputs; c++)
                inner +=
                    (double)sample.x[i / POINTS * recipe.inputs + c] * (double)sample.x[i % POINTS * recipe.inputs + c];
            tally_numbers(&tally, "K", k[i], recipe.sigma_w2 * inner / d + recipe.sigma_b2);
            tally_numbers(&tally, "Theta", theta[i], k[i]);
        }
        int calls = 0;
        assert_true(infinite_call(sample.network, POINTS, POINTS, sample.x, again, theta_again,
                                  &(struct host){stop_at_third, &calls}));
        assert_int_equal(calls, 3);
        for (int i = 0; i < 3 * POINTS; i++)
            if (i % POINTS <= i / POINTS) assert_true(again[i] == k[i] && theta_again[i] == theta[i]);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* Where the direct rule serves most pixels a tile takes seconds. */
static void test_stop_in_tile(void **state) {
    (void)state;
    enum { POINTS = 5 };
    struct recipe recipe = finished(images[0], ACTIVATION_TANH);
    recipe.train = POINTS, recipe.outputs = 1;
    struct sample sample;
    sample_create(recipe, &sample);
    double k[POINTS * POINTS], theta[POINTS * POINTS];
    int calls = 0;
    assert_true(
        infinite_call(sample.network, POINTS, POINTS, sample.x, k, theta, &(struct host){stop_at_third, &calls}));
    assert_int_equal(calls, 3);
    sample_free(&sample);
}

/* Predictions of work grow with what there is to do. */
static void test_work(void **state) {
    (void)state;
    struct recipe recipe = finished(images[0], ACTIVATION_RELU);
    recipe.train = 2, recipe.outputs = 1, recipe.image = (struct shape){16, 16, 3};
    struct sample flat, pooled_globally;
    sample_create(recipe, &flat);
    recipe.pooling = POOLING_GLOBAL;
    sample_create(recipe, &pooled_globally);
    double work = work_of(flat.network, 10);
    assert_true(work > 0);
    assert_true(work_of(flat.network, 6) < work);
    assert_true(work_of(pooled_globally.network, 10) > 50 * work);
    sample_free(&flat);
    sample_free(&pooled_globally);
}

/* usage: test_infinite [averages | rest]: the averages over seeds take half of the time. */
int main(int argc, char **argv) {
    if (argc > 1) (strcmp(argv[1], "averages") == 0 ? cmocka_set_test_filter : cmocka_set_skip_filter)("test_average*");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),        cmocka_unit_test(test_plain),          cmocka_unit_test(test_one_pixel),
        cmocka_unit_test(test_pieces),       cmocka_unit_test(test_columns),        cmocka_unit_test(test_work),
        cmocka_unit_test(test_average),      cmocka_unit_test(test_average_images), cmocka_unit_test(test_homogeneous),
        cmocka_unit_test(test_equal_pixels), cmocka_unit_test(test_stop_in_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
