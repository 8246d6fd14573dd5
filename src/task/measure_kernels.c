/* The empirical kernels: their size and spectrum at theta_0, their distance from infinite width, and how they
 * change. */
#include <math.h>

#include "clock.h"
#include "eigen.h"
#include "kernels.h"
#include "matrix.h"
#include "measure.h"
#include "predict.h"

static bool keeps_kernels(const struct point *point) { return (point->config->measure.keep & KEEP_KERNELS) != 0; }

static bool moves(const struct point *point) { return point->kernels.is_there && point->schedule.kernel_count > 0; }

static void declare(struct point *point) {
    const struct schedule *schedule = &point->schedule;
    if (!moves(point)) return;
    double *step = measure_add(point, METRIC_KERNEL_STEP);
    for (int64_t i = 0; i < schedule->kernel_count; i++) step[i] = (double)schedule->kernel_step[i];
    (void)measure_add(point, METRIC_NTK_CHANGE);
    if (network_has_readout(point->problem.network)) (void)measure_add(point, METRIC_NNGP_CHANGE);
}

/* ---- at theta_0 ---- */

/* |Theta_0 - Theta_inf x I_k|_F / |Theta_inf x I_k|_F on the training set, both of F = alpha f. */
static void measure_distance(struct point *point) {
    const double *infinite = record_values(point->reference, METRIC_REFERENCE_NTK_TRAIN_TRAIN);
    if (!infinite || !config_has_infinite_width(point->config)) return;
    int64_t n = point->problem.points.train, k = point->problem.points.outputs;
    double distance = 0, norm = 0, alpha = point->config->network.output_scale;
    for (int64_t row = 0; row < n * k; row++)
        for (int64_t column = 0; column < n * k; column++) {
            double target = row % k == column % k ? alpha * alpha * infinite[row / k * n + column / k] : 0;
            double difference = (double)point->kernels.first.train_train[row * n * k + column] - target;
            distance += difference * difference;
            norm += target * target;
        }
    record_scalar(point->record, METRIC_NTK_DISTANCE_INFINITE, sqrt(distance / norm));
}

/* Of the reference, and where they are kept: of F = alpha f, as the empirical ones are. */
static const struct {
    enum metric_id reference, kept;
} infinite_kernels[] = {
    {METRIC_REFERENCE_NTK_TRAIN_TRAIN, METRIC_KEPT_NTK_INFINITE_TRAIN_TRAIN},
    {METRIC_REFERENCE_NTK_TEST_TRAIN, METRIC_KEPT_NTK_INFINITE_TEST_TRAIN},
    {METRIC_REFERENCE_NNGP_TRAIN_TRAIN, METRIC_KEPT_NNGP_INFINITE_TRAIN_TRAIN},
    {METRIC_REFERENCE_NNGP_TEST_TRAIN, METRIC_KEPT_NNGP_INFINITE_TEST_TRAIN},
    {METRIC_REFERENCE_NNGP_TEST_TEST, METRIC_KEPT_NNGP_INFINITE_TEST_TEST},
};
enum { INFINITE_KERNELS = sizeof infinite_kernels / sizeof *infinite_kernels };

static void keep_infinite(struct point *point, enum metric_id kept, const double *kernel) {
    double alpha = point->config->network.output_scale, numbers = measure_numbers(point, kept);
    double *out = measure_add(point, kept);
    for (int64_t i = 0; i < (int64_t)numbers; i++) out[i] = alpha * alpha * kernel[i];
}

static void keep(struct point *point, enum metric_id kept, const real *kernel) {
    la_to_double((int64_t)measure_numbers(point, kept), kernel, measure_add(point, kept));
}

static void keep_kernels(struct point *point) {
    if (!keeps_kernels(point)) return;
    keep(point, METRIC_KEPT_NTK_TRAIN_TRAIN, point->kernels.first.train_train);
    keep(point, METRIC_KEPT_NTK_TEST_TRAIN, point->kernels.first.test_train);
    for (int i = 0; i < INFINITE_KERNELS; i++) {
        const double *kernel = record_values(point->reference, infinite_kernels[i].reference);
        if (kernel) keep_infinite(point, infinite_kernels[i].kept, kernel);
    }
}

/* lambda[N k] ascending */
static void measure_spectrum(struct point *point, const double *lambda) {
    int64_t rows = kernels_rows(point);
    double trace = 0;
    for (int64_t i = 0; i < rows; i++) trace += (double)point->kernels.first.train_train[i * rows + i];
    record_scalar(point->record, METRIC_NTK_TRACE, trace);
    record_scalar(point->record, METRIC_LAMBDA_MIN, lambda[0]);
    record_scalar(point->record, METRIC_LAMBDA_MAX, lambda[rows - 1]);
}

/* The eigenproblem is that of the predictions. */
static status solve(struct point *point, struct arena *arena) {
    double *theta = kernels_in_double(point, arena), *lambda = ARENA_TAKE(arena, kernels_rows(point), double);
    if (arena_is_counting(arena) || point->kernels.is_finite)
        TRY(predict_empirical(point, arena, theta, lambda));
    else
        predict_nothing(point, lambda);
    if (!arena_is_counting(arena)) measure_spectrum(point, lambda);
    return OK;
}

static status at_start(struct point *point, struct arena *arena) {
    if (!point->kernels.is_there) return OK;
    double begin = clock_seconds();
    TRY(solve(point, arena));
    measure_distance(point);
    keep_kernels(point);
    point->progress.seconds_kernel += clock_seconds() - begin;
    return OK;
}

static void count(struct arena *arena, struct point *point) {
    if (!point->kernels.is_there) return;
    kernels_count(arena, point);
    (void)solve(point, arena);
}

/* ---- later ---- */

/* |a - b|_F / |b|_F */
static double relative_change(int64_t n, const real *a, const real *b) {
    return sqrt(la_distance_squares(n, a, b) / la_distance_squares(n, b, NULL));
}

static void at_step(struct point *point, int64_t index) {
    (void)index;
    const struct ntk_kernels *first = &point->kernels.first, *moved = &point->kernels.moved;
    int64_t n = point->problem.points.train, rows = kernels_rows(point), own = kernels_index(point);
    if (own < 0) return;
    *measure_row(point, METRIC_NTK_CHANGE, own) = relative_change(rows * rows, moved->train_train, first->train_train);
    if (network_has_readout(point->problem.network))
        *measure_row(point, METRIC_NNGP_CHANGE, own) =
            relative_change(n * n, moved->nngp_train_train, first->nngp_train_train);
}

/* ---- cost ---- */

/* Spectra, in units of rows^3: with vectors or without; of the learning rate. */
static double spectra(const struct point *point) {
    double measured = point->predictions.of[PREDICTOR_EMPIRICAL].is_closed ? 2 : 0.5;
    return point->config->training.learning_rate.form == RATE_EMPIRICAL_FRACTION ? measured + 0.5 : measured;
}

static void cost(const struct point *point, struct task_cost *cost) {
    const struct points *points = &point->problem.points;
    double rows = (double)kernels_rows(point), moves_count = (double)point->schedule.kernel_count, numbers = 0;
    int64_t room = point->kernels.room;
    if (!point->kernels.is_there) return;
    cost->flops += kernels_flops(point, points->test, room) + moves_count * kernels_flops(point, 0, room);
    cost->elementwise += (double)((points->train + points->test) * (1 + points->outputs)) * point_values(point) +
                         spectra(point) * rows * rows * rows;
    cost->outside_bytes =
        fmax(cost->outside_bytes,
             (double)la_eigen_bytes(kernels_rows(point), point->predictions.of[PREDICTOR_EMPIRICAL].is_closed));
    numbers = 3 * moves_count;
    if (keeps_kernels(point)) {
        numbers +=
            measure_numbers(point, METRIC_KEPT_NTK_TRAIN_TRAIN) + measure_numbers(point, METRIC_KEPT_NTK_TEST_TRAIN);
        for (int i = 0; i < INFINITE_KERNELS; i++) numbers += measure_numbers(point, infinite_kernels[i].kept);
    }
    cost->record_bytes += sizeof(double) * numbers;
}

const struct element measure_kernels = {.name = "kernels",
                                        .declare = declare,
                                        .lay_out = kernels_lay_out,
                                        .count = count,
                                        .at_start = at_start,
                                        .at_step = at_step,
                                        .cost = cost};
