#include "hdf.h"

#include <errno.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "driver.h"
#include "file.h"
#include "panic.h"
#include "scales.h"
#include "sum.h"

enum {
    DEFLATE_LEVEL = 4,
    PACKED_BYTES = 1 << 20,
    CHECKED_BYTES = 1 << 17,
    SHORT_TEXT = 1024,
    ATTRIBUTES = 64,
    BUFFER_BYTES = 1 << 14,
    IMAGE_MOST = 1 << 20,
    IMAGE_GROWTH = 1 << 16
};

static char first_message[256];
static enum hdf_check checking; /* of the file that is being written */

static herr_t note_innermost(unsigned depth, const H5E_error2_t *error, void *unused) {
    (void)unused;
    if (depth == 0) snprintf(first_message, sizeof first_message, "%s", error->desc ? error->desc : "unknown error");
    return 0;
}

/* HDF5 calls this where it would print its stack: when one of its functions fails. */
static herr_t note_failure(hid_t stack, void *unused) {
    (void)unused;
    if (!first_message[0]) H5Ewalk2(stack, H5E_WALK_UPWARD, note_innermost, NULL);
    return 0;
}

/* At the program's end HDF5 would close what nobody needs any more, and print that a damaged file did not let it. */
static void watch_errors(void) {
    first_message[0] = '\0';
    (void)H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, note_failure, NULL);
}

status hdf_status(bool good) {
    if (good) return OK;
    FAIL(ERROR_DISK, "HDF5: %s", first_message[0] ? first_message : "unknown error");
}

/* The format of 1.8 has checksums in all but the data and the indices of chunks, that of 1.10 there too. */
static hid_t make_access(struct draft *draft, enum hdf_check check) {
    H5F_libver_t format = check == HDF_CHECK_WHOLE ? H5F_LIBVER_V18 : H5F_LIBVER_V110;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    CHECK(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && driver_set(access, draft) >= 0 &&
          H5Pset_libver_bounds(access, format, format) >= 0);
    return access;
}

/* How a file's root or a group is made: without times, its attributes in the order of writing. */
static hid_t make_group_list(hid_t class) {
    hid_t list = H5Pcreate(class);
    CHECK(H5Pset_obj_track_times(list, 0) >= 0 && H5Pset_attr_phase_change(list, ATTRIBUTES, 0) >= 0);
    return list;
}

static status create_file(struct draft *draft, enum hdf_check check, hid_t *file) {
    watch_errors();
    scales_begin();
    checking = check;
    hid_t access = make_access(draft, check), list = make_group_list(H5P_FILE_CREATE);
    CHECK(H5Pset_userblock(list, check == HDF_CHECK_WHOLE ? SUM_BYTES : 0) >= 0);
    *file = H5Fcreate(draft->path, H5F_ACC_TRUNC, list, access);
    H5Pclose(list);
    H5Pclose(access);
    return hdf_status(*file >= 0);
}

static status write_file(struct draft *draft, enum hdf_check check, const char *end,
                         status (*write)(hid_t file, void *context), void *context) {
    hid_t file;
    TRY(create_file(draft, check, &file));
    status result = write(file, context);
    if (result == OK) result = hdf_status(scales_end(file));
    if (result != OK) {
        H5Fclose(file);
        return result;
    }
    TRY(hdf_status(H5Fclose(file) >= 0));
    if (end) draft_write(draft, end, strlen(end), draft->end);
    if (check == HDF_CHECK_WHOLE) sum_write(draft);
    return OK;
}

status hdf_write_file(const char *path, enum hdf_check check, const char *end,
                      status (*write)(hid_t file, void *context), void *context) {
    struct draft draft;
    TRY(draft_begin(path, &draft));
    status result = write_file(&draft, check, end, write, context);
    if (result == OK || draft.error) return draft_commit(&draft);
    draft_abort(&draft);
    FAIL(result, "%s: cannot be written: %s", path, status_message());
}

/* The bytes of a small file, which HDF5 else would read in a hundred pieces. False: it is none, or cannot be read. */
static bool set_image(hid_t access, int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_size == 0 || info.st_size > IMAGE_MOST) return false;
    size_t size = (size_t)info.st_size;
    void *bytes = malloc(size);
    bool good = bytes && pread(fd, bytes, size, 0) == (ssize_t)size && H5Pset_fapl_core(access, IMAGE_GROWTH, 0) >= 0 &&
                H5Pset_file_image(access, bytes, size) >= 0;
    free(bytes);
    return good;
}

/* HDF5 opens by name: the very file that was checked; or its image, of which no file and no other image may have the
 * name. */
static status open_checked(int fd, hid_t *file) {
    static unsigned images;
    char name[64];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    bool good = H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && H5Pset_file_locking(access, 0, 1) >= 0;
    if (good && set_image(access, fd))
        snprintf(name, sizeof name, "/proc/self/fd/%d/image %u", fd, images++);
    else
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    *file = good ? H5Fopen(name, H5F_ACC_RDONLY, access) : H5I_INVALID_HID;
    H5Pclose(access);
    return hdf_status(*file >= 0);
}

/* What cannot be read from the disk is as good as damaged, and so is what is no file. */
static bool says_damaged(int error) { return error == 0 || error == EIO || error == ELOOP; }

static status open_file(const char *path, status (*check)(int fd), hid_t *file) {
    const char *why;
    watch_errors();
    int fd = file_open(path, &why);
    if (fd < 0) FAIL(says_damaged(errno) ? ERROR_DISK : ERROR_INPUT, "%s", why);
    status result = check ? check(fd) : OK;
    if (result == OK) result = open_checked(fd, file);
    close(fd);
    return result;
}

status hdf_open(const char *path, hid_t *file) { return open_file(path, sum_check, file); }

status hdf_open_foreign(const char *path, hid_t *file) { return open_file(path, NULL, file); }

static hid_t make_text_type(size_t size) {
    hid_t type = H5Tcopy(H5T_C_S1);
    CHECK(type >= 0 && H5Tset_size(type, size) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
    if (size != H5T_VARIABLE) CHECK(H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0);
    return type;
}

hid_t hdf_text_type(void) {
    static hid_t type = H5I_INVALID_HID;
    if (type < 0) type = make_text_type(H5T_VARIABLE);
    return type;
}

hid_t hdf_transfer(void) {
    static hid_t list = H5I_INVALID_HID;
    if (list < 0) {
        list = H5Pcreate(H5P_DATASET_XFER);
        CHECK(H5Pset_buffer(list, BUFFER_BYTES, NULL, NULL) >= 0);
    }
    return list;
}

static hid_t scalar_space(void) {
    static hid_t space = H5I_INVALID_HID;
    if (space < 0) space = H5Screate(H5S_SCALAR);
    return space;
}

static status write_attribute(hid_t object, const char *name, hid_t type, hid_t space, const void *value) {
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = H5Awrite(attribute, type, value) >= 0;
    good &= H5Aclose(attribute) >= 0;
    return hdf_status(good);
}

/* Of texts of `length`, at most SHORT_TEXT bytes; each made once. */
static hid_t short_text_type(size_t length) {
    static hid_t type[SHORT_TEXT]; /* 0: not yet */
    if (!type[length]) type[length] = make_text_type(length ? length : 1);
    return type[length];
}

/* Short texts have their own length and lie in the object's header; a header has no room for long ones. */
status hdf_write_attribute(hid_t object, const char *name, const char *text) {
    size_t length = strlen(text);
    if (length >= SHORT_TEXT) return write_attribute(object, name, hdf_text_type(), scalar_space(), &text);
    return write_attribute(object, name, short_text_type(length), scalar_space(), text);
}

status hdf_write_numbers(hid_t object, const char *name, hid_t type, hsize_t count, const void *value) {
    if (!count) return write_attribute(object, name, type, scalar_space(), value);
    hid_t space = H5Screate_simple(1, &count, NULL);
    status result = write_attribute(object, name, type, space, value);
    H5Sclose(space);
    return result;
}

static bool read_text(hid_t attribute, char **text) {
    hid_t type = H5Aget_type(attribute);
    bool good;
    if (H5Tis_variable_str(type) > 0) {
        char *value = NULL;
        good = H5Aread(attribute, hdf_text_type(), &value) >= 0;
        *text = strdup(value ? value : "");
        H5free_memory(value);
    } else {
        *text = calloc(H5Tget_size(type) + 1, 1);
        good = *text && H5Aread(attribute, type, *text) >= 0;
    }
    H5Tclose(type);
    return good;
}

status hdf_read_attribute(hid_t object, const char *name, char **text) {
    *text = NULL;
    if (H5Aexists(object, name) <= 0) {
        *text = strdup("");
        return OK;
    }
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    bool good = read_text(attribute, text);
    H5Aclose(attribute);
    if (!good) {
        free(*text);
        *text = NULL;
    }
    return hdf_status(good);
}

status hdf_describe(hid_t set, const char *unit, const char *meaning) {
    TRY(hdf_write_attribute(set, "units", unit));
    return hdf_write_attribute(set, "long_name", meaning);
}

static hsize_t count_words(const char *words) {
    hsize_t count = 1;
    for (; (words = strchr(words, ' ')); words++) count++;
    return count;
}

enum { FLAGS_MOST = 16 };

/* -1 "missing" (only in results), then the words of the table from 0 on. */
static status describe_flags(hid_t set, const char *words) {
    signed char value[FLAGS_MOST];
    hsize_t count = 1 + count_words(words);
    CHECK(count <= FLAGS_MOST);
    for (int i = 0; i < FLAGS_MOST; i++) value[i] = (signed char)(i - 1);
    char meanings[256];
    snprintf(meanings, sizeof meanings, "missing %s", words);
    TRY(hdf_write_numbers(set, "flag_values", H5T_NATIVE_SCHAR, count, value));
    return hdf_write_attribute(set, "flag_meanings", meanings);
}

/* 1, 2, 4, .. that may be set together; 0: none of them; -1: missing (only in results). */
static status describe_bits(hid_t set, const char *words) {
    static const signed char mask[] = {1, 2, 4, 8, 16, 32, 64};
    hsize_t count = count_words(words);
    CHECK(count <= sizeof mask);
    TRY(hdf_write_numbers(set, "flag_masks", H5T_NATIVE_SCHAR, count, mask));
    TRY(hdf_write_attribute(set, "flag_meanings", words));
    return hdf_write_attribute(set, "comment", "0: none of them; -1: no record is there");
}

status hdf_describe_metric(hid_t set, const struct metric *metric) {
    int varies = metric->varies;
    TRY(hdf_describe(set, metric->unit, metric->meaning));
    if (metric->type == METRIC_FLAG) TRY(describe_flags(set, metric->flags));
    if (metric->type == METRIC_BITS) TRY(describe_bits(set, metric->flags));
    if (varies) TRY(hdf_write_numbers(set, "varies", H5T_NATIVE_INT, 0, &varies));
    return OK;
}

status hdf_describe_figure(hid_t set, const struct metric *metric) {
    int models = (int)metric->models;
    if (metric->label) TRY(hdf_write_attribute(set, "label", metric->label));
    if (metric->against) TRY(hdf_write_attribute(set, "figure_against", metric->against));
    if (metric->slope != 0) TRY(hdf_write_numbers(set, "guide_slope", H5T_NATIVE_DOUBLE, 0, &metric->slope));
    return models ? hdf_write_numbers(set, "models", H5T_NATIVE_INT, 0, &models) : OK;
}

/* Whole rows of about so many bytes, so that a tensor larger than memory allows is written in pieces. */
static bool set_chunk(hid_t list, const struct hdf_array *array, hsize_t most_bytes) {
    hsize_t chunk[H5S_MAX_RANK], bytes = H5Tget_size(array->type);
    CHECK(array->ndim <= H5S_MAX_RANK);
    for (int i = array->ndim - 1; i >= 0; i--) {
        hsize_t most = bytes < most_bytes ? most_bytes / bytes : 1;
        chunk[i] = array->size[i] < most ? array->size[i] : most;
        bytes *= chunk[i];
    }
    return H5Pset_chunk(list, array->ndim, chunk) >= 0;
}

/* Nothing can be chunked that has no elements. */
static bool can_have_chunks(const struct hdf_array *array) {
    hsize_t length = 1;
    for (int i = 0; i < array->ndim; i++) length *= array->size[i];
    return array->ndim > 0 && length > 0;
}

/* Of texts of any length the sum would be one of their addresses. */
static bool is_checked(const struct hdf_array *array) {
    return checking == HDF_CHECK_CHUNKS && H5Tis_variable_str(array->type) <= 0;
}

static bool set_filters(hid_t list, const struct hdf_array *array) {
    bool good = true;
    if (!can_have_chunks(array) || !(is_checked(array) || array->packed)) return true;
    good &= set_chunk(list, array, array->packed ? PACKED_BYTES : CHECKED_BYTES);
    if (array->packed) good &= H5Pset_shuffle(list) >= 0 && H5Pset_deflate(list, DEFLATE_LEVEL) >= 0;
    if (is_checked(array)) good &= H5Pset_fletcher32(list) >= 0;
    return good;
}

/* The groups on the way to `name`. */
static status create_groups(hid_t place, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s", name);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!hdf_has(place, path)) {
            hid_t list = make_group_list(H5P_GROUP_CREATE);
            hid_t group = H5Gcreate2(place, path, H5P_DEFAULT, list, H5P_DEFAULT);
            H5Pclose(list);
            TRY(hdf_status(H5Gclose(group) >= 0));
        }
        *slash = '/';
    }
    return OK;
}

/* Made once: making one takes as long as making a small array. */
static hid_t plain_list(void) {
    static hid_t list = H5I_INVALID_HID;
    if (list >= 0) return list;
    list = H5Pcreate(H5P_DATASET_CREATE);
    CHECK(H5Pset_obj_track_times(list, 0) >= 0);
    return list;
}

static hid_t make_list(const struct hdf_array *array) {
    hid_t list = H5Pcopy(plain_list());
    bool good = !array->fill || H5Pset_fill_value(list, array->type, array->fill) >= 0;
    if (good && set_filters(list, array)) return list;
    H5Pclose(list);
    return H5I_INVALID_HID;
}

static bool is_plain(const struct hdf_array *array) {
    return !array->fill && !array->packed && checking == HDF_CHECK_WHOLE;
}

static hid_t create_array(hid_t place, const struct hdf_array *array) {
    hid_t list = is_plain(array) ? plain_list() : make_list(array);
    if (list < 0) return list;
    hid_t space = array->ndim ? H5Screate_simple(array->ndim, array->size, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = H5Dcreate2(place, array->name, array->type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Sclose(space);
    if (list != plain_list()) H5Pclose(list);
    return set;
}

static status attach_scales(hid_t set, const struct hdf_array *array) {
    hid_t file = H5Iget_file_id(set);
    bool good = scales_attach(file, set, array->ndim, array->dimension);
    H5Fclose(file);
    return hdf_status(good);
}

status hdf_create_array(hid_t place, const struct hdf_array *array, hid_t *set) {
    TRY(create_groups(place, array->name));
    *set = create_array(place, array);
    TRY(hdf_status(*set >= 0));
    return array->dimension ? attach_scales(*set, array) : OK;
}

/* netCDF knows a dimension without a coordinate by this name, the size in ten columns. */
static bool set_scale(hid_t set, hsize_t count, bool has_values) {
    char name[96];
    snprintf(name, sizeof name, "This is a netCDF dimension but not a netCDF variable.%10llu",
             (unsigned long long)count);
    return H5DSset_scale(set, has_values ? NULL : name) >= 0;
}

status hdf_create_scale(hid_t place, const char *name, hid_t type, hsize_t count, const void *value, const char *unit,
                        const char *meaning) {
    const struct hdf_array array = {.name = name, .type = value ? type : H5T_IEEE_F32BE, .ndim = 1, .size = &count};
    hid_t set = create_array(place, &array);
    TRY(hdf_status(set >= 0));
    hid_t memory = value && H5Tget_class(type) == H5T_STRING ? type : H5T_NATIVE_DOUBLE;
    bool good = !value || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, hdf_transfer(), value) >= 0;
    good &= set_scale(set, count, value != NULL);
    TRY(hdf_status(good));
    if (value) TRY(hdf_describe(set, unit, meaning));
    return hdf_status(H5Dclose(set) >= 0);
}

status hdf_create_index(hid_t place, const char *name, hsize_t count, const char *meaning) {
    double *index = malloc((count ? count : 1) * sizeof *index);
    if (!index) FAIL(ERROR_MEMORY, "no memory for the %llu indices of %s", (unsigned long long)count, name);
    for (hsize_t i = 0; i < count; i++) index[i] = (double)i;
    status result = hdf_create_scale(place, name, H5T_STD_I64LE, count, index, "1", meaning);
    free(index);
    return result;
}

/* A missing group on the way is no failure to note. */
bool hdf_has(hid_t place, const char *name) {
    htri_t there;
    H5E_BEGIN_TRY { there = H5Lexists(place, name, H5P_DEFAULT); }
    H5E_END_TRY
    return there > 0;
}

struct axis_name {
    size_t size;
    char *out;
};

static herr_t take_name(hid_t set, unsigned axis, hid_t scale, void *context) {
    (void)set, (void)axis;
    const struct axis_name *name = context;
    char path[256];
    if (H5Iget_name(scale, path, sizeof path) < 0) return -1;
    const char *slash = strrchr(path, '/');
    snprintf(name->out, name->size, "%s", slash ? slash + 1 : path);
    return 1;
}

void hdf_axis_name(hid_t set, int axis, size_t size, char *name) {
    struct axis_name out = {size, name};
    name[0] = '\0';
    H5DSiterate_scales(set, (unsigned)axis, NULL, take_name, &out);
}

/* ---- numbers of metrics ---- */

hid_t hdf_metric_type(enum metric_type type) {
    switch (type) {
    case METRIC_COUNT:
        return H5T_STD_I64LE;
    case METRIC_FLAG:
    case METRIC_BITS:
        return H5T_STD_I8LE;
    default:
        return H5T_IEEE_F64LE;
    }
}

void hdf_fill_counts(enum metric_type type, int64_t n, double *values) {
    if (type != METRIC_COUNT) return;
    for (int64_t i = 0; i < n; i++) values[i] = isnan(values[i]) ? -1 : values[i];
}

status hdf_write_metric(hid_t set, enum metric_type type, int64_t n, const double *values) {
    double *copy = type == METRIC_COUNT ? malloc((size_t)(n + 1) * sizeof *copy) : NULL;
    CHECK(copy || type != METRIC_COUNT);
    if (copy) memcpy(copy, values, (size_t)n * sizeof *copy);
    hdf_fill_counts(type, n, copy);
    herr_t written = H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, hdf_transfer(), copy ? copy : values);
    free(copy);
    return hdf_status(written >= 0);
}

status hdf_read_metric(hid_t set, enum metric_type type, int64_t n, double *values) {
    TRY(hdf_status(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, hdf_transfer(), values) >= 0));
    if (type != METRIC_COUNT) return OK;
    for (int64_t i = 0; i < n; i++) values[i] = values[i] < 0 ? (double)NAN : values[i];
    return OK;
}
