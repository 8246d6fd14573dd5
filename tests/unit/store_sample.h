/* What the tests of the store share: a folder that is removed afterwards, and records with values that depend on
 * (metric, number, element), so that nothing can be mistaken for anything else. */
#ifndef STORE_SAMPLE_H
#define STORE_SAMPLE_H

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "record_file.h"
#include "record_name.h"
#include "study.h"

static const struct provenance sample_provenance = {"0.0.7",       "1a2b3c", "gcc 12", "OpenBLAS 0.3.21",
                                                    "Haswell-ish", "MPI 4",  "1.10.8"};

/* ---- a folder ---- */

static inline int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static inline int folder_begin(void **state) {
    char name[] = "/tmp/test_store_XXXXXX";
    *state = strdup(mkdtemp(name));
    assert_int_equal(store_open(*state), OK);
    return 0;
}

static inline int folder_end(void **state) {
    nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static int names_counted;
static inline int count_file(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)path, (void)info, (void)where;
    names_counted += kind == FTW_F;
    return 0;
}

/* Files in the folder and below it. */
static inline int count_files(const char *folder) {
    names_counted = 0;
    nftw(folder, count_file, 16, FTW_PHYS);
    return names_counted;
}

/* Says what went wrong. */
static inline void assert_ok(status result) {
    if (result != OK) print_error("%s\n", status_message());
    assert_int_equal(result, OK);
}

/* A full disk: no file grows beyond this. */
static inline void limit_files(rlim_t bytes) {
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file as earlier versions wrote it, without the block with its sum. */
static inline void make_old(const char *path) {
    static char bytes[1 << 22];
    FILE *file = fopen(path, "r+");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_true(size > 512 && size < sizeof bytes);
    rewind(file);
    fwrite(bytes + 512, 1, size - 512, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, (off_t)size - 512), 0);
}

static inline void flip(const char *path, long byte, int bit) {
    FILE *file = fopen(path, "r+");
    assert_int_equal(fseek(file, byte, SEEK_SET), 0);
    int found = fgetc(file);
    assert_int_equal(fseek(file, byte, SEEK_SET), 0);
    assert_int_not_equal(fputc(found ^ (1 << bit), file), EOF);
    assert_int_equal(fclose(file), 0);
}

/* The key of sample point i. */
static inline void sample_key(int64_t i, char key[KEY_BYTES]) {
    snprintf(key, KEY_BYTES, "%02x%030llx", (unsigned)(i % 251 + 3), 0xabcdef0123456ULL + (unsigned long long)i);
}

/* ---- records ---- */

static inline double sample_value(enum metric_id metric, int number, int64_t i) {
    return sin(1.37 * (int)metric + 0.71 * number + 0.0193 * (double)i) * exp(0.3 * (int)metric);
}

static inline void fill(double *value, enum metric_id metric, int number, int64_t count) {
    for (int64_t i = 0; i < count; i++) value[i] = sample_value(metric, number, i);
}

static inline void add_steps(struct record *record, enum metric_id metric, int64_t count, const double *step) {
    memcpy(record_add(record, metric, &count), step, (size_t)count * sizeof *step);
}

/* What every point's record holds: `steps` recorded steps, layers named by `layers`. */
static inline struct record *sample_point(int64_t steps, const double *step, int64_t layers, const char *names) {
    struct record *record = record_create();
    const int64_t shape[] = {steps, layers};
    add_steps(record, METRIC_STEP, steps, step);
    record_text(record, METRIC_LAYER, names);
    fill(record_add(record, METRIC_RMSE_TEST, shape), METRIC_RMSE_TEST, 0, steps);
    fill(record_add(record, METRIC_PARAMETER_CHANGE, shape), METRIC_PARAMETER_CHANGE, 0, steps * layers);
    record_scalar(record, METRIC_LEARNING_RATE_USED, 0.2385);
    record_scalar(record, METRIC_STATUS, 0);
    record_scalar(record, METRIC_SECONDS_TOTAL, 1.7);
    record_text(record, METRIC_HOST, "node-ü1");
    return record;
}

static inline void assert_same_array(const struct array *a, const struct array *b) {
    assert_non_null(b);
    assert_int_equal(a->ndim, b->ndim);
    assert_memory_equal(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim);
    assert_memory_equal(a->size, b->size, (size_t)a->ndim * sizeof *a->size);
    if (a->text) {
        assert_string_equal(a->text, b->text);
    } else {
        assert_memory_equal(a->value, b->value, (size_t)array_length(a) * sizeof *a->value);
    }
}

static inline void assert_same_record(const struct record *a, const struct record *b) {
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        assert_same_array(&a->array[i], record_find(b, a->array[i].metric, a->array[i].number));
    }
}

#endif
