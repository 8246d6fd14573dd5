/* What dual.c asks of tanh, and dual_tanh.c of its series; private to dual*.c. Cannot fail. Not collective. */
#ifndef DUAL_KIND_H
#define DUAL_KIND_H

#include "dual.h"

enum { DUAL_TIERS = 6, DUAL_FIRST_TERMS = 16, DUAL_TERMS = DUAL_FIRST_TERMS << (DUAL_TIERS - 1), DUAL_NODES = 128 };

/* Terms of the first `tiers` tiers. */
static inline int64_t dual_terms(int tiers) { return tiers == 0 ? 0 : (int64_t)DUAL_FIRST_TERMS << (tiers - 1); }

/* dual_series.c: the table, for the range of these variances; rows first .. first + rows - 1 of it, in
 * out[rows][count]; and the reach of each place, [tiers][count]. */
void dual_series_prepare(struct dual *dual, int64_t count, const double *variance, struct arena *arena);
void dual_series_evaluate(const struct dual *dual, int64_t first, int64_t rows, int64_t count, const double *variance,
                          double *out);
void dual_series_reach(const struct dual *dual, int64_t count, const double *variance, double *reach);

/* dual_tanh.c: */
void dual_tanh_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot);
void dual_tanh_side(const struct dual *dual, struct dual_side *side, double *room);
/* The entries of one row, `count` of them. */
void dual_tanh_row(const struct dual *dual, const struct dual_side *own, const struct dual_side *other, int64_t own_at,
                   int64_t own_step, int64_t other_at, int64_t count, double *k, double *theta);
/* The frequency of the integrands in z: their poles at i pi/(2 sqrt(K)) let the trapezoidal rule's error fall as
 * exp(-pi^2/(sqrt(K) step)), to e^-44 with step = 2 pi/frequency. */
double dual_pole_frequency(double variance);

#endif
