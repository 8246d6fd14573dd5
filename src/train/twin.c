#include "twin.h"

#include <string.h>

#include "loss.h"
#include "matrix.h"

static int has_several_chunks(const struct twin *twin) { return twin->chunk < twin->points->train; }

/* With one chunk the activations of training points stay, and test points have their own. */
static void lay_out_parameters(struct arena *arena, struct twin *twin) {
    const struct network *network = twin->network;
    twin->chunk = points_chunk(twin->points, network, 0);
    twin->test_chunk = points_test_chunk(twin->points, network, 0);
    int64_t rows = twin->chunk > twin->test_chunk ? twin->chunk : twin->test_chunk;
    int several = has_several_chunks(twin);
    real *work = network_work(network, arena);
    twin->omega = ARENA_TAKE(arena, network->theta, real);
    if (several) twin->step = ARENA_TAKE(arena, network->theta, real);
    network_tape(network, 0, several ? rows : twin->chunk, work, arena, &twin->tape);
    if (several)
        twin->test_tape = twin->tape;
    else
        network_tape(network, 0, twin->test_chunk, work, arena, &twin->test_tape);
    network_tape(network, 0, rows, NULL, arena, &twin->tangent);
    network_cotape(network, twin->chunk, arena, &twin->cotape);
}

void twin_create(const struct network *network, const struct points *points, int in_parameters, struct arena *arena,
                 struct twin *twin) {
    int64_t train = points->train * points->outputs, test = points->test * points->outputs;
    *twin = (struct twin){.network = network, .points = points, .in_parameters = in_parameters};
    twin->f_train = ARENA_TAKE(arena, train, real);
    twin->f_test = ARENA_TAKE(arena, test, real);
    twin->f0_train = ARENA_TAKE(arena, train, real);
    twin->f0_test = ARENA_TAKE(arena, test, real);
    if (in_parameters) {
        lay_out_parameters(arena, twin);
        return;
    }
    twin->g = ARENA_TAKE(arena, train, real);
    twin->g_sum = ARENA_TAKE(arena, train, real);
}

/* ---- parameter space ---- */

/* Point number `row` and the n - 1 behind it, at theta_0. */
static void forward(struct twin *twin, int64_t row, int64_t n, struct tape *tape) {
    points_forward(twin->network, 0, twin->theta0, n, twin->points->x + row * twin->points->inputs, tape);
}

/* f = f_0 + J_0 omega for the points of `tape` */
static void tangent_outputs(struct twin *twin, const struct tape *tape, const real *f0, real *f) {
    int64_t count = tape->n * twin->points->outputs;
    twin->tangent.n = tape->n;
    network_jvp(twin->network, 0, twin->theta0, twin->omega, tape, &twin->tangent);
    const real *df = twin->tangent.value[twin->network->operators];
    for (int64_t i = 0; i < count; i++) f[i] = f0[i] + df[i];
}

/* The points of `tape` back: omega += their part of the step at the present f_train. */
static void backward(struct twin *twin, int64_t from, real *omega) {
    const struct points *points = twin->points;
    int64_t at = from * points->outputs;
    loss_gradient(points->train, points->outputs, twin->tape.n, twin->f_train + at, points->y + at,
                  cotape_value(twin->network, &twin->cotape, twin->network->operators));
    network_vjp(twin->network, 0, twin->theta0, &twin->tape, &twin->cotape, -twin->eta, omega);
}

/* Chunk by chunk: f_train at the present omega, and the next step. */
static void visit_chunks(struct twin *twin) {
    const struct points *points = twin->points;
    memset(twin->step, 0, (size_t)twin->network->theta * sizeof(real));
    for (int64_t from = 0; from < points->train; from += twin->chunk) {
        int64_t at = from * points->outputs;
        forward(twin, from, points_at(from, points->train, twin->chunk), &twin->tape);
        tangent_outputs(twin, &twin->tape, twin->f0_train + at, twin->f_train + at);
        backward(twin, from, twin->step);
    }
}

static void start_in_parameters(struct twin *twin) {
    memset(twin->omega, 0, (size_t)twin->network->theta * sizeof(real));
    if (has_several_chunks(twin))
        visit_chunks(twin);
    else
        forward(twin, 0, twin->points->train, &twin->tape);
}

static void step_in_parameters(struct twin *twin) {
    if (has_several_chunks(twin)) {
        la_axpy(twin->network->theta, 1, twin->step, twin->omega);
        visit_chunks(twin);
    } else {
        backward(twin, 0, twin->omega);
        tangent_outputs(twin, &twin->tape, twin->f0_train, twin->f_train);
    }
}

static void test_in_parameters(struct twin *twin) {
    const struct points *points = twin->points;
    for (int64_t from = 0; from < points->test; from += twin->test_chunk) {
        int64_t n = points_at(from, points->test, twin->test_chunk), at = from * points->outputs;
        forward(twin, points->train + from, n, &twin->test_tape);
        tangent_outputs(twin, &twin->test_tape, twin->f0_test + at, twin->f_test + at);
    }
}

/* ---- both ---- */

static void copy(int64_t n, const real *from, real *to) { memcpy(to, from, (size_t)n * sizeof *to); }

void twin_start(struct twin *twin, real eta, const real *f0_train, const real *f0_test, const real *train_train,
                const real *test_train, const real *theta0) {
    const struct points *points = twin->points;
    int64_t train = points->train * points->outputs, test = points->test * points->outputs;
    twin->eta = eta;
    twin->train_train = train_train;
    twin->test_train = test_train;
    twin->theta0 = theta0;
    copy(train, f0_train, twin->f0_train);
    copy(train, f0_train, twin->f_train);
    copy(test, f0_test, twin->f0_test);
    copy(test, f0_test, twin->f_test);
    if (twin->in_parameters)
        start_in_parameters(twin);
    else
        memset(twin->g_sum, 0, (size_t)train * sizeof(real));
}

void twin_step(struct twin *twin) {
    const struct points *points = twin->points;
    int64_t train = points->train * points->outputs;
    if (twin->in_parameters) {
        step_in_parameters(twin);
        return;
    }
    loss_gradient(points->train, points->outputs, points->train, twin->f_train, points->y, twin->g);
    la_gemv(train, train, -twin->eta, twin->train_train, twin->g, 1, twin->f_train);
    la_axpy(train, 1, twin->g, twin->g_sum);
}

void twin_test(struct twin *twin) {
    int64_t k = twin->points->outputs, test = twin->points->test * k;
    if (twin->in_parameters) {
        test_in_parameters(twin);
        return;
    }
    copy(test, twin->f0_test, twin->f_test);
    la_gemv(test, twin->points->train * k, -twin->eta, twin->test_train, twin->g_sum, 1, twin->f_test);
}

/* In parameter space: a JVP and a VJP, each the parameter half and the input half, and the forward pass where it is not kept. */
double twin_step_flops(const struct network *network, const struct points *points, int in_parameters) {
    double rows = (double)points->train * (double)points->outputs;
    double later = network_flops(network, 1, points->train), all = network_flops(network, 0, points->train);
    double anew = points_chunk(points, network, 0) < points->train ? all : 0;
    return in_parameters ? 2 * all + 2 * later + anew : 2 * rows * rows;
}

double twin_test_flops(const struct network *network, const struct points *points, int in_parameters) {
    double outputs = (double)points->outputs, pairs = (double)points->train * (double)points->test * outputs * outputs;
    return in_parameters ? 2 * network_flops(network, 0, points->test) + network_flops(network, 1, points->test)
                         : 2 * pairs;
}
