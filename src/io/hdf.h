/* HDF5 with every return checked: files, attributes, dimension scales, arrays. Not collective.
 *
 * HDF5's own messages are not printed: the innermost one becomes ours ("HDF5: ..."), ERROR_DISK, without the file's
 * name, which the caller adds. Datasets left open by a function that fails are closed with their file. No object
 * carries times. What xarray, netCDF and h5dump all read: every axis of an array has a scale; texts are variable-length
 * UTF-8 in arrays. */
#ifndef HDF_H
#define HDF_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include "metric.h"
#include "status.h"

/* OK, or the first message of HDF5 since the last file was opened. */
status hdf_status(bool good);

/* A sum over the whole file, which hdf_open checks (sum.h); or for other programs too, of each chunk (Fletcher32) of an
 * array. */
enum hdf_check { HDF_CHECK_WHOLE, HDF_CHECK_CHUNKS };
/* Makes the file `path` of what `write` puts into it, and behind it the text `end` unless NULL: whole or absent
 * (draft.h). Writes to disk never fail in HDF5, the draft keeps the error: HDF5 1.10 can neither close a file whose
 * last flush failed nor leave the program cleanly after it. The message names the file. */
status hdf_write_file(const char *path, enum hdf_check check, const char *end,
                      status (*write)(hid_t file, void *context), void *context);
/* A file to read, without file locks: records never change. The caller closes it by H5Fclose. ERROR_DISK: damaged, or
 * not a regular file; ERROR_INPUT: it cannot be opened here and now, whatever it holds. Both without its name. */
status hdf_open(const char *path, hid_t *file);
/* The same for a file of another program's, whatever stands in its user block. */
status hdf_open_foreign(const char *path, hid_t *file);

/* Variable-length UTF-8, made once. */
hid_t hdf_text_type(void);
/* For every reading and writing of an array: a small conversion buffer, since HDF5 clears all of its own (1 MB) for
 * each one. */
hid_t hdf_transfer(void);

status hdf_write_attribute(hid_t object, const char *name, const char *text);
/* `count` numbers of a memory and file type; count 0: a scalar. */
status hdf_write_numbers(hid_t object, const char *name, hid_t type, hsize_t count, const void *value);
/* *text is "" if the attribute is not there. Owned by the caller, free(). */
status hdf_read_attribute(hid_t object, const char *name, char **text);
/* units and long_name; and the flags and `varies` of a metric. */
status hdf_describe(hid_t set, const char *unit, const char *meaning);
status hdf_describe_metric(hid_t set, const struct metric *metric);
/* How it is drawn (label, figure_against, guide_slope), and whose numbers it is (models, bits as in status). */
status hdf_describe_figure(hid_t set, const struct metric *metric);

/* The type in files of a metric's numbers, which are doubles in memory, and how those of a whole dataset are written
 * and read: a count that is not there is NaN in memory and -1 in the file. hdf_fill_counts: values[n] as they go into
 * the file. */
hid_t hdf_metric_type(enum metric_type type);
void hdf_fill_counts(enum metric_type type, int64_t n, double *values);
status hdf_write_metric(hid_t set, enum metric_type type, int64_t n, const double *values);
status hdf_read_metric(hid_t set, enum metric_type type, int64_t n, double *values);

struct hdf_array {
    const char *name;
    hid_t type;                   /* in the file */
    int ndim;                     /* 0: a scalar */
    const hsize_t *size;          /* [ndim] */
    const char *const *dimension; /* [ndim] names of scales at the root of the file, made before; NULL: none */
    const void *fill;             /* of `type`, NULL: HDF5's */
    bool packed;                  /* shuffled and deflated */
};
/* Creates the array in `place` (file or group), with the groups of its name, and attaches its scales. */
status hdf_create_array(hid_t place, const struct hdf_array *array, hid_t *set);
/* A scale at the root of `place`: values [count], texts or doubles, NULL for a dimension without a coordinate. type: in
 * the file. */
status hdf_create_scale(hid_t place, const char *name, hid_t type, hsize_t count, const void *value, const char *unit,
                        const char *meaning);
/* The scale 0, 1, ..., count-1. */
status hdf_create_index(hid_t place, const char *name, hsize_t count, const char *meaning);
/* Is `name` in `place`? */
bool hdf_has(hid_t place, const char *name);

/* name[size]: of the first scale of the axis; "" without one. */
void hdf_axis_name(hid_t set, int axis, size_t size, char *name);

#endif
