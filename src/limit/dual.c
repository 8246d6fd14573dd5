#include "dual.h"

#include <float.h>
#include <math.h>

#include "activation.h"
#include "dual_forms.h"
#include "order.h"
#include "simd.h"

/* ---- layers and sides ---- */

real dual_most(enum activation_kind kind) {
    double most = activation_of(kind)->dual->most;
    return most > 0 ? (real)most : REAL_MAX;
}

/* Products of variances between these are as exact as others, and numbers. */
#if REAL_BITS == 32
#define LEAST_PLAIN 0x1p-50F
#define MOST_PLAIN  0x1p+60F
#else
#define LEAST_PLAIN 0x1p-480
#define MOST_PLAIN  0x1p+500
#endif
/* Of the terms that a series leaves out. */
static const double TOLERANCE = REAL_BITS == 32 ? 4e-8 : 8e-15;

/* Is a product of two of them more than rounding away from what it should be? */
static bool are_extreme(int64_t count, const real *variance) {
    const real low = LEAST_PLAIN, high = MOST_PLAIN;
    for (int64_t j = 0; j < count; j++)
        if (variance[j] > high || (variance[j] < low && variance[j] > 0)) return true;
    return false;
}

static void prepare_series(enum activation_kind kind, int64_t count, const real *variance, struct arena *arena,
                           struct dual_series *series) {
    real low = (real)INFINITY, high = 0;
    for (int64_t j = 0; !arena_is_counting(arena) && j < count; j++) {
        low = variance[j] < low ? variance[j] : low;
        high = variance[j] > high ? variance[j] : high;
    }
    dual_series_prepare(series, (double)low, (double)high, (double)dual_most(kind), arena);
}

struct dual dual_prepare(enum activation_kind kind, real slope, int64_t count, const real *variance,
                         struct arena *arena) {
    struct dual dual = {.activation = activation_of(kind)->dual, .slope = slope};
    if (!arena_is_counting(arena))
        dual.is_extreme = dual.activation->scaling != SCALING_NONE && are_extreme(count, variance);
    dual.series = (struct dual_series){.activation = dual.activation->series, .tolerance = TOLERANCE};
    if (dual.series.activation) prepare_series(kind, count, variance, arena, &dual.series);
    return dual;
}

struct dual dual_between(const struct dual *a, const struct dual *b) {
    struct dual dual = *a;
    dual.is_extreme |= b->is_extreme;
    dual.series.tiers = (int)least(a->series.tiers, b->series.tiers);
    return dual;
}

void dual_self(const struct dual *dual, int64_t count, const real *variance, real *t, real *tdot) {
    if (dual->activation->series)
        dual_hermite_self(dual, count, variance, t, tdot);
    else
        dual->activation->self(count, dual->slope, variance, t, tdot);
}

static int64_t numbers_with(const struct dual *dual, int tiers) {
    return dual->activation->series ? dual_hermite_numbers(tiers) : 0;
}
int64_t dual_side_numbers(const struct dual *dual) { return numbers_with(dual, dual->series.tiers); }
int64_t dual_side_most(const struct dual *dual) { return numbers_with(dual, DUAL_TIERS); }

struct dual_side dual_side_fill(const struct dual *dual, int64_t count, const real *variance, real *room) {
    struct dual_side side = {.count = count, .variance = variance, .dual = *dual};
    if (dual->activation->series) dual_hermite_side(dual, &side, room);
    return side;
}

/* ---- runs ---- */

/* Without a branch: gcc would move the square root into it. */
static inline real positive(real x) { return (x + REAL_MATH(fabs)(x)) / 2; }

static inline void find_roots_of(int64_t count, real shift, const real *restrict a, const real *restrict b,
                                 const real *restrict k, real *restrict root) {
    for (int64_t j = 0; j < count; j++)
        root[j] = REAL_MATH(sqrt)(positive(a[j] * b[j] - k[j] * k[j]) + shift * (a[j] + b[j] + shift));
}

/* Rows of variances a and b, at `pairs`' places. */
SIMD_CLONES static void find_roots(const struct dual_pairs *pairs, real shift, const real *a, const real *b,
                                   const real *k, real *root) {
    for (int64_t r = 0; r < pairs->rows; r++)
        find_roots_of(pairs->columns, shift, a + r * pairs->own_row, b + r * pairs->other_row, k + r * pairs->pitch,
                      root + r * pairs->pitch);
}

SIMD_CLONES static void add_variances(const struct dual_pairs *pairs, const real *restrict a, const real *restrict b,
                                      real *restrict root) {
    for (int64_t r = 0; r < pairs->rows; r++)
        for (int64_t c = 0; c < pairs->columns; c++)
            root[r * pairs->pitch + c] = a[r * pairs->own_row + c] + b[r * pairs->other_row + c];
}

/* Down the columns: gaps are narrow. */
static void fill_gaps(const struct dual_pairs *pairs, real value, real *x) {
    for (int64_t c = pairs->columns; c < pairs->pitch; c++)
        for (int64_t r = 0; r < pairs->rows; r++) x[r * pairs->pitch + c] = value;
}

/* rows * pitch <= DUAL_BLOCK */
static void run_piece(const struct dual *dual, const struct dual_pairs *pairs, const real *own, const real *other,
                      real *k, real *theta) {
    real root[DUAL_BLOCK];
    if (dual_has_root(dual))
        find_roots(pairs, dual_shift(dual), own, other, k, root);
    else
        add_variances(pairs, own, other, root);
    fill_gaps(pairs, dual->activation->scaling == SCALING_HOMOGENEOUS ? 0 : (real)HUGE_VAL, root);
    dual->activation->block(pairs->rows * pairs->pitch, dual->slope, root, k, theta);
}

/* One point with many. */
static void run_point(const struct dual *dual, real own, const real *other, int64_t count, real *k, real *theta) {
    real variance[DUAL_BLOCK];
    for (int64_t j = 0; j < least(DUAL_BLOCK, count); j++) variance[j] = own;
    for (int64_t at = 0; at < count; at += DUAL_BLOCK) {
        int64_t size = least(DUAL_BLOCK, count - at);
        const struct dual_pairs piece = {.rows = 1, .columns = size, .pitch = size};
        run_piece(dual, &piece, variance, other + at, k + at, theta + at);
    }
}

/* Two images: several rows at once, or a row in pieces. */
static void run_images(const struct dual *dual, const real *own, const real *other, const struct dual_pairs *pairs,
                       real *k, real *theta) {
    int64_t pitch = pairs->pitch, width = least(pitch, DUAL_BLOCK), group = width < pitch ? 1 : DUAL_BLOCK / pitch;
    for (int64_t r = 0; r < pairs->rows; r += group)
        for (int64_t c = 0; c < pairs->columns; c += width) {
            struct dual_pairs piece = *pairs;
            piece.rows = least(group, pairs->rows - r);
            piece.pitch = width < pitch ? least(width, pairs->columns - c) : pitch;
            piece.columns = least(pairs->columns - c, piece.pitch);
            run_piece(dual, &piece, own + r * pairs->own_row + c, other + r * pairs->other_row + c, k + r * pitch + c,
                      theta + r * pitch + c);
        }
}

/* A power of two near REAL_MATH(sqrt)(variance), 1 for variance 0. */
static real scale_of(real variance) { return variance > 0 ? REAL_MATH(ldexp)(1, REAL_MATH(ilogb)(variance) / 2) : 1; }

/* K11 = a^2 u, K22 = b^2 v, K12 = ab w. relu is homogeneous, T = ab T(u, v, w); erf, for a, b >= 1, has its root^2 over
 * (ab)^2. Exact, since a and b are powers of two. */
static void run_extreme(const struct dual *dual, const real *own, int64_t span, const real *other, int64_t count,
                        real *k, real *theta) {
    real root[DUAL_BLOCK], scale[DUAL_BLOCK], shift = dual_shift(dual);
    bool is_homogeneous = dual->activation->scaling == SCALING_HOMOGENEOUS;
    for (int64_t j = 0; j < count; j++) {
        real k11 = own[j / span], k22 = other[j], least_scale = is_homogeneous ? 0 : 1;
        real a = REAL_MATH(fmax)(scale_of(k11), least_scale), b = REAL_MATH(fmax)(scale_of(k22), least_scale),
             ab = a * b, first = is_homogeneous ? 1 : REAL_MATH(fmax)(a, b);
        real rest = is_homogeneous ? 0 : shift * (k11 / ab / ab + k22 / ab / ab + shift / ab / ab);
        scale[j] = ab / first;
        theta[j] /= first; /* 1/root is about as large at most */
        k[j] /= ab;
        root[j] = REAL_MATH(sqrt)(positive((k11 / a / a) * (k22 / b / b) - k[j] * k[j]) + rest);
    }
    dual->activation->block(count, dual->slope, root, k, theta);
    for (int64_t j = 0; j < count; j++)
        if (is_homogeneous)
            k[j] *= scale[j];
        else
            theta[j] /= scale[j];
}

void dual_run_extreme(const struct dual *dual, const real *own, int64_t span, const real *other, int64_t count, real *k,
                      real *theta) {
    for (int64_t c = 0; c < count; c += DUAL_BLOCK)
        run_extreme(dual, own + c / span, span, other + c, least(DUAL_BLOCK, count - c), k + c, theta + c);
}

static void run_extremes(const struct dual *dual, const real *own, const real *other, const struct dual_pairs *pairs,
                         real *k, real *theta) {
    int64_t span = pairs->own_step == 0 ? pairs->columns : 1;
    for (int64_t r = 0; r < pairs->rows; r++)
        dual_run_extreme(dual, own + r * pairs->own_row, span, other + r * pairs->other_row, pairs->columns,
                         k + r * pairs->pitch, theta + r * pairs->pitch);
}

static void run_strangers(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                          const struct dual_pairs *pairs, real *k, real *theta) {
    const real *a = own->variance + pairs->own, *b = other->variance + pairs->other;
    if (dual->activation->series)
        dual_hermite_run(dual, own, other, pairs, k, theta);
    else if (dual->is_extreme)
        run_extremes(dual, a, b, pairs, k, theta);
    else if (pairs->own_step == 0)
        run_point(dual, *a, b, pairs->columns, k, theta);
    else
        run_images(dual, a, b, pairs, k, theta);
}

static void run_self(const struct dual *dual, const real *variance, int64_t count, real *k, real *theta) {
    real tdot[DUAL_BLOCK];
    for (int64_t at = 0; at < count; at += DUAL_BLOCK) {
        int64_t size = least(DUAL_BLOCK, count - at);
        dual_self(dual, size, variance + at, k + at, tdot);
        for (int64_t j = 0; j < size; j++) theta[at + j] *= tdot[j];
    }
}

/* `pairs` of one row, from column `first` on, `count` of them. */
static struct dual_pairs piece_of(const struct dual_pairs *pairs, int64_t first, int64_t count) {
    struct dual_pairs piece = *pairs;
    piece.columns = count;
    piece.other += first;
    return piece;
}

void dual_run(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
              const struct dual_pairs *pairs, real *k, real *theta) {
    const real *a = own->variance + pairs->own, *b = other->variance + pairs->other;
    ptrdiff_t ahead = a - b; /* of points: the column of the point itself */
    if (pairs->own_step == 1 && ahead == 0) {
        for (int64_t r = 0; r < pairs->rows; r++)
            run_self(dual, a + r * pairs->own_row, pairs->columns, k + r * pairs->pitch, theta + r * pairs->pitch);
    } else if (pairs->own_step == 0 && ahead >= 0 && ahead < pairs->columns) {
        struct dual_pairs before = piece_of(pairs, 0, ahead),
                          after = piece_of(pairs, ahead + 1, pairs->columns - ahead - 1);
        run_strangers(dual, own, other, &before, k, theta);
        run_self(dual, a, 1, k + ahead, theta + ahead);
        run_strangers(dual, own, other, &after, k + ahead + 1, theta + ahead + 1);
    } else {
        run_strangers(dual, own, other, pairs, k, theta);
    }
}
