#include "dual.h"

#include <float.h>
#include <math.h>

#include "activation.h"
#include "dual_kind.h"
#include "order.h"
#include "simd.h"

enum { DUAL_BLOCK = 512 };

/* ---- layers and sides ---- */

double dual_most(enum activation_kind kind) {
    double most = activation_of(kind)->dual->most;
    return most > 0 ? most : DBL_MAX;
}

/* Is a product of two of them more than rounding away from what it should be? */
static bool are_extreme(int64_t count, const double *variance) {
    const double low = 0x1p-480, high = 0x1p+500;
    for (int64_t j = 0; j < count; j++)
        if (variance[j] > high || (variance[j] < low && variance[j] > 0)) return true;
    return false;
}

struct dual dual_prepare(enum activation_kind kind, double slope, int64_t count, const double *variance,
                         struct arena *arena) {
    struct dual dual = {.activation = activation_of(kind)->dual, .slope = slope};
    if (!arena_is_counting(arena))
        dual.is_extreme = dual.activation->scaling != SCALING_NONE && are_extreme(count, variance);
    if (dual.activation->series) dual_series_prepare(&dual, count, variance, arena);
    return dual;
}

struct dual dual_between(const struct dual *a, const struct dual *b) {
    struct dual dual = *a;
    dual.is_extreme |= b->is_extreme;
    if (b->tiers < a->tiers) dual.tiers = b->tiers;
    return dual;
}

void dual_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    if (dual->activation->series)
        dual_hermite_self(dual, count, variance, t, tdot);
    else
        dual->activation->self(count, dual->slope, variance, t, tdot);
}

static int64_t numbers_with(const struct dual *dual, int tiers) {
    return dual->activation->series ? dual_terms(tiers) + tiers + 1 : 0;
}
int64_t dual_side_numbers(const struct dual *dual) { return numbers_with(dual, dual->tiers); }
int64_t dual_side_most(const struct dual *dual) { return numbers_with(dual, DUAL_TIERS); }

struct dual_side dual_side_fill(const struct dual *dual, int64_t count, const double *variance, double *room) {
    struct dual_side side = {.count = count, .variance = variance};
    if (dual->activation->series) dual_hermite_side(dual, &side, room);
    return side;
}

/* ---- runs ---- */

/* What closed forms need of these pairs, and of places of variance 0 between columns and pitch. */
SIMD_CLONES static void pack(const struct dual_pairs *pairs, const double *restrict own, const double *restrict other,
                             double *restrict product, double *restrict offset) {
    const int64_t rows = pairs->rows, columns = pairs->columns, pitch = pairs->pitch;
    const int64_t own_row = pairs->own_row, other_row = pairs->other_row;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            product[r * pitch + c] = own[r * own_row + c] * other[r * other_row + c];
            offset[r * pitch + c] = 1 + 2 * (own[r * own_row + c] + other[r * other_row + c]);
        }
    for (int64_t c = columns; c < pitch; c++) /* few, down the rows */
        for (int64_t r = 0; r < rows; r++) product[r * pitch + c] = 0, offset[r * pitch + c] = HUGE_VAL;
}

SIMD_CLONES static void pack_one(int64_t columns, double own, const double *restrict other, double *restrict product,
                                 double *restrict offset) {
    for (int64_t c = 0; c < columns; c++) {
        product[c] = own * other[c];
        offset[c] = 1 + 2 * (own + other[c]);
    }
}

/* One point with many. */
static void run_point(const struct dual *dual, double own, const double *other, int64_t count, double *k,
                      double *theta) {
    double product[DUAL_BLOCK], offset[DUAL_BLOCK];
    for (int64_t at = 0; at < count; at += DUAL_BLOCK) {
        int64_t size = least(DUAL_BLOCK, count - at);
        pack_one(size, own, other + at, product, offset);
        dual->activation->block(size, dual->slope, product, offset, k + at, theta + at);
    }
}

/* Two images: several rows at once, or a row in pieces. */
static void run_images(const struct dual *dual, const double *own, const double *other, const struct dual_pairs *pairs,
                       double *k, double *theta) {
    double product[DUAL_BLOCK], offset[DUAL_BLOCK];
    int64_t pitch = pairs->pitch, width = least(pitch, DUAL_BLOCK), group = width < pitch ? 1 : DUAL_BLOCK / pitch;
    for (int64_t r = 0; r < pairs->rows; r += group)
        for (int64_t c = 0; c < pairs->columns; c += width) {
            struct dual_pairs part = *pairs;
            part.rows = least(group, pairs->rows - r);
            part.pitch = width < pitch ? least(width, pairs->columns - c) : pitch;
            part.columns = least(pairs->columns - c, part.pitch);
            int64_t place = r * pitch + c;
            pack(&part, own + r * pairs->own_row + c, other + r * pairs->other_row + c, product, offset);
            dual->activation->block(part.rows * part.pitch, dual->slope, product, offset, k + place, theta + place);
        }
}

/* A power of two near sqrt(variance), 1 for variance 0. */
static double scale_of(double variance) { return variance > 0 ? ldexp(1, ilogb(variance) / 2) : 1; }

/* One row of places whose variances' products are out of range: K11 = a^2 u, K22 = b^2 v, K12 = ab w. relu is
 * homogeneous, T = ab T(u, v, w); erf, for a, b >= 1, has its root^2 over (ab)^2. Exact, since a and b are powers of
 * two. */
static void run_extreme(const struct dual *dual, const double *own, int64_t own_step, const double *other,
                        int64_t count, double *k, double *theta) {
    double product[DUAL_BLOCK] = {0}, offset[DUAL_BLOCK] = {0}, scale[DUAL_BLOCK];
    bool is_homogeneous = dual->activation->scaling == SCALING_HOMOGENEOUS;
    for (int64_t j = 0; j < count; j++) {
        double k11 = own[j * own_step], k22 = other[j], least_scale = is_homogeneous ? 0 : 1;
        double a = fmax(scale_of(k11), least_scale), b = fmax(scale_of(k22), least_scale);
        scale[j] = a * b;
        product[j] = (k11 / a / a) * (k22 / b / b);
        offset[j] = 1 / scale[j] / scale[j] + 2 * (k11 / scale[j] / scale[j] + k22 / scale[j] / scale[j]);
        k[j] /= scale[j];
    }
    dual->activation->block(count, dual->slope, product, offset, k, theta);
    for (int64_t j = 0; j < count; j++)
        if (is_homogeneous)
            k[j] *= scale[j];
        else
            theta[j] /= scale[j];
}

static void run_extremes(const struct dual *dual, const double *own, const double *other,
                         const struct dual_pairs *pairs, double *k, double *theta) {
    for (int64_t r = 0; r < pairs->rows; r++)
        for (int64_t c = 0; c < pairs->columns; c += DUAL_BLOCK) {
            int64_t place = r * pairs->pitch + c;
            run_extreme(dual, own + r * pairs->own_row + c * pairs->own_step, pairs->own_step,
                        other + r * pairs->other_row + c, least(DUAL_BLOCK, pairs->columns - c), k + place,
                        theta + place);
        }
}

static void run_strangers(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                          const struct dual_pairs *pairs, double *k, double *theta) {
    const double *a = own->variance + pairs->own, *b = other->variance + pairs->other;
    if (dual->activation->series)
        dual_hermite_run(dual, own, other, pairs, k, theta);
    else if (dual->is_extreme)
        run_extremes(dual, a, b, pairs, k, theta);
    else if (pairs->own_step == 0)
        run_point(dual, *a, b, pairs->columns, k, theta);
    else
        run_images(dual, a, b, pairs, k, theta);
}

static void run_self(const struct dual *dual, const double *variance, int64_t count, double *k, double *theta) {
    double tdot[DUAL_BLOCK];
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
              const struct dual_pairs *pairs, double *k, double *theta) {
    const double *a = own->variance + pairs->own, *b = other->variance + pairs->other;
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
