/* A task for tests of the scheduling: sleeps as long as its cost says, then makes a small record from the config alone.
 * STUB_SECONDS: of a point of width 64 (0.02); STUB_FAIL, STUB_DIVERGE: widths that do so; STUB_FAIL_REFERENCE: any text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "task.h"

static double setting(const char *name, double otherwise) {
    const char *text = getenv(name);
    return text ? strtod(text, NULL) : otherwise;
}

static double seconds_of(const struct config *config) {
    return setting("STUB_SECONDS", 0.02) * (double)config->width / 64 * (1 + 0.1 * (double)(config->seed % 7));
}

void task_point_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost) {
    double width = (double)config->width;
    *cost = (struct task_cost){.parameters = width * (double)(shape->inputs + shape->outputs),
                               .flops = 1e10 * seconds_of(config),
                               .arena_bytes = 8 * width * width,
                               .record_bytes = 4096};
}

void task_reference_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost) {
    double rows = (double)config->train_size;
    *cost = (struct task_cost){.flops = rows * rows * (double)(shape->inputs + shape->outputs),
                               .record_bytes = 8 * rows * rows};
}

double task_seconds(const struct task_cost *cost, double gflops) { return cost->flops / (1e9 * gflops); }

double task_point_memory(const struct config *config, const struct dataset *shape) {
    struct task_cost cost;
    task_point_cost(config, shape, &cost);
    return cost.arena_bytes;
}

void task_resolve(struct config *config, const struct dataset *shape) {
    (void)shape;
    config->training.linearization = LINEARIZATION_FUNCTION;
}

int task_needs_reference(const struct config *config) {
    (void)config;
    return 1;
}

static status sleep_for(double seconds, struct task_hooks hooks) {
    double end = clock_seconds() + seconds;
    while (clock_seconds() < end) {
        clock_nap(fmin(1e-3, fmax(end - clock_seconds(), 1e-6)));
        if (hooks.stop && hooks.stop(hooks.context)) FAIL(ERROR_INTERRUPTED, "interrupted");
    }
    return OK;
}

static void fill(const struct config *config, const struct dataset *data, const struct record *reference,
                 struct record *record) {
    const int64_t steps = 3;
    double width = (double)config->width, *step = record_add(record, METRIC_STEP, &steps),
           *rmse = record_add(record, METRIC_RMSE_TEST, &steps);
    for (int i = 0; i < steps; i++) {
        step[i] = i;
        rmse[i] = i / sqrt(width) * (1 + 0.01 * (double)config->seed) + data->x_train[i];
    }
    record_scalar(record, METRIC_LAMBDA_MAX, record_find(reference, METRIC_REFERENCE_EIGENVALUES, 0)->value[0]);
    record_scalar(record, METRIC_LEARNING_RATE_USED, config->training.learning_rate.value);
    record_scalar(record, METRIC_STATUS, setting("STUB_DIVERGE", 0) == width);
}

status task_point(const struct config *config, const struct dataset *data, const struct record *reference,
                  struct task_hooks hooks, struct record **record) {
    TRY(sleep_for(seconds_of(config), hooks));
    if (setting("STUB_FAIL", 0) == (double)config->width) FAIL(ERROR_MEMORY, "%.1f MB of memory could not be had", 1e3);
    *record = record_create();
    fill(config, data, reference, *record);
    return OK;
}

status task_reference(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                      struct record **record) {
    TRY(sleep_for(setting("STUB_SECONDS", 0.02), hooks));
    if (getenv("STUB_FAIL_REFERENCE")) FAIL(ERROR_MEMORY, "%.1f MB of memory could not be had", 2e3);
    *record = record_create();
    double *value = record_add(*record, METRIC_REFERENCE_EIGENVALUES, &config->train_size);
    for (int64_t i = 0; i < config->train_size; i++) value[i] = (double)(i + 1) + data->x_train[i];
    return OK;
}

void task_machine(struct machine *machine, int threads) {
    *machine = (struct machine){.gemm_gflops = {20, 10}, .peak_gflops = {25, 12.5}, .core = "Stub"};
    snprintf(machine->blas, sizeof machine->blas, "stub of %d threads", threads);
}

const char *task_better_core(void) { return getenv("STUB_BETTER_CORE"); }
void task_set_threads(int threads) { (void)threads; }
