/* Sums over windows of 3 x 3 entries, and a layer's map of them: down the columns first, then along the rows. Inline, for
 * loops that are compiled for several CPUs. Cannot fail. Not collective. */
#ifndef WINDOWS_H
#define WINDOWS_H

#include <stdint.h>
#include "real.h"

/* out[t] = x[t - step] + x[t] + x[t + step]: x[-step .. count - 1 + step], out[count]; they share no entry. Entries as
 * covariance.h lays them out: `step` is a row's pitch, or the batch */
static inline void windows_add(int64_t count, int64_t step, const real *restrict x, real *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] = x[t] + (x[t - step] + x[t + step]);
}

/* K = weight windows + bias, from sums down the columns: x[-1 .. count], k[count]; they share no entry */
static inline void windows_k(int64_t count, real weight, real bias, const real *restrict x, real *restrict k) {
    for (int64_t t = 0; t < count; t++) k[t] = weight * (x[t] + (x[t - 1] + x[t + 1])) + bias;
}

/* Theta = K + weight windows, likewise: x[-1 .. count], k[count], theta[count]; they share no entry */
static inline void windows_theta(int64_t count, real weight, const real *restrict x, const real *restrict k,
                                 real *restrict theta) {
    for (int64_t t = 0; t < count; t++) theta[t] = k[t] + weight * (x[t] + (x[t - 1] + x[t + 1]));
}

#endif
