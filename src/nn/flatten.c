/* The flattened image as one row of channels, (row, column, channel) with channels fastest: the same numbers. */
#include <string.h>

#include "operator.h"

static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    (void)theta, (void)work;
    memcpy(out, in[0], (size_t)(n * shape_size(node->in)) * sizeof *out);
}

static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)theta, (void)dtheta, (void)in, (void)out, (void)work;
    size_t bytes = (size_t)(n * shape_size(node->in)) * sizeof *dout;
    if (din[0])
        memcpy(dout, din[0], bytes);
    else
        memset(dout, 0, bytes);
}

static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)s, (void)theta, (void)in, (void)out, (void)work;
    operator_pass_on(n * count * shape_size(node->out), w, beta, din);
}

const struct operator_kind flatten_operator = {
    .name = "flatten",
    .in_place = 1,
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
};
