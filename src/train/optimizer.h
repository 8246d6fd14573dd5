/* From a gradient to a step, of `n` parameters (the network's theta, or omega of its linearization).
 *
 *   sgd       p <- p - eta g
 *   momentum  v <- beta v - eta g, p <- p + v, that is p_{i+1} = p_i - eta g + beta (p_i - p_{i-1}), the heavy ball
 *             (Lee et al. 2019, S1; not Nesterov), v = 0 at first
 *   adam      m <- b1 m + (1 - b1) g, s <- b2 s + (1 - b2) g^2, p <- p - eta (m/(1 - b1^i))/(sqrt(s/(1 - b2^i)) + eps),
 *             i = 1, 2, ..; b1 = 0.9, b2 = 0.999, eps = 1e-8 (Kingma & Ba 2015)
 * with g = rate_t dL/dp. At a step eta is the largest rate times its share (rate_schedule.h). Of sgd the share is taken
 * by the gradient (model_gradient), so that sums of gradients are those of steps; of adam, and where it is clipped, by
 * the step. clip c: where |g| > c, of all parameters together, c g/|g| takes the place of g.
 * Not collective; cannot fail. */
#ifndef OPTIMIZER_H
#define OPTIMIZER_H

#include <stdbool.h>
#include "arena.h"
#include "config.h"
#include "real.h"
#include "state.h"

#define optimizer_create REAL_NAME(optimizer_create)
#define optimizer_start  REAL_NAME(optimizer_start)
#define optimizer_target REAL_NAME(optimizer_target)
#define optimizer_alpha  REAL_NAME(optimizer_alpha)
#define optimizer_apply  REAL_NAME(optimizer_apply)
#define optimizer_arrays REAL_NAME(optimizer_arrays)
#define optimizer_state  REAL_NAME(optimizer_state)

/* How a point is trained, network and linearization alike. */
struct descent {
    enum loss loss;
    enum optimizer_kind optimizer;
    real eta, momentum; /* eta: the largest. Sums of gradients are taken at it (sample_space.h, linear.h) */
    real clip;          /* 0: none */
    real contraction; /* the network's equilibria are held to it after every step (network_contract); 0: they are not */
};

struct optimizer {
    struct descent descent;
    int64_t from, n;     /* parameters from .. n-1 are trained */
    real share;          /* of eta, at the present step: 1 at first, set before the gradient is taken */
    real *gathered;      /* [n] -eta g (adam, clipped: g), while it is summed; NULL: parameters are changed in place */
    real *velocity;      /* [n] momentum */
    real *mean, *square; /* [n] adam */
    double steps;        /* taken */
};

/* gathers: gradients come in several pieces. Plain sgd in one piece needs no memory. Lays out (a counting arena: sizes
 * only). */
void optimizer_create(const struct descent *descent, int64_t from, int64_t n, bool gathers, struct arena *arena,
                      struct optimizer *optimizer);
/* Begins anew at this rate. */
void optimizer_start(real eta, struct optimizer *optimizer);
/* Where alpha g of the present step is to be added, piece after piece, in an array of n: cleared here, or `parameters`
 * themselves. */
real *optimizer_target(struct optimizer *optimizer, real *parameters);
/* Does a step take the gradient as it is, to take its share of eta later? */
static inline bool optimizer_takes_gradient(const struct descent *descent) {
    return descent->optimizer == OPTIMIZER_ADAM || descent->clip > 0;
}
/* -eta, or 1 where it takes the gradient as it is. */
real optimizer_alpha(const struct optimizer *optimizer);
/* The step itself, after all pieces. */
void optimizer_apply(struct optimizer *optimizer, real *parameters);
/* Arrays that it keeps of each parameter, with the parameters themselves. */
int optimizer_arrays(const struct descent *descent);
/* Adds the parameters and what else outlives a step. names: of parameters, velocity, mean, square, steps. */
void optimizer_state(struct optimizer *optimizer, real *parameters, const char *const names[5], struct state *state);

#endif
