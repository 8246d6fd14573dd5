/* Dual activations: for Gaussian (u, v) with variances K11, K22 and covariance K12, c = K12 / sqrt(K11 K22),
 *     T(K) = E[phi(u) phi(v)],   Tdot(K) = E[phi'(u) phi'(v)] = dT/dK12.
 *
 * relu: arc-cosine kernels (Cho & Saul 2009); erf: Williams 1997; identity: T = K12, Tdot = 1; leaky_relu, cos:
 * src/README.md, Infinite width; tanh: the Hermite series
 *     Tdot = sum_n b_n(K11) b_n(K22) c^2n,   T = K12 sum_n b_n(K11) b_n(K22) c^2n / (2n + 1),
 * b_n(K) = E[phi'(sqrt(K) z) h_2n(z)] with normalized Hermite polynomials, by the trapezoidal rule (exponentially
 * convergent where Gauss-Hermite is not) at Chebyshev nodes over a layer's range of variances and by interpolation
 * between them; a two-dimensional trapezoidal rule for the pairs that 512 terms do not serve (variances above 7 and c
 * near +-1; 0.1 to 0.3 ms a pair at variance 50, growing with it). A layer with a variance above dual_most has NaN.
 *
 * What has a variance is a place: a point, or a pixel of a point. Places lie in one array for all points of a layer.
 * Accuracy, absolute: relu and leaky_relu 4e-16 sqrt(K11 K22) in T, erf 4e-16, cos 4e-16 (1 + K11 + K22) (what
 * roundings of the variances make of it), tanh 1e-14 (of variances above 100 up to 1e-13); the same in Tdot, but that
 * near c = +-1 a relative error e of K12 alone moves relu's Tdot by up to sqrt(2 e)/(2 pi).
 * In f32, of the variances and covariances as float holds them: relu and leaky_relu 2e-7 sqrt(K11 K22) in T, in Tdot
 * 2e-7, near c = +-1 up to 8e-5; erf 3e-7, of variances above 10 near c = +-1 up to 1e-7 sqrt(K); cos 2e-7 (1 + K11 +
 * K22); tanh 3e-7, of variances from 10 to 100 near c = +-1 up to 1e-6.
 * relu, leaky_relu and erf hold this for all variances that are numbers: where products of two would not be, pairs are
 * scaled by powers of two, which changes no bit.
 * A covariance that rounding has carried beyond sqrt(K11 K22) counts as c = +-1. For a place of variance 0, T = 0 (cos:
 * exp(-K/2), K the other's), and relu's Tdot is 1/4 with every other place.
 * Bits: all but tanh and cos give the same on every CPU. A pair has the same bits in whatever pieces runs are cut: a
 * row of 1000 pairs at once, or as 600 and 400. Of tanh that is so while the sides stay as they were filled; a side of
 * other points may change the last bit of its coefficients (they come from a matrix product).
 * Maths: cannot fail. Not collective. */
#ifndef DUAL_H
#define DUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "config.h"
#include "dual_kind.h"

#define dual_most            REAL_NAME(dual_most)
#define dual_prepare         REAL_NAME(dual_prepare)
#define dual_self            REAL_NAME(dual_self)
#define dual_between         REAL_NAME(dual_between)
#define dual_side_numbers    REAL_NAME(dual_side_numbers)
#define dual_side_most       REAL_NAME(dual_side_most)
#define dual_side_fill       REAL_NAME(dual_side_fill)
#define dual_run             REAL_NAME(dual_run)
#define dual_has_lanes       REAL_NAME(dual_has_lanes)
#define dual_lanes_numbers   REAL_NAME(dual_lanes_numbers)
#define dual_side_fill_lanes REAL_NAME(dual_side_fill_lanes)
#define dual_takes_windows   REAL_NAME(dual_takes_windows)
#define dual_run_lanes       REAL_NAME(dual_run_lanes)

/* The largest variance that is computed: DBL_MAX in closed form. */
real dual_most(enum activation_kind kind);

/* Prepares a layer for variances[count]; takes its memory from the arena (a counting arena gets the sizes: `variance`
 * is not read then). The arrays stand in the arena until the caller releases them. Memory: 0.5 MB for tanh. */
struct dual dual_prepare(enum activation_kind kind, real slope, int64_t count, const real *variance,
                         struct arena *arena);
/* Each place with itself, exact where a run could not be: t[count] (may be where variance is), and tdot[count] (may be
 * NULL) (relu: K/2 and 1/2). */
void dual_self(const struct dual *dual, int64_t count, const real *variance, real *t, real *tdot);

/* Of two layers of one kind, for pairs of a place of one with a place of the other. */
struct dual dual_between(const struct dual *a, const struct dual *b);

/* Numbers a place that `room` must have; at most (before it is known which variances there are). */
int64_t dual_side_numbers(const struct dual *dual);
int64_t dual_side_most(const struct dual *dual);
/* room: dual_side_numbers(dual) * count numbers, lent; of tanh runs fill them, as far as their pairs need them. */
struct dual_side dual_side_fill(const struct dual *dual, int64_t count, const real *variance, real *room);

/* k holds K12 and becomes T; theta is multiplied by Tdot. Entries between columns and pitch are 0 and stay it. A place
 * with itself is taken for what it is, whatever k holds. */
void dual_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
              const struct dual_pairs *pairs, real *k, real *theta);

/* ---- closed forms of pairs of images, DUAL_LANES points' side by side (dual_lanes.c) ---- */

/* Is there such a form? */
bool dual_has_lanes(enum activation_kind kind);
/* Numbers of `room` that places of `points` points of `pixels` places need. */
int64_t dual_lanes_numbers(int64_t points, int64_t pixels);
struct dual_side dual_side_fill_lanes(int64_t points, int64_t pixels, const real *variance, real *room);

/* Pairs of a place of one point with those of DUAL_LANES others. Entry (r, c, lane) stands at r pitch + c DUAL_LANES +
 * lane and is of places own + r own_row + c and, of the lanes' places, other + r other_row + c. self: the lane that is
 * the point itself, place by place; or -1. */
struct dual_lanes {
    int64_t rows, columns, pitch;
    int64_t own, own_row, other, other_row;
    int self;
};

/* A layer of 3 x 3 windows before the activation: K12 = weight sum of k + bias, Theta = K12 + weight sum of theta, of
 * arrays with the pairs' pitch, zeros between the rows, before the first and behind the last. */
struct dual_windows {
    real weight, bias;
    const real *k, *theta;
};

/* As dual_run. windows: k and theta are those that the layer makes of these, zeros between their rows too; NULL: they
 * are there. Nothing is known of windows where dual_takes_windows is false. */
bool dual_takes_windows(const struct dual *dual, const struct dual_lanes *pairs);
void dual_run_lanes(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                    const struct dual_lanes *pairs, const struct dual_windows *windows, real *k, real *theta);

#endif
