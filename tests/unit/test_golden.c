/* Every value of golden_fc.h5, golden_images.h5 and golden_depth.h5 (JAX, in double): functions, derivatives, kernels,
 * trajectories. */
#include "dynamics.h"

#include <stdlib.h>

#include "golden_files.h"
#include "infinite_call.h"
#include "matrix.h"

/* Relative errors: of one evaluation (infinite-width tanh too), and after steps of training. In f32 from what a change of theta_0 by a rounding
 * makes of outputs (tried in f64): at most 8-fold in one evaluation, of which there are a few after each other; 50-fold in 50 steps, each of which
 * adds one. */
static const double LIMIT = BITS(1e-12, 8 * 4 * (double)REAL_EPSILON),
                    LIMIT_STEPS = BITS(1e-9, 50 * 50 * (double)REAL_EPSILON);

/* Strides 1, 2, 2, which the family does not have. */
static void write_strided(struct builder *builder, int64_t outputs) {
    for (int layer = 1; layer <= builder->config->network.depth; layer++) {
        build_convolution(builder, builder->config->width, 3, layer > 1 ? 2 : 1, "conv_%d", layer);
        build_activation(builder);
    }
    build_pooling(builder, builder->at.shape.rows, builder->at.shape.columns);
    build_dense(builder, outputs, "readout");
}

/* As exact as roundings allow; the values are. */
#define EQUILIBRIUM(cell_, activation_, solver_)                                                                       \
    {                                                                                                                  \
        .family = FAMILY_DEQ, .cell = cell_, .activation = activation_, .solver = solver_, .iterations = 500,          \
        .tolerance = BITS(1e-14, 1e-6)                                                                                 \
    }

/* What stands in words in the files; numbers are read. */
static const struct {
    const char *name;
    struct recipe recipe;
} cases[] = {
    {"fc_erf_d3", {.activation = ACTIVATION_ERF}},
    {"fc_identity_d2", {.activation = ACTIVATION_IDENTITY}},
    {"fc_linear_d0_k2", {.activation = ACTIVATION_RELU}},
    {"fc_relu_d1", {.activation = ACTIVATION_RELU}},
    {"fc_relu_d3_k3", {.activation = ACTIVATION_RELU}},
    {"fc_tanh_d2_k2", {.activation = ACTIVATION_TANH}},
    {"conv_erf_d3_flatten_k2", {.family = FAMILY_CONV, .activation = ACTIVATION_ERF, .pooling = POOLING_FLATTEN}},
    {"conv_relu_d2_global", {.family = FAMILY_CONV, .activation = ACTIVATION_RELU}},
    {"conv_relu_d3_strided", {.family = FAMILY_CONV, .activation = ACTIVATION_RELU, .write = write_strided}},
    {"conv_tanh_d2_global_5x5", {.family = FAMILY_CONV, .activation = ACTIVATION_TANH}},
    {"wrn_erf_b2", {.family = FAMILY_WRN, .activation = ACTIVATION_ERF}},
    {"wrn_relu_b1_k2", {.family = FAMILY_WRN, .activation = ACTIVATION_RELU}},
    {"chain_m2",
     {.family = FAMILY_RESIDUAL,
      .activation = ACTIVATION_RELU,
      .cell = CELL_POST,
      .state = STATE_INPUT,
      .readout = READOUT_NONE}},
    {"chain_m4",
     {.family = FAMILY_RESIDUAL,
      .activation = ACTIVATION_LEAKY_RELU,
      .cell = CELL_TWO,
      .state = STATE_INPUT,
      .readout = READOUT_NONE}},
    {"ode_euler_erf_k2",
     {.family = FAMILY_RESIDUAL, .activation = ACTIVATION_ERF, .weights = WEIGHTS_SHARED, .step = STEP_TIME}},
    {"ode_euler_relu",
     {.family = FAMILY_RESIDUAL, .activation = ACTIVATION_RELU, .weights = WEIGHTS_SHARED, .step = STEP_TIME}},
    {"ode_heun_knots",
     {.family = FAMILY_RESIDUAL,
      .activation = ACTIVATION_ERF,
      .cell = CELL_TWO,
      .weights = WEIGHTS_KNOTS,
      .step = STEP_TIME,
      .solver = SOLVER_HEUN}},
    {"ode_midpoint_two_time",
     {.family = FAMILY_RESIDUAL,
      .activation = ACTIVATION_TANH,
      .cell = CELL_TWO,
      .weights = WEIGHTS_SHARED,
      .step = STEP_TIME,
      .solver = SOLVER_MIDPOINT,
      .time_input = 1,
      .state = STATE_INPUT,
      .readout = READOUT_NONE}},
    {"ode_rk4_tanh",
     {.family = FAMILY_RESIDUAL,
      .activation = ACTIVATION_TANH,
      .weights = WEIGHTS_SHARED,
      .step = STEP_TIME,
      .solver = SOLVER_RK4}},
    {"resnet_one_two", {.family = FAMILY_RESIDUAL, .activation = ACTIVATION_RELU, .cell = CELL_TWO}},
    {"resnet_root_relu", {.family = FAMILY_RESIDUAL, .activation = ACTIVATION_RELU, .step = STEP_ROOT}},
    {"deq_one_relu", EQUILIBRIUM(CELL_ONE, ACTIVATION_RELU, SOLVER_PICARD)},
    {"deq_one_relu", EQUILIBRIUM(CELL_ONE, ACTIVATION_RELU, SOLVER_ANDERSON)},
    {"deq_one_tanh_k2", EQUILIBRIUM(CELL_ONE, ACTIVATION_TANH, SOLVER_PICARD)},
    {"deq_one_tanh_k2", EQUILIBRIUM(CELL_ONE, ACTIVATION_TANH, SOLVER_ODE)},
    {"deq_two_tanh", EQUILIBRIUM(CELL_TWO, ACTIVATION_TANH, SOLVER_EULER)},
    {"deq_two_tanh", EQUILIBRIUM(CELL_TWO, ACTIVATION_TANH, SOLVER_ANDERSON)},
    {"deq_two_tanh", EQUILIBRIUM(CELL_TWO, ACTIVATION_TANH, SOLVER_ODE)},
};
enum { CASES = sizeof cases / sizeof cases[0], TRAIN = 6, TEST = 4, KEPT_STEPS = 4 };

/* NULL: another test reads it */
static const char *const file_of[FAMILIES] = {[FAMILY_FC] = TEST_DATA "/golden_fc.h5",
                                              [FAMILY_CONV] = TEST_DATA "/golden_images.h5",
                                              [FAMILY_WRN] = TEST_DATA "/golden_images.h5",
                                              [FAMILY_RESIDUAL] = TEST_DATA "/golden_depth.h5",
                                              [FAMILY_DEQ] = TEST_DATA "/golden_depth.h5"};

/* ---- reading ---- */

struct golden {
    struct sample sample;
    hid_t group;
    int64_t train, test; /* rows */
};

static real *read_array(struct golden *golden, const char *name, int64_t count) {
    real *taken = sample_take(&golden->sample, count);
    la_from_double(count, read_doubles(golden->group, name, count), taken);
    return taken;
}

/* All tensors of parameters/NN<suffix> in our flat order. */
static void read_tensors(struct golden *golden, const char *suffix, real *theta) {
    const struct network *network = golden->sample.network;
    for (int t = 0, number = 0; t < network->tensors; t++) {
        char name[40];
        const struct tensor *tensor = &network->tensor[t];
        if (tensor->size == 0) continue; /* a bias that a layer does not have */
        snprintf(name, sizeof name, "parameters/%02d%s", number++, suffix);
        la_from_double(tensor->size, read_doubles(golden->group, name, tensor->size), theta + tensor->offset);
    }
}

static int64_t read_inputs_size(hid_t group) {
    hid_t dataset = H5Dopen(group, "x_train", H5P_DEFAULT), space = H5Dget_space(dataset);
    int64_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    H5Dclose(dataset);
    assert_true(count > 0 && count % TRAIN == 0);
    return count / TRAIN;
}

static struct recipe read_recipe(hid_t group, struct recipe recipe) {
    recipe.train = TRAIN;
    recipe.test = TEST;
    recipe.kernel_size = 3;
    recipe.inputs = read_inputs_size(group);
    read_attribute(group, "depth", H5T_NATIVE_INT64, &recipe.depth);
    read_attribute(group, "blocks", H5T_NATIVE_INT64, &recipe.blocks);
    read_attribute(group, "width", H5T_NATIVE_INT64, &recipe.width);
    read_attribute(group, "kernel_size", H5T_NATIVE_INT64, &recipe.kernel_size);
    read_attribute(group, "k", H5T_NATIVE_INT64, &recipe.outputs);
    read_attribute(group, "shape", H5T_NATIVE_INT64, &recipe.image);
    read_attribute(group, "knots", H5T_NATIVE_INT64, &recipe.knots);
    read_attribute(group, "augment", H5T_NATIVE_INT64, &recipe.augment);
    read_attribute(group, "time", H5T_NATIVE_DOUBLE, &recipe.time);
    read_attribute(group, "sigma_w2", H5T_NATIVE_DOUBLE, &recipe.sigma_w2);
    read_attribute(group, "sigma_b2", H5T_NATIVE_DOUBLE, &recipe.sigma_b2);
    read_attribute(group, "feedback_w2", H5T_NATIVE_DOUBLE, &recipe.feedback_w2);
    read_attribute(group, "expansion", H5T_NATIVE_INT64, &recipe.expansion);
    return recipe;
}

static void golden_open(hid_t file, int number, struct golden *golden) {
    hid_t group = H5Gopen(file, cases[number].name, H5P_DEFAULT);
    assert_true(group >= 0);
    struct sample *sample = &golden->sample;
    sample_create(read_recipe(group, cases[number].recipe), sample);
    int64_t inputs = sample->recipe.inputs, outputs = sample->recipe.outputs;
    golden->group = group;
    golden->train = TRAIN * outputs;
    golden->test = TEST * outputs;
    la_from_double(TRAIN * inputs, read_doubles(group, "x_train", TRAIN * inputs), sample->x);
    la_from_double(TEST * inputs, read_doubles(group, "x_test", TEST * inputs), sample->x + TRAIN * inputs);
    la_from_double(golden->train, read_doubles(group, "y_train", golden->train), sample->y);
    sample_gram(sample);
    read_tensors(golden, "", sample->theta);
}

typedef void golden_check(struct golden *golden, int number, struct tally *tally);

static void check_golden(const char *what, double limit, golden_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    hid_t file[FAMILIES];
    for (int f = 0; f < FAMILIES; f++) {
        file[f] = file_of[f] ? H5Fopen(file_of[f], H5F_ACC_RDONLY, H5P_DEFAULT) : H5I_INVALID_HID;
        assert_true(file[f] >= 0 || !file_of[f]);
    }
    for (int number = 0; number < CASES; number++) {
        struct golden golden;
        golden_open(file[cases[number].recipe.family], number, &golden);
        check(&golden, number, &tally);
        H5Gclose(golden.group);
        sample_free(&golden.sample);
    }
    for (int f = 0; f < FAMILIES; f++)
        if (file_of[f]) H5Fclose(file[f]);
    tally_end(&tally);
}

/* ---- checks ---- */

static void check_function(struct golden *golden, int number, struct tally *tally) {
    struct sample *sample = &golden->sample;
    struct tape tape = sample_forward(sample, 0, sample->theta, TRAIN + TEST, sample->x);
    const real *f = tape_outputs(sample, &tape);
    tally_arrays(tally, cases[number].name, golden->train, f, read_array(golden, "f_train", golden->train));
    tally_arrays(tally, cases[number].name, golden->test, f + golden->train,
                 read_array(golden, "f_test", golden->test));
}

static void check_derivatives(struct golden *golden, int number, struct tally *tally) {
    struct sample *sample = &golden->sample;
    const struct network *network = sample->network;
    real *v = sample_take(sample, network->theta), *expected = sample_take(sample, network->theta);
    read_tensors(golden, "_tangent", v);
    read_tensors(golden, "_vjp", expected);
    struct tape tape = sample_forward(sample, 0, sample->theta, TRAIN, sample->x);
    tally_arrays(tally, cases[number].name, golden->train, sample_jvp(sample, &tape, v, NULL),
                 read_array(golden, "jvp_train", golden->train));
    const real *gradient = sample_gradient(sample, &tape, read_array(golden, "cotangent", golden->train));
    for (int t = 0; t < network->tensors; t++)
        tally_arrays(tally, cases[number].name, network->tensor[t].size, gradient + network->tensor[t].offset,
                     expected + network->tensor[t].offset);
}

static void check_kernels(struct golden *golden, int number, struct tally *tally) {
    struct start start = sample_start(&golden->sample);
    int64_t train = golden->train, test = golden->test;
    tally_arrays(tally, cases[number].name, train * train, start.train_train,
                 read_array(golden, "ntk_train_train", train * train));
    tally_arrays(tally, cases[number].name, test * train, start.test_train,
                 read_array(golden, "ntk_test_train", test * train));
}

/* The trajectories of a case, where it has them. */
static const struct way trajectories[] = {
    {"mse_momentum0.0", LOSS_MSE, OPTIMIZER_SGD, 0, 0, 0},
    {"mse_momentum0.9", LOSS_MSE, OPTIMIZER_SGD, 0.9, 0, 0},
    {"cross_entropy_momentum0.0", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0, 0, 0},
    {"cross_entropy_momentum0.9", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0.9, 0, 0},
};
enum { TRAJECTORIES = sizeof trajectories / sizeof trajectories[0] };

/* One case's rate is beyond its network's stable ones: roundings grow from step 30 to 50 when theta_0 changes. */
static const struct {
    const char *name;
    int64_t step;
    double growth;
} unstable = {"conv_tanh_d2_global_5x5", 30, 3e8};

static void tally_steps(struct tally *tally, int number, const char *name, int is_network, int64_t step, int64_t n,
                        const real *a, const real *b) {
    int grown = is_network && step > unstable.step && strcmp(cases[number].name, unstable.name) == 0;
    double limit = grown ? fmax(LIMIT_STEPS, roundings(unstable.growth)) : LIMIT_STEPS;
    char label[100];
    snprintf(label, sizeof label, "%s %s, step %d", cases[number].name, name, (int)step);
    tally_error(tally, label, relative_error(n, a, b) * LIMIT_STEPS / limit);
}

/* Class labels as one-hot targets. */
static const real *read_labels(struct golden *golden) {
    int64_t k = golden->sample.recipe.outputs;
    real *y = sample_take(&golden->sample, TRAIN * k);
    const double *label = read_doubles(golden->group, "labels", TRAIN);
    for (int64_t i = 0; i < TRAIN; i++) y[i * k + (int64_t)label[i]] = 1;
    return y;
}

/* Network and linearization at the kept steps. */
static void check_trajectory(struct golden *golden, int number, struct tally *tally, const struct way *way,
                             struct pair_form form) {
    struct sample *sample = &golden->sample;
    struct start start = sample_start(sample);
    struct points points = sample->points;
    if (way->loss == LOSS_CROSS_ENTROPY) points.y = read_labels(golden);
    static const int64_t steps[KEPT_STEPS] = {1, 2, 10, 50};
    static const char *const names[] = {"network_train", "network_test", "linear_train", "linear_test"};
    hid_t outer = golden->group;
    golden->group = H5Gopen(outer, way->name, H5P_DEFAULT);
    double eta = 0;
    read_attribute(golden->group, "learning_rate", H5T_NATIVE_DOUBLE, &eta);
    struct pair pair;
    pair_start(sample, &points, way, form, &start, (real)eta, &pair);
    const real *const values[] = {pair.network->f_train, pair.network->f_test, pair.linear->f_train,
                                  pair.linear->f_test};
    const int64_t rows[] = {golden->train, golden->test, golden->train, golden->test};
    const real *expected[4];
    for (int i = 0; i < 4; i++) expected[i] = read_array(golden, names[i], KEPT_STEPS * rows[i]);
    H5Gclose(golden->group);
    golden->group = outer;
    for (int kept = 0; kept < KEPT_STEPS; kept++) {
        pair_steps(&pair, steps[kept] - pair.step);
        pair_look(&pair);
        for (int i = 0; i < 4; i++)
            tally_steps(tally, number, way->name, i < 2, steps[kept], rows[i], values[i], expected[i] + kept * rows[i]);
    }
}

/* The first layer in its weights, or (where it may be) in sample space; the linearization in either space. */
static void check_training(struct golden *golden, int number, struct tally *tally) {
    for (int t = 0; t < TRAJECTORIES; t++)
        for (int form = 0; form < 2; form++) {
            size_t mark = arena_mark(&golden->sample.arena);
            if (H5Lexists(golden->group, trajectories[t].name, H5P_DEFAULT) > 0)
                check_trajectory(golden, number, tally, &trajectories[t],
                                 (struct pair_form){.is_plain = form, .in_parameters = form});
            arena_release(&golden->sample.arena, mark);
        }
}

static void test_function(void **state) {
    (void)state;
    check_golden("golden: f", LIMIT, check_function);
}
static void test_derivatives(void **state) {
    (void)state;
    check_golden("golden: J v, J' w", LIMIT, check_derivatives);
}
static void test_kernels(void **state) {
    (void)state;
    check_golden("golden: NTK", LIMIT, check_kernels);
}
static void test_training(void **state) {
    (void)state;
    check_golden("golden: network and linearization after steps", LIMIT_STEPS, check_training);
}

/* ---- infinite width ---- */

static void compare_part(struct golden *golden, int number, struct tally *tally, const char *name, const double *kernel,
                         int64_t from, int64_t rows, int64_t first, int64_t columns) {
    real *part = sample_take(&golden->sample, rows * columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            part[i * columns + j] = (real)kernel[(from + i) * (TRAIN + TEST) + first + j];
    tally_arrays(tally, cases[number].name, rows * columns, part, read_array(golden, name, rows * columns));
}

static void check_infinite(struct golden *golden, int number, struct tally *tally) {
    enum { ALL = TRAIN + TEST };
    struct sample *sample = &golden->sample;
    if (H5Lexists(golden->group, "ntk_inf_train_train", H5P_DEFAULT) <= 0) return;
    double k[ALL * ALL], theta[ALL * ALL];
    infinite_all(sample->network, ALL, sample->x, k, theta);
    compare_part(golden, number, tally, "nngp_inf_train_train", k, 0, TRAIN, 0, TRAIN);
    compare_part(golden, number, tally, "nngp_inf_test_train", k, TRAIN, TEST, 0, TRAIN);
    compare_part(golden, number, tally, "nngp_inf_test_test", k, TRAIN, TEST, TRAIN, TEST);
    compare_part(golden, number, tally, "ntk_inf_train_train", theta, 0, TRAIN, 0, TRAIN);
    compare_part(golden, number, tally, "ntk_inf_test_train", theta, TRAIN, TEST, 0, TRAIN);
}

static void test_infinite(void **state) {
    (void)state;
    check_golden("golden: infinite width", LIMIT, check_infinite);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function), cmocka_unit_test(test_derivatives), cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_training), cmocka_unit_test(test_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
