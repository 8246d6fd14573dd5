/* The linearization in function space: outputs of all points, moved by Theta_0. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "linear.h"
#include "matrix.h"
#include "panic.h"

#if REAL_BITS == 32
enum { REAL_EXPONENT_MOST = FLT_MAX_EXP };
#else
enum { REAL_EXPONENT_MOST = DBL_MAX_EXP };
#endif

struct functions {
    struct model model;
    real *f0_test;                        /* at theta_0 */
    real *g;                              /* [batch, k] */
    real *velocity;                       /* u [train, k]; NULL without momentum */
    real *g_velocity, *g_sum;             /* v and its sum [train, k]; v is NULL without momentum */
    const real *train_train, *test_train; /* Theta_0, lent */
    real kernel_largest;                  /* max |Theta_0| */
};

static struct functions *own(struct model *model) { return (struct functions *)model; }
static const struct points *points_of(const struct functions *linear) { return linear->model.training->points; }
static int64_t train_rows(const struct functions *linear) {
    return points_of(linear)->train * points_of(linear)->outputs;
}
static int64_t test_rows(const struct functions *linear) {
    return points_of(linear)->test * points_of(linear)->outputs;
}
static void copy(int64_t n, const real *from, real *to) { memcpy(to, from, (size_t)n * sizeof *to); }
static void clear(int64_t n, real *array) { memset(array, 0, (size_t)n * sizeof *array); }

static void lay_out(struct arena *arena, struct model *model) {
    struct functions *linear = own(model);
    const struct descent *descent = &model->training->descent;
    CHECK(descent->optimizer == OPTIMIZER_SGD);
    model->optimizer.descent = *descent;
    linear->f0_test = ARENA_TAKE(arena, test_rows(linear), real);
    linear->g = ARENA_TAKE(arena, points_batch(points_of(linear)) * points_of(linear)->outputs, real);
    linear->g_sum = ARENA_TAKE(arena, train_rows(linear), real);
    if (descent->momentum == 0) return;
    linear->velocity = ARENA_TAKE(arena, train_rows(linear), real);
    linear->g_velocity = ARENA_TAKE(arena, train_rows(linear), real);
}

static void start(struct model *model, const struct beginning *beginning) {
    struct functions *linear = own(model);
    int64_t rows = train_rows(linear);
    linear->train_train = beginning->train_train;
    linear->test_train = beginning->test_train;
    copy(rows, beginning->f0_train, model->f_train);
    copy(test_rows(linear), beginning->f0_test, linear->f0_test);
    copy(test_rows(linear), beginning->f0_test, model->f_test);
    real within = la_largest(rows * rows, linear->train_train),
         across = la_largest(test_rows(linear) * rows, linear->test_train);
    linear->kernel_largest = within > across ? within : across;
    clear(rows, linear->g_sum);
    if (!linear->velocity) return;
    clear(rows, linear->velocity);
    clear(rows, linear->g_velocity);
}

/* The binary exponent s by which g[n] is scaled before Theta_0 g is summed, so that nothing overflows on the way to
 * eta Theta_0 g: 0 but for kernels and residuals that are both very large. */
static int exponent_for(const struct functions *linear, int64_t n, const real *g) {
    int kernel, count, largest;
    (void)frexp((double)linear->kernel_largest, &kernel);
    (void)frexp((double)la_largest(n, g), &largest);
    (void)frexp((double)n, &count);
    int room = REAL_EXPONENT_MOST - 1 - (kernel + largest + count);
    return room < 0 ? room : 0;
}

struct piece { /* of Theta_0, or of its rows */
    int64_t m, n;
    const real *a; /* [m, n] */
};

/* change += -eta op(a) g, g scaled by 2^s */
static void descend(const struct functions *linear, enum la_transpose ta, struct piece piece, const real *g, int s,
                    real *change) {
    real alpha = (real)ldexp((double)-linear->model.optimizer.descent.eta, -s);
    la_gemv(ta, piece.m, piece.n, alpha, piece.a, g, 1, change);
}

static void scale_by(int64_t n, int s, real *g) {
    if (s != 0) la_scale(n, (real)ldexp(1, s), g);
}

/* change(train) += -eta Theta_0(train, batch) g. Theta_0 is symmetric: a run of neighbouring examples is a piece of its
 * rows. */
static void push(struct functions *linear, real *change) {
    int64_t k = points_of(linear)->outputs, rows = train_rows(linear), n = linear->model.batch.n, run;
    const int64_t *row = linear->model.batch.row;
    int s = exponent_for(linear, n * k, linear->g);
    scale_by(n * k, s, linear->g);
    if (!row) descend(linear, LA_PLAIN, (struct piece){rows, rows, linear->train_train}, linear->g, s, change);
    for (int64_t i = 0; row && i < n; i += run) {
        for (run = 1; i + run < n && row[i + run] == row[i] + run;) run++;
        descend(linear, LA_TRANSPOSED, (struct piece){run * k, rows, linear->train_train + row[i] * k * rows},
                linear->g + i * k, s, change);
    }
    scale_by(n * k, -s, linear->g);
}

/* sum(batch) += g */
static void add_gradient(const struct functions *linear, real *sum) {
    int64_t k = points_of(linear)->outputs;
    const int64_t *row = linear->model.batch.row;
    if (!row) la_axpy(linear->model.batch.n * k, 1, linear->g, sum);
    for (int64_t i = 0; row && i < linear->model.batch.n; i++) la_axpy(k, 1, linear->g + i * k, sum + row[i] * k);
}

static void slow_down(int64_t n, real beta, real *velocity) {
    for (int64_t i = 0; i < n; i++) velocity[i] *= beta;
}

/* u <- beta u - eta Theta_0 g, f <- f + u; v <- beta v + g, its sum. */
static void step_with_momentum(struct functions *linear) {
    int64_t rows = train_rows(linear);
    slow_down(rows, linear->model.optimizer.descent.momentum, linear->velocity);
    slow_down(rows, linear->model.optimizer.descent.momentum, linear->g_velocity);
    push(linear, linear->velocity);
    add_gradient(linear, linear->g_velocity);
    la_axpy(rows, 1, linear->velocity, linear->model.f_train);
    la_axpy(rows, 1, linear->g_velocity, linear->g_sum);
}

static void step(struct model *model) {
    struct functions *linear = own(model);
    model_gradient(model, 0, model->batch.n, linear->g);
    if (linear->velocity) {
        step_with_momentum(linear);
    } else {
        push(linear, model->f_train);
        add_gradient(linear, linear->g_sum);
    }
}

/* f_train is live. */
static void forward(struct model *model, int64_t from, int64_t n) {
    const struct batch *batch = &model->batch;
    int64_t k = model->training->points->outputs;
    if (batch->row) batch_gather(batch, from, n, k, model->f_train, batch->f + from * k);
}

/* Of the test points. */
static void look(struct model *model, int64_t begin, int64_t count, real *f) {
    struct functions *linear = own(model);
    int64_t rows = train_rows(linear), k = points_of(linear)->outputs, before = begin - points_of(linear)->train;
    int s = exponent_for(linear, rows, linear->g_sum);
    copy(count * k, linear->f0_test + before * k, f);
    scale_by(rows, s, linear->g_sum);
    descend(linear, LA_PLAIN, (struct piece){count * k, rows, linear->test_train + before * k * rows}, linear->g_sum, s,
            f);
    scale_by(rows, -s, linear->g_sum);
}

static void state(struct model *model, struct state *state) {
    struct functions *linear = own(model);
    int64_t rows = train_rows(linear);
    state_add(state, "linear_f_train", REAL_BITS, rows, model->f_train);
    state_add(state, "linear_velocity", REAL_BITS, rows, linear->velocity);
    state_add(state, "linear_g_velocity", REAL_BITS, rows, linear->g_velocity);
    state_add(state, "linear_g_sum", REAL_BITS, rows, linear->g_sum);
}

/* Of Theta_0(n points, train) times a vector. */
static double product_flops(const struct points *points, int64_t n) {
    double k = (double)points->outputs;
    return 2 * (double)points->train * (double)n * k * k;
}

static double step_flops(const struct training *training) {
    return product_flops(training->points, points_batch(training->points));
}

static double look_flops(const struct training *training) {
    return product_flops(training->points, training->points->test);
}

static double state_numbers(const struct training *training) {
    return 4 * (double)(training->points->train * training->points->outputs);
}

const struct model_kind linear_functions = {
    .name = "linearization in function space",
    .bytes = sizeof(struct functions),
    .lay_out = lay_out,
    .start = start,
    .look = look,
    .forward = forward,
    .step = step,
    .state = state,
    .step_flops = step_flops,
    .look_flops = look_flops,
    .state_numbers = state_numbers,
};
