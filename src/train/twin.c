#include "twin.h"

#include <string.h>

#include "loss.h"
#include "matrix.h"

static void lay_out_parameters(struct arena *arena, struct twin *twin) {
    const struct network *network = twin->network;
    twin->omega = ARENA_TAKE(arena, network->theta, real);
    network_tape(network, 0, twin->points->train, arena, &twin->tape);
    network_tape(network, 0, twin->points->train, arena, &twin->tangent);
    network_tape(network, 0, points_test_chunk(twin->points, 0), arena, &twin->test_tape);
    network_tape(network, 0, points_test_chunk(twin->points, 0), arena, &twin->test_tangent);
    network_cotape(network, twin->points->train, arena, &twin->cotape);
}

void twin_create(const struct network *network, const struct points *points, int in_parameters, struct arena *arena,
                 struct twin *twin) {
    int64_t train = points->train * points->outputs, test = points->test * points->outputs;
    *twin = (struct twin){.network = network, .points = points, .in_parameters = in_parameters};
    twin->f_train = ARENA_TAKE(arena, train, real);
    twin->f_test = ARENA_TAKE(arena, test, real);
    twin->f0_train = ARENA_TAKE(arena, train, real);
    twin->f0_test = ARENA_TAKE(arena, test, real);
    twin->g = ARENA_TAKE(arena, train, real);
    if (in_parameters)
        lay_out_parameters(arena, twin);
    else
        twin->g_sum = ARENA_TAKE(arena, train, real);
}

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
    if (!twin->in_parameters) {
        memset(twin->g_sum, 0, (size_t)train * sizeof(real));
        return;
    }
    memset(twin->omega, 0, (size_t)twin->network->theta * sizeof(real));
    twin->tape.value[0] = (real *)points->x; /* only read */
    network_forward(twin->network, 0, theta0, &twin->tape);
}

/* f = f_0 + J_0 omega, with the activations of `tape` */
static void tangent_outputs(const struct twin *twin, const struct tape *tape, struct tape *tangent, const real *f0,
                            real *f) {
    int64_t count = tape->n * twin->points->outputs;
    network_jvp(twin->network, 0, twin->theta0, twin->omega, tape, tangent);
    const real *df = tangent->value[twin->network->operators];
    for (int64_t i = 0; i < count; i++) f[i] = f0[i] + df[i];
}

void twin_step(struct twin *twin) {
    const struct points *points = twin->points;
    int64_t train = points->train * points->outputs;
    loss_gradient(points->train, points->outputs, twin->f_train, points->y, twin->g);
    if (twin->in_parameters) {
        copy(train, twin->g, cotape_value(twin->network, &twin->cotape, twin->network->operators));
        network_vjp(twin->network, 0, twin->theta0, &twin->tape, &twin->cotape, -twin->eta, twin->omega);
        tangent_outputs(twin, &twin->tape, &twin->tangent, twin->f0_train, twin->f_train);
        return;
    }
    la_gemv(train, train, -twin->eta, twin->train_train, twin->g, 1, twin->f_train);
    la_axpy(train, 1, twin->g, twin->g_sum);
}

static void test_by_tangents(struct twin *twin) {
    const struct points *points = twin->points;
    for (int64_t from = 0; from < points->test; from += TEST_CHUNK) {
        int64_t n = points_test_chunk(points, from), at = from * points->outputs;
        twin->test_tape.n = twin->test_tangent.n = n;
        twin->test_tape.value[0] = (real *)points->x + (points->train + from) * points->inputs; /* only read */
        network_forward(twin->network, 0, twin->theta0, &twin->test_tape);
        tangent_outputs(twin, &twin->test_tape, &twin->test_tangent, twin->f0_test + at, twin->f_test + at);
    }
}

void twin_test(struct twin *twin) {
    int64_t k = twin->points->outputs, test = twin->points->test * k;
    if (twin->in_parameters) {
        test_by_tangents(twin);
        return;
    }
    copy(test, twin->f0_test, twin->f_test);
    la_gemv(test, twin->points->train * k, -twin->eta, twin->test_train, twin->g_sum, 1, twin->f_test);
}

double twin_step_flops(const struct network *network, const struct points *points, int in_parameters) {
    double rows = (double)points->train * (double)points->outputs;
    double later = network_flops(network, 1, points->train), all = network_flops(network, 0, points->train);
    return in_parameters ? 2 * all + 2 * later : 2 * rows * rows;
}
