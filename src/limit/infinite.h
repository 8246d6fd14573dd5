/* Kernels of the infinitely wide network, NNGP K and NTK Theta (times I_k), in double, from K = x[p].x'[q]/channels, Theta = 0
 * for every pixel p of x and q of x':
 *     K <- T(K), Theta <- Theta Tdot(K)                              (activation; Lee et al. 2019, supplement E)
 *     K <- sigma_w^2 K + sigma_b^2, Theta <- K + sigma_w^2 Theta     (dense; convolution: of means over the window)
 *     sums                                                           (join of two branches)
 *     means over p = q, over all p and q of two windows              (flatten; pooling)
 * Networks without images have one pixel.
 *
 * Pairs of examples, and their displacements q - p, are independent given the variances K[p, p] of x = x'; those are found first. One
 * displacement of one pair (a row of pairs, where there is one pixel) then goes through all operators up to the next
 * pooling while it is in a near cache, and is added up there; a pooling asks for the displacements that it needs, flattening for
 * one. In a network (convolution, activation, global pooling, dense) on 32 x 32 pixels, each pair of examples goes 63 x 63 times
 * through the first two and once through the last.
 * All paths must cross a pooling or flattening, and one of two branches that meet must end in weights.
 * Memory, in doubles: images of a few values; the variances of all points at every activation, and of a few values; for images,
 * the inputs; for tanh the series' coefficients of the pixels of some points on either side, 519 numbers a pixel and activation or
 * fewer: of one point, or of more in 64 MB.
 * Not collective; cannot fail. */
#ifndef INFINITE_H
#define INFINITE_H

#include "host.h"
#include "network.h"

/* x[points, size of the input]. k, theta[points, points]: entries (i, j) with j <= i and j < columns are set. Scratch from the
 * arena, given back; a counting arena gets the sizes only. host: asked after every pair of images, every
 * 1024 pairs in a row without images; returns 1 if it was told to stop, else 0. Built with REAL_BITS 64 alone. */
int infinite_kernels(const struct network *network, int64_t points, int64_t columns, const double *x, double *k,
                     double *theta, struct arena *arena, const struct host *host);
/* About how many nanoseconds of a core that takes, without inner products of inputs, from sizes alone. */
double infinite_work(const struct network *network, int64_t points, int64_t columns);

#endif
