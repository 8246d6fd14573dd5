/* Closed forms of pairs of images: row by row, DUAL_LANES points' pixels side by side, so that all is whole vectors. */
#include <math.h>
#include <string.h>

#include "activation.h"
#include "dual.h"
#include "dual_forms.h"
#include "order.h"
#include "simd.h"
#include "windows.h"

/* Pixels at once. */
enum { PIXELS = DUAL_BLOCK / DUAL_LANES, L = DUAL_LANES };

/* ---- sides ---- */

bool dual_has_lanes(enum activation_kind kind) { return activation_of(kind)->dual->scaling != SCALING_NONE; }

static int64_t groups_of(int64_t points) { return (points + L - 1) / L; }

int64_t dual_lanes_numbers(int64_t points, int64_t pixels) { return groups_of(points) * pixels * L; }

/* Of a point that is not there: 0. */
static real number_at(const real *x, int64_t points, int64_t pixels, int64_t point, int64_t pixel) {
    return point < points ? x[point * pixels + pixel] : 0;
}

struct dual_side dual_side_fill_lanes(int64_t points, int64_t pixels, const real *variance, real *room) {
    struct dual_side side = {.count = points * pixels, .variance = variance, .lanes = room};
    for (int64_t g = 0; g < groups_of(points); g++)
        for (int64_t p = 0; p < pixels; p++)
            for (int64_t l = 0; l < L; l++) *room++ = number_at(variance, points, pixels, g * L + l, p);
    return side;
}

/* ---- some rows, or pixels of one row: rows pitch <= DUAL_BLOCK entries ---- */

struct part {
    struct dual_lanes pairs;
    const real *own, *other; /* variances */
    real *k, *theta;
    _Alignas(64) real sums_of_k[L + DUAL_BLOCK];      /* down the columns, zeros in front */
    real sums_of_theta[L + DUAL_BLOCK], apart[3 * L]; /* loads would wait for stores 4096 bytes away */
    real root[DUAL_BLOCK];
};

typedef real lanes __attribute__((vector_size(32), aligned(8), may_alias));
typedef real_int bits __attribute__((vector_size(32), may_alias));
enum { WIDTH = sizeof(lanes) / sizeof(real) };

static const real_int MAGNITUDE = (real_int)(REAL_BITS == 32 ? INT32_MAX : INT64_MAX);
#define LOAD(x)  (*(const lanes *)(x))
#define STORE(x) (*(lanes *)(x))

/* K and Theta of a layer, from sums down the columns. */
static inline void map_some(const real *of_k, const real *of_theta, real weight, real bias, real *k, real *theta) {
    lanes map = weight * (LOAD(of_k) + (LOAD(of_k - L) + LOAD(of_k + L))) + bias;
    STORE(k) = map;
    STORE(theta) = map + weight * (LOAD(of_theta) + (LOAD(of_theta - L) + LOAD(of_theta + L)));
}

/* root^2 = max(0, K11 K22 - K12^2) + s (K11 + K22 + s) */
static inline void find_root(real own, const real *other, const real *k12, real shift, real *root) {
    lanes b = LOAD(other), k = LOAD(k12), d = own * b - k * k, x;
    d = (d + (lanes)((bits)d & MAGNITUDE)) / 2 + shift * (own + b + shift);
    for (int l = 0; l < WIDTH; l++) x[l] = REAL_MATH(sqrt)(d[l]);
    STORE(root) = x;
}

/* What the angle is found from; with a layer before it K and Theta first, hidden behind the square roots. */
static inline void find_roots_by(struct part *part, const struct dual_windows *layer, real shift) {
    const struct dual_lanes pairs = part->pairs;
    const real *of_k = part->sums_of_k + L, *of_theta = part->sums_of_theta + L, weight = layer ? layer->weight : 1,
               bias = layer ? layer->bias : 0;
    real *k = part->k, *theta = part->theta, *root = part->root;
    for (int64_t r = 0; r < pairs.rows; r++) {
        const real *own = part->own + r * pairs.own_row, *other = part->other + r * pairs.other_row;
        for (int64_t c = 0, at = r * pairs.pitch; c < pairs.columns; c++, at += L)
            for (int64_t t = at; t < at + L; t += WIDTH) {
                if (layer) map_some(of_k + t, of_theta + t, weight, bias, k + t, theta + t);
                find_root(own[c], other + c * L + t - at, k + t, shift, root + t);
            }
    }
}

SIMD_CLONES static void find_roots(struct part *part, real shift) { find_roots_by(part, NULL, shift); }
SIMD_CLONES static void map_and_find_roots(struct part *part, const struct dual_windows *layer, real shift) {
    const int64_t pitch = part->pairs.pitch, count = part->pairs.rows * pitch;
    for (int64_t l = 0; l < L; l++) part->sums_of_k[l] = part->sums_of_theta[l] = 0;
    windows_add(count, pitch, layer->k, part->sums_of_k + L);
    windows_add(count, pitch, layer->theta, part->sums_of_theta + L);
    find_roots_by(part, layer, shift);
}

/* Theta of the lane that is the point itself; K and Theta of it, exact. */
static void keep_self(const struct part *part, real *theta) {
    for (int64_t r = 0; r < part->pairs.rows; r++)
        for (int64_t c = 0; c < part->pairs.columns; c++)
            *theta++ = part->theta[r * part->pairs.pitch + c * L + part->pairs.self];
}
static void put_self(const struct dual *dual, const struct part *part, const real *theta) {
    real t[PIXELS], tdot[PIXELS];
    for (int64_t r = 0; r < part->pairs.rows; r++) {
        int64_t at = r * part->pairs.pitch + part->pairs.self;
        dual_self(dual, part->pairs.columns, part->own + r * part->pairs.own_row, t, tdot);
        for (int64_t c = 0; c < part->pairs.columns; c++) {
            part->k[at + c * L] = t[c];
            part->theta[at + c * L] = *theta++ * tdot[c];
        }
    }
}

static void clear_gaps(const struct dual_lanes *pairs, real *x) {
    for (int64_t r = 0; r < pairs->rows; r++)
        for (int64_t t = pairs->columns * L; t < pairs->pitch; t++) x[r * pairs->pitch + t] = 0;
}

static void run_extremes(const struct dual *dual, const struct part *part) {
    for (int64_t r = 0; r < part->pairs.rows; r++)
        dual_run_extreme(dual, part->own + r * part->pairs.own_row, L, part->other + r * part->pairs.other_row,
                         part->pairs.columns * L, part->k + r * part->pairs.pitch, part->theta + r * part->pairs.pitch);
}

/* Whatever stands in gaps goes through, and is cleared. */
static void run_part(const struct dual *dual, struct part *part, const struct dual_windows *layer) {
    const struct dual_lanes *pairs = &part->pairs;
    real theta[PIXELS];
    if (layer)
        map_and_find_roots(part, layer, dual_shift(dual));
    else if (!dual->is_extreme)
        find_roots(part, dual_shift(dual));
    clear_gaps(pairs, part->root);
    if (pairs->self >= 0) keep_self(part, theta);
    if (dual->is_extreme)
        run_extremes(dual, part);
    else
        dual->activation->block(pairs->rows * pairs->pitch, dual->slope, part->root, part->k, part->theta);
    if (pairs->self >= 0) put_self(dual, part, theta);
    clear_gaps(pairs, part->k);
    clear_gaps(pairs, part->theta);
}

bool dual_takes_windows(const struct dual *dual, const struct dual_lanes *pairs) {
    return !dual->is_extreme && pairs->pitch <= DUAL_BLOCK;
}

/* The part that begins at row r, pixel c. */
static void take_part(struct part *part, const struct dual_side *own, const struct dual_side *other,
                      const struct dual_lanes *pairs, int64_t r, int64_t c) {
    bool is_of_rows = pairs->pitch <= DUAL_BLOCK;
    part->pairs = *pairs;
    part->pairs.rows = is_of_rows ? least(DUAL_BLOCK / pairs->pitch, pairs->rows - r) : 1;
    part->pairs.columns = is_of_rows ? pairs->columns : least(PIXELS, pairs->columns - c);
    part->pairs.pitch = is_of_rows ? pairs->pitch : part->pairs.columns * L;
    part->own = own->variance + pairs->own + r * pairs->own_row + c;
    part->other = other->lanes + pairs->other + r * pairs->other_row + c * L;
}

void dual_run_lanes(const struct dual *dual, const struct dual_side *own, const struct dual_side *other,
                    const struct dual_lanes *pairs, const struct dual_windows *windows, real *k, real *theta) {
    struct part part;
    for (int64_t r = 0; r < pairs->rows; r += part.pairs.rows)
        for (int64_t c = 0; c < pairs->columns; c += part.pairs.columns) {
            int64_t at = r * pairs->pitch + c * L;
            struct dual_windows layer = {0};
            take_part(&part, own, other, pairs, r, c);
            part.k = k + at;
            part.theta = theta + at;
            if (windows)
                layer = (struct dual_windows){windows->weight, windows->bias, windows->k + at, windows->theta + at};
            run_part(dual, &part, windows ? &layer : NULL);
        }
}
