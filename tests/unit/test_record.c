#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "record.h"

static void test_table(void **state) {
    (void)state;
    for (int i = 0; i < METRICS; i++) {
        const struct metric *a = &metric_table[i];
        assert_non_null(a->name);
        assert_true(a->unit[0] && a->meaning[0]);
        assert_int_equal(a->type == METRIC_FLAG || a->type == METRIC_BITS, a->flags != NULL);
        if (a->place == PLACE_COORDINATE) assert_string_equal(a->name, dimension_name[a->dim[0]]);
        for (int j = 0; j < i; j++) {
            if (metric_table[j].place == a->place) assert_string_not_equal(a->name, metric_table[j].name);
        }
    }
}

/* That of a program before was 1 for either model; the steps say which. */
static void test_status(void **state) {
    (void)state;
    for (int bits = 0; bits < 4; bits++) {
        struct record *record = record_create();
        record_scalar(record, METRIC_STATUS, bits > 0);
        record_settle_status(record);
        assert_true(record_value(record, METRIC_STATUS) == (bits > 0)); /* nothing says which */
        record_scalar(record, METRIC_DIVERGED_STEP, bits & STATUS_NETWORK_DIVERGED ? 0 : (double)NAN);
        record_scalar(record, METRIC_DIVERGED_STEP_LINEAR, bits & STATUS_LINEARIZATION_DIVERGED ? 7 : (double)NAN);
        record_settle_status(record);
        assert_true(record_value(record, METRIC_STATUS) == bits);
        record_free(record);
    }
}

/* xarray takes "seconds", "days", ... for a duration. */
static void test_units(void **state) {
    (void)state;
    static const char *const known[] = {"1", "s", "B", "GFLOP/s"};
    for (int i = 0; i < METRICS; i++) {
        int found = 0;
        for (int j = 0; j < 4; j++) found += strcmp(metric_table[i].unit, known[j]) == 0;
        assert_int_equal(found, 1);
    }
}

static void test_add(void **state) {
    (void)state;
    struct record *record = record_create();
    double *change = record_add(record, METRIC_PARAMETER_CHANGE, (int64_t[]){7, 3});
    for (int i = 0; i < 21; i++) assert_true(isnan(change[i]));
    change[20] = 2.385;
    for (int i = 0; i < 50; i++) record_add_shaped(record, METRIC_KEPT_PARAMETERS, i, 0, NULL, NULL);
    assert_ptr_equal(record_add(record, METRIC_PARAMETER_CHANGE, (int64_t[]){7, 3}), change);

    const struct array *array = record_find(record, METRIC_PARAMETER_CHANGE, 0);
    assert_int_equal(array->ndim, 2);
    assert_int_equal(array->dim[1], DIM_LAYER);
    assert_int_equal(array_length(array), 21);
    assert_true(array->value[20] == 2.385);
    assert_int_equal(record_find(record, METRIC_KEPT_PARAMETERS, 49)->number, 49);
    record_free(record);
}

static void test_scalars(void **state) {
    (void)state;
    struct record *record = record_create();
    record_scalar(record, METRIC_LAMBDA_MAX, 17.31);
    record_text(record, METRIC_HOST, "n1");
    record_add(record, METRIC_RMSE_TEST, (int64_t[]){4});
    assert_true(record_value(record, METRIC_LAMBDA_MAX) == 17.31);
    assert_true(isnan(record_value(record, METRIC_LAMBDA_MIN)));
    assert_true(isnan(record_value(record, METRIC_HOST)));
    assert_true(isnan(record_value(record, METRIC_RMSE_TEST)));
    assert_string_equal(record_find(record, METRIC_HOST, 0)->text, "n1");
    assert_null(record_find(record, METRIC_HOST, 1));
    record_free(record);
    record_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_status),
                                       cmocka_unit_test(test_units), cmocka_unit_test(test_add),
                                       cmocka_unit_test(test_scalars)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
