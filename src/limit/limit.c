#include "limit.h"

#include "activation.h"
#include "filtering.h"
#include "operator.h"
#include "panic.h"

/* ---- weights: K <- sigma_w2 K + sigma_b2, Theta <- K + sigma_w2 Theta. Of images K and Theta are first means over the window, of
 * whose pixels those outside the image are 0. ---- */

static void dense(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                  struct covariance *out) {
    (void)node;
    if (in[0]->k != out->k) covariance_copy(in[0], out);
    covariance_affine(at->sigma_w2, at->sigma_b2, out);
}

static void convolution(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                        struct covariance *out) {
    const struct filtering *f = node->form;
    covariance_windows(f->size, f->stride, in[0], at->scratch, out);
    covariance_affine(at->sigma_w2 / (double)(f->size * f->size), at->sigma_b2, out);
}

static int64_t convolution_stride(const struct node *node) { return ((const struct filtering *)node->form)->stride; }

/* ---- activations: K <- T(K), Theta <- Theta Tdot(K) ---- */

static struct dual activation_dual(const struct node *node, int64_t count, const double *variance,
                                   struct arena *arena) {
    return dual_prepare(
        (enum activation_kind)((const struct activation *)node->form - activation_of((enum activation_kind)0)), count,
        variance, arena);
}

static void activation(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                       struct covariance *out) {
    (void)node;
    if (in[0]->k != out->k) covariance_copy(in[0], out);
    dual_run(at->dual, at->own, at->other, &at->pairs, out->k, out->theta);
}

/* ---- a sum of branches: their weights are independent, so their kernels add up ---- */

static void sum(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                struct covariance *out) {
    (void)at;
    CHECK(*(const double *)node->form == 1);
    int other = in[1]->k == out->k ? 0 : 1;
    if (in[1 - other]->k != out->k) covariance_copy(in[1 - other], out);
    covariance_add(in[other], out);
}

/* ---- pooling: the mean over p in window P and q in window Q = P + D. For windows of a x b pixels these are the displacements
 * (a D + e) with |e| < a, in each direction. ---- */

static int64_t window_rows(const struct node *node) { return node->in.rows / node->out.rows; }
static int64_t window_columns(const struct node *node) { return node->in.columns / node->out.columns; }

static void pooling(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                    struct covariance *out) {
    int64_t rows = window_rows(node), columns = window_columns(node), pixels = rows * columns;
    covariance_pool(rows, columns, 1 / (double)(pixels * pixels), in[0], at->scratch, out);
}

static bool pooling_gather(const struct node *node, int64_t n, struct displacement out, struct displacement *in) {
    int64_t rows = window_rows(node), columns = window_columns(node), across = 2 * columns - 1;
    in->row = rows * out.row + n / across - (rows - 1);
    in->column = columns * out.column + n % across - (columns - 1);
    return n < (2 * rows - 1) * across;
}

/* ---- flattening: the mean over all pixels of each with itself, d = 0: one window ---- */

static void flatten(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                    struct covariance *out) {
    covariance_pool(node->in.rows, node->in.columns, 1 / (double)(node->in.rows * node->in.columns), in[0], at->scratch,
                    out);
}

static bool flatten_gather(const struct node *node, int64_t n, struct displacement out, struct displacement *in) {
    (void)node, (void)out;
    *in = (struct displacement){0, 0};
    return n == 0;
}

static const struct limit LIMITS[] = {
    {&dense_operator, dense, true, NULL, NULL, NULL},
    {&convolution_operator, convolution, false, convolution_stride, NULL, NULL},
    {&activation_operator, activation, true, NULL, NULL, activation_dual},
    {&sum_operator, sum, true, NULL, NULL, NULL},
    {&pooling_operator, pooling, false, NULL, pooling_gather, NULL},
    {&flatten_operator, flatten, false, NULL, flatten_gather, NULL},
};

const struct limit *limit_of(const struct node *node) {
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        if (LIMITS[i].kind == node->kind) return &LIMITS[i];
    panic(__FILE__, __LINE__, "an operator without a limit");
}
