/* Dual activations: for Gaussian (u, v) with variances K11, K22 and covariance K12, c = K12 / sqrt(K11 K22),
 *     T(K) = E[phi(u) phi(v)],   Tdot(K) = E[phi'(u) phi'(v)] = dT/dK12.
 *
 * relu: arc-cosine kernels (Cho & Saul 2009); erf: Williams 1997; identity: T = K12, Tdot = 1; tanh: the Hermite series
 *     Tdot = sum_n b_n(K11) b_n(K22) c^2n,   T = K12 sum_n b_n(K11) b_n(K22) c^2n / (2n + 1),
 * b_n(K) = E[phi'(sqrt(K) z) h_2n(z)] with normalized Hermite polynomials, by the trapezoidal rule (exponentially
 * convergent where Gauss-Hermite is not); a two-dimensional trapezoidal rule for the pairs that 512 terms do not serve
 * (variances above 7 and c near +-1; 0.1 to 0.3 ms a pair at variance 50, growing with it).
 *
 * Accuracy, absolute: relu 4e-16 sqrt(K11 K22) in T, erf 4e-16, tanh 1e-13; the same in Tdot, but that near c = +-1 a
 * relative error e of K12 alone moves relu's Tdot by up to sqrt(2 e)/(2 pi).
 * A covariance that rounding has carried beyond sqrt(K11 K22) counts as c = +-1. For a point of variance 0, T = 0, and
 * relu's Tdot is 1/4 with every other point.
 * relu, erf and identity give the same bits on every CPU; every kind does whatever pieces a row is cut into.
 * Double only. Maths: cannot fail. Not collective. */
#ifndef DUAL_H
#define DUAL_H

#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "config.h"

/* What is kept of the points for one layer. The pointers are NULL but for tanh, which needs 528 doubles a point. */
struct dual {
    enum activation_kind kind;
    int64_t count;            /* points */
    const double *variance;   /* K(x,x), [count], borrowed */
    int tiers;                /* of the series: tier t takes 16 * 2^t terms */
    double *coefficient;      /* b_n(K(x,x)), [terms][count] */
    double *reach;            /* [tiers][count]: tier t serves the pair (i, j) if |c| <= reach[t][i] reach[t][j] */
    double *inverse_root;     /* 1/sqrt(K(x,x)), 0 for variance 0, [count] */
    double *own_t, *own_tdot; /* the diagonal, [count] */
};

/* Prepares a layer; takes its memory from the arena (a counting arena gets the sizes: `variance` is not read then).
 * The arrays stand in the arena until the caller releases them. */
struct dual dual_prepare(enum activation_kind kind, int64_t count, const double *variance, struct arena *arena);
/* A piece of row i, columns first .. first+count-1: k holds K12 and becomes T; theta (may be NULL) is multiplied by
 * Tdot. The entry with i = column is the diagonal's, whatever k holds. */
void dual_row(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *k, double *theta);
/* The diagonal, exact where `dual_row` could not be: t[count] and tdot[count] (may be NULL) of each point with itself
 * (relu: K/2 and 1/2). */
void dual_diagonal(const struct dual *dual, double *t, double *tdot);

#endif
