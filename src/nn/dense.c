/* The dense operator, h = s_w x W + s_b b, with W [fan_in, fan_out], s_w = sigma_w/sqrt(fan_in), s_b = sigma_b (NTK
 * parameterization, Lee et al. 2019, eq. 1) or s_w = s_b = 1 (standard). A bias with sigma_b = 0 is left alone. */
#include <math.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"

static void set_bias_rows(const struct tensor *bias, const real *theta, int64_t n, real *out) {
    int64_t size = bias->size;
    const real *values = theta + bias->offset;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < size; j++) out[i * size + j] = bias->scale * values[j];
}

/* h = [h] + s_w x W */
static void add_product(const struct node *node, const struct pass *pass, const real *x, bool is_added, real *h) {
    const struct tensor *weight = node_weight(pass->network, node);
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    la_gemm(LA_PLAIN, LA_PLAIN, pass->n, fan_out, fan_in, weight->scale, x, fan_in, pass->theta + weight->offset,
            fan_out, is_added, h, fan_out);
}

/* h = s_b b + s_w x W */
static void forward(const struct node *node, const struct pass *pass, real *out) {
    const struct tensor *bias = node_bias(pass->network, node);
    if (bias->is_active) set_bias_rows(bias, pass->theta, pass->n, out);
    add_product(node, pass, pass_in(pass, node, 0), bias->is_active, out);
}

/* dh = s_b db + s_w (x dW + dx W) */
static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    struct pass along = *pass;
    along.theta = dtheta;
    const real *dx = tangent_in(din, node, 0);
    if (dtheta) forward(node, &along, dout);
    if (dx) add_product(node, pass, dx, dtheta != NULL, dout);
    if (!dtheta && !dx) tangent_clear(pass->n * shape_size(node->out), dout);
}

/* dx = s_w w W' (of h = s_w x W) */
static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    const struct tensor *weight = node_weight(pass->network, node);
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, pass->n * pass->count, fan_in, fan_out, weight->scale, w, fan_out,
            pass->theta + weight->offset, fan_out, node->is_added[s], din, fan_in);
}

static double flops(const struct node *node) {
    return 2.0 * (double)shape_size(node->in) * (double)shape_size(node->out);
}

/* ---- what its weights add ---- */

/* dW = s_w x' w, db = s_b 1' w */
static void gradient(const struct node *node, const struct pass *pass, const real *w, real alpha, real *sum) {
    const struct tensor *weight = node_weight(pass->network, node), *bias = node_bias(pass->network, node);
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    la_gemm(LA_TRANSPOSED, LA_PLAIN, fan_in, fan_out, pass->n, alpha * weight->rate * weight->scale,
            pass_in(pass, node, 0), fan_in, w, fan_out, 1, sum + weight->offset, fan_out);
    if (!bias->is_active) return;
    la_add_columns(pass->n, fan_out, alpha * bias->rate * bias->scale, w, fan_out, sum + bias->offset);
}

/* What two examples' inner product becomes: rate_w s_w^2 <x, x'> + rate_b s_b^2. */
static void weigh(const struct network *network, const struct node *node, int64_t rows, int64_t columns,
                  const real *inner, int64_t inner_ld, real *weighed) {
    const struct tensor *weight = node_weight(network, node), *bias = node_bias(network, node);
    real w = weight->rate * weight->scale * weight->scale;
    real b = bias->is_active ? bias->rate * bias->scale * bias->scale : 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) weighed[i * columns + j] = w * inner[i * inner_ld + j] + b;
}

/* ntk += <w_p, w_q> * (rate_w s_w^2 <x_p, x_q> + rate_b s_b^2) (Novak et al. 2022, structured derivatives). */
static void pairs(const struct side *p, const struct side *q, const real *inner, int64_t inner_ld, real *scratch,
                  real *ntk, int64_t ld) {
    int64_t fan_in = shape_size(p->node->in), fan_out = shape_size(p->node->out), count = p->count;
    int64_t rows = p->n * count, columns = q->n * count;
    real *products = scratch, *weighed = scratch + rows * columns;
    if (!inner) {
        la_gemm(LA_PLAIN, LA_TRANSPOSED, p->n, q->n, fan_in, 1, p->in, fan_in, q->in, fan_in, 0, weighed, q->n);
        inner = weighed;
        inner_ld = q->n;
    }
    weigh(p->network, p->node, p->n, q->n, inner, inner_ld, weighed);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, rows, columns, fan_out, 1, p->w, fan_out, q->w, fan_out, 0, products, columns);
    for (int64_t i = 0; i < rows; i++) {
        const real *weight = weighed + i / count * q->n;
        for (int64_t j = 0; j < q->n; j++)
            for (int64_t c = 0; c < count; c++)
                ntk[i * ld + j * count + c] += weight[j] * products[i * columns + j * count + c];
    }
}

static int64_t pairs_scratch(const struct side *p, const struct side *q) {
    return p->n * q->n * (p->count * p->count + 1);
}

static double pairs_flops(const struct node *p, const struct node *q, int64_t count, bool inner_is_known) {
    (void)q;
    double inner = inner_is_known ? 0 : (double)shape_size(p->in);
    return 2 * ((double)(count * count) * (double)shape_size(p->out) + inner);
}

static int64_t each_size(const struct network *network, const struct node *node) {
    return shape_size(node->in) + node_bias(network, node)->is_active;
}

/* Rows s_w x_i w_j, then s_b w_j, channels from .. to. */
static void each(const struct side *side, bool is_added, int64_t from, int64_t to, real *gradients, real *work) {
    (void)work;
    const struct tensor *weight = node_weight(side->network, side->node), *bias = node_bias(side->network, side->node);
    int64_t fan_in = shape_size(side->node->in), fan_out = shape_size(side->node->out), channels = to - from;
    real w_scale = weight->scale * (real)sqrt((double)weight->rate);
    real b_scale = bias->scale * (real)sqrt((double)bias->rate);
    for (int64_t row = 0; row < side->n * side->count; row++) {
        const real *x = side->in + row / side->count * fan_in, *w = side->w + row * fan_out + from;
        real *out = gradients + row * each_size(side->network, side->node) * channels;
        for (int64_t i = 0; i < fan_in; i++) pass_on(channels, w_scale * x[i], w, is_added, out + i * channels);
        if (bias->is_active) pass_on(channels, b_scale, w, is_added, out + fan_in * channels);
    }
}

static const struct share share = {
    .gradient = gradient,
    .pairs = pairs,
    .pairs_scratch = pairs_scratch,
    .pairs_flops = pairs_flops,
    .each = each,
    .each_size = each_size,
    .weigh = weigh,
};

const struct operator_kind dense_operator = {
    .name = "dense",
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
    .flops = flops,
    .share = &share,
};
