/* What is reduced over seed, against sums written out: mean and variance, the NTK Gaussian process by stepping the
 * linear model of F = alpha f, the NNGP posterior by elimination. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "eigen.h"
#include "random.h"
#include "status.h"
#include "task.h"

/* Training points, test points, those shown, outputs; recorded steps; seeds. */
enum { N = 5, M = 4, SHOWN = 3, K = 2, ALL = N + M, STEPS = 3, SEEDS = 6, OUTPUTS = STEPS * SHOWN * K };
static const double recorded[STEPS] = {0, 3, 21};
static const double eta = 0.385;

/* Stream numbers of random values. */
enum { STREAM_OUTPUTS = 10, STREAM_K = 50, STREAM_THETA, STREAM_Y };

/* ---- what is reduced ---- */

static struct config sample_config(void) {
    struct config config = {.train_size = N, .run.memory = 1 << 20};
    config.network.output_scale = 1;
    config.measure.outputs = OUTPUTS_PROBES;
    config.measure.probes = SHOWN;
    config.training.learning_rate.form = RATE_CRITICAL_FRACTION;
    return config;
}

/* The networks of seeds 1 and 4, and the linearizations of 0, 1 and 4, diverged, and have NaN at the last step. */
static int is_diverged(enum metric_id metric, int seed) {
    return seed == 1 || seed == 4 || (metric == METRIC_OUTPUTS_LINEAR && seed == 0);
}
static double diverged_step(enum metric_id metric, int seed) {
    return is_diverged(metric, seed) ? recorded[STEPS - 1] : (double)NAN;
}

static void add_outputs(struct record *record, enum metric_id metric, enum dimension point, int seed) {
    const enum dimension dim[] = {DIM_STEP, point, DIM_OUTPUT};
    const int64_t size[] = {STEPS, SHOWN, K};
    double *value = record_add_shaped(record, metric, 0, 3, dim, size);
    random_normal((uint64_t)seed, RANDOM_TEST, STREAM_OUTPUTS + metric, 0, OUTPUTS, value);
    for (int i = 0; i < OUTPUTS; i++) value[i] += 1e3;
    if (is_diverged(metric, seed)) value[OUTPUTS - 1] = (double)NAN;
}

static struct record *sample_record(int seed, enum dimension point) {
    const int64_t steps = STEPS;
    struct record *record = record_create();
    memcpy(record_add(record, METRIC_STEP, &steps), recorded, sizeof recorded);
    add_outputs(record, METRIC_OUTPUTS, point, seed);
    add_outputs(record, METRIC_OUTPUTS_LINEAR, point, seed);
    record_scalar(record, METRIC_LEARNING_RATE_USED, eta);
    record_scalar(record, METRIC_DIVERGED_STEP, diverged_step(METRIC_OUTPUTS, seed));
    record_scalar(record, METRIC_DIVERGED_STEP_LINEAR, diverged_step(METRIC_OUTPUTS_LINEAR, seed));
    return record;
}

/* The ensemble of the seeds first .. end - 1. */
static struct record *reduce(const struct config *config, int first, int end, const struct record *reference) {
    struct record *reduced = record_create();
    for (int seed = first; seed < end; seed++) {
        struct record *record =
            sample_record(seed, config->measure.outputs == OUTPUTS_ALL ? DIM_TEST_EXAMPLE : DIM_PROBE);
        task_reduce_add(record, reduced);
        record_free(record);
    }
    assert_int_equal(task_reduce_end(config, reference, NULL, reduced), OK);
    return reduced;
}

/* ---- errors ---- */

static double relative_error(int64_t n, const double *a, const double *b) {
    double most = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(a[i]) || isnan(b[i])) return (double)INFINITY;
        most = fmax(most, fabs(a[i] - b[i]));
        size = fmax(size, fabs(b[i]));
    }
    return most == 0 ? 0 : most / size;
}

static void assert_array(const char *what, const struct record *reduced, enum metric_id metric, int64_t n,
                         const double *expected, double limit) {
    const struct array *array = record_find(reduced, metric, 0);
    assert_non_null(array);
    assert_int_equal(array_length(array), n);
    double error = relative_error(n, array->value, expected);
    print_message("  %-26s %-28s %.1e  (limit %.0e)\n", metric_table[metric].name, what, error, limit);
    assert_true(error <= limit);
}

static void assert_absent(const struct record *reduced, enum metric_id metric) {
    assert_null(record_find(reduced, metric, 0));
}

/* ---- the ensemble ---- */

static void expected_moments(enum metric_id metric, double *mean, double *variance) {
    double value[SEEDS][OUTPUTS], count = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        random_normal((uint64_t)seed, RANDOM_TEST, STREAM_OUTPUTS + metric, 0, OUTPUTS, value[seed]);
        count += !is_diverged(metric, seed);
    }
    for (int i = 0; i < OUTPUTS; i++) {
        double sum = 0, squares = 0;
        for (int seed = 0; seed < SEEDS; seed++) sum += is_diverged(metric, seed) ? 0 : value[seed][i];
        for (int seed = 0; seed < SEEDS; seed++)
            squares += is_diverged(metric, seed) ? 0 : (value[seed][i] - sum / count) * (value[seed][i] - sum / count);
        mean[i] = 1e3 + sum / count;
        variance[i] = squares / (count - 1);
    }
}

static void test_ensemble(void **state) {
    (void)state;
    const struct config config = sample_config();
    double mean[OUTPUTS], variance[OUTPUTS];
    struct record *reduced = reduce(&config, 0, SEEDS, NULL);
    assert_true(record_value(reduced, METRIC_ENSEMBLE_SIZE) == 4);
    assert_true(record_value(reduced, METRIC_ENSEMBLE_SIZE_LINEAR) == 3);
    expected_moments(METRIC_OUTPUTS, mean, variance);
    assert_array("two diverged", reduced, METRIC_OUTPUTS_MEAN, OUTPUTS, mean, 1e-15);
    assert_array("two diverged", reduced, METRIC_OUTPUTS_VARIANCE, OUTPUTS, variance, 1e-12);
    expected_moments(METRIC_OUTPUTS_LINEAR, mean, variance);
    assert_array("three diverged", reduced, METRIC_OUTPUTS_LINEAR_MEAN, OUTPUTS, mean, 1e-15);
    assert_array("three diverged", reduced, METRIC_OUTPUTS_LINEAR_VARIANCE, OUTPUTS, variance, 1e-12);
    record_free(reduced);
}

/* One seed has a mean and no variance; a record without outputs, nothing. */
static void test_small_ensembles(void **state) {
    (void)state;
    const struct config config = sample_config();
    struct record *one = reduce(&config, 0, 1, NULL), *none = record_create(), *bare = record_create();
    assert_true(record_value(one, METRIC_ENSEMBLE_SIZE) == 1);
    assert_true(isfinite(record_find(one, METRIC_OUTPUTS_MEAN, 0)->value[0]));
    assert_true(isnan(record_find(one, METRIC_OUTPUTS_VARIANCE, 0)->value[0]));
    assert_true(record_value(one, METRIC_ENSEMBLE_SIZE_LINEAR) == 0);
    assert_true(isnan(record_find(one, METRIC_OUTPUTS_LINEAR_MEAN, 0)->value[0]));
    record_scalar(bare, METRIC_STATUS, 0);
    task_reduce_add(bare, none);
    assert_int_equal(task_reduce_end(&config, NULL, NULL, none), OK);
    assert_int_equal(none->count, 0);
    record_free(one);
    record_free(none);
    record_free(bare);
}

/* ---- a reference ---- */

/* Kernels of all points: A A' + 0.3 I. */
struct kernels {
    double k[ALL * ALL], theta[ALL * ALL], y[N * K];
};

static void fill_kernel(uint64_t stream, double *kernel) {
    double a[ALL * ALL];
    random_normal(7, RANDOM_TEST, stream, 0, ALL * ALL, a);
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < ALL; j++) {
            double sum = i == j ? 0.3 : 0;
            for (int c = 0; c < ALL; c++) sum += a[i * ALL + c] * a[j * ALL + c] / ALL;
            kernel[i * ALL + j] = sum;
        }
}

static void add_part(struct record *reference, enum metric_id metric, const double *kernel, int row, int64_t rows,
                     int column, int64_t columns) {
    const int64_t size[] = {rows, columns};
    double *out = record_add(reference, metric, size);
    for (int64_t i = 0; i < rows * columns; i++) out[i] = kernel[(row + i / columns) * ALL + column + i % columns];
}

/* columns: of the test-test part. */
static struct record *sample_reference(int64_t columns, struct kernels *kernels) {
    struct record *reference = record_create();
    const int64_t y_size[] = {N, K}, n = N;
    fill_kernel(STREAM_K, kernels->k);
    fill_kernel(STREAM_THETA, kernels->theta);
    random_normal(7, RANDOM_TEST, STREAM_Y, 0, N * K, kernels->y);
    add_part(reference, METRIC_REFERENCE_NNGP_TRAIN_TRAIN, kernels->k, 0, N, 0, N);
    add_part(reference, METRIC_REFERENCE_NNGP_TEST_TRAIN, kernels->k, N, M, 0, N);
    add_part(reference, METRIC_REFERENCE_NNGP_TEST_TEST, kernels->k, N, M, N, columns);
    add_part(reference, METRIC_REFERENCE_NTK_TRAIN_TRAIN, kernels->theta, 0, N, 0, N);
    add_part(reference, METRIC_REFERENCE_NTK_TEST_TRAIN, kernels->theta, N, M, 0, N);
    add_part(reference, METRIC_REFERENCE_EIGENVECTORS, kernels->theta, 0, N, 0, N);
    memcpy(record_add(reference, METRIC_REFERENCE_Y_TRAIN, y_size), kernels->y, sizeof kernels->y);
    double *vectors = record_find(reference, METRIC_REFERENCE_EIGENVECTORS, 0)->value;
    double *lambda = record_add(reference, METRIC_REFERENCE_EIGENVALUES, &n);
    assert_int_equal(la_eigen(N, 1, vectors, lambda, NULL), OK);
    return reference;
}

/* ---- the NTK Gaussian process, by stepping ---- */

/* F_t(all) = F_0(all) + P_t (F_0(X) - Y): P [ALL, N] after `steps` steps F -= eta alpha^2 Theta (F - Y)/(N K). */
static void step_response(const struct kernels *kernels, const struct config *config, int steps, double *p) {
    double before[ALL * N] = {0}, next[ALL * N], scale = config->network.output_scale;
    memset(p, 0, ALL * N * sizeof *p);
    for (int step = 0; step < steps; step++) {
        for (int i = 0; i < ALL; i++)
            for (int j = 0; j < N; j++) {
                double descent = kernels->theta[i * ALL + j];
                for (int c = 0; c < N; c++) descent += kernels->theta[i * ALL + c] * p[c * N + j];
                next[i * N + j] = p[i * N + j] - eta * scale * scale / (N * K) * descent +
                                  config->training.momentum * (p[i * N + j] - before[i * N + j]);
            }
        memcpy(before, p, sizeof before);
        memcpy(p, next, sizeof next);
    }
}

/* F_t(x) = F_0(x) + P F_0(X) - P Y, and F_0 is normal with covariance alpha^2 K, or 0. */
static void expected_process(const struct kernels *kernels, const struct config *config, int steps, double *mean,
                             double *covariance) {
    double p[ALL * N], map[SHOWN * ALL] = {0};
    double alpha = config->training.centred ? 0 : config->network.output_scale;
    step_response(kernels, config, steps, p);
    for (int i = 0; i < SHOWN; i++) {
        memcpy(map + i * ALL, p + (N + i) * N, N * sizeof *p);
        map[i * ALL + N + i] = 1;
        for (int k = 0; k < K; k++) {
            mean[i * K + k] = 0;
            for (int j = 0; j < N; j++) mean[i * K + k] -= p[(N + i) * N + j] * kernels->y[j * K + k];
        }
    }
    for (int i = 0; i < SHOWN; i++)
        for (int j = 0; j < SHOWN; j++) {
            double sum = 0;
            for (int a = 0; a < ALL; a++)
                for (int b = 0; b < ALL; b++) sum += map[i * ALL + a] * kernels->k[a * ALL + b] * map[j * ALL + b];
            covariance[i * SHOWN + j] = alpha * alpha * sum;
        }
}

static void check_process(const char *what, const struct config *config, int64_t columns) {
    double mean[STEPS * SHOWN * K], covariance[STEPS * SHOWN * SHOWN];
    struct kernels kernels;
    struct record *reference = sample_reference(columns, &kernels), *reduced = reduce(config, 0, SEEDS, reference);
    for (int i = 0; i < STEPS; i++)
        expected_process(&kernels, config, (int)recorded[i], mean + i * SHOWN * K, covariance + i * SHOWN * SHOWN);
    assert_array(what, reduced, METRIC_NTK_GP_MEAN, STEPS * SHOWN * K, mean, 1e-12);
    assert_array(what, reduced, METRIC_NTK_GP_COVARIANCE, STEPS * SHOWN * SHOWN, covariance, 1e-12);
    record_free(reduced);
    record_free(reference);
}

/* No seed enters the processes: without one that has not diverged they are what they are. */
static void test_all_diverged(void **state) {
    (void)state;
    const enum metric_id processes[] = {METRIC_NTK_GP_MEAN, METRIC_NTK_GP_COVARIANCE, METRIC_NNGP_POSTERIOR_MEAN,
                                        METRIC_NNGP_POSTERIOR_COVARIANCE};
    const struct config config = sample_config();
    struct kernels kernels;
    struct record *reference = sample_reference(SHOWN, &kernels);
    struct record *all = reduce(&config, 0, SEEDS, reference), *none = reduce(&config, 1, 2, reference);
    assert_true(record_value(none, METRIC_ENSEMBLE_SIZE) == 0);
    assert_true(isnan(record_find(none, METRIC_OUTPUTS_MEAN, 0)->value[0]));
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct array *expected = record_find(all, processes[i], 0);
        assert_array("of diverged networks", none, processes[i], array_length(expected), expected->value, 0);
    }
    record_free(all);
    record_free(none);
    record_free(reference);
}

static void test_ntk_process(void **state) {
    (void)state;
    struct config plain = sample_config(), lazy = plain, heavy = plain, centred = plain, all = plain;
    lazy.network.output_scale = 2.385;
    heavy.training.momentum = 0.83;
    heavy.network.output_scale = 0.47;
    centred.training.centred = 1;
    centred.network.output_scale = 1.72;
    all.measure.outputs = OUTPUTS_ALL;
    check_process("plain", &plain, SHOWN);
    check_process("output_scale", &lazy, SHOWN);
    check_process("momentum and output_scale", &heavy, SHOWN);
    check_process("centred and output_scale", &centred, SHOWN);
    check_process("outputs: all", &all, SHOWN);
    check_process("kernels kept", &plain, M);
}

/* ---- the NNGP posterior, by elimination ---- */

/* Schur complement of [K(X, X) K(X, x) Y; K(x, X) K(x, x) 0]: the covariance, and the mean with its sign turned. */
static void expected_posterior(const struct kernels *kernels, double alpha, double *mean, double *covariance) {
    enum { ROWS = N + SHOWN, COLUMNS = ROWS + K };
    double a[ROWS][COLUMNS] = {{0}};
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < ROWS; j++) a[i][j] = kernels->k[i * ALL + j];
        for (int k = 0; k < K && i < N; k++) a[i][ROWS + k] = kernels->y[i * K + k];
    }
    for (int pivot = 0; pivot < N; pivot++)
        for (int i = pivot + 1; i < ROWS; i++) {
            double factor = a[i][pivot] / a[pivot][pivot];
            for (int j = pivot; j < COLUMNS; j++) a[i][j] -= factor * a[pivot][j];
        }
    for (int i = 0; i < SHOWN; i++) {
        for (int j = 0; j < SHOWN; j++) covariance[i * SHOWN + j] = alpha * alpha * a[N + i][N + j];
        for (int k = 0; k < K; k++) mean[i * K + k] = -a[N + i][ROWS + k];
    }
}

static void test_posterior(void **state) {
    (void)state;
    const double scales[] = {1, 0.47};
    for (int i = 0; i < 2; i++) {
        double mean[SHOWN * K], covariance[SHOWN * SHOWN];
        struct config config = sample_config();
        struct kernels kernels;
        config.network.output_scale = scales[i];
        struct record *reference = sample_reference(SHOWN, &kernels), *reduced = reduce(&config, 0, SEEDS, reference);
        expected_posterior(&kernels, scales[i], mean, covariance);
        assert_array("", reduced, METRIC_NNGP_POSTERIOR_MEAN, SHOWN * K, mean, 1e-12);
        assert_array("", reduced, METRIC_NNGP_POSTERIOR_COVARIANCE, SHOWN * SHOWN, covariance, 1e-12);
        record_free(reduced);
        record_free(reference);
    }
}

/* ---- what is left out ---- */

static void check_absent(struct config config, int has_reference, int has_mean, int has_covariance, int has_posterior) {
    struct kernels kernels;
    struct record *reference = sample_reference(SHOWN, &kernels);
    struct record *reduced = reduce(&config, 0, SEEDS, has_reference ? reference : NULL);
    assert_int_equal(record_find(reduced, METRIC_NTK_GP_MEAN, 0) != NULL, has_mean);
    assert_int_equal(record_find(reduced, METRIC_NTK_GP_COVARIANCE, 0) != NULL, has_covariance);
    assert_int_equal(record_find(reduced, METRIC_NNGP_POSTERIOR_MEAN, 0) != NULL, has_posterior);
    if (!has_posterior) assert_absent(reduced, METRIC_NNGP_POSTERIOR_COVARIANCE);
    record_free(reduced);
    record_free(reference);
}

static void test_left_out(void **state) {
    (void)state;
    struct config plain = sample_config(), entropy = plain, batches = plain, adam = plain, one_rate = plain,
                  centred = plain, tight = plain, own_rates = plain;
    entropy.training.loss = LOSS_CROSS_ENTROPY;
    batches.training.batch_size = 2;
    adam.training.optimizer = OPTIMIZER_ADAM;
    one_rate.network.parameterization = PARAMETERIZATION_STANDARD;
    one_rate.training.learning_rate.form = RATE_ABSOLUTE;
    own_rates.training.learning_rate.form = RATE_EMPIRICAL_FRACTION;
    centred.training.centred = 1;
    tight.run.memory = SHOWN * SHOWN * sizeof(double) * STEPS - 1;
    check_absent(plain, 1, 1, 1, 1);
    check_absent(plain, 0, 0, 0, 0);
    check_absent(entropy, 1, 0, 0, 0);
    check_absent(batches, 1, 0, 0, 1);
    check_absent(adam, 1, 0, 0, 1);
    check_absent(one_rate, 1, 0, 0, 1);
    check_absent(own_rates, 1, 0, 0, 1);
    check_absent(centred, 1, 1, 1, 0);
    check_absent(tight, 1, 1, 0, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ensemble),    cmocka_unit_test(test_small_ensembles),
                                       cmocka_unit_test(test_ntk_process), cmocka_unit_test(test_all_diverged),
                                       cmocka_unit_test(test_posterior),   cmocka_unit_test(test_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
