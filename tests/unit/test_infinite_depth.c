/* The infinite width of residual networks, tied or not, against averages of their empirical kernels, extrapolated in
 * 1/width: largest deviation at most 5 standard errors, at most 1 % of entries above 3. usage: test_infinite_depth [long] */
#include "infinite_average.h"
#include "infinite_call.h"

/* How far the averages go: the widths are n and 2n. */
static struct size {
    int seeds;
    int64_t width, points, depth;
} size = {200, 24, 4, 4};
static const struct size long_size = {200, 96, 8, 8};

struct deviations {
    double largest;
    int entries, above; /* 3 standard errors */
};

static void compare(struct recipe recipe, struct deviations *deviations) {
    static struct average average;
    struct sample sample;
    double kernel[2][AVERAGE_ENTRIES];
    average_over_seeds(recipe, size.seeds, &average);
    sample_create(recipe, &sample);
    infinite_all(sample.network, recipe.train, sample.x, kernel[0], kernel[1]);
    for (int which = 0; which < 2; which++)
        for (int64_t i = 0; i < recipe.train; i++)
            for (int64_t j = 0; j <= i; j++) {
                int64_t at = i * recipe.train + j;
                double deviation = fabs(average.mean[which][at] - kernel[which][at]) / average.error[which][at];
                deviations->largest = worse(deviations->largest, deviation);
                deviations->entries++;
                deviations->above += deviation > 3;
            }
    sample_free(&sample);
}

static const struct {
    const char *name;
    struct recipe recipe;
} rows[] = {
    {"shared, Euler", {.weights = WEIGHTS_SHARED, .step = STEP_TIME}},
    {"shared, midpoint", {.weights = WEIGHTS_SHARED, .step = STEP_TIME, .solver = SOLVER_MIDPOINT}},
    {"shared, RK4", {.weights = WEIGHTS_SHARED, .step = STEP_TIME, .solver = SOLVER_RK4}},
    {"knots, Heun", {.weights = WEIGHTS_KNOTS, .knots = 3, .step = STEP_TIME, .solver = SOLVER_HEUN}},
    {"independent, root", {.weights = WEIGHTS_INDEPENDENT, .step = STEP_ROOT}},
    {"shared, Euler, input injected", {.weights = WEIGHTS_SHARED, .step = STEP_TIME, .inject = 1}},
    {"two layers, shared, Euler", {.cell = CELL_TWO, .weights = WEIGHTS_SHARED, .step = STEP_TIME}},
    {"two layers, knots, RK4",
     {.cell = CELL_TWO, .weights = WEIGHTS_KNOTS, .knots = 3, .step = STEP_TIME, .solver = SOLVER_RK4}},
    {"two layers, independent, one", {.cell = CELL_TWO, .weights = WEIGHTS_INDEPENDENT, .step = STEP_ONE}},
};

static struct recipe finished(struct recipe recipe, int activation) {
    recipe.family = FAMILY_RESIDUAL;
    recipe.activation = (enum activation_kind)activation;
    recipe.depth = size.depth, recipe.width = size.width, recipe.train = size.points;
    recipe.inputs = 3, recipe.outputs = 1, recipe.time = 1.5;
    recipe.sigma_w2 = 1.3, recipe.sigma_b2 = 0.2;
    return recipe;
}

static void test_average(void **state) {
    (void)state;
    static const int activations[] = {ACTIVATION_RELU, ACTIVATION_ERF, ACTIVATION_TANH};
    struct deviations all = {0};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        struct deviations own = {0};
        for (size_t a = 0; a < sizeof activations / sizeof *activations; a++)
            compare(finished(rows[n].recipe, activations[a]), &own);
        print_message("  %-32s largest deviation %.2f standard errors, %d of %d entries above 3\n", rows[n].name,
                      own.largest, own.above, own.entries);
        all.largest = worse(all.largest, own.largest);
        all.entries += own.entries, all.above += own.above;
    }
    assert_true(all.largest <= 5);
    assert_true(100 * all.above <= all.entries);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "long") == 0) size = long_size;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_average)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
