/* The network as a model that is trained, in full batches or mini-batches, by any optimizer (optimizer.h) on any loss
 * (loss.h). In one chunk plain sgd changes theta in place. Where it suits, the first layer is kept in sample space
 * (sample_space.h); its weights then wait for trainer_settle.
 *
 * Centred, the model is F = f - f_0: all outputs here are F's. Not collective; cannot fail. */
#ifndef TRAINER_H
#define TRAINER_H

#include "model.h"
#include "sample_space.h"

#define trainer_model          REAL_NAME(trainer_model)
#define trainer_first          REAL_NAME(trainer_first)
#define trainer_values         REAL_NAME(trainer_values)
#define trainer_settle         REAL_NAME(trainer_settle)
#define trainer_layer_distance REAL_NAME(trainer_layer_distance)

struct trainer {
    struct model
        model; /* parameters: theta, lent; the first layer's are old until trainer_settle where it is in sample space */
    int first; /* value that the passes begin at: as trainer_first says */
    struct sample_space space; /* where first says so */
    struct tape tape;          /* rows: the larger chunk */
    struct cotape cotape;
    struct rests rests; /* of the examples that went forward since the test points were last looked at, these too */
    real *origin;       /* f_0 [train + test, k], centred; else NULL */
};

/* Begins at theta (lent, changed by steps). Centred: F = f - f(theta). */
extern const struct model_kind trainer_model;

/* Value that the passes begin at: points->first; or 1: the first layer is kept in sample space. */
int trainer_first(const struct training *training);
/* Value `first` of all points, rows [train; test]: training rows of the present step; in sample space test rows as they
 * began. */
const real *trainer_values(const struct trainer *trainer);
/* Brings the first layer's weights up to date. The last act before weights are read; states are taken before it. */
void trainer_settle(struct trainer *trainer);
/* |theta_l - theta0_l| and |theta0_l| of a layer, also where it is kept in sample space (before trainer_settle). Uses
 * the cotangents' memory. */
double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm);

#endif
