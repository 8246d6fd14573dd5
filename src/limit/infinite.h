/* Kernels of the infinitely wide network, NNGP K and NTK Theta (times I_k). For values u, v of the list and
 * pixels p of x and q of x', K[u, v] is the covariance of u at p and v at q, Theta[u, v] the inner product of their
 * derivatives by all weights:
 *     K = x[p].x'[q]/channels, Theta = 0                          (the input)
 *     K <- T(K), Theta <- Theta Tdot(K)                           (activation; Lee et al. 2019, supplement E)
 *     K <- sigma_w^2 K + sigma_b^2, Theta <- K + sigma_w^2 Theta  (dense; convolution: of means over the window)
 *     sums over the sources of u and those of v                   (sum)
 *     means over p = q, over all p and q of two windows           (flatten; pooling)
 * and 0 between values that two layers make. An equilibrium between two layers: infinite_equilibrium.c; NaN where it
 * has no kernel. The result is K and Theta of the output with itself. Where several nodes
 * use one layer, Theta is so the sum over layers, over all pairs of their nodes; where none do, all pairs but u = v are
 * 0. Networks without images have one pixel. Why products of tied weights behave as if they were independent, where the
 * output's are not among them: Yang 2020, arXiv:2006.14548.
 *
 *     a pair of examples:   pairs of values (infinite_pairs.c)    one pair at displacement d (covariance.h)
 *
 *     segment 0   conv_1    (conv_1, conv_1)   (conv_1, conv_2)   . . . .   p, q = p + d: a rectangle of K and one
 *                 phi       (phi, phi)         (conv_2, conv_1)   a b c .   of Theta, small enough to stay in a
 *                 conv_2    (conv_2, conv_2)   where both are     d e f .   near cache
 *               - pooling -                    one layer          . . . .
 *     segment 1   readout   (readout, readout)
 *
 * Pairs of examples, and their displacements q - p, are independent given the variances K[p, p] of x = x'; those are
 * found first. One displacement of one pair of examples (a row of pairs, where there is one pixel) then goes through
 * all pairs of values of a segment, up to the next pooling, and is added up there; a pooling asks for the displacements
 * that it needs, flattening for one. In the network above on 32 x 32 pixels, each pair of examples goes 63 x 63 times
 * through segment 0 and once through segment 1.
 * Images whose activations have a closed form of an angle (relu, leaky_relu, erf) go with DUAL_LANES points at once, side
 * by side, so that rows are whole vectors; where the points end, zeros go along.
 * tanh with flattening, where pixels meet themselves alone: tiles of at most 16 by 16 points go together, so that the
 * coefficients of a pixel's series are made once for all their pairs.
 * Precision: pairs are computed in it; inner products of inputs of one pixel, and what adds up displacements, are double,
 * and so are results.
 * Memory, in numbers: images of a few pairs of values (of a tile's pairs, in 16 MB or of 16); the variances of all
 * points at every activation, and of a few pairs of values; for images, the inputs, and variances side by side of some
 * points in 64 MB; for tanh instead the series' coefficients of the pixels of some points on either side, 519 numbers a
 * pixel and activation or fewer: of one point, or of more in 64 MB; of a tile, at one activation, of strips of all its
 * points or of one point.
 * Not collective. */
#ifndef INFINITE_H
#define INFINITE_H

#include "host.h"
#include "infinite_plan.h"

#define infinite_kernels             REAL_NAME(infinite_kernels)
#define infinite_equilibrium_kernels REAL_NAME(infinite_equilibrium_kernels)

/* Kernels of points with the first `columns` of them: entries (i, j) with j <= i and j < columns are set. */
struct infinite_points {
    int64_t count, columns;
    const double *x;   /* [count, size of the input] */
    double *k, *theta; /* [count, count] */
};
/* Scratch from the arena, given back; a counting arena gets the sizes only. host: asked after every DUAL_LANES pairs of
 * images, of a tile after a strip of a row of its pairs, at least every 1024 pairs in a row without images, of an
 * equilibrium at every step to its rest; returns whether it was told to stop. Cannot fail. */
bool infinite_kernels(const struct infinite_plan *plan, const struct infinite_points *points, struct arena *arena,
                      const struct host *host);
/* infinite_equilibrium.c: the same of a list with an equilibrium. */
bool infinite_equilibrium_kernels(const struct network *network, const struct infinite_points *points,
                                  struct arena *arena, const struct host *host);

#endif
