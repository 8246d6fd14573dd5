/* Average pooling: the mean over windows of a x b pixels that tile the image; one window of the whole image is global
 * average pooling. The window is in.rows/out.rows x in.columns/out.columns. */
#include "operator.h"

static real part_of_image(const struct node *node) {
    return (real)((double)(node->out.rows * node->out.columns) / (double)(node->in.rows * node->in.columns));
}

/* The output pixel that pixel p of n images belongs to. */
static int64_t window_of(const struct node *node, int64_t p) {
    int64_t column = p % node->in.columns, row = p / node->in.columns; /* rows of all images */
    return row / (node->in.rows / node->out.rows) * node->out.columns + column / (node->in.columns / node->out.columns);
}

/* out = mean of x over each window */
static void pool(const struct node *node, int64_t n, const real *x, real *out) {
    int64_t channels = node->in.channels, pixels = n * node->in.rows * node->in.columns;
    real scale = part_of_image(node);
    for (int64_t i = 0; i < n * shape_size(node->out); i++) out[i] = 0;
    for (int64_t p = 0; p < pixels; p++) {
        real *sum = out + window_of(node, p) * channels;
        for (int64_t c = 0; c < channels; c++) sum[c] += x[p * channels + c];
    }
    for (int64_t i = 0; i < n * shape_size(node->out); i++) out[i] *= scale;
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    pool(node, pass->n, pass_in(pass, node, 0), out);
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    const real *dx = tangent_in(din, node, 0);
    if (dx)
        pool(node, pass->n, dx, dout);
    else
        tangent_clear(pass->n * shape_size(node->out), dout);
}

/* Every pixel of a window gets its cotangent over the window's size. */
static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    int64_t channels = node->in.channels, pixels = pass->n * pass->count * node->in.rows * node->in.columns;
    real scale = part_of_image(node);
    for (int64_t p = 0; p < pixels; p++)
        pass_on(channels, scale, w + window_of(node, p) * channels, node->is_added[s], din + p * channels);
}

const struct operator_kind pooling_operator = {
    .name = "pooling",
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
};
