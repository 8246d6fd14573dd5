/* prelu: x = h for h > 0, else a h, where the slope a is learned: the weight [1] of a layer whose bias is empty (He et
 * al. 2015). */
#include "activation.h"
#include "operator.h"

static struct activation_form leaky(const struct node *node, const struct pass *pass) {
    return (struct activation_form){activation_of(ACTIVATION_LEAKY_RELU),
                                    pass->theta[node_weight(pass->network, node)->offset]};
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    activation_forward(leaky(node, pass), node, pass, out);
}

/* dx/da */
static real below(real h) { return h > 0 ? 0 : h; }

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    const real *h = pass_in(pass, node, 0);
    activation_jvp(leaky(node, pass), node, pass, din, dout);
    real da = dtheta ? dtheta[node_weight(pass->network, node)->offset] : 0;
    for (int64_t i = 0; i < pass->n * shape_size(node->in); i++) dout[i] += da * below(h[i]);
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    activation_vjp(leaky(node, pass), node, pass, s, w, din);
}

static double flops(const struct node *node) { return 2 * (double)shape_size(node->in); }

/* ---- what its slope adds ---- */

static double along(int64_t size, const real *h, const real *w) {
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += (double)below(h[i]) * (double)w[i];
    return sum;
}

static void gradient(const struct node *node, const struct pass *pass, const real *w, real alpha, real *sum) {
    int64_t size = pass->n * shape_size(node->in);
    sum[node_weight(pass->network, node)->offset] += alpha * (real)along(size, pass_in(pass, node, 0), w);
}

static int64_t each_size(const struct network *network, const struct node *node) {
    (void)network, (void)node;
    return 1;
}

static void each(const struct side *side, bool is_added, int64_t from, int64_t to, real *gradients, real *work) {
    (void)from, (void)to, (void)work;
    int64_t size = shape_size(side->node->in);
    for (int64_t row = 0; row < side->n * side->count; row++)
        gradients[row] = (real)along(size, side->in + row / side->count * size, side->w + row * size) +
                         (is_added ? gradients[row] : 0);
}

static const struct share share = {.gradient = gradient, .each = each, .each_size = each_size, .is_whole = true};

const struct operator_kind prelu_operator = {
    .name = "prelu",
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
    .flops = flops,
    .share = &share,
};
