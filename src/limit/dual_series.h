/* The Hermite coefficients of an odd activation with poles (tanh) as functions of the variance, over the range of a
 * layer's; private to dual*.c. Double only, for pairs of either precision. Cannot fail. Not collective. */
#ifndef DUAL_SERIES_H
#define DUAL_SERIES_H

#include <stdint.h>
#include "arena.h"

struct activation_series;

struct dual_series {
    const struct activation_series *activation;
    double tolerance;    /* of the terms left out of Tdot; those of T are fewer */
    int tiers, nodes;    /* lengths of the series, dual_terms; Chebyshev nodes */
    double middle, half; /* of log(K + shift) over the layer */
    double *table;       /* [2 + terms][nodes]: Chebyshev coefficients of T/K and Tdot at c = 1, and of a_n */
    double *reach;       /* [DUAL_CELLS][DUAL_TIERS], of equal parts of the range of log(K + shift): see dual_side */
};

enum { DUAL_TIERS = 12, DUAL_TERMS = 512, DUAL_NODES = 128, DUAL_CELLS = 128, DUAL_CHUNK = 64 };

/* Terms of the first `tiers` tiers: 0, 12, 16, 24, 32, 48 .. 512. */
static inline int64_t dual_terms(int tiers) {
    return tiers == 0 ? 0 : (int64_t)(tiers % 2 ? 12 : 16) << (tiers - 1) / 2;
}

/* Fills activation's and tolerance's series, the table for variances from low to high; beyond `most` it has NaN. A
 * counting arena gets the sizes: low and high are not read then. */
void dual_series_prepare(struct dual_series *series, double low, double high, double most, struct arena *arena);
/* Arguments of the Chebyshev polynomials. */
void dual_series_arguments(const struct dual_series *series, int64_t count, const double *variance, double *argument);
/* Rows first .. first + rows - 1 of the table at count <= DUAL_CHUNK arguments, in out[rows][pitch]. */
void dual_series_evaluate(const struct dual_series *series, int64_t first, int64_t rows, int64_t count,
                          const double *argument, int64_t pitch, double *out);
/* The reaches of the tiers at an argument. */
const double *dual_series_reach(const struct dual_series *series, double argument);
/* The frequency of the integrands in z: their poles at i pole/sqrt(K) let the trapezoidal rule's error fall as
 * exp(-2 pi pole/(sqrt(K) step)), to e^-44 with step = 2 pi/frequency. */
double dual_pole_frequency(const struct activation_series *series, double variance);

#endif
