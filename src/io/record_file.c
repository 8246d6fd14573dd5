#include "record_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hdf_record.h"
#include "summary.h"

static status write_contents(hid_t file, void *context) {
    const struct record_contents *contents = context;
    TRY(hdf_put_record(file, contents));
    return hdf_seal_record(file, contents->key);
}

status record_file_write(const char *dir, enum store_kind kind, const char *key, const char *label,
                         const char *settings, const struct provenance *provenance, const struct record *record) {
    struct record_contents contents = {key, label, settings, provenance, record, 0};
    char path[PATH_MAX];
    store_path(dir, kind, key, path);
    char *summary = summary_line(key, record);
    status result = hdf_write_file(path, HDF_CHECK_WHOLE, summary, write_contents, &contents);
    free(summary);
    TRY(result);
    store_remove(dir, STORE_FAILURE, key);
    store_remove(dir, STORE_CHECKPOINT, key);
    return OK;
}

/* Names the file of a reading that failed. */
static status fail_read(const char *path, status result) {
    if (result == OK) return OK;
    FAIL(result, "%s: %s (%s)", path, result == ERROR_INPUT ? "cannot be read" : "is not a whole record",
         status_message());
}

static status check_status(enum store_kind kind, const struct record *record) {
    if (kind != STORE_POINT || record_find(record, METRIC_STATUS, 0)) return OK;
    FAIL(ERROR_DISK, "it has no status");
}

status record_file_read(const char *dir, enum store_kind kind, const char *key, bool kept, struct record **record,
                        struct provenance *provenance) {
    char path[PATH_MAX];
    hid_t file;
    store_path(dir, kind, key, path);
    TRY(fail_read(path, hdf_open(path, &file)));
    enum metric_place place = kind == STORE_POINT ? PLACE_RECORD : PLACE_REFERENCE;
    struct record *read = record_create();
    char *numbers = summary_numbers(path, key);
    status result = hdf_take_record(file, key, place, kept, numbers, read, provenance);
    free(numbers);
    H5Fclose(file);
    if (result == OK) result = check_status(kind, read);
    result = fail_read(path, result);
    if (result == OK) {
        *record = read;
    } else {
        record_free(read);
    }
    return result;
}

bool record_file_put_aside(const char *dir, enum store_kind kind, const char *key) {
    char path[PATH_MAX];
    struct stat seen;
    struct record *record = NULL;
    store_path(dir, kind, key, path);
    status read = lstat(path, &seen) == 0 ? record_file_read(dir, kind, key, false, &record, NULL) : OK;
    if (record) record_free(record);
    return read == ERROR_DISK && store_put_aside(path, seen.st_ino);
}

int record_file_scalars(const char *dir, enum store_kind kind, const char *key, int count, const enum metric_id *metric,
                        double *value) {
    char path[PATH_MAX];
    hid_t file;
    store_path(dir, kind, key, path);
    if (summary_read(path, key, count, metric, value)) return 1;
    if (!store_exists(dir, kind, key) && access(path, F_OK) != 0) return 0;
    if (fail_read(path, hdf_open(path, &file)) != OK) return -1;
    status result = fail_read(path, hdf_take_scalars(file, key, count, metric, value));
    H5Fclose(file);
    return result == OK ? 1 : -1;
}

int record_file_check(const char *dir, enum store_kind kind, const char *key) {
    return record_file_scalars(dir, kind, key, 0, NULL, NULL);
}

int record_file_status(const char *dir, const char *key) {
    static const enum metric_id metric[] = {METRIC_STATUS, METRIC_DIVERGED_STEP, METRIC_DIVERGED_STEP_LINEAR};
    double value[3] = {(double)NAN, (double)NAN, (double)NAN};
    int found = record_file_scalars(dir, STORE_POINT, key, 3, metric, value);
    if (found < 1) return found - 1;
    if (!isnan(value[0])) return record_status_bits(value[1], value[2]);
    char path[PATH_MAX];
    store_path(dir, STORE_POINT, key, path);
    (void)fail_read(path, status_fail(ERROR_DISK, __FILE__, __LINE__, "it has no status"));
    return -2;
}
