/* A reference: infinite-width kernels of (data, train_size, network). Built with doubles (REAL_BITS 64). */
#include "reference.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "clock.h"
#include "dual.h"
#include "eigen.h"
#include "help.h"
#include "infinite.h"
#include "problem.h"

/* Kernels of all points with the first `columns`. */
static int64_t columns_of(const struct config *config) { return config->train_size + config_test_columns(config); }

/* What its kernels follow from. */
struct infinite {
    const struct config *config;
    struct problem problem;
    struct infinite_plan *plan;
};

static status infinite_create(const struct config *config, const struct data_shape *shape, struct infinite *infinite) {
    *infinite = (struct infinite){.config = config};
    TRY(problem_create(config, shape, &infinite->problem));
    return infinite_plan_create(infinite->problem.network, &infinite->plan);
}

static void infinite_free(struct infinite *infinite) {
    infinite_plan_free(infinite->plan);
    problem_free(&infinite->problem);
}

/* data NULL: sizes are counted only. */
static struct infinite_points lay_out(struct arena *arena, const struct infinite *infinite,
                                      const struct dataset *data) {
    int64_t n = infinite->problem.points.train, m = infinite->problem.points.test, d = infinite->problem.inputs;
    double *k = ARENA_TAKE(arena, (n + m) * (n + m), double), *theta = ARENA_TAKE(arena, (n + m) * (n + m), double);
    double *x = ARENA_TAKE(arena, (n + m) * d, double);
    if (data) memcpy(x, data->x_train, (size_t)(n * d) * sizeof *x);
    if (data) memcpy(x + n * d, data->x_test, (size_t)(m * d) * sizeof *x);
    return (struct infinite_points){n + m, columns_of(infinite->config), x, k, theta};
}

/* The arena that everything needs. */
static double count_bytes(const struct infinite *infinite) {
    struct arena arena = arena_counting();
    struct infinite_points points = lay_out(&arena, infinite, NULL);
    infinite_kernels(infinite->plan, &points, &arena, NULL);
    return (double)arena.peak;
}

status reference_plan(const struct config *config, const struct data_shape *shape, struct task_cost *cost) {
    struct infinite infinite;
    status result = infinite_create(config, shape, &infinite);
    int64_t columns = columns_of(config);
    double n = (double)config->train_size, m = (double)config->data.test_size, beyond = (double)columns - n;
    if (result == OK)
        *cost = (struct task_cost){
            .flops = (n + m) * (n + m) * (double)shape->inputs + 4 * n * n * n,
            .share = 1,
            .elementwise = infinite_work(infinite.plan, (int64_t)(n + m), columns) + n * n * n,
            .arena_bytes =
                count_bytes(&infinite) + (double)(infinite_bytes(infinite.plan) + la_eigen_bytes((int64_t)n, 1)),
            .record_bytes = sizeof(double) * (3 * n * n + 2 * m * n + m * beyond + n),
        };
    infinite_free(&infinite);
    return result;
}

struct range {
    int64_t from, count;
};

/* What of a kernel [all, all], of which the lower triangle is there, is recorded as what. */
struct part {
    enum metric_id metric;
    const double *kernel;
    struct range rows, columns; /* columns: none beyond the rows, or the same */
};

static void add_part(const struct part *part, int64_t all, struct record *record) {
    const int64_t size[] = {part->rows.count, part->columns.count};
    double *out = record_add(record, part->metric, size);
    for (int64_t i = 0; i < size[0]; i++)
        for (int64_t j = 0; j < size[1]; j++) {
            int64_t a = part->rows.from + i, b = part->columns.from + j;
            out[i * size[1] + j] = part->kernel[a >= b ? a * all + b : b * all + a];
        }
}

/* Are all numbers finite, and what an eigenproblem adds up of them? */
static bool is_in_range(const struct record *record, int64_t n) {
    const double most = DBL_MAX / (4 * (double)n);
    for (int i = 0; i < record->count; i++)
        for (int64_t j = 0; j < array_length(&record->array[i]); j++)
            if (!(fabs(record->array[i].value[j]) <= most)) return false;
    return true;
}

static status refuse(const struct config *config) {
    double most = dual_most((enum activation_kind)config->network.activation);
    bool is_limited = most < DBL_MAX, is_wrn = config->network.family == FAMILY_WRN;
    FAIL(ERROR_INPUT,
         "the kernels of infinite width grow beyond %.2g%s%s%s: network.sigma_w2 = %.15g is too much for network.%s = "
         "%lld",
         most, is_limited ? " (the most that is computed for " : "",
         is_limited ? config_word("network.activation", config->network.activation) : "", is_limited ? ")" : "",
         config->network.sigma_w2, is_wrn ? "blocks" : "depth",
         (long long)(is_wrn ? config->network.blocks : config->network.depth));
}

/* The tangent kernel of the readout alone is the NNGP kernel. */
static void fill_record(const struct infinite *infinite, const struct infinite_points *points,
                        const struct dataset *data, struct record *record) {
    const struct problem *problem = &infinite->problem;
    int64_t n = problem->points.train, m = problem->points.test;
    const struct range train = {0, n}, test = {n, m}, shown = {n, points->columns - n};
    const double *tangent = problem->network->first_trained > 0 ? points->k : points->theta;
    const struct part parts[] = {{METRIC_REFERENCE_NNGP_TRAIN_TRAIN, points->k, train, train},
                                 {METRIC_REFERENCE_NNGP_TEST_TRAIN, points->k, test, train},
                                 {METRIC_REFERENCE_NNGP_TEST_TEST, points->k, test, shown},
                                 {METRIC_REFERENCE_NTK_TRAIN_TRAIN, tangent, train, train},
                                 {METRIC_REFERENCE_NTK_TEST_TRAIN, tangent, test, train}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].columns.count > 0) add_part(&parts[i], n + m, record);
    const int64_t targets[] = {n, problem->points.outputs};
    memcpy(record_add(record, METRIC_REFERENCE_Y_TRAIN, targets), data->y_train,
           (size_t)(targets[0] * targets[1]) * sizeof(double));
}

static status solve(int64_t n, const struct host *host, struct record *record) {
    const int64_t size[] = {n, n};
    double *vectors = record_add(record, METRIC_REFERENCE_EIGENVECTORS, size);
    memcpy(vectors, record_values(record, METRIC_REFERENCE_NTK_TRAIN_TRAIN), (size_t)(n * n) * sizeof *vectors);
    return la_eigen(n, 1, vectors, record_add(record, METRIC_REFERENCE_EIGENVALUES, &n), host);
}

bool reference_has_limit(const struct record *reference) {
    return isfinite(record_values(reference, METRIC_REFERENCE_EIGENVALUES)[0]);
}

/* A value like another: networks without it are trained all the same. */
static status go_without(int64_t n, struct record *record) {
    const int64_t size[] = {n, n};
    (void)record_add(record, METRIC_REFERENCE_EIGENVECTORS, size);
    (void)record_add(record, METRIC_REFERENCE_EIGENVALUES, &n);
    for (int i = 0; i < record->count; i++)
        for (int64_t j = 0; record->array[i].metric != METRIC_REFERENCE_Y_TRAIN && j < array_length(&record->array[i]);
             j++)
            record->array[i].value[j] = (double)NAN;
    return OK;
}

static status compute(const struct infinite *infinite, const struct dataset *data, const struct host *host,
                      struct arena *arena, struct record *record) {
    struct infinite_points points = lay_out(arena, infinite, data);
    if (infinite_kernels(infinite->plan, &points, arena, host))
        FAIL(ERROR_INTERRUPTED, "stopped while computing infinite-width kernels");
    fill_record(infinite, &points, data, record);
    int64_t n = infinite->config->train_size;
    bool is_there = is_in_range(record, n);
    if (!is_there && infinite->config->network.family == FAMILY_DEQ) return go_without(n, record);
    return is_there ? solve(n, host, record) : refuse(infinite->config);
}

static status compute_in_memory(const struct infinite *infinite, const struct dataset *data, const struct host *host,
                                struct record *record) {
    struct arena arena;
    TRY(arena_create((size_t)count_bytes(infinite), &arena));
    status result = compute(infinite, data, host, &arena, record);
    arena_free(&arena);
    return result;
}

status reference_run(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                     struct record *record) {
    double begin = clock_seconds();
    const struct host host = task_host(&hooks);
    struct infinite infinite;
    status result = infinite_create(config, &data->shape, &infinite);
    if (result == OK) result = compute_in_memory(&infinite, data, &host, record);
    infinite_free(&infinite);
    record_scalar(record, METRIC_REFERENCE_SECONDS, clock_seconds() - begin);
    return result;
}
