#include "array_file.h"

#include <stdlib.h>
#include "array_apart.h"
#include "hdf.h"

/* Rows that were not read begin at `row`. */
struct array_file {
    hid_t file, set, space;
    int64_t row, rows, width;
};

static void close_array(struct array_stream *stream) {
    struct array_file *array = stream->state;
    if (array->space >= 0) H5Sclose(array->space);
    if (array->set >= 0) H5Dclose(array->set);
    if (array->file >= 0) H5Fclose(array->file);
    free(array);
}

/* ---- what may be read ---- */

static status check_link(hid_t file, const char *name) {
    H5L_info_t link;
    TRY(hdf_status(H5Lget_info(file, name, &link, H5P_DEFAULT) >= 0));
    if (link.type != H5L_TYPE_HARD) FAIL(ERROR_INPUT, "is a link; the data set itself was expected");
    return OK;
}

static status check_type(hid_t set, bool *is_integer) {
    hid_t type = H5Dget_type(set);
    H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    if (type >= 0) H5Tclose(type);
    *is_integer = class == H5T_INTEGER;
    if (class == H5T_INTEGER || class == H5T_FLOAT) return OK;
    FAIL(ERROR_INPUT, "does not hold integers or real numbers");
}

/* All chunks were written, so that no few bytes stand for ever so many numbers. */
static status check_chunks(const struct array_file *array, hid_t list, struct array_stream *stream) {
    hsize_t size[ARRAY_DIMENSIONS], stored = 0, wanted = 1;
    int ndim = H5Pget_chunk(list, ARRAY_DIMENSIONS, size);
    TRY(hdf_status(ndim == stream->ndim && H5Dget_num_chunks(array->set, array->space, &stored) >= 0));
    for (int i = 0; i < ndim; i++) {
        hsize_t chunks = ((hsize_t)stream->size[i] - 1) / size[i] + 1;
        if (__builtin_mul_overflow(wanted, chunks, &wanted)) wanted = HSIZE_UNDEF;
    }
    if (stored < wanted) FAIL(ERROR_INPUT, "has parts that were never written");
    stream->block = (int64_t)size[0];
    return OK;
}

static status check_layout(const struct array_file *array, hid_t list, struct array_stream *stream) {
    H5D_layout_t layout = H5Pget_layout(list);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(list) > 0)
        FAIL(ERROR_INPUT, "has its numbers in other files; here they were expected");
    if (layout == H5D_CHUNKED) return check_chunks(array, list, stream);
    if (H5Dget_storage_size(array->set) == 0) FAIL(ERROR_INPUT, "was never written");
    return OK;
}

static status take_shape(struct array_file *array, struct array_stream *stream) {
    hsize_t size[H5S_MAX_RANK];
    int64_t whole[H5S_MAX_RANK];
    array->space = H5Dget_space(array->set);
    int ndim = array->space >= 0 ? H5Sget_simple_extent_dims(array->space, size, NULL) : -1;
    TRY(hdf_status(ndim >= 0));
    for (int i = 0; i < ndim; i++) whole[i] = size[i] > INT64_MAX ? INT64_MAX : (int64_t)size[i];
    TRY(array_stream_shape(stream, ndim, whole));
    array->rows = ndim > 0 ? stream->size[0] : 1;
    array->width = 1;
    for (int i = 1; i < ndim; i++) array->width *= stream->size[i];
    return OK;
}

static status take_array(struct array_file *array, struct array_stream *stream) {
    TRY(take_shape(array, stream));
    TRY(check_type(array->set, &stream->is_integer));
    hid_t list = H5Dget_create_plist(array->set);
    TRY(hdf_status(list >= 0));
    status result = check_layout(array, list, stream);
    H5Pclose(list);
    return result;
}

/* ---- reading ---- */

static status read_rows(struct array_stream *stream, int64_t count, double *out) {
    struct array_file *array = stream->state;
    hsize_t first[ARRAY_DIMENSIONS] = {(hsize_t)array->row}, size[ARRAY_DIMENSIONS];
    for (int i = 0; i < stream->ndim; i++) size[i] = (hsize_t)stream->size[i];
    size[0] = (hsize_t)(count / array->width);
    hid_t memory = H5Screate_simple(stream->ndim, size, NULL);
    bool good = memory >= 0 && H5Sselect_hyperslab(array->space, H5S_SELECT_SET, first, NULL, size, NULL) >= 0 &&
                H5Dread(array->set, H5T_NATIVE_DOUBLE, memory, array->space, hdf_transfer(), out) >= 0;
    if (memory >= 0) H5Sclose(memory);
    array->row += (int64_t)size[0];
    return hdf_status(good);
}

/* ---- opening ---- */

static status open_set(const char *path, const char *name, struct array_file *array, struct array_stream *stream) {
    (void)H5PLset_loading_state(0);
    TRY(hdf_open_foreign(path, &array->file));
    if (!hdf_has(array->file, name)) {
        array_stream_close(stream);
        return OK;
    }
    TRY(check_link(array->file, name));
    array->set = H5Dopen2(array->file, name, H5P_DEFAULT);
    TRY(hdf_status(array->set >= 0));
    return take_array(array, stream);
}

static status open_here(const char *path, const char *name, struct array_stream *stream) {
    struct array_file *array = malloc(sizeof *array);
    if (!array) FAIL(ERROR_MEMORY, "memory for reading HDF5 could not be had");
    *array = (struct array_file){.file = H5I_INVALID_HID, .set = H5I_INVALID_HID, .space = H5I_INVALID_HID};
    *stream = (struct array_stream){.state = array, .read = read_rows, .close = close_array};
    return open_set(path, name, array, stream);
}

/* HDF5 1.10 can be brought down by damaged files. */
status array_file_open(const char *path, const char *name, struct array_stream *stream) {
    return array_apart_open(open_here, path, name, stream);
}
