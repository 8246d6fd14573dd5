/* Empirical kernels: products with vectors, symmetry, trace, memory, chunks, sample space, rates, NNGP. */
#include "sample.h"

#include "empirical.h"
#include "matrix.h"

struct kernels {
    int64_t train, test; /* rows: points times outputs */
    struct ntk_kernels at;
};

static struct kernels kernels_take(struct sample *sample) {
    const struct recipe *recipe = &sample->recipe;
    struct kernels kernels = {.train = recipe->train * recipe->outputs, .test = recipe->test * recipe->outputs};
    kernels.at.train_train = sample_take(sample, kernels.train * kernels.train);
    kernels.at.test_train = sample_take(sample, kernels.test * kernels.train);
    kernels.at.nngp_train_train = sample_take(sample, recipe->train * recipe->train);
    kernels.at.nngp_test_train = sample_take(sample, recipe->test * recipe->train);
    return kernels;
}

static struct ntk_points from_inputs(const struct sample *sample) {
    return (struct ntk_points){sample->recipe.train, sample->recipe.test, 0, sample->x, NULL};
}

static struct kernels kernels_of(struct sample *sample, const real *theta, const struct ntk_points *points,
                                 int64_t bytes) {
    struct kernels kernels = kernels_take(sample);
    ntk_empirical(sample->network, theta, points, bytes, &sample->arena, &kernels.at, NULL);
    return kernels;
}

static struct kernels plain_kernels(struct sample *sample) {
    struct ntk_points points = from_inputs(sample);
    return kernels_of(sample, sample->theta, &points, KERNEL_BYTES);
}

static void tally_kernels(struct tally *tally, const struct sample *sample, struct kernels a, struct kernels b) {
    tally_arrays(tally, sample->label, a.train * a.train, a.at.train_train, b.at.train_train);
    tally_arrays(tally, sample->label, a.test * a.train, a.at.test_train, b.at.test_train);
    int64_t train = sample->recipe.train, test = sample->recipe.test;
    tally_arrays(tally, sample->label, train * train, a.at.nngp_train_train, b.at.nngp_train_train);
    tally_arrays(tally, sample->label, test * train, a.at.nngp_test_train, b.at.nngp_test_train);
}

/* The largest row of sum_j |Theta_ij v_j|: what is added up in Theta v, where it may cancel. */
static double summed(int64_t rows, int64_t columns, const real *theta, const real *v) {
    double most = 0;
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < columns; j++) sum += fabs((double)theta[i * columns + j] * (double)v[j]);
        most = worse(most, sum);
    }
    return most;
}

/* Theta(all, train) v = J(all) R J(train)' v, R the rates. */
static void check_products(struct sample *sample, struct tally *tally) {
    struct kernels kernels = plain_kernels(sample);
    struct tape train = sample_forward(sample, 0, sample->theta, sample->recipe.train, sample->x);
    struct tape all = sample_forward(sample, 0, sample->theta, sample->recipe.train + sample->recipe.test, sample->x);
    real *v = sample_random(sample, 31, kernels.train), *product = sample_take(sample, kernels.train + kernels.test);
    const real *expected = sample_jvp(sample, &all, sample_gradient(sample, &train, v), NULL);
    la_gemv(LA_PLAIN, kernels.train, kernels.train, 1, kernels.at.train_train, v, 0, product);
    la_gemv(LA_PLAIN, kernels.test, kernels.train, 1, kernels.at.test_train, v, 0, product + kernels.train);
    double size = worse(summed(kernels.train, kernels.train, kernels.at.train_train, v),
                        summed(kernels.test, kernels.train, kernels.at.test_train, v)),
           most = 0;
    for (int64_t i = 0; i < kernels.train + kernels.test; i++)
        most = worse(most, fabs((double)product[i] - (double)expected[i]));
    tally_error(tally, sample->label, most == 0 ? 0 : most / size);
}

static void test_products(void **state) {
    (void)state;
    check_all("Theta v = J (J' v), train and test rows", roundings(PASS), check_products);
}

static void check_symmetry(struct sample *sample, struct tally *tally) {
    struct kernels kernels = plain_kernels(sample);
    const real *theta = kernels.at.train_train;
    for (int64_t i = 0; i < kernels.train; i++)
        for (int64_t j = 0; j < i; j++)
            if (theta[i * kernels.train + j] != theta[j * kernels.train + i]) tally_error(tally, sample->label, 1);
}

static void test_symmetry(void **state) {
    (void)state;
    check_all("Theta is symmetric bit for bit", 0, check_symmetry);
}

/* trace Theta = sum over points and outputs of |gradient|^2, each tensor weighed by its rate */
static void check_trace(struct sample *sample, struct tally *tally) {
    const struct network *network = sample->network;
    struct kernels kernels = plain_kernels(sample);
    struct tape tape = sample_forward(sample, 0, sample->theta, sample->recipe.train, sample->x);
    double trace = 0, squares = 0;
    for (int64_t row = 0; row < kernels.train; row++) {
        size_t mark = arena_mark(&sample->arena);
        real *w = sample_take(sample, kernels.train);
        w[row] = 1;
        const real *gradient = sample_gradient(sample, &tape, w);
        trace += (double)kernels.at.train_train[row * kernels.train + row];
        for (int t = 0; t < network->tensors; t++) {
            const struct tensor *tensor = &network->tensor[t];
            if (tensor->is_active)
                squares += la_distance_squares(tensor->size, gradient + tensor->offset, NULL) / (double)tensor->rate;
        }
        arena_release(&sample->arena, mark);
    }
    tally_numbers(tally, sample->label, trace, squares);
}

static void test_trace(void **state) {
    (void)state;
    check_all("trace Theta = sum of squared gradients", roundings(PASS), check_trace);
}

/* The kernels from the first operator's outputs and the inputs' inner products. */
static struct kernels sample_space_kernels(struct sample *sample, int64_t bytes) {
    const struct recipe *recipe = &sample->recipe;
    struct tape tape = sample_forward(sample, 0, sample->theta, recipe->train + recipe->test, sample->x);
    struct ntk_points points = {recipe->train, recipe->test, 1, tape.value[1], sample->gram};
    return kernels_of(sample, sample->theta, &points, bytes);
}

static void check_sample_space(struct sample *sample, struct tally *tally) {
    tally_kernels(tally, sample, sample_space_kernels(sample, KERNEL_BYTES), plain_kernels(sample));
}

static void test_sample_space(void **state) {
    (void)state;
    check_fc("kernels from the first layer's outputs = from the inputs", roundings(PASS), check_sample_space);
}

static void check_rates(struct sample *sample, struct tally *tally) {
    if (sample->recipe.rates != RATES_MATCHED) return;
    struct kernels matched = plain_kernels(sample);
    sample->network = sample_network(sample, PARAMETERIZATION_NTK, RATES_UNIFORM);
    network_initialize(sample->network, sample->recipe.seed, sample->theta);
    tally_kernels(tally, sample, matched, plain_kernels(sample));
}

static void test_rates(void **state) {
    (void)state;
    check_all("standard kernel with matched rates = NTK-parameterized one", roundings(PASS), check_rates);
}

/* K = sigma_w^2/n <x^D, x^D'> + sigma_b^2 */
static void check_nngp(struct sample *sample, struct tally *tally) {
    const struct recipe *recipe = &sample->recipe;
    if (!network_has_readout(sample->network)) return;
    int64_t n = recipe->train, all = n + recipe->test;
    int64_t size = network_value_size(sample->network, sample->network->nodes - 1);
    struct kernels kernels = plain_kernels(sample);
    struct tape tape = sample_forward(sample, 0, sample->theta, all, sample->x);
    const real *last = tape.value[sample->network->nodes - 1];
    real *expected = sample_take(sample, all * n);
    for (int64_t i = 0; i < all; i++)
        for (int64_t j = 0; j < n; j++)
            expected[i * n + j] =
                (real)(recipe->sigma_w2 / (double)size * la_dot(size, last + i * size, last + j * size) +
                       recipe->sigma_b2);
    tally_arrays(tally, sample->label, n * n, kernels.at.nngp_train_train, expected);
    tally_arrays(tally, sample->label, recipe->test * n, kernels.at.nngp_test_train, expected + n * n);
}

static void test_nngp(void **state) {
    (void)state;
    check_all("NNGP kernel, by its definition", roundings(SUM), check_nngp);
}

/* ---- memory: passes, chunks, tiles ---- */

/* In more passes, or in fewer: the same bits. (Activations are no matter of memory.) */
static void check_bytes(struct sample *sample, struct tally *tally) {
    if (sample->recipe.activation != ACTIVATION_ERF) return;
    struct ntk_points points = from_inputs(sample);
    struct kernels one_pass = plain_kernels(sample), one_pass_above = {0};
    bool above = sample->points.gram && network_has_head(sample->network);
    if (above) one_pass_above = sample_space_kernels(sample, KERNEL_BYTES);
    for (int64_t bytes = 1; bytes < KERNEL_BYTES; bytes *= 12) {
        size_t mark = arena_mark(&sample->arena);
        tally_kernels(tally, sample, kernels_of(sample, sample->theta, &points, bytes), one_pass);
        if (above) tally_kernels(tally, sample, sample_space_kernels(sample, bytes), one_pass_above);
        arena_release(&sample->arena, mark);
    }
}

/* Several tiles, whose edges and the border between training and test points fall apart. */
static const struct recipe many_points[] = {
    {.activation = ACTIVATION_ERF,
     .depth = 2,
     .width = 13,
     .inputs = 7,
     .outputs = 2,
     .train = 131,
     .test = 77,
     .sigma_w2 = 1.7,
     .sigma_b2 = 0.3},
    {.family = FAMILY_CONV,
     .activation = ACTIVATION_ERF,
     .depth = 1,
     .width = 9,
     .kernel_size = 3,
     .image = {3, 4, 2},
     .outputs = 2,
     .train = 67,
     .test = 65,
     .sigma_w2 = 1.7,
     .sigma_b2 = 0.3},
};
enum { MANY = sizeof many_points / sizeof many_points[0] };

static void check_many(const char *what, double limit, sample_check *check) {
    struct tally tally = {.what = what, .limit = limit};
    for (int i = 0; i < MANY; i++) run_sample(many_points[i], check, &tally);
    tally_end(&tally);
}

static void test_bytes(void **state) {
    (void)state;
    check_all("any memory gives the same kernels bit for bit", 0, check_bytes);
    check_many("any memory gives the same kernels bit for bit, many points", 0, check_bytes);
}

/* Values and cotangents of seven such images are too many to go through the network together. */
static void test_chunks(void **state) {
    (void)state;
    struct recipe recipe = {.family = FAMILY_CONV,
                            .activation = ACTIVATION_ERF,
                            .depth = 1,
                            .width = 16,
                            .kernel_size = 3,
                            .image = {255, 257, 1},
                            .outputs = 3,
                            .train = 4,
                            .test = 3,
                            .sigma_w2 = 1.7,
                            .sigma_b2 = 0.3};
    struct tally tally = {"Theta v = J (J' v), in chunks", roundings(256), 0};
    struct sample sample;
    sample_create(recipe, &sample);
    assert_in_range(network_chunk(sample.network, 0, recipe.outputs, NETWORK_NUMBERS, recipe.train + recipe.test), 1,
                    recipe.train + recipe.test - 1);
    check_products(&sample, &tally);
    sample_free(&sample);
    tally_end(&tally);
}

static void reverse_rows(struct sample *sample, int64_t n, int64_t size, real *rows) {
    real *held = sample_copy(sample, rows, n * size);
    for (int64_t i = 0; i < n; i++) memcpy(rows + i * size, held + (n - 1 - i) * size, (size_t)size * sizeof *rows);
}

/* Training points in reverse order permute the kernel: point i with output a stands at (n-1-i, a). */
static void check_order(struct sample *sample, struct tally *tally) {
    struct kernels kernels = plain_kernels(sample);
    int64_t n = sample->recipe.train, k = sample->recipe.outputs, rows = kernels.train;
    reverse_rows(sample, n, sample->recipe.inputs, sample->x);
    struct kernels reversed = plain_kernels(sample);
    real *expected = sample_take(sample, rows * rows);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < rows; j++) {
            int64_t at = (n - 1 - i / k) * k + i % k, to = (n - 1 - j / k) * k + j % k;
            expected[i * rows + j] = kernels.at.train_train[at * rows + to];
        }
    tally_arrays(tally, sample->label, rows * rows, reversed.at.train_train, expected);
}

static void test_order(void **state) {
    (void)state;
    check_many("points in reverse order give the kernel reversed", roundings(SUM), check_order);
}

/* What is not wanted changes nothing in what is. */
static void check_parts(struct sample *sample, struct tally *tally) {
    struct ntk_points points = from_inputs(sample);
    struct kernels all = plain_kernels(sample);
    for (int part = 0; part < 4; part++) {
        struct kernels alone = kernels_take(sample);
        real **const wanted[] = {&alone.at.train_train, &alone.at.test_train, &alone.at.nngp_train_train,
                                 &alone.at.nngp_test_train};
        real *const whole[] = {all.at.train_train, all.at.test_train, all.at.nngp_train_train, all.at.nngp_test_train};
        for (int other = 0; other < 4; other++)
            if (other != part) *wanted[other] = NULL;
        ntk_empirical(sample->network, sample->theta, &points, 1 << 16, &sample->arena, &alone.at, NULL);
        for (int other = 0; other < 4; other++)
            if (other != part) *wanted[other] = whole[other];
        tally_kernels(tally, sample, alone, all);
    }
}

static void test_parts(void **state) {
    (void)state;
    check_many("each kernel alone = all together", 0, check_parts);
}

/* A counting arena gets the size that a real one needs, which keeps within the memory given; more memory, fewer passes.
 */
static void check_memory(struct sample *sample, struct tally *tally) {
    (void)tally;
    struct ntk_points points = from_inputs(sample);
    struct kernels kernels = kernels_take(sample);
    size_t least = 0;
    double flops = DBL_MAX;
    for (int64_t bytes = 1; bytes < 1 << 24; bytes = bytes * 7 / 4 + 1) {
        struct arena counting = arena_counting();
        ntk_empirical(sample->network, sample->theta, &points, bytes, &counting, &kernels.at, NULL);
        size_t mark = sample->arena.peak = arena_mark(&sample->arena);
        ntk_empirical(sample->network, sample->theta, &points, bytes, &sample->arena, &kernels.at, NULL);
        assert_int_equal(sample->arena.peak - mark, counting.peak);
        assert_int_equal(sample->arena.used, mark);
        if (least == 0) least = counting.peak;
        assert_true(counting.peak == least || counting.peak <= (size_t)bytes);
        double needed = ntk_empirical_flops(sample->network, &points, bytes, false);
        assert_true(needed <= flops);
        flops = needed;
    }
}

static void test_memory(void **state) {
    (void)state;
    check_many("memory as given and as counted", 0, check_memory);
}

/* 512 images of 32x32 pixels through 64 channels: in 2 GB, as counted. */
static void test_budget(void **state) {
    (void)state;
    struct recipe recipe = {.family = FAMILY_CONV,
                            .depth = 4,
                            .width = 64,
                            .kernel_size = 3,
                            .image = {32, 32, 3},
                            .outputs = 1,
                            .train = 512,
                            .sigma_w2 = 1.7,
                            .sigma_b2 = 0.3};
    struct network network;
    recipe_network(&recipe, PARAMETERIZATION_NTK, RATES_UNIFORM, &network);
    const int64_t budget = (int64_t)2 << 30;
    const struct ntk_points points = {.train = recipe.train};
    const struct ntk_kernels kernels = {0};
    struct arena counting = arena_counting();
    ntk_empirical(&network, NULL, &points, budget, &counting, &kernels, NULL);
    print_message("  512 images, 64 channels: %.2f GB\n", (double)counting.peak / 1e9);
    assert_in_range(counting.peak, 1, budget);
    network_free(&network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_symmetry),     cmocka_unit_test(test_trace),
        cmocka_unit_test(test_nngp),     cmocka_unit_test(test_sample_space), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_chunks),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_parts),    cmocka_unit_test(test_memory),       cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
