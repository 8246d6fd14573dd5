/* One vector of channels of one tile at a time, in registers. */
#include "winograd.h"

#include <stddef.h>

#include "simd.h"

#define INLINE static inline __attribute__((always_inline))

enum { WINDOW = 4, SIDE = 3, LANES = WINOGRAD_LANES };
typedef real lanes __attribute__((vector_size(64)));
typedef real loose __attribute__((vector_size(64), aligned(sizeof(real)), may_alias));

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

INLINE void data_line(const lanes *d, int d_step, lanes *v, int v_step) {
    v[0] = d[0] - d[2 * d_step];
    v[v_step] = d[d_step] + d[2 * d_step];
    v[2 * v_step] = d[2 * d_step] - d[d_step];
    v[3 * v_step] = d[d_step] - d[3 * d_step];
}

INLINE void output_line(const lanes *m, int m_step, lanes *y, int y_step) {
    lanes sum = m[m_step] + m[2 * m_step], difference = m[m_step] - m[2 * m_step];
    y[0] = m[0] + sum;
    y[y_step] = difference - m[3 * m_step];
}

/* transposed output_line */
INLINE void cotangent_line(const lanes *w, int w_step, lanes *m, int m_step) {
    m[0] = w[0];
    m[m_step] = w[0] + w[w_step];
    m[2 * m_step] = w[0] - w[w_step];
    m[3 * m_step] = -w[w_step];
}

INLINE void filter_line(const lanes *g, int g_step, lanes *u, int u_step) {
    const real half = (real)0.5;
    lanes ends = half * (g[0] + g[2 * g_step]), middle = half * g[g_step];
    u[0] = g[0];
    u[u_step] = ends + middle;
    u[2 * u_step] = ends - middle;
    u[3 * u_step] = g[2 * g_step];
}

/* transposed filter_line */
INLINE void gradient_line(const lanes *u, int u_step, lanes *g, int g_step) {
    const real half = (real)0.5;
    lanes sum = half * (u[u_step] + u[2 * u_step]);
    g[0] = u[0] + sum;
    g[g_step] = half * (u[u_step] - u[2 * u_step]);
    g[2 * g_step] = sum + u[3 * u_step];
}

/* to [n, n] = L from [m, m] L' for one of the lines */
#define BOTH_SIDES(line, m, n, from, to)                                                                               \
    do {                                                                                                               \
        lanes half_way[(m) * (n)];                                                                                     \
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
    BOTH_SIDES(data_line, WINDOW, WINDOW, d, e);
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
    BOTH_SIDES(output_line, WINDOW, TILE, d, e);
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
    BOTH_SIDES(cotangent_line, TILE, WINDOW, d, e);
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

INLINE void filter_vector(int64_t size, const real *g, int64_t count, real *u) {
    lanes d[TAPS], e[PLANES];
    for (int k = 0; k < TAPS; k++) load(g + k * size, count, d + k);
    BOTH_SIDES(filter_line, SIDE, WINDOW, d, e);
    for (int k = 0; k < PLANES; k++) store(e + k, count, u + k * size);
}

SIMD_CLONES static void filter_planes(int64_t size, const real *g, real *u) {
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) filter_vector(size, g + i, LANES, u + i);
    if (i < size) filter_vector(size, g + i, size - i, u + i);
}

INLINE void gradient_vector(int64_t size, const real *u, int64_t count, real beta, real *g) {
    lanes d[PLANES], e[TAPS];
    for (int k = 0; k < PLANES; k++) load(u + k * size, count, d + k);
    BOTH_SIDES(gradient_line, WINDOW, SIDE, d, e);
    for (int k = 0; k < TAPS; k++) {
        add_old(g + k * size, count, beta, e + k);
        store(e + k, count, g + k * size);
    }
}

SIMD_CLONES static void gradient_planes(int64_t size, const real *u, real beta, real *g) {
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) gradient_vector(size, u + i, LANES, beta, g + i);
    if (i < size) gradient_vector(size, u + i, size - i, beta, g + i);
}

void winograd_of_filter(int64_t size, const real *g, real *u) { filter_planes(size, g, u); }
void winograd_to_filter(int64_t size, const real *u, real beta, real *g) { gradient_planes(size, u, beta, g); }
