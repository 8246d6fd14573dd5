/* A build without SUNDIALS (src/spec/checks.c is built so for this test) refuses to compute what needs it by name, and nothing else. */
#include "study_files.h"

static const char flow[] = "data: { source: mnist, path: x }\n"
                           "training: { loss: cross_entropy, learning_rate: { absolute: 1 }, steps: 9 }\n"
                           "measure: { predictions: true }\n"
                           "sweep: { width: 1, train_size: 8 }\n";

static void test_refused(void **state) {
    (void)state;
    struct study *study = NULL;
    write_study(flow, strlen(flow));
    assert_int_equal(study_read("study.yaml", 0, NULL, NULL, &study), ERROR_INPUT);
    assert_string_equal(status_message(),
                        "study.yaml:3:25: measure.predictions: true does not go with training.loss: cross_entropy; "
                        "false, or a build with SUNDIALS, was expected");
}

static void test_taken(void **state) {
    (void)state;
    study_free(read_text(flow, "measure.predictions=false", NULL));
    study_free(read_text(flow, "training.loss=mse", NULL));
}

/* What another build has computed can be read. */
static void test_read(void **state) {
    (void)state;
    struct study *study = NULL;
    write_study(flow, strlen(flow));
    assert_int_equal(study_read_frozen("study.yaml", &study), OK);
    assert_true(study->config.measure.predictions);
    study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
