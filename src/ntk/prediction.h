/* Predictions of a linear model without stepping, in the eigenbasis of its kernel. Double only. Not collective. */
#ifndef PREDICTION_H
#define PREDICTION_H

#include <stdint.h>

/* An NTK Theta = V diag(lambda) V' on n training points (shared by all outputs), and its rows of m test points. */
struct prediction_kernel {
    int64_t n, m;
    const double *lambda;     /* [n] */
    const double *vector;     /* V [n, n] */
    const double *test_train; /* [m, n] */
};

/* Full-batch gradient descent on the mean squared error, `steps` discrete steps of rate/(n k) per unit of Theta:
 *     f(test) = f_0(test) - Theta(test, X) V diag((1 - (1 - rate lambda)^steps)/lambda) V' (f_0(X) - Y),
 * with rate = eta/(n k). f_test [m, k]: f_0 in, prediction out. residual [n, k]: f_0(X) - Y in, used up.
 * scratch [n k]. (maths.md, discrete truth, in closed form.) */
void prediction_discrete(const struct prediction_kernel *kernel, int64_t k, double rate, double steps, double *residual,
                         double *scratch, double *f_test);

#endif
