/* Predictions of a model that is linear in its parameters, at any step without stepping. Double only. Not collective.
 *
 * f(test) = f_0(test) - Theta(test, X) V diag(gain_i) V' (f_0(X) - Y) for the mean squared error, Theta = V
 * diag(lambda) V', with
 *   discrete  gain_i = (1 - (1 - r lambda_i)^t)/lambda_i after t steps of full-batch gradient descent; with momentum
 * beta, or rates of shares s_t (rate_schedule.h), by the mode's own
 *             t steps, d <- beta d + s_t (1 - r lambda q), q <- q + d from d = q = 0, gain = r q
 *   flow      gain_i = (1 - exp(-r lambda_i t))/lambda_i, gradient flow for the time of t steps (momentum: none; one
 *             rate)
 * r = eta/(N k), N examples with k outputs (src/README.md, Closed forms; Lee et al. 2019, eq. 8-11). */
#ifndef PREDICTION_H
#define PREDICTION_H

#include <stdint.h>
#include "arena.h"
#include "host.h"
#include "rate_schedule.h"
#include "status.h"

/* An NTK on n training rows and its m test rows; `columns` right-hand sides share it. Infinite width: rows are
 * examples, columns the k outputs. Empirical: rows are (example, output), one column. */
struct prediction_kernel {
    int64_t n, m, columns;
    const double *lambda;     /* [n] */
    const double *vector;     /* V [n, n] */
    const double *test_train; /* [m, n] */
};

enum dynamics { DYNAMICS_DISCRETE, DYNAMICS_FLOW };
/* How the linear model goes down: rate r = eta/(N k) a unit of Theta, momentum and schedule (discrete). */
struct prediction_descent {
    enum dynamics dynamics;
    double rate, momentum;
    struct rate_schedule schedule;
};

/* gain[n] after `steps` steps. */
void prediction_gains(const struct prediction_kernel *kernel, const struct prediction_descent *descent, double steps,
                      double *gain);

struct prediction {
    struct prediction_kernel kernel; /* its arrays are lent: lambda to the end, the others to prediction_start */
    double *cross;                   /* Theta(test, X) V [m, n] */
    double *residual;                /* V' (f_0(X) - Y) [n, columns] */
    double *f0;                      /* [m, columns] */
    double *gain, *scratch;          /* [n], [n, columns] */
};
/* Lays out (a counting arena: sizes only); arrays of the kernel may be set in prediction->kernel later, before
 * prediction_start. */
void prediction_create(const struct prediction_kernel *kernel, struct arena *arena, struct prediction *prediction);
/* Begins at f0_test [m, columns] with residual = f_0(X) - Y [n, columns]. Both are copied. Cost 2 m n^2. */
void prediction_start(const double *residual, const double *f0_test, struct prediction *prediction);
/* f_test [m, columns] after `steps` steps. */
void prediction_at(struct prediction *prediction, const struct prediction_descent *descent, double steps,
                   double *f_test);

/* Cross-entropy has no closed form: gradient flow df/dt = -r Theta(., X) (softmax f(X) - Y), r = eta/N, time in steps,
 * is integrated (Lee et al. 2019, S5-S11; ode.h; tolerance 1e-8 of S, relative and in what it changes of outputs). Its
 * unknown is S(t), the time integral of softmax f - Y, so test outputs need no inverse: f = f_0 - r Theta S. */
struct prediction_flow {
    int64_t n, m, columns,
        k; /* rows and columns as above; k outputs an example: softmax runs over k numbers of [n, columns] in a row */
    const double *train_train, *test_train; /* Theta [n, n], [m, n] */
    const double *y, *f0_train, *f0_test;   /* [n, columns], [n, columns], [m, columns] */
    double rate;
    int64_t count;
    const int64_t *step;     /* [count] ascending times */
    const struct host *host; /* asked now and then */
};
/* f_test [count, m, columns]; NaN from where the integration failed. Memory of prediction_flow_bytes and `count`
 * numbers is had from malloc. ERROR_MEMORY, ERROR_INTERRUPTED. */
status prediction_flow(const struct prediction_flow *flow, double *f_test);
size_t prediction_flow_bytes(int64_t n, int64_t columns);

#endif
