/* One variable of a data set, inputs or targets, on its way from a stream into the dataset: kept rows, and the scaling
 * by what the training split holds.
 *
 * Sums are taken about the first number of each column, in the order of examples, so that they do not depend on the
 * order of storage; the mean and deviation of all come from those of the columns. Not collective. */
#ifndef SCALING_H
#define SCALING_H

#include <stdint.h>
#include "status.h"

struct variable {
    int64_t width;   /* numbers of an example */
    int64_t *column; /* [width]: where a number of an example goes; owned */
    double *sums;    /* [3 width]: first number, sum and sum of squares about it; owned */
    int64_t train;   /* rows of the training split */
    double *part[2]; /* [rows kept, width] of the training and of the test set; NULL: nothing is kept */
    double mean, deviation;
};

/* Where a row goes: row 2 i + p is kept as row i of part p; these are not kept. */
enum { ROW_OF_TRAIN = -1, ROW_OF_TEST = -2 };

status variable_begin(int64_t width, double *train, double *test, struct variable *variable);
void variable_free(struct variable *variable);
/* A number of an example. */
void variable_take(struct variable *variable, int64_t row, int64_t column, double value);
/* Scales what is kept: rows[2]. scale: enum data_scale. Columns that never change become 0; all equal: ERROR_INPUT. */
status variable_scale(struct variable *variable, int scale, const int64_t rows[2]);

#endif
