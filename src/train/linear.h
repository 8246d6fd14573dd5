/* The linearization f_lin = f_0 + J_0 omega as a model, trained with exactly the network's steps, batches and optimizer
 * (Lee et al. 2019, eq. 5), in either of two spaces.
 *
 * In function space (sgd, with momentum or without): f_lin(all) <- f_lin(all) + u, u <- beta u - eta Theta_0(all,
 * batch) g, with g = dL/df at f_lin on the batch; the test points follow from the sum over steps of v <- beta v + g
 * when they are asked for. It begins at f0 and Theta_0, lent. In parameter space: omega goes down J_0' g by the
 * optimizer, and f_lin = f_0 + J_0 omega, by JVP and VJP at theta_0, whose values are kept for full batches
 * (points_are_kept); mini-batches go forward anew in every step. It begins at f0 and theta0, lent. Not collective;
 * cannot fail. */
#ifndef LINEAR_H
#define LINEAR_H

#include "model.h"

#define linear_functions  REAL_NAME(linear_functions)
#define linear_parameters REAL_NAME(linear_parameters)

extern const struct model_kind linear_functions, linear_parameters;

#endif
