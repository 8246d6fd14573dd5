/* What dual.c asks of a Hermite series' pairs, and dual_hermite.c of its coefficients; private to dual*.c. Cannot fail.
 * Not collective. */
#ifndef DUAL_KIND_H
#define DUAL_KIND_H

#include "dual.h"

struct activation_series;

enum { DUAL_TIERS = 6, DUAL_FIRST_TERMS = 16, DUAL_TERMS = DUAL_FIRST_TERMS << (DUAL_TIERS - 1), DUAL_NODES = 128 };

/* Terms of the first `tiers` tiers. */
static inline int64_t dual_terms(int tiers) { return tiers == 0 ? 0 : (int64_t)DUAL_FIRST_TERMS << (tiers - 1); }

/* dual_series.c: the table, for the range of these variances; rows first .. first + rows - 1 of it, in
 * out[rows][count]; and the reach of each place, [tiers][count]. */
void dual_series_prepare(struct dual *dual, int64_t count, const double *variance, struct arena *arena);
void dual_series_evaluate(const struct dual *dual, int64_t first, int64_t rows, int64_t count, const double *variance,
                          double *out);
void dual_series_reach(const struct dual *dual, int64_t count, const double *variance, double *reach);

/* dual_hermite.c: */
void dual_hermite_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot);
void dual_hermite_side(const struct dual *dual, struct dual_side *side, double *room);
/* The entries of one row, `count` of them. */
void dual_hermite_row(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                      int64_t own_at, int64_t own_step, int64_t other_at, int64_t count, double *k, double *theta);
/* The frequency of the integrands in z: their poles at i pole/sqrt(K) let the trapezoidal rule's error fall as
 * exp(-2 pi pole/(sqrt(K) step)), to e^-44 with step = 2 pi/frequency. */
double dual_pole_frequency(const struct activation_series *series, double variance);

#endif
