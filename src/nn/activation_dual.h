/* What an activation is at infinite width (src/README.md, Infinite width): for Gaussian (u, v) with variances K11, K22
 * and covariance K12, T = E[phi(u) phi(v)] and Tdot = E[phi'(u) phi'(v)]. Cannot fail. Not collective. */
#ifndef ACTIVATION_DUAL_H
#define ACTIVATION_DUAL_H

#include <stdbool.h>
#include <stdint.h>
#include "real.h"

enum { ACTIVATION_BLOCK = 512 };

/* At most ACTIVATION_BLOCK pairs: k holds K12 and becomes T, theta is multiplied by Tdot; slope: network.slope. What else is known
 * of them, by their scaling: NONE: root = K11 + K22; others, with their shift s: root^2 = (K11 + s)(K22 + s) - K12^2,
 * without cancellation. Where there is no pair, 0 stays 0: root is 0 (HOMOGENEOUS) or infinite. */
typedef void activation_block(int64_t count, real slope, const real *restrict root, real *restrict k,
                              real *restrict theta);
/* Each variance with itself, exact: T in t[count] (may be where variance is), Tdot in tdot[count] (NULL: unwanted). */
typedef void activation_self(int64_t count, real slope, const real *variance, real *t, real *tdot);

/* How pairs are scaled, by a b, powers of two, where products of variances would leave the range of numbers:
 * K11 = a^2 K11', K22 = b^2 K22', K12 = ab K12'. NONE: they are not. HOMOGENEOUS (s = 0): T = ab T(K11', K22', K12').
 * ROOT (s = 1/2): T depends on K12/root, Tdot on 1/root. */
enum activation_scaling { SCALING_NONE, SCALING_HOMOGENEOUS, SCALING_ROOT };

/* An odd function whose Hermite series is summed, limit/dual_series.c. */
struct activation_series {
    double (*map)(double h);
    double (*slope)(double x); /* phi'(h) from x = phi(h) */
    double pole;               /* its nearest ones are +-i pole */
};

struct activation_dual {
    activation_block *block; /* in closed form; or NULL, and a series */
    activation_self *self;
    enum activation_scaling scaling;
    const struct activation_series *series;
    double most;                     /* the largest variance that is computed; 0: any number */
    bool is_linear;                  /* what is Gaussian stays so */
    double nanoseconds, preparation; /* about, of a pair; of a variance, if pairs need more than its number */
};

#endif
