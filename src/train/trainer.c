#include "trainer.h"

#include <string.h>

static int has_sample_space(const struct trainer *trainer) { return trainer->first > trainer->points->first; }

/* ---- memory ---- */

static int has_several_chunks(const struct trainer *trainer) { return trainer->chunk < points_batch(trainer->points); }

/* Numbers of theta that no step of the optimizer changes: what is not trained, what is kept in sample space. */
static int64_t stepped_from(const struct trainer *trainer) {
    return has_sample_space(trainer) ? sample_space_after(trainer->network) : trainer->network->trained_from;
}

static void lay_out_sample_space(const struct descent *descent, struct arena *arena, struct trainer *trainer) {
    trainer->space = (struct sample_space){
        .network = trainer->network, .points = trainer->points, .test_chunk = trainer->test_chunk};
    sample_space_create(descent, has_several_chunks(trainer), arena, &trainer->space);
}

void trainer_create(const struct network *network, const struct points *points, const struct descent *descent,
                    int is_centred, int plain, struct arena *arena, struct trainer *trainer) {
    int64_t k = points->outputs;
    *trainer = (struct trainer){.network = network, .points = points, .first = points->first};
    if (!plain && sample_space_suits(network, points, descent)) trainer->first = 1;
    trainer->chunk = points_chunk(points, network, trainer->first);
    trainer->test_chunk = points_test_chunk(points, network, trainer->first);
    int64_t rows = trainer->chunk > trainer->test_chunk ? trainer->chunk : trainer->test_chunk;
    network_tape(network, trainer->first, rows, network_work(network, arena), arena, &trainer->tape);
    network_cotape(network, trainer->chunk, arena, &trainer->cotape);
    if (has_sample_space(trainer)) lay_out_sample_space(descent, arena, trainer);
    optimizer_create(descent, stepped_from(trainer), network->theta,
                     has_several_chunks(trainer) || network_is_tied(network), arena, &trainer->optimizer);
    trainer->f_train = ARENA_TAKE(arena, points->train * k, real);
    trainer->f_test = ARENA_TAKE(arena, points->test * k, real);
    batch_create(points, trainer->chunk, trainer->f_train, arena, &trainer->batch);
    if (is_centred) trainer->origin = ARENA_TAKE(arena, (points->train + points->test) * k, real);
}

/* ---- there and back ---- */

/* Outputs of n points; centred, f holds their origin. */
static void forward(struct trainer *trainer, int64_t n, const real *value, real *f) {
    const real *outputs = points_forward(trainer->network, trainer->first, trainer->theta, n, value, &trainer->tape);
    for (int64_t i = 0; i < n * trainer->points->outputs; i++) f[i] = outputs[i] - (trainer->origin ? f[i] : 0);
}

/* The batch's points from .. from + n - 1. */
static void forward_batch(struct trainer *trainer, int64_t from, int64_t n) {
    const struct points *points = trainer->points;
    real *f = trainer->batch.f + from * points->outputs;
    if (trainer->origin) batch_gather(&trainer->batch, from, n, points->outputs, trainer->origin, f);
    forward(trainer, n,
            has_sample_space(trainer) ? sample_space_train(&trainer->space, from)
                                      : batch_x(points, from, n, &trainer->batch),
            f);
}

/* The points of the last forward_batch back: gathered += their part of alpha dL/dtheta. */
static void backward(struct trainer *trainer, int64_t from, int64_t n, real *gathered) {
    const struct network *network = trainer->network;
    batch_gradient(&trainer->batch, trainer->optimizer.descent.loss, network->outputs, from, n,
                   cotape_value(network, &trainer->cotape, network->nodes));
    network_vjp(network, trainer->first, trainer->theta, &trainer->tape, &trainer->cotape,
                optimizer_alpha(&trainer->optimizer), gathered);
}

/* Where a backward pass leaves the cotangent of the layer in sample space. */
static real *delta(const struct trainer *trainer) { return cotape_value(trainer->network, &trainer->cotape, 1); }

static void forward_and_backward(struct trainer *trainer) {
    int64_t all = trainer->batch.n;
    real *gathered = optimizer_target(&trainer->optimizer, trainer->theta);
    for (int64_t from = 0; from < all; from += trainer->chunk) {
        int64_t n = points_at(from, all, trainer->chunk);
        forward_batch(trainer, from, n);
        backward(trainer, from, n, gathered);
        if (has_sample_space(trainer)) sample_space_gather(&trainer->space, from, n, delta(trainer));
    }
}

void trainer_forward(struct trainer *trainer, const int64_t *batch) {
    batch_begin(trainer->points, batch, &trainer->batch);
    if (has_several_chunks(trainer))
        forward_and_backward(trainer);
    else
        forward_batch(trainer, 0, trainer->batch.n);
}

double trainer_loss(const struct trainer *trainer) {
    return batch_loss(&trainer->batch, trainer->optimizer.descent.loss, trainer->points->outputs);
}

void trainer_step(struct trainer *trainer) {
    if (!has_several_chunks(trainer))
        backward(trainer, 0, trainer->batch.n, optimizer_target(&trainer->optimizer, trainer->theta));
    optimizer_apply(&trainer->optimizer, trainer->theta);
    if (has_sample_space(trainer)) sample_space_step(&trainer->space, &trainer->optimizer.descent, delta(trainer));
}

/* ---- points looked at ---- */

static const real *test_points(const struct trainer *trainer, int64_t from, int64_t n) {
    return sample_space_test(&trainer->space, trainer->optimizer.descent.eta, from, n);
}

/* f of the points from row `begin` of [train; test] on; in sample space those are the test points. */
static void look(struct trainer *trainer, int64_t begin, int64_t count, real *f) {
    const struct points *points = trainer->points;
    int64_t k = points->outputs;
    if (trainer->origin) memcpy(f, trainer->origin + begin * k, (size_t)(count * k) * sizeof *f);
    for (int64_t from = 0; from < count; from += trainer->test_chunk) {
        int64_t n = points_at(from, count, trainer->test_chunk);
        const real *x = points->x + (begin + from) * points->inputs;
        forward(trainer, n, has_sample_space(trainer) ? test_points(trainer, from, n) : x, f + from * k);
    }
}

void trainer_look(struct trainer *trainer) {
    const struct points *points = trainer->points;
    look(trainer, points->train, points->test, trainer->f_test);
    if (points_are_in_batches(points)) look(trainer, 0, points->train, trainer->f_train);
}

/* ---- beginning and end ---- */

/* f_0, in the chunks that f_train and f_test will come in, so that they begin with zeros. */
static void start_origin(struct trainer *trainer) {
    size_t train = (size_t)(trainer->points->train * trainer->points->outputs);
    size_t test = (size_t)(trainer->points->test * trainer->points->outputs);
    memset(trainer->origin, 0, (train + test) * sizeof(real));
    trainer_look(trainer);
    if (!points_are_in_batches(trainer->points)) trainer_forward(trainer, NULL);
    memcpy(trainer->origin, trainer->f_train, train * sizeof(real));
    memcpy(trainer->origin + train, trainer->f_test, test * sizeof(real));
}

void trainer_start(struct trainer *trainer, real eta, real *theta) {
    trainer->theta = theta;
    optimizer_start(eta, &trainer->optimizer);
    if (has_sample_space(trainer)) sample_space_start(theta, trainer->tape.work, &trainer->space);
    if (trainer->origin) start_origin(trainer);
}

void trainer_settle(struct trainer *trainer) {
    if (has_sample_space(trainer))
        sample_space_settle(&trainer->space, trainer->optimizer.descent.eta, trainer->theta, trainer->tape.work);
}

void trainer_state(struct trainer *trainer, struct state *state) {
    int64_t from = trainer->optimizer.from;
    state_add(state, "theta", REAL_BITS, trainer->network->theta - from, trainer->theta + from);
    optimizer_state(&trainer->optimizer, 0, state);
    if (has_sample_space(trainer)) sample_space_state(&trainer->space, state);
}

/* ---- distances and flops ---- */

double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm) {
    double distance = network_layer_distance(trainer->network, layer, trainer->theta, theta0, norm);
    if (!has_sample_space(trainer) || layer > 0) return distance;
    return sample_space_distance(&trainer->space, trainer->optimizer.descent.eta, trainer->chunk, delta(trainer));
}

const real *trainer_values(const struct trainer *trainer) {
    return has_sample_space(trainer) ? sample_space_train(&trainer->space, 0) : trainer->points->x;
}

/* Nothing goes back to what the first trained operator reads. */
double trainer_step_flops(const struct trainer *trainer) {
    const struct network *network = trainer->network;
    int first = trainer->first, back = first > network->first_trained ? first : network->first_trained + 1;
    int64_t n = points_batch(trainer->points);
    double space = has_sample_space(trainer) ? sample_space_step_flops(network, trainer->points) : 0;
    return 2 * network_flops(network, first, n) + network_flops(network, back, n) + space;
}

double trainer_look_flops(const struct trainer *trainer) {
    const struct points *points = trainer->points;
    int64_t n = points->test + (points_are_in_batches(points) ? points->train : 0);
    double space = has_sample_space(trainer) ? sample_space_look_flops(trainer->network, points) : 0;
    return network_flops(trainer->network, trainer->first, n) + space;
}
