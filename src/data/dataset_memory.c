#include <stdlib.h>

#include "source.h"

static status allocate(int64_t rows, int64_t columns, double **array) {
    *array = calloc((size_t)(rows > 0 ? rows : 1), (size_t)columns * sizeof **array);
    if (!*array)
        FAIL(ERROR_MEMORY, "%.1f MB of memory for data could not be had", 8e-6 * (double)rows * (double)columns);
    return OK;
}

status dataset_allocate(struct dataset *set) {
    TRY(allocate(set->shape.train, set->shape.inputs, &set->x_train));
    TRY(allocate(set->shape.train, set->shape.outputs, &set->y_train));
    TRY(allocate(set->shape.test, set->shape.inputs, &set->x_test));
    return allocate(set->shape.test, set->shape.outputs, &set->y_test);
}

void dataset_free(struct dataset *dataset) {
    if (!dataset) return;
    free(dataset->x_train);
    free(dataset->y_train);
    free(dataset->x_test);
    free(dataset->y_test);
    free(dataset);
}
