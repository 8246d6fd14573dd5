/* The first components of a value, and beyond them a constant, which is the form: y_j = x_j, or the constant for
 * j >= fan-in. It cuts outputs off a state, appends zeros to an input, or the time to what a cell reads. */
#include <string.h>

#include "operator.h"
#include "order.h"

/* Rows of y from rows of x, `beyond` after their end. */
static void copy_rows(const struct node *node, int64_t rows, const real *x, real beyond, real *y) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), both = least(in, out);
    for (int64_t row = 0; row < rows; row++) {
        memcpy(y + row * out, x + row * in, (size_t)both * sizeof *y);
        for (int64_t j = both; j < out; j++) y[row * out + j] = beyond;
    }
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    copy_rows(node, pass->n, pass_in(pass, node, 0), *(const real *)node->form, out);
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    const real *dx = tangent_in(din, node, 0);
    if (dx)
        copy_rows(node, pass->n, dx, 0, dout);
    else
        tangent_clear(pass->n * shape_size(node->out), dout);
}

/* dx_j = w_j, or 0 where x_j was cut off */
static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), both = least(in, out);
    bool is_added = node->is_added[s];
    for (int64_t row = 0; row < pass->n * pass->count; row++) {
        pass_on(both, 1, w + row * out, is_added, din + row * in);
        for (int64_t j = both; j < in && !is_added; j++) din[row * in + j] = 0;
    }
}

const struct operator_kind components_operator = {
    .name = "components",
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
