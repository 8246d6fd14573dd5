/* Full-batch gradient descent of a network: theta <- theta - eta rate_t dL/dtheta_t.
 *
 * The points go through in chunks (points_chunk). With one chunk trainer_forward keeps the activations and trainer_step
 * goes back through them, changing theta in place. With several, trainer_forward also takes each chunk back, adding up
 * the step, and trainer_step applies it.
 *
 * Where the first operator is linear in its weights and there are fewer examples than inputs, it is kept in sample space:
 * its outputs on all points move by exactly -eta H delta, H = rate_w s_w^2 X_all X' + rate_b s_b^2, delta = dL/dh on the
 * training points (design: "work that the mathematics makes unnecessary"). Its weights then wait for
 * trainer_settle. Not collective; cannot fail. */
#ifndef TRAINER_H
#define TRAINER_H

#include "points.h"

#define trainer_create         REAL_NAME(trainer_create)
#define trainer_start          REAL_NAME(trainer_start)
#define trainer_forward        REAL_NAME(trainer_forward)
#define trainer_test           REAL_NAME(trainer_test)
#define trainer_step           REAL_NAME(trainer_step)
#define trainer_settle         REAL_NAME(trainer_settle)
#define trainer_layer_distance REAL_NAME(trainer_layer_distance)
#define trainer_step_flops     REAL_NAME(trainer_step_flops)
#define trainer_test_flops     REAL_NAME(trainer_test_flops)
#define trainer_keeps_head     REAL_NAME(trainer_keeps_head)

struct trainer {
    const struct network *network;
    const struct points *points;
    real eta;
    real *theta; /* lent; the first operator's tensors are old until trainer_settle where it is kept in sample space */
    int first;   /* 0; or 1: the first operator is kept in sample space */
    int64_t chunk, test_chunk; /* points at once */
    real *step;                /* several chunks: -eta rate_t dL/dtheta_t [theta], set by trainer_forward; else NULL */
    real *head;                /* H [train + test, train] */
    real *h;                   /* its outputs [train + test, size]: training rows are live, test rows as they began */
    real *delta;               /* [train, size], of this step: with one chunk where the backward pass leaves it */
    real *delta_sum;           /* sum of delta over steps [train, size] */
    struct tape tape;          /* rows: the larger chunk */
    struct cotape cotape;
    real *own_first; /* value `first` of test points, [test_chunk, size], in sample space */
    real *f_train;   /* [train, k], set by trainer_forward */
    real *f_test;    /* [test, k], set by trainer_test */
};

/* Is the first operator better kept in sample space? A matter of sizes alone. */
int trainer_keeps_head(const struct network *network, int64_t train, int64_t inputs);
/* Lays out (a counting arena: sizes only); `plain` forbids sample space. Everything is lent. */
void trainer_create(const struct network *network, const struct points *points, int plain, struct arena *arena,
                    struct trainer *trainer);
/* Begins at theta (lent, changed in place by steps). */
void trainer_start(struct trainer *trainer, real eta, real *theta);
/* f_train at the present weights, and all that trainer_step needs. */
void trainer_forward(struct trainer *trainer);
/* f_test at the present weights. Uses the tape: call before trainer_forward. */
void trainer_test(struct trainer *trainer);
/* One step down the loss's gradient at f_train; after trainer_forward. */
void trainer_step(struct trainer *trainer);
/* Brings the first operator's tensors up to date. The last act before weights are read. */
void trainer_settle(struct trainer *trainer);
/* |theta_l - theta0_l| and |theta0_l| of a layer, also where it is kept in sample space. Uses the cotangents' memory. */
double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm);
/* Multiply-adds times 2 of a step with its forward pass, and of an evaluation of the test points. */
double trainer_step_flops(const struct trainer *trainer);
double trainer_test_flops(const struct trainer *trainer);

#endif
