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
#include "build.h"
#include "closed.h"
#include "config.h"
#include "empirical.h"
#include "matrix.h"
#include "operator.h"
#include "network.h"
#include "random.h"
#include "real.h"
#include "tally.h"
#include "trainer.h"

/* ---- samples ---- */

struct recipe {
    enum family family;
    enum activation_kind activation;
    enum parameterization parameterization;
    enum rates rates;
    int64_t depth, blocks, width, kernel_size;
    enum pooling pooling;
    struct shape image; /* of an input; all zero: a row of `inputs` numbers */
    family *write;      /* a list written by hand in the place of the family's, or NULL */
    int64_t inputs;     /* numbers of an input, set by sample_create where it is an image */
    int64_t outputs, train, test;
    double sigma_w2, sigma_b2;
    enum draw draw;
    uint64_t seed;
    enum layers layers;  /* that are trained */
    double output_scale; /* 0: 1 */
    /* of family residual */
    enum cell cell;
    enum weights weights;
    enum step step;
    enum solver solver;
    enum state_kind state;
    enum readout readout;
    int64_t knots, augment;
    double time; /* 0: 1 */
    int time_input, inject;
    /* and of family deq */
    double feedback_w2, tolerance;
    int64_t expansion, iterations;
};

static const struct recipe small_recipe = {
    .depth = 2, .width = 13, .inputs = 7, .outputs = 3, .train = 5, .test = 4, .sigma_w2 = 1.7, .sigma_b2 = 0.3};

enum { SAMPLE_NETWORKS = 4 };

struct sample {
    struct recipe recipe;
    struct arena arena;
    struct network *network; /* the first of those that it owns */
    struct network owned[SAMPLE_NETWORKS];
    int networks;
    struct points points;
    real *x, *y, *gram, *theta, *work;
    char label[200];
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

static const double sample_slope = 0.25; /* network.slope */

static inline void put_cells(const struct recipe *recipe, struct config *config) {
    config->network.cell = (int)recipe->cell;
    config->network.weights = (int)recipe->weights;
    config->network.knots = recipe->knots;
    config->network.step = (int)recipe->step;
    config->network.time = recipe->time > 0 ? recipe->time : 1;
    config->network.solver = (int)recipe->solver;
    config->network.time_input = recipe->time_input;
    config->network.state = (int)recipe->state;
    config->network.augment = recipe->augment;
    config->network.readout = (int)recipe->readout;
    config->network.inject = recipe->inject;
    config->network.feedback_w2 = recipe->feedback_w2;
    config->network.tolerance = recipe->tolerance;
    config->network.expansion = recipe->expansion;
    config->network.iterations = recipe->iterations;
}

static inline struct config recipe_config(const struct recipe *recipe) {
    struct config config = {.width = recipe->width};
    config.network.slope = sample_slope;
    config.network.family = (int)recipe->family;
    config.network.depth = recipe->depth;
    config.network.blocks = recipe->blocks;
    config.network.kernel_size = recipe->kernel_size;
    config.network.pooling = (int)recipe->pooling;
    config.network.activation = (int)recipe->activation;
    config.network.draw = (int)recipe->draw;
    config.network.sigma_w2 = recipe->sigma_w2;
    config.network.sigma_b2 = recipe->sigma_b2;
    config.network.parameterization = (int)recipe->parameterization;
    config.network.output_scale = recipe->output_scale > 0 ? recipe->output_scale : 1;
    config.training.layers = (int)recipe->layers;
    put_cells(recipe, &config);
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

/* Of the recipe's family or its list written by hand; ended by network_free. */
static inline void recipe_network(const struct recipe *recipe, enum parameterization parameterization, enum rates rates,
                                  struct network *network) {
    struct config config = recipe_config(recipe);
    config.network.parameterization = (int)parameterization;
    config.training.rates = (int)rates;
    if (recipe->write)
        assert_int_equal(build_network(&config, recipe->write, recipe->image, recipe->outputs, network), OK);
    else
        assert_int_equal(network_create(&config, recipe->image, recipe->outputs, network), OK);
}

static inline struct network *sample_network(struct sample *sample, enum parameterization parameterization,
                                             enum rates rates) {
    assert_true(sample->networks < SAMPLE_NETWORKS);
    struct network *network = &sample->owned[sample->networks++];
    recipe_network(&sample->recipe, parameterization, rates, network);
    return network;
}

/* Room for a few networks, some tapes of all points and scratch of passes. */
static inline size_t recipe_bytes(const struct recipe *recipe) {
    enum { BYTES = 4 << 20, BYTES_A_POINT = 1 << 17, TAPES = 8 };
    struct network network;
    recipe_network(recipe, recipe->parameterization, recipe->rates, &network);
    struct arena counting = arena_counting();
    struct tape tape;
    struct cotape cotape;
    int64_t all = recipe->train + recipe->test;
    network_tape(&network, 0, all, NULL, &counting, &tape);
    network_cotape(&network, all * recipe->outputs, &counting, &cotape);
    size_t tapes = TAPES * counting.peak;
    (void)network_work(&network, &counting);
    network_free(&network);
    return BYTES + (size_t)all * BYTES_A_POINT + tapes + 6 * counting.peak;
}

static inline void sample_name(struct sample *sample) {
#define SAMPLE_WORD(NAME, name, images, meaning) #name,
    static const char *const families[] = {FAMILY_LIST(SAMPLE_WORD)};
    const struct recipe *recipe = &sample->recipe;
    const struct shape image = recipe->image;
    snprintf(
        sample->label, sizeof sample->label,
        "%s%s activation %d parameterization %d rates %d sigma_b2 %g depth %d blocks %d width %d kernel %d pooling "
        "%d image %dx%dx%d outputs %d",
        recipe->write ? "by hand " : "", families[recipe->family], (int)recipe->activation,
        (int)recipe->parameterization, (int)recipe->rates, recipe->sigma_b2, (int)recipe->depth, (int)recipe->blocks,
        (int)recipe->width, (int)recipe->kernel_size, (int)recipe->pooling, (int)image.rows, (int)image.columns,
        (int)image.channels, (int)recipe->outputs);
}

static inline void sample_create(struct recipe recipe, struct sample *sample) {
    int64_t all = recipe.train + recipe.test, images = shape_size(recipe.image) > 0;
    if (images)
        recipe.inputs = shape_size(recipe.image);
    else
        recipe.image = (struct shape){1, 1, recipe.inputs};
    *sample = (struct sample){.recipe = recipe};
    sample_name(sample);
    assert_int_equal(arena_create(recipe_bytes(&recipe), &sample->arena), OK);
    sample->network = sample_network(sample, recipe.parameterization, recipe.rates);
    sample->work = network_work(sample->network, &sample->arena);
    sample->x = sample_random(sample, 1, all * recipe.inputs);
    sample->y = sample_random(sample, 2, all * recipe.outputs);
    sample->gram = sample_take(sample, all * recipe.train);
    sample_gram(sample);
    sample->points = (struct points){.train = recipe.train,
                                     .test = recipe.test,
                                     .inputs = recipe.inputs,
                                     .outputs = recipe.outputs,
                                     .x = sample->x,
                                     .y = sample->y,
                                     .gram = images ? NULL : sample->gram};
    sample->theta = sample_take(sample, sample->network->theta);
    network_initialize(sample->network, recipe.seed, sample->theta);
}

static inline void sample_free(struct sample *sample) {
    for (int i = 0; i < sample->networks; i++) network_free(&sample->owned[i]);
    arena_free(&sample->arena);
}

/* Values of `n` points from value[first] = `value` on. */
static inline struct tape sample_forward(struct sample *sample, int first, const real *theta, int64_t n, real *value) {
    struct tape tape;
    network_tape(sample->network, first, n, sample->work, &sample->arena, &tape);
    tape.value[first] = value;
    network_forward(sample->network, first, theta, &tape);
    return tape;
}

static inline const real *tape_outputs(const struct sample *sample, const struct tape *tape) {
    return tape->value[sample->network->nodes];
}

/* rate_t J_t' w for all tensors, as a new array. */
static inline real *sample_gradient(struct sample *sample, const struct tape *tape, const real *w) {
    const struct network *network = sample->network;
    struct cotape cotape;
    network_cotape(network, tape->n, &sample->arena, &cotape);
    memcpy(cotape_value(network, &cotape, network->nodes), w, (size_t)(tape->n * network->outputs) * sizeof *w);
    real *gradient = sample_take(sample, network->theta);
    network_vjp(network, 0, sample->theta, tape, &cotape, 1, gradient);
    return gradient;
}

/* J dtheta, with the inputs moving by dx (NULL: at rest). */
static inline const real *sample_jvp(struct sample *sample, const struct tape *tape, const real *dtheta, real *dx) {
    struct tape tangent;
    network_tape(sample->network, 0, tape->n, NULL, &sample->arena, &tangent);
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

enum { KERNEL_BYTES = 1 << 20 };

static inline struct start sample_start(struct sample *sample) {
    const struct points *points = &sample->points;
    struct start start = {.train = points->train * points->outputs, .test = points->test * points->outputs};
    start.train_train = sample_take(sample, start.train * start.train);
    start.test_train = sample_take(sample, start.test * start.train);
    struct ntk_points where = {points->train, points->test, 0, sample->x, NULL};
    struct ntk_kernels kernels = {.train_train = start.train_train, .test_train = start.test_train};
    int64_t all = points->train + points->test;
    ntk_empirical(sample->network, sample->theta, &where, KERNEL_BYTES, &sample->arena, &kernels, NULL);
    struct tape tape = sample_forward(sample, 0, sample->theta, all, sample->x);
    start.f_train = sample_copy(sample, tape_outputs(sample, &tape), start.train);
    start.f_test = sample_copy(sample, tape_outputs(sample, &tape) + start.train, start.test);
    start.eta = half_stable_rate(start.train, start.train_train);
    return start;
}

/* ---- all cases of an identity: families and shapes, activations, parameterizations with their rates, biases ---- */

typedef void sample_check(struct sample *sample, struct tally *tally);

static inline void run_sample(struct recipe recipe, sample_check *check, struct tally *tally) {
    struct sample sample;
    sample_create(recipe, &sample);
    check(&sample, tally);
    sample_free(&sample);
}

enum { VARIANTS = 6 * (ACTIVATIONS + 1) }; /* and ACTIVATION_PRELU */

/* The recipe's variant: activation, parameterization with its rates, with and without biases. */
static inline struct recipe recipe_variant(struct recipe recipe, int variant) {
    static const struct {
        enum parameterization parameterization;
        enum rates rates;
    } kinds[] = {{PARAMETERIZATION_NTK, RATES_UNIFORM},
                 {PARAMETERIZATION_STANDARD, RATES_UNIFORM},
                 {PARAMETERIZATION_STANDARD, RATES_MATCHED}};
    recipe.activation = (enum activation_kind)(variant / 6);
    recipe.parameterization = kinds[variant / 2 % 3].parameterization;
    recipe.rates = kinds[variant / 2 % 3].rates;
    recipe.sigma_b2 = variant % 2 ? 0.3 : 0;
    return recipe;
}

/* Fully connected networks of this recipe, depths 0 to 3. */
static inline void for_fc_samples(struct recipe recipe, sample_check *check, struct tally *tally) {
    for (recipe.depth = 0; recipe.depth <= 3; recipe.depth++)
        for (int variant = 0; variant < VARIANTS; variant++) run_sample(recipe_variant(recipe, variant), check, tally);
}

/* Strides, windows and branches as no family has them: a 5x5 filter of stride 2, a value with three readers, one that
 * is read twice by the same, pooling over 2x1 windows before flattening. For images of 7 or 8 rows. */
static inline void write_unusual(struct builder *builder, int64_t outputs) {
    build_convolution(builder, 6, 5, 2, "wide_filter");
    struct cursor branch = builder->at;
    build_activation(builder);
    build_sum(builder, branch, 1);
    build_convolution(builder, 6, 1, 1, "mixing");
    build_sum(builder, branch, 1);
    build_sum(builder, builder->at, 1);
    build_pooling(builder, 2, 1);
    build_flatten(builder);
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* ---- lists that no family writes yet ---- */

/* `depth` steps h + c N(h), N(h) = dense(phi(h)), with one layer for all; blocks = 1: the input is read again in every step, by another
 * layer for all. */
static inline void write_tied(struct builder *builder, int64_t outputs) {
    const struct cursor input = builder->at;
    build_dense(builder, builder->config->width, "enter");
    struct cursor h = builder->at;
    build_state(builder);
    int first = builder->network->nodes;
    build_activation(builder);
    build_dense(builder, builder->config->width, "cell");
    struct cursor step = builder->at;
    if (builder->config->network.blocks > 0) {
        builder->at = input;
        build_dense(builder, builder->config->width, "inject");
        build_sum(builder, step, 1);
        step = builder->at;
    }
    builder->at = h;
    build_sum(builder, step, 0.3);
    build_state(builder);
    int nodes = builder->network->nodes - first;
    for (int64_t i = 1; i < builder->config->network.depth; i++) {
        build_again(builder, nodes);
        build_state(builder);
    }
    build_activation(builder);
    build_dense(builder, outputs, "readout");
}

/* The same of images, with a convolution. */
static inline void write_tied_images(struct builder *builder, int64_t outputs) {
    build_convolution(builder, builder->config->width, 3, 1, "enter");
    struct cursor h = builder->at;
    build_state(builder);
    build_activation(builder);
    build_convolution(builder, builder->config->width, 3, 1, "cell");
    struct cursor step = builder->at;
    builder->at = h;
    build_sum(builder, step, -0.4);
    build_state(builder);
    for (int64_t i = 1; i < builder->config->network.depth; i++) {
        build_again(builder, 3);
        build_state(builder);
    }
    build_pooling(builder, builder->at.shape.rows, builder->at.shape.columns);
    build_dense(builder, outputs, "readout");
}

/* y = x/|x|, an operator that keeps 1/|x| from its way there to its way back. */
static inline struct needs unit_needs(const struct node *node) {
    (void)node;
    return (struct needs){.kept = 1};
}
static inline void unit_forward(const struct node *node, const struct pass *pass, real *out) {
    int64_t size = shape_size(node->in);
    const real *x = pass_in(pass, node, 0);
    for (int64_t i = 0; i < pass->n; i++) {
        real inverse = 1 / (real)sqrt(la_dot(size, x + i * size, x + i * size));
        pass_kept(pass, node)[i] = inverse;
        for (int64_t j = 0; j < size; j++) out[i * size + j] = inverse * x[i * size + j];
    }
}
/* (w - y <y, w>)/|x|, which is symmetric: there and back */
static inline void unit_turn(const struct node *node, const struct pass *pass, int64_t i, const real *w, bool is_added,
                             real *out) {
    int64_t size = shape_size(node->in);
    const real *y = pass->value[node->value] + i * size;
    real along = (real)la_dot(size, y, w), inverse = pass_kept(pass, node)[i];
    for (int64_t j = 0; j < size; j++) out[j] = inverse * (w[j] - along * y[j]) + (is_added ? out[j] : 0);
}
static inline void unit_jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din,
                            real *dout) {
    (void)dtheta;
    int64_t size = shape_size(node->in);
    for (int64_t i = 0; i < pass->n; i++)
        unit_turn(node, pass, i, tangent_in(din, node, 0) + i * size, false, dout + i * size);
}
static inline void unit_vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    int64_t size = shape_size(node->in);
    for (int64_t row = 0; row < pass->n * pass->count; row++)
        unit_turn(node, pass, row / pass->count, w + row * size, node->is_added[s], din + row * size);
}
static const struct operator_kind unit_operator = {
    .name = "unit", .needs = unit_needs, .forward = unit_forward, .jvp = unit_jvp, .vjp = unit_vjp};

static inline void write_kept(struct builder *builder, int64_t outputs) {
    build_dense(builder, builder->config->width, "dense_1");
    build_node(builder, &unit_operator, builder->at.shape, NULL);
    build_dense(builder, builder->config->width, "dense_2");
    build_activation(builder);
    build_node(builder, &unit_operator, builder->at.shape, NULL);
    build_dense(builder, outputs, "readout");
}

/* A flow in closed form between two layers: example `depth`, of the state if `blocks` is not 0. */
static inline void write_closed(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    const struct closed closed = {(int)config->network.depth, config->network.blocks > 0, 0.9};
    build_dense(builder, 1, "enter");
    build_closed(builder, &closed);
    build_dense(builder, outputs, "readout");
}

static const struct recipe lists_by_hand[] = {
    {.write = write_tied, .depth = 2, .width = 13, .inputs = 7, .outputs = 1},
    {.write = write_tied, .depth = 5, .width = 11, .blocks = 1, .inputs = 3, .outputs = 3},
    {.write = write_tied_images, .family = FAMILY_CONV, .depth = 2, .width = 5, .image = {2, 3, 3}, .outputs = 3},
    {.write = write_tied_images, .family = FAMILY_CONV, .depth = 3, .width = 17, .image = {5, 6, 2}, .outputs = 1},
    {.write = write_kept, .width = 13, .inputs = 7, .outputs = 3},
    {.family = FAMILY_RESIDUAL,
     .depth = 3,
     .width = 11,
     .inputs = 7,
     .outputs = 3,
     .cell = CELL_TWO,
     .weights = WEIGHTS_KNOTS,
     .knots = 4,
     .step = STEP_TIME,
     .solver = SOLVER_RK4,
     .time_input = 1,
     .inject = 1},
    {.family = FAMILY_RESIDUAL,
     .depth = 2,
     .width = 13,
     .inputs = 3,
     .outputs = 1,
     .weights = WEIGHTS_SHARED,
     .step = STEP_TIME,
     .time = 1.5,
     .solver = SOLVER_HEUN,
     .inject = 1},
    {.family = FAMILY_RESIDUAL,
     .depth = 3,
     .width = 1,
     .inputs = 2,
     .outputs = 3,
     .cell = CELL_POST,
     .step = STEP_ROOT,
     .state = STATE_INPUT,
     .augment = 2,
     .readout = READOUT_NONE},
    {.write = write_closed, .depth = EXAMPLE_1, .inputs = 7, .outputs = 3},
    {.write = write_closed, .depth = EXAMPLE_1, .blocks = 1, .inputs = 1, .outputs = 1},
    {.write = write_closed, .depth = EXAMPLE_2, .inputs = 7, .outputs = 1},
    {.write = write_closed, .depth = EXAMPLE_2, .blocks = 1, .inputs = 7, .outputs = 3},
    {.write = write_closed, .depth = EXAMPLE_3, .inputs = 7, .outputs = 3},
};
enum { LISTS_BY_HAND = sizeof lists_by_hand / sizeof lists_by_hand[0] };

/* ---- images ---- */

/* From 16 channels to 16 on, filtering is minimal. */
static const struct recipe image_shapes[] = {
    {.family = FAMILY_CONV, .depth = 1, .width = 5, .kernel_size = 3, .image = {5, 5, 3}, .outputs = 3},
    {.family = FAMILY_CONV, .depth = 3, .width = 4, .kernel_size = 1, .image = {6, 7, 2}, .outputs = 1},
    {.family = FAMILY_CONV, .depth = 2, .width = 5, .kernel_size = 5, .image = {1, 1, 4}, .outputs = 3},
    {.family = FAMILY_CONV, .depth = 3, .width = 17, .kernel_size = 3, .image = {6, 7, 2}, .outputs = 1},
    {.family = FAMILY_CONV,
     .depth = 2,
     .width = 5,
     .kernel_size = 3,
     .pooling = POOLING_FLATTEN,
     .image = {6, 7, 2},
     .outputs = 1},
    {.family = FAMILY_CONV,
     .depth = 1,
     .width = 4,
     .kernel_size = 5,
     .pooling = POOLING_FLATTEN,
     .image = {9, 9, 3},
     .outputs = 3},
    {.family = FAMILY_CONV,
     .depth = 2,
     .width = 19,
     .kernel_size = 3,
     .pooling = POOLING_FLATTEN,
     .image = {5, 5, 18},
     .outputs = 3},
    {.family = FAMILY_CONV, .write = write_unusual, .image = {7, 9, 3}, .outputs = 3},
    {.family = FAMILY_WRN, .blocks = 1, .width = 5, .image = {1, 1, 4}, .outputs = 3},
    {.family = FAMILY_WRN, .blocks = 1, .width = 4, .image = {9, 9, 3}, .outputs = 1},
    {.family = FAMILY_WRN, .blocks = 2, .width = 5, .image = {6, 7, 2}, .outputs = 1},
    {.family = FAMILY_WRN, .blocks = 1, .width = 17, .image = {5, 5, 3}, .outputs = 3},
};
enum { IMAGE_SHAPES = sizeof image_shapes / sizeof image_shapes[0] };

static inline struct recipe with_points(struct recipe recipe) {
    recipe.train = small_recipe.train;
    recipe.test = small_recipe.test;
    recipe.sigma_w2 = small_recipe.sigma_w2;
    recipe.sigma_b2 = small_recipe.sigma_b2;
    return recipe;
}

static inline struct recipe image_recipe(int number) { return with_points(image_shapes[number]); }

static inline void for_lists_by_hand(sample_check *check, struct tally *tally) {
    for (int number = 0; number < LISTS_BY_HAND; number++)
        for (int variant = 0; variant < VARIANTS; variant++)
            run_sample(recipe_variant(with_points(lists_by_hand[number]), variant), check, tally);
}

static inline void for_image_samples(sample_check *check, struct tally *tally) {
    for (int number = 0; number < IMAGE_SHAPES; number++)
        for (int variant = 0; variant < VARIANTS; variant++)
            run_sample(recipe_variant(image_recipe(number), variant), check, tally);
}

static inline void check_fc(const char *what, double limit, sample_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    for_fc_samples(small_recipe, check, &tally);
    tally_end(&tally);
}

/* Of every family, and of lists that no family writes. */
static inline void check_all(const char *what, double limit, sample_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    for_fc_samples(small_recipe, check, &tally);
    for_image_samples(check, &tally);
    for_lists_by_hand(check, &tally);
    tally_end(&tally);
}

#endif
