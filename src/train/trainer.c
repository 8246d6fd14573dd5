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

void trainer_create(const struct network *network, const struct points *points, int plain, struct arena *arena,
                    struct trainer *trainer) {
    *trainer = (struct trainer){.network = network, .points = points};
    trainer->first = !plain && trainer_keeps_head(network, points->train, points->inputs);
    int64_t all = points->train + points->test;
    int64_t test = points_test_chunk(points, 0);
    trainer->chunk = points->train > test ? points->train : test;
    if (trainer->first) {
        trainer->head = ARENA_TAKE(arena, all * points->train, real);
        trainer->h = ARENA_TAKE(arena, all * head_size(trainer), real);
        trainer->delta_sum = ARENA_TAKE(arena, points->train * head_size(trainer), real);
        trainer->own_first = ARENA_TAKE(arena, test * head_size(trainer), real);
    }
    network_tape(network, trainer->first, trainer->chunk, arena, &trainer->tape);
    network_cotape(network, points->train, arena, &trainer->cotape);
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
    op->kind->forward(op, theta, all, in, trainer->h);
    op->kind->head(op, all, points->train, points->gram, points->train, trainer->head);
    memset(trainer->delta_sum, 0, (size_t)(points->train * head_size(trainer)) * sizeof(real));
}

/* Values of n points from value[first] on; outputs to f. */
static void evaluate(struct trainer *trainer, int64_t n, const real *first_value, real *f) {
    trainer->tape.n = n;
    trainer->tape.value[trainer->first] = (real *)first_value; /* only read */
    network_forward(trainer->network, trainer->first, trainer->theta, &trainer->tape);
    memcpy(f, trainer->tape.value[trainer->network->operators], (size_t)(n * trainer->points->outputs) * sizeof *f);
}

void trainer_forward(struct trainer *trainer) {
    evaluate(trainer, trainer->points->train, trainer->first ? trainer->h : trainer->points->x, trainer->f_train);
}

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
    for (int64_t from = 0; from < points->test; from += TEST_CHUNK) {
        int64_t n = points_test_chunk(points, from);
        const real *x = points->x + (points->train + from) * points->inputs;
        evaluate(trainer, n, trainer->first ? test_head(trainer, from, n) : x,
                 trainer->f_test + from * points->outputs);
    }
}

void trainer_step(struct trainer *trainer) {
    const struct network *network = trainer->network;
    const struct points *points = trainer->points;
    int64_t train = points->train;
    loss_gradient(train, points->outputs, trainer->f_train, points->y,
                  cotape_value(network, &trainer->cotape, network->operators));
    network_vjp(network, trainer->first, trainer->theta, &trainer->tape, &trainer->cotape, -trainer->eta,
                trainer->theta);
    if (!trainer->first) return;
    int64_t size = head_size(trainer);
    const real *delta = cotape_value(network, &trainer->cotape, 1);
    la_axpy(train * size, 1, delta, trainer->delta_sum);
    la_gemm(LA_PLAIN, LA_PLAIN, train, size, train, -trainer->eta, trainer->head, train, delta, size, 1, trainer->h,
            size);
}

void trainer_settle(struct trainer *trainer) {
    if (!trainer->first) return;
    const struct points *points = trainer->points;
    const struct operator* op = & trainer->network->op[0];
    const real *in[SOURCES] = {points->x, NULL};
    op->kind->vjp_parameters(op, points->train, in, trainer->delta_sum, -trainer->eta, trainer->theta);
    for (int64_t from = 0; from < points->test; from += TEST_CHUNK) {
        int64_t n = points_test_chunk(points, from);
        const real *moved = test_head(trainer, from, n);
        memcpy(trainer->h + (points->train + from) * head_size(trainer), moved,
               (size_t)(n * head_size(trainer)) * sizeof(real));
    }
    memset(trainer->delta_sum, 0, (size_t)(points->train * head_size(trainer)) * sizeof(real));
}

/* |d theta|^2 = eta^2 <S, (rate_w^2 s_w^2 X X' + rate_b^2 s_b^2) S>, S = delta_sum: no weight is needed. */
static double head_distance(struct trainer *trainer) {
    const struct operator* op = & trainer->network->op[0];
    int64_t train = trainer->points->train, size = head_size(trainer);
    real *product = cotape_value(trainer->network, &trainer->cotape, 1);
    la_gemm(LA_PLAIN, LA_PLAIN, train, size, train, 1, trainer->points->gram, train, trainer->delta_sum, size, 0,
            product, size);
    double w = (double)trainer->eta * (double)op->weight->rate * (double)op->weight->scale;
    double squares = w * w * la_dot(train * size, trainer->delta_sum, product);
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
