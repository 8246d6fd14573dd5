#include "trainer.h"

#include <math.h>
#include <string.h>

#include "loss.h"
#include "matrix.h"
#include "operator.h"

static int64_t head_size(const struct trainer *trainer) { return network_value_size(trainer->network, 1); }

int trainer_keeps_head(const struct network *network, int64_t train, int64_t inputs) {
    return network->op[0].kind->head && train < inputs;
}

/* ---- memory ---- */

static int has_several_chunks(const struct trainer *trainer) { return trainer->chunk < trainer->points->train; }

static void lay_out_head(struct arena *arena, struct trainer *trainer) {
    int64_t train = trainer->points->train, all = train + trainer->points->test, size = head_size(trainer);
    trainer->head = ARENA_TAKE(arena, all * train, real);
    trainer->h = ARENA_TAKE(arena, all * size, real);
    trainer->delta_sum = ARENA_TAKE(arena, train * size, real);
    trainer->own_first = ARENA_TAKE(arena, trainer->test_chunk * size, real);
    trainer->delta = has_several_chunks(trainer) ? ARENA_TAKE(arena, train * size, real)
                                                 : cotape_value(trainer->network, &trainer->cotape, 1);
}

void trainer_create(const struct network *network, const struct points *points, int plain, struct arena *arena,
                    struct trainer *trainer) {
    *trainer = (struct trainer){.network = network, .points = points};
    trainer->first = !plain && trainer_keeps_head(network, points->train, points->inputs);
    trainer->chunk = points_chunk(points, network, trainer->first);
    trainer->test_chunk = points_test_chunk(points, network, trainer->first);
    int64_t rows = trainer->chunk > trainer->test_chunk ? trainer->chunk : trainer->test_chunk;
    network_tape(network, trainer->first, rows, network_work(network, arena), arena, &trainer->tape);
    network_cotape(network, trainer->chunk, arena, &trainer->cotape);
    if (trainer->first) lay_out_head(arena, trainer);
    if (has_several_chunks(trainer)) trainer->step = ARENA_TAKE(arena, network->theta, real);
    trainer->f_train = ARENA_TAKE(arena, points->train * points->outputs, real);
    trainer->f_test = ARENA_TAKE(arena, points->test * points->outputs, real);
}

void trainer_start(struct trainer *trainer, real eta, real *theta) {
    const struct points *points = trainer->points;
    trainer->eta = eta;
    trainer->theta = theta;
    if (!trainer->first) return;
    const struct operator* op = & trainer->network->op[0];
    const real *in[SOURCES] = {points->x, NULL};
    int64_t all = points->train + points->test;
    op->kind->forward(op, theta, all, in, trainer->h, trainer->tape.work);
    op->kind->head(op, all, points->train, points->gram, points->train, trainer->head);
    memset(trainer->delta_sum, 0, (size_t)(points->train * head_size(trainer)) * sizeof(real));
}

/* ---- there and back ---- */

static void forward(struct trainer *trainer, int64_t n, const real *value, real *f) {
    const real *outputs = points_forward(trainer->network, trainer->first, trainer->theta, n, value, &trainer->tape);
    memcpy(f, outputs, (size_t)(n * trainer->points->outputs) * sizeof *f);
}

static void forward_train(struct trainer *trainer, int64_t from, int64_t n) {
    const struct points *points = trainer->points;
    const real *value = trainer->first ? trainer->h + from * head_size(trainer) : points->x + from * points->inputs;
    forward(trainer, n, value, trainer->f_train + from * points->outputs);
}

/* The points of the last forward_train back: theta += their part of the step. */
static void backward(struct trainer *trainer, int64_t from, int64_t n, real *theta) {
    const struct network *network = trainer->network;
    const struct points *points = trainer->points;
    int64_t at = from * points->outputs;
    loss_gradient(points->train, points->outputs, n, trainer->f_train + at, points->y + at,
                  cotape_value(network, &trainer->cotape, network->operators));
    network_vjp(network, trainer->first, trainer->theta, &trainer->tape, &trainer->cotape, -trainer->eta, theta);
}

static void forward_and_backward(struct trainer *trainer) {
    const struct network *network = trainer->network;
    int64_t train = trainer->points->train;
    memset(trainer->step, 0, (size_t)network->theta * sizeof(real));
    for (int64_t from = 0; from < train; from += trainer->chunk) {
        int64_t n = points_at(from, train, trainer->chunk);
        forward_train(trainer, from, n);
        backward(trainer, from, n, trainer->step);
        if (trainer->first)
            memcpy(trainer->delta + from * head_size(trainer), cotape_value(network, &trainer->cotape, 1),
                   (size_t)(n * head_size(trainer)) * sizeof(real));
    }
}

void trainer_forward(struct trainer *trainer) {
    if (has_several_chunks(trainer))
        forward_and_backward(trainer);
    else
        forward_train(trainer, 0, trainer->points->train);
}

void trainer_step(struct trainer *trainer) {
    int64_t train = trainer->points->train, size = head_size(trainer);
    if (has_several_chunks(trainer))
        la_axpy(trainer->network->theta, 1, trainer->step, trainer->theta);
    else
        backward(trainer, 0, train, trainer->theta);
    if (!trainer->first) return;
    la_axpy(train * size, 1, trainer->delta, trainer->delta_sum);
    la_gemm(LA_PLAIN, LA_PLAIN, train, size, train, -trainer->eta, trainer->head, train, trainer->delta, size, 1,
            trainer->h, size);
}

/* ---- test points ---- */

/* h = h_0 - eta H delta_sum on test points from .. from + n - 1 */
static const real *test_head(const struct trainer *trainer, int64_t from, int64_t n) {
    int64_t size = head_size(trainer), train = trainer->points->train, row = train + from;
    memcpy(trainer->own_first, trainer->h + row * size, (size_t)(n * size) * sizeof(real));
    la_gemm(LA_PLAIN, LA_PLAIN, n, size, train, -trainer->eta, trainer->head + row * train, train, trainer->delta_sum,
            size, 1, trainer->own_first, size);
    return trainer->own_first;
}

void trainer_test(struct trainer *trainer) {
    const struct points *points = trainer->points;
    for (int64_t from = 0; from < points->test; from += trainer->test_chunk) {
        int64_t n = points_at(from, points->test, trainer->test_chunk);
        const real *x = points->x + (points->train + from) * points->inputs;
        forward(trainer, n, trainer->first ? test_head(trainer, from, n) : x, trainer->f_test + from * points->outputs);
    }
}

void trainer_settle(struct trainer *trainer) {
    if (!trainer->first) return;
    const struct points *points = trainer->points;
    const struct operator* op = & trainer->network->op[0];
    const real *in[SOURCES] = {points->x, NULL};
    op->kind->vjp_parameters(op, points->train, in, trainer->delta_sum, -trainer->eta, trainer->theta,
                             trainer->tape.work);
    for (int64_t from = 0; from < points->test; from += trainer->test_chunk) {
        int64_t n = points_at(from, points->test, trainer->test_chunk);
        const real *moved = test_head(trainer, from, n);
        memcpy(trainer->h + (points->train + from) * head_size(trainer), moved,
               (size_t)(n * head_size(trainer)) * sizeof(real));
    }
    memset(trainer->delta_sum, 0, (size_t)(points->train * head_size(trainer)) * sizeof(real));
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
    const struct operator* op = & trainer->network->op[0];
    int64_t train = trainer->points->train, size = head_size(trainer);
    double w = (double)trainer->eta * (double)op->weight->rate * (double)op->weight->scale;
    double squares = w * w * head_product(trainer);
    double b = (double)trainer->eta * (double)op->bias->rate * (double)op->bias->scale;
    for (int64_t j = 0; op->bias->active && j < size; j++) {
        double sum = 0;
        for (int64_t i = 0; i < train; i++) sum += (double)trainer->delta_sum[i * size + j];
        squares += b * b * sum * sum;
    }
    return sqrt(squares > 0 ? squares : 0);
}

double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm) {
    double distance = network_layer_distance(trainer->network, layer, trainer->theta, theta0, norm);
    return trainer->first && layer == 0 ? head_distance(trainer) : distance;
}

double trainer_step_flops(const struct trainer *trainer) {
    int first = trainer->first;
    int64_t train = trainer->points->train;
    double pass = network_flops(trainer->network, first, train);
    double inputs = first ? pass : network_flops(trainer->network, 1, train);
    double head = first ? 2.0 * (double)train * (double)train * (double)head_size(trainer) : 0;
    return 2 * pass + inputs + head;
}

double trainer_test_flops(const struct trainer *trainer) {
    int64_t test = trainer->points->test;
    double head = 2.0 * (double)test * (double)trainer->points->train * (double)head_size(trainer);
    return network_flops(trainer->network, trainer->first, test) + (trainer->first ? head : 0);
}
