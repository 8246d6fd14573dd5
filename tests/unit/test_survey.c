/* What status reads of points and runs, and what it says of them. */
#include "store_sample.h"

#include <limits.h>
#include <time.h>

#include "failure.h"
#include "manifest.h"
#include "record_file.h"
#include "store.h"
#include "survey.h"

enum { POINTS = 9, LONGEST = 7 };

/* ---- a study that is half done: 0 to 4 recorded, 3 and 4 diverged, 5 and 6 failed, 7 and 8 left: the record of 7 has no status, that of 8 is none ---- */

static const double taken[] = {2.385, 71.25, 0.63, 71.25, 19.7};

static void write_point(const char *dir, int64_t i) {
    static const double step[] = {0, 1, 3};
    struct record *record = sample_point(3, step, 1, "dense_1");
    char key[KEY_BYTES];
    sample_key(i, key);
    *record_add(record, METRIC_SECONDS_TOTAL, NULL) = taken[i];
    *record_add(record, METRIC_STATUS, NULL) = i >= 3;
    record_scalar(record, METRIC_DIVERGED_STEP, i == 3 ? 12 : (double)NAN);
    record_scalar(record, METRIC_DIVERGED_STEP_LINEAR, i >= 3 ? (double)(8 * i) : (double)NAN);
    assert_ok(record_file_write(dir, STORE_POINT, key, "", NULL, &sample_provenance, record));
    record_free(record);
}

static void write_manifest(const char *dir, int64_t points) {
    struct manifest_row row[POINTS + 1] = {0};
    for (int64_t i = 0; i < points; i++) {
        sample_key(i, row[i].key);
        snprintf(row[i].label, sizeof row[i].label, "width=%d", (int)(7 * i + 3));
    }
    assert_ok(manifest_write(dir, points, row));
}

static int begin(void **state) {
    char key[KEY_BYTES], name[64];
    int begun = folder_begin(state);
    write_manifest(*state, POINTS);
    for (int64_t i = 0; i < 5; i++) write_point(*state, i);
    for (int64_t i = 5; i < 7; i++) {
        sample_key(i, key);
        assert_ok(failure_write(*state, key, i == 5 ? "width=38" : "width=4", "no memory"));
    }
    struct record *nothing = record_create();
    sample_key(7, key);
    assert_ok(record_file_write(*state, STORE_POINT, key, "", NULL, &sample_provenance, nothing));
    record_free(nothing);
    sample_key(8, key);
    snprintf(name, sizeof name, "points/%.2s/%s.h5", key, key);
    assert_ok(store_write_text(*state, name, "no record"));
    return begun;
}

/* A run on another host that goes on, as its file looks in this moment. */
static void write_run(const char *dir, int number, struct snapshot snapshot) {
    char path[PATH_MAX];
    struct snapshot_run run = {.renewed = (double)time(NULL), .snapshot = snapshot};
    snprintf(run.owner, sizeof run.owner, "host=n%d pid=%d space=x:1 start=1", number, 100 + number);
    snprintf(path, sizeof path, "%s/runs", dir);
    (void)mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/runs/n%d~%d.json", dir, number, 100 + number);
    FILE *file = fopen(path, "w");
    snapshot_json_print(file, &run);
    fclose(file);
}

static char *text_of(const struct survey *survey, const struct survey_page *page) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    survey_print(out, survey, page);
    fclose(out);
    return text;
}

static void assert_says(const struct survey *survey, const struct survey_page *page, const char *words) {
    char *text = text_of(survey, page);
    if (!strstr(text, words)) fail_msg("\"%s\" is not in: %s", words, text);
    free(text);
}

/* ---- points ---- */

static void test_points(void **state) {
    struct survey survey = {0};
    char words[DIVERGENCE_BYTES];
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.total == POINTS && survey.done == 5 && survey.diverged == 2 && survey.failed == 2);
    assert_true(survey.left == 2 && survey.begun == 0 && survey.running == 0 && isnan(survey.eta));
    assert_string_equal(survey_divergence(&survey.point[3], words), "network at step 12, linearization at step 24");
    assert_string_equal(survey_divergence(&survey.point[4], words), "linearization at step 32");
    assert_string_equal(survey.point[5].reason, "no memory"); /* its own label goes, any other stays */
    assert_string_equal(survey.point[6].reason, "width=4: no memory");
    assert_false(survey_is_over(&survey));
    survey_free(&survey);
}

static void test_slowest(void **state) {
    static const int64_t expected[] = {1, 3, 4, 0, 2};
    struct survey survey = {0};
    int64_t found[LONGEST];
    assert_ok(survey_read(*state, &survey));
    for (int most = 0; most <= LONGEST; most++) {
        int count = survey_find_slowest(&survey, most, found);
        assert_int_equal(count, most < 5 ? most : 5);
        for (int i = 0; i < count; i++) assert_int_equal(found[i], expected[i]);
    }
    survey_free(&survey);
}

/* What is recorded is not opened again, what was missing is; a study that was extended is read anew. */
static void test_a_second_look(void **state) {
    struct survey survey = {0};
    char key[KEY_BYTES], name[64];
    assert_ok(survey_read(*state, &survey));
    sample_key(0, key);
    snprintf(name, sizeof name, "points/%.2s/%s.h5", key, key);
    assert_ok(store_write_text(*state, name, "no record"));
    sample_key(5, key);
    snprintf(name, sizeof name, "%s/failed/%s", (char *)*state, key);
    assert_int_equal(unlink(name), 0);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.done == 5 && survey.failed == 1 && survey.left == 3);
    write_manifest(*state, POINTS + 1);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.total == POINTS + 1 && survey.done == 4 && survey.failed == 1 && survey.left == 5);
    survey_free(&survey);
}

static void write_reference(const char *dir, int64_t i) {
    struct record *record = record_create();
    char key[KEY_BYTES];
    sample_key(i, key);
    record_scalar(record, METRIC_REFERENCE_SECONDS, 2.385);
    assert_ok(record_file_write(dir, STORE_REFERENCE, key, "", NULL, &sample_provenance, record));
    record_free(record);
}

/* Without its references a study is not complete; a damaged one, and a damaged record, are put aside. */
static void test_damaged(void **state) {
    enum { DONE = 5, REFERENCE = 20 };
    struct manifest_row row[DONE] = {0};
    struct survey survey = {0};
    char key[KEY_BYTES], path[PATH_MAX];
    for (int64_t i = 0; i < DONE; i++) sample_key(i, row[i].key), sample_key(REFERENCE + (i > 2), row[i].reference);
    assert_ok(manifest_write(*state, DONE, row));
    write_reference(*state, REFERENCE);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.done == DONE && survey.references_left == 1 && !survey_is_complete(&survey));
    write_reference(*state, REFERENCE + 1);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.references_left == 0 && survey_is_complete(&survey));
    survey_free(&survey);
    sample_key(REFERENCE, key);
    snprintf(path, sizeof path, "%s/references/%s.h5", (char *)*state, key);
    flip(path, 1300, 3);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.done == DONE && survey.references_left == 1 && !survey_is_complete(&survey));
    assert_int_equal(store_exists(*state, STORE_REFERENCE, key), 0);
    survey_free(&survey);
    snprintf(path, sizeof path, "%s/points/%.2s/%s.h5", (char *)*state, row[1].key, row[1].key);
    flip(path, 1300, 3);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.done == DONE - 1 && survey.left == 1);
    assert_int_equal(store_exists(*state, STORE_POINT, row[1].key), 0);
    survey_free(&survey);
}

static void test_no_study(void **state) {
    struct survey survey = {0};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/points.tsv", (char *)*state);
    unlink(path);
    assert_int_equal(survey_read(*state, &survey), ERROR_INPUT);
    survey_free(&survey);
}

/* ---- runs ---- */

/* While points wait, runs share them: speeds add up. When none does, the longest counts. One that is stopping does not. */
static void test_time_to_go(void **state) {
    double busy[] = {1};
    struct snapshot_task task[] = {{0, 2.385, "width=52"}, {1, 1, "width=59"}};
    struct snapshot first = {.ranks = 1, .busy = busy, .elapsed = 1800, .computed = 3, .eta = 60};
    struct snapshot second = {.ranks = 1, .busy = busy, .elapsed = 60, .computed = 1, .eta = 30};
    struct survey survey = {0};
    write_run(*state, 1, first);
    write_run(*state, 2, second);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.runs.going_on == 2 && survey.ranks == 2);
    assert_true(fabs(survey.eta - 20) < 1e-9);
    assert_true(fabs(survey.points_per_hour - 66) < 1e-9);
    first.running = 2, first.task = task;
    write_run(*state, 1, first);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.running == 2 && fabs(survey.eta - 60) < 1e-9);
    first.is_stopping = 1;
    write_run(*state, 1, first);
    assert_ok(survey_read(*state, &survey));
    assert_true(fabs(survey.eta - 30) < 1e-9);
    survey_free(&survey);
}

/* A run that collects results, when nothing is left, is not over. */
static void test_is_over(void **state) {
    double busy[] = {1};
    struct survey survey = {0};
    write_manifest(*state, 7);
    write_run(*state, 1, (struct snapshot){.ranks = 1, .busy = busy, .is_ended = 1});
    assert_ok(survey_read(*state, &survey));
    assert_true(survey.left == 0 && !survey_is_over(&survey));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/runs/n1~101.json", (char *)*state);
    unlink(path);
    assert_ok(survey_read(*state, &survey));
    assert_true(survey_is_over(&survey));
    survey_free(&survey);
}

/* ---- words ---- */

static void test_words(void **state) {
    enum { RANKS = 40 };
    double busy[RANKS];
    struct snapshot_task task[] = {{3, 2.385, "width=52"}, {39, 125, "width=59"}};
    struct survey_page page = {.most = 9}, bar = {.columns = 28, .most = 1};
    struct survey survey = {0};
    for (int rank = 0; rank < RANKS; rank++) busy[rank] = rank == 7 ? 0.5 : rank == 9 || rank == 30 ? 0.75 : 1;
    write_run(*state, 1,
              (struct snapshot){.ranks = RANKS, .busy = busy, .elapsed = 65, .eta = 0.2, .running = 2, .task = task});
    assert_ok(survey_read(*state, &survey));
    assert_says(&survey, &page, "9 points: 5 done (2 diverged), 2 running, 2 failed, 2 left\na run is going on");
    assert_says(&survey, &page, ", on 40 ranks; 0.0 points per hour, soon done\n  n1 (pid 101), for 1m 5s\n");
    assert_says(&survey, &page, "98 % on average, least 50 % (rank 7), 75 % (rank 9), 75 % (rank 30)\n");
    assert_says(&survey, &page, "    2m 5s  rank 39: width=59\n      2.4s  rank 3: width=52\n");
    assert_says(&survey, &page, "  width=24: network at step 12, linearization at step 24\n");
    assert_says(&survey, &bar, "\n###########xxxxx++++  55 %\n");
    assert_says(&survey, &bar, "rank 39: width=59\n  and 1 more; ");
    assert_says(&survey, &bar, "  width=38: no memory\n  and 1 more; ");
    survey_free(&survey);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_points, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_slowest, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_a_second_look, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_no_study, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_time_to_go, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_is_over, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_words, begin, folder_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
