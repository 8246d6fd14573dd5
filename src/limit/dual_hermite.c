/* tanh, and any odd function with poles (struct activation_series): a Hermite series in the correlation, longer for
 * pairs nearer c = +-1; a direct rule where no series serves. */
#include <math.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "activation_dual.h"
#include "dual_kind.h"
#include "order.h"
#include "simd.h"

enum { LANES = 64 / sizeof(real), PAIRS = 256, ROW = 32, FIRST_TIERS = 2, SOME = 32 };

static const double PI = 3.14159265358979323846;

/* Arguments and values of the series, which is double, for some places. */
static void find_arguments(const struct dual *dual, int64_t count, const real *variance, real *argument) {
    for (int64_t at = 0; at < count; at += DUAL_CHUNK) {
        double in[DUAL_CHUNK], out[DUAL_CHUNK];
        int64_t size = least(DUAL_CHUNK, count - at);
        for (int64_t j = 0; j < size; j++) in[j] = (double)variance[at + j];
        dual_series_arguments(&dual->series, size, in, out);
        for (int64_t j = 0; j < size; j++) argument[at + j] = (real)out[j];
    }
}

#if REAL_BITS == 64
static void evaluate_rows(const struct dual *dual, int64_t first, int64_t rows, int64_t count, const real *argument,
                          int64_t pitch, real *out) {
    dual_series_evaluate(&dual->series, first, rows, count, argument, pitch, out);
}
#else
static void evaluate_rows(const struct dual *dual, int64_t first, int64_t rows, int64_t count, const real *argument,
                          int64_t pitch, real *out) {
    double at[DUAL_CHUNK], some[SOME][DUAL_CHUNK];
    for (int64_t j = 0; j < count; j++) at[j] = (double)argument[j];
    for (int64_t row = 0; row < rows; row += SOME) {
        int64_t size = least(SOME, rows - row);
        dual_series_evaluate(&dual->series, first + row, size, count, at, DUAL_CHUNK, some[0]);
        for (int64_t n = 0; n < size; n++)
            for (int64_t j = 0; j < count; j++) out[(row + n) * pitch + j] = (real)some[n][j];
    }
}
#endif

void dual_hermite_self(const struct dual *dual, int64_t count, const real *variance, real *t, real *tdot) {
    for (int64_t at = 0; at < count; at += DUAL_CHUNK) {
        real argument[DUAL_CHUNK], value[2][DUAL_CHUNK]; /* T/K, Tdot */
        int64_t size = least(DUAL_CHUNK, count - at);
        find_arguments(dual, size, variance + at, argument);
        evaluate_rows(dual, 0, 2, size, argument, DUAL_CHUNK, value[0]);
        for (int64_t j = 0; j < size; j++) t[at + j] = value[0][j] * variance[at + j];
        for (int64_t j = 0; tdot && j < size; j++) tdot[at + j] = value[1][j];
    }
}

/* ---- Sides ---- */

/* Rows are a line longer where they would be a multiple of eight lines, and all terms of a place in the same few sets of
 * a cache. */
static int64_t pitch_of(int64_t count) {
    int64_t lines = (count + LANES - 1) / LANES;
    return lines % 8 == 0 && lines > 8 ? count + LANES : count;
}

/* Pairs are read in vectors, of which the last reads on behind the last place: what is not read so stands last, and a
 * line behind it. A row's line more is a 15th at most (121 places). */
int64_t dual_hermite_numbers(int tiers) {
    int64_t rows = dual_terms(tiers) + tiers;
    return rows + (rows + 14) / 15 + LANES;
}

SIMD_CLONES static void invert_roots(int64_t count, const real *restrict variance, real *restrict inverse_root) {
    for (int64_t j = 0; j < count; j++) {
        real root = REAL_MATH(sqrt)(variance[j]), inverse = 1 / root;
        inverse_root[j] = root > 0 ? inverse : 0;
    }
}

void dual_hermite_side(const struct dual *dual, struct dual_side *side, real *room) {
    int64_t count = side->count;
    side->pitch = pitch_of(count);
    side->reach = room;
    side->coefficient = side->reach + dual->series.tiers * side->pitch;
    side->inverse_root = side->coefficient + dual_terms(dual->series.tiers) * side->pitch;
    side->argument = side->inverse_root + count;
    side->filled = side->argument + count;
    find_arguments(dual, count, side->variance, side->argument);
    invert_roots(count, side->variance, side->inverse_root);
    for (int64_t chunk = 0; chunk * DUAL_CHUNK < count; chunk++) side->filled[chunk] = 0;
}

static void fill_tiers(const struct dual_side *side, int64_t chunk, int from, int to) {
    int64_t at = chunk * DUAL_CHUNK, count = least(DUAL_CHUNK, side->count - at), first = dual_terms(from);
    const real *argument = side->argument + at;
    evaluate_rows(&side->dual, 2 + first, dual_terms(to) - first, count, argument, side->pitch,
                  side->coefficient + first * side->pitch + at);
    for (int64_t j = 0; j < count; j++) {
        const double *reach = dual_series_reach(&side->dual.series, (double)argument[j]);
        for (int tier = from; tier < to; tier++) side->reach[tier * side->pitch + at + j] = (real)reach[tier];
    }
    side->filled[chunk] = (real)to;
}

/* The coefficients and reaches of `count` places, of so many tiers; the first few are filled at once. */
static inline void reach_tiers(const struct dual_side *side, int64_t place, int64_t count, int tiers) {
    for (int64_t chunk = place / DUAL_CHUNK; chunk <= (place + count - 1) / DUAL_CHUNK; chunk++)
        if ((int)side->filled[chunk] < tiers)
            fill_tiers(side, chunk, (int)side->filled[chunk],
                       (int)least(side->dual.series.tiers, most(tiers, FIRST_TIERS)));
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

/* ---- Pairs: several rows at once, or a row in pieces; lines of k and theta whose places follow each other are one row.
 * Each row is filled up to whole vectors by lanes that are no pairs. Loops are written once, and compiled for steps 0
 * and 1. ---- */

struct pairs {
    const struct dual *dual;
    const struct dual_side *own, *other;
    int64_t rows, columns, width;                 /* width: lanes a row */
    int64_t lines, line, apart, pitch;            /* of k and theta: their number and length; lanes and numbers apart */
    int64_t at_own, own_row, at_other, other_row; /* places of the rows' first pairs */
    bool steps;
    alignas(64) real k[PAIRS], w[PAIRS]; /* K12; the correlation's square */
    real t[PAIRS], slope[PAIRS];         /* sum a_n a_n w^n, and its derivative by w */
    real_int tier[PAIRS];                /* dual.tiers: the direct rule */
    int tiers[PAIRS / LANES];            /* that are summed, of each row */
};

static inline void correlate(int64_t vectors, int64_t step, const real *restrict own, const real *restrict other,
                             const real *restrict k, real *restrict w, real_int *restrict tier) {
    for (int64_t j = 0; j < vectors * LANES; j++) {
        real c = k[j] * own[j * step] * other[j], square = c * c;
        w[j] = square > 1 ? 1 : square;
        tier[j] = 0;
    }
}

SIMD_CLONES static void correlate_rows(struct pairs *p) {
    for (int64_t r = 0; r < p->rows; r++) {
        const real *own = p->own->inverse_root + p->at_own + r * p->own_row;
        const real *other = p->other->inverse_root + p->at_other + r * p->other_row;
        const int64_t from = r * p->width, vectors = p->width / LANES;
        if (p->steps)
            correlate(vectors, 1, own, other, p->k + from, p->w + from, p->tier + from);
        else
            correlate(vectors, 0, own, other, p->k + from, p->w + from, p->tier + from);
        for (int64_t j = from + p->columns; j < from + p->width; j++) p->w[j] = -1; /* served at once */
    }
}

static inline int64_t raise_tiers(int64_t vectors, int64_t step, const real *restrict own, const real *restrict other,
                                  const real *restrict w, real_int *restrict tier) {
    real_int count = 0;
    for (int64_t j = 0; j < vectors * LANES; j++) {
        real_int more = w[j] > own[j * step] * other[j] ? 1 : 0;
        tier[j] += more;
        count += more;
    }
    return count;
}

/* The reaches of the tiers grow: a pair's tier is the number of those that do not serve it. How many of a row does this
 * one not serve? */
SIMD_CLONES static int64_t raise_row(struct pairs *p, int64_t r, int tier) {
    const real *own = p->own->reach + tier * p->own->pitch + p->at_own + r * p->own_row;
    const real *other = p->other->reach + tier * p->other->pitch + p->at_other + r * p->other_row;
    const int64_t from = r * p->width, vectors = p->width / LANES;
    return p->steps ? raise_tiers(vectors, 1, own, other, p->w + from, p->tier + from)
                    : raise_tiers(vectors, 0, own, other, p->w + from, p->tier + from);
}

/* A pair starts at the top of its own tier, so that its bits never depend on its neighbours. */
SIMD_CLONES static void start(int64_t count, real_int tier, const real_int *restrict own, real *restrict t,
                              real *restrict slope) {
    for (int64_t j = 0; j < count; j++) {
        t[j] = own[j] == tier ? 0 : t[j];
        slope[j] = own[j] == tier ? 0 : slope[j];
    }
}

/* Four terms of Horner's rule, from the highest: rows 3 to 0 of the coefficients. */
static inline void sum_four(int64_t vectors, int64_t step, const real *restrict own, int64_t own_pitch,
                            const real *restrict other, int64_t other_pitch, const real *restrict w, real *restrict t,
                            real *restrict slope) {
    for (int64_t j = 0; j < vectors * LANES; j++) {
        real x = w[j], sum = t[j], derivative = slope[j];
        for (int n = 3; n >= 0; n--) {
            derivative = derivative * x + sum;
            sum = sum * x + own[n * own_pitch + j * step] * other[n * other_pitch + j];
        }
        t[j] = sum;
        slope[j] = derivative;
    }
}

/* From the top of one tier's terms to its bottom. */
SIMD_CLONES static void sum_tier(struct pairs *p, int tier) {
    const int64_t a_pitch = p->own->pitch, b_pitch = p->other->pitch, vectors = p->width / LANES;
    for (int64_t n = dual_terms(tier + 1) - 4; n >= dual_terms(tier); n -= 4)
        for (int64_t r = 0; r < p->rows; r++) {
            if (p->tiers[r] <= tier) continue;
            const real *a = p->own->coefficient + n * a_pitch + p->at_own + r * p->own_row;
            const real *b = p->other->coefficient + n * b_pitch + p->at_other + r * p->other_row;
            const int64_t from = r * p->width;
            if (p->steps)
                sum_four(vectors, 1, a, a_pitch, b, b_pitch, p->w + from, p->t + from, p->slope + from);
            else
                sum_four(vectors, 0, a, a_pitch, b, b_pitch, p->w + from, p->t + from, p->slope + from);
        }
}

SIMD_CLONES static void finish(int64_t count, const real *restrict w, const real *restrict t,
                               const real *restrict slope, real *restrict k, real *restrict theta) {
    for (int64_t j = 0; j < count; j++) {
        theta[j] *= t[j] + 2 * w[j] * slope[j];
        k[j] *= t[j];
    }
}

/* ---- Rows ---- */

/* As many tiers as a row needs; are there pairs that none serves? */
static bool choose_tiers(struct pairs *p, int64_t r) {
    int64_t beyond = 1, own = p->at_own + r * p->own_row, other = p->at_other + r * p->other_row;
    for (p->tiers[r] = 0; beyond > 0 && p->tiers[r] < p->dual->series.tiers; p->tiers[r]++) {
        reach_tiers(p->own, own, p->steps ? p->columns : 1, p->tiers[r] + 1);
        reach_tiers(p->other, other, p->columns, p->tiers[r] + 1);
        beyond = raise_row(p, r, p->tiers[r]);
    }
    return beyond > 0;
}

/* Sums; are there pairs that no tier serves? */
static bool evaluate(struct pairs *p) {
    const int64_t count = p->rows * p->width;
    bool is_beyond = false;
    int tiers = 0;
    correlate_rows(p);
    for (int64_t r = 0; r < p->rows; r++) {
        is_beyond |= choose_tiers(p, r);
        tiers = (int)most(tiers, p->tiers[r]);
    }
    memset(p->t, 0, (size_t)count * sizeof *p->t), memset(p->slope, 0, (size_t)count * sizeof *p->slope);
    for (int tier = tiers - 1; tier >= 0; tier--) {
        sum_tier(p, tier);
        if (tier > 0) start(count, (real_int)(tier - 1), p->tier, p->t, p->slope);
    }
    return is_beyond;
}

static void take_direct(const struct pairs *p, int64_t r, int64_t c, real *k, real *theta) {
    int64_t own = p->at_own + r * p->own_row + (p->steps ? c : 0), other = p->at_other + r * p->other_row + c;
    double c12 = (double)(*k * p->own->inverse_root[own] * p->other->inverse_root[other]),
           cosine = fmax(-1, fmin(1, c12));
    struct moments pair = direct_rule(p->dual->series.activation, (double)p->own->variance[own],
                                      (double)p->other->variance[other], cosine);
    *k = (real)pair.t;
    *theta *= (real)pair.tdot;
}

/* What is left of a line, whose sums become 1. */
static void take_beyond(struct pairs *p, int64_t r, real *k, real *theta) {
    for (int64_t c = 0; c < p->line; c++) {
        int64_t at = r * p->apart + c;
        if (p->tier[at] < p->dual->series.tiers) continue;
        take_direct(p, r, c, k + c, theta + c);
        p->t[at] = 1, p->slope[at] = 0;
    }
}

static void run_pairs(struct pairs *p, real *k, real *theta) {
    const int64_t pitch = p->pitch;
    for (int64_t r = 0; r < p->lines; r++) memcpy(p->k + r * p->apart, k + r * pitch, (size_t)p->line * sizeof *k);
    bool is_beyond = evaluate(p);
    for (int64_t r = 0; r < p->lines; r++) {
        int64_t at = r * p->apart;
        if (is_beyond) take_beyond(p, r, k + r * pitch, theta + r * pitch);
        finish(p->line, p->w + at, p->t + at, p->slope + at, k + r * pitch, theta + r * pitch);
    }
}

/* Do the places of each line begin where those of the line before it end? */
static bool are_one(const struct pairs *p) {
    return p->steps && p->own_row == p->columns && p->other_row == p->columns;
}

static void run_at(struct pairs *p, const struct dual_pairs *all, int64_t r, int64_t c, real *k, real *theta) {
    bool is_one = are_one(p);
    p->lines = p->rows, p->line = p->columns;
    if (is_one) p->columns *= p->rows, p->rows = 1;
    p->width = (p->columns + LANES - 1) / LANES * LANES;
    p->apart = is_one ? p->line : p->width;
    p->at_own = all->own + r * all->own_row + c * all->own_step;
    p->at_other = all->other + r * all->other_row + c;
    run_pairs(p, k + r * all->pitch + c, theta + r * all->pitch + c);
}

/* A long row becomes several. */
static void run_long(struct pairs *p, const struct dual_pairs *all, int64_t r, real *k, real *theta) {
    p->own_row = ROW * all->own_step, p->other_row = ROW, p->pitch = ROW;
    for (int64_t c = 0; c < all->columns; c += p->rows * p->columns) {
        int64_t left = all->columns - c;
        p->rows = left < ROW ? 1 : least(PAIRS, left) / ROW;
        p->columns = least(ROW, left);
        run_at(p, all, r, c, k, theta);
    }
}

void dual_hermite_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                      const struct dual_pairs *all, real *k, real *theta) {
    struct pairs p;
    p.dual = dual, p.own = own, p.other = other, p.steps = all->own_step > 0;
    if (all->columns > ROW) {
        for (int64_t r = 0; r < all->rows; r++) run_long(&p, all, r, k, theta);
    } else if (all->columns > 0) {
        int64_t group = PAIRS / ((all->columns + LANES - 1) / LANES * LANES);
        p.own_row = all->own_row, p.other_row = all->other_row, p.pitch = all->pitch;
        for (int64_t r = 0; r < all->rows; r += group) {
            p.rows = least(group, all->rows - r), p.columns = all->columns;
            run_at(&p, all, r, 0, k, theta);
        }
    }
}
