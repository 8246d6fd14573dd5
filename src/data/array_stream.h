/* One array of a file as a stream of numbers, in the order in which they are stored. What reads a format fails in words
 * without the file's and the array's name, which arrays.c puts before them. Nothing in a file is executed or followed.
 * Not collective. */
#ifndef ARRAY_STREAM_H
#define ARRAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include "status.h"

enum { ARRAY_DIMENSIONS = 32 };

struct array_stream {
    int ndim;
    int64_t size[ARRAY_DIMENSIONS]; /* each >= 1, their product fits */
    bool is_integer;                /* whole numbers by type */
    bool is_fortran;                /* the first index is fastest, not the last */
    int64_t block;                  /* rows that are best read together; 0: any */
    void *state;                    /* of the reader, owned; NULL: there is no such array */
    /* The next `count` numbers; whole rows (first index), unless is_fortran. With the last ones the end is checked. */
    status (*read)(struct array_stream *stream, int64_t count, double *out);
    void (*close)(struct array_stream *stream);
};

/* Opens the array `name` in `path`. Not there: OK, with state NULL. Ended by array_stream_close, also after a
 * failure. */
typedef status array_open(const char *path, const char *name, struct array_stream *stream);
void array_stream_close(struct array_stream *stream);

/* path/NAME.npy; the member NAME.npy of the archive `path`; columns of a table: x, y. */
array_open npy_open, npy_open_archive, csv_open;
/* Checks and keeps sizes: all >= 1, and bytes of an array fit. */
status array_stream_shape(struct array_stream *stream, int ndim, const int64_t *size);

#endif
