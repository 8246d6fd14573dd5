/* The convolution h = s_w x * W + s_b b on images, W [ky, kx, in, out], b [1, 1, 1, out], s_w = sigma_w/sqrt(in ky
 * kx), s_b = sigma_b (NTK parameterization, Lee et al. 2019, Table S1) or 1 (standard); zero padding "same", stride 1
 * or more. Its form is a filtering. */
#include <math.h>

#include "filtering.h"
#include "matrix.h"
#include "operator.h"

static const struct filtering *filtering_of(const struct node *node) { return node->form; }
static int64_t places(const struct node *node) { return node->out.rows * node->out.columns; }
static int64_t pixels(const struct node *node) { return node->in.rows * node->in.columns; }

static struct filtering_weights weights_at(const struct node *node, const struct pass *pass, const real *theta) {
    const struct tensor *weight = node_weight(pass->network, node), *bias = node_bias(pass->network, node);
    return (struct filtering_weights){.scale = weight->scale,
                                      .filter = theta + weight->offset,
                                      .bias_scale = bias->scale,
                                      .bias = bias->is_active ? theta + bias->offset : NULL};
}

/* h = s_b b + s_w x * W */
static void forward(const struct node *node, const struct pass *pass, real *out) {
    const struct filtering_weights weights = weights_at(node, pass, pass->theta);
    const struct filtering *f = filtering_of(node);
    f->way->forward(f, pass->n, &weights, pass_in(pass, node, 0), 0, out, pass->work);
}

/* dh = s_b db + s_w (x * dW + dx * W) */
static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    struct pass along = *pass;
    along.theta = dtheta;
    const real *dx = tangent_in(din, node, 0);
    if (dtheta) forward(node, &along, dout);
    struct filtering_weights weights = weights_at(node, pass, pass->theta);
    weights.bias = NULL;
    const struct filtering *f = filtering_of(node);
    if (dx) f->way->forward(f, pass->n, &weights, dx, dtheta != NULL, dout, pass->work);
    if (!dtheta && !dx) tangent_clear(pass->n * shape_size(node->out), dout);
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    const struct filtering_weights weights = weights_at(node, pass, pass->theta);
    const struct filtering *f = filtering_of(node);
    f->way->input(f, pass->n * pass->count, &weights, w, node->is_added[s], din, pass->work);
}

static struct needs needs(const struct node *node) {
    return (struct needs){.work = filtering_of(node)->way->work(filtering_of(node))};
}

static double flops(const struct node *node) {
    int64_t window = filtering_of(node)->size * filtering_of(node)->size;
    return 2.0 * (double)shape_size(node->out) * (double)node->in.channels * (double)window;
}

static double flops_taken(const struct node *node) { return filtering_of(node)->way->work_ratio(filtering_of(node)); }

/* ---- what its weights add ---- */

static void gradient(const struct node *node, const struct pass *pass, const real *w, real alpha, real *sum) {
    const struct filtering *f = filtering_of(node);
    const struct tensor *weight = node_weight(pass->network, node), *bias = node_bias(pass->network, node);
    f->way->filter(f, pass->n, alpha * weight->rate * weight->scale, pass_in(pass, node, 0), w, sum + weight->offset,
                   pass->work);
    if (bias->is_active)
        la_add_columns(pass->n * places(node), node->out.channels, alpha * bias->rate * bias->scale, w,
                       node->out.channels, sum + bias->offset);
}

/* ---- by per-example gradients ---- */

static int64_t each_size(const struct network *network, const struct node *node) {
    const struct filtering *f = filtering_of(node);
    return f->size * f->size * f->in + node_bias(network, node)->is_active;
}

static void each(const struct side *side, bool is_added, int64_t from, int64_t to, real *gradients, real *work) {
    const struct node *node = side->node;
    const struct filtering *f = filtering_of(node);
    const struct tensor *weight = node_weight(side->network, node), *bias = node_bias(side->network, node);
    int64_t ld = each_size(side->network, node) * (to - from), filter = ld - bias->is_active * (to - from);
    const struct filtering_each rows = {side->n, side->count, from, to, ld, is_added};
    f->way->filter_each(f, &rows, weight->scale * (real)sqrt((double)weight->rate), side->in, side->w, gradients, work);
    real scale = bias->scale * (real)sqrt((double)bias->rate);
    for (int64_t row = 0; bias->is_active && row < side->n * side->count; row++) {
        real *sum = gradients + row * ld + filter;
        for (int64_t j = 0; !is_added && j < to - from; j++) sum[j] = 0;
        la_add_columns(places(node), to - from, scale, side->w + row * shape_size(node->out) + from, node->out.channels,
                       sum);
    }
}

/* ---- by pairs of positions ---- */

/* <x, x'> at pixels that are `row`, `column` away from a pixel of x, summed over the window, where both are inside. */
static real sum_window(const struct filtering *p, const struct filtering *q, int64_t at_p, int64_t at_q,
                       const real *pixel) {
    int64_t reach = (p->size - 1) / 2, ld = q->rows * q->columns;
    int64_t pr = at_p / p->out_columns * p->stride, pc = at_p % p->out_columns * p->stride;
    int64_t qr = at_q / q->out_columns * q->stride, qc = at_q % q->out_columns * q->stride;
    real sum = 0;
    for (int64_t u = -reach; u <= reach; u++) {
        if (pr + u < 0 || pr + u >= p->rows || qr + u < 0 || qr + u >= q->rows) continue;
        for (int64_t v = -reach; v <= reach; v++) {
            if (pc + v < 0 || pc + v >= p->columns || qc + v < 0 || qc + v >= q->columns) continue;
            sum += pixel[((pr + u) * p->columns + pc + v) * ld + (qr + u) * q->columns + qc + v];
        }
    }
    return sum;
}

/* patch[a, b] = rate_w s_w^2 <patch of x at a, patch of x' at b> + rate_b s_b^2 from pixel [pixels, pixels'], <x,
 * x'>. */
static void weigh_patches(const struct side *p, const struct side *q, const real *pixel, real *patch) {
    const struct tensor *weight = node_weight(p->network, p->node), *bias = node_bias(p->network, p->node);
    real w = weight->rate * weight->scale * weight->scale;
    real b = bias->is_active ? bias->rate * bias->scale * bias->scale : 0;
    int64_t rows = places(p->node), columns = places(q->node);
    for (int64_t i = 0; i < rows * columns; i++)
        patch[i] = w * sum_window(filtering_of(p->node), filtering_of(q->node), i / columns, i % columns, pixel) + b;
}

/* sum over positions a, b of <w at a, w' at b> patch[a, b] */
static real contract(const struct side *p, const struct side *q, int64_t row, int64_t column, const real *patch,
                     real *product) {
    int64_t rows = places(p->node), columns = places(q->node), channels = p->node->out.channels;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, rows, columns, channels, 1, p->w + row * rows * channels, channels,
            q->w + column * columns * channels, channels, 0, product, columns);
    return (real)la_dot(rows * columns, patch, product);
}

static void pairs(const struct side *p, const struct side *q, const real *inner, int64_t inner_ld, real *scratch,
                  real *ntk, int64_t ld) {
    (void)inner, (void)inner_ld;
    int64_t rows = pixels(p->node), columns = pixels(q->node), channels = p->node->in.channels, count = p->count;
    real *pixel = scratch, *patch = pixel + rows * columns, *product = patch + places(p->node) * places(q->node);
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = 0; j < q->n; j++) {
            la_gemm(LA_PLAIN, LA_TRANSPOSED, rows, columns, channels, 1, p->in + i * rows * channels, channels,
                    q->in + j * columns * channels, channels, 0, pixel, columns);
            weigh_patches(p, q, pixel, patch);
            for (int64_t c = 0; c < count * count; c++) {
                int64_t row = i * count + c / count, column = j * count + c % count;
                ntk[row * ld + column] += contract(p, q, row, column, patch, product);
            }
        }
}

static int64_t pairs_scratch(const struct side *p, const struct side *q) {
    return pixels(p->node) * pixels(q->node) + 2 * places(p->node) * places(q->node);
}

static double pairs_flops(const struct node *p, const struct node *q, int64_t count, bool inner_is_known) {
    (void)inner_is_known;
    double in = (double)pixels(p) * (double)pixels(q), out = (double)places(p) * (double)places(q);
    double window = (double)(filtering_of(p)->size * filtering_of(p)->size);
    return 2 * (in * (double)p->in.channels + out * window) +
           2 * (double)(count * count) * out * (double)p->out.channels;
}

static const struct share share = {
    .gradient = gradient,
    .pairs = pairs,
    .pairs_scratch = pairs_scratch,
    .pairs_flops = pairs_flops,
    .each = each,
    .each_size = each_size,
};

const struct operator_kind convolution_operator = {
    .name = "convolution",
    .needs = needs,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
    .flops = flops,
    .flops_taken = flops_taken,
    .share = &share,
};
