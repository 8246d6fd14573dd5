/* The contract of one kind of operator. Each kind is one file with its faces in this order, entered in its header's line below.
 *
 * n examples; `in[s]` the values of its sources, `out` its own. Rows of cotangents are (example, cotangent), `count` a
 * row of examples. No face allocates, fails or keeps state. Not collective. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "network.h"

/* Some examples as an operator sees them when its share of the kernel is taken pair by pair. */
struct operator_side {
    int64_t n;
    const real *in; /* [n, size(in)] */
    const real *w;  /* cotangents [n count, size(out)] */
};

struct operator_kind {
    const char *name;
    int in_place; /* the backward pass may put its result where the cotangent stands; beta is 0 then */
    /* out = O(in; theta) */
    void (*forward)(const struct node *node, const real *theta, int64_t n, const real *const in[SOURCES], real *out,
                    real *work);
    /* dout = dO/din din + dO/dtheta dtheta; din[s] NULL is zero */
    void (*jvp)(const struct node *node, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout, real *work);
    /* cotangent of source s: din = beta din + (dO/din_s)' w, `count` cotangents for each example */
    void (*vjp_input)(const struct node *node, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din, real *work);
    /* gradient += alpha rate_t (dO/dtheta_t)' w for each of its tensors t; NULL: it has none */
    void (*vjp_parameters)(const struct node *node, int64_t n, const real *const in[SOURCES], const real *w, real alpha,
                           real *gradient, real *work);
    /* reals of scratch `work` for the faces above and for gradients; NULL: none */
    int64_t (*work)(const struct node *node);

    /* Its share of the empirical kernel between examples a and b, `count` cotangents for each:
     *     ntk[na count, nb count] (row length ld) += sum_t rate_t <(dO/dtheta_t)' w_a, (dO/dtheta_t)' w_b>,
     * in one or both of two forms; the kernel takes the one with fewer flops. Pairs of places:
     * inner: in_a in_b' where it is known already [na, nb] (row length inner_ld), else NULL. scratch: ntk_scratch reals.
     * ntk_flops: of a pair of examples. NULL: it has no tensors. */
    void (*ntk)(const struct node *node, int64_t count, const struct operator_side *a, const struct operator_side *b,
                const real *inner, int64_t inner_ld, real *scratch, real *ntk, int64_t ld);
    int64_t (*ntk_scratch)(const struct node *node, int64_t count, int64_t na, int64_t nb);
    double (*ntk_flops)(const struct node *node, int64_t count, int inner_is_known);
    /* Or per-example gradients: row (example, cotangent) of gradient[n count, gradient_size (to - from)] has the entries of
     * sqrt(rate_t) (dO/dtheta_t)' w that belong to the output channels from .. to - 1. NULL: pairs only. */
    void (*gradients)(const struct node *node, int64_t count, const struct operator_side *side, int64_t from,
                      int64_t to, real *gradient, real *work);
    int64_t (*gradient_size)(const struct node *node); /* numbers a channel */
    /* how its output moves under gradient descent where it reads the inputs: d out = -eta head dL/dout, with
     * head[rows, columns] = rate_w s_w^2 inner + rate_b s_b^2 from inner products of inputs (row length inner_ld). NULL: not such
     * an operator. head = inner is allowed where inner_ld = columns. */
    void (*head)(const struct node *node, int64_t rows, int64_t columns, const real *inner, int64_t inner_ld,
                 real *head);
    /* multiply-adds times 2 of the forward pass; NULL: none */
    double (*flops)(const struct node *node, int64_t n);
};

/* The backward pass of y = x: din = w + beta din; nothing is to be done where din is w. */
static inline void operator_pass_on(int64_t size, const real *w, real beta, real *din) {
    if (din == w) return;
    for (int64_t i = 0; i < size; i++) din[i] = w[i] + (beta == 0 ? 0 : beta * din[i]);
}

#define dense_operator       REAL_NAME(dense_operator)
#define convolution_operator REAL_NAME(convolution_operator)
#define activation_operator  REAL_NAME(activation_operator)
#define pooling_operator     REAL_NAME(pooling_operator)
#define flatten_operator     REAL_NAME(flatten_operator)
#define join_operator        REAL_NAME(join_operator)
extern const struct operator_kind dense_operator, convolution_operator, activation_operator, pooling_operator,
    flatten_operator, join_operator;

#endif
