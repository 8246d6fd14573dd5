#include "hdf_record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "panic.h"
#include "summary.h"

enum { NAME_BYTES = 64, PACKING_MOST = 1100 }; /* deflate packs 1032 bytes into one at most */

/* Tensors are numbered: kept/parameters/03, with as many digits as the last one needs, at least two, so that names sort
 * as numbers do. */
static bool is_numbered(const struct metric *metric) { return metric->dim[0] == DIM_FREE; }
enum { DIGITS_LEAST = 2, DIGITS_MOST = 9 };

static void array_name(const struct metric *metric, int digits, int number, char name[NAME_BYTES]) {
    const char *group = metric->place == PLACE_KEPT ? "kept/" : "";
    if (is_numbered(metric)) {
        snprintf(name, NAME_BYTES, "%s%s/%0*d", group, metric->name, digits, number);
    } else {
        snprintf(name, NAME_BYTES, "%s%s", group, metric->name);
    }
}

static int digits_of(const struct record *record, enum metric_id metric) {
    int last = 0, digits = 1;
    for (int i = 0; i < record->count; i++)
        if (record->array[i].metric == metric && record->array[i].number > last) last = record->array[i].number;
    for (; last >= 10; last /= 10) digits++;
    return digits > DIGITS_LEAST ? digits : DIGITS_LEAST;
}

/* Those of a file. One of a program before has 00 .. 99, 100, .. */
static int digits_in(hid_t file, const struct metric *metric) {
    char name[NAME_BYTES];
    if (!is_numbered(metric)) return DIGITS_LEAST;
    for (int digits = DIGITS_LEAST; digits <= DIGITS_MOST; digits++) {
        array_name(metric, digits, 0, name);
        if (hdf_has(file, name)) return digits;
    }
    return DIGITS_LEAST;
}

static void scale_name(enum dimension dim, int64_t size, char name[NAME_BYTES]) {
    if (dim == DIM_FREE) {
        snprintf(name, NAME_BYTES, "size_%lld", (long long)size);
    } else {
        snprintf(name, NAME_BYTES, "%s", dimension_name[dim]);
    }
}

/* ---- writing ---- */

static status write_numbers_scale(hid_t file, const struct array *array) {
    const struct metric *metric = &metric_table[array->metric];
    return hdf_create_scale(file, metric->name, H5T_STD_I64LE, (hsize_t)array_length(array), array->value, metric->unit,
                            metric->meaning);
}

static status write_names_scale(hid_t file, const struct array *array) {
    const struct metric *metric = &metric_table[array->metric];
    char *text = strdup(array->text), *rest = text;
    char **line = malloc((strlen(array->text) + 1) * sizeof *line);
    CHECK(text && line);
    hsize_t lines = 0;
    while (rest) line[lines++] = strsep(&rest, "\n");
    status result = hdf_create_scale(file, metric->name, hdf_text_type(), lines, line, metric->unit, metric->meaning);
    free(line);
    free(text);
    return result;
}

static status write_coordinates(hid_t file, const struct record *record) {
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (metric_table[array->metric].place != PLACE_COORDINATE || array_length(array) == 0) continue;
        TRY(array->text ? write_names_scale(file, array) : write_numbers_scale(file, array));
    }
    return OK;
}

/* The scale of an axis that has no coordinate of its own: indices, or the bare size of a free one. */
static status write_scale(hid_t file, enum dimension dim, int64_t size) {
    char name[NAME_BYTES];
    scale_name(dim, size, name);
    if (hdf_has(file, name)) return OK;
    if (dim != DIM_FREE) return hdf_create_index(file, name, (hsize_t)size, dimension_meaning[dim]);
    return hdf_create_scale(file, name, 0, (hsize_t)size, NULL, NULL, NULL);
}

static hid_t file_type(const struct array *array) {
    return array->text ? hdf_text_type() : hdf_metric_type(metric_table[array->metric].type);
}

static status write_values(hid_t set, const struct array *array) {
    if (!array->text) return hdf_write_metric(set, metric_table[array->metric].type, array_length(array), array->value);
    const char *text = array->text;
    return hdf_status(H5Dwrite(set, hdf_text_type(), H5S_ALL, H5S_ALL, hdf_transfer(), &text) >= 0);
}

static status write_array(hid_t file, const struct record *record, const struct array *array, bool packed) {
    const struct metric *metric = &metric_table[array->metric];
    char name[NAME_BYTES], dimension[METRIC_DIMENSIONS][NAME_BYTES];
    const char *dimensions[METRIC_DIMENSIONS];
    hsize_t size[METRIC_DIMENSIONS];
    for (int i = 0; i < array->ndim; i++) {
        TRY(write_scale(file, array->dim[i], array->size[i]));
        scale_name(array->dim[i], array->size[i], dimension[i]);
        dimensions[i] = dimension[i];
        size[i] = (hsize_t)array->size[i];
    }
    array_name(metric, digits_of(record, array->metric), array->number, name);
    const struct hdf_array shape = {
        name, file_type(array), array->ndim, size, dimensions, NULL, packed && metric->place == PLACE_KEPT};
    hid_t set;
    TRY(hdf_create_array(file, &shape, &set));
    TRY(write_values(set, array));
    TRY(hdf_describe_metric(set, metric));
    return hdf_status(H5Dclose(set) >= 0);
}

static status write_provenance(hid_t file, const struct provenance *provenance) {
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        TRY(hdf_write_attribute(file, provenance_field[i].name, provenance_text(provenance, i)));
    }
    return OK;
}

status hdf_put_record(hid_t file, const struct record_contents *contents) {
    const struct record *record = contents->record;
    TRY(hdf_write_attribute(file, "label", contents->label));
    if (contents->settings) TRY(hdf_write_attribute(file, "settings", contents->settings));
    TRY(write_provenance(file, contents->provenance));
    TRY(write_coordinates(file, record));
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (metric_table[array->metric].place == PLACE_COORDINATE || array_length(array) == 0) continue;
        TRY(write_array(file, record, array, !contents->unpacked));
    }
    return OK;
}

status hdf_seal_record(hid_t file, const char *key) { return hdf_write_attribute(file, "key", key); }

/* ---- reading ---- */

/* The texts of a dataset of strings, joined by newlines. */
static status read_text(hid_t set, hid_t space, enum metric_id metric, struct record *record) {
    hssize_t count = H5Sget_simple_extent_npoints(space);
    char **line = calloc((size_t)count + 1, sizeof *line);
    if (!line) FAIL(ERROR_DISK, "%s cannot have %lld texts", metric_table[metric].name, (long long)count);
    bool good = H5Dread(set, hdf_text_type(), H5S_ALL, H5S_ALL, hdf_transfer(), line) >= 0;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    for (hssize_t i = 0; i < count; i++) fprintf(out, "%s%s", i ? "\n" : "", line[i] ? line[i] : "");
    fclose(out);
    if (good) record_text(record, metric, text);
    H5Dvlen_reclaim(hdf_text_type(), space, H5P_DEFAULT, line);
    free(text);
    free(line);
    return hdf_status(good);
}

static enum dimension find_dimension(const char *name) {
    for (int i = DIM_NONE + 1; i < DIM_FREE; i++) {
        if (strcmp(name, dimension_name[i]) == 0) return (enum dimension)i;
    }
    return DIM_FREE;
}

/* The table's dimension; only probes (or all test examples) and free axes need a look at the scale, which takes HDF5
 * long. */
static enum dimension axis_dimension(hid_t set, const struct metric *metric, int axis) {
    enum dimension usual = metric->dim[axis];
    char name[NAME_BYTES];
    if (usual != DIM_PROBE && usual != DIM_FREE && usual != DIM_NONE) return usual;
    hdf_axis_name(set, axis, sizeof name, name);
    return find_dimension(name);
}

static hsize_t file_bytes(hid_t set) {
    hsize_t bytes = 0;
    hid_t file = H5Iget_file_id(set);
    H5Fget_filesize(file, &bytes);
    H5Fclose(file);
    return bytes;
}

/* No file holds more numbers than it could have packed: nothing is asked of memory on a damaged file's word. */
static status read_numbers(hid_t set, hid_t space, enum metric_id metric, int number, struct record *record) {
    enum dimension dim[METRIC_DIMENSIONS] = {DIM_NONE};
    hsize_t size[METRIC_DIMENSIONS];
    int64_t sizes[METRIC_DIMENSIONS];
    hsize_t length = 1;
    int ndim = H5Sget_simple_extent_ndims(space);
    if (ndim < 0 || ndim > METRIC_DIMENSIONS) FAIL(ERROR_DISK, "%s has %d axes", metric_table[metric].name, ndim);
    TRY(hdf_status(H5Sget_simple_extent_dims(space, size, NULL) >= 0));
    for (int i = 0; i < ndim; i++) {
        if (size[i] > PACKING_MOST * file_bytes(set) / length)
            FAIL(ERROR_DISK, "%s is damaged", metric_table[metric].name);
        length *= size[i] ? size[i] : 1;
        dim[i] = axis_dimension(set, &metric_table[metric], i);
        if (dim[i] == DIM_FREE && metric_table[metric].place != PLACE_KEPT)
            FAIL(ERROR_DISK, "%s has an axis without a name", metric_table[metric].name);
        sizes[i] = (int64_t)size[i];
    }
    double *value = record_add_shaped(record, metric, number, ndim, dim, sizes);
    return hdf_read_metric(set, metric_table[metric].type, (int64_t)length, value);
}

/* Reads the array `name` of the metric; *there = false if it is not in the file. */
static status read_array(hid_t file, enum metric_id metric, int digits, int number, struct record *record,
                         bool *there) {
    char name[NAME_BYTES];
    array_name(&metric_table[metric], digits, number, name);
    *there = hdf_has(file, name);
    if (!*there) return OK;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    TRY(hdf_status(set >= 0));
    hid_t space = H5Dget_space(set);
    status result = metric_table[metric].type == METRIC_TEXT ? read_text(set, space, metric, record)
                                                             : read_numbers(set, space, metric, number, record);
    H5Sclose(space);
    H5Dclose(set);
    return result;
}

static bool is_wanted(enum metric_place its, enum metric_place place, bool kept) {
    return its == PLACE_COORDINATE || (its == PLACE_KEPT ? kept : its == place);
}

/* From the numbers that are known; kept arrays may have names of others. */
static bool take_number(const char *numbers, enum metric_id metric, struct record *record) {
    bool is_known = numbers && metric_table[metric].place != PLACE_KEPT;
    double value = is_known ? summary_number(numbers, metric) : (double)NAN;
    if (!isnan(value)) record_scalar(record, metric, value);
    return !isnan(value);
}

static status read_arrays(hid_t file, enum metric_place place, bool kept, const char *numbers, struct record *record) {
    for (int i = 0; i < METRICS; i++) {
        const struct metric *metric = &metric_table[i];
        bool there = is_wanted(metric->place, place, kept) && !take_number(numbers, (enum metric_id)i, record);
        int digits = there ? digits_in(file, metric) : 0;
        for (int number = 0; there; number++) {
            TRY(read_array(file, (enum metric_id)i, digits, number, record, &there));
            if (!is_numbered(metric)) break;
        }
    }
    return OK;
}

static status read_provenance(hid_t file, struct provenance *provenance) {
    for (int i = 0; i < PROVENANCE_FIELDS; i++) {
        const struct provenance_field *field = &provenance_field[i];
        char *text;
        TRY(hdf_read_attribute(file, field->name, &text));
        snprintf((char *)provenance + field->offset, field->size, "%s", text);
        free(text);
    }
    return OK;
}

/* The attribute that was written last says that the file is whole, and which record it is. */
static status check_key(hid_t file, const char *key) {
    char *found;
    TRY(hdf_read_attribute(file, "key", &found));
    bool good = strcmp(found, key) == 0;
    free(found);
    if (!good) FAIL(ERROR_DISK, "its attribute `key` is not %s", key);
    return OK;
}

status hdf_take_record(hid_t file, const char *key, enum metric_place place, bool kept, const char *numbers,
                       struct record *record, struct provenance *provenance) {
    TRY(check_key(file, key));
    if (provenance) TRY(read_provenance(file, provenance));
    TRY(read_arrays(file, place, kept, numbers, record));
    record_settle_status(record);
    return OK;
}

static status read_scalar(hid_t file, enum metric_id metric, double *value) {
    const char *name = metric_table[metric].name;
    *value = (double)NAN;
    if (!hdf_has(file, name)) return OK;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    TRY(hdf_status(set >= 0));
    hid_t space = H5Dget_space(set);
    bool is_scalar = H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    if (!is_scalar) FAIL(ERROR_DISK, "%s is not one number", name);
    return hdf_read_metric(set, metric_table[metric].type, 1, value);
}

status hdf_take_scalars(hid_t file, const char *key, int count, const enum metric_id *metric, double *value) {
    TRY(check_key(file, key));
    for (int i = 0; i < count; i++) TRY(read_scalar(file, metric[i], &value[i]));
    return OK;
}
