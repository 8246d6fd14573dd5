/* The flattened image as one row of channels, (row, column, channel) with channels fastest: the same numbers. */
#include <string.h>

#include "operator.h"

static void forward(const struct node *node, const struct pass *pass, real *out) {
    memcpy(out, pass_in(pass, node, 0), (size_t)(pass->n * shape_size(node->in)) * sizeof *out);
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    int64_t size = pass->n * shape_size(node->in);
    const real *dx = tangent_in(din, node, 0);
    if (dx)
        memcpy(dout, dx, (size_t)size * sizeof *dout);
    else
        tangent_clear(size, dout);
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    pass_on(pass->n * pass->count * shape_size(node->out), 1, w, node->is_added[s], din);
}

const struct operator_kind flatten_operator = {
    .name = "flatten",
    .in_place = true,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
