/* The contract of one kind of operator. Each kind is one file with its faces in this order, entered in its header's
 * line below.
 *
 * No face allocates, fails or keeps state; an example's rows do not depend on its neighbours. Not collective. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include <stdbool.h>
#include "network.h"

/* What every face sees: n examples at theta, on the way back `count` cotangents each (rows: example, cotangent). */
struct pass {
    const struct network *network;
    const real *theta;
    real *const *value; /* value[v]: [n, size of v]; the node's own is there on the way back */
    real *const *kept;  /* kept[i]: node i's own from forward to the way back, [n, needs.kept] */
    int64_t n, count;
    real *work; /* scratch, needs.work */
};

/* Reals: kept of an example, scratch of any face. */
struct needs {
    int64_t kept, work;
};

struct operator_kind {
    const char *name;
    bool in_place; /* the backward pass may put its last result where the cotangent stands; is_added is false then.
                    * Never with weights: their gradient reads the cotangent afterwards */
    struct needs (*needs)(const struct node *node); /* NULL: nothing */
    /* out = O(in; theta) */
    void (*forward)(const struct node *node, const struct pass *pass, real *out);
    /* dout = dO/din din + dO/dtheta dtheta; din[value]; NULL, there and for dtheta, is zero */
    void (*jvp)(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout);
    /* cotangent of source s: din = (dO/din_s)' w, added to what is there where node->is_added[s]. NULL: nothing goes back
     * through it, and no cotangent of its value is asked for */
    void (*vjp)(const struct node *node, const struct pass *pass, int s, const real *w, real *din);
    /* multiply-adds times 2 of the forward pass of an example (NULL: none, but not with weights), and the part of them
     * that is really done (NULL: all) */
    double (*flops)(const struct node *node);
    double (*flops_taken)(const struct node *node);
    const struct share *share; /* what its weights add; NULL: it has none */
};

/* Some examples as a node sees them when its layer's share of the kernel is taken. */
struct side {
    const struct network *network;
    const struct node *node;
    int64_t n, count;
    const real *in;    /* [n, size(in)] */
    const real *w;     /* cotangents [n count, size(out)] */
    const real *theta; /* by gradients */
};

/* What a layer's weights add to gradients and kernels, node by node. R: rates, of each tensor.
 *
 * The empirical kernel's share of a layer is the sum over all pairs (p, q) of its nodes of <J_p' w, R J_q' w'>: by
 * pairs of places, each pair of nodes for itself, or by per-example gradients, J' w summed over the nodes. */
struct share {
    /* gradient += alpha R (dO/dtheta)' w */
    void (*gradient)(const struct node *node, const struct pass *pass, const real *w, real alpha, real *gradient);
    /* By pairs (NULL: always by gradients): ntk[p.n count, q.n count] (row length ld) += share of the nodes p and q. inner: in_p in_q' where it is
     * known already [p.n, q.n] (row length inner_ld), else NULL. */
    void (*pairs)(const struct side *p, const struct side *q, const real *inner, int64_t inner_ld, real *scratch,
                  real *ntk, int64_t ld);
    int64_t (*pairs_scratch)(const struct side *p, const struct side *q); /* reals that pairs takes */
    /* Multiply-adds times 2 for one example of p and one of q, all their cotangents. */
    double (*pairs_flops)(const struct node *p, const struct node *q, int64_t count, bool inner_is_known);
    /* By gradients: row (example, cotangent) of gradient[n count, each_size (to - from)] = the entries of R^(1/2)
     * (dO/dtheta)' w that belong to the output channels from .. to - 1, added to what is there where is_added.
     * is_whole: one channel has all of them. */
    void (*each)(const struct side *side, bool is_added, int64_t from, int64_t to, real *gradient, real *work);
    int64_t (*each_size)(const struct network *network, const struct node *node); /* numbers a channel */
    bool is_whole;
    /* How the output of the only reader of the inputs moves under gradient descent: d out = -eta weighed dL/dout, with
     * weighed[rows, columns] = rate_w s_w^2 inner + rate_b s_b^2 from inner products of inputs (row length inner_ld).
     * NULL: it does not move so. weighed = inner is allowed where inner_ld = columns. */
    void (*weigh)(const struct network *network, const struct node *node, int64_t rows, int64_t columns,
                  const real *inner, int64_t inner_ld, real *weighed);
};

static inline const real *pass_in(const struct pass *pass, const struct node *node, int s) {
    return pass->value[node->source[s]];
}
static inline real *pass_kept(const struct pass *pass, const struct node *node) { return pass->kept[node->value - 1]; }
/* The tangent of source s; NULL: it does not move. */
static inline const real *tangent_in(real *const *tangent, const struct node *node, int s) {
    return tangent[node->source[s]];
}
/* dout = 0 where nothing moves. */
static inline void tangent_clear(int64_t size, real *dout) {
    for (int64_t i = 0; i < size; i++) dout[i] = 0;
}
/* The backward pass of y = c x: din = c w (+ din); nothing is to be done where din is w and c is 1. */
static inline void pass_on(int64_t size, real c, const real *w, bool is_added, real *din) {
    if (din == w && c == 1) return;
    for (int64_t i = 0; i < size; i++) din[i] = c * w[i] + (is_added ? din[i] : 0);
}

#define dense_operator       REAL_NAME(dense_operator)
#define convolution_operator REAL_NAME(convolution_operator)
#define activation_operator  REAL_NAME(activation_operator)
#define pooling_operator     REAL_NAME(pooling_operator)
#define flatten_operator     REAL_NAME(flatten_operator)
#define sum_operator         REAL_NAME(sum_operator)
#define components_operator  REAL_NAME(components_operator)
#define prelu_operator       REAL_NAME(prelu_operator)
#define closed_operator      REAL_NAME(closed_operator)
#define rest_operator        REAL_NAME(rest_operator)
#define resolve_operator     REAL_NAME(resolve_operator)
extern const struct operator_kind dense_operator, convolution_operator, activation_operator, pooling_operator,
    flatten_operator, sum_operator, components_operator, prelu_operator, closed_operator, rest_operator,
    resolve_operator;

#endif
