/* The infinite-width kernels against empirical ones: their average over seeds, extrapolated in 1/width. */
#include "sample.h"

#include "infinite.h"
#include "matrix.h"

enum { SEEDS = 400, WIDTH = 32, POINTS = 5, ENTRIES = POINTS * POINTS };

/* Mean over seeds of 2 K(2n) - K(n), which has no term in 1/n left, and its standard error. */
struct average {
    double mean[2][ENTRIES], error[2][ENTRIES]; /* NNGP, NTK */
};

static void empirical_pair(struct recipe recipe, double kernel[2][ENTRIES]) {
    struct sample sample;
    sample_create(recipe, &sample);
    real nngp[ENTRIES], ntk[ENTRIES];
    struct ntk_points points = {recipe.train, 0, 0, sample.x, NULL};
    struct ntk_kernels kernels = {.train_train = ntk, .nngp_train_train = nngp};
    ntk_empirical(sample.network, sample.theta, &points, recipe.train, &sample.arena, &kernels);
    la_to_double(ENTRIES, nngp, kernel[0]);
    la_to_double(ENTRIES, ntk, kernel[1]);
    sample_free(&sample);
}

static void average_over_seeds(struct recipe recipe, struct average *average) {
    memset(average, 0, sizeof *average);
    for (int seed = 0; seed < SEEDS; seed++) {
        double narrow[2][ENTRIES], wide[2][ENTRIES];
        recipe.seed = 2 * (uint64_t)seed;
        recipe.width = WIDTH;
        empirical_pair(recipe, narrow);
        recipe.seed++;
        recipe.width = 2 * WIDTH;
        empirical_pair(recipe, wide);
        for (int which = 0; which < 2; which++)
            for (int i = 0; i < ENTRIES; i++) {
                double value = 2 * wide[which][i] - narrow[which][i];
                average->mean[which][i] += value / SEEDS;
                average->error[which][i] += value * value / SEEDS;
            }
    }
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < ENTRIES; i++) {
            double variance = average->error[which][i] - average->mean[which][i] * average->mean[which][i];
            average->error[which][i] = sqrt(variance / SEEDS);
        }
}

static void test_average(void **state) {
    (void)state;
    struct tally tally = {"infinite width, standard errors from the empirical average", 4, 0};
    for (int activation = ACTIVATION_RELU; activation <= ACTIVATION_IDENTITY; activation++) {
        struct recipe recipe = {.activation = (enum activation_kind)activation,
                                .depth = 2,
                                .inputs = 3,
                                .outputs = 1,
                                .train = POINTS,
                                .sigma_w2 = 1.6,
                                .sigma_b2 = 0.2};
        static struct average average;
        average_over_seeds(recipe, &average);
        struct sample sample;
        sample_create(recipe, &sample);
        double gram[ENTRIES], kernel[2][ENTRIES];
        for (int i = 0; i < ENTRIES; i++) gram[i] = (double)sample.gram[i] / (double)recipe.inputs;
        assert_int_equal(ntk_infinite(sample.network, POINTS, gram, kernel[0], kernel[1], &sample.arena, NULL, NULL),
                         0);
        for (int which = 0; which < 2; which++)
            for (int i = 0; i < ENTRIES; i++)
                if (i % POINTS <= i / POINTS)
                    tally_error(&tally, which ? "ntk" : "nngp",
                                fabs(average.mean[which][i] - kernel[which][i]) / average.error[which][i]);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* One layer by hand: K = Theta = sigma_w^2 x.x'/d + sigma_b^2. In place, counted and stopped. */
static int stop_at_third(void *context) { return ++*(int *)context == 3; }

static void test_calls(void **state) {
    (void)state;
    struct tally tally = {"infinite width at depth 0; in place", 4e-16, 0};
    struct recipe recipe = small_recipe;
    for (recipe.depth = 0; recipe.depth < 3; recipe.depth += 2) {
        struct sample sample;
        sample_create(recipe, &sample);
        double gram[ENTRIES], k[ENTRIES], theta[ENTRIES];
        for (int i = 0; i < ENTRIES; i++) gram[i] = (double)sample.gram[i] / (double)recipe.inputs;
        struct arena counting = arena_counting();
        ntk_infinite(sample.network, POINTS, gram, k, theta, &counting, NULL, NULL);
        size_t mark = sample.arena.peak = arena_mark(&sample.arena);
        assert_int_equal(ntk_infinite(sample.network, POINTS, gram, k, theta, &sample.arena, NULL, NULL), 0);
        assert_int_equal(sample.arena.peak - mark, counting.peak);
        assert_int_equal(sample.arena.used, mark);
        for (int i = 0; i < ENTRIES && recipe.depth == 0; i++) {
            if (i % POINTS > i / POINTS) continue;
            tally_numbers(&tally, "K", k[i], recipe.sigma_w2 * gram[i] + recipe.sigma_b2);
            tally_numbers(&tally, "Theta", theta[i], k[i]);
        }
        int calls = 0;
        double again[ENTRIES];
        assert_int_equal(ntk_infinite(sample.network, POINTS, gram, gram, again, &sample.arena, stop_at_third, &calls),
                         1);
        assert_int_equal(calls, 3);
        for (int i = 0; i < 3 * POINTS; i++)
            if (i % POINTS <= i / POINTS) assert_true(gram[i] == k[i] && again[i] == theta[i]);
        sample_free(&sample);
    }
    tally_end(&tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_calls), cmocka_unit_test(test_average)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
