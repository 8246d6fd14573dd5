/* Average pooling: the mean over windows of a x b pixels that tile the image; one window of the whole image is global average
 * pooling. The window is in.rows/out.rows x in.columns/out.columns. */
#include "operator.h"

static real share(const struct node *node) {
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
    real scale = share(node);
    for (int64_t i = 0; i < n * shape_size(node->out); i++) out[i] = 0;
    for (int64_t p = 0; p < pixels; p++) {
        real *sum = out + window_of(node, p) * channels;
        for (int64_t c = 0; c < channels; c++) sum[c] += x[p * channels + c];
    }
    for (int64_t i = 0; i < n * shape_size(node->out); i++) out[i] *= scale;
}

static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    (void)theta, (void)work;
    pool(node, n, in[0], out);
}

static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)theta, (void)dtheta, (void)in, (void)out, (void)work;
    if (din[0]) pool(node, n, din[0], dout);
    for (int64_t i = 0; !din[0] && i < n * shape_size(node->out); i++) dout[i] = 0;
}

/* Every pixel of a window gets its cotangent over the window's size. */
static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)s, (void)theta, (void)in, (void)out, (void)work;
    int64_t channels = node->in.channels, pixels = n * count * node->in.rows * node->in.columns;
    real scale = share(node);
    for (int64_t p = 0; p < pixels; p++) {
        const real *from = w + window_of(node, p) * channels;
        real *to = din + p * channels;
        for (int64_t c = 0; c < channels; c++) to[c] = scale * from[c] + (beta == 0 ? 0 : beta * to[c]);
    }
}

const struct operator_kind pooling_operator = {
    .name = "pooling",
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
};
