#include "trainer.h"

#include <math.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"

static int64_t head_size(const struct trainer *trainer) { return network_value_size(trainer->network, 1); }

static int keeps_head(const struct trainer *trainer) { return trainer->first > trainer->points->first; }

int trainer_keeps_head(const struct network *network, const struct points *points, const struct descent *descent) {
    return points->first == 0 && !points_are_in_batches(points) && descent->optimizer == OPTIMIZER_SGD &&
           network->node[0].kind->head && points->train < points->inputs;
}

/* ---- memory ---- */

static int has_several_chunks(const struct trainer *trainer) { return trainer->chunk < points_batch(trainer->points); }

static void lay_out_head(int has_momentum, struct arena *arena, struct trainer *trainer) {
    int64_t train = trainer->points->train, all = train + trainer->points->test, size = head_size(trainer);
    trainer->head = ARENA_TAKE(arena, all * train, real);
    trainer->h = ARENA_TAKE(arena, all * size, real);
    trainer->delta_sum = ARENA_TAKE(arena, train * size, real);
    if (has_momentum) trainer->delta_velocity = ARENA_TAKE(arena, train * size, real);
    trainer->own_first = ARENA_TAKE(arena, trainer->test_chunk * size, real);
    trainer->delta = has_several_chunks(trainer) ? ARENA_TAKE(arena, train * size, real)
                                                 : cotape_value(trainer->network, &trainer->cotape, 1);
}

/* Numbers of theta that no step of the optimizer changes: what is not trained, what is kept in sample space. */
static int64_t stepped_from(const struct trainer *trainer) {
    const struct tensor *last = trainer->network->node[0].bias;
    return keeps_head(trainer) ? last->offset + last->size : trainer->network->trained_from;
}

void trainer_create(const struct network *network, const struct points *points, const struct descent *descent,
                    int is_centred, int plain, struct arena *arena, struct trainer *trainer) {
    int64_t k = points->outputs;
    *trainer = (struct trainer){.network = network, .points = points, .first = points->first};
    if (!plain && trainer_keeps_head(network, points, descent)) trainer->first = 1;
    trainer->chunk = points_chunk(points, network, trainer->first);
    trainer->test_chunk = points_test_chunk(points, network, trainer->first);
    int64_t rows = trainer->chunk > trainer->test_chunk ? trainer->chunk : trainer->test_chunk;
    network_tape(network, trainer->first, rows, network_work(network, arena), arena, &trainer->tape);
    network_cotape(network, trainer->chunk, arena, &trainer->cotape);
    if (keeps_head(trainer)) lay_out_head(descent->momentum > 0, arena, trainer);
    optimizer_create(descent, stepped_from(trainer), network->theta, has_several_chunks(trainer), arena,
                     &trainer->optimizer);
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
            keeps_head(trainer) ? trainer->h + from * head_size(trainer) : batch_x(points, from, n, &trainer->batch),
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

static void forward_and_backward(struct trainer *trainer) {
    int64_t all = trainer->batch.n;
    real *gathered = optimizer_target(&trainer->optimizer, trainer->theta);
    for (int64_t from = 0; from < all; from += trainer->chunk) {
        int64_t n = points_at(from, all, trainer->chunk);
        forward_batch(trainer, from, n);
        backward(trainer, from, n, gathered);
        if (keeps_head(trainer))
            memcpy(trainer->delta + from * head_size(trainer), cotape_value(trainer->network, &trainer->cotape, 1),
                   (size_t)(n * head_size(trainer)) * sizeof(real));
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

/* v <- beta v + delta, h -= eta H v */
static void step_head(struct trainer *trainer) {
    const struct descent *descent = &trainer->optimizer.descent;
    int64_t train = trainer->points->train, size = head_size(trainer);
    const real *v = trainer->delta;
    if (trainer->delta_velocity) {
        for (int64_t i = 0; i < train * size; i++)
            trainer->delta_velocity[i] = descent->momentum * trainer->delta_velocity[i] + trainer->delta[i];
        v = trainer->delta_velocity;
    }
    la_axpy(train * size, 1, v, trainer->delta_sum);
    la_gemm(LA_PLAIN, LA_PLAIN, train, size, train, -descent->eta, trainer->head, train, v, size, 1, trainer->h, size);
}

void trainer_step(struct trainer *trainer) {
    if (!has_several_chunks(trainer))
        backward(trainer, 0, trainer->batch.n, optimizer_target(&trainer->optimizer, trainer->theta));
    optimizer_apply(&trainer->optimizer, trainer->theta);
    if (keeps_head(trainer)) step_head(trainer);
}

/* ---- points looked at ---- */

/* h = h_0 - eta H delta_sum on test points from .. from + n - 1 */
static const real *test_head(const struct trainer *trainer, int64_t from, int64_t n) {
    int64_t size = head_size(trainer), train = trainer->points->train, row = train + from;
    memcpy(trainer->own_first, trainer->h + row * size, (size_t)(n * size) * sizeof(real));
    la_gemm(LA_PLAIN, LA_PLAIN, n, size, train, -trainer->optimizer.descent.eta, trainer->head + row * train, train,
            trainer->delta_sum, size, 1, trainer->own_first, size);
    return trainer->own_first;
}

/* f of the points from row `begin` of [train; test] on; in sample space those are the test points. */
static void look(struct trainer *trainer, int64_t begin, int64_t count, real *f) {
    const struct points *points = trainer->points;
    int64_t k = points->outputs;
    if (trainer->origin) memcpy(f, trainer->origin + begin * k, (size_t)(count * k) * sizeof *f);
    for (int64_t from = 0; from < count; from += trainer->test_chunk) {
        int64_t n = points_at(from, count, trainer->test_chunk);
        const real *x = points->x + (begin + from) * points->inputs;
        forward(trainer, n, keeps_head(trainer) ? test_head(trainer, from, n) : x, f + from * k);
    }
}

void trainer_look(struct trainer *trainer) {
    const struct points *points = trainer->points;
    look(trainer, points->train, points->test, trainer->f_test);
    if (points_are_in_batches(points)) look(trainer, 0, points->train, trainer->f_train);
}

/* ---- beginning and end ---- */

static void start_head(struct trainer *trainer) {
    const struct points *points = trainer->points;
    const struct node *node = &trainer->network->node[0];
    const real *in[SOURCES] = {points->x, NULL};
    int64_t all = points->train + points->test;
    size_t bytes = (size_t)(points->train * head_size(trainer)) * sizeof(real);
    node->kind->forward(node, trainer->theta, all, in, trainer->h, trainer->tape.work);
    node->kind->head(node, all, points->train, points->gram, points->train, trainer->head);
    memset(trainer->delta_sum, 0, bytes);
    if (trainer->delta_velocity) memset(trainer->delta_velocity, 0, bytes);
}

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
    if (keeps_head(trainer)) start_head(trainer);
    if (trainer->origin) start_origin(trainer);
}

void trainer_settle(struct trainer *trainer) {
    if (!keeps_head(trainer)) return;
    const struct points *points = trainer->points;
    const struct node *node = &trainer->network->node[0];
    const real *in[SOURCES] = {points->x, NULL};
    node->kind->vjp_parameters(node, points->train, in, trainer->delta_sum, -trainer->optimizer.descent.eta,
                               trainer->theta, trainer->tape.work);
    for (int64_t from = 0; from < points->test; from += trainer->test_chunk) {
        int64_t n = points_at(from, points->test, trainer->test_chunk);
        const real *moved = test_head(trainer, from, n);
        memcpy(trainer->h + (points->train + from) * head_size(trainer), moved,
               (size_t)(n * head_size(trainer)) * sizeof(real));
    }
    memset(trainer->delta_sum, 0, (size_t)(points->train * head_size(trainer)) * sizeof(real));
}

void trainer_state(struct trainer *trainer, struct state *state) {
    int64_t train = trainer->points->train, from = trainer->optimizer.from;
    state_add(state, "theta", REAL_BITS, trainer->network->theta - from, trainer->theta + from);
    optimizer_state(&trainer->optimizer, 0, state);
    if (!keeps_head(trainer)) return;
    int64_t size = head_size(trainer);
    state_add(state, "h", REAL_BITS, train * size, trainer->h);
    state_add(state, "delta_velocity", REAL_BITS, train * size, trainer->delta_velocity);
    state_add(state, "delta_sum", REAL_BITS, train * size, trainer->delta_sum);
}

/* ---- distances and flops ---- */

/* <S, X X' S>, S = delta_sum, by chunks of rows */
static double head_product(struct trainer *trainer) {
    int64_t train = trainer->points->train, size = head_size(trainer);
    real *product = cotape_value(trainer->network, &trainer->cotape, 1);
    double sum = 0;
    for (int64_t from = 0; from < train; from += trainer->chunk) {
        int64_t n = points_at(from, train, trainer->chunk);
        la_gemm(LA_PLAIN, LA_PLAIN, n, size, train, 1, trainer->points->gram + from * train, train, trainer->delta_sum,
                size, 0, product, size);
        sum += la_dot(n * size, trainer->delta_sum + from * size, product);
    }
    return sum;
}

/* |d theta|^2 = eta^2 <S, (rate_w^2 s_w^2 X X' + rate_b^2 s_b^2) S>: no weight is needed. */
static double head_distance(struct trainer *trainer) {
    const struct node *node = &trainer->network->node[0];
    int64_t train = trainer->points->train, size = head_size(trainer);
    double eta = (double)trainer->optimizer.descent.eta;
    double w = eta * (double)node->weight->rate * (double)node->weight->scale;
    double squares = w * w * head_product(trainer);
    double b = eta * (double)node->bias->rate * (double)node->bias->scale;
    for (int64_t j = 0; node->bias->active && j < size; j++) {
        double sum = 0;
        for (int64_t i = 0; i < train; i++) sum += (double)trainer->delta_sum[i * size + j];
        squares += b * b * sum * sum;
    }
    return sqrt(squares > 0 ? squares : 0);
}

double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm) {
    double distance = network_layer_distance(trainer->network, layer, trainer->theta, theta0, norm);
    return keeps_head(trainer) && layer == 0 ? head_distance(trainer) : distance;
}

/* Nothing goes back to what the first trained operator reads. */
double trainer_step_flops(const struct trainer *trainer) {
    const struct network *network = trainer->network;
    int first = trainer->first, back = first > network->first_trained ? first : network->first_trained + 1;
    int64_t train = trainer->points->train, n = points_batch(trainer->points);
    double head = keeps_head(trainer) ? 2.0 * (double)train * (double)train * (double)head_size(trainer) : 0;
    return 2 * network_flops(network, first, n) + network_flops(network, back, n) + head;
}

double trainer_look_flops(const struct trainer *trainer) {
    const struct points *points = trainer->points;
    int64_t n = points->test + (points_are_in_batches(points) ? points->train : 0);
    double head = 2.0 * (double)points->test * (double)points->train * (double)head_size(trainer);
    return network_flops(trainer->network, trainer->first, n) + (keeps_head(trainer) ? head : 0);
}
