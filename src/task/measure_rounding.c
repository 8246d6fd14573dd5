/* What single precision adds: the point's end repeated in double (rounding.h), in the place of the training's
 * memory; and what the reference found of its own pairs. */
#include "measure.h"
#include "orders.h"
#include "rounding.h"

static bool is_rounded(const struct point *point) { return point->config->run.precision == PRECISION_F32; }

static bool is_in_functions(const struct point *point) { return point_linearization(point) == LINEARIZATION_FUNCTION; }

static void count(struct arena *arena, struct point *point) {
    struct rounding rounding = {.repeats_linear = is_in_functions(point)};
    if (!is_rounded(point)) return;
    arena_release(arena, point->kept_mark);
    (void)rounding_measure(point->config, point->shape, arena, &rounding);
}

static status at_start(struct point *point, struct arena *arena) {
    (void)arena;
    static const enum metric_id taken[][2] = {{METRIC_REFERENCE_NTK_ROUNDING, METRIC_NTK_INFINITE_ROUNDING},
                                              {METRIC_REFERENCE_NNGP_ROUNDING, METRIC_NNGP_INFINITE_ROUNDING}};
    for (int i = 0; i < 2; i++) {
        const double *value = record_values(point->reference, taken[i][0]);
        if (value) record_scalar(point->record, taken[i][1], *value);
    }
    return OK;
}

/* Where the network has not diverged. */
static status after(struct point *point, struct arena *arena) {
    if (!is_rounded(point) || !point_has(point, MODEL_NETWORK)) return OK;
    struct rounding rounding = {.repeats_linear = is_in_functions(point) && point_has(point, MODEL_LINEAR),
                                .eta = (double)(real)point->eta,
                                .steps = point_step(point),
                                .data = point->data};
#if REAL_BITS == 32
    rounding.theta0 = point->theta0;
    rounding.theta = point->theta;
    rounding.f_test = point->f_test_last[MODEL_NETWORK];
    rounding.f_test_linear = point->f_test_last[MODEL_LINEAR];
#endif
    rounding.hooks = point_hooks_at_end(point);
    arena_release(arena, point->kept_mark);
    TRY(rounding_measure(point->config, point->shape, arena, &rounding));
    record_scalar(point->record, METRIC_RMSE_ROUNDING, rounding.rmse);
    if (is_in_functions(point)) record_scalar(point->record, METRIC_RMSE_ROUNDING_LINEAR, rounding.rmse_linear);
    return OK;
}

static void cost(const struct point *point, struct task_cost *cost) {
    if (is_rounded(point)) cost->flops += rounding_flops(point->config, point->shape, is_in_functions(point));
}

const struct element measure_rounding = {
    .name = "rounding", .count = count, .at_start = at_start, .after = after, .cost = cost};
