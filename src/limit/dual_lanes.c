/* Closed forms of pairs of images: row by row, DUAL_LANES points' pixels side by side, so that all is whole vectors. */
#include <math.h>
#include <string.h>

#include "activation.h"
#include "dual.h"
#include "dual_forms.h"
#include "order.h"
#include "simd.h"

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
    real root[DUAL_BLOCK];
};

static const real_int MAGNITUDE = (real_int)(REAL_BITS == 32 ? INT32_MAX : INT64_MAX);
#define LOAD(x)          (*(const lanes *)(x))
#define STORE(x)         (*(lanes *)(x))
/* The sum down a column of three rows. */
#define SUM_AT(x, pitch) (LOAD(x) + (LOAD((x) - (pitch)) + LOAD((x) + (pitch))))

/* By vectors of so many bytes: what the angle is found from, root^2 = max(0, K11 K22 - K12^2) + s (K11 + K22 + s). With
 * a layer of windows before it K and Theta first, from sums down the columns, of which three are at hand. */
typedef void find_roots(struct part *part, const struct dual_windows *layer, real shift);
#define FIND_ROOTS(name, isa, bytes, has_layer)                                                                        \
    isa static void name(struct part *part, const struct dual_windows *layer, real shift) {                            \
        typedef real lanes __attribute__((vector_size(bytes), aligned(sizeof(real)), may_alias));                      \
        typedef real_int bits __attribute__((vector_size(bytes), may_alias));                                          \
        enum { WIDTH = sizeof(lanes) / sizeof(real) };                                                                 \
        const struct dual_lanes pairs = part->pairs;                                                                   \
        const int64_t pitch = pairs.pitch;                                                                             \
        const real weight = has_layer ? layer->weight : 1, bias = has_layer ? layer->bias : 0;                         \
        for (int64_t r = 0; r < pairs.rows; r++)                                                                       \
            for (int64_t l = 0, from = r * pitch; l < L; l += WIDTH, from += WIDTH) {                                  \
                const real *own = part->own + r * pairs.own_row, *other = part->other + r * pairs.other_row + l;       \
                const real *in_k = has_layer ? layer->k + from : NULL,                                                 \
                           *in_theta = has_layer ? layer->theta + from : NULL;                                         \
                real *k = part->k + from, *theta = part->theta + from, *root = part->root + from;                      \
                lanes before_k = {0}, before_theta = {0}, at_k = {0}, at_theta = {0};                                  \
                if (has_layer) at_k = SUM_AT(in_k, pitch), at_theta = SUM_AT(in_theta, pitch);                         \
                for (int64_t c = 0, t = 0; c < pairs.columns; c++, t += L) {                                           \
                    if (has_layer) {                                                                                   \
                        lanes after_k = SUM_AT(in_k + t + L, pitch), after_theta = SUM_AT(in_theta + t + L, pitch);    \
                        lanes map = weight * (at_k + (before_k + after_k)) + bias;                                     \
                        STORE(k + t) = map;                                                                            \
                        STORE(theta + t) = map + weight * (at_theta + (before_theta + after_theta));                   \
                        before_k = at_k, at_k = after_k, before_theta = at_theta, at_theta = after_theta;              \
                    }                                                                                                  \
                    lanes b = LOAD(other + t), k12 = LOAD(k + t), d = own[c] * b - k12 * k12, x;                       \
                    d = (d + (lanes)((bits)d & MAGNITUDE)) / 2 + shift * (own[c] + b + shift);                         \
                    for (int i = 0; i < WIDTH; i++) x[i] = REAL_MATH(sqrt)(d[i]);                                      \
                    STORE(root + t) = x;                                                                               \
                }                                                                                                      \
            }                                                                                                          \
    }
FIND_ROOTS(find_narrow, SIMD_CLONES, 32, false)
FIND_ROOTS(map_and_find_narrow, SIMD_CLONES, 32, true)
FIND_ROOTS(find_wide, SIMD_WIDE, L * sizeof(real), false)
FIND_ROOTS(map_and_find_wide, SIMD_WIDE, L * sizeof(real), true)

/* By whether vectors are wide, and whether there is a layer. The bits are the same. */
static find_roots *const finders[2][2] = {{find_narrow, map_and_find_narrow}, {find_wide, map_and_find_wide}};

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
    if (layer || !dual->is_extreme) finders[simd_is_wide()][layer != NULL](part, layer, dual_shift(dual));
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
