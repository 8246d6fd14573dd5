/* Files of runs as others see them. Time is the test's own: only naps pass it, and while they do, other runs may
 * write. */
#include "store_sample.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "snapshot_file.h"

static const char foreign[] = "host=elsewhere pid=4711 space=0b1e:4026531836 start=2385";
static const time_t three_days = 3 * 86400;

/* ---- the clock, and what happens meanwhile ---- */

static double seconds;
static struct {
    const char *dir; /* NULL: nothing happens */
    time_t ahead;    /* of the other run's clock */
    int renewals;
} elsewhere;

static void write_foreign(const char *dir, const char *name, time_t ahead, double elapsed) {
    char path[PATH_MAX];
    double busy[] = {0.385};
    struct snapshot_run run = {.renewed = (double)(time(NULL) + ahead),
                               .snapshot = {.ranks = 1, .busy = busy, .elapsed = elapsed, .eta = (double)NAN}};
    snprintf(path, sizeof path, "%s/runs", dir);
    assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "%s/runs/%s", dir, name);
    strcpy(run.owner, foreign);
    FILE *file = fopen(path, "w");
    snapshot_json_print(file, &run);
    fclose(file);
}

double clock_seconds(void) { return seconds; }

void clock_nap(double nap) {
    seconds += nap;
    if (elsewhere.dir) write_foreign(elsewhere.dir, "elsewhere~4711.json", elsewhere.ahead, ++elsewhere.renewals);
}

static int begin(void **state) {
    elsewhere.dir = NULL;
    seconds = 1e5 + 0.63;
    int begun = folder_begin(state);
    snapshot_clean(*state); /* nothing is known of the last test's files */
    return begun;
}

/* Looks once more; how long that took. */
static double look(const char *dir, struct snapshot_sights *sights) {
    double began = seconds;
    snapshot_look(dir, sights);
    return seconds - began;
}

static int count_runs(const char *dir) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/runs", dir);
    return count_files(path);
}

static void write_text(const char *dir, const char *text) {
    assert_int_equal(store_write_text(dir, "runs/odd~1.json", text), OK);
}

/* ---- this process ---- */

static double busy[] = {0.97, 0.385};
static struct snapshot_task task[] = {{1, 2.385, "width=7 \"odd\\\" \t name"}, {0, 71.25, "width=24"}};
static const struct snapshot sample = {.total = 97,
                                       .done = 41,
                                       .diverged = 3,
                                       .failed = 5,
                                       .computed = 23,
                                       .elsewhere = 7,
                                       .elapsed = 1234.5,
                                       .eta = 77.125,
                                       .is_stopping = 1,
                                       .ranks = 2,
                                       .running = 2,
                                       .busy = busy,
                                       .task = task};

static void test_what_is_written_is_read(void **state) {
    struct snapshot_sights sights = {0};
    snapshot_write(*state, &sample);
    assert_true(look(*state, &sights) == 0);
    assert_int_equal(sights.going_on, 1);
    assert_string_equal(sights.sight->run.owner, owner_text());
    const struct snapshot *back = &sights.sight->run.snapshot;
    assert_true(back->total == 97 && back->done == 41 && back->diverged == 3 && back->failed == 5);
    assert_true(back->computed == 23 && back->elsewhere == 7 && back->is_stopping && !back->is_ended);
    assert_true(back->elapsed == 1234.5 && back->eta == 77.125 && back->ranks == 2 && back->running == 2);
    for (int i = 0; i < 2; i++) {
        assert_true(back->busy[i] == busy[i]);
        assert_true(back->task[i].rank == task[i].rank && back->task[i].seconds == task[i].seconds);
        assert_string_equal(back->task[i].label, task[i].label);
    }
    snapshot_sights_free(&sights);
}

static void test_an_end_leaves_the_last_state(void **state) {
    struct snapshot_sights sights = {0};
    char *text;
    snapshot_write(*state, &sample);
    snapshot_end(*state, &sample);
    look(*state, &sights);
    assert_int_equal(sights.count, 0);
    snapshot_sights_free(&sights);
    assert_int_equal(count_runs(*state), 0);
    assert_int_equal(store_read_text(*state, "state.json", &text), OK);
    assert_non_null(strstr(text, "\"elapsed_seconds\": 1234.500,\n"));
    assert_non_null(strstr(text, "\"busy\": [0.9700, 0.3850],\n"));
    free(text);
}

static void test_own_file_is_none_of_others(void **state) {
    snapshot_clean(*state);
    snapshot_write(*state, &sample);
    assert_int_equal(snapshot_has_others(*state), 0);
    assert_int_equal(count_runs(*state), 1);
}

/* ---- others ---- */

/* A file as a process writes it that has gone since. */
static void leave_file(const char *dir) {
    pid_t child = fork();
    if (child == 0) {
        snapshot_write(dir, &sample);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(count_runs(dir), 1);
}

static void test_the_dead_are_known_at_once(void **state) {
    struct snapshot_sights sights = {0};
    leave_file(*state);
    assert_true(look(*state, &sights) == 0);
    assert_true(sights.count == 1 && sights.going_on == 0);
    assert_int_equal(count_runs(*state), 1); /* a look removes nothing */
    assert_int_equal(snapshot_has_others(*state), 0);
    leave_file(*state);
    snapshot_clean(*state);
    assert_int_equal(count_runs(*state), 0);
    snapshot_sights_free(&sights);
}

/* Three seconds, for all together, once. */
static void test_files_that_never_change(void **state) {
    struct snapshot_sights sights = {0};
    write_foreign(*state, "elsewhere~1.json", -three_days, 1);
    write_foreign(*state, "elsewhere~2.json", three_days, 1);
    write_foreign(*state, "elsewhere~3.json", -4, 1);
    double took = look(*state, &sights);
    assert_true(took >= 3 && took < 3.5);
    assert_true(sights.count == 3 && sights.going_on == 0);
    assert_true(look(*state, &sights) == 0);
    assert_int_equal(sights.going_on, 0);
    snapshot_sights_free(&sights);
}

/* Whatever the other clock says, a file that changes is one of a run that goes on, and no later than 30 s after its
 * last change not. */
static void test_files_that_change(void **state) {
    const time_t ahead[] = {0, -three_days, three_days, 4};
    for (int i = 0; i < 4; i++) {
        struct snapshot_sights sights = {0};
        write_foreign(*state, "elsewhere~4711.json", ahead[i], 0);
        elsewhere.dir = *state, elsewhere.ahead = ahead[i];
        assert_true(look(*state, &sights) < 0.2);
        assert_int_equal(sights.going_on, 1);
        elsewhere.dir = NULL;
        clock_nap(29);
        look(*state, &sights);
        assert_int_equal(sights.going_on, 1);
        clock_nap(2);
        assert_true(look(*state, &sights) == 0);
        assert_int_equal(sights.going_on, 0);
        write_foreign(*state, "elsewhere~4711.json", ahead[i], -1);
        look(*state, &sights);
        assert_int_equal(sights.going_on, 1);
        snapshot_sights_free(&sights);
    }
}

/* A clock here that was set back to when a dead run last wrote is not believed alone. */
static void test_fresh_by_one_clock_is_not_enough(void **state) {
    struct snapshot_sights sights = {0};
    char path[PATH_MAX];
    write_foreign(*state, "elsewhere~1.json", 0, 1);
    assert_true(look(*state, &sights) == 0);
    assert_int_equal(sights.going_on, 1);
    snapshot_sights_free(&sights);
    snprintf(path, sizeof path, "%s/runs/elsewhere~1.json", (char *)*state);
    const struct timespec times[] = {{time(NULL) - three_days, 0}, {time(NULL) - three_days, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_true(look(*state, &sights) >= 3);
    assert_int_equal(sights.going_on, 0);
    snapshot_sights_free(&sights);
}

static void test_others_that_died_unseen(void **state) {
    write_foreign(*state, "elsewhere~1.json", 0, 1);
    write_foreign(*state, "elsewhere~4711.json", -three_days, 1);
    snapshot_clean(*state);
    assert_int_equal(count_runs(*state), 2);
    clock_nap(29);
    assert_int_equal(snapshot_has_others(*state), 1);
    write_foreign(*state, "elsewhere~4711.json", -three_days, 2);
    clock_nap(2);
    assert_int_equal(snapshot_has_others(*state), 1); /* the one that changed */
    assert_int_equal(count_runs(*state), 1);
    clock_nap(29);
    assert_int_equal(snapshot_has_others(*state), 1);
    clock_nap(2);
    assert_int_equal(snapshot_has_others(*state), 0);
    assert_int_equal(count_runs(*state), 0);
}

static void test_damaged_files(void **state) {
    static const char *const text[] = {"",
                                       "\n",
                                       "[1, 2",
                                       "[]",
                                       "{}",
                                       "{\"owner\": [], \"busy\": [1]}",
                                       "{\"owner\": \"x\", \"busy\": 3}",
                                       "{\"owner\": \"x\", \"busy\": [1], \"running_tasks\": [",
                                       "\xff\xfe{{{",
                                       "&a [*a, *a]"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct snapshot_sights sights = {0};
        write_text(*state, text[i]);
        assert_true(look(*state, &sights) == 0);
        assert_true(sights.count == 1 && sights.going_on == 0);
        snapshot_sights_free(&sights);
        assert_int_equal(snapshot_has_others(*state), 0);
        assert_int_equal(count_runs(*state), 0);
    }
}

/* Members that are not what they should be harm nobody. */
static void test_odd_members(void **state) {
    struct snapshot_sights sights = {0};
    char text[1024];
    snprintf(text, sizeof text,
             "{\"owner\": \"%s\", \"busy\": [7e300, \"x\", null], \"running_tasks\": [3, {\"rank\": 1e99}],"
             " \"total\": -1, \"done\": \"many\"}",
             owner_text());
    write_text(*state, text);
    look(*state, &sights);
    assert_int_equal(sights.going_on, 1);
    const struct snapshot *back = &sights.sight->run.snapshot;
    assert_true(back->ranks == 3 && back->busy[0] == 1 && back->busy[1] == 0 && back->busy[2] == 0);
    assert_true(back->running == 2 && back->total == 0 && back->done == 0 && isnan(back->elapsed));
    assert_string_equal(back->task[1].label, "");
    snapshot_sights_free(&sights);
}

static void test_no_folder(void **state) {
    struct snapshot_sights sights = {0};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/runs", (char *)*state);
    rmdir(path);
    assert_true(look(*state, &sights) == 0);
    assert_int_equal(sights.count, 0);
    snapshot_clean(*state);
    assert_int_equal(snapshot_has_others(*state), 0);
    assert_int_equal(access(path, F_OK), -1);
    snapshot_sights_free(&sights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_an_end_leaves_the_last_state, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_own_file_is_none_of_others, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_the_dead_are_known_at_once, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_files_that_never_change, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_files_that_change, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_fresh_by_one_clock_is_not_enough, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_others_that_died_unseen, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_damaged_files, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_odd_members, begin, folder_end),
        cmocka_unit_test_setup_teardown(test_no_folder, begin, folder_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
