/* Losses and what is measured of outputs, against their definitions written out in double. */
#include "sample.h"

#include "difference.h"
#include "loss.h"
#include "matrix.h"

enum { N = 5, K = 3, ROWS = N * K };

static double plain_mse(const double *f, const double *y) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++) sum += (f[i] - y[i]) * (f[i] - y[i]);
    return 0.5 * sum / ROWS;
}

static double plain_cross_entropy(const double *f, const double *y) {
    double sum = 0;
    for (int i = 0; i < ROWS; i += K) {
        double all = 0;
        for (int c = 0; c < K; c++) all += exp(f[i + c]);
        for (int c = 0; c < K; c++) sum -= y[i + c] * log(exp(f[i + c]) / all);
    }
    return sum / N;
}

static const struct {
    const char *name;
    enum loss loss;
    double (*plain)(const double *f, const double *y);
} losses[] = {{"mse", LOSS_MSE, plain_mse}, {"cross_entropy", LOSS_CROSS_ENTROPY, plain_cross_entropy}};
enum { LOSSES = sizeof losses / sizeof losses[0] };

struct arrays {
    real f[ROWS], y[ROWS]; /* each row of y sums to 1 */
    double wide_f[ROWS], wide_y[ROWS];
};

static struct arrays arrays_create(void) {
    struct arrays arrays;
    double f[ROWS], y[ROWS];
    random_normal(2385, RANDOM_TEST, 41, 0, ROWS, f);
    random_normal(2385, RANDOM_TEST, 42, 0, ROWS, y);
    for (int i = 0; i < ROWS; i += K) y[i + K - 1] = 1 - y[i] - y[i + 1];
    for (int i = 0; i < ROWS; i++) {
        arrays.f[i] = (real)f[i];
        arrays.y[i] = (real)y[i];
    }
    la_to_double(ROWS, arrays.f, arrays.wide_f); /* gcc 12 may leave out the rounding in (double)(float)x */
    la_to_double(ROWS, arrays.y, arrays.wide_y);
    return arrays;
}

static void test_value(void **state) {
    (void)state;
    struct tally tally = {"loss = its definition", 64 * 2.3e-16, 0};
    struct arrays at = arrays_create();
    for (int l = 0; l < LOSSES; l++)
        tally_numbers(&tally, losses[l].name, loss_value(losses[l].loss, N, K, at.f, at.y),
                      losses[l].plain(at.wide_f, at.wide_y));
    tally_end(&tally);
}

/* In two pieces of one batch. */
static void test_gradient(void **state) {
    (void)state;
    struct tally tally = {"dL/df = central difference of the definition", 1e-9 + roundings(4), 0};
    const double step = 1e-4;
    for (int l = 0; l < LOSSES; l++) {
        struct arrays at = arrays_create();
        real g[ROWS], expected[ROWS];
        loss_gradient(losses[l].loss, N, K, 2, at.f, at.y, g);
        loss_gradient(losses[l].loss, N, K, N - 2, at.f + 2 * K, at.y + 2 * K, g + 2 * K);
        for (int i = 0; i < ROWS; i++) {
            double middle = at.wide_f[i];
            at.wide_f[i] = middle + step;
            double above = losses[l].plain(at.wide_f, at.wide_y);
            at.wide_f[i] = middle - step;
            expected[i] = (real)((above - losses[l].plain(at.wide_f, at.wide_y)) / (2 * step));
            at.wide_f[i] = middle;
        }
        tally_arrays(&tally, losses[l].name, ROWS, g, expected);
    }
    tally_end(&tally);
}

/* A number added to all outputs of an example changes nothing; gradients of an example sum to zero. */
static void test_shift(void **state) {
    (void)state;
    struct tally tally = {"cross_entropy: shifts, sum of its gradient", roundings(8), 0};
    real f[ROWS], y[ROWS], shifted[ROWS], g[ROWS], g_shifted[ROWS];
    for (int i = 0; i < ROWS; i++) {
        f[i] = (real)((i * i * 7 % 29) - 11) / 8;
        shifted[i] = f[i] + (i / K % 2 ? 1000 : -1000);
        y[i] = i % K == i / K % K;
    }
    loss_gradient(LOSS_CROSS_ENTROPY, N, K, N, f, y, g);
    loss_gradient(LOSS_CROSS_ENTROPY, N, K, N, shifted, y, g_shifted);
    tally_numbers(&tally, "value", loss_value(LOSS_CROSS_ENTROPY, N, K, shifted, y),
                  loss_value(LOSS_CROSS_ENTROPY, N, K, f, y));
    tally_arrays(&tally, "gradient", ROWS, g_shifted, g);
    for (int i = 0; i < ROWS; i += K)
        tally_error(&tally, "sum", fabs((double)g[i] + (double)g[i + 1] + (double)g[i + 2]) * N);
    tally_end(&tally);
}

/* One output 1000 above and 2000 below the others: the loss is that difference. */
static void test_large(void **state) {
    (void)state;
    struct tally tally = {"cross_entropy: outputs of 1000", roundings(2), 0};
    const real f[] = {1000, 0, -1000}, right[] = {1, 0, 0}, wrong[] = {0, 0, 1};
    real g[K];
    assert_true(loss_value(LOSS_CROSS_ENTROPY, 1, K, f, right) == 0);
    tally_numbers(&tally, "wrong", loss_value(LOSS_CROSS_ENTROPY, 1, K, f, wrong), 2000);
    loss_gradient(LOSS_CROSS_ENTROPY, 1, K, 1, f, wrong, g);
    const real expected[] = {1, 0, -1};
    tally_arrays(&tally, "gradient", K, g, expected);
    tally_end(&tally);
}

static void test_measures(void **state) {
    (void)state;
    const real f[] = {(real)1.5, -2, (real)0.25, 4, 3, (real)-0.5}, y[] = {1, 0, 0, 1, 0, 1};
    struct tally tally = {"errors and accuracies, by their definitions", roundings(4), 0};
    double squares = 0.25 + 4 + 0.0625 + 9 + 9 + 2.25;
    tally_numbers(&tally, "rmse", difference_rms(3, 2, f, y), sqrt(squares / 6));
    tally_numbers(&tally, "rmse_max", difference_largest(3, 2, f, y), sqrt(11.25 / 2));
    tally_numbers(&tally, "accuracy, largest output", loss_accuracy(3, 2, f, y), 2.0 / 3);
    const real signs[] = {1, -1, -1, 1, -1, 1};
    tally_numbers(&tally, "accuracy, sign", loss_accuracy(6, 1, f, signs), 3.0 / 6);
    tally_end(&tally);
}

/* A value that is not finite is never lost on the way. */
static void test_not_finite(void **state) {
    (void)state;
    const real bad[] = {(real)NAN, (real)INFINITY, (real)-INFINITY}, y[] = {0, 1, 0};
    for (int at = 0; at < 9; at++) {
        real f[] = {1, 2, 3};
        f[at % 3] = bad[at / 3];
        assert_true(!isfinite(loss_value(LOSS_MSE, 3, 1, f, y)));
        assert_true(!isfinite(loss_value(LOSS_CROSS_ENTROPY, 1, 3, f, y)));
        assert_true(!isfinite(difference_rms(3, 1, f, y)));
        assert_true(!isfinite(difference_largest(3, 1, f, y)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value), cmocka_unit_test(test_gradient), cmocka_unit_test(test_shift),
        cmocka_unit_test(test_large), cmocka_unit_test(test_measures), cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
