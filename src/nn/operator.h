/* The contract of one kind of operator. Each kind is one file with its faces in this order, entered in its header's line below.
 *
 * n examples; `in[s]` the values of its sources, `out` its own. Rows of cotangents are (example, cotangent), `count` a
 * row of examples. No face allocates, fails or keeps state. Not collective. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "dual.h"
#include "network.h"

/* Some examples as an operator sees them when its share of the kernel is taken. */
struct operator_side {
    int64_t n;
    const real *in; /* [n, size(in)] */
    const real *w;  /* cotangents [n count, size(out)] */
};

struct operator_kind {
    const char *name;
    int in_place; /* the backward pass may put its result where the cotangent stands */
    /* out = O(in; theta) */
    void (*forward)(const struct operator* op, const real *theta, int64_t n, const real *const in[SOURCES], real *out);
    /* dout = dO/din din + dO/dtheta dtheta; din[s] NULL is zero */
    void (*jvp)(const struct operator* op, const real *theta, const real *dtheta, int64_t n,
                const real *const in[SOURCES], const real *const din[SOURCES], const real *out, real *dout);
    /* cotangent of source s: din = beta din + (dO/din_s)' w, `count` cotangents for each example */
    void (*vjp_input)(const struct operator* op, int s, const real *theta, int64_t n, int64_t count,
                      const real *const in[SOURCES], const real *out, const real *w, real beta, real *din);
    /* gradient += alpha rate_t (dO/dtheta_t)' w for each of its tensors t; NULL: it has none */
    void (*vjp_parameters)(const struct operator* op, int64_t n, const real *const in[SOURCES], const real *w,
                           real alpha, real *gradient);
    /* its share of the empirical kernel between examples a and b, `count` cotangents for each:
     * ntk[na count, nb count] (row length ld) += sum_t rate_t <(dO/dtheta_t)' w_a, (dO/dtheta_t)' w_b>.
     * inner: in_a in_b' where it is known already [na, nb] (row length inner_ld), else NULL. scratch: ntk_scratch reals. */
    void (*ntk)(const struct operator* op, int64_t count, const struct operator_side *a, const struct operator_side *b,
                const real *inner, int64_t inner_ld, real *scratch, real *ntk, int64_t ld);
    int64_t (*ntk_scratch)(const struct operator* op, int64_t count, int64_t na, int64_t nb);
    /* how its output moves under gradient descent where it reads the inputs: d out = -eta head dL/dout, with
     * head[rows, columns] = rate_w s_w^2 inner + rate_b s_b^2 from inner products of inputs (row length inner_ld). NULL: not such
     * an operator. head = inner is allowed where inner_ld = columns. */
    void (*head)(const struct operator* op, int64_t rows, int64_t columns, const real *inner, int64_t inner_ld,
                 real *head);
    /* infinite width, one row of point pairs at a time: k, theta [columns] of point i with points 0 .. columns-1, in place.
     * `dual` is what infinite_diagonal made. variance[points]: K(x, x), in place. */
    void (*infinite_diagonal)(const struct operator* op, const struct network *network, int64_t points,
                              double *variance, struct arena *arena, struct dual *dual);
    void (*infinite_row)(const struct network *network, const struct dual *dual, int64_t i, int64_t columns, double *k,
                         double *theta);
    /* multiply-adds times 2 of the forward pass */
    double (*flops)(const struct operator* op, int64_t n);
};

#define dense_operator      REAL_NAME(dense_operator)
#define activation_operator REAL_NAME(activation_operator)
extern const struct operator_kind dense_operator, activation_operator;

#endif
