/* The transforms of minimal filtering, F(4x4, 3x3) (Lavin & Gray 2016, arXiv:1509.09308, section 4), with the points
 * 0, p, -p, q, -q and infinity, p = 2/3, q = 3/2. An image is cut into tiles of 4x4 outputs, each from 6x6 inputs d that
 * overlap; with s = p^2 + q^2 (p q = 1)
 *          [1   0    -s    0   1   0]        [ 1   0    0  ]
 *          [0  -q   -q^2   p   1   0]        [ a  a p a p^2]         [1   1    1    1    1   0]       a = -81/130
 *     B' = [0   q   -q^2  -p   1   0],   G = [ a -a p a p^2],   A' = [0   p   -p    q   -q   0],
 *          [0  -p   -p^2   q   1   0]        [ b  b q b q^2]         [0  p^2  p^2  q^2  q^2  0]       b = 8/65
 *          [0   p   -p^2  -q   1   0]        [ b -b q b q^2]         [0  p^3 -p^3  q^3 -q^3  1]
 *          [0   1     0   -s   0   1]        [ 0   0    1  ]
 * the outputs of a tile are A' ((G g G') . (B' d B)) A, entry by entry, summed over input channels: 36 matrix products.
 * These points lose half as many digits to rounding as 0, +-1, +-2 do; filters are transformed in double, and multiply
 * and add are fused where the CPU can (simd.h: SIMD_FUSED_CLONES).
 *
 * Arrays of 6x6 matrices are PLANES planes, `apart` reals from one to the next, entry (i, j) in plane 6 i + j. A plane
 * is a matrix in panels (product.h): tiles [count, channels], `panel` reals from panel to panel, or a filter [in, out],
 * rows in a panel filled up as the channels of tiles are. Tiles are counted along a row of tiles, then rows, then
 * images; pixels outside an image are 0. Not collective; cannot fail. */
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>
#include "product.h"
#include "real.h"

#define winograd_of_data      REAL_NAME(winograd_of_data)
#define winograd_of_cotangent REAL_NAME(winograd_of_cotangent)
#define winograd_to_output    REAL_NAME(winograd_to_output)
#define winograd_of_filter    REAL_NAME(winograd_of_filter)
#define winograd_to_filter    REAL_NAME(winograd_to_filter)

enum { TILE = 4, WINDOW = 6, PLANES = WINDOW * WINDOW, TAPS = 9 };

/* `pixel` reals from one pixel to the next; the first `channels` of them count. */
struct winograd_image {
    int64_t rows, columns, pixel, channels;
};
/* Tiles first .. first + count - 1 of a row of images, which have `tiles`. */
struct winograd_group {
    struct winograd_image image;
    int64_t first, count, tiles;
    const real *zeros; /* [channels] */
};

/* Where the PLANES stand. */
struct winograd_planes {
    int64_t panel, apart;
};

static inline int64_t winograd_along(int64_t pixels) { return (pixels + TILE - 1) / TILE; }

/* v = B' d B */
void winograd_of_data(const struct winograd_group *group, const real *x, struct winograd_planes to, real *v);
/* y = A' m A + bias + beta y, bias in whole panels; y is not read where beta is 0. */
void winograd_to_output(const struct winograd_group *group, struct winograd_planes from, const real *m,
                        const real *bias, real beta, real *y);
/* m = A w A', the transposed map of A' m A. */
void winograd_of_cotangent(const struct winograd_group *group, const real *w, struct winograd_planes to, real *m);
/* u [PLANES, in, out] = scale G g G' of g [TAPS, in, out] */
void winograd_of_filter(int64_t in, int64_t out, real scale, const real *g, struct winograd_planes to, real *u);
/* A filter, or a piece of one: entry (tap, i, o) at tap `tap` + i `row` + o. */
struct winograd_filter {
    int64_t in, out, row, tap;
};
/* g = scale G' u G, the transposed map, added to what is there where is_added. */
void winograd_to_filter(struct winograd_filter piece, real scale, struct winograd_planes from, const real *u,
                        bool is_added, real *g);

#endif
