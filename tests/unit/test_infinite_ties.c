/* The infinite-width kernels of networks that use a layer at several places: against printed values, against all pairs
 * of values, against networks of finite width; and what has no limit. */
#include "sample.h"

#include <stdlib.h>

#include "infinite_call.h"
#include "infinite_values.h"

/* ---- networks ---- */

/* h + c d */
static void step(struct builder *builder, struct cursor h, double c) {
    struct cursor d = builder->at;
    builder->at = h;
    build_sum(builder, d, c);
}

/* `depth` steps of Euler's rule, h <- h + dense(phi(h))/depth, one layer for all. */
static void euler(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width, steps = builder->config->network.depth;
    build_dense(builder, width, "input");
    struct cursor h = builder->at;
    build_activation(builder);
    build_dense(builder, width, "cell");
    step(builder, h, 1 / (double)steps);
    for (int64_t i = 1; i < steps; i++) build_again(builder, 3);
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* A cell of two layers, h <- h + dense(phi(dense(h)))/2, after which the first is used once more by itself. */
static void two(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_dense(builder, width, "input");
    struct cursor h = builder->at;
    build_dense(builder, width, "in");
    build_activation(builder);
    build_dense(builder, width, "out");
    step(builder, h, 0.5);
    for (int64_t i = 1; i < builder->config->network.depth; i++) build_again(builder, 4);
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* z <- phi(feedback z + u), `depth` times from phi(u). */
static void equilibrium(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_dense(builder, width, "input");
    struct cursor u = builder->at;
    build_activation(builder);
    build_dense(builder, width, "feedback");
    build_sum(builder, u, 1);
    build_activation(builder);
    for (int64_t i = 1; i < builder->config->network.depth; i++) build_again(builder, 3);
    build_dense(builder, outputs, "readout");
}

/* States of a recurrent network, read together: phi(h_1) + 2 phi(h_2), whose h are of one layer and of what is
 * independent. */
static void states(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_dense(builder, width, "input");
    build_activation(builder);
    build_dense(builder, width, "recurrent");
    build_activation(builder);
    struct cursor first = builder->at;
    build_again(builder, 2);
    step(builder, first, 2);
    build_dense(builder, outputs, "readout");
}

/* The same value twice, and a layer that is used twice on the same value. */
static void twice(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_dense(builder, width, "input");
    build_sum(builder, builder->at, 0.5);
    build_activation(builder);
    struct cursor x = builder->at;
    build_dense(builder, width, "hidden");
    struct cursor first = builder->at;
    builder->at = x;
    build_again(builder, 1);
    build_sum(builder, first, -0.25);
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* Independent layers, whose sums are read at three places. */
static void residual(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_dense(builder, width, "input");
    for (int64_t i = 0; i < builder->config->network.depth; i++) {
        struct cursor h = builder->at;
        build_activation(builder);
        build_dense(builder, width, "cell_%d", (int)i);
        step(builder, h, 0.7);
    }
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

static void end_images(struct builder *builder, int64_t outputs) {
    build_activation(builder);
    if (builder->config->network.pooling == POOLING_GLOBAL)
        build_pooling(builder, builder->at.shape.rows, builder->at.shape.columns);
    else
        build_flatten(builder);
    build_dense(builder, outputs, "readout");
}

static void euler_images(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_convolution(builder, width, 3, 1, "input");
    struct cursor h = builder->at;
    build_activation(builder);
    build_convolution(builder, width, 3, 1, "cell");
    step(builder, h, 0.6);
    for (int64_t i = 1; i < builder->config->network.depth; i++) build_again(builder, 3);
    end_images(builder, outputs);
}

/* A layer with stride 2 on two values of one branch, then a pooling, and behind it the same filters twice more. */
static void strided_images(struct builder *builder, int64_t outputs) {
    int64_t width = builder->config->width;
    build_convolution(builder, width, 3, 1, "input");
    build_activation(builder);
    build_convolution(builder, width, 3, 1, "cell");
    struct cursor h = builder->at;
    build_activation(builder);
    build_convolution(builder, width, 3, 2, "down");
    struct cursor first = builder->at;
    builder->at = h;
    build_again(builder, 2);
    build_sum(builder, first, 0.5);
    build_activation(builder);
    build_pooling(builder, 1, builder->at.shape.columns);
    build_convolution(builder, width, 3, 1, "late");
    h = builder->at;
    build_activation(builder);
    build_convolution(builder, width, 3, 1, "later");
    step(builder, h, 0.6);
    build_again(builder, 3);
    end_images(builder, outputs);
}

/* ---- printed values: |x1|^2/d = |x2|^2/d = 1, x1.x2/d = 1/2 ---- */

static struct tensor *bias_of(struct sample *sample, int layer) {
    return &sample->network->tensor[sample->network->layer[layer].bias];
}
static struct tensor *weight_of(struct sample *sample, int layer) {
    return &sample->network->tensor[sample->network->layer[layer].weight];
}

enum { INPUT, CELL, READOUT };

static void check_printed(struct recipe recipe, int biased, double feedback, const double right[2],
                          struct tally *tally) {
    recipe.width = 3, recipe.inputs = 2, recipe.outputs = 1, recipe.train = 2, recipe.sigma_w2 = 1;
    struct sample sample;
    sample_create(recipe, &sample);
    const real x[] = {REAL_MATH(sqrt)(2), 0, REAL_MATH(sqrt)(0.5), REAL_MATH(sqrt)(1.5)};
    for (int layer = INPUT; layer <= READOUT; layer++) bias_of(&sample, layer)->variance = layer == biased ? 0.01 : 0;
    weight_of(&sample, CELL)->variance = feedback;
    double k[4], theta[4];
    infinite_all(sample.network, 2, x, k, theta);
    tally_numbers(tally, "Theta11", theta[0], right[0]);
    tally_numbers(tally, "Theta22", theta[3], right[0]);
    tally_numbers(tally, "Theta12", theta[2], right[1]);
    sample_free(&sample);
}

static void test_printed(void **state) {
    (void)state;
    struct tally tally = {"infinite width, one layer at several places: printed values", BITS(1e-9, 1e-6), 0};
    const struct recipe by_hand = {.depth = 8, .write = euler},
                        listed = {.family = FAMILY_RESIDUAL, .depth = 8, .weights = WEIGHTS_SHARED, .step = STEP_TIME},
                        rest = {.depth = 40, .write = equilibrium};
    struct recipe recipe = by_hand;
    for (int is_listed = 0; is_listed < 2; is_listed++, recipe = listed) {
        check_printed(recipe, CELL, 1, (double[]){1.8417067769, 0.8611852841}, &tally);
        recipe.activation = ACTIVATION_ERF;
        check_printed(recipe, CELL, 1, (double[]){1.5597140622, 0.5749836101}, &tally);
    }
    recipe = rest;
    check_printed(recipe, INPUT, 0.45 * 0.45, (double[]){1.1870837452, 0.5580210570}, &tally);
    recipe.activation = ACTIVATION_ERF;
    check_printed(recipe, INPUT, 0.45 * 0.45, (double[]){1.1645374619, 0.4807723355}, &tally);
    tally_end(&tally);
}

/* ---- all pairs of values ---- */

enum { POINTS = 3, ENTRIES = POINTS * POINTS };

static void check_values(struct recipe recipe, struct tally *tally) {
    struct sample sample;
    recipe.width = 4, recipe.outputs = 1, recipe.sigma_b2 = 0.2;
    recipe.train = recipe.activation == ACTIVATION_TANH ? 2 : POINTS;
    recipe.sigma_w2 = recipe.activation == ACTIVATION_TANH ? 1.3 : 1.7;
    sample_create(recipe, &sample);
    weight_of(&sample, 1)->variance *= 0.7, bias_of(&sample, 1)->variance *= 0.5;
    double k[ENTRIES], theta[ENTRIES], right[ENTRIES], right_theta[ENTRIES];
    infinite_all(sample.network, recipe.train, sample.x, k, theta);
    values_compute(&sample, recipe.train, right, right_theta);
    for (int64_t i = 0; i < recipe.train; i++)
        for (int64_t j = 0; j <= i; j++) {
            tally_numbers(tally, "K", k[i * recipe.train + j], right[i * recipe.train + j]);
            tally_numbers(tally, "Theta", theta[i * recipe.train + j], right_theta[i * recipe.train + j]);
        }
    sample_free(&sample);
}

static const struct recipe rows[] = {
    {.depth = 5, .inputs = 7, .write = euler},
    {.depth = 3, .inputs = 7, .write = two},
    {.depth = 4, .inputs = 7, .write = residual},
    {.depth = 3, .inputs = 7, .write = equilibrium},
    {.inputs = 7, .write = states},
    {.inputs = 7, .write = twice},
};

static void test_values(void **state) {
    (void)state;
    struct tally tally = {"infinite width, one layer at several places: all pairs of values",
                          BITS(1e-12, 5e-5) /* entries that cancel to 1/100 of their terms */, 0};
    for (int activation = 0; activation < ACTIVATIONS; activation++)
        for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
            struct recipe recipe = rows[n];
            recipe.activation = (enum activation_kind)activation;
            check_values(recipe, &tally);
        }
    tally_end(&tally);
}

static void test_images(void **state) {
    (void)state;
    struct tally tally = {"infinite width, one filter at several places: all pairs of values and pixels",
                          BITS(1e-12, 1e-6), 0};
    const struct recipe images[] = {
        {.depth = 3, .pooling = POOLING_FLATTEN, .image = {4, 3, 2}, .write = euler_images},
        {.depth = 2, .pooling = POOLING_GLOBAL, .image = {3, 4, 2}, .write = euler_images},
        {.depth = 2, .pooling = POOLING_GLOBAL, .image = {4, 4, 2}, .write = strided_images},
        {.depth = 2, .pooling = POOLING_FLATTEN, .image = {5, 3, 1}, .write = strided_images},
    };
    for (int activation = 0; activation < ACTIVATIONS; activation++)
        for (size_t n = 0; n < sizeof images / sizeof *images; n++) {
            struct recipe recipe = images[n];
            recipe.activation = (enum activation_kind)activation;
            if (activation != ACTIVATION_TANH || n < 1) check_values(recipe, &tally);
        }
    tally_end(&tally);
}

/* ---- 256 steps; many points: rows are cut in shorter pieces ---- */

static void test_long(void **state) {
    (void)state;
    struct tally tally = {"infinite width, one layer at 48 places: many points = two alone", BITS(1e-12, 1e-6), 0};
    enum { MANY = 70 };
    struct recipe recipe = {.depth = 48,
                            .inputs = 5,
                            .width = 3,
                            .outputs = 1,
                            .train = MANY,
                            .sigma_w2 = 1.5,
                            .sigma_b2 = 0.1,
                            .write = euler};
    struct sample sample;
    sample_create(recipe, &sample);
    static double k[MANY * MANY], theta[MANY * MANY];
    infinite_all(sample.network, MANY, sample.x, k, theta);
    for (int64_t j = 0; j < MANY - 1; j += 11) {
        real x[10];
        double two_k[4], two_theta[4];
        memcpy(x, sample.x + j * 5, 5 * sizeof *x);
        memcpy(x + 5, sample.x + (MANY - 1) * 5, 5 * sizeof *x);
        infinite_all(sample.network, 2, x, two_k, two_theta);
        tally_numbers(&tally, "K", k[(MANY - 1) * MANY + j], two_k[2]);
        tally_numbers(&tally, "Theta", theta[(MANY - 1) * MANY + j], two_theta[2]);
    }
    sample_free(&sample);
    tally_end(&tally);
}

/* ---- what has no limit ---- */

static void ends_in_activation(struct builder *builder, int64_t outputs) {
    build_dense(builder, outputs, "last");
    build_activation(builder);
}

static void uses_readout_inside(struct builder *builder, int64_t outputs) {
    build_dense(builder, outputs, "first");
    build_activation(builder);
    build_dense(builder, outputs, "square");
    build_activation(builder);
    build_again(builder, 2);
    build_again(builder, 2);
    builder->at.value--; /* before the last activation */
    struct cursor end = builder->at;
    builder->at = end;
    build_sum(builder, end, 1);
}

static void activates_twice(struct builder *builder, int64_t outputs) {
    build_dense(builder, 4, "first");
    build_activation(builder);
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

static void adds_input(struct builder *builder, int64_t outputs) {
    struct cursor x = builder->at;
    build_dense(builder, x.shape.channels, "first");
    build_sum(builder, x, 1);
    build_dense(builder, outputs, "readout");
}

static void skips_activation(struct builder *builder, int64_t outputs) {
    build_dense(builder, 4, "first");
    struct cursor h = builder->at;
    build_activation(builder);
    build_sum(builder, h, 1);
    build_dense(builder, outputs, "readout");
}

static void reads_input_and_hidden(struct builder *builder, int64_t outputs) {
    int64_t width = builder->at.shape.channels;
    build_dense(builder, width, "first");
    struct cursor h = builder->at;
    build_again(builder, 1);
    build_sum(builder, h, 1);
    build_dense(builder, outputs, "readout");
}

static void reads_image(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 4, 3, 1, "first");
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

static void goes_around_pooling(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 4, 3, 1, "first");
    struct cursor h = builder->at;
    build_pooling(builder, 1, 1);
    build_sum(builder, h, 1);
    build_flatten(builder);
    build_dense(builder, outputs, "readout");
}

/* 3 x 3 filters in two resolutions, whose outputs meet at the lower. */
static void meets_at_two_resolutions(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 4, 3, 1, "first");
    struct cursor h = builder->at;
    build_convolution(builder, 4, 3, 2, "down");
    struct cursor end = builder->at;
    builder->at = h;
    build_sum(builder, h, 1);
    build_convolution(builder, 4, 1, 1, "same");
    build_convolution(builder, 4, 1, 2, "down_again");
    build_sum(builder, end, 1);
    build_flatten(builder);
    build_dense(builder, outputs, "readout");
}

static void test_refused(void **state) {
    (void)state;
    const struct {
        family *write;
        struct shape image;
        const char *words; /* NULL: it has one */
    } networks[] = {
        {ends_in_activation, {1, 1, 4}, "the output, activation, operator 2, is not a layer's"},
        {uses_readout_inside, {1, 1, 4}, "layer square makes the output and hidden values"},
        {activates_twice,
         {1, 1, 4},
         "activation, operator 3 reads what is not Gaussian; a layer has to stand before it"},
        {adds_input, {1, 1, 4}, "sum, operator 2 adds the input, whose width is given; a layer has to stand between"},
        {skips_activation, {1, 1, 4}, "activation, operator 2 and first are correlated"},
        {reads_input_and_hidden, {1, 1, 4}, "layer first reads the input and hidden values"},
        {reads_image, {4, 4, 2}, "readout reads an image; it has to be flattened or pooled before"},
        {goes_around_pooling, {4, 4, 2}, "sum, operator 3 reads first, around pooling, operator 2"},
        {meets_at_two_resolutions, {4, 4, 2}, NULL},
    };
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++) {
        struct recipe recipe = {.width = 4,
                                .outputs = 4,
                                .sigma_w2 = 1,
                                .image = networks[n].image,
                                .train = 1,
                                .write = networks[n].write};
        struct sample sample;
        sample_create(recipe, &sample);
        struct infinite_plan *plan = NULL;
        status result = infinite_plan_create(sample.network, &plan);
        printf("%s\n", result == OK ? "a limit" : status_message());
        assert_int_equal(result, networks[n].words ? ERROR_INPUT : OK);
        if (networks[n].words) assert_non_null(strstr(status_message(), networks[n].words));
        infinite_plan_free(plan);
        sample_free(&sample);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printed), cmocka_unit_test(test_values),  cmocka_unit_test(test_images),
        cmocka_unit_test(test_long),    cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
