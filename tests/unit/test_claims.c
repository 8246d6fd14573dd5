/* What a run sees of the tasks of other runs: others are played by claim files written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "claim.h"
#include "claims.h"
#include "clock.h"

static const double PATIENCE = 0.25;
/* Of another machine, about which nothing can be known from here. */
static const char stranger[] = "host=elsewhere pid=77 space=0123-4567:89 start=1234 job=slurm:main:45 restart=1\n";

static struct work_task tasks[] = {{.key = "00aa11bb22cc33dd44ee55ff66778899", .cell = 0},
                                   {.key = "10aa11bb22cc33dd44ee55ff66778899", .cell = 1}};
static const struct work work = {.points = 1, .count = 2, .task = tasks};

struct place {
    char dir[64], claim[160];
    struct claims *claims;
};

static int make_place(void **state) {
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->dir, "/tmp/ntksweep-claims.XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    assert_int_equal(store_open(place->dir), OK);
    snprintf(place->claim, sizeof place->claim, "%s/claims/%s", place->dir, tasks[0].key);
    place->claims = claims_create(place->dir, &work, PATIENCE);
    *state = place;
    return 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    char command[128];
    claims_free(place->claims);
    snprintf(command, sizeof command, "rm -r %s", place->dir);
    int removed = system(command);
    free(place);
    return removed;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_record(const struct place *place) {
    char path[256];
    int length = snprintf(path, sizeof path, "%s/points/%.2s", place->dir, tasks[0].key);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path + length, sizeof path - (size_t)length, "/%s.h5", tasks[0].key);
    write_file(path, "");
}

static void test_a_free_task_is_ours_until_released(void **state) {
    struct place *place = *state;
    assert_int_equal(claims_look(place->claims, 0), CLAIMS_FREE);
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_OURS);
    assert_int_equal(claims_take(place->claims, 1), CLAIMS_OURS);
    assert_true(claims_renew(place->claims, 0));
    claims_release(place->claims, 0);
    assert_int_equal(access(place->claim, F_OK), -1);
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_OURS);
}

static void test_a_recorded_task_is_not_taken(void **state) {
    struct place *place = *state;
    make_record(place);
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_RECORDED);
    assert_int_equal(access(place->claim, F_OK), -1);
    write_file(place->claim, stranger); /* killed between record and release */
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_RECORDED);
}

static void test_a_stranger_is_waited_for(void **state) {
    struct place *place = *state;
    char words[256];
    write_file(place->claim, stranger);
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_ELSEWHERE);
    assert_false(claims_is_alive(place->claims, 0, 0));
    claims_words(place->claims, 0, sizeof words, words);
    assert_non_null(strstr(words, "elsewhere"));
    assert_non_null(strstr(words, "45"));
    clock_nap(0.5 * PATIENCE);
    assert_int_equal(claims_look(place->claims, 0), CLAIMS_ELSEWHERE);
    clock_nap(0.7 * PATIENCE);
    assert_int_equal(claims_look(place->claims, 0), CLAIMS_FREE);
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_OURS);
    assert_true(claims_renew(place->claims, 0));
}

static void test_a_stranger_that_renews_lives(void **state) {
    struct place *place = *state;
    write_file(place->claim, stranger);
    assert_int_equal(claims_look(place->claims, 0), CLAIMS_ELSEWHERE);
    for (int i = 0; i < 4; i++) {
        clock_nap(0.5 * PATIENCE);
        write_file(place->claim, stranger); /* another time, the same text */
        assert_int_equal(claims_take(place->claims, 0), CLAIMS_ELSEWHERE);
        assert_true(claims_is_alive(place->claims, 0, 0));
    }
    assert_int_equal(unlink(place->claim), 0);
    assert_int_equal(claims_look(place->claims, 0), CLAIMS_FREE);
}

static void test_a_taken_over_claim_is_noticed(void **state) {
    struct place *place = *state;
    assert_int_equal(claims_take(place->claims, 0), CLAIMS_OURS);
    assert_int_equal(unlink(place->claim), 0);
    write_file(place->claim, stranger);
    assert_false(claims_renew(place->claims, 0));
    claims_release(place->claims, 0); /* not ours to remove */
    assert_int_equal(access(place->claim, F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_free_task_is_ours_until_released, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_a_recorded_task_is_not_taken, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_a_stranger_is_waited_for, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_a_stranger_that_renews_lives, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_a_taken_over_claim_is_noticed, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
