/* Kernels of the infinitely wide network, NNGP K and NTK Theta (times I_k), in double:
 *     K <- sigma_w^2 K + sigma_b^2, Theta <- K + sigma_w^2 Theta   (dense, from K = x.x'/d, Theta = 0)
 *     Theta <- Theta Tdot(K), K <- T(K)                            (activation; Lee et al. 2019, supplement E)
 * Pairs are independent given the variances, so a row of pairs goes through all operators while it is in the cache.
 * Not collective; cannot fail. */
#ifndef INFINITE_H
#define INFINITE_H

#include "network.h"

#define ntk_infinite REAL_NAME(ntk_infinite)

/* gram[points, points]: lower triangle of x.x'/d. k, theta [points, points]: lower triangles are set (k may be gram
 * itself). Scratch from the arena, given back; a counting arena gets the sizes only. stop (may be NULL): asked once a
 * row; returns 1 if it was told to stop, else 0. */
int ntk_infinite(const struct network *network, int64_t points, const double *gram, double *k, double *theta,
                 struct arena *arena, int (*stop)(void *), void *context);

#endif
