/* The empirical neural tangent kernel Theta(x, x') = J(x) J(x')' and the empirical NNGP kernel, by structured
 * derivatives.
 *
 * Theta = sum over the trained layers of their shares (Novak, Sohl-Dickstein & Schoenholz 2022), each over all pairs of
 * the layer's nodes: by pairs of places, <cotangents> * <inputs>, or by per-example gradients summed over the nodes,
 * whichever takes fewer flops; for a network with rates, each tensor's share carries its rate.
 * K = sigma_w^2/n <x^D, x^D'> + sigma_b^2 with x^D what the readout reads.
 * All points are rows [train; test]; kernel rows are (point, output), output fastest. Points go forward and backward
 * in chunks (network_chunk); what a share needs of them is kept for all points, in as many passes as memory asks for.
 * Symmetric tiles once. The result does not depend on the number of passes. Not collective; cannot fail. */
#ifndef EMPIRICAL_H
#define EMPIRICAL_H

#include <stdbool.h>
#include "host.h"
#include "network.h"

#define ntk_empirical       REAL_NAME(ntk_empirical)
#define ntk_empirical_flops REAL_NAME(ntk_empirical_flops)

/* The points, from the value `first` on: the inputs (first = 0), what the first operator makes of them (first = 1),
 * where `gram` must be there, or what the first trained operator reads. */
struct ntk_points {
    int64_t train, test; /* test = 0: kernels of the training points alone */
    int first;
    const real *value; /* [train + test, size of value `first`] */
    const real *gram;  /* inner products of inputs [train + test, train], or NULL */
};

/* Where it goes; NULL: not wanted. k outputs. */
struct ntk_kernels {
    real *train_train, *test_train;           /* NTK, [N k, N k], [M k, N k] */
    real *nngp_train_train, *nngp_test_train; /* NNGP (times I_k), [N, N], [M, N]; NULL without a readout */
};

/* bytes: how much of the arena it may take; what it cannot do without (all nodes of a layer by pairs) it takes all the
 * same. Gives all back; a counting arena gets the sizes and nothing is computed. host: asked after every chunk of
 * points and every row of tiles; returns whether it was told to stop. */
bool ntk_empirical(const struct network *network, const real *theta, const struct ntk_points *points, int64_t bytes,
                   struct arena *arena, const struct ntk_kernels *kernels, const struct host *host);
/* Multiply-adds times 2, symmetric half only. has_gram: points->gram will be there (it need not be yet). */
double ntk_empirical_flops(const struct network *network, const struct ntk_points *points, int64_t bytes,
                           bool has_gram);

#endif
