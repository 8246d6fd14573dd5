#include "record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "panic.h"

struct record *record_create(void) {
    struct record *record = calloc(1, sizeof *record);
    CHECK(record);
    return record;
}

void record_free(struct record *record) {
    if (!record) return;
    for (int i = 0; i < record->count; i++) {
        free(record->array[i].value);
        free(record->array[i].text);
    }
    free(record->array);
    free(record);
}

/* A new scalar without values, at the end of the table. */
static struct array *add(struct record *record, enum metric_id metric, int number) {
    CHECK((unsigned)metric < METRICS);
    if (record->count == record->capacity) {
        record->capacity = record->capacity ? 2 * record->capacity : 32;
        record->array = realloc(record->array, (size_t)record->capacity * sizeof *record->array);
        CHECK(record->array);
    }
    struct array *array = &record->array[record->count++];
    *array = (struct array){.metric = metric, .number = number};
    return array;
}

double *record_add_shaped(struct record *record, enum metric_id metric, int number, int ndim, const enum dimension *dim,
                          const int64_t *size) {
    const struct array *there = record_find(record, metric, number);
    if (there) return there->value;
    CHECK(ndim <= METRIC_DIMENSIONS);
    struct array *array = add(record, metric, number);
    array->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        array->dim[i] = dim[i];
        array->size[i] = size[i];
    }
    int64_t length = array_length(array);
    CHECK(length >= 0);
    array->value = malloc((size_t)(length ? length : 1) * sizeof *array->value);
    CHECK(array->value);
    for (int64_t i = 0; i < length; i++) array->value[i] = (double)NAN;
    return array->value;
}

double *record_add(struct record *record, enum metric_id metric, const int64_t *size) {
    const enum dimension *dim = metric_table[metric].dim;
    int ndim = 0;
    while (ndim < METRIC_DIMENSIONS && dim[ndim] != DIM_NONE) ndim++;
    return record_add_shaped(record, metric, 0, ndim, dim, size);
}

void record_scalar(struct record *record, enum metric_id metric, double value) {
    *record_add_shaped(record, metric, 0, 0, NULL, NULL) = value;
}

void record_text(struct record *record, enum metric_id metric, const char *text) {
    if (record_find(record, metric, 0)) return;
    struct array *array = add(record, metric, 0);
    array->text = strdup(text);
    CHECK(array->text);
}

const struct array *record_find(const struct record *record, enum metric_id metric, int number) {
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (array->metric == metric && array->number == number) return array;
    }
    return NULL;
}

const double *record_values(const struct record *record, enum metric_id metric) {
    const struct array *array = record ? record_find(record, metric, 0) : NULL;
    return array ? array->value : NULL;
}

double record_value(const struct record *record, enum metric_id metric) {
    const struct array *array = record_find(record, metric, 0);
    return array && array->value && array_length(array) == 1 ? array->value[0] : (double)NAN;
}

size_t record_bytes(const struct record *record) {
    size_t bytes = sizeof *record + (size_t)record->capacity * sizeof *record->array;
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        bytes += array->text ? strlen(array->text) : (size_t)array_length(array) * sizeof *array->value;
    }
    return bytes;
}

int64_t array_length(const struct array *array) {
    int64_t length = 1;
    for (int i = 0; i < array->ndim; i++) length *= array->size[i];
    return length;
}

int record_status_bits(double diverged_step, double diverged_step_linear) {
    return (diverged_step >= 0 ? STATUS_NETWORK_DIVERGED : 0) +
           (diverged_step_linear >= 0 ? STATUS_LINEARIZATION_DIVERGED : 0);
}

void record_settle_status(struct record *record) {
    const double *network = record_values(record, METRIC_DIVERGED_STEP);
    const double *linear = record_values(record, METRIC_DIVERGED_STEP_LINEAR);
    const struct array *bits = record_find(record, METRIC_STATUS, 0);
    if (network && linear && bits) *bits->value = record_status_bits(*network, *linear);
}
