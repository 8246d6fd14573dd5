/* The linearization f_lin = f_0 + J_0 omega, trained with exactly the network's steps (Lee et al. 2019, eq. 5).
 *
 * In function space: f_lin(all) <- f_lin(all) - eta Theta_0(all, train) g, with g = dL/df at f_lin; the test points
 * follow from the sum of g when they are asked for. In parameter space: omega <- omega - eta rate_t J_0t' g and
 * f_lin = f_0 + J_0 omega by JVP and VJP at theta_0, whose activations are kept where the training points go through in one
 * chunk (points_chunk). Where they are several, each chunk goes forward anew once a step, and is taken back at once, adding up
 * the next step. Not collective; cannot fail. */
#ifndef TWIN_H
#define TWIN_H

#include "points.h"

#define twin_create     REAL_NAME(twin_create)
#define twin_start      REAL_NAME(twin_start)
#define twin_step       REAL_NAME(twin_step)
#define twin_test       REAL_NAME(twin_test)
#define twin_step_flops REAL_NAME(twin_step_flops)
#define twin_test_flops REAL_NAME(twin_test_flops)

struct twin {
    const struct network *network;
    const struct points *points;
    int in_parameters;
    real eta;
    real *f_train, *f_test;               /* [train, k], [test, k]: set by start and step, and by twin_test */
    real *f0_train, *f0_test;             /* at theta_0 */
    real *g, *g_sum;                      /* function space: [train, k], of the last step, and of all */
    const real *train_train, *test_train; /* function space: Theta_0, lent */
    const real *theta0;                   /* parameter space, lent */
    real *omega;
    int64_t chunk, test_chunk; /* points at once */
    real *step;                /* several chunks: of omega, at f_train; else NULL */
    struct tape tape;          /* at theta_0, of the last chunk */
    struct tape tangent, test_tape;
    struct cotape cotape;
};

/* Lays out (a counting arena: sizes only). */
void twin_create(const struct network *network, const struct points *points, int in_parameters, struct arena *arena,
                 struct twin *twin);
/* Begins at f0_train, f0_test = the network's outputs at theta_0 (copied). Lent: the kernels (function space) or theta0
 * (parameter space, unchanged while the twin runs); the others may be NULL. */
void twin_start(struct twin *twin, real eta, const real *f0_train, const real *f0_test, const real *train_train,
                const real *test_train, const real *theta0);
/* One step: g at the present f_train, then f_train after the step. */
void twin_step(struct twin *twin);
/* f_test at the present step. */
void twin_test(struct twin *twin);
/* Multiply-adds times 2 of a step, and of an evaluation of the test points. */
double twin_step_flops(const struct network *network, const struct points *points, int in_parameters);
double twin_test_flops(const struct network *network, const struct points *points, int in_parameters);

#endif
