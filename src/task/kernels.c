#include "kernels.h"

#include "matrix.h"

int64_t kernels_rows(const struct point *point) { return point->problem.points.train * point->problem.points.outputs; }

static int64_t test_rows(const struct point *point) {
    return point->problem.points.test * point->problem.points.outputs;
}

/* ---- sizes ---- */

/* Where it is small, or of use: beside a linearization it always is, beside the network alone for its change. */
bool kernels_are_wanted(const struct point *point) {
    enum { SMALL = 4096 };
    const struct config *config = point->config;
    bool is_of_use = config_trains(config, MODEL_LINEAR) || point->schedule.kernel_count > 0;
    return (is_of_use && kernels_rows(point) <= SMALL) || (config->measure.keep & KEEP_KERNELS) ||
           config->measure.predictions || config->training.learning_rate.form == RATE_EMPIRICAL_FRACTION;
}

int64_t kernels_bytes(const struct point *point) {
    int64_t rows = kernels_rows(point), squares = rows * rows * (point->schedule.kernel_count > 0 ? 2 : 1);
    return (squares + test_rows(point) * rows) * (int64_t)sizeof(real) + rows * rows * (int64_t)sizeof(double);
}

/* The points as they are taken, without their values. */
static struct ntk_points points_of(const struct point *point, int64_t test) {
    const struct points *points = &point->problem.points;
    return (struct ntk_points){
        .train = points->train, .test = test, .first = trainer_first(&point->training), .gram = points->gram};
}

double kernels_flops(const struct point *point, int64_t test, int64_t bytes) {
    const struct ntk_points at = points_of(point, test);
    return ntk_empirical_flops(point->problem.network, &at, bytes, problem_has_gram(&point->problem));
}

/* ---- memory ---- */

void kernels_lay_out(struct arena *arena, struct point *point) {
    struct kernels *kernels = &point->kernels;
    int64_t rows = kernels_rows(point), train = point->problem.points.train;
    bool moves = point->schedule.kernel_count > 0;
    if (!kernels->is_there) return;
    kernels->first.train_train = ARENA_TAKE(arena, rows * rows, real);
    kernels->first.test_train = ARENA_TAKE(arena, test_rows(point) * rows, real);
    if (moves) kernels->moved.train_train = ARENA_TAKE(arena, rows * rows, real);
    if (!moves || !network_has_readout(point->problem.network)) return;
    kernels->first.nngp_train_train = ARENA_TAKE(arena, train * train, real);
    kernels->moved.nngp_train_train = ARENA_TAKE(arena, train * train, real);
}

static bool compute(struct point *point, struct arena *arena, int64_t test, const struct ntk_kernels *kernels) {
    const struct host host = task_host(&point->hooks);
    struct ntk_points at = points_of(point, test);
    if (!arena_is_counting(arena)) at.value = trainer_values(point_trainer(point));
    return ntk_empirical(point->problem.network, point->theta, &at, point->kernels.room, arena, kernels, &host);
}

/* Without test points there are fewer, but perhaps more at once. */
void kernels_count(struct arena *arena, struct point *point) {
    (void)compute(point, arena, point->problem.points.test, &point->kernels.first);
    if (point->schedule.kernel_count > 0) (void)compute(point, arena, 0, &point->kernels.moved);
}

/* ---- what they are ---- */

static bool is_finite(const struct point *point, const struct ntk_kernels *kernel, int64_t test_rows) {
    int64_t rows = kernels_rows(point);
    return la_is_finite(rows * rows, kernel->train_train) && la_is_finite(test_rows * rows, kernel->test_train);
}

status kernels_start(struct point *point, struct arena *arena) {
    struct kernels *kernels = &point->kernels;
    if (!kernels->is_there) return OK;
    if (compute(point, arena, point->problem.points.test, &kernels->first))
        FAIL(ERROR_INTERRUPTED, "stopped in the kernels of step 0");
    kernels->is_finite = is_finite(point, &kernels->first, test_rows(point));
    return OK;
}

int64_t kernels_index(const struct point *point) {
    const struct schedule *schedule = &point->schedule;
    if (!point->kernels.is_there || !point_has(point, MODEL_NETWORK)) return -1;
    return schedule_index(schedule->kernel_count, schedule->kernel_step, point_step(point));
}

status kernels_move(struct point *point, struct arena *arena) {
    if (kernels_index(point) < 0 || !compute(point, arena, 0, &point->kernels.moved)) return OK;
    FAIL(ERROR_INTERRUPTED, "stopped in the kernels of step %lld", (long long)point_step(point));
}

bool kernels_are_bad(const struct point *point, int model) {
    const struct kernels *kernels = &point->kernels;
    if (kernels->is_there && point_step(point) == 0 && !kernels->is_finite) return true;
    return model == MODEL_NETWORK && kernels_index(point) >= 0 && !is_finite(point, &kernels->moved, 0);
}

double *kernels_in_double(const struct point *point, struct arena *arena) {
    int64_t rows = kernels_rows(point);
    double *theta = ARENA_TAKE(arena, rows * rows, double);
    if (theta) la_to_double(rows * rows, point->kernels.first.train_train, theta);
    return theta;
}
