/* Losses and accuracy: outputs against targets. f, y [n, k]. Sums in double. Not collective; cannot fail.
 *
 *   mse            L = 1/2 mean over examples and outputs of (f - y)^2,  g = dL/df = (f - y)/(n k)
 *   cross_entropy  L = - mean over examples of sum_c y_c log softmax_c(f),  g = (softmax f - y)/n;  sum_c y_c = 1
 * (Lee et al. 2019; src/README.md, Losses.) Adding a loss: its two functions, a row of the table in loss.c, a word in
 * keys.c. */
#ifndef LOSS_H
#define LOSS_H

#include <stdint.h>
#include "config.h"
#include "real.h"

#define loss_value    REAL_NAME(loss_value)
#define loss_gradient REAL_NAME(loss_gradient)
#define loss_accuracy REAL_NAME(loss_accuracy)

double loss_value(enum loss loss, int64_t n, int64_t k, const real *f, const real *y);
/* g = dL/df of n examples of a batch of `all` */
void loss_gradient(enum loss loss, int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g);
/* Share of examples whose sign (k = 1) or largest output (k > 1) is the target's. */
double loss_accuracy(int64_t n, int64_t k, const real *f, const real *y);

#endif
