/* The join of two branches, y = a + b. */
#include "operator.h"

static void add(int64_t size, const real *a, const real *b, real *out) {
    for (int64_t i = 0; i < size; i++) out[i] = a[i] + b[i];
}

static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    (void)theta, (void)work;
    add(n * shape_size(node->out), in[0], in[1], out);
}

static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)theta, (void)dtheta, (void)in, (void)out, (void)work;
    int64_t size = n * shape_size(node->out);
    for (int64_t i = 0; i < size; i++) dout[i] = (din[0] ? din[0][i] : 0) + (din[1] ? din[1][i] : 0);
}

/* Both branches get w; one of them may be where w stands. */
static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)s, (void)theta, (void)in, (void)out, (void)work;
    operator_pass_on(n * count * shape_size(node->out), w, beta, din);
}

const struct operator_kind join_operator = {
    .name = "join",
    .in_place = 1,
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
};
