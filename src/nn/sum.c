/* The combination of two values, y = c x + c' x', whose form is c, c': where two branches meet (1, 1), a step
 * h + c' N(h), or the mean of two weights. */
#include "operator.h"

static const real *coefficients_of(const struct node *node) { return node->form; }

static void forward(const struct node *node, const struct pass *pass, real *out) {
    int64_t size = pass->n * shape_size(node->out);
    const real *x = pass_in(pass, node, 0), *other = pass_in(pass, node, 1), *c = coefficients_of(node);
    const real own = c[0], with = c[1];
    for (int64_t i = 0; i < size; i++) out[i] = own * x[i] + with * other[i];
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    int64_t size = pass->n * shape_size(node->out);
    const real *dx = tangent_in(din, node, 0), *other = tangent_in(din, node, 1), *c = coefficients_of(node);
    for (int64_t i = 0; i < size; i++) dout[i] = (dx ? c[0] * dx[i] : 0) + (other ? c[1] * other[i] : 0);
}

/* c w and c' w. One of them may be where w stands. */
static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    pass_on(pass->n * pass->count * shape_size(node->out), coefficients_of(node)[s], w, node->is_added[s], din);
}

const struct operator_kind sum_operator = {
    .name = "sum",
    .in_place = true,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
