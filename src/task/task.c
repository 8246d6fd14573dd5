/* The only place where the precision is chosen at run time. */
#include "task.h"

#include <stdio.h>

#include "buffer.h"
#include "core.h"
#include "machine.h"
#include "reference.h"
#include "variants.h"

status task_plan(const struct config *config, const struct data_shape *shape, struct task_plan *plan) {
    return (config->run.precision == PRECISION_F32 ? point_plan_f32 : point_plan_f64)(config, shape, plan);
}

status task_plan_reference(const struct config *config, const struct data_shape *shape, struct task_cost *cost) {
    return reference_plan(config, shape, cost);
}

/* Matrix products reach about nine tenths of the rate of large ones; an element takes about a nanosecond, a call a
 * microsecond. */
double task_seconds(const struct task_cost *cost, double gflops) {
    return cost->share * cost->flops / (0.9e9 * gflops) + 1e-9 * cost->elementwise + 1e-6 * cost->calls + 1e-3;
}

static double arena_within(const struct config *config, double memory, const struct data_shape *shape) {
    struct config within = *config;
    struct task_plan plan;
    within.run.memory = (int64_t)memory;
    return task_plan(&within, shape, &plan) == OK ? plan.cost.arena_bytes : 0;
}

/* Tiles shrink with run.memory, and the linearization may change its space: the least that suffices is found by
 * halving. */
double task_point_memory(const struct config *config, const struct data_shape *shape) {
    double low = 1, high = arena_within(config, low, shape), all = arena_within(config, 1e15, shape);
    if (all > high) high = all;
    while (high - low > 1e-3 * high) {
        double middle = (low + high) / 2;
        if (arena_within(config, middle, shape) <= middle)
            high = middle;
        else
            low = middle;
    }
    return high;
}

status task_point(const struct config *config, const struct dataset *data, const struct record *reference,
                  struct task_hooks hooks, struct record **record) {
    struct record *made = record_create();
    bool f32 = config->run.precision == PRECISION_F32;
    status result = (f32 ? point_run_f32 : point_run_f64)(config, data, reference, hooks, made);
    if (result == OK)
        *record = made;
    else
        record_free(made);
    return result;
}

status task_reference(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                      struct record **record) {
    struct record *made = record_create();
    status result = reference_run(config, data, hooks, made);
    if (result == OK)
        *record = made;
    else
        record_free(made);
    return result;
}

void task_libraries(struct machine *machine) {
    snprintf(machine->core, sizeof machine->core, "%s", la_core_name());
    la_blas_version(sizeof machine->blas, machine->blas);
}

double task_gemm_rate(enum precision precision) {
    return (precision == PRECISION_F32 ? la_gemm_rate_f32 : la_gemm_rate_f64)();
}

void task_machine(struct machine *machine, int threads) {
    la_set_threads(threads);
    machine->gemm_gflops[PRECISION_F32] = task_gemm_rate(PRECISION_F32);
    machine->gemm_gflops[PRECISION_F64] = task_gemm_rate(PRECISION_F64);
    machine->peak_gflops[PRECISION_F32] = la_peak_rate(32) * threads;
    machine->peak_gflops[PRECISION_F64] = la_peak_rate(64) * threads;
    task_libraries(machine);
}

status task_check_core(const char *asked) { return la_core_check(asked); }
const char *task_better_core(void) { return la_better_core(); }

status task_take_buffer(void) { return la_take_buffer(); }
void task_set_threads(int threads) { la_set_threads(threads); }
