#include "twin.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "panic.h"

#if REAL_BITS == 32
enum { REAL_EXPONENT_MOST = FLT_MAX_EXP };
#else
enum { REAL_EXPONENT_MOST = DBL_MAX_EXP };
#endif

static int64_t train_rows(const struct twin *twin) { return twin->points->train * twin->points->outputs; }
static int64_t test_rows(const struct twin *twin) { return twin->points->test * twin->points->outputs; }
static void copy(int64_t n, const real *from, real *to) { memcpy(to, from, (size_t)n * sizeof *to); }
static void clear(int64_t n, real *array) { memset(array, 0, (size_t)n * sizeof *array); }

/* ---- memory ---- */

static int has_several_chunks(const struct twin *twin) { return twin->chunk < points_batch(twin->points); }

static int keeps_values(const struct twin *twin) { return points_are_kept(twin->points, twin->network); }

static void lay_out_parameters(const struct descent *descent, struct arena *arena, struct twin *twin) {
    const struct network *network = twin->network;
    const struct points *points = twin->points;
    int first = points->first;
    twin->chunk = points_chunk(points, network, first);
    twin->test_chunk = points_test_chunk(points, network, first);
    int64_t rows = twin->chunk > twin->test_chunk ? twin->chunk : twin->test_chunk;
    real *work = network_work(network, arena);
    twin->omega = ARENA_TAKE(arena, network->theta, real);
    optimizer_create(descent, network->trained_from, network->theta, has_several_chunks(twin), arena, &twin->optimizer);
    if (keeps_values(twin)) network_tape(network, first, points->train, work, arena, &twin->kept);
    if (keeps_values(twin)) network_tape(network, network->nodes, 0, work, arena, &twin->shown);
    network_tape(network, first, keeps_values(twin) ? twin->test_chunk : rows, work, arena, &twin->own);
    network_tape(network, first, rows, NULL, arena, &twin->tangent);
    network_cotape(network, twin->chunk, arena, &twin->cotape);
}

static void lay_out_functions(const struct descent *descent, struct arena *arena, struct twin *twin) {
    twin->optimizer.descent = *descent;
    twin->g = ARENA_TAKE(arena, points_batch(twin->points) * twin->points->outputs, real);
    twin->g_sum = ARENA_TAKE(arena, train_rows(twin), real);
    if (descent->momentum == 0) return;
    twin->velocity = ARENA_TAKE(arena, train_rows(twin), real);
    twin->g_velocity = ARENA_TAKE(arena, train_rows(twin), real);
}

/* ---- parameter space ---- */

/* The values of n points at theta_0. */
static void forward_at_start(struct twin *twin, int64_t n, const real *x, struct tape *tape) {
    points_forward(twin->network, twin->points->first, twin->theta0, n, x, tape);
    twin->tape = tape;
}

/* Training points from .. from + n - 1 among those whose values are kept. */
static struct tape *kept_tape(struct twin *twin, int64_t from, int64_t n) {
    int first = twin->points->first;
    twin->shown.value[first] = (real *)twin->points->x + from * twin->points->inputs; /* only read */
    network_tape_view(twin->network, first, &twin->kept, from, n, &twin->shown);
    return &twin->shown;
}

/* f += J_0 omega on the points of the tape; f holds f_0. */
static void add_tangent(struct twin *twin, real *f) {
    twin->tangent.n = twin->tape->n;
    network_jvp(twin->network, twin->points->first, twin->theta0, twin->omega, twin->tape, &twin->tangent);
    la_axpy(twin->tape->n * twin->points->outputs, 1, twin->tangent.value[twin->network->nodes], f);
}

/* The batch's points from .. from + n - 1. */
static void forward_batch(struct twin *twin, int64_t from, int64_t n) {
    const struct points *points = twin->points;
    real *f = twin->batch.f + from * points->outputs;
    if (keeps_values(twin))
        twin->tape = kept_tape(twin, from, n);
    else
        forward_at_start(twin, n, batch_x(points, from, n, &twin->batch), &twin->own);
    batch_gather(&twin->batch, from, n, points->outputs, twin->f0_train, f);
    add_tangent(twin, f);
}

/* The points of the last forward_batch back: gathered += their part of alpha dL/domega. */
static void backward(struct twin *twin, int64_t from, int64_t n, real *gathered) {
    const struct network *network = twin->network;
    batch_gradient(&twin->batch, twin->optimizer.descent.loss, network->outputs, from, n,
                   cotape_value(network, &twin->cotape, network->nodes));
    network_vjp(network, twin->points->first, twin->theta0, twin->tape, &twin->cotape,
                optimizer_alpha(&twin->optimizer), gathered);
}

static void forward_and_backward(struct twin *twin) {
    int64_t all = twin->batch.n;
    real *gathered = optimizer_target(&twin->optimizer, twin->omega);
    for (int64_t from = 0; from < all; from += twin->chunk) {
        int64_t n = points_at(from, all, twin->chunk);
        forward_batch(twin, from, n);
        backward(twin, from, n, gathered);
    }
}

static void forward_in_parameters(struct twin *twin) {
    if (has_several_chunks(twin))
        forward_and_backward(twin);
    else
        forward_batch(twin, 0, twin->batch.n);
}

static void step_in_parameters(struct twin *twin) {
    if (!has_several_chunks(twin)) backward(twin, 0, twin->batch.n, optimizer_target(&twin->optimizer, twin->omega));
    optimizer_apply(&twin->optimizer, twin->omega);
}

/* f of the points from row `begin` of [train; test] on, from their f_0. */
static void look(struct twin *twin, int64_t begin, int64_t count, const real *f0, real *f) {
    const struct points *points = twin->points;
    copy(count * points->outputs, f0, f);
    for (int64_t from = 0; from < count; from += twin->test_chunk) {
        int64_t n = points_at(from, count, twin->test_chunk);
        forward_at_start(twin, n, points->x + (begin + from) * points->inputs, &twin->own);
        add_tangent(twin, f + from * points->outputs);
    }
}

static void look_in_parameters(struct twin *twin) {
    const struct points *points = twin->points;
    look(twin, points->train, points->test, twin->f0_test, twin->f_test);
    if (points_are_in_batches(points)) look(twin, 0, points->train, twin->f0_train, twin->f_train);
}

static void start_in_parameters(struct twin *twin) {
    int64_t train = twin->points->train;
    clear(twin->network->theta, twin->omega);
    for (int64_t from = 0; keeps_values(twin) && from < train; from += twin->chunk) {
        int64_t n = points_at(from, train, twin->chunk);
        struct tape *tape = kept_tape(twin, from, n);
        forward_at_start(twin, n, tape->value[twin->points->first], tape);
    }
}

/* ---- function space ---- */

/* The binary exponent s by which g[n] is scaled before Theta_0 g is summed, so that nothing overflows on the way to eta Theta_0 g: 0 but for
 * kernels and residuals that are both very large. */
static int exponent_for(const struct twin *twin, int64_t n, const real *g) {
    int kernel, count, largest;
    (void)frexp((double)twin->kernel_largest, &kernel);
    (void)frexp((double)la_largest(n, g), &largest);
    (void)frexp((double)n, &count);
    int room = REAL_EXPONENT_MOST - 1 - (kernel + largest + count);
    return room < 0 ? room : 0;
}

/* change += -eta op(a) g, a[m, n] a piece of Theta_0, g scaled by 2^s */
static void descend(const struct twin *twin, enum la_transpose ta, int64_t m, int64_t n, const real *a, const real *g,
                    int s, real *change) {
    la_gemv(ta, m, n, (real)ldexp((double)-twin->optimizer.descent.eta, -s), a, g, 1, change);
}

static void scale_by(int64_t n, int s, real *g) {
    if (s != 0) la_scale(n, (real)ldexp(1, s), g);
}

/* change(train) += -eta Theta_0(train, batch) g. Theta_0 is symmetric: a run of neighbouring examples is a piece of its rows. */
static void push(struct twin *twin, real *change) {
    int64_t k = twin->points->outputs, rows = train_rows(twin), n = twin->batch.n, run;
    const int64_t *row = twin->batch.row;
    int s = exponent_for(twin, n * k, twin->g);
    scale_by(n * k, s, twin->g);
    if (!row) descend(twin, LA_PLAIN, rows, rows, twin->train_train, twin->g, s, change);
    for (int64_t i = 0; row && i < n; i += run) {
        for (run = 1; i + run < n && row[i + run] == row[i] + run;) run++;
        descend(twin, LA_TRANSPOSED, run * k, rows, twin->train_train + row[i] * k * rows, twin->g + i * k, s, change);
    }
    scale_by(n * k, -s, twin->g);
}

/* sum(batch) += g */
static void add_gradient(const struct twin *twin, real *sum) {
    int64_t k = twin->points->outputs;
    const int64_t *row = twin->batch.row;
    if (!row) la_axpy(twin->batch.n * k, 1, twin->g, sum);
    for (int64_t i = 0; row && i < twin->batch.n; i++) la_axpy(k, 1, twin->g + i * k, sum + row[i] * k);
}

static void slow_down(int64_t n, real beta, real *velocity) {
    for (int64_t i = 0; i < n; i++) velocity[i] *= beta;
}

/* u <- beta u - eta Theta_0 g, f <- f + u; v <- beta v + g, its sum. */
static void step_with_momentum(struct twin *twin) {
    int64_t rows = train_rows(twin);
    slow_down(rows, twin->optimizer.descent.momentum, twin->velocity);
    slow_down(rows, twin->optimizer.descent.momentum, twin->g_velocity);
    push(twin, twin->velocity);
    add_gradient(twin, twin->g_velocity);
    la_axpy(rows, 1, twin->velocity, twin->f_train);
    la_axpy(rows, 1, twin->g_velocity, twin->g_sum);
}

static void step_in_functions(struct twin *twin) {
    batch_gradient(&twin->batch, twin->optimizer.descent.loss, twin->points->outputs, 0, twin->batch.n, twin->g);
    if (twin->velocity) {
        step_with_momentum(twin);
    } else {
        push(twin, twin->f_train);
        add_gradient(twin, twin->g_sum);
    }
}

static void forward_in_functions(struct twin *twin) {
    const struct batch *batch = &twin->batch;
    if (batch->row) batch_gather(batch, 0, batch->n, twin->points->outputs, twin->f_train, batch->f);
}

static void look_in_functions(struct twin *twin) {
    int64_t rows = train_rows(twin);
    int s = exponent_for(twin, rows, twin->g_sum);
    copy(test_rows(twin), twin->f0_test, twin->f_test);
    scale_by(rows, s, twin->g_sum);
    descend(twin, LA_PLAIN, test_rows(twin), rows, twin->test_train, twin->g_sum, s, twin->f_test);
    scale_by(rows, -s, twin->g_sum);
}

static void start_in_functions(struct twin *twin) {
    int64_t rows = train_rows(twin);
    real within = la_largest(rows * rows, twin->train_train),
         across = la_largest(test_rows(twin) * rows, twin->test_train);
    twin->kernel_largest = within > across ? within : across;
    clear(train_rows(twin), twin->g_sum);
    if (!twin->velocity) return;
    clear(train_rows(twin), twin->velocity);
    clear(train_rows(twin), twin->g_velocity);
}

/* ---- both ---- */

/* In function space, in parameter space. */
static const struct space {
    void (*lay_out)(const struct descent *descent, struct arena *arena, struct twin *twin);
    void (*start)(struct twin *twin);
    void (*look)(struct twin *twin);
    void (*forward)(struct twin *twin);
    void (*step)(struct twin *twin);
} spaces[] = {
    {lay_out_functions, start_in_functions, look_in_functions, forward_in_functions, step_in_functions},
    {lay_out_parameters, start_in_parameters, look_in_parameters, forward_in_parameters, step_in_parameters},
};

void twin_create(const struct network *network, const struct points *points, const struct descent *descent,
                 int in_parameters, struct arena *arena, struct twin *twin) {
    CHECK(in_parameters || descent->optimizer == OPTIMIZER_SGD);
    *twin = (struct twin){.network = network, .points = points, .in_parameters = in_parameters};
    twin->f_train = ARENA_TAKE(arena, train_rows(twin), real);
    twin->f_test = ARENA_TAKE(arena, test_rows(twin), real);
    twin->f0_train = ARENA_TAKE(arena, train_rows(twin), real);
    twin->f0_test = ARENA_TAKE(arena, test_rows(twin), real);
    spaces[in_parameters].lay_out(descent, arena, twin);
    batch_create(points, twin->chunk, twin->f_train, arena, &twin->batch);
}

void twin_start(struct twin *twin, real eta, const real *f0_train, const real *f0_test, const real *train_train,
                const real *test_train, const real *theta0) {
    optimizer_start(eta, &twin->optimizer);
    twin->train_train = train_train;
    twin->test_train = test_train;
    twin->theta0 = theta0;
    copy(train_rows(twin), f0_train, twin->f0_train);
    copy(train_rows(twin), f0_train, twin->f_train);
    copy(test_rows(twin), f0_test, twin->f0_test);
    copy(test_rows(twin), f0_test, twin->f_test);
    spaces[twin->in_parameters].start(twin);
}

void twin_look(struct twin *twin) { spaces[twin->in_parameters].look(twin); }

void twin_forward(struct twin *twin, const int64_t *batch) {
    batch_begin(twin->points, batch, &twin->batch);
    spaces[twin->in_parameters].forward(twin);
}

void twin_step(struct twin *twin) { spaces[twin->in_parameters].step(twin); }

double twin_loss(const struct twin *twin) {
    return batch_loss(&twin->batch, twin->optimizer.descent.loss, twin->points->outputs);
}

void twin_state(struct twin *twin, struct state *state) {
    int64_t from = twin->network->trained_from, rows = train_rows(twin);
    if (twin->in_parameters) {
        state_add(state, "omega", REAL_BITS, twin->network->theta - from, twin->omega + from);
        optimizer_state(&twin->optimizer, 1, state);
        return;
    }
    state_add(state, "linear_f_train", REAL_BITS, rows, twin->f_train);
    state_add(state, "linear_velocity", REAL_BITS, rows, twin->velocity);
    state_add(state, "linear_g_velocity", REAL_BITS, rows, twin->g_velocity);
    state_add(state, "linear_g_sum", REAL_BITS, rows, twin->g_sum);
}

/* In parameter space: a JVP and a VJP, each the parameter half and the input half, and the forward pass where it is not kept. */
double twin_step_flops(const struct network *network, const struct points *points, int in_parameters) {
    int64_t n = points_batch(points);
    double k = (double)points->outputs, pairs = (double)points->train * (double)n * k * k;
    double all = network_flops(network, points->first, n), later = network_flops(network, points->first + 1, n);
    double anew = points_are_kept(points, network) ? 0 : all;
    return in_parameters ? 2 * all + 2 * later + anew : 2 * pairs;
}

double twin_look_flops(const struct network *network, const struct points *points, int in_parameters) {
    double k = (double)points->outputs, pairs = (double)points->train * (double)points->test * k * k;
    int64_t n = points->test + (points_are_in_batches(points) ? points->train : 0);
    return in_parameters ? 2 * network_flops(network, points->first, n) + network_flops(network, points->first + 1, n)
                         : 2 * pairs;
}
