#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "grid.h"

/* Fixed rates in GFLOP/s, by enum precision: only their ratio matters to the order. References are always double. */
static const double nominal_gflops[] = {[PRECISION_F32] = 100, [PRECISION_F64] = 50};

/* Where sizes and digests come from: the data, or a check that keeps none of them. */
struct origin {
    struct data_cache *cache;
    bool is_check;        /* the cache stays empty */
    struct config config; /* the last one asked for, and its shape */
    int64_t number;       /* of different datasets met; 0: none yet */
    struct work_shape shape;
};

static status shape_from_data(struct origin *origin, const struct config *config) {
    TRY(data_cache_select(origin->cache, config));
    origin->shape.data = origin->cache->dataset->shape;
    memcpy(origin->shape.digest, origin->cache->digest, sizeof origin->shape.digest);
    return OK;
}

/* Training sets of another seed are of the same files. */
static bool has_checked(const struct origin *origin, const struct config *config) {
    struct config of_seed = *config;
    of_seed.data.seed = origin->config.data.seed;
    return origin->number > 0 && dataset_same(&origin->config, &of_seed);
}

static status shape_from_check(struct origin *origin, const struct config *config) {
    if (!has_checked(origin, config)) TRY(dataset_check(config, origin->cache->train, &origin->shape.data));
    if (origin->number == 0 || !dataset_same(&origin->config, config)) {
        origin->config = *config;
        origin->number++;
    }
    memcpy(origin->shape.digest, &origin->number, sizeof origin->number);
    memcpy(origin->shape.digest + sizeof origin->number, &config->train_size, sizeof config->train_size);
    return OK;
}

static void add(struct work *work, int64_t cell, const char *key, struct task_cost cost, double gflops) {
    int64_t task = work->count++;
    work->task[task].cell = cell;
    memcpy(work->task[task].key, key, KEY_BYTES);
    work->cost[task] = cost;
    work->queue[task] = (struct queue_task){task_seconds(&cost, gflops), QUEUE_NOTHING};
}

/* A refusal of one point, with where it stands: the study file and the point. */
static status place(const struct study *study, int64_t cell, status result) {
    char label[LABEL_BYTES];
    study_point_label(study, cell, sizeof label, label);
    if (result == ERROR_INPUT) FAIL(result, "%s: %s: %s", study->file, label, status_message());
    return result;
}

/* The reference of this key, newest first: neighbours in the grid share theirs. */
static int64_t find_reference(const struct work *work, const char *key) {
    for (int64_t task = work->count - 1; task >= work->points; task--)
        if (strcmp(work->task[task].key, key) == 0) return task;
    return QUEUE_NOTHING;
}

static status need_reference(const struct study *study, struct work *work, int64_t cell, const struct config *config,
                             const struct work_shape *shape) {
    char key[KEY_BYTES];
    struct task_cost cost;
    config_reference_key(config, shape->digest, key);
    work->queue[cell].needs = find_reference(work, key);
    if (work->queue[cell].needs != QUEUE_NOTHING) return OK;
    TRY(place(study, cell, task_plan_reference(config, &shape->data, &cost)));
    work->queue[cell].needs = work->count;
    add(work, cell, key, cost, nominal_gflops[PRECISION_F64]);
    return OK;
}

/* Do the points of this cell and of the one before differ in their seed alone? The axis of seeds is the last one. */
static bool differs_in_seed(const struct study *study, int64_t cell) {
    return cell % study->axis[study->axes - 1].count != 0;
}

/* What becomes of a point does not depend on its seed. */
static status resolve_point(const struct study *study, struct origin *origin, int64_t cell, struct task_plan *plan,
                            struct work *work) {
    struct config config = study_point(study, cell);
    char key[KEY_BYTES];
    if (!differs_in_seed(study, cell)) {
        TRY((origin->is_check ? shape_from_check : shape_from_data)(origin, &config));
        TRY(place(study, cell, task_plan(&config, &origin->shape.data, plan)));
    }
    work->shape[cell] = origin->shape;
    config.training.linearization = plan->linearization;
    config_key(&config, origin->shape.digest, key);
    add(work, cell, key, plan->cost, nominal_gflops[config.run.precision]);
    work->task[cell].linearization = plan->linearization;
    work->task[cell].needs_reference = plan->needs_reference;
    return OK;
}

/* First all points, then their references behind them. */
static status resolve(const struct study *study, struct origin *origin, struct work *work) {
    struct task_plan plan = {0};
    for (int64_t cell = 0; cell < study->points; cell++) TRY(resolve_point(study, origin, cell, &plan, work));
    for (int64_t cell = 0; cell < study->points; cell++) {
        if (!work->task[cell].needs_reference) continue;
        struct config config = study_point(study, cell);
        TRY(need_reference(study, work, cell, &config, &work->shape[cell]));
    }
    return OK;
}

static status resolve_from(const struct study *study, bool is_check, struct work *work) {
    int64_t most = 2 * study->points;
    *work = (struct work){.points = study->points,
                          .task = allocate_zeroed(most, sizeof *work->task),
                          .queue = allocate_zeroed(most, sizeof *work->queue),
                          .cost = allocate_zeroed(most, sizeof *work->cost),
                          .shape = allocate_zeroed(study->points, sizeof *work->shape)};
    struct data_cache cache = data_cache_create(study);
    struct origin origin = {.cache = &cache, .is_check = is_check};
    status result = resolve(study, &origin, work);
    data_cache_free(&cache);
    return result;
}

status work_resolve(const struct study *study, struct work *work) { return resolve_from(study, false, work); }
status work_estimate(const struct study *study, struct work *work) { return resolve_from(study, true, work); }

void work_free(struct work *work) {
    free(work->task);
    free(work->queue);
    free(work->cost);
    free(work->shape);
    *work = (struct work){0};
}

void work_label(const struct work *work, const struct study *study, int64_t task, char label[LABEL_BYTES]) {
    int used = snprintf(label, LABEL_BYTES, "%s", work_is_reference(work, task) ? "reference of " : "");
    study_point_label(study, work->task[task].cell, (size_t)(LABEL_BYTES - used), label + used);
}
