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

/* The column's mean about `base`. */
static double mean_of(const struct variable *variable, int64_t j, double base) {
    const double *sums = variable->sums + 3 * j;
    return sums[0] - base + sums[1] / (double)variable->train;
}

/* Sum of squares about the column's mean. */
static double squares_of(const struct variable *variable, int64_t j) {
    const double *sums = variable->sums + 3 * j;
    return fmax(0, sums[2] - sums[1] * sums[1] / (double)variable->train);
}

/* From here on a column's sums are those by which it is scaled. */
static void set_column(struct variable *variable, int64_t j, double base, double mean, double deviation) {
    double *sums = variable->sums + 3 * j;
    sums[0] = base;
    sums[1] = mean;
    sums[2] = deviation;
}

/* (number - base - mean) / deviation: large numbers that hardly differ lose nothing. */
static void apply(struct variable *variable, const int64_t rows[2]) {
    for (int p = 0; p < 2; p++) {
        if (!variable->part[p]) continue;
        for (int64_t i = 0; i < rows[p] * variable->width; i++) {
            const double *by = variable->sums + 3 * (i % variable->width);
            double *at = variable->part[p] + i;
            *at = (*at - by[0] - by[1]) / by[2];
        }
    }
}

static status check_finite(double deviation) {
    if (!isfinite(deviation)) FAIL(ERROR_INPUT, "the numbers are too large to be squared");
    return OK;
}

static status measure_all(struct variable *variable) {
    double base = variable->sums[0], mean = 0, squares = 0;
    for (int64_t j = 0; j < variable->width; j++) mean += mean_of(variable, j, base) / (double)variable->width;
    for (int64_t j = 0; j < variable->width; j++) {
        double off = mean_of(variable, j, base) - mean;
        squares += squares_of(variable, j) + (double)variable->train * off * off;
    }
    variable->mean = base + mean;
    variable->deviation = sqrt(squares / ((double)variable->train * (double)variable->width));
    TRY(check_finite(variable->deviation));
    if (!(variable->deviation > 0)) FAIL(ERROR_INPUT, "all numbers of the training split are equal");
    for (int64_t j = 0; j < variable->width; j++) set_column(variable, j, base, mean, variable->deviation);
    return OK;
}

static status measure_each(struct variable *variable) {
    variable->mean = variable->deviation = (double)NAN;
    for (int64_t j = 0; j < variable->width; j++) {
        double base = variable->sums[3 * j], deviation = sqrt(squares_of(variable, j) / (double)variable->train);
        TRY(check_finite(deviation));
        set_column(variable, j, base, mean_of(variable, j, base), deviation > 0 ? deviation : 1);
    }
    return OK;
}

status variable_scale(struct variable *variable, int scale, const int64_t rows[2]) {
    if (scale == SCALE_NONE) return OK;
    TRY((scale == SCALE_GLOBAL ? measure_all : measure_each)(variable));
    apply(variable, rows);
    return OK;
}
