/* A task for tests of the scheduling: sleeps as long as its cost says, in steps that iterate a map whose every digit counts, and
 * records some of them: what is lost or repeated on the way would show.
 * STUB_SECONDS: of a point of width 64 (0.02); STUB_FAIL, STUB_DIVERGE: widths that do so; STUB_FAIL_REFERENCE,
 * STUB_SYNCHRONOUS: any text. */
#include <math.h>
#include <mpi.h>
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

status task_plan(const struct config *config, const struct data_shape *shape, struct task_plan *plan) {
    double width = (double)config->width;
    *plan = (struct task_plan){.cost = {.parameters = width * (double)(shape->inputs + shape->outputs),
                                        .flops = 1e10 * seconds_of(config),
                                        .arena_bytes = 8 * width * width,
                                        .record_bytes = 4096},
                               .linearization = LINEARIZATION_FUNCTION,
                               .needs_reference = 1};
    return OK;
}

status task_plan_reference(const struct config *config, const struct data_shape *shape, struct task_cost *cost) {
    double rows = (double)config->train_size;
    *cost = (struct task_cost){.flops = rows * rows * (double)(shape->inputs + shape->outputs),
                               .record_bytes = 8 * rows * rows};
    return OK;
}

double task_seconds(const struct task_cost *cost, double gflops) { return cost->flops / (1e9 * gflops); }

double task_point_memory(const struct config *config, const struct data_shape *shape) {
    (void)shape;
    return 8 * (double)config->width * (double)config->width;
}

static enum task_order ask(const struct task_hooks *hooks) {
    return hooks->order ? hooks->order(hooks->context) : TASK_GO_ON;
}

/* ---- messages ---- */

/* STUB_SYNCHRONOUS: no send ends before its receive, as the standard allows, and as MPICH's to a rank itself do. */
int MPI_Send(const void *data, int count, MPI_Datatype type, int rank, int tag, MPI_Comm comm) {
    return (getenv("STUB_SYNCHRONOUS") ? PMPI_Ssend : PMPI_Send)(data, count, type, rank, tag, comm);
}

int MPI_Isend(const void *data, int count, MPI_Datatype type, int rank, int tag, MPI_Comm comm, MPI_Request *request) {
    return (getenv("STUB_SYNCHRONOUS") ? PMPI_Issend : PMPI_Isend)(data, count, type, rank, tag, comm, request);
}

/* ---- a point ---- */

enum { STEPS = 30, RECORDED = 4, EVERY = STEPS / (RECORDED - 1), PLACES = 5 };

/* What is on the way from step to step. */
struct walk {
    double step, place[PLACES];
    float single[PLACES];
};

static struct state walk_state(struct walk *walk) {
    struct state state = {0};
    state_add(&state, "step", 64, 1, &walk->step);
    state_add(&state, "place", 64, PLACES, walk->place);
    state_add(&state, "single", 32, PLACES, walk->single);
    return state;
}

static void begin(const struct config *config, const struct dataset *data, struct walk *walk, struct record *record) {
    *walk = (struct walk){.step = 0};
    for (int i = 0; i < PLACES; i++) {
        walk->place[i] = data->x_train[i] / sqrt((double)config->width) + 0.01 * (double)config->seed;
        walk->single[i] = (float)walk->place[i];
    }
    const int64_t recorded = RECORDED;
    double *step = record_add(record, METRIC_STEP, &recorded);
    for (int i = 0; i < RECORDED; i++) step[i] = EVERY * i;
    record_add(record, METRIC_RMSE_TEST, &recorded);
}

static void step_on(struct walk *walk) {
    for (int i = 0; i < PLACES; i++) {
        walk->place[i] = sin(3.9 * walk->place[i] + walk->place[(i + 1) % PLACES]);
        walk->single[i] = sinf(3.7F * walk->single[i] + (float)walk->place[i]);
    }
    walk->step++;
}

static void record_step(const struct walk *walk, const struct record *record) {
    int step = (int)walk->step;
    if (step % EVERY) return;
    double sum = 0;
    for (int i = 0; i < PLACES; i++) sum += walk->place[i] * walk->place[i] + (double)fabsf(walk->single[i]);
    record_find(record, METRIC_RMSE_TEST, 0)->value[step / EVERY] = sqrt(sum);
}

/* A stop in the middle of a step goes back to its beginning. */
static status wait_for_step(double seconds, const struct task_hooks *hooks, const struct record *record,
                            const struct state *state) {
    double end = clock_seconds() + seconds;
    do {
        clock_nap(fmin(1e-3, fmax(end - clock_seconds(), 1e-6)));
        enum task_order order = ask(hooks);
        if (order != TASK_GO_ON && hooks->save) TRY(hooks->save(hooks->context, record, state));
        if (order == TASK_STOP) FAIL(ERROR_INTERRUPTED, "interrupted");
    } while (clock_seconds() < end);
    return OK;
}

static status load(const struct task_hooks *hooks, struct record **record, const struct state *state) {
    struct record *unfinished = NULL;
    if (hooks->load) TRY(hooks->load(hooks->context, &unfinished, state));
    if (!unfinished) return OK;
    record_free(*record);
    *record = unfinished;
    return OK;
}

static status take_steps(const struct config *config, const struct dataset *data, const struct task_hooks *hooks,
                         struct record **record) {
    struct walk walk;
    struct state state = walk_state(&walk);
    begin(config, data, &walk, *record);
    TRY(load(hooks, record, &state));
    for (record_step(&walk, *record); walk.step < STEPS; record_step(&walk, *record)) {
        TRY(wait_for_step(seconds_of(config) / STEPS, hooks, *record, &state));
        step_on(&walk);
    }
    return OK;
}

static void end(const struct config *config, const struct record *reference, struct record *record) {
    record_scalar(record, METRIC_LAMBDA_MAX, record_find(reference, METRIC_REFERENCE_EIGENVALUES, 0)->value[0]);
    record_scalar(record, METRIC_LEARNING_RATE_USED, config->training.learning_rate.value);
    int is_diverged = setting("STUB_DIVERGE", 0) == (double)config->width;
    record_scalar(record, METRIC_STATUS, is_diverged);
    record_scalar(record, METRIC_DIVERGED_STEP, is_diverged ? STEPS / 2 : (double)NAN);
    record_scalar(record, METRIC_DIVERGED_OF, is_diverged ? DIVERGED_OF_KERNEL : (double)NAN);
}

status task_point(const struct config *config, const struct dataset *data, const struct record *reference,
                  struct task_hooks hooks, struct record **record) {
    struct record *made = record_create();
    status result = take_steps(config, data, &hooks, &made);
    if (result == OK && setting("STUB_FAIL", 0) == (double)config->width)
        result = status_fail(ERROR_MEMORY, __FILE__, __LINE__, "%.1f MB of memory could not be had", 1e3);
    if (result == OK) {
        end(config, reference, made);
        *record = made;
    } else {
        record_free(made);
    }
    return result;
}

/* ---- a reference ---- */

static status sleep_for(double seconds, const struct task_hooks *hooks) {
    double end = clock_seconds() + seconds;
    while (clock_seconds() < end) {
        clock_nap(fmin(1e-3, fmax(end - clock_seconds(), 1e-6)));
        if (ask(hooks) == TASK_STOP) FAIL(ERROR_INTERRUPTED, "interrupted");
    }
    return OK;
}

status task_reference(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                      struct record **record) {
    TRY(sleep_for(setting("STUB_SECONDS", 0.02), &hooks));
    if (getenv("STUB_FAIL_REFERENCE")) FAIL(ERROR_MEMORY, "%.1f MB of memory could not be had", 2e3);
    *record = record_create();
    double *value = record_add(*record, METRIC_REFERENCE_EIGENVALUES, &config->train_size);
    for (int64_t i = 0; i < config->train_size; i++) value[i] = (double)(i + 1) + data->x_train[i];
    return OK;
}

/* ---- reduced over seed: nothing is ---- */

void task_reduce_add(const struct record *record, struct record *reduced) { (void)record, (void)reduced; }

status task_reduce_end(const struct config *config, const struct record *reference, const struct host *host,
                       struct record *reduced) {
    (void)config, (void)reference, (void)host, (void)reduced;
    return OK;
}

/* ---- the machine ---- */

static int threads_set;
void task_set_threads(int threads) { threads_set = threads; }

static const struct machine stub = {.gemm_gflops = {20, 10}, .peak_gflops = {25, 12.5}, .core = "Stub"};

double task_gemm_rate(enum precision precision) { return stub.gemm_gflops[precision]; }

void task_libraries(struct machine *machine) {
    *machine = stub;
    snprintf(machine->blas, sizeof machine->blas, "stub of %d threads", threads_set);
}

void task_machine(struct machine *machine, int threads) {
    task_set_threads(threads);
    task_libraries(machine);
}

status task_check_core(const char *asked) {
    (void)asked;
    return OK;
}
status task_take_buffer(void) { return OK; }

const char *task_better_core(void) { return getenv("STUB_BETTER_CORE"); }
