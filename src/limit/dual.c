/* relu and erf need one angle per pair, phi = asin(c). It is taken as atan2(K12, root), root = sqrt(K11 K22 - K12^2):
 * one square root and one division, nothing to clamp, exact for a point beside its equal; the root is wanted anyway.
 * No libm but sqrt, so the loops vectorize under any compiler and an entry has the same bits wherever it stands. */
#include "dual.h"

#include <float.h>
#include <math.h>

#include "dual_kind.h"
#include "simd.h"

static const double PI = 3.14159265358979323846;

/* atan(t) = t + t^3 P(t^2) for |t| <= 1: P of degree 19, minimax in relative error (5e-18, by Remez' algorithm); its
 * coefficients of even and of odd powers of t^2. */
enum { HALF = 10 };
static const double ATAN_EVEN[HALF] = {
    -0.3333333333333307, -0.142857142825751,    -0.09090907002988372,  -0.06666404057375805,   -0.0525351855033311,
    -0.0421917896397324, -0.029903859736200578, -0.013900562703253858, -0.0028849198808619633, -0.0001521610113700873,
};
static const double ATAN_ODD[HALF] = {
    0.1999999999995146,  0.11111111007025938, 0.07692279839263422,  0.058805278136969584,  0.04722322214001891,
    0.03664191139518284, 0.02198485548312379, 0.007196505488449618, 0.0008313224367952538, 1.3225091973547144e-05,
};

static inline double arctangent(double t) {
    double w = t * t, v = w * w, even = ATAN_EVEN[HALF - 1], odd = ATAN_ODD[HALF - 1];
    for (int n = HALF - 2; n >= 0; n--) {
        even = even * v + ATAN_EVEN[n];
        odd = odd * v + ATAN_ODD[n];
    }
    return t + t * w * (even + w * odd);
}

/* K11 K22 - K12^2, and 0 where rounding makes it negative. Without a branch: gcc would move the square root into it. */
static inline double determinant_of(double product, double k12) {
    double determinant = product - k12 * k12;
    return (determinant + fabs(determinant)) / 2;
}

/* atan2(k12, root) in [-pi/2, pi/2], the arcsine of the correlation; 0 for (0, 0) */
static inline double angle_of(double k12, double root) {
    double size = fabs(k12), larger = size > root ? size : root, smaller = size > root ? root : size;
    double angle = arctangent(smaller / (larger < DBL_MIN ? DBL_MIN : larger));
    return copysign(fabs((size > root ? PI / 2 : 0) - angle), k12);
}

/* Blocks of at most DUAL_BLOCK pairs: product = K11 K22, offset = 1 + 2 (K11 + K22); k holds K12 and becomes T, theta
 * is multiplied by Tdot. Beside product = 0 and offset = 1, 0 stays 0. */
enum { DUAL_BLOCK = 512 };
typedef void dual_block(int64_t count, const double *restrict product, const double *restrict offset,
                        double *restrict k, double *restrict theta);

/* Tdot = (pi - a)/(2 pi), T = (root + (pi - a) K12)/(2 pi), a = arccos(c) = pi/2 - phi */
SIMD_CLONES static void relu_block(int64_t count, const double *restrict product, const double *restrict offset,
                                   double *restrict k, double *restrict theta) {
    (void)offset;
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(determinant_of(product[j], k[j])), tdot = 0.25 + angle_of(k[j], root) * (1 / (2 * PI));
        k[j] = root * (1 / (2 * PI)) + tdot * k[j];
        theta[j] *= tdot;
    }
}

static void relu_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    (void)dual;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = 0.5;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j] / 2;
}

/* T = (2/pi) atan2(2 K12, root), Tdot = (4/pi)/root, root^2 = (1 + 2 K11)(1 + 2 K22) - 4 K12^2 without cancellation */
SIMD_CLONES static void erf_block(int64_t count, const double *restrict product, const double *restrict offset,
                                  double *restrict k, double *restrict theta) {
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(offset[j] + 4 * determinant_of(product[j], k[j]));
        k[j] = angle_of(2 * k[j], root) * (2 / PI);
        theta[j] *= (4 / PI) / root;
    }
}

static void erf_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    (void)dual;
    for (int64_t j = 0; j < count; j++) {
        double own = variance[j], half_root = sqrt(0.25 + own);
        t[j] = angle_of(own, half_root) * (2 / PI);
        if (tdot) tdot[j] = (2 / PI) / half_root;
    }
}

static void identity_block(int64_t count, const double *restrict product, const double *restrict offset,
                           double *restrict k, double *restrict theta) {
    (void)count, (void)product, (void)offset, (void)k, (void)theta;
}

static void identity_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    (void)dual;
    for (int64_t j = 0; tdot && j < count; j++) tdot[j] = 1;
    for (int64_t j = 0; j < count; j++) t[j] = variance[j];
}

static const struct {
    dual_block *block; /* NULL: tanh, whose pairs need more than their variances */
    void (*self)(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot);
    int is_sensitive; /* to products of variances that leave the range of numbers */
} KINDS[] = {
    [ACTIVATION_RELU] = {relu_block, relu_self, 1},
    [ACTIVATION_ERF] = {erf_block, erf_self, 1},
    [ACTIVATION_TANH] = {NULL, dual_tanh_self, 0},
    [ACTIVATION_IDENTITY] = {identity_block, identity_self, 0},
};

/* ---- layers and sides ---- */

/* Is a product of two of them more than rounding away from what it should be? */
static int are_extreme(int64_t count, const double *variance) {
    const double low = 0x1p-480, high = 0x1p+500;
    for (int64_t j = 0; j < count; j++)
        if (variance[j] > high || (variance[j] < low && variance[j] > 0)) return 1;
    return 0;
}

struct dual dual_prepare(enum activation_kind kind, int64_t count, const double *variance, struct arena *arena) {
    struct dual dual = {.kind = kind};
    if (!arena_is_counting(arena)) dual.is_extreme = KINDS[kind].is_sensitive && are_extreme(count, variance);
    if (kind == ACTIVATION_TANH) dual_series_prepare(&dual, count, variance, arena);
    return dual;
}

struct dual dual_between(const struct dual *a, const struct dual *b) {
    struct dual dual = *a;
    dual.is_extreme |= b->is_extreme;
    if (b->tiers < a->tiers) dual.tiers = b->tiers;
    return dual;
}

void dual_self(const struct dual *dual, int64_t count, const double *variance, double *t, double *tdot) {
    KINDS[dual->kind].self(dual, count, variance, t, tdot);
}

static int64_t numbers_with(const struct dual *dual, int tiers) {
    return dual->kind == ACTIVATION_TANH ? dual_terms(tiers) + tiers + 1 : 0;
}
int64_t dual_side_numbers(const struct dual *dual) { return numbers_with(dual, dual->tiers); }
int64_t dual_side_most(const struct dual *dual) { return numbers_with(dual, DUAL_TIERS); }

struct dual_side dual_side_fill(const struct dual *dual, int64_t count, const double *variance, double *room) {
    struct dual_side side = {.count = count, .variance = variance};
    if (dual->kind == ACTIVATION_TANH) dual_tanh_side(dual, &side, room);
    return side;
}

/* ---- runs ---- */

/* What closed forms need of `rows` rows of `pitch` pairs, of places of variance 0 beyond `columns`. */
SIMD_CLONES static void pack(int64_t rows, int64_t columns, int64_t pitch, const double *restrict own, int64_t own_row,
                             const double *restrict other, int64_t other_row, double *restrict product,
                             double *restrict offset) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            product[r * pitch + c] = own[r * own_row + c] * other[r * other_row + c];
            offset[r * pitch + c] = 1 + 2 * (own[r * own_row + c] + other[r * other_row + c]);
        }
    for (int64_t c = columns; c < pitch; c++) /* few, down the rows */
        for (int64_t r = 0; r < rows; r++) product[r * pitch + c] = 0, offset[r * pitch + c] = 1;
}

SIMD_CLONES static void pack_one(int64_t columns, double own, const double *restrict other, double *restrict product,
                                 double *restrict offset) {
    for (int64_t c = 0; c < columns; c++) {
        product[c] = own * other[c];
        offset[c] = 1 + 2 * (own + other[c]);
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* One point with many. */
static void run_point(dual_block *block, double own, const double *other, int64_t count, double *k, double *theta) {
    double product[DUAL_BLOCK], offset[DUAL_BLOCK];
    for (int64_t at = 0; at < count; at += DUAL_BLOCK) {
        int64_t size = least(DUAL_BLOCK, count - at);
        pack_one(size, own, other + at, product, offset);
        block(size, product, offset, k + at, theta + at);
    }
}

/* Two images: several rows at once, or a row in pieces. */
static void run_images(dual_block *block, const double *own, const double *other, const struct dual_pairs *pairs,
                       double *k, double *theta) {
    double product[DUAL_BLOCK], offset[DUAL_BLOCK];
    int64_t pitch = pairs->pitch, width = least(pitch, DUAL_BLOCK), group = width < pitch ? 1 : DUAL_BLOCK / pitch;
    for (int64_t r = 0; r < pairs->rows; r += group)
        for (int64_t c = 0; c < pairs->columns; c += width) {
            int64_t rows = least(group, pairs->rows - r),
                    piece = width < pitch ? least(width, pairs->columns - c) : pitch;
            int64_t place = r * pitch + c;
            pack(rows, least(pairs->columns - c, piece), piece, own + r * pairs->own_row + c, pairs->own_row,
                 other + r * pairs->other_row + c, pairs->other_row, product, offset);
            block(rows * piece, product, offset, k + place, theta + place);
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
    int is_relu = dual->kind == ACTIVATION_RELU;
    for (int64_t j = 0; j < count; j++) {
        double k11 = own[j * own_step], k22 = other[j], least_scale = is_relu ? 0 : 1;
        double a = fmax(scale_of(k11), least_scale), b = fmax(scale_of(k22), least_scale);
        scale[j] = a * b;
        product[j] = (k11 / a / a) * (k22 / b / b);
        offset[j] = 1 / scale[j] / scale[j] + 2 * (k11 / scale[j] / scale[j] + k22 / scale[j] / scale[j]);
        k[j] /= scale[j];
    }
    KINDS[dual->kind].block(count, product, offset, k, theta);
    for (int64_t j = 0; j < count; j++)
        if (is_relu)
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

static void run_tanh(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                     const struct dual_pairs *pairs, double *k, double *theta) {
    for (int64_t r = 0; r < pairs->rows; r++)
        dual_tanh_row(dual, own, other, pairs->own + r * pairs->own_row, pairs->own_step,
                      pairs->other + r * pairs->other_row, pairs->columns, k + r * pairs->pitch,
                      theta + r * pairs->pitch);
}

static void run_strangers(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                          const struct dual_pairs *pairs, double *k, double *theta) {
    dual_block *block = KINDS[dual->kind].block;
    const double *a = own->variance + pairs->own, *b = other->variance + pairs->other;
    if (!block)
        run_tanh(dual, own, other, pairs, k, theta);
    else if (dual->is_extreme)
        run_extremes(dual, a, b, pairs, k, theta);
    else if (pairs->own_step == 0)
        run_point(block, *a, b, pairs->columns, k, theta);
    else
        run_images(block, a, b, pairs, k, theta);
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
