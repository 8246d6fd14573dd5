/* The elementwise operator x = phi(h), and the table of activations. */
#include "activation.h"

#include "operator.h"

static const struct activation table[] = {
    [ACTIVATION_RELU] = {la_relu, la_relu_backward},
    [ACTIVATION_ERF] = {la_erf, la_erf_backward},
    [ACTIVATION_TANH] = {la_tanh, la_tanh_backward},
    [ACTIVATION_IDENTITY] = {la_identity, la_identity_backward},
};

const struct activation *activation_of(enum activation_kind kind) { return &table[kind]; }

static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    (void)work;
    (void)theta;
    node->activation->map(n * shape_size(node->in), in[0], out);
}

/* dout = phi'(h) din */
static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)work;
    (void)theta;
    (void)dtheta;
    int64_t size = n * shape_size(node->in);
    if (din[0]) node->activation->backward(size, in[0], out, din[0], dout);
    for (int64_t i = 0; !din[0] && i < size; i++) dout[i] = 0;
}

/* din = phi'(h) w for each of the cotangents of an example; beta is 0 wherever the network lets it work in place. */
static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)work;
    (void)theta;
    (void)s;
    enum { PIECE = 512 };
    int64_t size = shape_size(node->in);
    if (beta == 0 && count == 1) {
        node->activation->backward(n * size, in[0], out, w, din);
        return;
    }
    for (int64_t row = 0; row < n * count; row++)
        for (int64_t at = 0; at < size; at += PIECE) {
            real piece[PIECE];
            int64_t length = size - at < PIECE ? size - at : PIECE, from = row / count * size + at,
                    to = row * size + at;
            node->activation->backward(length, in[0] + from, out + from, w + to, piece);
            for (int64_t i = 0; i < length; i++) din[to + i] = piece[i] + (beta == 0 ? 0 : beta * din[to + i]);
        }
}

const struct operator_kind activation_operator = {
    .name = "activation",
    .in_place = 1,
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
};
