/* How far two arrays of outputs a, b [n, k] are apart. Sums in double; NaN where a difference is. Not collective;
 * cannot fail. */
#ifndef DIFFERENCE_H
#define DIFFERENCE_H

#include <stdint.h>
#include "real.h"

#define difference_rms     REAL_NAME(difference_rms)
#define difference_largest REAL_NAME(difference_largest)

/* sqrt(mean (a - b)^2) over examples and outputs. */
double difference_rms(int64_t n, int64_t k, const real *a, const real *b);
/* The largest over examples of that over an example's outputs. */
double difference_largest(int64_t n, int64_t k, const real *a, const real *b);

#endif
