/* The convolution h = s_w x * W + s_b b on images, W [ky, kx, in, out], b [1, 1, 1, out], s_w = sigma_w/sqrt(in ky kx), s_b = sigma_b
 * (NTK parameterization, Lee et al. 2019, Table S1) or 1 (standard); zero padding "same", stride 1 or more. */
#include <math.h>

#include "matrix.h"
#include "operator.h"

static int64_t places(const struct node *node) { return node->out.rows * node->out.columns; }

/* h = s_b b + s_w x * W */
static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    const real *bias = node->bias->active ? theta + node->bias->offset : NULL;
    node->way->forward(&node->filtering, n, node->weight->scale, in[0], theta + node->weight->offset, node->bias->scale,
                       bias, 0, out, work);
}

/* dh = s_b db + s_w (x * dW + dx * W) */
static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)out;
    forward(node, dtheta, n, in, dout, work);
    if (din[0])
        node->way->forward(&node->filtering, n, node->weight->scale, din[0], theta + node->weight->offset, 0, NULL, 1,
                           dout, work);
}

static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)s, (void)in, (void)out;
    node->way->input(&node->filtering, n * count, node->weight->scale, w, theta + node->weight->offset, beta, din,
                     work);
}

static void vjp_parameters(const struct node *node, int64_t n, const real *const in[SOURCES], const real *w, real alpha,
                           real *gradient, real *work) {
    node->way->filter(&node->filtering, n, alpha * node->weight->rate * node->weight->scale, in[0], w,
                      gradient + node->weight->offset, work);
    if (node->bias->active)
        la_add_columns(n * places(node), node->out.channels, alpha * node->bias->rate * node->bias->scale, w,
                       node->out.channels, gradient + node->bias->offset);
}

static int64_t work_size(const struct node *node) { return node->way->work(&node->filtering); }

/* ---- kernel by per-example gradients ---- */

static int64_t gradient_size(const struct node *node) {
    return node->filtering.size * node->filtering.size * node->in.channels + node->bias->active;
}

static void gradients(const struct node *node, int64_t count, const struct operator_side *side, int64_t from,
                      int64_t to, real *gradient, real *work) {
    int64_t ld = gradient_size(node) * (to - from), filter = ld - node->bias->active * (to - from);
    node->way->filter_each(&node->filtering, side->n, count,
                           node->weight->scale * (real)sqrt((double)node->weight->rate), side->in, side->w, from, to,
                           gradient, ld, work);
    real scale = node->bias->scale * (real)sqrt((double)node->bias->rate);
    for (int64_t row = 0; node->bias->active && row < side->n * count; row++) {
        real *bias = gradient + row * ld + filter;
        for (int64_t j = 0; j < to - from; j++) bias[j] = 0;
        la_add_columns(places(node), to - from, scale, side->w + row * shape_size(node->out) + from, node->out.channels,
                       bias);
    }
}

/* ---- kernel by pairs of positions ---- */

/* patch[p, q] = <patch of x at p, patch of x' at q> = sum over the window of <x, x'> at the pixels under p and q, where both are
 * inside the image. pixel [pixels, pixels], patch [places, places]. */
static void sum_windows(const struct filtering *f, const real *pixel, real *patch) {
    int64_t reach = (f->size - 1) / 2, pixels = f->rows * f->columns, q_count = f->out_rows * f->out_columns;
    for (int64_t i = 0; i < q_count * q_count; i++) {
        int64_t p = i / q_count, q = i % q_count;
        int64_t pr = p / f->out_columns * f->stride, pc = p % f->out_columns * f->stride;
        int64_t qr = q / f->out_columns * f->stride, qc = q % f->out_columns * f->stride;
        real sum = 0;
        for (int64_t u = -reach; u <= reach; u++) {
            if (pr + u < 0 || pr + u >= f->rows || qr + u < 0 || qr + u >= f->rows) continue;
            for (int64_t v = -reach; v <= reach; v++) {
                if (pc + v < 0 || pc + v >= f->columns || qc + v < 0 || qc + v >= f->columns) continue;
                sum += pixel[((pr + u) * f->columns + pc + v) * pixels + (qr + u) * f->columns + qc + v];
            }
        }
        patch[i] = sum;
    }
}

/* sum over positions p, q of <w_a at p, w_b at q> (rate_w s_w^2 patch[p, q] + rate_b s_b^2), patch weighed already */
static real contract(const struct node *node, const real *patch, const real *w_a, const real *w_b, real *product) {
    int64_t count = places(node), channels = node->out.channels;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, count, count, channels, 1, w_a, channels, w_b, channels, 0, product, count);
    return (real)la_dot(count * count, patch, product);
}

static void weigh(const struct node *node, real *patch) {
    real w = node->weight->rate * node->weight->scale * node->weight->scale;
    real b = node->bias->active ? node->bias->rate * node->bias->scale * node->bias->scale : 0;
    for (int64_t i = 0; i < places(node) * places(node); i++) patch[i] = w * patch[i] + b;
}

static void ntk(const struct node *node, int64_t count, const struct operator_side *a, const struct operator_side *b,
                const real *inner, int64_t inner_ld, real *scratch, real *ntk_tile, int64_t ld) {
    (void)inner, (void)inner_ld;
    const struct filtering *f = &node->filtering;
    int64_t pixels = f->rows * f->columns, in = shape_size(node->in), out = shape_size(node->out);
    real *pixel = scratch, *patch = pixel + pixels * pixels, *product = patch + places(node) * places(node);
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = 0; j < b->n; j++) {
            la_gemm(LA_PLAIN, LA_TRANSPOSED, pixels, pixels, f->in, 1, a->in + i * in, f->in, b->in + j * in, f->in, 0,
                    pixel, pixels);
            sum_windows(f, pixel, patch);
            weigh(node, patch);
            for (int64_t c = 0; c < count * count; c++) {
                int64_t row = i * count + c / count, column = j * count + c % count;
                ntk_tile[row * ld + column] += contract(node, patch, a->w + row * out, b->w + column * out, product);
            }
        }
}

static int64_t ntk_scratch(const struct node *node, int64_t count, int64_t na, int64_t nb) {
    (void)count, (void)na, (void)nb;
    int64_t pixels = node->in.rows * node->in.columns;
    return pixels * pixels + 2 * places(node) * places(node);
}

static double ntk_flops(const struct node *node, int64_t count, int inner_is_known) {
    (void)inner_is_known;
    double pixels = (double)(node->in.rows * node->in.columns), out = (double)places(node);
    double window = (double)(node->filtering.size * node->filtering.size);
    return 2 * (pixels * pixels * (double)node->in.channels + out * out * window) +
           2 * (double)(count * count) * out * out * (double)node->out.channels;
}

static double flops(const struct node *node, int64_t n) {
    return 2.0 * (double)n * (double)shape_size(node->out) * (double)node->in.channels *
           (double)(node->filtering.size * node->filtering.size);
}

const struct operator_kind convolution_operator = {
    .name = "convolution",
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
    .vjp_parameters = vjp_parameters,
    .work = work_size,
    .ntk = ntk,
    .ntk_scratch = ntk_scratch,
    .ntk_flops = ntk_flops,
    .gradients = gradients,
    .gradient_size = gradient_size,
    .flops = flops,
};
