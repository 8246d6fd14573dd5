/* The sum of two values, y = x + c x', whose form is c: where two branches meet (c = 1), or a step h + c N(h). */
#include "operator.h"

static real coefficient_of(const struct node *node) { return *(const real *)node->form; }

static void forward(const struct node *node, const struct pass *pass, real *out) {
    int64_t size = pass->n * shape_size(node->out);
    const real *x = pass_in(pass, node, 0), *other = pass_in(pass, node, 1), c = coefficient_of(node);
    for (int64_t i = 0; i < size; i++) out[i] = x[i] + c * other[i];
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    int64_t size = pass->n * shape_size(node->out);
    const real *dx = tangent_in(din, node, 0), *other = tangent_in(din, node, 1), c = coefficient_of(node);
    for (int64_t i = 0; i < size; i++) dout[i] = (dx ? dx[i] : 0) + (other ? c * other[i] : 0);
}

/* w and c w. One of them may be where w stands: the second, which comes last, or the first, which changes nothing. */
static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    pass_on(pass->n * pass->count * shape_size(node->out), s == 0 ? 1 : coefficient_of(node), w, node->is_added[s],
            din);
}

const struct operator_kind sum_operator = {
    .name = "sum",
    .in_place = true,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
