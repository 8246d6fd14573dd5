/* A record: everything measured at a point (or the arrays of a reference), as a table of named arrays.
 * Not collective. */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include "metric.h"
#include "status.h"

/* One array. Numbers are double in row-major order, also counts and flags (exact below 2^53). */
struct array {
    enum metric_id metric;
    int number; /* NN of parameters/NN, else 0 */
    int ndim;   /* 0: a scalar */
    enum dimension dim[METRIC_DIMENSIONS];
    int64_t size[METRIC_DIMENSIONS];
    double *value; /* owned; NULL for a text */
    char *text;    /* owned; NULL for numbers */
};

struct record {
    int count, capacity;
    struct array *array;
};

/* METRIC_STATUS, a sum of: (4 is free for a later model). */
enum status_bits { STATUS_NETWORK_DIVERGED = 1, STATUS_LINEARIZATION_DIVERGED = 2 };
/* METRIC_DIVERGED_OF. */
enum divergence { DIVERGED_OF_LOSS, DIVERGED_OF_REST, DIVERGED_OF_GRADIENT, DIVERGED_OF_KERNEL };
/* From the steps at which they did, NaN: they did not. */
int record_status_bits(double diverged_step, double diverged_step_linear);
/* Sets METRIC_STATUS by METRIC_DIVERGED_STEP*: that of a program before said 1 for either. Nothing where one is
 * missing. */
void record_settle_status(struct record *record);

struct record *record_create(void);
void record_free(struct record *record); /* NULL is fine */

/* Adds the array of `metric` with the table's dimensions and these sizes, filled with NaN, and returns its values
 * (owned by the record). size has as many items as the table's row has dimensions (may be NULL for none). Memory that
 * cannot be had is a panic: sizes are planned. Adding an array twice returns the first. */
double *record_add(struct record *record, enum metric_id metric, const int64_t *size);
/* The same with dimensions of the caller's (METRIC_OUTPUTS, kept inputs and tensors) and a number. */
double *record_add_shaped(struct record *record, enum metric_id metric, int number, int ndim, const enum dimension *dim,
                          const int64_t *size);
void record_scalar(struct record *record, enum metric_id metric, double value);
void record_text(struct record *record, enum metric_id metric, const char *text);
/* The array, or NULL if it was not measured. */
const struct array *record_find(const struct record *record, enum metric_id metric, int number);
/* Its numbers, or NULL. The record may be NULL. */
const double *record_values(const struct record *record, enum metric_id metric);
/* A scalar's value, or NaN. */
double record_value(const struct record *record, enum metric_id metric);
/* Of memory, about. */
size_t record_bytes(const struct record *record);
/* Product of the sizes; 1 for a scalar. */
int64_t array_length(const struct array *array);

#endif
