/* A reference: infinite-width kernels of (data, train_size, network). Built with doubles (REAL_BITS 64). */
#include "reference.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "dual.h"
#include "eigen.h"
#include "help.h"
#include "order.h"
#include "wide.h"

static status stopped_early(void) { FAIL(ERROR_INTERRUPTED, "stopped while computing infinite-width kernels"); }

/* Kernels of all points with the first `columns`. */
static int64_t columns_of(const struct config *config) { return config->train_size + config_test_columns(config); }

/* What its kernels follow from. */
struct infinite {
    const struct config *config;
    const struct data_shape *shape;
    const struct wide_kind *kind;
    struct wide *wide;
};

static struct infinite infinite_of(const struct config *config, const struct data_shape *shape) {
    bool is_f32 = config->run.limit_precision == PRECISION_F32;
    return (struct infinite){.config = config, .shape = shape, .kind = is_f32 ? &wide_f32 : &wide_f64};
}

static status infinite_create(struct infinite *infinite) {
    return infinite->kind->create(infinite->config, infinite->shape, &infinite->wide);
}

static void infinite_free(struct infinite *infinite) { infinite->kind->free(infinite->wide); }

static int64_t train_of(const struct infinite *infinite) { return infinite->config->train_size; }
static int64_t test_of(const struct infinite *infinite) { return infinite->config->data.test_size; }

static struct infinite_points take_points(struct arena *arena, const struct infinite *infinite, int64_t count,
                                          int64_t columns, double **x) {
    double *k = ARENA_TAKE(arena, count * count, double), *theta = ARENA_TAKE(arena, count * count, double);
    *x = ARENA_TAKE(arena, count * infinite->shape->inputs, double);
    return (struct infinite_points){count, columns, *x, k, theta};
}

/* data NULL: sizes are counted only. */
static struct infinite_points lay_out(struct arena *arena, const struct infinite *infinite,
                                      const struct dataset *data) {
    int64_t n = train_of(infinite), m = test_of(infinite), d = infinite->shape->inputs;
    double *x;
    struct infinite_points points = take_points(arena, infinite, n + m, columns_of(infinite->config), &x);
    if (data) memcpy(x, data->x_train, (size_t)(n * d) * sizeof *x);
    if (data) memcpy(x + n * d, data->x_test, (size_t)(m * d) * sizeof *x);
    return points;
}

/* ---- what single precision adds: the kernels of a few of the columns' points in double ---- */

enum { SAMPLE = 8 };

static bool is_rounded(const struct infinite *infinite) { return infinite->kind == &wide_f32; }

static struct infinite in_double(const struct infinite *infinite) {
    struct infinite twin = *infinite;
    twin.kind = &wide_f64, twin.wide = NULL;
    return twin;
}

/* The tangent kernel of the readout alone is the NNGP kernel. */
static const double *tangent_of(const struct infinite *infinite, const struct infinite_points *points) {
    return infinite->wide->trains_readout_alone ? points->k : points->theta;
}

static int64_t sample_count(const struct infinite *infinite) { return least(SAMPLE, columns_of(infinite->config)); }

/* The larger one; NaN where either is. */
static double larger(double a, double b) { return a > b || isnan(a) ? a : b; }

/* The largest difference over the largest entry, NaN where there is one; kernels in their lower triangles, the sample's
 * points of all. */
static double difference_of(const double *kernel, int64_t all, const int64_t *point, const double *right,
                            int64_t count) {
    double difference = 0, largest = 0;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j <= i; j++) {
            difference = larger(difference, fabs(kernel[point[i] * all + point[j]] - right[i * count + j]));
            largest = fmax(largest, fabs(right[i * count + j]));
        }
    return largest > 0 ? difference / largest : difference;
}

/* On a counting arena: the sizes. Returns whether it was told to stop. */
static bool measure_with(const struct infinite *twin, const struct infinite_points *points, struct arena *arena,
                         const struct host *host, struct record *record) {
    int64_t count = sample_count(twin), d = twin->shape->inputs, point[SAMPLE];
    size_t mark = arena_mark(arena);
    double *x;
    struct infinite_points some = take_points(arena, twin, count, count, &x);
    for (int64_t i = 0; i < count; i++) point[i] = i * points->columns / count;
    for (int64_t i = 0; record && i < count; i++) memcpy(x + i * d, points->x + point[i] * d, (size_t)d * sizeof *x);
    bool stopped = twin->kind->kernels(twin->wide, &some, arena, host);
    if (record && !stopped) {
        record_scalar(record, METRIC_REFERENCE_NTK_ROUNDING,
                      difference_of(tangent_of(twin, points), points->count, point, tangent_of(twin, &some), count));
        record_scalar(record, METRIC_REFERENCE_NNGP_ROUNDING,
                      difference_of(points->k, points->count, point, some.k, count));
    }
    arena_release(arena, mark);
    return stopped;
}

/* record NULL, on a counting arena: the sizes. */
static status measure_rounding(const struct infinite *infinite, const struct infinite_points *points,
                               struct arena *arena, const struct host *host, struct record *record) {
    if (!is_rounded(infinite)) return OK;
    struct infinite twin = in_double(infinite);
    status result = infinite_create(&twin);
    if (result == OK && measure_with(&twin, points, arena, host, record)) result = stopped_early();
    infinite_free(&twin);
    return result;
}

/* ---- sizes ---- */

/* The arena that everything needs. */
static status count_bytes(const struct infinite *infinite, double *bytes) {
    struct arena arena = arena_counting();
    struct infinite_points points = lay_out(&arena, infinite, NULL);
    infinite->kind->kernels(infinite->wide, &points, &arena, NULL);
    TRY(measure_rounding(infinite, &points, &arena, NULL, NULL));
    *bytes = (double)arena.peak;
    return OK;
}

/* The sample's pairs cost in double about twice what they cost in single precision. */
static double work_of(const struct infinite *infinite) {
    int64_t all = train_of(infinite) + test_of(infinite), sample = sample_count(infinite);
    double work = infinite->kind->work(infinite->wide, all, columns_of(infinite->config));
    return is_rounded(infinite) ? work + 2 * infinite->kind->work(infinite->wide, sample, sample) : work;
}

static status find_cost(const struct infinite *infinite, struct task_cost *cost) {
    int64_t columns = columns_of(infinite->config);
    double n = (double)train_of(infinite), m = (double)test_of(infinite), beyond = (double)columns - n, bytes;
    TRY(count_bytes(infinite, &bytes));
    *cost = (struct task_cost){
        .flops = (n + m) * (n + m) * (double)infinite->shape->inputs + 4 * n * n * n,
        .share = 1,
        .elementwise = work_of(infinite) + n * n * n,
        .arena_bytes = bytes + (double)(infinite->kind->bytes(infinite->wide) + la_eigen_bytes((int64_t)n, 1)),
        .record_bytes = sizeof(double) * (3 * n * n + 2 * m * n + m * beyond + n),
    };
    return OK;
}

status reference_plan(const struct config *config, const struct data_shape *shape, struct task_cost *cost) {
    struct infinite infinite = infinite_of(config, shape);
    status result = infinite_create(&infinite);
    if (result == OK) result = find_cost(&infinite, cost);
    infinite_free(&infinite);
    return result;
}

/* ---- the record ---- */

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
    bool is_f32 = config->run.limit_precision == PRECISION_F32, is_wrn = config->network.family == FAMILY_WRN;
    double most = dual_most((enum activation_kind)config->network.activation);
    char limited[80] = "";
    if (most < DBL_MAX)
        snprintf(limited, sizeof limited, " (the most that is computed for %s)",
                 config_word("network.activation", config->network.activation));
    else if (is_f32)
        snprintf(limited, sizeof limited, " (the most of run.limit_precision: f32)");
    FAIL(ERROR_INPUT,
         "the kernels of infinite width grow beyond %.2g%s: network.sigma_w2 = %.15g is too much for network.%s = %lld",
         is_f32 ? fmin((double)FLT_MAX, most) : most, limited, config->network.sigma_w2, is_wrn ? "blocks" : "depth",
         (long long)(is_wrn ? config->network.blocks : config->network.depth));
}

static void fill_record(const struct infinite *infinite, const struct infinite_points *points,
                        const struct dataset *data, struct record *record) {
    int64_t n = train_of(infinite), m = test_of(infinite);
    const struct range train = {0, n}, test = {n, m}, shown = {n, points->columns - n};
    const double *tangent = tangent_of(infinite, points);
    const struct part parts[] = {{METRIC_REFERENCE_NNGP_TRAIN_TRAIN, points->k, train, train},
                                 {METRIC_REFERENCE_NNGP_TEST_TRAIN, points->k, test, train},
                                 {METRIC_REFERENCE_NNGP_TEST_TEST, points->k, test, shown},
                                 {METRIC_REFERENCE_NTK_TRAIN_TRAIN, tangent, train, train},
                                 {METRIC_REFERENCE_NTK_TEST_TRAIN, tangent, test, train}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].columns.count > 0) add_part(&parts[i], n + m, record);
    const int64_t targets[] = {n, infinite->shape->outputs};
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

/* Single precision takes a cell to rest a little beyond where double does. */
static bool is_without_limit_in_double(const struct record *record) {
    const double *rounding = record_values(record, METRIC_REFERENCE_NTK_ROUNDING);
    return rounding && isnan(*rounding);
}

static status compute(const struct infinite *infinite, const struct dataset *data, const struct host *host,
                      struct arena *arena, struct record *record) {
    struct infinite_points points = lay_out(arena, infinite, data);
    if (infinite->kind->kernels(infinite->wide, &points, arena, host)) return stopped_early();
    fill_record(infinite, &points, data, record);
    int64_t n = train_of(infinite);
    bool is_there = is_in_range(record, n);
    if (!is_there && infinite->config->network.family == FAMILY_DEQ) return go_without(n, record);
    if (!is_there) return refuse(infinite->config);
    TRY(measure_rounding(infinite, &points, arena, host, record));
    return is_without_limit_in_double(record) ? go_without(n, record) : solve(n, host, record);
}

static status compute_in_memory(const struct infinite *infinite, const struct dataset *data, const struct host *host,
                                struct record *record) {
    struct arena arena;
    double bytes;
    TRY(count_bytes(infinite, &bytes));
    TRY(arena_create((size_t)bytes, &arena));
    status result = compute(infinite, data, host, &arena, record);
    arena_free(&arena);
    return result;
}

status reference_run(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                     struct record *record) {
    double begin = clock_seconds();
    const struct host host = task_host(&hooks);
    struct infinite infinite = infinite_of(config, &data->shape);
    status result = infinite_create(&infinite);
    if (result == OK) result = compute_in_memory(&infinite, data, &host, record);
    infinite_free(&infinite);
    record_scalar(record, METRIC_REFERENCE_SECONDS, clock_seconds() - begin);
    return result;
}
