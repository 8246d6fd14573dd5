/* tanh: a Hermite series in the correlation, longer for pairs nearer c = +-1; a direct rule where no series serves. */
#include <math.h>
#include <string.h>

#include "dual_kind.h"
#include "simd.h"

enum { TIERS_MAX = 6, FIRST_TERMS = 16, TERMS_MAX = FIRST_TERMS << (TIERS_MAX - 1) };
enum { NODES = 128, POINTS = 32 }; /* pieces of the quadrature for the coefficients */

static const double PI = 3.14159265358979323846;
static const double TOLERANCE = 2e-14; /* of the terms left out of Tdot; those of T are fewer */

static int64_t terms_of(int tiers) { return tiers == 0 ? 0 : (int64_t)FIRST_TERMS << (tiers - 1); }

static double largest(int64_t count, const double *x) {
    double best = 0;
    for (int64_t i = 0; i < count; i++) best = x[i] > best ? x[i] : best;
    return best;
}

/* ---- The trapezoidal rule: nodes +-(q + 1/2) step. The integrands are even, so the positive ones count twice. ---- */

/* The poles of tanh(sqrt(K) z) at pi/(2 sqrt(K)) let the rule's error fall as exp(-pi^2/(sqrt(K) step)): to e^-44
 * with this frequency, 2 pi/step. */
static double pole_frequency(double variance) { return 88 * sqrt(variance) / PI; }

/* To which the Gaussian adds up to 8 and the Hermite polynomial of degree m up to sqrt(m). */
static double step_for(double variance, int64_t terms) {
    return 2 * PI / (8 + sqrt(2 * (double)terms) + pole_frequency(variance));
}
static const double RANGE = 12.5; /* of z, since |h_m(z)| exp(-z^2/4) stays below 1 */

struct rule {
    int64_t count;
    double node[NODES], even[NODES], odd[NODES]; /* weight times h_2n, h_2n+1 */
    double slope[NODES][POINTS];                 /* phi' at the nodes for each point */
};

static void rule_place(struct rule *rule, double step, int64_t first) {
    rule->count = 0;
    for (int64_t q = 0; q < NODES && ((double)(first + q) + 0.5) * step < RANGE; q++) {
        double z = ((double)(first + q) + 0.5) * step;
        rule->node[q] = z;
        rule->even[q] = 2 * step / sqrt(2 * PI) * exp(-z * z / 2);
        rule->odd[q] = z * rule->even[q];
        rule->count++;
    }
}

/* phi' at the nodes, and E[phi^2], E[phi'^2] on the way. */
static void rule_evaluate(struct rule *rule, int64_t points, const double *variance, double *t, double *tdot) {
    memset(rule->slope, 0, sizeof rule->slope);
    for (int64_t q = 0; q < rule->count; q++)
        for (int64_t j = 0; j < points; j++) {
            double phi = tanh(sqrt(variance[j]) * rule->node[q]), slope = 1 - phi * phi;
            rule->slope[q][j] = slope;
            t[j] += rule->even[q] * phi * phi;
            tdot[j] += rule->even[q] * slope * slope;
        }
}

/* h_m+1 = (z h_m - sqrt(m) h_m-1)/sqrt(m+1), twice: from (2n, 2n+1) to (2n+2, 2n+3). */
SIMD_CLONES static void rule_raise(struct rule *rule, int64_t n) {
    const double m = 2 * (double)n, a = sqrt(m + 1), b = sqrt(m + 2), c = sqrt(m + 3);
    for (int64_t q = 0; q < rule->count; q++) {
        rule->even[q] = (rule->node[q] * rule->odd[q] - a * rule->even[q]) / b;
        rule->odd[q] = (rule->node[q] * rule->even[q] - b * rule->odd[q]) / c;
    }
}

SIMD_CLONES static void rule_sum(const struct rule *rule, double *restrict sum) {
    memset(sum, 0, POINTS * sizeof *sum);
    for (int64_t q = 0; q < rule->count; q++)
        for (int64_t j = 0; j < POINTS; j++) sum[j] += rule->even[q] * rule->slope[q][j];
}

/* b_n of `points` <= POINTS points from `first` on. */
static void fill_points(struct dual *dual, double step, int64_t first, int64_t points) {
    struct rule rule;
    int64_t terms = terms_of(dual->tiers);
    for (int64_t node = 0; (double)node * step < RANGE; node += NODES) {
        rule_place(&rule, step, node);
        rule_evaluate(&rule, points, dual->variance + first, dual->own_t + first, dual->own_tdot + first);
        for (int64_t n = 0; n < terms; n++) {
            double sum[POINTS], *row = dual->coefficient + n * dual->count + first;
            rule_sum(&rule, sum);
            rule_raise(&rule, n);
            for (int64_t j = 0; j < points; j++) row[j] += sum[j];
        }
    }
}

/* What the first m = terms terms leave out of Tdot is below |c|^2m sqrt(tail_i tail_j), tail = E[phi'^2] - sum b_n^2
 * (Cauchy-Schwarz), so reach = (TOLERANCE/tail)^(1/4m). */
static void fill_reach(struct dual *dual) {
    int64_t count = dual->count;
    for (int64_t j = 0; j < count; j++) {
        double tail = dual->own_tdot[j];
        for (int tier = 0; tier < dual->tiers; tier++) {
            int64_t terms = terms_of(tier + 1);
            for (int64_t n = terms_of(tier); n < terms; n++)
                tail -= dual->coefficient[n * count + j] * dual->coefficient[n * count + j];
            dual->reach[tier * count + j] = pow(TOLERANCE / fmax(tail, TOLERANCE / 2), 0.25 / (double)terms);
        }
    }
}

/* As many tiers as the point with the largest variance wants at c = 1 (measured: 80 terms a unit of variance). */
static int tiers_for(double variance) {
    int tiers = 1;
    while (tiers < TIERS_MAX && (double)terms_of(tiers) < 80 * variance) tiers++;
    return tiers;
}

void dual_tanh_fill(struct dual *dual, struct arena *arena) {
    int64_t count = dual->count;
    dual->coefficient = ARENA_TAKE(arena, TERMS_MAX * count, double);
    dual->reach = ARENA_TAKE(arena, TIERS_MAX * count, double);
    dual->inverse_root = ARENA_TAKE(arena, count, double);
    dual->own_t = ARENA_TAKE(arena, count, double);
    dual->own_tdot = ARENA_TAKE(arena, count, double);
    if (arena_is_counting(arena)) return;
    double variance = largest(count, dual->variance);
    dual->tiers = tiers_for(variance);
    memset(dual->coefficient, 0, (size_t)(terms_of(dual->tiers) * count) * sizeof(double));
    memset(dual->own_t, 0, (size_t)count * sizeof(double));
    memset(dual->own_tdot, 0, (size_t)count * sizeof(double));
    double step = step_for(variance, terms_of(dual->tiers));
    for (int64_t at = 0; at < count; at += POINTS)
        fill_points(dual, step, at, count - at < POINTS ? count - at : POINTS);
    fill_reach(dual);
    for (int64_t j = 0; j < count; j++) dual->inverse_root[j] = dual->variance[j] > 0 ? 1 / sqrt(dual->variance[j]) : 0;
}

struct moments dual_tanh_self(const struct dual *dual, int64_t i) {
    return (struct moments){.t = dual->own_t[i], .tdot = dual->own_tdot[i]};
}

/* ---- Pairs ---- */

struct pairs {
    int64_t count;
    double c[DUAL_BLOCK], w[DUAL_BLOCK]; /* the correlation and its square */
    int tier[DUAL_BLOCK], highest;       /* of the series; dual.tiers: the direct rule */
    double t[DUAL_BLOCK], tdot[DUAL_BLOCK];
};

static void pairs_sort(struct pairs *pairs, const struct dual *dual, int64_t i, int64_t first, const double *k) {
    pairs->highest = -1;
    for (int64_t j = 0; j < pairs->count; j++) {
        double c = fmax(-1, fmin(1, k[j] * dual->inverse_root[i] * dual->inverse_root[first + j]));
        int tier = 0;
        const double *reach = dual->reach;
        while (tier < dual->tiers && fabs(c) > reach[i] * reach[first + j]) tier++, reach += dual->count;
        pairs->c[j] = c;
        pairs->w[j] = c * c;
        pairs->tier[j] = tier;
        if (tier < dual->tiers && tier > pairs->highest) pairs->highest = tier;
    }
}

/* Horner from the top of one tier's terms to its bottom, two terms at a time. */
SIMD_CLONES static void pairs_sum(struct pairs *pairs, const struct dual *dual, int64_t i, int64_t first, int tier) {
    double *restrict t = pairs->t, *restrict tdot = pairs->tdot;
    const double *restrict w = pairs->w;
    for (int64_t n = terms_of(tier + 1) - 2; n >= terms_of(tier); n -= 2) {
        const double *low = dual->coefficient + n * dual->count, *high = low + dual->count;
        const double own_low = low[i], own_low_t = own_low / (double)(2 * n + 1);
        const double own_high = high[i], own_high_t = own_high / (double)(2 * n + 3);
        for (int64_t j = 0; j < pairs->count; j++) {
            t[j] = (t[j] * w[j] + own_high_t * high[first + j]) * w[j] + own_low_t * low[first + j];
            tdot[j] = (tdot[j] * w[j] + own_high * high[first + j]) * w[j] + own_low * low[first + j];
        }
    }
}

/* A pair starts at the top of its own tier, so that it never depends on its neighbours. */
static void pairs_start(struct pairs *pairs, int tier) {
    for (int64_t j = 0; j < pairs->count; j++)
        if (pairs->tier[j] == tier) pairs->t[j] = pairs->tdot[j] = 0;
}

/* E over (z1, z2) with u = sqrt(K11) z1, v = sqrt(K22)(c z1 + s z2), s = sqrt(1 - c^2): few nodes in z2 if s is small.
 * The integrands do not change under (z1, z2) -> -(z1, z2), so z1 > 0 counts twice. */
static double step_of(double variance) { return fmin(0.7, 2 * PI / pole_frequency(variance)); }

static struct moments direct_inner(double mean, double deviation) {
    const double step = step_of(deviation * deviation), limit = 9 / step;
    struct moments sum = {0};
    for (double q = -floor(limit); q <= limit; q++) {
        double z = q * step, weight = step / sqrt(2 * PI) * exp(-z * z / 2), phi = tanh(mean + deviation * z);
        sum.t += weight * phi;
        sum.tdot += weight * (1 - phi * phi);
    }
    return sum;
}

static struct moments direct_rule(double k11, double k22, double c) {
    const double step = step_of(fmax(k11, k22)), root = sqrt(k22), s = sqrt((1 - c) * (1 + c));
    struct moments sum = {0};
    for (double z = step / 2; z <= 9; z += step) {
        struct moments inner = direct_inner(root * c * z, root * s);
        double weight = 2 * step / sqrt(2 * PI) * exp(-z * z / 2), phi = tanh(sqrt(k11) * z);
        sum.t += weight * phi * inner.t;
        sum.tdot += weight * (1 - phi * phi) * inner.tdot;
    }
    return sum;
}

void dual_tanh_block(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *restrict k,
                     double *restrict tdot) {
    struct pairs pairs = {.count = count};
    pairs_sort(&pairs, dual, i, first, k);
    for (int tier = pairs.highest; tier >= 0; tier--) {
        pairs_start(&pairs, tier);
        pairs_sum(&pairs, dual, i, first, tier);
    }
    for (int64_t j = 0; j < count; j++) {
        struct moments pair = {.t = k[j] * pairs.t[j], .tdot = pairs.tdot[j]};
        if (pairs.tier[j] == dual->tiers) pair = direct_rule(dual->variance[i], dual->variance[first + j], pairs.c[j]);
        k[j] = pair.t;
        tdot[j] = pair.tdot;
    }
}
