#include "plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "clock.h"
#include "data_cache.h"
#include "grid.h"
#include "help.h"
#include "makespan.h"
#include "memory_check.h"
#include "progress.h"
#include "queue.h"
#include "remarks.h"
#include "text.h"
#include "work.h"

/* What MPI adds to a process at rest, measured with Open MPI 4.1 on one host. */
static const double MPI_RESIDENT_BYTES = 24e6;

struct plan {
    const struct plan_options *options;
    const struct study *study;
    struct work work;
    struct machine machine;
    struct queue_task *queue; /* [work.count], seconds on this machine */
    double resident;          /* bytes of a process at rest */
    int64_t train;            /* largest train_size: examples that a rank holds */
    int64_t stride[AXES_MAX]; /* of each axis in the grid */
    bool matters[AXES_MAX];   /* does what a point takes depend on the axis? */
};

/* ---- sizes ---- */

static double data_bytes(const struct plan *plan, int64_t cell, const struct config *config) {
    const struct data_shape *shape = &plan->work.shape[cell].data;
    return 8.0 * (double)(plan->train + config->data.test_size) * (double)(shape->inputs + shape->outputs);
}

/* Of a whole process at a task: at rest, with the data, the reference that a point reads, the task's numbers and its
 * record. */
static double process_bytes(const void *context, int64_t task) {
    const struct plan *plan = context;
    int64_t cell = plan->work.task[task].cell, needs = plan->work.queue[task].needs;
    struct config config = study_point(plan->study, cell);
    const struct task_cost *cost = &plan->work.cost[task];
    double reference = needs == QUEUE_NOTHING ? 0 : plan->work.cost[needs].record_bytes;
    return plan->resident + data_bytes(plan, cell, &config) + reference + cost->arena_bytes + cost->record_bytes;
}

/* ---- sums ---- */

struct sums {
    double flops, bytes, seconds, longest; /* longest: seconds of the longest task */
};

/* Over all points, or over the references. */
static struct sums sum_over(const struct plan *plan, int references) {
    struct sums sums = {0};
    for (int64_t task = 0; task < plan->work.count; task++) {
        if (work_is_reference(&plan->work, task) != references) continue;
        sums.flops += plan->work.cost[task].flops;
        sums.bytes += plan->work.cost[task].record_bytes;
        sums.seconds += plan->queue[task].seconds;
        sums.longest = fmax(sums.longest, plan->queue[task].seconds);
    }
    return sums;
}

/* Of the largest process. */
static double memory_bytes(const struct plan *plan) {
    double most = 0;
    for (int64_t task = 0; task < plan->work.count; task++) most = fmax(most, process_bytes(plan, task));
    return most;
}

/* Of the point with the largest state; a rank has one at a time. */
static double checkpoint_bytes(const struct plan *plan) {
    double most = 0;
    for (int64_t point = 0; point < plan->work.points; point++)
        most = fmax(most, plan->work.cost[point].state_bytes + plan->work.cost[point].record_bytes);
    return most;
}

/* The same queue as a run's, played through. *share: of the ranks' time that is spent on tasks. */
static double wall_seconds(const struct plan *plan, double *share) {
    int ranks = plan->options->ranks;
    double *busy = allocate_zeroed(ranks, sizeof *busy), sum = 0;
    struct queue queue;
    queue_create(plan->work.count, plan->queue, &queue);
    double wall = makespan_seconds(&queue, ranks, NULL, 1, busy);
    for (int rank = 0; rank < ranks; rank++) sum += busy[rank];
    *share = wall > 0 ? sum / (wall * ranks) : 1;
    queue_free(&queue);
    free(busy);
    return wall;
}

/* ---- the grid ---- */

static bool takes_the_same(const struct plan *plan, int64_t a, int64_t b) {
    return memcmp(&plan->work.cost[a], &plan->work.cost[b], sizeof *plan->work.cost) == 0 &&
           plan->work.task[a].linearization == plan->work.task[b].linearization &&
           memcmp(&plan->queue[a].seconds, &plan->queue[b].seconds, sizeof(double)) == 0;
}

/* The point with the first value of the axis in place of its own. */
static int64_t with_first(const struct plan *plan, int64_t cell, int axis) {
    return cell - cell / plan->stride[axis] % plan->study->axis[axis].count * plan->stride[axis];
}

static void find_what_matters(struct plan *plan) {
    int64_t stride = 1;
    for (int a = plan->study->axes - 1; a >= 0; a--) {
        plan->stride[a] = stride;
        stride *= plan->study->axis[a].count;
        for (int64_t cell = 0; cell < plan->study->points && !plan->matters[a]; cell++)
            plan->matters[a] = !takes_the_same(plan, cell, with_first(plan, cell, a));
    }
}

/* Is it the first of the points that take the same? */
static bool leads_group(const struct plan *plan, int64_t cell) {
    for (int a = 0; a < plan->study->axes; a++)
        if (!plan->matters[a] && with_first(plan, cell, a) != cell) return false;
    return true;
}

static int64_t group_size(const struct plan *plan) {
    int64_t size = 1;
    for (int a = 0; a < plan->study->axes; a++)
        if (!plan->matters[a]) size *= plan->study->axis[a].count;
    return size;
}

/* ---- printing ---- */

static void print_grid(FILE *out, const struct plan *plan) {
    fprintf(out, "grid: %" PRId64 " points =", plan->study->points);
    for (int a = 0; a < plan->study->axes; a++)
        fprintf(out, "%s %" PRId64 " %s", a ? " x" : "", plan->study->axis[a].count, plan->study->axis[a].name);
    int64_t references = plan->work.count - plan->work.points;
    fprintf(out, ", and %" PRId64 " reference%s\n", references, references == 1 ? "" : "s");
}

static void print_machine(FILE *out, const struct machine *machine) {
    static const char *const name[] = {[PRECISION_F32] = "f32", [PRECISION_F64] = "f64"};
    fprintf(out, "machine: %s, core %s", machine->blas, machine->core);
    for (int p = 0; p < 2; p++)
        fprintf(out, "; %s %.1f GFLOP/s, %.0f %% of what vector width and clock allow", name[p],
                machine->gemm_gflops[p], 100 * machine->gemm_gflops[p] / machine->peak_gflops[p]);
    fputs("\n\n", out);
}

enum { COLUMN = 12 };

static void print_axis_value(FILE *out, const struct axis *axis, int64_t index) {
    if (axis->is_choice)
        fprintf(out, "%*s ", COLUMN, axis->text[index]);
    else
        fprintf(out, "%*.10g ", COLUMN, axis->number[index]);
}

static void print_line(FILE *out, const struct plan *plan, int64_t cell) {
    char memory[TEXT_OF_BYTES], record[TEXT_OF_BYTES], seconds[DURATION_BYTES];
    const struct task_cost *cost = &plan->work.cost[cell];
    int linearization = plan->work.task[cell].linearization;
    for (int a = 0; a < plan->study->axes; a++)
        if (plan->matters[a])
            print_axis_value(out, &plan->study->axis[a], cell / plan->stride[a] % plan->study->axis[a].count);
    fprintf(out, "%8" PRId64 " %12.0f %14s %10.3g %9s %9s %10s\n", group_size(plan), cost->parameters,
            linearization == LINEARIZATION_AUTO ? "none" : config_word("training.linearization", linearization),
            cost->flops, text_of_bytes(process_bytes(plan, cell), memory), text_of_bytes(cost->record_bytes, record),
            progress_duration(plan->queue[cell].seconds, seconds));
}

static void print_table(FILE *out, const struct plan *plan) {
    for (int a = 0; a < plan->study->axes; a++)
        if (plan->matters[a]) fprintf(out, "%*s ", COLUMN, plan->study->axis[a].name);
    fprintf(out, "%8s %12s %14s %10s %9s %9s %10s\n", "points", "parameters", "linearization", "flops", "memory",
            "record", "time");
    for (int64_t cell = 0; cell < plan->study->points; cell++)
        if (leads_group(plan, cell)) print_line(out, plan, cell);
}

static void print_sums(FILE *out, const struct plan *plan) {
    char size[TEXT_OF_BYTES], time[DURATION_BYTES];
    fputc('\n', out);
    for (int i = 0; i < 2; i++) {
        struct sums sums = sum_over(plan, i);
        fprintf(out, "all %-11s %10.3g flops, records %9s before compression, %s of one rank\n",
                i ? "references:" : "points:", sums.flops, text_of_bytes(sums.bytes, size),
                progress_duration(sums.seconds, time));
    }
}

static void print_equilibria(FILE *out, const struct plan *plan) {
    double least = (double)INFINITY, most = 0;
    for (int64_t point = 0; point < plan->work.points; point++) {
        least = fmin(least, plan->work.cost[point].solver_steps);
        most = fmax(most, plan->work.cost[point].solver_steps);
    }
    if (most <= 0) return;
    fprintf(out, "equilibria: %g", least);
    if (most > least) fprintf(out, " to %g", most);
    fputs(" steps of the solver are expected, and flops with them: ln(tolerance)/ln(rate of the infinitely wide cell); "
          "where it fails it takes network.iterations, which are not counted\n",
          out);
}

static void print_checkpoints(FILE *out, const struct plan *plan) {
    char size[TEXT_OF_BYTES];
    fprintf(out, "checkpoints: every %g minutes, at most %s a rank\n", plan->study->config.run.checkpoint_minutes,
            text_of_bytes(checkpoint_bytes(plan), size));
}

static void print_wall_time(FILE *out, const struct plan *plan) {
    int ranks = plan->options->ranks;
    char time[DURATION_BYTES];
    double share, wall = wall_seconds(plan, &share);
    fprintf(out, "predicted wall time on %d rank%s: %s, busy %.0f %%\n", ranks, ranks == 1 ? "" : "s",
            progress_duration(wall, time), 100 * share);
}

static void print_all(FILE *out, const struct plan *plan) {
    print_grid(out, plan);
    print_machine(out, &plan->machine);
    print_table(out, plan);
    print_sums(out, plan);
    print_equilibria(out, plan);
    print_checkpoints(out, plan);
    print_wall_time(out, plan);
    remarks_print(out, plan->study, plan->options->ranks);
}

/* ---- for programs ---- */

static void print_json(FILE *out, const struct plan *plan) {
    struct sums points = sum_over(plan, 0), references = sum_over(plan, 1);
    double share, wall = wall_seconds(plan, &share);
    const struct {
        const char *name;
        double value;
    } member[] = {
        {"points", (double)plan->work.points},
        {"references", (double)(plan->work.count - plan->work.points)},
        {"ranks", plan->options->ranks},
        {"threads", (double)plan->study->config.run.threads},
        {"longest_point_seconds", points.longest},
        {"total_seconds", points.seconds + references.seconds},
        {"wall_seconds", wall},
        {"memory_bytes", memory_bytes(plan)},
        {"record_bytes", points.bytes + references.bytes},
        {"checkpoint_bytes", checkpoint_bytes(plan)},
        {"checkpoint_minutes", plan->study->config.run.checkpoint_minutes},
    };
    enum { MEMBERS = sizeof member / sizeof *member };
    fputs("{\n", out);
    for (int i = 0; i < MEMBERS; i++)
        fprintf(out, "  \"%s\": %.15g%s\n", member[i].name, member[i].value, i < MEMBERS - 1 ? "," : "");
    fputs("}\n", out);
}

/* ---- refusing ---- */

static status refuse_misfits(const struct plan *plan) {
    TRY(memory_check_run(plan->study, &plan->work));
    if (!(plan->options->memory_per_rank > 0)) return OK;
    return memory_check_within(plan->study, &plan->work, plan->options->memory_per_rank, process_bytes, plan,
                               "the memory of a rank,");
}

/* ---- */

static void measure(struct plan *plan) {
    task_machine(&plan->machine, (int)plan->study->config.run.threads);
    plan->resident = clock_resident_bytes() + MPI_RESIDENT_BYTES;
    plan->queue = allocate_copy(plan->work.queue, (size_t)plan->work.count * sizeof *plan->queue);
    for (int64_t task = 0; task < plan->work.count; task++) {
        bool is_reference = work_is_reference(&plan->work, task);
        struct config config = study_point(plan->study, plan->work.task[task].cell);
        int precision = is_reference ? PRECISION_F64 : config.run.precision;
        plan->queue[task].seconds = task_seconds(&plan->work.cost[task], plan->machine.gemm_gflops[precision]);
    }
}

/* A program gets numbers or a refusal, a reader both. */
static status print(FILE *out, struct plan *plan) {
    TRY(work_estimate(plan->study, &plan->work));
    plan->train = data_cache_create(plan->study).train;
    measure(plan);
    find_what_matters(plan);
    if (!plan->options->json) print_all(out, plan);
    TRY(refuse_misfits(plan));
    if (plan->options->json) print_json(out, plan);
    return OK;
}

status plan_print(FILE *out, const struct plan_options *options) {
    struct study *study;
    TRY(study_read(options->study_file, options->overrides, options->override, options->data_path, &study));
    struct plan plan = {.options = options, .study = study};
    status printed = print(out, &plan);
    work_free(&plan.work);
    free(plan.queue);
    study_free(study);
    return printed;
}
