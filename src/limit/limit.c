#include "limit.h"

#include <stdio.h>

#include "activation.h"
#include "filtering.h"
#include "operator.h"

double limit_coefficient(const struct node *node, int s) { return (double)((const real *)node->form)[s]; }

static const struct activation_form *form_of(const struct node *node) { return node->form; }

enum activation_kind limit_activation(const struct node *node) {
    int kind = 0;
    while (activation_of((enum activation_kind)kind) != form_of(node)->activation) kind++;
    return (enum activation_kind)kind;
}

real limit_slope(const struct node *node) { return form_of(node)->slope; }

bool limit_is_linear(const struct node *node) { return form_of(node)->activation->dual->is_linear; }

const char *limit_name(const struct network *network, int value, char text[LIMIT_NAME]) {
    if (value == 0) return "the input";
    const struct node *node = &network->node[value - 1];
    if (node->layer != NONE)
        snprintf(text, LIMIT_NAME, "%s", network->layer[node->layer].name);
    else
        snprintf(text, LIMIT_NAME, "%s, operator %d", node->kind->name, value);
    return text;
}

/* ---- weights ---- */

static struct covariance_layer dense(const struct network *network, const struct node *node) {
    return (struct covariance_layer){1, 1, node_weight(network, node)->variance, node_bias(network, node)->variance};
}

static struct covariance_layer convolution(const struct network *network, const struct node *node) {
    const struct filtering *f = node->form;
    return (struct covariance_layer){f->size, f->stride,
                                     node_weight(network, node)->variance / (double)(f->size * f->size),
                                     node_bias(network, node)->variance};
}

static int64_t convolution_stride(const struct node *node) { return ((const struct filtering *)node->form)->stride; }
static int64_t convolution_reach(const struct node *node) {
    return (((const struct filtering *)node->form)->size - 1) / 2;
}

/* ---- pooling: the mean over p in window P and q in window Q = P + D. For windows of a x b pixels these are the
 * displacements (a D + e) with |e| < a, in each direction. ---- */

static int64_t window_rows(const struct node *node) { return node->in.rows / node->out.rows; }
static int64_t window_columns(const struct node *node) { return node->in.columns / node->out.columns; }

static void pooling(const struct node *node, const struct covariance *in, real *scratch, const struct covariance *out,
                    double *sums) {
    int64_t rows = window_rows(node), columns = window_columns(node), pixels = rows * columns;
    covariance_pool(rows, columns, 1 / (double)(pixels * pixels), in, scratch, out, sums);
}

static bool pooling_gather(const struct node *node, int64_t n, struct displacement out, struct displacement *in) {
    int64_t rows = window_rows(node), columns = window_columns(node), across = 2 * columns - 1;
    in->row = rows * out.row + n / across - (rows - 1);
    in->column = columns * out.column + n % across - (columns - 1);
    return n < (2 * rows - 1) * across;
}

/* ---- flattening: the mean over all pixels of each with itself, d = 0: one window ---- */

static void flatten(const struct node *node, const struct covariance *in, real *scratch, const struct covariance *out,
                    double *sums) {
    covariance_pool(node->in.rows, node->in.columns, 1 / (double)(node->in.rows * node->in.columns), in, scratch, out,
                    sums);
}

static bool flatten_gather(const struct node *node, int64_t n, struct displacement out, struct displacement *in) {
    (void)node, (void)out;
    *in = (struct displacement){0, 0};
    return n == 0;
}

static const struct limit LIMITS[] = {
    {.kind = &dense_operator, .role = LIMIT_WEIGHTS, .in_place = true, .layer = dense},
    {.kind = &convolution_operator,
     .role = LIMIT_WEIGHTS,
     .layer = convolution,
     .stride = convolution_stride,
     .reach = convolution_reach},
    {.kind = &activation_operator, .role = LIMIT_ACTIVATION, .in_place = true},
    {.kind = &sum_operator, .role = LIMIT_SUM, .in_place = true},
    {.kind = &pooling_operator, .role = LIMIT_POOLING, .pool = pooling, .gather = pooling_gather},
    {.kind = &flatten_operator, .role = LIMIT_POOLING, .pool = flatten, .gather = flatten_gather},
};

const struct limit *limit_of(const struct node *node) {
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        if (LIMITS[i].kind == node->kind) return &LIMITS[i];
    return NULL;
}
