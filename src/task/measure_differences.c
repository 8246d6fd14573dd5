/* The network against an expansion of it. */
#include "difference.h"
#include "loss.h"
#include "measure.h"

static const struct model *network_of(const struct point *point) { return point->model[MODEL_NETWORK]; }

static void rmse_train(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = difference_rms(points->train, points->outputs, network_of(point)->f_train, model->f_train);
}

static void rmse_test(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = difference_rms(points->test, points->outputs, network_of(point)->f_test, model->f_test);
}

static void rmse_test_max(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = difference_largest(points->test, points->outputs, network_of(point)->f_test, model->f_test);
}

static const struct measurement measurements[] = {
    {METRIC_RMSE_TRAIN, rmse_train, NULL},
    {METRIC_RMSE_TEST, rmse_test, NULL},
    {METRIC_RMSE_TEST_MAX, rmse_test_max, NULL},
    {0},
};

const struct element measure_differences = {.name = "differences", .measurements = measurements};
