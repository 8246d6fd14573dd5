/* References at the ends of the range of numbers: what overflows is refused in words, what vanishes is recorded as 0. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"
#include "reference.h"
#include "task.h"

enum { N = 5, M = 3, SIDE = 4, INPUTS = SIDE * SIDE };

static struct config sample_config(enum family family, enum activation_kind activation, double sigma_w2) {
    struct config config = {.train_size = N, .width = 4};
    config.data.test_size = M;
    config.network.family = (int)family;
    config.network.activation = (int)activation;
    config.network.depth = 3;
    config.network.blocks = 2;
    config.network.kernel_size = 3;
    config.network.sigma_w2 = sigma_w2;
    config.network.output_scale = 1;
    config.training.loss = LOSS_MSE;
    config.measure.outputs = OUTPUTS_ALL;
    config.run.limit_precision = PRECISION_F64;
    return config;
}

/* Targets of one output; inputs times `scale`. */
static status run(const struct config *config, double scale, struct record **record) {
    double x[(N + M) * INPUTS], y[N + M] = {0};
    random_normal(7, RANDOM_TEST, 1, 0, (N + M) * INPUTS, x);
    for (int i = 0; i < (N + M) * INPUTS; i++) x[i] *= scale;
    const struct dataset data = {.shape.train = N,
                                 .shape.test = M,
                                 .shape.inputs = INPUTS,
                                 .shape.outputs = 1,
                                 .shape.is_image = 1,
                                 .shape.rows = SIDE,
                                 .shape.columns = SIDE,
                                 .shape.channels = 1,
                                 .deviation = 1,
                                 .x_train = x,
                                 .y_train = y,
                                 .x_test = x + N * INPUTS,
                                 .y_test = y + N};
    return task_reference(config, &data, (struct task_hooks){0}, record);
}

static void assert_refused(struct config config, const char *words) {
    struct record *record = NULL;
    assert_int_equal(run(&config, 1, &record), ERROR_INPUT);
    assert_null(record);
    print_message("  %s\n", status_message());
    assert_non_null(strstr(status_message(), words));
    assert_null(strchr(status_message(), '\n'));
}

static void test_overflow(void **state) {
    (void)state;
    struct config deep = sample_config(FAMILY_FC, ACTIVATION_RELU, 256), wide = deep;
    deep.network.depth = 200;
    wide.network.sigma_w2 = 1e308;
    wide.network.depth = 1;
    assert_refused(deep, "network.sigma_w2 = 256 is too much for network.depth = 200");
    assert_refused(wide, "network.sigma_w2 = 1e+308 is too much for network.depth = 1");
    assert_refused(sample_config(FAMILY_CONV, ACTIVATION_RELU, 1e90), "network.depth = 3");
    assert_refused(sample_config(FAMILY_WRN, ACTIVATION_RELU, 1e30), "network.blocks = 2");
    assert_refused(sample_config(FAMILY_FC, ACTIVATION_TANH, 1e9), "network.depth = 3");
    assert_refused(sample_config(FAMILY_FC, ACTIVATION_TANH, 1e308), "network.depth = 3");
}

/* Large, but numbers: eigenvalues too. */
static void test_large(void **state) {
    (void)state;
    struct config config = sample_config(FAMILY_FC, ACTIVATION_RELU, 256);
    config.network.depth = 140; /* 128^141 = 1e297 */
    struct record *record = NULL;
    assert_int_equal(run(&config, 1, &record), OK);
    const double *lambda = record_values(record, METRIC_REFERENCE_EIGENVALUES);
    assert_true(isfinite(lambda[N - 1]) && lambda[N - 1] > 1e297);
    record_free(record);
}

static void assert_zero(const struct record *record, enum metric_id metric, int64_t length) {
    const struct array *array = record_find(record, metric, 0);
    assert_int_equal(array_length(array), length);
    for (int64_t i = 0; i < length; i++) assert_true(array->value[i] == 0);
}

static void check_zero(struct config config, double scale) {
    struct record *record = NULL;
    assert_int_equal(run(&config, scale, &record), OK);
    assert_zero(record, METRIC_REFERENCE_NTK_TRAIN_TRAIN, N * N);
    assert_zero(record, METRIC_REFERENCE_NTK_TEST_TRAIN, M * N);
    assert_zero(record, METRIC_REFERENCE_NNGP_TRAIN_TRAIN, N * N);
    assert_zero(record, METRIC_REFERENCE_NNGP_TEST_TRAIN, M * N);
    assert_zero(record, METRIC_REFERENCE_NNGP_TEST_TEST, M * M);
    assert_zero(record, METRIC_REFERENCE_EIGENVALUES, N);
    const double *vector = record_values(record, METRIC_REFERENCE_EIGENVECTORS);
    for (int i = 0; i < N; i++) {
        double size = 0;
        for (int j = 0; j < N; j++) size += vector[j * N + i] * vector[j * N + i];
        assert_true(fabs(size - 1) <= 1e-15);
    }
    record_free(record);
}

/* Inputs of 0 without bias, where phi(0) = 0, and signals that have died out. */
static void test_zero(void **state) {
    (void)state;
    for (int activation = 0; activation < ACTIVATIONS; activation++) {
        if (activation == ACTIVATION_COS) continue;
        struct config config = sample_config(FAMILY_FC, (enum activation_kind)activation, 0.5);
        check_zero(config, 0);
        config.network.depth = 600;
        if (activation == ACTIVATION_RELU) check_zero(config, 1);
        check_zero(sample_config(FAMILY_CONV, (enum activation_kind)activation, 0.5), 0);
    }
}

/* ---- pairs in single precision ---- */

static const enum metric_id KERNELS[] = {METRIC_REFERENCE_NTK_TRAIN_TRAIN, METRIC_REFERENCE_NTK_TEST_TRAIN,
                                         METRIC_REFERENCE_NNGP_TRAIN_TRAIN, METRIC_REFERENCE_NNGP_TEST_TRAIN};

/* The largest difference over the largest entry. */
static double difference(const struct record *a, const struct record *b, enum metric_id metric) {
    const struct array *own = record_find(a, metric, 0), *right = record_find(b, metric, 0);
    double most = 0, largest = 0;
    for (int64_t i = 0; i < array_length(right); i++) {
        most = fmax(most, fabs(own->value[i] - right->value[i]));
        largest = fmax(largest, fabs(right->value[i]));
    }
    return most / largest;
}

/* As in double but for some roundings, and not the same: and it says so itself, by all of these training examples (they
 * are no more than its sample). */
static void check_single(struct config config) {
    struct record *single = NULL, *right = NULL;
    assert_int_equal(run(&config, 1, &right), OK);
    assert_null(record_find(right, METRIC_REFERENCE_NTK_ROUNDING, 0));
    assert_null(record_find(right, METRIC_REFERENCE_NNGP_ROUNDING, 0));
    config.run.limit_precision = PRECISION_F32;
    assert_int_equal(run(&config, 1, &single), OK);
    for (size_t i = 0; i < sizeof KERNELS / sizeof *KERNELS; i++) {
        double error = difference(single, right, KERNELS[i]);
        if (!(error > 0 && error < 2e-6)) print_message("  %d, %d: %.2g\n", config.network.family, (int)i, error);
        assert_true(error > 0 && error < 2e-6);
    }
    double ntk = *record_values(single, METRIC_REFERENCE_NTK_ROUNDING),
           nngp = *record_values(single, METRIC_REFERENCE_NNGP_ROUNDING);
    assert_true(fabs(ntk - difference(single, right, METRIC_REFERENCE_NTK_TRAIN_TRAIN)) <= 1e-14);
    assert_true(fabs(nngp - difference(single, right, METRIC_REFERENCE_NNGP_TRAIN_TRAIN)) <= 1e-14);
    record_free(single);
    record_free(right);
}

static void test_single(void **state) {
    (void)state;
    const enum family families[] = {FAMILY_FC, FAMILY_CONV, FAMILY_WRN, FAMILY_RESIDUAL, FAMILY_DEQ};
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (int activation = 0; activation < ACTIVATIONS; activation++) {
            struct config config = sample_config(families[f], (enum activation_kind)activation, 1.6);
            if (activation == ACTIVATION_PRELU) continue;
            config.measure.outputs = OUTPUTS_NONE;
            config.network.slope = 0.2;
            config.network.sigma_b2 = 0.1;
            config.network.feedback_w2 = 0.4;
            config.network.cell = families[f] == FAMILY_DEQ ? CELL_ONE : CELL_PRE;
            config.network.weights = activation % 2 > 0 ? WEIGHTS_SHARED : WEIGHTS_INDEPENDENT;
            config.network.pooling = activation % 2 > 0 ? POOLING_GLOBAL : POOLING_FLATTEN;
            config.network.time = 1;
            check_single(config);
        }
}

/* Of the tangent kernel that is recorded. */
static void test_single_readout(void **state) {
    (void)state;
    struct config config = sample_config(FAMILY_FC, ACTIVATION_ERF, 1.6);
    config.measure.outputs = OUTPUTS_NONE;
    config.training.layers = LAYERS_READOUT;
    check_single(config);
}

/* What is a number in double alone. */
static void test_single_range(void **state) {
    (void)state;
    struct config config = sample_config(FAMILY_FC, ACTIVATION_RELU, 256);
    config.run.limit_precision = PRECISION_F32;
    config.network.depth = 20;
    assert_refused(config, "grow beyond 3.4e+38 (the most of run.limit_precision: f32): network.sigma_w2 = 256");
}

/* A cell that does not come to rest in double has no kernel in single precision either, where it does. */
static void test_single_rest(void **state) {
    (void)state;
    struct config config = sample_config(FAMILY_DEQ, ACTIVATION_RELU, 2);
    config.network.cell = CELL_ONE;
    config.network.feedback_w2 = 1.995;
    for (int precision = PRECISION_F32; precision <= (int)PRECISION_F64; precision++) {
        struct record *record = NULL;
        config.run.limit_precision = precision;
        assert_int_equal(run(&config, 1, &record), OK);
        assert_true(isnan(*record_values(record, METRIC_REFERENCE_EIGENVALUES)));
        assert_true(isnan(*record_values(record, METRIC_REFERENCE_NTK_TRAIN_TRAIN)));
        record_free(record);
    }
}

/* What a plan counts are numbers, in either precision. */
static void test_plan(void **state) {
    (void)state;
    const struct data_shape shape = {.train = N, .test = M, .inputs = INPUTS, .outputs = 1};
    for (int precision = PRECISION_F32; precision <= (int)PRECISION_F64; precision++) {
        struct config config = sample_config(FAMILY_FC, ACTIVATION_ERF, 1.5);
        struct task_cost cost;
        config.run.limit_precision = precision;
        assert_int_equal(task_plan_reference(&config, &shape, &cost), OK);
        assert_true(cost.flops > 0 && cost.elementwise > 0 && cost.arena_bytes > 0);
        assert_true(isfinite(task_seconds(&cost, 50)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overflow),       cmocka_unit_test(test_large),
                                       cmocka_unit_test(test_zero),           cmocka_unit_test(test_single),
                                       cmocka_unit_test(test_single_range),   cmocka_unit_test(test_plan),
                                       cmocka_unit_test(test_single_readout), cmocka_unit_test(test_single_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
