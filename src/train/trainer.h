/* Training of a network, in full batches or mini-batches, by any optimizer (optimizer.h) on any loss (loss.h).
 *
 * A step is trainer_forward and trainer_step. The batch's points go through in chunks (points_chunk). With one chunk
 * trainer_forward keeps the activations and trainer_step goes back through them (plain sgd changes theta in place). With
 * several, trainer_forward also takes each chunk back, summing the gradient, and trainer_step applies it. Between
 * steps everything that the future depends on is in trainer_state.
 *
 * Where it suits, the first layer is kept in sample space (sample_space.h); its weights then wait for trainer_settle.
 *
 * Centred, the model is F = f - f_0: all outputs here are F's. Not collective; cannot fail. */
#ifndef TRAINER_H
#define TRAINER_H

#include "optimizer.h"
#include "points.h"
#include "sample_space.h"

#define trainer_create         REAL_NAME(trainer_create)
#define trainer_start          REAL_NAME(trainer_start)
#define trainer_look           REAL_NAME(trainer_look)
#define trainer_forward        REAL_NAME(trainer_forward)
#define trainer_loss           REAL_NAME(trainer_loss)
#define trainer_step           REAL_NAME(trainer_step)
#define trainer_settle         REAL_NAME(trainer_settle)
#define trainer_state          REAL_NAME(trainer_state)
#define trainer_layer_distance REAL_NAME(trainer_layer_distance)
#define trainer_step_flops     REAL_NAME(trainer_step_flops)
#define trainer_look_flops     REAL_NAME(trainer_look_flops)
#define trainer_values         REAL_NAME(trainer_values)

struct trainer {
    const struct network *network;
    const struct points *points;
    struct optimizer optimizer; /* its descent says how */
    real *theta; /* lent; the first operator's tensors are old until trainer_settle where it is kept in sample space */
    int first;   /* value that the passes begin at: points->first; or 1: the first operator is kept in sample space */
    int64_t chunk, test_chunk; /* points at once */
    struct sample_space space; /* where first says so */
    struct tape tape;          /* rows: the larger chunk */
    struct cotape cotape;
    real *origin;       /* f_0 [train + test, k], centred; else NULL */
    struct batch batch; /* of the last trainer_forward */
    real *f_train;      /* [train, k], set by trainer_forward (full batches) or trainer_look (mini-batches) */
    real *f_test;       /* [test, k], set by trainer_look */
};

/* Lays out (a counting arena: sizes only); `plain` forbids sample space. Everything is lent; descent->eta is not looked at. */
void trainer_create(const struct network *network, const struct points *points, const struct descent *descent,
                    int is_centred, int plain, struct arena *arena, struct trainer *trainer);
/* Begins at theta (lent, changed by steps), at this rate. Centred: F = f - f(theta). */
void trainer_start(struct trainer *trainer, real eta, real *theta);
/* f_test, and with mini-batches f_train, at the present weights. Uses the tape: call before trainer_forward. */
void trainer_look(struct trainer *trainer);
/* Outputs of the batch at the present weights, and all that trainer_step needs. batch: rows of training points, ascending, as many as
 * points_batch, valid until trainer_step; NULL: all of them (full batches). */
void trainer_forward(struct trainer *trainer, const int64_t *batch);
/* Loss of that batch. */
double trainer_loss(const struct trainer *trainer);
/* One step down that loss's gradient. */
void trainer_step(struct trainer *trainer);
/* Brings the first operator's tensors up to date. The last act before weights are read. */
void trainer_settle(struct trainer *trainer);
/* Adds all that outlives a step: with these arrays as they were between steps, before trainer_settle, and after trainer_start at the same
 * theta_0, the future is the same to the bit. */
void trainer_state(struct trainer *trainer, struct state *state);
/* |theta_l - theta0_l| and |theta0_l| of a layer, also where it is kept in sample space (before trainer_settle). Uses the cotangents'
 * memory. */
double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm);
/* Value `first` of all points, rows [train; test]: training rows of the present step; in sample space test rows as they began. */
const real *trainer_values(const struct trainer *trainer);
/* Multiply-adds times 2 of a step with its forward pass, and of a look. */
double trainer_step_flops(const struct trainer *trainer);
double trainer_look_flops(const struct trainer *trainer);

#endif
