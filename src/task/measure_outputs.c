/* Outputs of each model: of the test points that measure.outputs names, and all that are kept. */
#include "matrix.h"
#include "measure.h"

static bool keeps_outputs(const struct point *point) { return (point->config->measure.keep & KEEP_OUTPUTS) != 0; }

static void outputs(const struct point *point, const struct model *model, double *out) {
    la_to_double(config_shown_points(point->config) * point->problem.points.outputs, model->f_test, out);
}

static void f_train(const struct point *point, const struct model *model, double *out) {
    la_to_double(point->problem.points.train * point->problem.points.outputs, model->f_train, out);
}

static void f_test(const struct point *point, const struct model *model, double *out) {
    la_to_double(point->problem.points.test * point->problem.points.outputs, model->f_test, out);
}

static const struct measurement measurements[] = {
    {METRIC_OUTPUTS, outputs, NULL},
    {METRIC_OUTPUTS_LINEAR, outputs, NULL},
    {METRIC_KEPT_F_TRAIN, f_train, keeps_outputs},
    {METRIC_KEPT_F_TEST, f_test, keeps_outputs},
    {METRIC_KEPT_F_TRAIN_LINEAR, f_train, keeps_outputs},
    {METRIC_KEPT_F_TEST_LINEAR, f_test, keeps_outputs},
    {0},
};

const struct element measure_outputs = {.name = "outputs", .measurements = measurements};
