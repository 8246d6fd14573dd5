/* Under which circumstances a point ran, and how it ended. */
#include <math.h>

#include "measure.h"

static void declare(struct point *point) {
    const struct schedule *schedule = &point->schedule;
    double *step = measure_add(point, METRIC_STEP);
    for (int64_t i = 0; i < schedule->count; i++) step[i] = (double)schedule->step[i];
    record_scalar(point->record, METRIC_LEARNING_RATE_USED, point->eta);
    record_scalar(point->record, METRIC_PARAMETERS, (double)network_parameters(point->problem.network));
    if (measure_is_of(point, METRIC_LINEARIZATION_USED))
        record_scalar(point->record, METRIC_LINEARIZATION_USED, point_linearization(point));
    record_scalar(point->record, METRIC_INPUT_MEAN, point->data->mean);
    record_scalar(point->record, METRIC_INPUT_DEVIATION, point->data->deviation);
}

static void at_end(struct point *point) {
    static const enum metric_id diverged[MODELS] = {METRIC_DIVERGED_STEP, METRIC_DIVERGED_STEP_LINEAR};
    const double *step = point->progress.diverged;
    record_scalar(point->record, METRIC_STATUS, record_status_bits(step[MODEL_NETWORK], step[MODEL_LINEAR]));
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) record_scalar(point->record, diverged[i], step[i] >= 0 ? step[i] : (double)NAN);
    if (point->config->training.stop_loss > 0)
        record_scalar(point->record, METRIC_STOPPED_STEP, point->stopped >= 0 ? (double)point->stopped : (double)NAN);
}

static void cost(const struct point *point, struct task_cost *cost) {
    enum { SCALARS = 40 }; /* of all elements: what does not grow with the point */
    cost->record_bytes += sizeof(double) * (SCALARS + (double)point->schedule.count);
}

const struct element measure_circumstances = {
    .name = "circumstances", .declare = declare, .at_end = at_end, .cost = cost};
