#include "orders.h"

static void add_end(struct point *point, struct state *state) {
    static const char *const names[MODELS] = {"f_test_last", "f_test_linear_last"};
    int64_t test = point->problem.points.test * point->problem.points.outputs;
    state_add(state, "theta_last", REAL_BITS, point->problem.network->theta, point->theta);
    for (int i = 0; i < MODELS; i++) state_add(state, names[i], REAL_BITS, test, point->f_test_last[i]);
}

/* What a checkpoint holds: of a point in training, of one at its end; both where it is not known yet which of them will
 * be read. */
static struct state state_of(struct point *point, bool in_training, bool at_end) {
    struct state state = {0};
    state_add(&state, "progress", 64, sizeof point->progress / sizeof(double), &point->progress);
    if (at_end) add_end(point, &state);
    if (!in_training) return state;
    for (int i = 0; i < MODELS; i++)
        if (point->kind[i]) model_state(point->model[i], &state);
    return state;
}

static status save(struct point *point) {
    if (!point->hooks.save) return OK;
    bool at_end = point->progress.is_trained > 0;
    struct state state = state_of(point, !at_end, at_end);
    return point->hooks.save(point->hooks.context, point->record, &state);
}

status orders_stop(struct point *point) {
    TRY(save(point));
    FAIL(ERROR_INTERRUPTED, "stopped at step %lld", (long long)point->progress.step);
}

status orders_obey(struct point *point) {
    switch (point->hooks.order ? point->hooks.order(point->hooks.context) : TASK_GO_ON) {
    case TASK_SAVE:
        return save(point);
    case TASK_STOP:
        return orders_stop(point);
    default:
        return OK;
    }
}

status orders_resume(struct point *point) {
    struct record *unfinished = NULL;
    struct state state = state_of(point, true, true);
    if (!point->hooks.load) return OK;
    TRY(point->hooks.load(point->hooks.context, &unfinished, &state));
    if (!unfinished) return OK;
    struct record fresh = *point->record;
    *point->record = *unfinished;
    *unfinished = fresh;
    record_free(unfinished);
    return OK;
}

/* A checkpoint that cannot be written does not end the point. */
static enum task_order order_at_end(void *context) {
    struct point *point = context;
    enum task_order order = point->hooks.order ? point->hooks.order(point->hooks.context) : TASK_GO_ON;
    if (order == TASK_SAVE && !point->is_saved_at_end) point->is_saved_at_end = save(point) == OK;
    return order;
}

struct task_hooks point_hooks_at_end(struct point *point) {
    return (struct task_hooks){.order = order_at_end, .context = point};
}
