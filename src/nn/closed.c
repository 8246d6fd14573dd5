/* The flow of closed.h from x to f: w1 = s_w W, w2 = s_b b of a layer [1, 1], or of none (example 3). */
#include "closed.h"

#include <math.h>

#include "operator.h"

static double parameter(const struct tensor *tensor, const real *theta) {
    return tensor->is_active ? (double)tensor->scale * (double)theta[tensor->offset] : 0;
}

static struct flow flow_at(const struct network *network, const struct node *node, const real *theta, real x) {
    bool has_layer = node->layer != NONE;
    double w1 = has_layer ? parameter(node_weight(network, node), theta) : 0;
    double w2 = has_layer ? parameter(node_bias(network, node), theta) : 0;
    return closed_flow(node->form, (double)x, w1, w2);
}

static struct flow flow_in(const struct node *node, const struct pass *pass, int64_t i) {
    return flow_at(pass->network, node, pass->theta, pass_in(pass, node, 0)[i]);
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    for (int64_t i = 0; i < pass->n; i++) out[i] = (real)flow_in(node, pass, i).f;
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    const real *dx = tangent_in(din, node, 0);
    bool moves = dtheta && node->layer != NONE;
    double dw1 = moves ? parameter(node_weight(pass->network, node), dtheta) : 0;
    double dw2 = moves ? parameter(node_bias(pass->network, node), dtheta) : 0;
    for (int64_t i = 0; i < pass->n; i++) {
        struct flow flow = flow_in(node, pass, i);
        dout[i] = (real)(flow.x * (dx ? (double)dx[i] : 0) + flow.w1 * dw1 + flow.w2 * dw2);
    }
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    for (int64_t row = 0; row < pass->n * pass->count; row++)
        pass_on(1, (real)flow_in(node, pass, row / pass->count).x, w + row, node->is_added[s], din + row);
}

/* About: divisions, roots and exponentials count too. */
static double flops(const struct node *node) {
    (void)node;
    return 100;
}

/* ---- what its parameters add ---- */

static void gradient(const struct node *node, const struct pass *pass, const real *w, real alpha, real *sum) {
    const struct tensor *weight = node_weight(pass->network, node), *bias = node_bias(pass->network, node);
    double by_weight = 0, by_bias = 0;
    for (int64_t i = 0; i < pass->n; i++) {
        struct flow flow = flow_in(node, pass, i);
        by_weight += flow.w1 * (double)w[i];
        by_bias += flow.w2 * (double)w[i];
    }
    sum[weight->offset] += alpha * weight->rate * weight->scale * (real)by_weight;
    if (bias->is_active) sum[bias->offset] += alpha * bias->rate * bias->scale * (real)by_bias;
}

static int64_t each_size(const struct network *network, const struct node *node) {
    return 1 + node_bias(network, node)->is_active;
}

static void each(const struct side *side, bool is_added, int64_t from, int64_t to, real *gradients, real *work) {
    (void)from, (void)to, (void)work;
    const struct tensor *weight = node_weight(side->network, side->node), *bias = node_bias(side->network, side->node);
    double w_scale = (double)weight->scale * sqrt((double)weight->rate);
    double b_scale = (double)bias->scale * sqrt((double)bias->rate);
    int64_t size = each_size(side->network, side->node);
    for (int64_t row = 0; row < side->n * side->count; row++) {
        struct flow flow = flow_at(side->network, side->node, side->theta, side->in[row / side->count]);
        real *out = gradients + row * size;
        pass_on(1, (real)(w_scale * flow.w1), side->w + row, is_added, out);
        if (size > 1) pass_on(1, (real)(b_scale * flow.w2), side->w + row, is_added, out + 1);
    }
}

static const struct share share = {.gradient = gradient, .each = each, .each_size = each_size};

const struct operator_kind closed_operator = {
    .name = "closed",
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
    .flops = flops,
    .share = &share,
};
