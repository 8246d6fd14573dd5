/* Networks: derivatives (central difference, adjoint identity, Euler's identity), initial weights, idle biases. */
#include "sample.h"

#include "matrix.h"

static int64_t rows(const struct sample *sample) { return sample->recipe.train * sample->recipe.outputs; }

static struct tape train_tape(struct sample *sample) {
    return sample_forward(sample, 0, sample->theta, sample->recipe.train, sample->x);
}

#if REAL_BITS == 64
enum { MOVES = 2 };

/* Short for functions with kinks, which should not lie within it: their third derivatives are those of products of
 * layers alone. */
static real step_of(const struct sample *sample) {
    enum activation_kind kind = sample->recipe.activation;
    bool has_kink = kind == ACTIVATION_RELU || kind == ACTIVATION_LEAKY_RELU || kind == ACTIVATION_PRELU;
    return has_kink ? 1e-7 : 3e-6;
}

static real *moved(struct sample *sample, const real *from, real by, const real *along, int64_t count) {
    real *to = sample_copy(sample, from, count);
    la_axpy(count, by, along, to);
    return to;
}

/* (f(theta + s dtheta, x + s dx) - f(theta - s dtheta, x - s dx)) / 2 s */
static real *central_difference(struct sample *sample, const real *dtheta, const real *dx) {
    int64_t n = sample->recipe.train, theta = sample->network->theta, inputs = n * sample->recipe.inputs;
    real *difference = sample_take(sample, rows(sample));
    size_t mark = arena_mark(&sample->arena);
    for (int side = -1; side <= 1; side += 2) {
        real by = (real)side * step_of(sample), *x = dx ? moved(sample, sample->x, by, dx, inputs) : sample->x;
        struct tape tape = sample_forward(sample, 0, moved(sample, sample->theta, by, dtheta, theta), n, x);
        la_axpy(rows(sample), (real)side / (2 * step_of(sample)), tape_outputs(sample, &tape), difference);
        arena_release(&sample->arena, mark);
    }
    return difference;
}

static void check_jvp(struct sample *sample, struct tally *tally) {
    real *dtheta = sample_random(sample, 11, sample->network->theta);
    real *dx = sample_random(sample, 12, sample->recipe.train * sample->recipe.inputs);
    struct tape tape = train_tape(sample);
    for (int move = 0; move < MOVES; move++) {
        real *with = move ? dx : NULL;
        tally_arrays(tally, sample->label, rows(sample), sample_jvp(sample, &tape, dtheta, with),
                     central_difference(sample, dtheta, with));
    }
}

static void test_jvp_central_difference(void **state) {
    (void)state;
    check_all("J v = central difference of f", 1e-7, check_jvp);
}

static bool is_filtered(const struct sample *sample) { return sample->network->node[0].in.rows > 1; }

/* What roundings of f make of the central difference of <w, f>: one on either side; of images 11, as convolutions by
 * F(4x4, 3x3) round in double (2.5e-15). */
static double difference_noise(const struct sample *sample, const real *w, const real *f) {
    double sum = 0;
    for (int64_t i = 0; i < rows(sample); i++) sum += fabs(w[i] * f[i]);
    return roundings(is_filtered(sample) ? 11 : 1) * sum / step_of(sample);
}

/* The gradient of <w, f> along a direction in one tensor at a time; rates are taken out again. */
static void check_vjp(struct sample *sample, struct tally *tally) {
    const struct network *network = sample->network;
    real *w = sample_random(sample, 13, rows(sample));
    struct tape tape = train_tape(sample);
    real *gradient = sample_gradient(sample, &tape, w);
    double noise = difference_noise(sample, w, tape_outputs(sample, &tape));
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        if (!tensor->is_active) continue;
        size_t mark = arena_mark(&sample->arena);
        real *along = sample_take(sample, network->theta);
        memcpy(along + tensor->offset, sample_random(sample, 20 + (uint64_t)t, tensor->size),
               (size_t)tensor->size * sizeof *along);
        double slope = la_dot(rows(sample), w, central_difference(sample, along, NULL));
        double product = la_dot(network->theta, gradient, along) / (double)tensor->rate;
        double size =
            sqrt(la_dot(tensor->size, gradient + tensor->offset, gradient + tensor->offset)) / (double)tensor->rate;
        tally_error(tally, sample->label, fmax(fabs(product - slope) - noise, 0) / size);
        arena_release(&sample->arena, mark);
    }
}

static void test_vjp_central_difference(void **state) {
    (void)state;
    check_all("<J_t' w, v> = central difference of <w, f>, tensor by tensor", 1e-7, check_vjp);
}
#endif

/* <w, J v> = <J' w, v>, weights and value `first` moving; rates are taken out of the gradient by v. */
static void check_adjoint_from(struct sample *sample, int first, struct tally *tally) {
    const struct network *network = sample->network;
    int64_t n = sample->recipe.train, size = network_value_size(network, first);
    real *value = sample_random(sample, 14, n * size), *dvalue = sample_random(sample, 15, n * size);
    real *dtheta = sample_random(sample, 16, network->theta), *gradient = sample_take(sample, network->theta);
    real *w = sample_random(sample, 17, rows(sample));
    struct tape tape = sample_forward(sample, first, sample->theta, n, value), tangent;
    network_tape(network, first, n, NULL, &sample->arena, &tangent);
    tangent.value[first] = first ? dvalue : NULL;
    network_jvp(network, first, sample->theta, dtheta, &tape, &tangent);
    struct cotape cotape;
    network_cotape(network, n, &sample->arena, &cotape);
    memcpy(cotape_value(network, &cotape, network->nodes), w, (size_t)rows(sample) * sizeof *w);
    network_vjp(network, first, sample->theta, &tape, &cotape, 1, gradient);
    double forward = la_dot(rows(sample), w, tape_outputs(sample, &tangent)), backward = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        if (tensor->is_active)
            backward += la_dot(tensor->size, gradient + tensor->offset, dtheta + tensor->offset) / (double)tensor->rate;
    }
    if (first) backward += la_dot(n * size, cotape_value(network, &cotape, first), dvalue);
    double scale = sqrt(la_dot(rows(sample), w, w) *
                        la_dot(rows(sample), tape_outputs(sample, &tangent), tape_outputs(sample, &tangent)));
    tally_error(tally, sample->label, fabs(forward - backward) / scale);
}

/* Does all that follows go through this value alone? */
static int is_cut(const struct network *network, int value) {
    for (int i = value; i < network->nodes; i++)
        for (int s = 0; s < SOURCES; s++)
            if (network->node[i].source[s] >= 0 && network->node[i].source[s] < value) return 0;
    return 1;
}

static void check_adjoint(struct sample *sample, struct tally *tally) {
    for (int first = 0; first <= 2; first++)
        if (first < sample->network->nodes && is_cut(sample->network, first)) check_adjoint_from(sample, first, tally);
}

static void test_adjoint(void **state) {
    (void)state;
    check_all("<w, J v> = <J' w, v>, from values 0, 1, 2 on", roundings(PASS), check_adjoint);
}

/* Steps may go straight into theta: each operator's tensors change after their last use. */
static void check_update_in_place(struct sample *sample, struct tally *tally) {
    const struct network *network = sample->network;
    if (network_is_tied(network)) return;
    real *w = sample_random(sample, 18, rows(sample)), *stepped = sample_copy(sample, sample->theta, network->theta);
    struct tape tape = train_tape(sample);
    la_axpy(network->theta, (real)-0.37, sample_gradient(sample, &tape, w), stepped);
    struct cotape cotape;
    network_cotape(network, tape.n, &sample->arena, &cotape);
    memcpy(cotape_value(network, &cotape, network->nodes), w, (size_t)rows(sample) * sizeof *w);
    network_vjp(network, 0, sample->theta, &tape, &cotape, (real)-0.37, sample->theta);
    tally_arrays(tally, sample->label, network->theta, sample->theta, stepped);
}

static void test_update_in_place(void **state) {
    (void)state;
    check_all("theta += alpha J' w in place", roundings(PASS), check_update_in_place);
}

/* ReLU without biases is homogeneous of degree 1 in the inputs and in each layer that no branch goes around, so of
 * degree D+1 in all weights where there are no branches: J theta = (D+1) f. */
static void check_euler(struct sample *sample, struct tally *tally) {
    const struct recipe *recipe = &sample->recipe;
    const struct network *network = sample->network;
    if (recipe->activation != ACTIVATION_RELU || recipe->sigma_b2 > 0 || recipe->write ||
        recipe->family == FAMILY_RESIDUAL)
        return;
    struct tape tape = train_tape(sample);
    const real *f = tape_outputs(sample, &tape);
    real *none = sample_take(sample, network->theta), *sum = sample_take(sample, rows(sample));
    tally_arrays(tally, sample->label, rows(sample), sample_jvp(sample, &tape, none, sample->x), f);
    for (int layer = 0; layer < network->layers; layer++) {
        if (recipe->family == FAMILY_WRN && layer > 0 && layer < network->layers - 1) continue;
        const struct tensor *weight = &network->tensor[2 * layer];
        real *along = sample_take(sample, network->theta);
        memcpy(along + weight->offset, sample->theta + weight->offset, (size_t)weight->size * sizeof *along);
        tally_arrays(tally, sample->label, rows(sample), sample_jvp(sample, &tape, along, NULL), f);
        la_axpy(rows(sample), 1, f, sum);
    }
    if (recipe->family != FAMILY_WRN)
        tally_arrays(tally, sample->label, rows(sample), sample_jvp(sample, &tape, sample->theta, NULL), sum);
}

static void test_euler(void **state) {
    (void)state;
    check_all("Euler: J x = f, J theta_l = f for each layer, J theta = (D+1) f", roundings(PASS), check_euler);
}

/* The same seed gives the same function in both parameterizations: theta is scaled by its deviation. */
static void check_parameterizations(struct sample *sample, struct tally *tally) {
    struct tape tape = train_tape(sample);
    const struct network *own = sample->network;
    sample->network = sample_network(sample, PARAMETERIZATION_NTK, RATES_UNIFORM);
    real *theta = sample_take(sample, sample->network->theta);
    network_initialize(sample->network, sample->recipe.seed, theta);
    struct tape other = sample_forward(sample, 0, theta, tape.n, sample->x);
    tally_arrays(tally, sample->label, rows(sample), tape.value[own->nodes], tape_outputs(sample, &other));
}

static void test_parameterizations(void **state) {
    (void)state;
    check_all("f_0 standard = f_0 NTK-parameterized", roundings(PASS), check_parameterizations);
}

static bool is_slope(const struct tensor *tensor) { return tensor->ndim == 1; }

/* Number i of tensor t by its definition; draws: what the tensor's counters give. */
static double initial(const struct recipe *recipe, int t, const struct tensor *tensor, double draw) {
    double fan_in = (double)tensor->size / (double)tensor->shape[tensor->ndim - 1];
    double variance = t % 2 ? recipe->sigma_b2 : recipe->sigma_w2 / fan_in;
    double deviation = recipe->parameterization == PARAMETERIZATION_NTK ? 1 : sqrt(variance);
    if (is_slope(tensor)) return sample_slope;
    if (recipe->draw == DRAW_ONES) return t % 2 ? 0 : deviation;
    return deviation * draw;
}

/* theta_0 is the double draw, scaled and rounded, whatever the precision. */
static void check_initial_weights(struct sample *sample, struct tally *tally) {
    (void)tally;
    const struct recipe *recipe = &sample->recipe;
    const struct network *network = sample->network;
    static double draw[1 << 14];
    int64_t count = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        assert_int_equal(tensor->offset, count);
        count += tensor->size;
        (recipe->draw == DRAW_UNIFORM ? random_uniform : random_normal)(recipe->seed, RANDOM_PARAMETERS, (uint64_t)t, 0,
                                                                        tensor->size, draw);
        for (int64_t i = 0; i < tensor->size; i++)
            assert_true(sample->theta[tensor->offset + i] == (real)initial(recipe, t, tensor, draw[i]));
    }
    assert_int_equal(network->theta, count);
    size_t mark = arena_mark(&sample->arena);
    real *other = sample_take(sample, count);
    network_initialize(network, recipe->seed + 1, other);
    for (int t = 0; t < network->tensors; t++)
        for (int64_t i = 0; i < network->tensor[t].size; i++) {
            real a = other[network->tensor[t].offset + i], b = sample->theta[network->tensor[t].offset + i];
            assert_true(a != b || a == 0 || is_slope(&network->tensor[t]) || recipe->draw == DRAW_ONES);
        }
    arena_release(&sample->arena, mark);
}

static void test_initial_weights(void **state) {
    (void)state;
    struct recipe recipe = small_recipe;
    recipe.width = 61; /* tensors of more than one piece */
    recipe.seed = 23;
    struct tally tally = {"theta_0 = deviation times the draw, rounded", 0, 0};
    for (int draw = DRAW_NORMAL; draw <= DRAW_ONES; draw++)
        for (int kind = PARAMETERIZATION_NTK; kind <= PARAMETERIZATION_STANDARD; kind++) {
            recipe.parameterization = (enum parameterization)kind;
            recipe.draw = (enum draw)draw;
            run_sample(recipe, check_initial_weights, &tally);
        }
    for_image_samples(check_initial_weights, &tally);
    tally_end(&tally);
}

/* With sigma_b^2 = 0 a bias is drawn, but neither seen, trained, counted nor measured. */
static void check_idle_biases(struct sample *sample, struct tally *tally) {
    if (sample->recipe.sigma_b2 > 0) return;
    const struct network *network = sample->network;
    struct tape tape = train_tape(sample);
    real *gradient = sample_gradient(sample, &tape, sample->y),
         *other = sample_copy(sample, sample->theta, network->theta);
    int64_t trained = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        trained += t % 2 ? 0 : tensor->size;
        for (int64_t i = 0; t % 2 && i < tensor->size; i++) {
            assert_true(gradient[tensor->offset + i] == 0);
            other[tensor->offset + i] += 100;
        }
    }
    assert_int_equal(network_parameters(network), trained);
    struct tape moved_tape = sample_forward(sample, 0, other, tape.n, sample->x);
    tally_arrays(tally, sample->label, rows(sample), tape_outputs(sample, &moved_tape), tape_outputs(sample, &tape));
    for (int layer = 0; layer < network->layers; layer++) {
        double norm;
        tally_error(tally, sample->label, network_layer_distance(network, layer, other, sample->theta, &norm));
    }
}

static void test_idle_biases(void **state) {
    (void)state;
    check_all("biases with sigma_b^2 = 0 have no effect", 0, check_idle_biases);
}

/* |a_l - b_l| and |b_l| over weight and bias together. */
static void check_layer_distance(struct sample *sample, struct tally *tally) {
    const struct network *network = sample->network;
    if (sample->recipe.sigma_b2 == 0) return;
    real *other = sample_random(sample, 19, network->theta);
    for (int layer = 0; layer < network->layers; layer++) {
        const struct tensor *weight = &network->tensor[2 * layer], *bias = weight + 1;
        assert_int_equal(network->layer[layer].bias, 2 * layer + 1);
        double squares = 0, norm_squares = 0, norm;
        for (int64_t i = weight->offset; i < bias->offset + bias->size; i++) {
            squares += pow((double)other[i] - (double)sample->theta[i], 2);
            norm_squares += pow((double)sample->theta[i], 2);
        }
        double distance = network_layer_distance(network, layer, other, sample->theta, &norm);
        tally_numbers(tally, sample->label, distance, sqrt(squares));
        tally_numbers(tally, sample->label, norm, sqrt(norm_squares));
    }
}

static void test_layer_distance(void **state) {
    (void)state;
    check_all("layer distance, by its definition", PASS * DBL_EPSILON, check_layer_distance);
}

/* ---- what a family writes ---- */

static const struct {
    struct recipe recipe;
    int layers;
    const char *name[16];
    int64_t weights, biases, products; /* numbers; multiply-adds of a point */
    int states;
} families[] = {
    {{.depth = 2, .width = 13, .inputs = 7, .outputs = 3},
     3,
     {"dense_1", "dense_2", "readout"},
     7 * 13 + 13 * 13 + 13 * 3,
     13 + 13 + 3,
     7 * 13 + 13 * 13 + 13 * 3,
     2},
    {{.family = FAMILY_CONV, .depth = 2, .width = 5, .kernel_size = 3, .image = {6, 7, 2}, .outputs = 3},
     3,
     {"conv_1", "conv_2", "readout"},
     9 * 2 * 5 + 9 * 5 * 5 + 5 * 3,
     5 + 5 + 3,
     42 * (9 * 2 * 5 + 9 * 5 * 5) + 5 * 3,
     2},
    {{.family = FAMILY_CONV,
      .depth = 1,
      .width = 5,
      .kernel_size = 5,
      .pooling = POOLING_FLATTEN,
      .image = {6, 7, 2},
      .outputs = 3},
     2,
     {"conv_1", "readout"},
     25 * 2 * 5 + 42 * 5 * 3,
     5 + 3,
     42 * 25 * 2 * 5 + 42 * 5 * 3,
     1},
    {{.family = FAMILY_WRN, .blocks = 2, .width = 3, .image = {6, 7, 2}, .outputs = 1},
     16,
     {"conv_1", "group1_block1_conv1", "group1_block1_conv2", "group1_block2_conv1", "group1_block2_conv2",
      "group2_block1_conv1", "group2_block1_conv2", "group2_block1_shortcut", "group2_block2_conv1",
      "group2_block2_conv2", "group3_block1_conv1", "group3_block1_conv2", "group3_block1_shortcut",
      "group3_block2_conv1", "group3_block2_conv2", "readout"},
     9 * 2 * 3 + 12 * 9 * 3 * 3 + 2 * 3 * 3 + 3,
     15 * 3 + 1,
     42 * 9 * 3 * (2 + 4 * 3) + 12 * 3 * 3 * (4 * 9 + 1) + 4 * 3 * 3 * (4 * 9 + 1) + 3,
     2},
};

/* States follow each other and are of one size: of a wrn those of the last group. */
static void check_states(const struct network *network, int count) {
    assert_int_equal(network->states, count);
    for (int l = 1; l < count; l++) {
        assert_true(network->state[l - 1] < network->state[l]);
        assert_int_equal(network_value_size(network, network->state[l - 1]),
                         network_value_size(network, network->state[l]));
    }
}

static void test_names_and_counts(void **state) {
    (void)state;
    for (size_t number = 0; number < sizeof families / sizeof families[0]; number++)
        for (int bias = 0; bias < 2; bias++) {
            struct recipe recipe = families[number].recipe;
            recipe.sigma_w2 = 1.7;
            recipe.sigma_b2 = bias ? 0.3 : 0;
            struct sample sample;
            sample_create(recipe, &sample);
            const struct network *network = sample.network;
            assert_int_equal(network->layers, families[number].layers);
            for (int layer = 0; layer < network->layers; layer++)
                assert_string_equal(network->layer[layer].name, families[number].name[layer]);
            assert_int_equal(network_parameters(network),
                             families[number].weights + (bias ? families[number].biases : 0));
            assert_true(network_flops(network, 0, 5) == 10 * (double)families[number].products);
            check_states(network, families[number].states);
            const struct tensor *first = &network->tensor[0];
            double first_flops = network_flops(network, 0, 5) - network_flops(network, 1, 5);
            assert_true(first_flops ==
                        10.0 * (double)(first->size * network->node[0].out.rows * network->node[0].out.columns));
            sample_free(&sample);
        }
}

/* ---- what cannot be ---- */

static void write_unlike_branches(struct builder *builder, int64_t outputs) {
    struct cursor input = builder->at;
    build_dense(builder, 3, "left");
    build_activation(builder);
    struct cursor left = builder->at;
    builder->at = input;
    build_dense(builder, 2, "right");
    struct cursor right = builder->at;
    builder->at = left;
    build_sum(builder, right, 1);
    build_dense(builder, outputs, "readout");
}

/* The place is that of what is read, not the end of the list. */
static void test_refusal(void **state) {
    (void)state;
    const struct config config = {.network.sigma_w2 = 2};
    struct network network;
    assert_int_equal(build_network(&config, write_unlike_branches, (struct shape){1, 1, 4}, 1, &network), ERROR_INPUT);
    assert_non_null(strstr(status_message(), "after left: a sum with a value of 1x1 pixels, 2 channels"));
    network_free(&network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#if REAL_BITS == 64
        cmocka_unit_test(test_jvp_central_difference),
        cmocka_unit_test(test_vjp_central_difference),
#endif
        cmocka_unit_test(test_adjoint),
        cmocka_unit_test(test_update_in_place),
        cmocka_unit_test(test_euler),
        cmocka_unit_test(test_parameterizations),
        cmocka_unit_test(test_initial_weights),
        cmocka_unit_test(test_idle_biases),
        cmocka_unit_test(test_layer_distance),
        cmocka_unit_test(test_names_and_counts),
        cmocka_unit_test(test_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
