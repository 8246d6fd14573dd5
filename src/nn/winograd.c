/* One vector of channels of one tile at a time, in registers. */
#include "winograd.h"

#include <stddef.h>

#include "simd.h"

#define INLINE static inline __attribute__((always_inline))

enum { SIDE = 3, LANES = WINOGRAD_LANES, WIDE = 8 };
typedef real lanes __attribute__((vector_size(64)));
typedef real loose __attribute__((vector_size(64), aligned(sizeof(real)), may_alias));
typedef double wide __attribute__((vector_size(64))); /* of filters */
typedef real narrow __attribute__((vector_size(WIDE * sizeof(real)), aligned(sizeof(real)), may_alias));

#define P (2.0 / 3)
#define Q (3.0 / 2)

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

INLINE void data_line(const lanes *d, int d_step, lanes *v, int v_step) {
    const real a = (real)(54.0 / 65), b = (real)(24.0 / 65), s = (real)(P * P + Q * Q);
    const real aq = (real)(54.0 / 65 * Q), aq2 = (real)(54.0 / 65 * Q * Q), ap = (real)(54.0 / 65 * P);
    const real bp = (real)(24.0 / 65 * P), bp2 = (real)(24.0 / 65 * P * P), bq = (real)(24.0 / 65 * Q);
    lanes d1 = d[d_step], d2 = d[2 * d_step], d3 = d[3 * d_step], d4 = d[4 * d_step];
    v[0] = d[0] - s * d2 + d4;
    BUTTERFLY(aq2 * d2 - a * d4, aq * d1 - ap * d3, v[v_step], v[2 * v_step]);
    BUTTERFLY(b * d4 - bp2 * d2, bq * d3 - bp * d1, v[3 * v_step], v[4 * v_step]);
    v[5 * v_step] = d1 - s * d3 + d[5 * d_step];
}

INLINE void output_line(const lanes *m, int m_step, lanes *y, int y_step) {
    const real p = (real)P, q = (real)Q, p2 = (real)(P * P), q2 = (real)(Q * Q), p3 = (real)(P * P * P),
               q3 = (real)(Q * Q * Q);
    lanes even_p, odd_p, even_q, odd_q;
    BUTTERFLY(m[m_step], m[2 * m_step], even_p, odd_p);
    BUTTERFLY(m[3 * m_step], m[4 * m_step], even_q, odd_q);
    y[0] = m[0] + even_p + even_q;
    y[y_step] = p * odd_p + q * odd_q;
    y[2 * y_step] = p2 * even_p + q2 * even_q;
    y[3 * y_step] = p3 * odd_p + q3 * odd_q + m[5 * m_step];
}

/* transposed output_line */
INLINE void cotangent_line(const lanes *w, int w_step, lanes *m, int m_step) {
    const real p = (real)P, q = (real)Q, p2 = (real)(P * P), q2 = (real)(Q * Q), p3 = (real)(P * P * P),
               q3 = (real)(Q * Q * Q);
    lanes w0 = w[0], w1 = w[w_step], w2 = w[2 * w_step], w3 = w[3 * w_step];
    m[0] = w0;
    BUTTERFLY(w0 + p2 * w2, p * w1 + p3 * w3, m[m_step], m[2 * m_step]);
    BUTTERFLY(w0 + q2 * w2, q * w1 + q3 * w3, m[3 * m_step], m[4 * m_step]);
    m[5 * m_step] = w3;
}

INLINE void filter_line(const wide *g, int g_step, wide *u, int u_step) {
    wide g0 = g[0] / 2, g1 = g[g_step] / 2, g2 = g[2 * g_step] / 2;
    u[0] = g[0];
    BUTTERFLY(Q * g0 + P * g2, g1, u[u_step], u[2 * u_step]);
    BUTTERFLY(P * g0 + Q * g2, g1, u[3 * u_step], u[4 * u_step]);
    u[5 * u_step] = g[2 * g_step];
}

/* transposed filter_line */
INLINE void gradient_line(const wide *u, int u_step, wide *g, int g_step) {
    wide even_p, odd_p, even_q, odd_q;
    BUTTERFLY(u[u_step] / 2, u[2 * u_step] / 2, even_p, odd_p);
    BUTTERFLY(u[3 * u_step] / 2, u[4 * u_step] / 2, even_q, odd_q);
    g[0] = u[0] + Q * even_p + P * even_q;
    g[g_step] = odd_p + odd_q;
    g[2 * g_step] = P * even_p + Q * even_q + u[5 * u_step];
}

/* to [n, n] = L from [m, m] L' for one of the lines */
#define BOTH_SIDES(type, line, m, n, from, to)                                                                         \
    do {                                                                                                               \
        type half_way[(m) * (n)];                                                                                      \
        for (int j = 0; j < (m); j++) line((from) + j, (m), half_way + j, (m));                                        \
        for (int i = 0; i < (n); i++) line(half_way + i * (m), 1, (to) + i * (n), 1);                                  \
    } while (0)

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

INLINE void data_vector(const real *const *pixel, int64_t c, int64_t count, int64_t stride, real *v) {
    lanes d[WINDOW * WINDOW], e[PLANES];
    for (int k = 0; k < WINDOW * WINDOW; k++) load(pixel[k] + c, count, d + k);
    BOTH_SIDES(lanes, data_line, WINDOW, WINDOW, d, e);
    for (int k = 0; k < PLANES; k++) store(e + k, LANES, v + k * stride + c);
}

SIMD_CLONES static void data_tiles(const struct winograd_group *group, const real *x, int64_t stride, real *v) {
    int64_t channels = group->image.channels, row = winograd_row(channels);
    for (int64_t t = group->first; t < group->first + group->count; t++, v += row) {
        const real *pixel[WINDOW * WINDOW];
        find_pixels(group->image, t, WINDOW, 1, x, group->zeros, pixel);
        int64_t c = 0;
        for (; c + LANES <= channels; c += LANES) data_vector(pixel, c, LANES, stride, v);
        if (c < channels) data_vector(pixel, c, channels - c, stride, v);
    }
}

INLINE void add_old(const real *old, int64_t count, real beta, lanes *value) {
    if (beta == 0) return;
    lanes before;
    load(old, count, &before);
    *value += beta * before;
}

INLINE void output_vector(int64_t stride, const real *m, const real *bias, real beta, int64_t c, int64_t count,
                          const real *const *pixel) {
    lanes d[PLANES], e[TILE * TILE], start;
    for (int k = 0; k < PLANES; k++) load(m + k * stride + c, LANES, d + k);
    BOTH_SIDES(lanes, output_line, WINDOW, TILE, d, e);
    load(bias + c, LANES, &start);
    for (int k = 0; k < TILE * TILE; k++) {
        if (!pixel[k]) continue;
        e[k] += start;
        add_old(pixel[k] + c, count, beta, e + k);
        store(e + k, count, (real *)pixel[k] + c); /* y */
    }
}

SIMD_CLONES static void output_tiles(const struct winograd_group *group, int64_t stride, const real *m,
                                     const real *bias, real beta, real *y) {
    int64_t channels = group->image.channels, row = winograd_row(channels);
    for (int64_t t = group->first; t < group->first + group->count; t++, m += row) {
        const real *pixel[TILE * TILE];
        find_pixels(group->image, t, TILE, 0, y, NULL, pixel);
        int64_t c = 0;
        for (; c + LANES <= channels; c += LANES) output_vector(stride, m, bias, beta, c, LANES, pixel);
        if (c < channels) output_vector(stride, m, bias, beta, c, channels - c, pixel);
    }
}

INLINE void cotangent_vector(const real *const *pixel, int64_t c, int64_t count, int64_t stride, real *m) {
    lanes d[TILE * TILE], e[PLANES];
    for (int k = 0; k < TILE * TILE; k++) load(pixel[k] + c, count, d + k);
    BOTH_SIDES(lanes, cotangent_line, TILE, WINDOW, d, e);
    for (int k = 0; k < PLANES; k++) store(e + k, LANES, m + k * stride + c);
}

SIMD_CLONES static void cotangent_tiles(const struct winograd_group *group, const real *w, int64_t stride, real *m) {
    int64_t channels = group->image.channels, row = winograd_row(channels);
    for (int64_t t = group->first; t < group->first + group->count; t++, m += row) {
        const real *pixel[TILE * TILE];
        find_pixels(group->image, t, TILE, 0, w, group->zeros, pixel);
        int64_t c = 0;
        for (; c + LANES <= channels; c += LANES) cotangent_vector(pixel, c, LANES, stride, m);
        if (c < channels) cotangent_vector(pixel, c, channels - c, stride, m);
    }
}

void winograd_of_data(const struct winograd_group *group, const real *x, int64_t stride, real *v) {
    data_tiles(group, x, stride, v);
}

void winograd_to_output(const struct winograd_group *group, int64_t stride, const real *m, const real *bias, real beta,
                        real *y) {
    output_tiles(group, stride, m, bias, beta, y);
}

void winograd_of_cotangent(const struct winograd_group *group, const real *w, int64_t stride, real *m) {
    cotangent_tiles(group, w, stride, m);
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

INLINE void store_wide(const wide *from, int64_t count, real *to) {
    narrow some = __builtin_convertvector(*from, narrow);
    if (count >= WIDE)
        *(narrow *)to = some;
    else
        for (int64_t i = 0; i < count; i++) to[i] = some[i];
}

INLINE void filter_vector(int64_t size, real scale, const real *g, int64_t count, real *u) {
    wide d[TAPS], e[PLANES];
    for (int k = 0; k < TAPS; k++) {
        load_wide(g + k * size, count, d + k);
        d[k] *= (double)scale;
    }
    BOTH_SIDES(wide, filter_line, SIDE, WINDOW, d, e);
    for (int k = 0; k < PLANES; k++) store_wide(e + k, count, u + k * size);
}

SIMD_CLONES static void filter_planes(int64_t size, real scale, const real *g, real *u) {
    int64_t i = 0;
    for (; i + WIDE <= size; i += WIDE) filter_vector(size, scale, g + i, WIDE, u + i);
    if (i < size) filter_vector(size, scale, g + i, size - i, u + i);
}

INLINE void gradient_vector(int64_t size, real scale, const real *u, int64_t count, real beta, real *g) {
    wide d[PLANES], e[TAPS];
    for (int k = 0; k < PLANES; k++) load_wide(u + k * size, count, d + k);
    BOTH_SIDES(wide, gradient_line, WINDOW, SIDE, d, e);
    for (int k = 0; k < TAPS; k++) {
        wide before;
        e[k] *= (double)scale;
        if (beta != 0) load_wide(g + k * size, count, &before);
        if (beta != 0) e[k] += (double)beta * before;
        store_wide(e + k, count, g + k * size);
    }
}

SIMD_CLONES static void gradient_planes(int64_t size, real scale, const real *u, real beta, real *g) {
    int64_t i = 0;
    for (; i + WIDE <= size; i += WIDE) gradient_vector(size, scale, u + i, WIDE, beta, g + i);
    if (i < size) gradient_vector(size, scale, u + i, size - i, beta, g + i);
}

void winograd_of_filter(int64_t size, real scale, const real *g, real *u) { filter_planes(size, scale, g, u); }
void winograd_to_filter(int64_t size, real scale, const real *u, real beta, real *g) {
    gradient_planes(size, scale, u, beta, g);
}
