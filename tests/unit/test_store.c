#include <hdf5.h>
#include <hdf5_hl.h>
#include <limits.h>

#include "store_sample.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "clock.h"
#include "draft.h"
#include "failure.h"
#include "manifest.h"
#include "record_file.h"
#include "store.h"
#include "hdf.h"
#include "hdf_record.h"
#include "summary.h"

static const double steps[] = {0, 1, 3, 9, 27};

/* One of every kind of array. */
static struct record *full_record(void) {
    struct record *record = sample_point(5, steps, 3, "dense_1\ndense_2\nreadout");
    const int64_t outputs[] = {5, 4, 2}, inputs[] = {6, 3, 2, 1}, rows[] = {12, 12};
    const enum dimension by_example[] = {DIM_STEP, DIM_TEST_EXAMPLE, DIM_OUTPUT};
    const enum dimension image[] = {DIM_TRAIN_EXAMPLE, DIM_FREE, DIM_FREE, DIM_FREE}, free_2[] = {DIM_FREE, DIM_FREE};
    add_steps(record, METRIC_KERNEL_STEP, 2, (const double[]){0, 27});
    fill(record_add(record, METRIC_NTK_CHANGE, (int64_t[]){2}), METRIC_NTK_CHANGE, 0, 2);
    fill(record_add_shaped(record, METRIC_OUTPUTS, 0, 3, by_example, outputs), METRIC_OUTPUTS, 0, 40);
    record_scalar(record, METRIC_DIVERGED_STEP, (double)NAN);
    record_scalar(record, METRIC_PARAMETERS, 123456789);
    record_scalar(record, METRIC_FLOPS, 0x1p52 + 1);
    fill(record_add_shaped(record, METRIC_KEPT_X_TRAIN, 0, 4, image, inputs), METRIC_KEPT_X_TRAIN, 0, 36);
    fill(record_add(record, METRIC_KEPT_NTK_TRAIN_TRAIN, rows), METRIC_KEPT_NTK_TRAIN_TRAIN, 0, 144);
    for (int i = 0; i < 4; i++) {
        const int64_t shape[] = {i % 2 ? 1 : 700, i ? 11 : 300}; /* the first has several chunks */
        const int64_t count = shape[0] * shape[1];
        fill(record_add_shaped(record, METRIC_KEPT_PARAMETERS, i, 2, free_2, shape), METRIC_KEPT_PARAMETERS, i, count);
    }
    record_add(record, METRIC_KEPT_F_TEST, (int64_t[]){5, 4, 2})[39] = 1e-300;
    return record;
}

static void write_sample(const char *dir, int64_t i, const struct record *record) {
    char key[KEY_BYTES];
    sample_key(i, key);
    assert_ok(record_file_write(dir, STORE_POINT, key, "width=7", "network.depth=2\n", &sample_provenance, record));
}

static void record_path(const char *dir, int64_t i, char path[PATH_MAX]) {
    char key[KEY_BYTES];
    sample_key(i, key);
    snprintf(path, PATH_MAX, "%s/points/%.2s/%s.h5", dir, key, key);
}

/* ---- records ---- */

/* HDF5 finds every axis attached to one scale, from the array and from the scale (H5DSis_attached asks both). */
static herr_t check_axes(hid_t file, const char *name, const H5O_info_t *info, void *axes) {
    char scale_name[256];
    if (info->type != H5O_TYPE_DATASET) return 0;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
    int ndim = H5DSis_scale(set) > 0 ? 0 : H5Sget_simple_extent_ndims(space);
    for (unsigned i = 0; i < (unsigned)ndim; i++, ++*(int *)axes) {
        hdf_axis_name(set, (int)i, sizeof scale_name, scale_name);
        hid_t scale = H5Dopen2(file, scale_name, H5P_DEFAULT);
        assert_int_equal(H5DSget_num_scales(set, i), 1);
        assert_true(H5DSis_attached(set, scale, i) > 0);
        H5Dclose(scale);
    }
    H5Sclose(space);
    H5Dclose(set);
    return 0;
}

static void test_scales(void **state) {
    struct record *record = full_record();
    char path[PATH_MAX];
    hid_t file;
    int axes = 0;
    for (int i = 1; i < 3; i++, axes = 0) { /* nothing is left of the file before */
        write_sample(*state, i, record);
        record_path(*state, i, path);
        assert_ok(hdf_open(path, &file));
        assert_true(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, check_axes, &axes, H5O_INFO_BASIC) >= 0);
        assert_true(axes > 20);
        H5Fclose(file);
    }
    record_free(record);
}

static void test_round_trip(void **state) {
    struct record *record = full_record(), *back;
    char key[KEY_BYTES];
    sample_key(5, key);
    assert_int_equal(record_file_check(*state, STORE_POINT, key), 0);
    assert_int_equal(record_file_status(*state, key), -1);
    write_sample(*state, 5, record);
    assert_int_equal(record_file_check(*state, STORE_POINT, key), 1);
    assert_int_equal(store_exists(*state, STORE_POINT, key), 1);
    assert_int_equal(store_exists(*state, STORE_REFERENCE, key), 0);
    assert_int_equal(record_file_status(*state, key), 0);
    assert_ok(record_file_read(*state, STORE_POINT, key, true, &back, NULL));
    assert_same_record(record, back);
    record_free(back);
    assert_ok(record_file_read(*state, STORE_POINT, key, false, &back, NULL));
    assert_null(record_find(back, METRIC_KEPT_X_TRAIN, 0));
    assert_same_array(record_find(record, METRIC_OUTPUTS, 0), record_find(back, METRIC_OUTPUTS, 0));
    record_free(back);
    record_free(record);
}

/* The outputs of so many test examples. */
static struct record *wide_record(int64_t examples) {
    const enum dimension dim[] = {DIM_STEP, DIM_TEST_EXAMPLE, DIM_OUTPUT};
    const int64_t size[] = {1, examples, 2};
    struct record *record = sample_point(1, steps, 1, "readout");
    fill(record_add_shaped(record, METRIC_OUTPUTS, 0, 3, dim, size), METRIC_OUTPUTS, 0, 2 * examples);
    return record;
}

static hid_t open_sample(const char *dir, int64_t i, hid_t *set) {
    char path[PATH_MAX];
    hid_t file;
    record_path(dir, i, path);
    assert_ok(hdf_open(path, &file));
    *set = H5Dopen2(file, "outputs", H5P_DEFAULT);
    return file;
}

/* Small files are read as one image, large ones in pieces, and the largest is more than a draft holds in memory; of
 * several that are open none is taken for another. */
static void test_several_open(void **state) {
    static const int64_t examples[] = {3, 4, 100000, 300000};
    hid_t file[4], set[4];
    for (int i = 0; i < 4; i++) {
        struct record *record = wide_record(examples[i]);
        write_sample(*state, i, record);
        record_free(record);
        file[i] = open_sample(*state, i, &set[i]);
    }
    for (int i = 0; i < 4; i++) {
        double *value = malloc((size_t)(2 * examples[i]) * sizeof *value);
        assert_int_equal(H5Dget_storage_size(set[i]), 2 * examples[i] * (int64_t)sizeof *value);
        assert_ok(hdf_read_metric(set[i], METRIC_REAL, 2 * examples[i], value));
        for (int64_t j = 0; j < 2 * examples[i]; j++) assert_true(value[j] == sample_value(METRIC_OUTPUTS, 0, j));
        free(value);
        H5Fclose(file[i]);
    }
}

static void test_reference(void **state) {
    struct record *record = record_create(), *back;
    char key[KEY_BYTES];
    sample_key(6, key);
    const int64_t shape[] = {9, 9};
    fill(record_add(record, METRIC_REFERENCE_EIGENVALUES, shape), METRIC_REFERENCE_EIGENVALUES, 0, 9);
    fill(record_add(record, METRIC_REFERENCE_EIGENVECTORS, shape), METRIC_REFERENCE_EIGENVECTORS, 0, 81);
    record_scalar(record, METRIC_REFERENCE_SECONDS, 3.2);
    assert_ok(record_file_write(*state, STORE_REFERENCE, key, "", NULL, &sample_provenance, record));
    assert_ok(record_file_read(*state, STORE_REFERENCE, key, false, &back, NULL));
    assert_same_record(record, back);
    record_free(back);
    record_free(record);
}

/* An array without elements leaves no trace. */
static void test_empty_array(void **state) {
    struct record *record = sample_point(5, steps, 1, "readout"), *back;
    char key[KEY_BYTES];
    sample_key(1, key);
    record_add(record, METRIC_KERNEL_STEP, (int64_t[]){0});
    record_add(record, METRIC_NTK_CHANGE, (int64_t[]){0});
    write_sample(*state, 1, record);
    assert_ok(record_file_read(*state, STORE_POINT, key, false, &back, NULL));
    assert_int_equal(back->count, record->count - 2);
    record_free(back);
    record_free(record);
}

static void join(const char *dir, const char *name, char path[PATH_MAX]) {
    assert_true(snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX);
}

/* ---- damage ---- */

static void assert_named(const char *dir, int64_t i) {
    char key[KEY_BYTES], path[PATH_MAX];
    struct record *back = NULL;
    sample_key(i, key);
    record_path(dir, i, path);
    assert_int_equal(record_file_read(dir, STORE_POINT, key, true, &back, NULL), ERROR_DISK);
    assert_null(back);
    assert_int_equal(strncmp(status_message(), path, strlen(path)), 0);
    assert_int_equal(record_file_check(dir, STORE_POINT, key), -1);
    assert_int_equal(record_file_status(dir, key), -2);
}

static void test_truncated(void **state) {
    struct record *record = full_record();
    char path[PATH_MAX];
    struct stat info;
    write_sample(*state, 2, record);
    record_path(*state, 2, path);
    assert_int_equal(stat(path, &info), 0);
    for (off_t size = info.st_size - 1; size > 0; size = size * 3 / 5) {
        assert_int_equal(truncate(path, size), 0);
        assert_named(*state, 2);
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_named(*state, 2);
    write_sample(*state, 2, record);
    record_free(record);
}

/* Another point's record under this name, and a file that is no HDF5. */
static void test_wrong_file(void **state) {
    struct record *record = full_record();
    char path[PATH_MAX], other[PATH_MAX];
    write_sample(*state, 3, record);
    write_sample(*state, 3 + 251, record);
    record_path(*state, 3, path);
    record_path(*state, 3 + 251, other);
    assert_int_equal(rename(path, other), 0);
    assert_named(*state, 3 + 251);
    assert_ok(draft_write_file(path, "hello", 5, false));
    assert_named(*state, 3);
    record_free(record);
}

/* Any bit of the block with the sum, and of the rest one in so many bytes; then the record as it was. */
static void test_flipped(void **state) {
    struct record *record = full_record();
    char path[PATH_MAX], key[KEY_BYTES];
    struct stat info;
    sample_key(2, key);
    write_sample(*state, 2, record);
    record_path(*state, 2, path);
    assert_int_equal(stat(path, &info), 0);
    for (long at = 0; at < info.st_size; at += at < 512 ? 1 : info.st_size / 199) {
        int bit = (int)(at % 8);
        flip(path, at, bit);
        assert_named(*state, 2);
        flip(path, at, bit);
    }
    assert_int_equal(record_file_check(*state, STORE_POINT, key), 1);
    record_free(record);
}

/* The line behind HDF5 says what HDF5 says, of the record of that key alone, while the file is whole. */
static void test_summary(void **state) {
    static const enum metric_id metric[] = {
        METRIC_STATUS,        METRIC_FLOPS,         METRIC_PARAMETERS, METRIC_RSS_BYTES,
        METRIC_DIVERGED_STEP, METRIC_SECONDS_TOTAL, METRIC_LAMBDA_MAX, METRIC_LEARNING_RATE_USED};
    enum { COUNT = sizeof metric / sizeof *metric };
    struct record *record = full_record();
    double line[COUNT], set[COUNT];
    char path[PATH_MAX], key[KEY_BYTES], other[KEY_BYTES];
    hid_t file;
    *record_add(record, METRIC_SECONDS_TOTAL, NULL) = 0.1 + 0x1p-55;
    sample_key(2, key);
    sample_key(3, other);
    write_sample(*state, 2, record);
    record_path(*state, 2, path);
    assert_true(summary_read(path, key, COUNT, metric, line));
    assert_ok(hdf_open(path, &file));
    assert_ok(hdf_take_scalars(file, key, COUNT, metric, set));
    H5Fclose(file);
    for (int i = 0; i < COUNT; i++) assert_true(line[i] == set[i] || (isnan(line[i]) && isnan(set[i])));
    assert_false(summary_read(path, other, COUNT, metric, line));
    flip(path, 4000, 5);
    assert_false(summary_read(path, key, COUNT, metric, line));
    record_free(record);
}

/* A record of earlier versions has no sum, and is read all the same. */
static void test_old(void **state) {
    struct record *record = full_record(), *back;
    char path[PATH_MAX], key[KEY_BYTES];
    sample_key(2, key);
    write_sample(*state, 2, record);
    record_path(*state, 2, path);
    make_old(path);
    assert_ok(record_file_read(*state, STORE_POINT, key, true, &back, NULL));
    assert_same_record(record, back);
    assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 0);
    record_free(back);
    record_free(record);
}

static int stands(const char *path, const char *suffix) {
    char name[PATH_MAX];
    struct stat info;
    assert_true(snprintf(name, sizeof name, "%s%s", path, suffix) < PATH_MAX);
    return lstat(name, &info) == 0;
}

/* What is damaged is put aside; what is whole stays, also where another process put it there after the damage was seen. */
static void test_put_aside(void **state) {
    struct record *record = full_record();
    char path[PATH_MAX], key[KEY_BYTES];
    struct stat info;
    sample_key(2, key);
    assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 0);
    write_sample(*state, 2, record);
    record_path(*state, 2, path);
    assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(store_put_aside(path, info.st_ino + 1), 0);
    assert_true(stands(path, "") && !stands(path, ".unreadable"));
    flip(path, 4000, 5);
    assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 1);
    assert_int_equal(strncmp(status_message(), path, strlen(path)), 0);
    assert_true(!stands(path, "") && stands(path, ".unreadable"));
    assert_int_equal(store_exists(*state, STORE_POINT, key), 0);
    record_free(record);
    record = record_create();
    record_scalar(record, METRIC_LAMBDA_MAX, 2.385);
    write_sample(*state, 2, record);
    assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 1);
    assert_non_null(strstr(status_message(), "it has no status"));
    record_free(record);
}

static int make_pipe(const char *path) { return mkfifo(path, 0600); }
static int make_folder(const char *path) { return mkdir(path, 0700); }
static int make_link(const char *path) { return symlink("/dev/zero", path); }
static int make_circle(const char *path) { return symlink(path, path); }
static int (*const make_other[])(const char *path) = {make_pipe, make_folder, make_link, make_circle};

/* Nobody waits for what is no file: it is no record, and is put aside. */
static void test_no_file(void **state) {
    char path[PATH_MAX], key[KEY_BYTES], *text;
    sample_key(2, key);
    record_path(*state, 2, path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(mkdir(path, 0700), 0);
    alarm(20);
    for (int i = 0; i < 4; i++) {
        record_path(*state, 2, path);
        assert_int_equal(make_other[i](path), 0);
        assert_int_equal(store_exists(*state, STORE_POINT, key), 0);
        if (i < 3) assert_named(*state, 2); /* access(2) does not see what leads nowhere */
        assert_int_equal(record_file_put_aside(*state, STORE_POINT, key), 1);
        assert_true(!stands(path, "") && stands(path, ".unreadable"));
        strcat(path, ".unreadable");
        assert_int_equal(remove(path), 0);
        join(*state, "points.tsv", path);
        assert_int_equal(make_other[i](path), 0);
        assert_int_equal(store_read_text(*state, "points.tsv", &text), ERROR_DISK);
        assert_int_equal(remove(path), 0);
    }
    alarm(0);
}

/* ---- whole or absent ---- */

/* What stands under the temporary name, a link to another file least of all, is not written to. */
static void test_draft_is_new(void **state) {
    char path[PATH_MAX], temporary[PATH_MAX], *text;
    join(*state, "a.txt", path);
    assert_true(draft_name(path, temporary));
    assert_ok(store_write_text(*state, "target", "precious"));
    assert_int_equal(symlink("target", temporary), 0);
    assert_ok(store_write_text(*state, "a.txt", "words"));
    assert_ok(store_read_text(*state, "target", &text));
    assert_string_equal(text, "precious");
    free(text);
    alarm(20);
    assert_int_equal(mkfifo(temporary, 0600), 0);
    assert_ok(store_write_text(*state, "a.txt", "other words"));
    alarm(0);
    assert_ok(store_read_text(*state, "a.txt", &text));
    assert_string_equal(text, "other words");
    free(text);
}

/* Wherever the disk ends: an error that says why, and nothing left. */
static void test_disk_full(void **state) {
    struct record *record = full_record();
    char key[KEY_BYTES], path[PATH_MAX];
    struct stat info;
    write_sample(*state, 8, record);
    record_path(*state, 8, path);
    assert_int_equal(stat(path, &info), 0);
    sample_key(4, key);
    int files = count_files(*state);
    for (rlim_t size = 0; size < (rlim_t)info.st_size; size += 1 + (rlim_t)info.st_size / 23) {
        limit_files(size);
        status result = record_file_write(*state, STORE_POINT, key, "", NULL, &sample_provenance, record);
        limit_files(RLIM_INFINITY);
        assert_int_equal(result, ERROR_DISK);
        assert_non_null(strstr(status_message(), strerror(EFBIG)));
        assert_non_null(strstr(status_message(), key));
        assert_int_equal(count_files(*state), files);
    }
    write_sample(*state, 4, record);
    record_free(record);
}

static void test_draft(void **state) {
    char path[PATH_MAX];
    struct draft draft;
    snprintf(path, sizeof path, "%s/fresh/file", (const char *)*state);
    assert_ok(draft_begin(path, &draft));
    draft_write(&draft, "words", 5, 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_ok(draft_commit(&draft));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(count_files(*state), 1);
}

/* A draft is the bytes that were written, in memory as in the file: cut, lengthened, with gaps; zeros elsewhere. */
static void check_draft_bytes(const char *dir, off_t start, bool is_settled) {
    char path[PATH_MAX], expected[64] = "....words....other", found[64], *text;
    struct draft draft;
    struct stat info;
    join(dir, "bytes", path);
    memset(expected, 0, 4);
    memset(expected + 9, 0, 4);
    assert_ok(draft_begin(path, &draft));
    if (is_settled) draft_settle(&draft);
    draft_write(&draft, "words and more", 14, start + 4);
    draft_set_end(&draft, start + 9);
    draft_write(&draft, "other", 5, start + 13);
    draft_set_end(&draft, start + 40);
    draft_read(&draft, found, sizeof found, start);
    assert_memory_equal(found, expected, sizeof found);
    assert_int_equal(draft.end, start + 40);
    assert_int_equal(fstat(draft.fd, &info), 0);
    assert_int_equal(info.st_size, is_settled || start + 40 > DRAFT_HELD ? start + 40 : 0);
    assert_ok(draft_commit(&draft));
    text = calloc(1, (size_t)start + sizeof found);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fread(text, 1, (size_t)start + sizeof found, file), start + 40);
    fclose(file);
    assert_memory_equal(text + start, expected, sizeof found);
    for (off_t i = 0; i < start; i++) assert_int_equal(text[i], 0);
    free(text);
}

static void test_draft_bytes(void **state) {
    static const off_t start[] = {0, (1 << 16) - 7, DRAFT_HELD - 41, DRAFT_HELD - 40, DRAFT_HELD - 15, DRAFT_HELD};
    for (int i = 0; i < 6; i++) {
        check_draft_bytes(*state, start[i], false);
        check_draft_bytes(*state, start[i], true);
    }
}

/* The drafts of a dead process go, those of a living one stay. */
static void test_clean(void **state) {
    char path[PATH_MAX];
    struct draft draft;
    snprintf(path, sizeof path, "%s/points/ab/record.h5", (const char *)*state);
    pid_t child = fork();
    if (child == 0) _exit(draft_begin(path, &draft) == OK ? 0 : 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(draft_begin(path, &draft));
    assert_int_equal(count_files(*state), 2);
    store_clean(*state);
    assert_int_equal(count_files(*state), 1);
    assert_ok(draft_commit(&draft));
    assert_int_equal(access(path, F_OK), 0);
}

static void write_file(const char *dir, const char *name) {
    char path[PATH_MAX];
    join(dir, name, path);
    assert_ok(draft_write_file(path, "", 0, false));
}

static int is_there(const char *dir, const char *name) {
    char path[PATH_MAX];
    join(dir, name, path);
    return access(path, F_OK) == 0;
}

/* Almost `seconds` later, with fewer nanoseconds, or earlier, with more. */
static void shift_time(const char *dir, const char *name, int seconds) {
    char path[PATH_MAX];
    struct stat info;
    join(dir, name, path);
    assert_int_equal(stat(path, &info), 0);
    const struct timespec time = {info.st_mtim.tv_sec + seconds, seconds > 0 ? 0 : 999999999};
    assert_int_equal(utimensat(AT_FDCWD, path, (const struct timespec[]){time, time}, 0), 0);
}

/* At the end the drafts of other hosts go too, but for those that were begun after this run. */
static void test_clean_rest(void **state) {
    static const char *const old[] = {"results.h5.tmp~n7~1", "points/ab/a.h5.tmp~n7~2", "claims/a.tmp~n7~3",
                                      "runs/n7~4.json.tmp~n7~4"};
    static const char *const kept[] = {"points/ab/b.h5.tmp~n7~2", "points/cd/c.h5.tmp~n7~1"};
    const char *dir = *state;
    for (int i = 0; i < 4; i++) write_file(dir, old[i]);
    write_file(dir, "points/ab/a.h5");
    clock_nap(0.03);
    assert_ok(store_open(dir));
    for (int i = 0; i < 2; i++) write_file(dir, kept[i]);
    shift_time(dir, old[1], -1);
    shift_time(dir, kept[1], 1);
    store_clean(dir);
    for (int i = 0; i < 4; i++) assert_true(is_there(dir, old[i]));
    store_clean_rest(dir);
    for (int i = 0; i < 4; i++) assert_false(is_there(dir, old[i]));
    for (int i = 0; i < 2; i++) assert_true(is_there(dir, kept[i]));
    assert_true(is_there(dir, "points/ab/a.h5"));
}

/* The checkpoint of a recorded point goes, but not one that is being written, nor that of another point. */
static void test_clean_checkpoints(void **state) {
    struct record *record = full_record();
    char key[KEY_BYTES], name[80], draft[80], other[80];
    sample_key(2, key);
    snprintf(name, sizeof name, "checkpoints/%s.h5", key);
    snprintf(draft, sizeof draft, "checkpoints/%s.h5.tmp~n7~2", key);
    sample_key(3, key);
    snprintf(other, sizeof other, "checkpoints/%s.h5", key);
    write_sample(*state, 2, record);
    write_file(*state, name);
    write_file(*state, draft);
    write_file(*state, other);
    store_clean(*state);
    assert_false(is_there(*state, name));
    assert_true(is_there(*state, draft));
    assert_true(is_there(*state, other));
    record_free(record);
}

/* ---- texts ---- */

static void test_open(void **state) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/file", (const char *)*state);
    assert_ok(draft_write_file(path, "", 0, false));
    assert_int_equal(store_open(path), ERROR_INPUT);
    snprintf(path, sizeof path, "%s/new/folder", (const char *)*state);
    assert_ok(store_open(path));
    assert_ok(store_open(path));
    assert_true(is_there(path, "claims") && is_there(path, "runs"));
    assert_int_equal(store_open("/proc/no"), ERROR_INPUT);
    assert_int_equal(store_open(""), ERROR_INPUT);
}

static void test_text(void **state) {
    char *text;
    assert_ok(store_read_text(*state, "a.txt", &text));
    assert_null(text);
    assert_ok(store_write_text(*state, "a.txt", "zwei\nΘ\n"));
    assert_ok(store_read_text(*state, "a.txt", &text));
    assert_string_equal(text, "zwei\nΘ\n");
    free(text);
}

static void test_manifest(void **state) {
    struct manifest_row row[3] = {{"a1", "b1", 0.1, "width=3 seed=0"}, {"a2", "b1", 1e-300, ""}, {"a3", "", 7, "x"}};
    struct manifest_row *back;
    int64_t count;
    assert_int_equal(manifest_read(*state, &count, &back), ERROR_INPUT);
    assert_ok(manifest_write(*state, 3, row));
    assert_ok(manifest_read(*state, &count, &back));
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(back[i].key, row[i].key);
        assert_string_equal(back[i].reference, row[i].reference);
        assert_string_equal(back[i].label, row[i].label);
        assert_true(back[i].seconds == row[i].seconds);
    }
    free(back);
    assert_ok(store_write_text(*state, "points.tsv", "key\treference\tseconds\tlabel\na\tb\t1\tc\na\tb\n"));
    assert_int_equal(manifest_read(*state, &count, &back), ERROR_INPUT);
    assert_non_null(strstr(status_message(), "points.tsv:3:"));
}

static void test_failure(void **state) {
    struct record *record = full_record();
    char key[KEY_BYTES];
    sample_key(1, key);
    assert_null(failure_read(*state, key));
    assert_ok(failure_write(*state, key, "width=7", "no memory"));
    char *line = failure_read(*state, key);
    assert_string_equal(line, "width=7: no memory");
    free(line);
    write_sample(*state, 1, record);
    assert_null(failure_read(*state, key));
    record_free(record);
}

/* As users list them: in the order of their names, the order of the forward pass. Counts are whole numbers. */
static void test_many_tensors(void **state) {
    enum { TENSORS = 120 };
    static const enum dimension dim[] = {DIM_FREE, DIM_FREE};
    const int64_t size[] = {1, 3}, batches[] = {2, 2};
    struct record *record = sample_point(1, (const double[]){0}, 1, "readout"), *back;
    double *batch = record_add(record, METRIC_KEPT_BATCHES, batches);
    for (int i = 0; i < 4; i++) batch[i] = 3 * i;
    record_scalar(record, METRIC_DIVERGED_STEP, (double)NAN);
    record_scalar(record, METRIC_DIVERGED_STEP_LINEAR, 1e15);
    *record_add_shaped(record, METRIC_STATUS, 0, 0, NULL, NULL) = STATUS_LINEARIZATION_DIVERGED;
    for (int t = 0; t < TENSORS; t++)
        fill(record_add_shaped(record, METRIC_KEPT_PARAMETERS, t, 2, dim, size), METRIC_KEPT_PARAMETERS, t, 3);
    char key[KEY_BYTES], path[PATH_MAX], name[16], expected[16];
    sample_key(3, key);
    assert_ok(record_file_write(*state, STORE_POINT, key, "", NULL, &sample_provenance, record));
    assert_ok(record_file_read(*state, STORE_POINT, key, true, &back, NULL));
    assert_same_record(record, back);
    snprintf(path, sizeof path, "%s/points/%.2s/%s.h5", (const char *)*state, key, key);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    for (int t = 0; t < TENSORS; t++) {
        H5Lget_name_by_idx(file, "kept/parameters", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)t, name, sizeof name,
                           H5P_DEFAULT);
        snprintf(expected, sizeof expected, "%03d", t);
        assert_string_equal(name, expected);
    }
    static const char *const whole[] = {"kept/batches", "diverged_step", "diverged_step_linear", "status", "step"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        hid_t set = H5Dopen2(file, whole[i], H5P_DEFAULT), type = H5Dget_type(set);
        assert_int_equal(H5Tget_class(type), H5T_INTEGER);
        H5Tclose(type);
        H5Dclose(set);
    }
    H5Fclose(file);
    record_free(record);
    record_free(back);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_begin, folder_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_scales),       IN_FOLDER(test_round_trip),        IN_FOLDER(test_reference),
        IN_FOLDER(test_empty_array),  IN_FOLDER(test_truncated),         IN_FOLDER(test_wrong_file),
        IN_FOLDER(test_disk_full),    IN_FOLDER(test_flipped),           IN_FOLDER(test_old),
        IN_FOLDER(test_put_aside),    IN_FOLDER(test_no_file),           IN_FOLDER(test_draft_is_new),
        IN_FOLDER(test_draft),        IN_FOLDER(test_draft_bytes),       IN_FOLDER(test_clean),
        IN_FOLDER(test_clean_rest),   IN_FOLDER(test_clean_checkpoints), IN_FOLDER(test_open),
        IN_FOLDER(test_text),         IN_FOLDER(test_manifest),          IN_FOLDER(test_failure),
        IN_FOLDER(test_many_tensors), IN_FOLDER(test_summary),           IN_FOLDER(test_several_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
