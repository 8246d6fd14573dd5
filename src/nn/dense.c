/* The dense operator, h = s_w x W + s_b b, with W [fan_in, fan_out], s_w = sigma_w/sqrt(fan_in), s_b = sigma_b (NTK
 * parameterization, Lee et al. 2019, eq. 1) or s_w = s_b = 1 (standard). A bias with sigma_b = 0 is left alone. */
#include <string.h>

#include "matrix.h"
#include "operator.h"

static const real *tensor_in(const real *theta, const struct tensor *tensor) { return theta + tensor->offset; }

static void add_bias_rows(const struct tensor *bias, const real *values, int64_t n, real *out) {
    int64_t size = bias->size;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < size; j++) out[i * size + j] = bias->scale * values[j];
}

/* h = s_b b + s_w x W */
static void forward(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work) {
    (void)work;
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    if (node->bias->active) add_bias_rows(node->bias, tensor_in(theta, node->bias), n, out);
    la_gemm(LA_PLAIN, LA_PLAIN, n, fan_out, fan_in, node->weight->scale, in[0], fan_in, tensor_in(theta, node->weight),
            fan_out, (real)node->bias->active, out, fan_out);
}

/* dh = s_b db + s_w (x dW + dx W) */
static void jvp(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout,
                real *work) {
    (void)out;
    forward(node, dtheta, n, in, dout, work);
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    if (din[0])
        la_gemm(LA_PLAIN, LA_PLAIN, n, fan_out, fan_in, node->weight->scale, din[0], fan_in,
                tensor_in(theta, node->weight), fan_out, 1, dout, fan_out);
}

/* dx = s_w w W' (of h = s_w x W) */
static void vjp_input(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work) {
    (void)work;
    (void)s;
    (void)in;
    (void)out;
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, n * count, fan_in, fan_out, node->weight->scale, w, fan_out,
            tensor_in(theta, node->weight), fan_out, beta, din, fan_in);
}

/* dW = s_w x' w, db = s_b 1' w */
static void vjp_parameters(const struct node *node, int64_t n, const real *const in[SOURCES], const real *w, real alpha,
                           real *gradient, real *work) {
    (void)work;
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out);
    la_gemm(LA_TRANSPOSED, LA_PLAIN, fan_in, fan_out, n, alpha * node->weight->rate * node->weight->scale, in[0],
            fan_in, w, fan_out, 1, gradient + node->weight->offset, fan_out);
    if (!node->bias->active) return;
    la_add_columns(n, fan_out, alpha * node->bias->rate * node->bias->scale, w, fan_out, gradient + node->bias->offset);
}

/* What two examples' inner product becomes: rate_w s_w^2 <x, x'> + rate_b s_b^2. */
static void weigh_inner(const struct node *node, int64_t rows, int64_t columns, const real *inner, int64_t inner_ld,
                        real *out) {
    real w = node->weight->rate * node->weight->scale * node->weight->scale;
    real b = node->bias->active ? node->bias->rate * node->bias->scale * node->bias->scale : 0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) out[i * columns + j] = w * inner[i * inner_ld + j] + b;
}

/* ntk += <w_a, w_b> * (rate_w s_w^2 <x_a, x_b> + rate_b s_b^2) (Novak et al. 2022, structured derivatives). */
static void ntk(const struct node *node, int64_t count, const struct operator_side *a, const struct operator_side *b,
                const real *inner, int64_t inner_ld, real *scratch, real *ntk_tile, int64_t ld) {
    int64_t fan_in = shape_size(node->in), fan_out = shape_size(node->out), columns = b->n * count;
    real *products = scratch, *weighed = scratch + a->n * count * columns;
    if (!inner) {
        la_gemm(LA_PLAIN, LA_TRANSPOSED, a->n, b->n, fan_in, 1, a->in, fan_in, b->in, fan_in, 0, weighed, b->n);
        inner = weighed;
        inner_ld = b->n;
    }
    weigh_inner(node, a->n, b->n, inner, inner_ld, weighed);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, a->n * count, columns, fan_out, 1, a->w, fan_out, b->w, fan_out, 0, products,
            columns);
    for (int64_t i = 0; i < a->n * count; i++) {
        const real *weight = weighed + i / count * b->n;
        for (int64_t j = 0; j < b->n; j++)
            for (int64_t c = 0; c < count; c++)
                ntk_tile[i * ld + j * count + c] += weight[j] * products[i * columns + j * count + c];
    }
}

static int64_t ntk_scratch(const struct node *node, int64_t count, int64_t na, int64_t nb) {
    (void)node;
    return na * nb * (count * count + 1);
}

static double ntk_flops(const struct node *node, int64_t count, int inner_is_known) {
    double inner = inner_is_known ? 0 : (double)shape_size(node->in);
    return 2 * ((double)(count * count) * (double)shape_size(node->out) + inner);
}

static double flops(const struct node *node, int64_t n) {
    return 2.0 * (double)n * (double)shape_size(node->in) * (double)shape_size(node->out);
}

const struct operator_kind dense_operator = {
    .name = "dense",
    .forward = forward,
    .jvp = jvp,
    .vjp_input = vjp_input,
    .vjp_parameters = vjp_parameters,
    .ntk = ntk,
    .ntk_scratch = ntk_scratch,
    .ntk_flops = ntk_flops,
    .head = weigh_inner,
    .flops = flops,
};
