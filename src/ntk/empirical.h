/* The empirical neural tangent kernel Theta(x, x') = J(x) J(x')' and the empirical NNGP kernel, by structured derivatives.
 *
 * Theta = sum over operators of <cotangents> * <inputs> (Novak, Sohl-Dickstein & Schoenholz 2022); for a network with rates,
 * each tensor's share carries its rate. K = sigma_w^2/n <x^D, x^D'> + sigma_b^2 with x^D what the readout reads.
 * All points are rows [train; test]; kernel rows are (point, output), output fastest. Points go in blocks: with everything
 * in one block each operator works once, else blocks of columns are computed anew for each block of rows. Symmetric tiles
 * once. Not collective; cannot fail. */
#ifndef EMPIRICAL_H
#define EMPIRICAL_H

#include "network.h"

#define ntk_empirical       REAL_NAME(ntk_empirical)
#define ntk_empirical_flops REAL_NAME(ntk_empirical_flops)
#define ntk_block_size      REAL_NAME(ntk_block_size)

/* The points, from the value `first` on: the inputs (first = 0), or what the first operator makes of them (first = 1),
 * where `gram` must be there. */
struct ntk_points {
    int64_t train, test; /* test = 0: kernels of the training points alone */
    int first;
    const real *value; /* [train + test, size of value `first`] */
    const real *gram;  /* inner products of inputs [train + test, train], or NULL */
};

/* Where it goes; NULL: not wanted. k outputs. */
struct ntk_kernels {
    real *train_train, *test_train;           /* NTK, [N k, N k], [M k, N k] */
    real *nngp_train_train, *nngp_test_train; /* NNGP (times I_k), [N, N], [M, N] */
};

/* Examples in a block, so that blocks and their scratch stay within `bytes` (at least one tile). A function of sizes only. */
int64_t ntk_block_size(const struct network *network, const struct ntk_points *points, int64_t bytes);
/* Takes its scratch from the arena and gives it back; a counting arena gets the sizes and nothing is computed. */
void ntk_empirical(const struct network *network, const real *theta, const struct ntk_points *points, int64_t block,
                   struct arena *arena, const struct ntk_kernels *kernels);
/* Multiply-adds times 2, symmetric half only. has_gram: points->gram will be there (it need not be yet). */
double ntk_empirical_flops(const struct network *network, const struct ntk_points *points, int64_t block, int has_gram);

#endif
