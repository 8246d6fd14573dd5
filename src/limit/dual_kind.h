/* A layer, its places and their pairs, as dual.h runs them; and what dual.c asks of a Hermite series' pairs,
 * dual_hermite.c of its coefficients, which is private to dual*.c. Cannot fail. Not collective. */
#ifndef DUAL_KIND_H
#define DUAL_KIND_H

#include <stdbool.h>
#include <stdint.h>
#include "arena.h"

struct activation_dual;
struct activation_series;

/* What is known of a layer. Closed forms need its kind alone. */
struct dual {
    const struct activation_dual *activation;
    double slope;        /* network.slope, of those that have one */
    bool is_extreme;     /* relu, leaky_relu, erf: products of variances are out of range, so that pairs are scaled */
    int tiers, nodes;    /* lengths of the series, dual_terms; Chebyshev nodes */
    double middle, half; /* of log(K + shift) over the layer */
    double *table;       /* [2 + terms][nodes]: Chebyshev coefficients of T/K and Tdot at c = 1, and of a_n */
    double *reach;       /* [DUAL_CELLS][DUAL_TIERS], of equal parts of the range of log(K + shift): see dual_side */
};

/* What a run needs of some places that lie together. A series' coefficients are filled when the first pair asks for
 * them, for DUAL_CHUNK places at once. */
struct dual_side {
    int64_t count;
    const double *variance; /* [count], borrowed; its address tells which places they are */
    struct dual dual;
    int64_t pitch;        /* of rows, at least count */
    double *reach;        /* [tiers][pitch]: tier t serves the pair (p, q) if c^2 <= reach[t][p] reach[t][q] */
    double *coefficient;  /* a_n = b_n/sqrt(2n + 1), [terms][pitch] */
    double *inverse_root; /* 1/sqrt(K), 0 for variance 0, [count] */
    double *argument;     /* of the Chebyshev polynomials, [count] */
    double *filled;       /* tiers of each chunk */
    double *lanes;        /* variances of DUAL_LANES points' places side by side, or NULL */
};

/* Pairs of a place of one side with one of the other. Entry (r, c) stands at r pitch + c and is of place own + r
 * own_row + c own_step and place other + r other_row + c. own_step: 0 (one point with many) or 1 (two images). */
struct dual_pairs {
    int64_t rows, columns, pitch;
    int64_t own, own_row, own_step, other, other_row;
};

enum { DUAL_LANES = 8 };

enum { DUAL_TIERS = 12, DUAL_TERMS = 512, DUAL_NODES = 128, DUAL_CELLS = 128, DUAL_CHUNK = 64 };

/* Terms of the first `tiers` tiers: 0, 12, 16, 24, 32, 48 .. 512. */
static inline int64_t dual_terms(int tiers) {
    return tiers == 0 ? 0 : (int64_t)(tiers % 2 ? 12 : 16) << (tiers - 1) / 2;
}

/* dual_series.c: the table, for the range of these variances. */
void dual_series_prepare(struct dual *dual, int64_t count, const double *variance, struct arena *arena);
/* Arguments of the Chebyshev polynomials. */
void dual_series_arguments(const struct dual *dual, int64_t count, const double *variance, double *argument);
/* Rows first .. first + rows - 1 of the table at count <= DUAL_CHUNK arguments, in out[rows][pitch]. */
void dual_series_evaluate(const struct dual *dual, int64_t first, int64_t rows, int64_t count, const double *argument,
                          int64_t pitch, double *out);
/* The reaches of the tiers from .. to - 1, in reach[][pitch]. */
void dual_series_reach(const struct dual *dual, int from, int to, int64_t count, const double *argument, int64_t pitch,
                       double *reach);

/* dual_hermite.c: numbers a place of a side with that many tiers; the side, not yet filled. */
int64_t dual_hermite_numbers(int tiers);
void dual_hermite_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot);
void dual_hermite_side(const struct dual *dual, struct dual_side *side, double *room);
/* As dual_run, but for a place with itself. */
void dual_hermite_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                      const struct dual_pairs *pairs, double *k, double *theta);
/* The frequency of the integrands in z: their poles at i pole/sqrt(K) let the trapezoidal rule's error fall as
 * exp(-2 pi pole/(sqrt(K) step)), to e^-44 with step = 2 pi/frequency. */
double dual_pole_frequency(const struct activation_series *series, double variance);

#endif
