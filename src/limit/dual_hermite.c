/* tanh, and any odd function with poles (struct activation_series): a Hermite series in the correlation, longer for
 * pairs nearer c = +-1; a direct rule where no series serves. */
#include <math.h>
#include <string.h>

#include "activation_dual.h"
#include "dual_kind.h"
#include "simd.h"

enum { PAIRS = 64 };

static const double PI = 3.14159265358979323846;

void dual_hermite_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    for (int64_t at = 0; at < count; at += PAIRS) {
        double value[2 * PAIRS]; /* T/K, Tdot */
        int64_t size = count - at < PAIRS ? count - at : PAIRS;
        dual_series_evaluate(dual, 0, 2, size, variance + at, value);
        for (int64_t j = 0; j < size; j++) t[at + j] = value[j] * variance[at + j];
        if (tdot) memcpy(tdot + at, value + size, (size_t)size * sizeof *tdot);
    }
}

void dual_hermite_side(const struct dual *dual, struct dual_side *side, double *room) {
    int64_t count = side->count, terms = dual_terms(dual->tiers);
    side->coefficient = room;
    side->reach = room + terms * count;
    side->inverse_root = side->reach + dual->tiers * count;
    dual_series_evaluate(dual, 2, terms, count, side->variance, side->coefficient);
    dual_series_reach(dual, count, side->variance, side->reach);
    for (int64_t j = 0; j < count; j++) side->inverse_root[j] = side->variance[j] > 0 ? 1 / sqrt(side->variance[j]) : 0;
}

/* ---- Pairs: places own + j step and other + j. Loops are written once, and compiled for steps 0 and 1. ---- */

struct pairs {
    const struct dual *dual;
    const struct dual_side *own_side, *other_side;
    int64_t count, own, step, other;
    double c[PAIRS], w[PAIRS];   /* the correlation and its square */
    double tier[PAIRS], highest; /* of the series; dual.tiers: the direct rule */
    double t[PAIRS], tdot[PAIRS];
};

static inline void correlate(int64_t count, int64_t step, const double *restrict own, const double *restrict other,
                             const double *restrict k, struct pairs *restrict pairs) {
    for (int64_t j = 0; j < count; j++) {
        double c = k[j] * own[j * step] * other[j];
        c = c > 1 ? 1 : c;
        c = c < -1 ? -1 : c;
        pairs->c[j] = c;
        pairs->w[j] = c * c;
        pairs->tier[j] = 0;
    }
}

/* The reaches of the tiers grow: a pair's tier is the number of those that do not serve it. */
static inline void raise_tiers(int64_t count, int64_t step, const double *restrict own, const double *restrict other,
                               struct pairs *restrict pairs) {
    for (int64_t j = 0; j < count; j++) {
        double within = own[j * step] * other[j];
        pairs->tier[j] += pairs->w[j] > within * within ? 1.0 : 0.0;
    }
}

SIMD_CLONES static void pairs_sort(struct pairs *pairs, const double *k) {
    const struct dual_side *a = pairs->own_side, *b = pairs->other_side;
    const double *own = a->inverse_root + pairs->own, *other = b->inverse_root + pairs->other;
    if (pairs->step)
        correlate(pairs->count, 1, own, other, k, pairs);
    else
        correlate(pairs->count, 0, own, other, k, pairs);
    for (int tier = 0; tier < pairs->dual->tiers; tier++) {
        own = a->reach + tier * a->count + pairs->own, other = b->reach + tier * b->count + pairs->other;
        if (pairs->step)
            raise_tiers(pairs->count, 1, own, other, pairs);
        else
            raise_tiers(pairs->count, 0, own, other, pairs);
    }
    pairs->highest = -1;
    for (int64_t j = 0; j < pairs->count; j++)
        if (pairs->tier[j] < pairs->dual->tiers && pairs->tier[j] > pairs->highest) pairs->highest = pairs->tier[j];
}

/* b_n and b_n+1 of the places from one on. */
struct two_terms {
    const double *low, *high;
};

static struct two_terms terms_of(const struct dual_side *side, int64_t n, int64_t place) {
    const double *low = side->coefficient + n * side->count + place;
    return (struct two_terms){low, low + side->count};
}

/* Two terms of Horner's rule, n and n + 1. */
static inline void sum_two(int64_t step, int64_t n, struct two_terms own, struct two_terms other,
                           struct pairs *restrict pairs) {
    const double share_low = 1 / (double)(2 * n + 1), share_high = 1 / (double)(2 * n + 3);
    for (int64_t j = 0; j < pairs->count; j++) {
        double a = own.low[j * step] * other.low[j], b = own.high[j * step] * other.high[j], w = pairs->w[j];
        pairs->t[j] = (pairs->t[j] * w + b * share_high) * w + a * share_low;
        pairs->tdot[j] = (pairs->tdot[j] * w + b) * w + a;
    }
}

/* From the top of one tier's terms to its bottom. */
SIMD_CLONES static void pairs_sum(struct pairs *pairs, int tier) {
    for (int64_t n = dual_terms(tier + 1) - 2; n >= dual_terms(tier); n -= 2) {
        struct two_terms own = terms_of(pairs->own_side, n, pairs->own);
        struct two_terms other = terms_of(pairs->other_side, n, pairs->other);
        if (pairs->step)
            sum_two(1, n, own, other, pairs);
        else
            sum_two(0, n, own, other, pairs);
    }
}

/* A pair starts at the top of its own tier, so that it never depends on its neighbours. */
static void pairs_start(struct pairs *pairs, int tier) {
    for (int64_t j = 0; j < pairs->count; j++) {
        pairs->t[j] = pairs->tier[j] == tier ? 0 : pairs->t[j];
        pairs->tdot[j] = pairs->tier[j] == tier ? 0 : pairs->tdot[j];
    }
}

/* ---- The direct rule ---- */

struct moments {
    double t, tdot;
};

/* E over (z1, z2) with u = sqrt(K11) z1, v = sqrt(K22)(c z1 + s z2), s = sqrt(1 - c^2): few nodes in z2 if s is small.
 * The integrands do not change under (z1, z2) -> -(z1, z2), so z1 > 0 counts twice. */
static double step_of(const struct activation_series *series, double variance) {
    return fmin(0.7, 2 * PI / dual_pole_frequency(series, variance));
}

static struct moments direct_inner(const struct activation_series *series, double mean, double deviation) {
    const double step = step_of(series, deviation * deviation), limit = 9 / step;
    struct moments sum = {0};
    for (double q = -floor(limit); q <= limit; q++) {
        double z = q * step, weight = step / sqrt(2 * PI) * exp(-z * z / 2), phi = series->map(mean + deviation * z);
        sum.t += weight * phi;
        sum.tdot += weight * series->slope(phi);
    }
    return sum;
}

static struct moments direct_rule(const struct activation_series *series, double k11, double k22, double c) {
    const double step = step_of(series, fmax(k11, k22)), root = sqrt(k22), s = sqrt((1 - c) * (1 + c));
    struct moments sum = {0};
    for (double z = step / 2; z <= 9; z += step) {
        struct moments inner = direct_inner(series, root * c * z, root * s);
        double weight = 2 * step / sqrt(2 * PI) * exp(-z * z / 2), phi = series->map(sqrt(k11) * z);
        sum.t += weight * phi * inner.t;
        sum.tdot += weight * series->slope(phi) * inner.tdot;
    }
    return sum;
}

/* ---- Rows ---- */

static void pairs_finish(const struct pairs *pairs, double *k, double *theta) {
    for (int64_t j = 0; j < pairs->count; j++) {
        struct moments pair = {.t = k[j] * pairs->t[j], .tdot = pairs->tdot[j]};
        if (pairs->tier[j] >= pairs->dual->tiers)
            pair = direct_rule(pairs->dual->activation->series, pairs->own_side->variance[pairs->own + j * pairs->step],
                               pairs->other_side->variance[pairs->other + j], pairs->c[j]);
        k[j] = pair.t;
        theta[j] *= pair.tdot;
    }
}

static void run_some(struct pairs *pairs, double *k, double *theta) {
    pairs_sort(pairs, k);
    for (int tier = (int)pairs->highest; tier >= 0; tier--) {
        pairs_start(pairs, tier);
        pairs_sum(pairs, tier);
    }
    pairs_finish(pairs, k, theta);
}

void dual_hermite_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                      const struct dual_pairs *all, double *k, double *theta) {
    struct pairs pairs;
    pairs.dual = dual, pairs.own_side = own, pairs.other_side = other, pairs.step = all->own_step;
    for (int64_t r = 0; r < all->rows; r++)
        for (int64_t c = 0; c < all->columns; c += PAIRS) {
            pairs.count = all->columns - c < PAIRS ? all->columns - c : PAIRS;
            pairs.own = all->own + r * all->own_row + c * all->own_step;
            pairs.other = all->other + r * all->other_row + c;
            run_some(&pairs, k + r * all->pitch + c, theta + r * all->pitch + c);
        }
}
