/* A layer, its places and their pairs, as dual.h runs them; and what dual.c asks of a Hermite series' pairs,
 * dual_hermite.c of its coefficients, which is private to dual*.c. Cannot fail. Not collective. */
#ifndef DUAL_KIND_H
#define DUAL_KIND_H

#include <stdbool.h>
#include <stdint.h>
#include "dual_series.h"
#include "real.h"

#define dual_hermite_numbers REAL_NAME(dual_hermite_numbers)
#define dual_hermite_self    REAL_NAME(dual_hermite_self)
#define dual_hermite_side    REAL_NAME(dual_hermite_side)
#define dual_hermite_run     REAL_NAME(dual_hermite_run)

struct activation_dual;

/* What is known of a layer. Closed forms need its kind alone. */
struct dual {
    const struct activation_dual *activation;
    real slope;      /* network.slope, of those that have one */
    bool is_extreme; /* relu, leaky_relu, erf: products of variances are out of range, so that pairs are scaled */
    struct dual_series series; /* of those that have one */
};

/* What a run needs of some places that lie together. A series' coefficients are filled when the first pair asks for
 * them, for DUAL_CHUNK places at once. */
struct dual_side {
    int64_t count;
    const real *variance; /* [count], borrowed; its address tells which places they are */
    struct dual dual;
    int64_t pitch;      /* of rows, at least count */
    real *reach;        /* [tiers][pitch]: tier t serves the pair (p, q) if c^2 <= reach[t][p] reach[t][q] */
    real *coefficient;  /* a_n = b_n/sqrt(2n + 1), [terms][pitch] */
    real *inverse_root; /* 1/sqrt(K), 0 for variance 0, [count] */
    real *argument;     /* of the Chebyshev polynomials, [count] */
    real *filled;       /* tiers of each chunk */
    real *lanes;        /* variances of DUAL_LANES points' places side by side, or NULL */
};

/* Pairs of a place of one side with one of the other. Entry (r, c) stands at r pitch + c and is of place own + r
 * own_row + c own_step and place other + r other_row + c. own_step: 0 (one point with many) or 1 (two images). */
struct dual_pairs {
    int64_t rows, columns, pitch;
    int64_t own, own_row, own_step, other, other_row;
};

enum { DUAL_LANES = 8 };

/* dual_hermite.c: numbers a place of a side with that many tiers; the side, not yet filled. */
int64_t dual_hermite_numbers(int tiers);
void dual_hermite_self(const struct dual *dual, int64_t count, const real *variance, real *t, real *tdot);
void dual_hermite_side(const struct dual *dual, struct dual_side *side, real *room);
/* As dual_run, but for a place with itself. */
void dual_hermite_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                      const struct dual_pairs *pairs, real *k, real *theta);

#endif
