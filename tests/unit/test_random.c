/* Random numbers: moments, independence of the piece they are asked in, seeds and streams that differ. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"

enum { COUNT = 200000 };
static double draw[COUNT], other[COUNT];

/* mean of z^p of standard normal numbers, within 4.5 standard errors */
static void check_moment(int power, double expected, double variance) {
    double sum = 0;
    for (int i = 0; i < COUNT; i++) sum += pow(draw[i], power);
    double error = (sum / COUNT - expected) / sqrt(variance / COUNT);
    print_message("  moment %d: %.4f, %.2f standard errors from %g\n", power, sum / COUNT, error, expected);
    assert_true(fabs(error) < 4.5);
}

static void test_moments(void **state) {
    (void)state;
    random_normal(7, RANDOM_PARAMETERS, 3, 0, COUNT, draw);
    check_moment(1, 0, 1);
    check_moment(2, 1, 2);
    check_moment(3, 0, 15);
    check_moment(4, 3, 96);
    double product = 0; /* neighbours */
    for (int i = 0; i + 1 < COUNT; i++) product += draw[i] * draw[i + 1];
    assert_true(fabs(product / sqrt(COUNT)) < 4.5);
}

/* Kolmogorov and Smirnov's distance from a distribution; 1.95/sqrt(n) is met once in a thousand. */
static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double normal_below(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double uniform_below(double x) { return (x / sqrt(3) + 1) / 2; }

static void check_distribution(random_numbers *numbers, double (*below)(double)) {
    numbers(8, RANDOM_PARAMETERS, 0, 0, COUNT, draw);
    qsort(draw, COUNT, sizeof *draw, ascending);
    double most = 0;
    for (int i = 0; i < COUNT; i++) most = fmax(most, fabs(below(draw[i]) - (i + 0.5) / COUNT));
    print_message("  Kolmogorov-Smirnov: %.2f (limit 1.95)\n", most * sqrt(COUNT));
    assert_true(most * sqrt(COUNT) < 1.95);
}

static void test_distribution(void **state) {
    (void)state;
    check_distribution(random_normal, normal_below);
    check_distribution(random_uniform, uniform_below);
    assert_true(draw[0] >= -sqrt(3) && draw[COUNT - 1] <= sqrt(3));
}

static void test_pieces(void **state) {
    (void)state;
    random_normal(7, RANDOM_INPUTS, 5, 0, 1000, draw);
    for (int from = 0; from < 13; from++)
        for (int count = 1; count < 11; count++) {
            random_normal(7, RANDOM_INPUTS, 5, from, count, other);
            assert_memory_equal(other, draw + from, (size_t)count * sizeof *draw);
        }
    random_uniform(7, RANDOM_INPUTS, 5, 0, 1000, draw);
    random_uniform(7, RANDOM_INPUTS, 5, 11, 10, other);
    assert_memory_equal(other, draw + 11, 10 * sizeof *draw);
    random_normal(7, RANDOM_INPUTS, 5, 0, 1000, draw);
    const int64_t far = (int64_t)1 << 40; /* beyond 32 bits */
    random_normal(7, RANDOM_INPUTS, 5, far, 6, other);
    random_normal(7, RANDOM_INPUTS, 5, far + 3, 3, other + 6);
    assert_memory_equal(other + 3, other + 6, 3 * sizeof *other);
    assert_memory_not_equal(other, draw, 3 * sizeof *draw);
}

/* Any other seed, purpose or stream gives numbers that are not correlated with these. */
static void test_keys(void **state) {
    (void)state;
    static const struct {
        uint64_t seed;
        enum random_purpose purpose;
        uint64_t stream;
    } keys[] = {{8, RANDOM_INPUTS, 5},
                {7, RANDOM_TEACHER, 5},
                {7, RANDOM_INPUTS, 6},
                {5, RANDOM_INPUTS, 7},
                {7 + (1ull << 32), RANDOM_INPUTS, 5}};
    random_normal(7, RANDOM_INPUTS, 5, 0, COUNT, draw);
    for (size_t key = 0; key < sizeof keys / sizeof keys[0]; key++) {
        double product = 0;
        random_normal(keys[key].seed, keys[key].purpose, keys[key].stream, 0, COUNT, other);
        for (int i = 0; i < COUNT; i++) product += draw[i] * other[i];
        assert_true(fabs(product / sqrt(COUNT)) < 4.5);
    }
}

static void test_permutation(void **state) {
    (void)state;
    enum { ITEMS = 7, ROUNDS = 7000 };
    static int at[ITEMS][ITEMS];
    for (int round = 0; round < ROUNDS; round++) {
        int64_t order[ITEMS], again[ITEMS];
        int seen[ITEMS] = {0};
        random_permutation((uint64_t)round, RANDOM_SPLIT, 1, ITEMS, order);
        random_permutation((uint64_t)round, RANDOM_SPLIT, 1, ITEMS, again);
        assert_memory_equal(order, again, sizeof order);
        for (int i = 0; i < ITEMS; i++) {
            assert_in_range(order[i], 0, ITEMS - 1);
            assert_false(seen[order[i]]++);
            at[i][order[i]]++;
        }
    }
    for (int i = 0; i < ITEMS; i++) /* 1000 expected, deviation 29 */
        for (int item = 0; item < ITEMS; item++) assert_in_range(at[i][item], 1000 - 125, 1000 + 125);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments), cmocka_unit_test(test_distribution), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_keys),    cmocka_unit_test(test_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
