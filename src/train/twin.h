/* The linearization f_lin = f_0 + J_0 omega, trained with exactly the network's steps, batches and optimizer (Lee et al.
 * 2019, eq. 5). A step is twin_forward and twin_step, as the trainer's.
 *
 * In function space (sgd, with momentum or without): f_lin(all) <- f_lin(all) + u, u <- beta u - eta Theta_0(all, batch) g, with
 * g = dL/df at f_lin on the batch; the test points follow from the sum over steps of v <- beta v + g when they are
 * asked for. In parameter space: omega goes down J_0' g by the optimizer, and f_lin = f_0 + J_0 omega, by JVP and VJP at
 * theta_0, whose values are kept for full batches (points_are_kept); mini-batches go forward anew in every step.
 * Not collective; cannot fail. */
#ifndef TWIN_H
#define TWIN_H

#include "optimizer.h"
#include "points.h"

#define twin_create     REAL_NAME(twin_create)
#define twin_start      REAL_NAME(twin_start)
#define twin_look       REAL_NAME(twin_look)
#define twin_forward    REAL_NAME(twin_forward)
#define twin_loss       REAL_NAME(twin_loss)
#define twin_step       REAL_NAME(twin_step)
#define twin_state      REAL_NAME(twin_state)
#define twin_step_flops REAL_NAME(twin_step_flops)
#define twin_look_flops REAL_NAME(twin_look_flops)

struct twin {
    const struct network *network;
    const struct points *points;
    struct optimizer optimizer; /* its descent says how, in both spaces */
    int in_parameters;
    real *f_train, *f_test;               /* [train, k], [test, k]: live or set by look and forward, as the trainer's */
    real *f0_train, *f0_test;             /* at theta_0 */
    struct batch batch;                   /* of the last twin_forward */
    real *g;                              /* function space: [batch, k] */
    real *velocity;                       /* u [train, k]; NULL without momentum */
    real *g_velocity, *g_sum;             /* v and its sum [train, k]; v is NULL without momentum */
    const real *train_train, *test_train; /* function space: Theta_0, lent */
    real kernel_largest;                  /* max |Theta_0| */
    const real *theta0;                   /* parameter space, lent */
    real *omega;
    int64_t chunk, test_chunk; /* points at once */
    struct tape kept; /* values of all training points at theta_0, where they are kept; chunks of it are shown */
    struct tape own;  /* values of other points */
    struct tape shown, *tape; /* the points at hand */
    struct tape tangent;
    struct cotape cotape;
};

/* Lays out (a counting arena: sizes only). adam: in_parameters only (panic). */
void twin_create(const struct network *network, const struct points *points, const struct descent *descent,
                 int in_parameters, struct arena *arena, struct twin *twin);
/* Begins at f0_train, f0_test = the model's outputs at theta_0 (copied; zeros where it is centred), at this rate. Lent: the kernels
 * (function space) or theta0 (parameter space, unchanged while the twin runs); the others may be NULL. */
void twin_start(struct twin *twin, real eta, const real *f0_train, const real *f0_test, const real *train_train,
                const real *test_train, const real *theta0);
/* f_test, and in parameter space with mini-batches f_train, at the present step. Call before twin_forward. */
void twin_look(struct twin *twin);
/* f_lin of the batch (as trainer_forward), and all that twin_step needs. */
void twin_forward(struct twin *twin, const int64_t *batch);
/* Loss of that batch. */
double twin_loss(const struct twin *twin);
/* One step; in function space f_train is then that of the next. */
void twin_step(struct twin *twin);
/* Adds all that outlives a step, as trainer_state. */
void twin_state(struct twin *twin, struct state *state);
/* Multiply-adds times 2 of a step with its forward pass, and of a look. */
double twin_step_flops(const struct network *network, const struct points *points, int in_parameters);
double twin_look_flops(const struct network *network, const struct points *points, int in_parameters);

#endif
