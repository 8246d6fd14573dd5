/* One vector of channels of one tile at a time, in registers. */
#include "winograd.h"

#include <stddef.h>

#include "order.h"
#include "simd.h"

#define INLINE static inline __attribute__((always_inline))

enum { SIDE = 3, LANES = LA_PANEL, WIDE = 8 };
typedef real lanes __attribute__((vector_size(64)));
typedef real loose __attribute__((vector_size(64), aligned(sizeof(real)), may_alias));
typedef double wide __attribute__((vector_size(64))); /* of filters */
typedef real narrow __attribute__((vector_size(WIDE * sizeof(real)), aligned(sizeof(real)), may_alias));

#define P (2.0 / 3)
#define Q (3.0 / 2)
#define A (-81.0 / 130)
#define B (8.0 / 65)

/* ---- one vector, or the `count` reals of it that exist ---- */

INLINE void load(const real *from, int64_t count, lanes *to) {
    if (count >= LANES) {
        *to = *(const loose *)from;
        return;
    }
    *to = (lanes){0};
    for (int64_t i = 0; i < count; i++) (*to)[i] = from[i];
}

INLINE void store(const lanes *from, int64_t count, real *to) {
    if (count >= LANES) {
        *(loose *)to = *from;
        return;
    }
    for (int64_t i = 0; i < count; i++) to[i] = (*from)[i];
}

/* ---- a line of each transform; entries are `step` apart ---- */

/* even + odd and even - odd */
#define BUTTERFLY(even, odd, sum, difference)                                                                          \
    do {                                                                                                               \
        (sum) = (even) + (odd);                                                                                        \
        (difference) = (even) - (odd);                                                                                 \
    } while (0)

INLINE void data_line(const lanes *d, lanes *v, int step) {
    const real p = (real)P, q = (real)Q, p2 = (real)(P * P), q2 = (real)(Q * Q), s = (real)(P * P + Q * Q);
    v[0] = d[0] + d[4] - s * d[2];
    BUTTERFLY(d[4] - q2 * d[2], p * d[3] - q * d[1], v[step], v[2 * step]);
    BUTTERFLY(d[4] - p2 * d[2], q * d[3] - p * d[1], v[3 * step], v[4 * step]);
    v[5 * step] = d[1] + d[5] - s * d[3];
}

INLINE void output_line(const lanes *m, lanes *y, int step) {
    const real p = (real)P, q = (real)Q, p2 = (real)(P * P), q2 = (real)(Q * Q), p3 = (real)(P * P * P),
               q3 = (real)(Q * Q * Q);
    lanes even_p, odd_p, even_q, odd_q;
    BUTTERFLY(m[1], m[2], even_p, odd_p);
    BUTTERFLY(m[3], m[4], even_q, odd_q);
    y[0] = m[0] + even_p + even_q;
    y[step] = p * odd_p + q * odd_q;
    y[2 * step] = p2 * even_p + q2 * even_q;
    y[3 * step] = p3 * odd_p + q3 * odd_q + m[5];
}

/* transposed output_line */
INLINE void cotangent_line(const lanes *w, lanes *m, int step) {
    const real p = (real)P, q = (real)Q, p2 = (real)(P * P), q2 = (real)(Q * Q), p3 = (real)(P * P * P),
               q3 = (real)(Q * Q * Q);
    m[0] = w[0];
    BUTTERFLY(w[0] + p2 * w[2], p * w[1] + p3 * w[3], m[step], m[2 * step]);
    BUTTERFLY(w[0] + q2 * w[2], q * w[1] + q3 * w[3], m[3 * step], m[4 * step]);
    m[5 * step] = w[3];
}

INLINE void filter_line(const wide *g, wide *u, int step) {
    u[0] = g[0];
    BUTTERFLY(A * g[0] + A * P * P * g[2], A * P * g[1], u[step], u[2 * step]);
    BUTTERFLY(B * g[0] + B * Q * Q * g[2], B * Q * g[1], u[3 * step], u[4 * step]);
    u[5 * step] = g[2];
}

/* transposed filter_line */
INLINE void gradient_line(const lanes *u, lanes *g, int step) {
    const real a = (real)A, ap = (real)(A * P), ap2 = (real)(A * P * P), b = (real)B, bq = (real)(B * Q),
               bq2 = (real)(B * Q * Q);
    lanes even_p, odd_p, even_q, odd_q;
    BUTTERFLY(u[1], u[2], even_p, odd_p);
    BUTTERFLY(u[3], u[4], even_q, odd_q);
    g[0] = u[0] + a * even_p + b * even_q;
    g[step] = ap * odd_p + bq * odd_q;
    g[2 * step] = ap2 * even_p + bq2 * even_q + u[5];
}

/* ---- tiles ---- */

/* The pixels of a tile's window of side x side, whose corner stands `before` pixels before the tile's; `outside` where
 * there is none. */
INLINE void find_pixels(struct winograd_image image, int64_t tile, int side, int before, const real *x,
                        const real *outside, const real **pixel) {
    int64_t across = winograd_along(image.columns), down = winograd_along(image.rows);
    int64_t row = tile / across % down * TILE - before, column = tile % across * TILE - before;
    int64_t corner = (tile / across / down * image.rows + row) * image.columns + column;
    for (int u = 0; u < side; u++)
        for (int v = 0; v < side; v++) {
            int inside = row + u >= 0 && row + u < image.rows && column + v >= 0 && column + v < image.columns;
            pixel[u * side + v] = inside ? x + (corner + u * image.columns + v) * image.pixel : outside;
        }
}

/* Channels c .. c + count - 1, count at most LANES. */
struct place {
    int64_t c, count;
};

/* The pixels that the next tile does not share with this one. */
INLINE void ask_for(const real *const *next, int side, int shared, int64_t c) {
    for (int i = 0; i < side; i++)
        for (int j = shared; j < side; j++) __builtin_prefetch(next[i * side + j] + c);
}

INLINE void data_vector(const real *const *pixel, const real *const *next, struct place at, int64_t apart, real *v) {
    lanes d[WINDOW], half_way[WINDOW * WINDOW], e[WINDOW];
    ask_for(next, WINDOW, WINDOW - TILE, at.c);
    for (int j = 0; j < WINDOW; j++) {
        for (int i = 0; i < WINDOW; i++) load(pixel[i * WINDOW + j] + at.c, at.count, d + i);
        data_line(d, half_way + j, WINDOW);
    }
    for (int i = 0; i < WINDOW; i++) {
        data_line(half_way + i * WINDOW, e, 1);
        for (int j = 0; j < WINDOW; j++) *(lanes *)(v + (i * WINDOW + j) * apart) = e[j];
    }
}

INLINE void cotangent_vector(const real *const *pixel, const real *const *next, struct place at, int64_t apart,
                             real *m) {
    lanes w[TILE], half_way[WINDOW * TILE], e[WINDOW];
    ask_for(next, TILE, 0, at.c);
    for (int j = 0; j < TILE; j++) {
        for (int i = 0; i < TILE; i++) load(pixel[i * TILE + j] + at.c, at.count, w + i);
        cotangent_line(w, half_way + j, TILE);
    }
    for (int i = 0; i < WINDOW; i++) {
        cotangent_line(half_way + i * TILE, e, 1);
        for (int j = 0; j < WINDOW; j++) *(lanes *)(m + (i * WINDOW + j) * apart) = e[j];
    }
}

INLINE void output_pixel(lanes *value, struct place at, real beta, real *y) {
    lanes before;
    if (beta != 0) load(y, at.count, &before);
    if (beta != 0) *value += beta * before;
    store(value, at.count, y);
}

/* Nothing is put where a pixel is `outside`. */
INLINE void output_vector(const real *const *pixel, const real *const *next, struct place at, int64_t apart,
                          const real *m, const real *bias, real beta, const real *outside) {
    lanes d[WINDOW], half_way[TILE * WINDOW], e[TILE], start = *(const loose *)(bias + at.c);
    ask_for(next, TILE, 0, at.c);
    for (int j = 0; j < WINDOW; j++) {
        for (int i = 0; i < WINDOW; i++) d[i] = *(const lanes *)(m + (i * WINDOW + j) * apart);
        output_line(d, half_way + j, WINDOW);
    }
    for (int i = 0; i < TILE; i++) {
        output_line(half_way + i * WINDOW, e, 1);
        for (int j = 0; j < TILE; j++) {
            e[j] += start;
            if (pixel[i * TILE + j] != outside)
                output_pixel(e + j, at, beta, (real *)pixel[i * TILE + j] + at.c); /* y */
        }
    }
}

/* Calls with the pixels of each tile of a group, and of the next one, which come from far away: they are asked for
 * while this one is worked on. */
#define FOR_TILES(side, before, x, outside, call)                                                                      \
    do {                                                                                                               \
        const real *pixels[2][(side) * (side)];                                                                        \
        int64_t last = group->tiles - 1;                                                                               \
        find_pixels(group->image, group->first, side, before, x, outside, pixels[0]);                                  \
        for (int64_t t = 0; t < group->count; t++) {                                                                   \
            const real **pixel = pixels[t % 2], **next = pixels[(t + 1) % 2];                                          \
            find_pixels(group->image, least(group->first + t + 1, last), side, before, x, outside, next);              \
            call;                                                                                                      \
        }                                                                                                              \
    } while (0)

/* Calls with each vector of channels: whole ones, then what is left. */
#define FOR_VECTORS(call)                                                                                              \
    do {                                                                                                               \
        int64_t channels = group->image.channels, panel = t * LANES;                                                   \
        struct place at = {0, LANES};                                                                                  \
        for (; at.c + LANES <= channels; at.c += LANES, panel += planes.panel) call;                                   \
        at.count = channels - at.c;                                                                                    \
        if (at.count > 0) call;                                                                                        \
    } while (0)

SIMD_FUSED_CLONES static void data_tiles(const struct winograd_group *group, const real *x,
                                         struct winograd_planes planes, real *v) {
    FOR_TILES(WINDOW, 1, x, group->zeros, FOR_VECTORS(data_vector(pixel, next, at, planes.apart, v + panel)));
}

SIMD_FUSED_CLONES static void cotangent_tiles(const struct winograd_group *group, const real *w,
                                              struct winograd_planes planes, real *m) {
    FOR_TILES(TILE, 0, w, group->zeros, FOR_VECTORS(cotangent_vector(pixel, next, at, planes.apart, m + panel)));
}

SIMD_FUSED_CLONES static void output_tiles(const struct winograd_group *group, struct winograd_planes planes,
                                           const real *m, const real *bias, real beta, real *y) {
    FOR_TILES(TILE, 0, y, group->zeros,
              FOR_VECTORS(output_vector(pixel, next, at, planes.apart, m + panel, bias, beta, group->zeros)));
}

void winograd_of_data(const struct winograd_group *group, const real *x, struct winograd_planes to, real *v) {
    data_tiles(group, x, to, v);
}

void winograd_of_cotangent(const struct winograd_group *group, const real *w, struct winograd_planes to, real *m) {
    cotangent_tiles(group, w, to, m);
}

void winograd_to_output(const struct winograd_group *group, struct winograd_planes from, const real *m,
                        const real *bias, real beta, real *y) {
    output_tiles(group, from, m, bias, beta, y);
}

/* ---- filters ---- */

INLINE void load_wide(const real *from, int64_t count, wide *to) {
    narrow some = {0};
    if (count >= WIDE)
        some = *(const narrow *)from;
    else
        for (int64_t i = 0; i < count; i++) some[i] = from[i];
    *to = __builtin_convertvector(some, wide);
}

/* The WIDE numbers of a row of a panel, or the `count` of them that exist. */
INLINE void filter_vector(int64_t size, real scale, const real *g, int64_t count, int64_t apart, real *u) {
    wide d[SIDE], half_way[WINDOW * SIDE], e[WINDOW];
    for (int j = 0; j < SIDE; j++) {
        for (int i = 0; i < SIDE; i++) {
            load_wide(g + (i * SIDE + j) * size, count, d + i);
            d[i] *= (double)scale;
        }
        filter_line(d, half_way + j, SIDE);
    }
    for (int i = 0; i < WINDOW; i++) {
        filter_line(half_way + i * SIDE, e, 1);
        for (int j = 0; j < WINDOW; j++)
            *(narrow *)(u + (i * WINDOW + j) * apart) = __builtin_convertvector(e[j], narrow);
    }
}

/* A row of a panel. */
INLINE void gradient_vector(int64_t tap, real scale, int64_t apart, const real *u, int64_t count, bool is_added,
                            real *g) {
    enum { AHEAD = 4 * LANES };
    lanes d[WINDOW], half_way[SIDE * WINDOW], e[SIDE], before;
    for (int k = 0; k < PLANES; k++) __builtin_prefetch(u + k * apart + AHEAD);
    for (int j = 0; j < WINDOW; j++) {
        for (int i = 0; i < WINDOW; i++) d[i] = *(const loose *)(u + (i * WINDOW + j) * apart);
        gradient_line(d, half_way + j, WINDOW);
    }
    for (int i = 0; i < SIDE; i++) {
        gradient_line(half_way + i * WINDOW, e, 1);
        for (int j = 0; j < SIDE; j++, g += tap) {
            e[j] *= scale;
            if (is_added) load(g, count, &before);
            if (is_added) e[j] += before;
            store(e + j, count, g);
        }
    }
}

SIMD_FUSED_CLONES static void filter_planes(int64_t in, int64_t out, real scale, const real *g,
                                            struct winograd_planes planes, real *u) {
    for (int64_t o = 0; o < out; o += LANES)
        for (int64_t i = 0; i < in; i++)
            for (int64_t piece = o; piece < least(o + LANES, out); piece += WIDE)
                filter_vector(in * out, scale, g + i * out + piece, out - piece, planes.apart,
                              u + o / LANES * planes.panel + i * LANES + piece - o);
}

SIMD_FUSED_CLONES static void gradient_planes(struct winograd_filter piece, real scale, struct winograd_planes planes,
                                              const real *u, bool is_added, real *g) {
    for (int64_t o = 0; o < piece.out; o += LANES)
        for (int64_t i = 0; i < piece.in; i++)
            gradient_vector(piece.tap, scale, planes.apart, u + o / LANES * planes.panel + i * LANES, piece.out - o,
                            is_added, g + i * piece.row + o);
}

void winograd_of_filter(int64_t in, int64_t out, real scale, const real *g, struct winograd_planes to, real *u) {
    filter_planes(in, out, scale, g, to, u);
}

void winograd_to_filter(struct winograd_filter piece, real scale, struct winograd_planes from, const real *u,
                        bool is_added, real *g) {
    gradient_planes(piece, scale, from, u, is_added, g);
}
