/* Metrics reduced over seed: mean and variance of an ensemble, and what Gaussian processes say of it. Built with
 * doubles (REAL_BITS 64).
 *
 * With `output_scale` alpha, F = alpha f has the kernels alpha^2 Theta and alpha^2 K. A = Theta(x, X) V diag(gain) V'
 * stays as it is where the rate takes the factor, so references are used unscaled and covariances take alpha^2. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gaussian_process.h"
#include "panic.h"
#include "reference.h"
#include "task.h"

/* ---- the ensemble ---- */

/* Of networks, and of their linearizations. */
static const struct ensemble {
    enum metric_id diverged, size, outputs, mean, variance;
} ensembles[] = {
    {METRIC_DIVERGED_STEP, METRIC_ENSEMBLE_SIZE, METRIC_OUTPUTS, METRIC_OUTPUTS_MEAN, METRIC_OUTPUTS_VARIANCE},
    {METRIC_DIVERGED_STEP_LINEAR, METRIC_ENSEMBLE_SIZE_LINEAR, METRIC_OUTPUTS_LINEAR, METRIC_OUTPUTS_LINEAR_MEAN,
     METRIC_OUTPUTS_LINEAR_VARIANCE}};
enum { ENSEMBLES = sizeof ensembles / sizeof *ensembles };

static double *add_like(const struct array *array, enum metric_id metric, struct record *reduced) {
    const struct array *there = record_find(reduced, metric, 0);
    CHECK(!there || array_length(there) == array_length(array));
    return record_add_shaped(reduced, metric, 0, array->ndim, array->dim, array->size);
}

/* Takes the count-th member in; `squares` is the sum of squared deviations from the mean so far (Welford 1962). */
static void add_member(int64_t length, const double *value, double count, double *mean, double *squares) {
    for (int64_t i = 0; i < length; i++) {
        double before = count > 1 ? mean[i] : 0, deviation = value[i] - before;
        mean[i] = before + deviation / count;
        squares[i] = count > 1 ? squares[i] + deviation * (value[i] - mean[i]) : 0;
    }
}

static void copy_steps(const struct record *record, struct record *reduced) {
    const struct array *step = record_find(record, METRIC_STEP, 0);
    memcpy(add_like(step, METRIC_STEP, reduced), step->value, (size_t)array_length(step) * sizeof(double));
}

/* A model that has diverged is no member, but tells how large the ensemble's arrays are. */
static void add_model(const struct ensemble *ensemble, const struct record *record, struct record *reduced) {
    const struct array *outputs = record_find(record, ensemble->outputs, 0);
    if (!outputs) return;
    double before = record_find(reduced, ensemble->size, 0) ? record_value(reduced, ensemble->size) : 0;
    bool is_member = !(record_value(record, ensemble->diverged) >= 0);
    double *mean = add_like(outputs, ensemble->mean, reduced);
    double *squares = add_like(outputs, ensemble->variance, reduced);
    record_scalar(reduced, ensemble->size, before + is_member);
    if (is_member) add_member(array_length(outputs), outputs->value, before + 1, mean, squares);
}

void task_reduce_add(const struct record *record, struct record *reduced) {
    if (!record_find(record, METRIC_OUTPUTS, 0)) return;
    copy_steps(record, reduced);
    record_scalar(reduced, METRIC_LEARNING_RATE_USED, record_value(record, METRIC_LEARNING_RATE_USED));
    for (int i = 0; i < ENSEMBLES; i++) add_model(&ensembles[i], record, reduced);
}

static void scale(int64_t length, double factor, double *value) {
    for (int64_t i = 0; i < length; i++) value[i] *= factor;
}

/* Unbiased; NaN of one member, or none. */
static void end_ensemble(const struct ensemble *ensemble, struct record *reduced) {
    const struct array *variance = record_find(reduced, ensemble->variance, 0);
    double count = record_value(reduced, ensemble->size);
    if (variance) scale(array_length(variance), count > 1 ? 1 / (count - 1) : (double)NAN, variance->value);
}

/* ---- Gaussian processes ---- */

/* The infinitely wide networks of one cell, on the test points whose outputs are recorded. */
struct bands {
    const struct config *config;
    const struct record *reference;
    struct record *reduced;
    struct gaussian_process process;
    enum dimension point, point_2;
    double *test_test, *covariance, *gain; /* [m, m], [m, m], [n] */
    const struct host *host;
};

/* A reference tells nothing of an ensemble without outputs, or with another loss than the processes are for. */
static bool has_bands(const struct config *config, const struct record *reference, const struct record *reduced) {
    return reference && reference_has_limit(reference) && config->training.loss == LOSS_MSE &&
           record_find(reduced, METRIC_OUTPUTS_MEAN, 0) && record_find(reference, METRIC_REFERENCE_Y_TRAIN, 0) &&
           record_find(reference, METRIC_REFERENCE_NNGP_TEST_TEST, 0);
}

static struct gaussian_process find_process(const struct record *reference, int64_t m, const double *test_test) {
    const struct array *y = record_find(reference, METRIC_REFERENCE_Y_TRAIN, 0);
    return (struct gaussian_process){.n = y->size[0],
                                     .m = m,
                                     .k = y->size[1],
                                     .y = y->value,
                                     .train_train = record_values(reference, METRIC_REFERENCE_NNGP_TRAIN_TRAIN),
                                     .test_train = record_values(reference, METRIC_REFERENCE_NNGP_TEST_TRAIN),
                                     .test_test = test_test};
}

/* The corner of the first m test points. */
static void copy_corner(const struct array *kernel, int64_t m, double *corner) {
    for (int64_t i = 0; i < m; i++)
        memcpy(corner + i * m, kernel->value + i * kernel->size[1], (size_t)m * sizeof *corner);
}

static status open_bands(const struct config *config, const struct record *reference, struct record *reduced,
                         struct bands *bands) {
    const struct array *mean = record_find(reduced, METRIC_OUTPUTS_MEAN, 0);
    int64_t m = mean->size[1], n = record_find(reference, METRIC_REFERENCE_Y_TRAIN, 0)->size[0];
    double *memory = malloc((size_t)(2 * m * m + n) * sizeof *memory);
    if (!memory) FAIL(ERROR_MEMORY, "no memory for Gaussian processes on %lld test points", (long long)m);
    *bands = (struct bands){.config = config,
                            .reference = reference,
                            .reduced = reduced,
                            .process = find_process(reference, m, memory),
                            .point = mean->dim[1],
                            .point_2 = mean->dim[1] == DIM_PROBE ? DIM_PROBE_2 : DIM_TEST_EXAMPLE_2,
                            .test_test = memory,
                            .covariance = memory + m * m,
                            .gain = memory + 2 * m * m};
    copy_corner(record_find(reference, METRIC_REFERENCE_NNGP_TEST_TEST, 0), m, memory);
    return OK;
}

/* [steps, m, k] or [steps, m, m]; without steps (0) the last two. */
static double *add_mean(const struct bands *bands, enum metric_id metric, int64_t steps) {
    const enum dimension dim[] = {DIM_STEP, bands->point, DIM_OUTPUT};
    const int64_t size[] = {steps, bands->process.m, bands->process.k};
    int first = steps == 0;
    return record_add_shaped(bands->reduced, metric, 0, 3 - first, dim + first, size + first);
}

/* NULL: larger than run.memory, and left out. */
static double *add_covariance(const struct bands *bands, enum metric_id metric, int64_t steps) {
    const enum dimension dim[] = {DIM_STEP, bands->point, bands->point_2};
    const int64_t size[] = {steps, bands->process.m, bands->process.m};
    int first = steps == 0;
    double bytes = sizeof(double) * (double)(first ? 1 : steps) * (double)size[1] * (double)size[2];
    if (bytes > (double)bands->config->run.memory) return NULL;
    return record_add_shaped(bands->reduced, metric, 0, 3 - first, dim + first, size + first);
}

/* Of F = alpha f, which is 0 at step 0 and everywhere without spread where it is centred. */
static void copy_covariance(const struct bands *bands, double *out) {
    double alpha = bands->config->training.centred ? 0 : bands->config->network.output_scale;
    int64_t length = bands->process.m * bands->process.m;
    for (int64_t i = 0; out && i < length; i++) out[i] = alpha * alpha * bands->covariance[i];
}

static struct prediction_descent find_descent(const struct bands *bands) {
    double alpha = bands->config->network.output_scale, eta = record_value(bands->reduced, METRIC_LEARNING_RATE_USED);
    return (struct prediction_descent){.dynamics = DYNAMICS_DISCRETE,
                                       .rate = alpha * alpha * eta / (double)(bands->process.n * bands->process.k),
                                       .momentum = bands->config->training.momentum,
                                       .schedule = config_rate_schedule(bands->config)};
}

static status add_ntk(const struct bands *bands) {
    const struct gaussian_process *process = &bands->process;
    const struct prediction_kernel ntk = {.n = process->n,
                                          .m = process->m,
                                          .columns = process->k,
                                          .lambda = record_values(bands->reference, METRIC_REFERENCE_EIGENVALUES),
                                          .vector = record_values(bands->reference, METRIC_REFERENCE_EIGENVECTORS),
                                          .test_train =
                                              record_values(bands->reference, METRIC_REFERENCE_NTK_TEST_TRAIN)};
    const struct prediction_descent descent = find_descent(bands);
    const struct array *step = record_find(bands->reduced, METRIC_STEP, 0);
    int64_t steps = array_length(step), m = process->m;
    double *mean = add_mean(bands, METRIC_NTK_GP_MEAN, steps);
    double *covariance = add_covariance(bands, METRIC_NTK_GP_COVARIANCE, steps);
    for (int64_t i = 0; i < steps; i++) {
        if (host_stops(bands->host)) FAIL(ERROR_INTERRUPTED, "stopped in Gaussian processes");
        prediction_gains(&ntk, &descent, step->value[i], bands->gain);
        TRY(gaussian_process_ntk(process, &ntk, bands->gain, mean + i * m * process->k,
                                 covariance ? bands->covariance : NULL));
        copy_covariance(bands, covariance ? covariance + i * m * m : NULL);
    }
    return OK;
}

static status add_posterior(const struct bands *bands) {
    double *mean = add_mean(bands, METRIC_NNGP_POSTERIOR_MEAN, 0);
    TRY(gaussian_process_posterior(&bands->process, bands->host, mean, bands->covariance));
    copy_covariance(bands, add_covariance(bands, METRIC_NNGP_POSTERIOR_COVARIANCE, 0));
    return OK;
}

/* Of networks that all take the same steps, which fractions of their own kernels are not. */
static bool has_ntk(const struct config *config) {
    return config_has_infinite_width(config) && config_has_closed_form(config) &&
           config->training.learning_rate.form != RATE_EMPIRICAL_FRACTION;
}

static status fill_bands(const struct bands *bands) {
    if (has_ntk(bands->config)) TRY(add_ntk(bands));
    return bands->config->training.centred ? OK : add_posterior(bands);
}

status task_reduce_end(const struct config *config, const struct record *reference, const struct host *host,
                       struct record *reduced) {
    struct bands bands;
    for (int i = 0; i < ENSEMBLES; i++) end_ensemble(&ensembles[i], reduced);
    if (!has_bands(config, reference, reduced)) return OK;
    TRY(open_bands(config, reference, reduced, &bands));
    bands.host = host;
    status result = fill_bands(&bands);
    free(bands.test_test);
    return result;
}
