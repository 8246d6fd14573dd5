/* Jacobians between states: products forth against central differences and against products back, their singular values
 * by matrices against a plain matrix of products forth, by products against matrices. */
#include <stdlib.h>

#include "jacobian.h"
#include "sample.h"
#include "singular.h"

/* The input itself is h_0, and a value from before h_L is read behind it. */
static void write_states_only(struct builder *builder, int64_t outputs) {
    const struct cursor input = builder->at;
    build_state(builder);
    build_activation(builder);
    build_dense(builder, shape_size(input.shape), "cell_1");
    const struct cursor step = builder->at;
    builder->at = input;
    build_sum(builder, step, 0.7);
    build_state(builder);
    const struct cursor h = builder->at;
    build_activation(builder);
    build_dense(builder, shape_size(input.shape), "cell_2");
    build_sum(builder, h, 1);
    build_state(builder);
    build_sum(builder, step, 1);
    build_dense(builder, outputs, "readout");
}

static const struct recipe others[] = {
    {.write = write_states_only, .inputs = 9, .outputs = 2},
    {.write = write_tied, .depth = 3, .width = 13, .inputs = 7, .outputs = 1, .layers = LAYERS_READOUT},
    {.family = FAMILY_RESIDUAL, .depth = 3, .width = 13, .inputs = 7, .outputs = 1, .step = STEP_ROOT},
    {.family = FAMILY_RESIDUAL,
     .depth = 4,
     .width = 11,
     .inputs = 7,
     .outputs = 3,
     .cell = CELL_TWO,
     .weights = WEIGHTS_KNOTS,
     .knots = 3,
     .step = STEP_TIME,
     .solver = SOLVER_RK4,
     .time_input = true,
     .inject = true},
    {.family = FAMILY_RESIDUAL,
     .depth = 5,
     .width = 11,
     .inputs = 7,
     .outputs = 3,
     .cell = CELL_POST,
     .state = STATE_INPUT,
     .readout = READOUT_NONE,
     .inject = true},
};
enum { OTHERS = sizeof others / sizeof *others };

static void check_states(const char *what, double limit, sample_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    for_fc_samples(small_recipe, check, &tally);
    for_image_samples(check, &tally);
    for_lists_by_hand(check, &tally);
    for (int number = 0; number < OTHERS; number++)
        for (int variant = 0; variant < VARIANTS; variant++)
            run_sample(recipe_variant(with_points(others[number]), variant), check, &tally);
    tally_end(&tally);
}

/* One example, its values, and what goes on between two of its states. */
struct between {
    struct sample *sample;
    const struct network *network;
    struct tape tape;
    int first, last; /* values h_l, h_L */
    int64_t size;
};

static struct between begin(struct sample *sample) {
    const struct network *network = sample->network;
    return (struct between){.sample = sample,
                            .network = network,
                            .tape = sample_forward(sample, 0, sample->theta, 1, sample->x),
                            .last = network->state[network->states - 1],
                            .size = network_value_size(network, network->state[0])};
}

/* H v */
static const real *forth(const struct between *between, real *v) {
    struct tape tangent;
    network_tape(between->network, between->first, 1, NULL, &between->sample->arena, &tangent);
    tangent.value[between->first] = v;
    network_jvp_between(between->network, between->first, between->last, between->sample->theta, &between->tape,
                        &tangent);
    return tangent.value[between->last];
}

/* H' u, after cotangents of something else have been where those of this way will be. */
static const real *back(const struct between *between, const real *u) {
    struct network network = *between->network;
    struct cotape cotape;
    network.first_trained = NONE;
    network_cotape(&network, 1, &between->sample->arena, &cotape);
    for (int slot = 0; slot < network.slots; slot++)
        for (int64_t i = 0; i < network.slot_size[slot]; i++) cotape.buffer[slot][i] = 7;
    memcpy(cotape_value(&network, &cotape, between->last), u, (size_t)between->size * sizeof *u);
    network_vjp_from(&network, between->last, 1, &cotape);
    for (int i = between->last - 1; i >= between->first; i--)
        network_vjp_node(&network, network.state[0], i, between->sample->theta, &between->tape, 1, &cotape);
    return cotape_value(&network, &cotape, between->first);
}

typedef void check_between(struct between *between, struct tally *tally);

static void each_state(struct sample *sample, check_between *check, struct tally *tally) {
    if (sample->network->states == 0) return;
    struct between between = begin(sample);
    for (int l = 0; l < sample->network->states; l++) {
        size_t mark = arena_mark(&sample->arena);
        between.first = sample->network->state[l];
        check(&between, tally);
        arena_release(&sample->arena, mark);
    }
}

#if REAL_BITS == 64
/* (h_L(h_l + s v) - h_L(h_l - s v))/2 s */
static real *central_difference(const struct between *between, const real *v) {
    static const real STEP = 3e-6;
    struct sample *sample = between->sample;
    real *difference = sample_take(sample, between->size);
    for (int side = -1; side <= 1; side += 2) {
        struct tape tape;
        network_tape(between->network, between->first, 1, sample->work, &sample->arena, &tape);
        for (int i = 0; i < between->first; i++) tape.value[i] = between->tape.value[i];
        tape.value[between->first] = sample_copy(sample, between->tape.value[between->first], between->size);
        la_axpy(between->size, (real)side * STEP, v, tape.value[between->first]);
        network_forward(between->network, between->first, sample->theta, &tape);
        la_axpy(between->size, (real)side / (2 * STEP), tape.value[between->last], difference);
    }
    return difference;
}

static void check_difference(struct between *between, struct tally *tally) {
    real *v = sample_random(between->sample, 31, between->size);
    tally_arrays(tally, between->sample->label, between->size, forth(between, v), central_difference(between, v));
}

static void check_differences(struct sample *sample, struct tally *tally) {
    each_state(sample, check_difference, tally);
}

static void test_central_difference(void **state) {
    (void)state;
    check_states("H v = central difference of h_L", 1e-6, check_differences);
}
#endif

static void check_adjoint(struct between *between, struct tally *tally) {
    real *v = sample_random(between->sample, 32, between->size), *u = sample_random(between->sample, 33, between->size);
    const real *hv = forth(between, v);
    double size = sqrt(la_dot(between->size, u, u) * la_dot(between->size, hv, hv));
    double error = fabs(la_dot(between->size, u, hv) - la_dot(between->size, back(between, u), v));
    tally_error(tally, between->sample->label, size > 0 ? error / size : error);
}

static void check_adjoints(struct sample *sample, struct tally *tally) { each_state(sample, check_adjoint, tally); }

static void test_adjoint(void **state) {
    (void)state;
    check_states("<u, H v> = <H' u, v>", roundings(4 * PASS), check_adjoints);
}

/* ---- singular values ---- */

static void run_jacobian(struct sample *sample, int64_t most, struct ends *ends) {
    struct jacobian jacobian;
    struct arena sizes = arena_counting(), arena;
    jacobian_lay_out(sample->network, most, &sizes, &jacobian);
    assert_int_equal(arena_create(sizes.peak, &arena), OK);
    jacobian_lay_out(sample->network, most, &arena, &jacobian);
    assert_false(jacobian_extremes(&jacobian, sample->theta, sample->x, NULL, ends));
    arena_free(&arena);
}

/* Of H as products forth with all unit vectors make it. */
static struct ends plain_ends(const struct between *between) {
    int64_t n = between->size;
    double *matrix = calloc((size_t)(n * n + n + la_singular_work(n)), sizeof *matrix), *value = matrix + n * n;
    real *unit = sample_take(between->sample, n);
    for (int64_t i = 0; i < n; i++) {
        size_t mark = arena_mark(&between->sample->arena);
        unit[i] = 1;
        la_to_double(n, forth(between, unit), matrix + i * n);
        unit[i] = 0;
        arena_release(&between->sample->arena, mark);
    }
    assert_true(la_singular(n, matrix, value, value + n));
    struct ends ends = {value[0], value[n - 1]};
    free(matrix);
    return ends;
}

static void tally_ends(struct tally *tally, const char *label, struct ends a, struct ends b) {
    tally_error(tally, label, fabs(a.largest - b.largest) / b.largest);
    tally_error(tally, label, fabs(a.smallest - b.smallest) / b.largest);
}

/* LAPACK need not be tested with large ones. */
static bool is_small(const struct sample *sample) {
    return sample->network->states > 0 && network_value_size(sample->network, sample->network->state[0]) <= 200;
}

static void check_matrices(struct sample *sample, struct tally *tally) {
    struct ends ends[16];
    if (!is_small(sample)) return;
    run_jacobian(sample, JACOBIAN_MOST, ends);
    struct between between = begin(sample);
    for (int l = 0; l < sample->network->states; l++) {
        size_t mark = arena_mark(&sample->arena);
        between.first = sample->network->state[l];
        tally_ends(tally, sample->label, ends[l], plain_ends(&between));
        arena_release(&sample->arena, mark);
    }
}

static void test_matrices(void **state) {
    (void)state;
    check_states("singular values: one way back = all ways forth", roundings(250), check_matrices);
}

static void check_products(struct sample *sample, struct tally *tally) {
    struct ends matrices[16], products[16];
    if (!is_small(sample)) return;
    run_jacobian(sample, JACOBIAN_MOST, matrices);
    run_jacobian(sample, 0, products);
    for (int l = 0; l < sample->network->states; l++) {
        if (begin(sample).size > JACOBIAN_PRODUCTS && isnan(products[l].smallest)) /* not found */
            products[l].smallest = matrices[l].smallest;
        if (matrices[l].largest > 0) tally_ends(tally, sample->label, products[l], matrices[l]);
    }
}

static void test_products(void **state) {
    (void)state;
    check_states("singular values: products = matrices", 1e-3, check_products);
}

/* Many more numbers than products, blocks near the identity: both ends to a residual of 1e-3 of their own. */
static void test_products_of_many(void **state) {
    (void)state;
    struct tally tally = {.what = "singular values of 400 x 400: products = matrices", .limit = 1e-3};
    struct recipe recipe = {.write = write_tied, .depth = 3, .width = 400, .inputs = 7, .outputs = 1};
    struct ends matrices[4], products[4];
    struct sample sample;
    recipe.activation = ACTIVATION_TANH;
    sample_create(with_points(recipe), &sample);
    run_jacobian(&sample, JACOBIAN_MOST, matrices);
    run_jacobian(&sample, 0, products);
    for (int l = 0; l < 4; l++) {
        tally_numbers(&tally, "largest", products[l].largest, matrices[l].largest);
        tally_numbers(&tally, "smallest", products[l].smallest, matrices[l].smallest);
    }
    sample_free(&sample);
    tally_end(&tally);
}

/* A unit that is dead takes a row out of H, and what rounding leaves of it is 0. */
static void test_dead_units(void **state) {
    (void)state;
    struct recipe recipe =
        with_points((struct recipe){.depth = 3, .width = 13, .inputs = 7, .outputs = 1, .activation = ACTIVATION_RELU});
    struct ends matrices[3], products[3];
    struct sample sample;
    sample_create(recipe, &sample);
    run_jacobian(&sample, JACOBIAN_MOST, matrices);
    run_jacobian(&sample, 0, products);
    for (int l = 0; l < 2; l++) {
        assert_true(matrices[l].smallest == 0 && products[l].smallest == 0);
        assert_true(matrices[l].largest > 0.1);
    }
    assert_true(matrices[2].smallest == 1 && matrices[2].largest == 1);
    sample.theta[0] = (real)NAN;
    run_jacobian(&sample, JACOBIAN_MOST, matrices);
    run_jacobian(&sample, 0, products);
    assert_true(isnan(matrices[0].largest) && isnan(products[0].smallest));
    sample_free(&sample);
}

static bool stop(void *context) {
    (void)context;
    return true;
}

static void test_host(void **state) {
    (void)state;
    const struct host host = {.stop = stop};
    struct sample sample;
    sample_create(small_recipe, &sample);
    for (int64_t most = 0; most <= JACOBIAN_MOST; most += JACOBIAN_MOST) {
        struct jacobian jacobian;
        struct ends ends[16];
        jacobian_lay_out(sample.network, most, &sample.arena, &jacobian);
        assert_true(jacobian_extremes(&jacobian, sample.theta, sample.x, &host, ends));
    }
    sample_free(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#if REAL_BITS == 64
        cmocka_unit_test(test_central_difference),
#endif
        cmocka_unit_test(test_adjoint),
        cmocka_unit_test(test_matrices),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_products_of_many),
        cmocka_unit_test(test_dead_units),
        cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
