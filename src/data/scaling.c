#include "scaling.h"

#include <math.h>
#include <stdlib.h>

#include "config.h"

status variable_begin(int64_t width, double *train, double *test, struct variable *variable) {
    *variable = (struct variable){.width = width, .part = {train, test}, .deviation = 1};
    variable->column = malloc((size_t)width * sizeof *variable->column);
    variable->sums = calloc((size_t)width, 3 * sizeof *variable->sums);
    if (!variable->column || !variable->sums) FAIL(ERROR_MEMORY, "memory for sums over examples could not be had");
    for (int64_t j = 0; j < width; j++) {
        variable->column[j] = j;
        variable->sums[3 * j] = (double)NAN;
    }
    return OK;
}

void variable_free(struct variable *variable) {
    free(variable->column);
    free(variable->sums);
}

void variable_take(struct variable *variable, int64_t row, int64_t column, double value) {
    int64_t j = variable->column[column];
    if (row == ROW_OF_TRAIN || (row >= 0 && row % 2 == 0)) {
        double *sums = variable->sums + 3 * j;
        if (isnan(sums[0])) sums[0] = value;
        double difference = value - sums[0];
        sums[1] += difference;
        sums[2] += difference * difference;
        variable->train += column == 0;
    }
    if (row >= 0 && variable->part[row % 2]) variable->part[row % 2][row / 2 * variable->width + j] = value;
}

static double mean_of(const struct variable *variable, int64_t j) {
    const double *sums = variable->sums + 3 * j;
    return sums[0] + sums[1] / (double)variable->train;
}

/* Sum of squares about the column's mean. */
static double squares_of(const struct variable *variable, int64_t j) {
    const double *sums = variable->sums + 3 * j;
    return fmax(0, sums[2] - sums[1] * sums[1] / (double)variable->train);
}

static void apply(struct variable *variable, const int64_t rows[2], int64_t j, double mean, double deviation) {
    for (int p = 0; p < 2; p++)
        for (int64_t i = 0; variable->part[p] && i < rows[p]; i++) {
            double *at = variable->part[p] + i * variable->width + j;
            *at = (*at - mean) / deviation;
        }
}

static status scale_all(struct variable *variable, const int64_t rows[2]) {
    double mean = 0, squares = 0;
    for (int64_t j = 0; j < variable->width; j++) mean += mean_of(variable, j) / (double)variable->width;
    for (int64_t j = 0; j < variable->width; j++) {
        double off = mean_of(variable, j) - mean;
        squares += squares_of(variable, j) + (double)variable->train * off * off;
    }
    variable->mean = mean;
    variable->deviation = sqrt(squares / ((double)variable->train * (double)variable->width));
    if (!(variable->deviation > 0)) FAIL(ERROR_INPUT, "all numbers of the training split are equal");
    if (!isfinite(variable->deviation)) FAIL(ERROR_INPUT, "the numbers are too large to be squared");
    for (int64_t j = 0; j < variable->width; j++) apply(variable, rows, j, mean, variable->deviation);
    return OK;
}

static status scale_each(struct variable *variable, const int64_t rows[2]) {
    variable->mean = variable->deviation = (double)NAN;
    for (int64_t j = 0; j < variable->width; j++) {
        double deviation = sqrt(squares_of(variable, j) / (double)variable->train);
        if (!isfinite(deviation)) FAIL(ERROR_INPUT, "the numbers are too large to be squared");
        apply(variable, rows, j, mean_of(variable, j), deviation > 0 ? deviation : 1);
    }
    return OK;
}

status variable_scale(struct variable *variable, int scale, const int64_t rows[2]) {
    if (scale == SCALE_GLOBAL) return scale_all(variable, rows);
    return scale == SCALE_FEATURE ? scale_each(variable, rows) : OK;
}
