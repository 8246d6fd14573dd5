/* Arrays in files: NumPy's format in every variant, zip archives, tables, HDF5, written by the formats' own words. */
#ifndef ARRAY_FILES_H
#define ARRAY_FILES_H

#include <hdf5.h>
#include "data_files.h"

#include "array_file.h"
#include "arrays.h"

/* An array of doubles, and how it is written. */
struct sample_array {
    const char *name; /* "x_train" */
    int ndim;
    int64_t size[5];
    const double *value; /* [size], row-major */
    const char *type;    /* "<f8" */
    int is_fortran, version;
};

struct buffer {
    unsigned char *data;
    size_t size;
};

static inline void put(struct buffer *to, const void *bytes, size_t size) {
    to->data = realloc(to->data, to->size + size);
    assert_non_null(to->data);
    memcpy(to->data + to->size, bytes, size);
    to->size += size;
}

static inline void put_little(struct buffer *to, uint64_t number, int bytes) {
    for (int b = 0; b < bytes; b++) {
        unsigned char byte = (unsigned char)(b < 8 ? number >> (8 * b) : 0);
        put(to, &byte, 1);
    }
}

static inline int64_t length_of(const struct sample_array *array) {
    int64_t length = 1;
    for (int i = 0; i < array->ndim; i++) length *= array->size[i];
    return length;
}

/* --- NumPy's format --- */

/* Whole numbers below 1024 alone. */
static inline uint16_t half_of(double value) {
    int exponent;
    if (value == 0) return 0;
    double fraction = frexp(fabs(value), &exponent);
    return (uint16_t)((value < 0) << 15 | (exponent + 14) << 10 | ((int)(fraction * 2048) & 1023));
}

static inline void put_value(struct buffer *to, const char *type, double value) {
    unsigned char bytes[16] = {0};
    int size = atoi(type + 2), swapped = type[0] == '>';
    int64_t whole = (int64_t)value;
    long double extended = (long double)value;
    float single = (float)value;
    uint16_t half = half_of(value);
    const void *from = type[1] != 'f' ? (const void *)&whole
                       : size == 2    ? (const void *)&half
                       : size == 4    ? (const void *)&single
                       : size == 8    ? (const void *)&value
                                      : (const void *)&extended;
    memcpy(bytes, from, (size_t)(size == 16 ? 10 : size));
    for (int b = 0; b < size; b++) put(to, &bytes[swapped ? size - 1 - b : b], 1);
}

/* The number of the array that stands at place `at` of a file in this order. */
static inline int64_t place_of(const struct sample_array *array, int64_t at) {
    int64_t index[5], place = 0;
    for (int i = 0; i < array->ndim; i++) {
        int d = array->is_fortran ? i : array->ndim - 1 - i;
        index[d] = at % array->size[d];
        at /= array->size[d];
    }
    for (int i = 0; i < array->ndim; i++) place = place * array->size[i] + index[i];
    return place;
}

static inline void put_npy(struct buffer *to, const struct sample_array *array) {
    char text[256];
    int version = array->version ? array->version : 1, lead = version == 1 ? 10 : 12;
    int used = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (", array->type,
                        array->is_fortran ? "True" : "False");
    for (int i = 0; i < array->ndim; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, i ? " %jd," : "%jd,", (intmax_t)array->size[i]);
    used += snprintf(text + used, sizeof text - (size_t)used, "), }");
    while ((lead + used + 1) % 64) text[used++] = ' ';
    text[used++] = '\n';
    put(to, "\x93NUMPY", 6);
    put_little(to, (uint64_t)version, 2);
    put_little(to, (uint64_t)used, version == 1 ? 2 : 4);
    put(to, text, (size_t)used);
    for (int64_t i = 0; i < length_of(array); i++) put_value(to, array->type, array->value[place_of(array, i)]);
}

static inline void save(const char *folder, const char *name, const struct buffer *buffer) {
    FILE *file = fopen(path_in(folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(buffer->data, 1, buffer->size, file), buffer->size);
    assert_int_equal(fclose(file), 0);
}

static inline void write_npy(const char *folder, const struct sample_array *array) {
    char name[64];
    struct buffer buffer = {0};
    snprintf(name, sizeof name, "%s.npy", array->name);
    put_npy(&buffer, array);
    save(folder, name, &buffer);
    free(buffer.data);
}

/* --- archives --- */

static inline struct buffer deflated(const struct buffer *from) {
    struct buffer to = {.data = malloc(compressBound(from->size) + 64)};
    z_stream stream = {.next_in = from->data, .avail_in = (unsigned)from->size, .next_out = to.data};
    stream.avail_out = (unsigned)compressBound(from->size) + 64;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    to.size = stream.total_out;
    deflateEnd(&stream);
    return to;
}

/* is_64: the sizes stand in zip64 extras, as NumPy's forced ones. */
static inline void put_entry(struct buffer *to, int is_central, const char *name, const struct buffer *content,
                             const struct buffer *packed, int method, int is_64, size_t at) {
    put(to, is_central ? "PK\1\2" : "PK\3\4", 4);
    if (is_central) put_little(to, 45, 2);
    put_little(to, 45, 2);
    put_little(to, 0, 2);
    put_little(to, (uint64_t)method, 2);
    put_little(to, 0, 4);
    put_little(to, crc32(0, content->data, (unsigned)content->size), 4);
    put_little(to, is_64 ? UINT32_MAX : packed->size, 4);
    put_little(to, is_64 ? UINT32_MAX : content->size, 4);
    put_little(to, strlen(name), 2);
    put_little(to, is_64 ? 20 + 8 * (uint64_t)is_central : 0, 2);
    if (is_central) {
        put_little(to, 0, 2 + 2 + 2 + 4);
        put_little(to, is_64 ? UINT32_MAX : at, 4);
    }
    put(to, name, strlen(name));
    if (!is_64) return;
    put_little(to, 1, 2);
    put_little(to, 16 + 8 * (uint64_t)is_central, 2);
    put_little(to, content->size, 8);
    put_little(to, packed->size, 8);
    if (is_central) put_little(to, at, 8);
}

/* Members of these contents. method: 0 stored, 8 deflated. */
static inline struct buffer make_archive(int members, const char *const *name, const struct buffer *content, int method,
                                         int is_64) {
    struct buffer to = {0}, directory = {0};
    for (int i = 0; i < members; i++) {
        struct buffer packed = {0};
        size_t at = to.size;
        if (method == 8)
            packed = deflated(&content[i]);
        else
            put(&packed, content[i].data, content[i].size);
        put_entry(&to, 0, name[i], &content[i], &packed, method, is_64, at);
        put(&to, packed.data, packed.size);
        put_entry(&directory, 1, name[i], &content[i], &packed, method, is_64, at);
        free(packed.data);
    }
    size_t at = to.size;
    put(&to, directory.data, directory.size);
    if (is_64) {
        size_t end = to.size;
        put(&to, "PK\6\6", 4);
        put_little(&to, 44, 8);
        put_little(&to, 45 | 45 << 16, 4);
        put_little(&to, 0, 8);
        put_little(&to, (uint64_t)members, 8);
        put_little(&to, (uint64_t)members, 8);
        put_little(&to, directory.size, 8);
        put_little(&to, at, 8);
        put(&to, "PK\6\7", 4);
        put_little(&to, 0, 4);
        put_little(&to, end, 8);
        put_little(&to, 1, 4);
    }
    put(&to, "PK\5\6", 4);
    put_little(&to, 0, 4);
    put_little(&to, is_64 ? UINT16_MAX : (uint64_t)members, 2);
    put_little(&to, is_64 ? UINT16_MAX : (uint64_t)members, 2);
    put_little(&to, is_64 ? UINT32_MAX : directory.size, 4);
    put_little(&to, is_64 ? UINT32_MAX : at, 4);
    put_little(&to, 0, 2);
    free(directory.data);
    return to;
}

static inline void write_npz(const char *folder, const char *file, int arrays, const struct sample_array *array,
                             int method, int is_64) {
    char names[4][64];
    const char *name[4];
    struct buffer content[4] = {{0}};
    for (int i = 0; i < arrays; i++) {
        snprintf(names[i], sizeof names[i], "%s.npy", array[i].name);
        name[i] = names[i];
        put_npy(&content[i], &array[i]);
    }
    struct buffer archive = make_archive(arrays, name, content, method, is_64);
    save(folder, file, &archive);
    for (int i = 0; i < arrays; i++) free(content[i].data);
    free(archive.data);
}

/* --- HDF5 --- */

/* type: as NumPy's; chunk > 0: in chunks of so many rows, deflated. */
static inline void write_h5(const char *folder, const char *file, int arrays, const struct sample_array *array,
                            int64_t chunk) {
    hid_t h5 = H5Fcreate(path_in(folder, file), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(h5 >= 0);
    for (int i = 0; i < arrays; i++) {
        const struct sample_array *one = &array[i];
        hsize_t size[5], chunks[5];
        for (int d = 0; d < one->ndim; d++) size[d] = chunks[d] = (hsize_t)one->size[d];
        chunks[0] = chunk > 0 && chunk < one->size[0] ? (hsize_t)chunk : size[0];
        hid_t type = strcmp(one->type, "<i4") == 0   ? H5T_STD_I32LE
                     : strcmp(one->type, ">i2") == 0 ? H5T_STD_I16BE
                     : strcmp(one->type, "|u1") == 0 ? H5T_STD_U8LE
                     : strcmp(one->type, "<f4") == 0 ? H5T_IEEE_F32LE
                     : strcmp(one->type, ">f8") == 0 ? H5T_IEEE_F64BE
                                                     : H5T_IEEE_F64LE;
        hid_t space = H5Screate_simple(one->ndim, size, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
        if (chunk > 0) assert_true(H5Pset_chunk(list, one->ndim, chunks) >= 0 && H5Pset_deflate(list, 4) >= 0);
        hid_t set = H5Dcreate2(h5, one->name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
        assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, one->value) >= 0);
        H5Dclose(set);
        H5Pclose(list);
        H5Sclose(space);
    }
    H5Fclose(h5);
}

/* --- tables --- */

/* x and y side by side; integers without a point where the type is one. */
static inline void write_csv(const char *folder, const char *file, const struct sample_array *x,
                             const struct sample_array *y) {
    FILE *out = fopen(path_in(folder, file), "w");
    assert_non_null(out);
    int64_t n = x->size[0], d = length_of(x) / n, k = length_of(y) / n;
    for (int64_t j = 0; j < k; j++) fprintf(out, "y%jd,", (intmax_t)j);
    for (int64_t j = 0; j < d; j++) fprintf(out, "\"input %jd\"%s", (intmax_t)j, j == d - 1 ? "\r\n" : ", ");
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < k; j++) fprintf(out, y->type[1] == 'f' ? "%.17e," : "%.0f,", y->value[i * k + j]);
        for (int64_t j = 0; j < d; j++) fprintf(out, "%.17g%s", x->value[i * d + j], j == d - 1 ? "\n" : ",");
    }
    fclose(out);
}

/* --- configs --- */

static inline struct config array_config(const char *path) {
    struct config config = image_config(SOURCE_ARRAYS, path);
    config.data.target_scale = SCALE_NONE;
    return config;
}

#endif
