#include "checkpoint.h"
#include "record_file.h"
#include "store_sample.h"

#include <limits.h>

enum { KEY_NUMBER = 11, BEHIND_NUMBER = 8, SINGLES = 38, DOUBLES = 23 };
static const double steps[] = {0, 1, 3, 9, 27};

/* A state of both types, with values that a conversion would change. */
struct sample {
    float single[SINGLES];
    double number[DOUBLES], last;
};

static void fill_sample(struct sample *sample) {
    const uint32_t single_nan = 0xffc12345;
    const uint64_t double_nan = 0x7ff8000000abcdef;
    for (int i = 0; i < SINGLES; i++)
        sample->single[i] = (float)sin(2.385 * i) * 0x1p-130F; /* some of them subnormal */
    for (int i = 0; i < DOUBLES; i++) sample->number[i] = cos(0.713 * i) * 1e300;
    memcpy(&sample->single[5], &single_nan, sizeof single_nan);
    memcpy(&sample->number[5], &double_nan, sizeof double_nan);
    sample->single[6] = -INFINITY, sample->number[6] = (double)INFINITY;
    sample->single[7] = -0.0F, sample->number[7] = -0.0;
    sample->last = 17;
}

static struct state state_of(struct sample *sample) {
    struct state table = {0};
    state_add(&table, "theta", 32, SINGLES, sample->single);
    state_add(&table, "f_linear", 64, DOUBLES, sample->number);
    state_add(&table, "nothing", 64, 3, NULL);
    state_add(&table, "step", 64, 1, &sample->last);
    return table;
}

/* A record in the middle: values that are not there yet, kept arrays, an array without elements. */
static struct record *unfinished_record(void) {
    struct record *record = sample_point(5, steps, 3, "dense_1\ndense_2\nreadout");
    record_add(record, METRIC_LOSS_TEST, (int64_t[]){5})[0] = 0.2385;
    record_add(record, METRIC_KEPT_F_TEST, (int64_t[]){5, 4, 2})[39] = 1e-300;
    return record;
}

static void key_of(char key[KEY_BYTES]) { sample_key(KEY_NUMBER, key); }

static void path_of(const char *dir, char path[PATH_MAX]) {
    char key[KEY_BYTES];
    key_of(key);
    snprintf(path, PATH_MAX, "%s/checkpoints/%s.h5", dir, key);
}

static void aside_of(const char *path, char aside[PATH_MAX]) {
    assert_true(snprintf(aside, PATH_MAX, "%s.unreadable", path) < PATH_MAX);
}

static status write_it(const char *dir, const struct record *record, const struct state *table) {
    char key[KEY_BYTES];
    key_of(key);
    return checkpoint_write(dir, key, "width=7", &sample_provenance, record, table);
}

static status read_it(const char *dir, struct record **record, const struct state *table) {
    char key[KEY_BYTES];
    key_of(key);
    *record = NULL;
    return checkpoint_read(dir, key, &sample_provenance, record, table);
}

/* ---- what is written comes back ---- */

static void test_round_trip(void **state) {
    struct record *record = unfinished_record(), *back;
    struct sample sample = {{0}, {0}, 0}, filled = sample;
    fill_sample(&sample);
    struct state table = state_of(&sample), table_filled = state_of(&filled);
    assert_ok(read_it(*state, &back, &table_filled));
    assert_null(back);
    assert_ok(write_it(*state, record, &table));
    assert_ok(read_it(*state, &back, &table_filled));
    assert_non_null(back);
    assert_same_record(record, back);
    assert_memory_equal(&sample, &filled, sizeof sample);
    record_free(back);
    record_free(record);
}

/* A later one takes the place of the earlier; what it does not hold stays. */
static void test_replaced(void **state) {
    struct record *record = unfinished_record(), *back;
    struct sample sample, filled = {{0}, {0}, 0};
    fill_sample(&sample);
    struct state table = state_of(&sample), short_table = {0}, table_filled = state_of(&filled);
    assert_ok(write_it(*state, record, &table));
    state_add(&short_table, "step", 64, 1, &sample.last);
    sample.last = 18;
    assert_ok(write_it(*state, record, &short_table));
    assert_int_equal(count_files(*state), 1);
    filled.number[3] = 2.385;
    assert_ok(read_it(*state, &back, &table_filled));
    assert_true(filled.last == 18 && filled.number[3] == 2.385 && filled.single[3] == 0);
    record_free(back);
    record_free(record);
}

/* ---- what does not fit ---- */

/* Refused in words that begin with the file's name, and nothing is filled. */
static void assert_refused(const char *dir, const struct state *table, const char *why) {
    struct record *back;
    char path[PATH_MAX];
    path_of(dir, path);
    assert_int_equal(read_it(dir, &back, table), ERROR_INPUT);
    assert_null(back);
    assert_int_equal(strncmp(status_message(), path, strlen(path)), 0);
    if (!strstr(status_message(), why)) print_error("%s\n", status_message());
    assert_non_null(strstr(status_message(), why));
}

static void test_truncated(void **state) {
    struct record *record = unfinished_record();
    struct sample sample, filled = {{0}, {0}, 0}, empty = filled;
    struct stat info;
    char path[PATH_MAX], aside[PATH_MAX];
    fill_sample(&sample);
    struct state table = state_of(&sample), table_filled = state_of(&filled);
    assert_ok(write_it(*state, record, &table));
    path_of(*state, path);
    aside_of(path, aside);
    assert_int_equal(stat(path, &info), 0);
    for (off_t size = info.st_size - 1; size > 0; size = size * 3 / 5) {
        assert_int_equal(truncate(path, size), 0);
        assert_refused(*state, &table_filled, "damaged");
        assert_int_equal(rename(aside, path), 0);
    }
    assert_memory_equal(&filled, &empty, sizeof empty);
    record_free(record);
}

/* Any bit of the block with the sum, and of the rest one in so many bytes: refused and put aside, nothing filled. */
static void test_flipped(void **state) {
    struct record *record = unfinished_record();
    struct sample sample, filled = {{0}, {0}, 0}, empty = filled;
    struct stat info;
    char path[PATH_MAX], aside[PATH_MAX];
    fill_sample(&sample);
    struct state table = state_of(&sample), table_filled = state_of(&filled);
    assert_ok(write_it(*state, record, &table));
    path_of(*state, path);
    aside_of(path, aside);
    assert_int_equal(stat(path, &info), 0);
    for (long at = 0; at < info.st_size; at += at < 512 ? 1 : info.st_size / 997) {
        flip(path, at, (int)(at % 8));
        assert_refused(*state, &table_filled, "damaged");
        assert_int_equal(rename(aside, path), 0);
        flip(path, at, (int)(at % 8));
    }
    assert_memory_equal(&filled, &empty, sizeof empty);
    record_free(record);
}

/* One of earlier versions has no sum; a pipe is none. */
static void test_other_files(void **state) {
    struct record *record = unfinished_record(), *back;
    struct sample sample, filled = {{0}, {0}, 0};
    char path[PATH_MAX];
    fill_sample(&sample);
    struct state table = state_of(&sample), table_filled = state_of(&filled);
    assert_ok(write_it(*state, record, &table));
    path_of(*state, path);
    make_old(path);
    assert_ok(read_it(*state, &back, &table_filled));
    assert_memory_equal(&sample, &filled, sizeof sample);
    record_free(back);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(20);
    assert_refused(*state, &table_filled, "Is a pipe");
    alarm(0);
    record_free(record);
}

static void test_wrong_arrays(void **state) {
    struct record *record = unfinished_record();
    struct sample sample, filled = {{0}, {0}, 0}, empty = filled;
    fill_sample(&sample);
    struct state table = state_of(&sample), longer = state_of(&filled), wider = longer, fewer = longer;
    assert_ok(write_it(*state, record, &table));
    longer.array[1].size = DOUBLES + 1;
    assert_refused(*state, &longer, "f_linear is not 24 numbers of 64 bits");
    wider.array[1].bits = 32;
    assert_refused(*state, &wider, "f_linear is not 23 numbers of 32 bits");
    fewer.count--;
    assert_refused(*state, &fewer, "arrays that this point has not");
    assert_memory_equal(&filled, &empty, sizeof empty);
    record_free(record);
}

/* What may change the last bits is refused, the rest is not. */
static void test_other_machine(void **state) {
    static const char *const decisive[] = {"version", "commit", "compiler", "blas", "core"};
    struct record *record = unfinished_record(), *back = NULL;
    struct sample sample;
    char key[KEY_BYTES], words[64];
    key_of(key);
    fill_sample(&sample);
    struct state table = state_of(&sample);
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        struct provenance other = sample_provenance;
        snprintf((char *)&other + provenance_field[i].offset, provenance_field[i].size, "another");
        assert_ok(checkpoint_write(*state, key, "", &other, record, &table));
        int decides = 0;
        for (size_t j = 0; j < sizeof decisive / sizeof *decisive; j++)
            decides |= strcmp(provenance_field[i].name, decisive[j]) == 0;
        snprintf(words, sizeof words, "its %s is another, that of this run ", provenance_field[i].name);
        if (decides) {
            assert_refused(*state, &table, words);
            continue;
        }
        assert_ok(read_it(*state, &back, &table));
        record_free(back);
        back = NULL;
    }
    record_free(record);
}

/* ---- its end ---- */

/* A full disk leaves the checkpoint before it. */
static void test_disk_full(void **state) {
    struct record *record = unfinished_record(), *back;
    struct sample sample, filled;
    fill_sample(&sample);
    struct state table = state_of(&sample), table_filled = state_of(&filled);
    assert_ok(write_it(*state, record, &table));
    sample.last = 18;
    limit_files(2000);
    status result = write_it(*state, record, &table);
    limit_files(RLIM_INFINITY);
    assert_int_equal(result, ERROR_DISK);
    assert_non_null(strstr(status_message(), strerror(EFBIG)));
    assert_int_equal(count_files(*state), 1);
    assert_ok(read_it(*state, &back, &table_filled));
    assert_true(filled.last == 17);
    record_free(back);
    record_free(record);
}

static void write_record(const char *dir, const struct record *record) {
    char key[KEY_BYTES];
    key_of(key);
    assert_ok(record_file_write(dir, STORE_POINT, key, "", NULL, &sample_provenance, record));
}

/* It goes with the record, or where a death came between the two, with the next beginning; those of other points stay. */
static void test_removed(void **state) {
    struct record *record = unfinished_record();
    struct state table = {0};
    char key[KEY_BYTES], other[KEY_BYTES], path[PATH_MAX], aside[PATH_MAX];
    key_of(key);
    sample_key(BEHIND_NUMBER, other);
    assert_ok(checkpoint_write(*state, other, "", &sample_provenance, record, &table));
    assert_ok(write_it(*state, record, &table));
    assert_int_equal(checkpoint_exists(*state, key), 1);
    write_record(*state, record);
    assert_int_equal(checkpoint_exists(*state, key), 0);
    assert_ok(write_it(*state, record, &table));
    path_of(*state, path);
    aside_of(path, aside);
    assert_ok(store_write_text(*state, strstr(aside, "checkpoints/"), "damaged"));
    store_clean(*state);
    assert_int_not_equal(access(aside, F_OK), 0);
    assert_int_equal(checkpoint_exists(*state, key), 0);
    assert_int_equal(checkpoint_exists(*state, other), 1);
    record_free(record);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_begin, folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_round_trip),   IN_FOLDER(test_replaced),      IN_FOLDER(test_truncated),
        IN_FOLDER(test_wrong_arrays), IN_FOLDER(test_other_machine), IN_FOLDER(test_disk_full),
        IN_FOLDER(test_removed),      IN_FOLDER(test_flipped),       IN_FOLDER(test_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
