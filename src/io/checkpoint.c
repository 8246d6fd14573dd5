#include "checkpoint.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hdf_record.h"
#include "store.h"

enum { NAME_BYTES = 80 };

bool checkpoint_exists(const char *dir, const char *key) {
    char path[PATH_MAX];
    store_path(dir, STORE_CHECKPOINT, key, path);
    return access(path, F_OK) == 0;
}

static void array_name(const struct state *state, int i, char name[NAME_BYTES]) {
    snprintf(name, NAME_BYTES, "state/%s", state->array[i].name);
}

/* The same in the file and in memory: nothing is converted, and every bit stays. */
static hid_t array_type(const struct state *state, int i) {
    return state->array[i].bits == 32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}

/* ---- writing ---- */

static status write_array(hid_t file, const struct state *state, int i) {
    char name[NAME_BYTES];
    const hsize_t size = (hsize_t)state->array[i].size;
    hid_t set, type = array_type(state, i);
    array_name(state, i, name);
    TRY(hdf_create_array(file, &(struct hdf_array){.name = name, .type = type, .ndim = 1, .size = &size}, &set));
    TRY(hdf_status(H5Dwrite(set, type, H5S_ALL, H5S_ALL, hdf_transfer(), state->array[i].value) >= 0));
    return hdf_status(H5Dclose(set) >= 0);
}

struct contents {
    struct record_contents record;
    const struct state *state;
};

static status write_contents(hid_t file, void *context) {
    const struct contents *contents = context;
    TRY(hdf_put_record(file, &contents->record));
    for (int i = 0; i < contents->state->count; i++) TRY(write_array(file, contents->state, i));
    return hdf_seal_record(file, contents->record.key);
}

status checkpoint_write(const char *dir, const char *key, const char *label, const struct provenance *provenance,
                        const struct record *record, const struct state *state) {
    struct contents contents = {{key, label, NULL, provenance, record, 1}, state};
    char path[PATH_MAX];
    store_path(dir, STORE_CHECKPOINT, key, path);
    return hdf_write_file(path, HDF_CHECK_WHOLE, NULL, write_contents, &contents);
}

/* ---- reading ---- */

static status check_provenance(const struct provenance *found, const struct provenance *expected) {
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        const struct provenance_field *field = &provenance_field[i];
        const char *was = provenance_text(found, i), *is = provenance_text(expected, i);
        if (field->decides && strcmp(was, is) != 0)
            FAIL(ERROR_DISK, "its %s is %s, that of this run %s", field->name, was, is);
    }
    return OK;
}

static bool fits(hid_t set, const struct state *state, int i) {
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    bool good = H5Tequal(type, array_type(state, i)) > 0 &&
                H5Sget_simple_extent_npoints(space) == (hssize_t)state->array[i].size;
    H5Sclose(space);
    H5Tclose(type);
    return good;
}

static status check_array(hid_t set, const struct state *state, int i) {
    if (fits(set, state, i)) return OK;
    FAIL(ERROR_DISK, "its %s is not %lld numbers of %d bits", state->array[i].name, (long long)state->array[i].size,
         state->array[i].bits);
}

static status read_array(hid_t set, const struct state *state, int i) {
    hid_t type = array_type(state, i);
    return hdf_status(H5Dread(set, type, H5S_ALL, H5S_ALL, hdf_transfer(), state->array[i].value) >= 0);
}

/* Does it to each array of `state` that the file has; *count: how many. */
static status for_each_array(hid_t file, const struct state *state, hsize_t *count,
                             status (*visit)(hid_t set, const struct state *state, int i)) {
    *count = 0;
    for (int i = 0; i < state->count; i++) {
        char name[NAME_BYTES];
        array_name(state, i, name);
        if (!hdf_has(file, name)) continue;
        hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
        TRY(hdf_status(set >= 0));
        TRY(visit(set, state, i));
        TRY(hdf_status(H5Dclose(set) >= 0));
        ++*count;
    }
    return OK;
}

static status check_state(hid_t file, const struct state *state) {
    hsize_t count;
    H5G_info_t group = {.nlinks = 0};
    TRY(for_each_array(file, state, &count, check_array));
    if (hdf_has(file, "state")) TRY(hdf_status(H5Gget_info_by_name(file, "state", &group, H5P_DEFAULT) >= 0));
    if (count != group.nlinks) FAIL(ERROR_DISK, "it holds arrays that this point has not");
    return OK;
}

/* Everything but the values of the state. */
static status check_contents(hid_t file, const char *key, const struct provenance *provenance, struct record *record,
                             const struct state *state) {
    struct provenance found;
    TRY(hdf_take_record(file, key, PLACE_RECORD, true, NULL, record, &found));
    TRY(check_provenance(&found, provenance));
    return check_state(file, state);
}

/* What is damaged is kept under another name until its point is recorded. */
static status open_whole(const char *path, hid_t *file) {
    struct stat seen;
    bool is_there = lstat(path, &seen) == 0;
    status opened = hdf_open(path, file);
    if (opened == ERROR_DISK && is_there) (void)store_put_aside(path, seen.st_ino);
    return opened;
}

static status refuse(const char *path) {
    FAIL(ERROR_INPUT, "%s: is no checkpoint of this point (%s)", path, status_message());
}

static status read_contents(hid_t file, const char *path, const char *key, const struct provenance *provenance,
                            struct record *record, const struct state *state) {
    hsize_t count;
    if (check_contents(file, key, provenance, record, state) != OK) return refuse(path);
    if (for_each_array(file, state, &count, read_array) == OK) return OK;
    FAIL(ERROR_DISK, "%s: cannot be read (%s)", path, status_message());
}

status checkpoint_read(const char *dir, const char *key, const struct provenance *provenance, struct record **record,
                       const struct state *state) {
    char path[PATH_MAX];
    hid_t file;
    store_path(dir, STORE_CHECKPOINT, key, path);
    if (!checkpoint_exists(dir, key)) return OK;
    if (open_whole(path, &file) != OK) return refuse(path);
    struct record *read = record_create();
    status result = read_contents(file, path, key, provenance, read, state);
    H5Fclose(file);
    if (result == OK)
        *record = read;
    else
        record_free(read);
    return result;
}
