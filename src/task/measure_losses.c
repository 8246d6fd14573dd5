/* Loss and accuracy of each model; the size of the network's outputs. */
#include <math.h>

#include "loss.h"
#include "matrix.h"
#include "measure.h"

/* Accuracy means something where targets are classes. */
static bool has_classes(const struct point *point) { return point->shape->has_classes; }

static const real *test_targets(const struct points *points) { return points->y + points->train * points->outputs; }

static void loss_train(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = loss_value(point->training.descent.loss, points->train, points->outputs, model->f_train, points->y);
}

static void loss_test(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = loss_value(point->training.descent.loss, points->test, points->outputs, model->f_test, test_targets(points));
}

static void accuracy_train(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = loss_accuracy(points->train, points->outputs, model->f_train, points->y);
}

static void accuracy_test(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    *out = loss_accuracy(points->test, points->outputs, model->f_test, test_targets(points));
}

static void f_rms(const struct point *point, const struct model *model, double *out) {
    int64_t numbers = point->problem.points.test * point->problem.points.outputs;
    *out = sqrt(la_distance_squares(numbers, model->f_test, NULL) / (double)numbers);
}

static const struct measurement measurements[] = {
    {METRIC_LOSS_TRAIN, loss_train, NULL},
    {METRIC_LOSS_TEST, loss_test, NULL},
    {METRIC_LOSS_TRAIN_LINEAR, loss_train, NULL},
    {METRIC_LOSS_TEST_LINEAR, loss_test, NULL},
    {METRIC_ACCURACY_TRAIN, accuracy_train, has_classes},
    {METRIC_ACCURACY_TEST, accuracy_test, has_classes},
    {METRIC_ACCURACY_TRAIN_LINEAR, accuracy_train, has_classes},
    {METRIC_ACCURACY_TEST_LINEAR, accuracy_test, has_classes},
    {METRIC_F_RMS, f_rms, NULL},
    {0},
};

const struct element measure_losses = {.name = "losses", .measurements = measurements};
