/* Activations: a file each, nn/activation_NAME.c, with its row, activation_NAME; their list: spec/activation_list.h. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stddef.h>
#include "activation_dual.h"
#include "activation_list.h"
#include "config.h"
#include "vector.h"

/* in = out and d = w are allowed. What is not finite stays seen: phi(NaN) is NaN, and so is what would turn a network
 * that has blown up back into numbers, as phi(-inf) of relu and phi(+-inf) of erf and tanh. An element has the same
 * bits wherever it stands in an array. */
struct activation {
    /* x[i] = phi(h[i]); slope: network.slope, of those that have one */
    void (*map)(int64_t n, real slope, const real *h, real *x);
    /* d[i] = phi'(h[i]) w[i], x = phi(h) is there */
    void (*backward)(int64_t n, real slope, const real *h, const real *x, const real *w, real *d);
    const struct activation_dual *dual; /* at infinite width */
};

/* Of a node: its row, and the slope. */
struct activation_form {
    const struct activation *activation;
    real slope;
};

struct node;
struct pass;
/* The passes of an operator that is phi, operator.h. */
#define activation_forward REAL_NAME(activation_forward)
#define activation_jvp     REAL_NAME(activation_jvp)
#define activation_vjp     REAL_NAME(activation_vjp)
void activation_forward(struct activation_form phi, const struct node *node, const struct pass *pass, real *out);
void activation_jvp(struct activation_form phi, const struct node *node, const struct pass *pass, real *const *din,
                    real *dout);
void activation_vjp(struct activation_form phi, const struct node *node, const struct pass *pass, int s, const real *w,
                    real *din);

#define activation_of REAL_NAME(activation_of)
const struct activation *activation_of(enum activation_kind kind);
/* What a config asks for; prelu as it begins. */
#define activation_at_first REAL_NAME(activation_at_first)
struct activation_form activation_at_first(const struct config *config);

#define ACTIVATION_DECLARED(NAME, name) extern const struct activation REAL_NAME(activation_##name);
ACTIVATION_LIST(ACTIVATION_DECLARED)
#undef ACTIVATION_DECLARED

#endif
