/* Filtering of images, y = x * filter: channels last, any odd filter size, a stride, zero padding "same", which is
 * (size-1)/2 on each side for every stride, so that out_rows = ceil(rows/stride):
 *     y[i, p, o] = sum over (u, v), c of x[i, stride p + (u, v) - (size-1)/2, c] filter[u, v, c, o].
 *
 * Two ways with one face. Patches: the windows copied side by side, then one matrix product; any size and stride.
 * Minimal: Winograd's F(4x4, 3x3) (Lavin & Gray 2016, arXiv:1509.09308), 36 products of transformed tiles for 144
 * multiplications a tile, for 3x3 filters of stride 1. filtering_way_of chooses by shapes alone.
 *
 * Images go through in groups of a bounded number of positions, so scratch is bounded whatever the number of images.
 * Cannot fail. Not collective. */
#ifndef FILTERING_H
#define FILTERING_H

#include <stdbool.h>
#include <stdint.h>
#include "real.h"

#define filtering_patches  REAL_NAME(filtering_patches)
#define filtering_winograd REAL_NAME(filtering_winograd)
#define filtering_way_of   REAL_NAME(filtering_way_of)

struct filtering_way;
struct filtering {
    int64_t rows, columns, in;          /* of x: pixels, channels */
    int64_t out_rows, out_columns, out; /* of y */
    int64_t size, stride;               /* of the filter [size, size, in, out] */
    const struct filtering_way *way;    /* as filtering_way_of says */
};

/* y = scale x * filter + bias_scale bias; bias [out] or NULL. */
struct filtering_weights {
    real scale;
    const real *filter;
    real bias_scale;
    const real *bias;
};

/* Gradients of n images' filters, image by image, `count` cotangents each: of output channels from .. to - 1, in rows
 * of length ld >= size size in (to - from), added to what is there where is_added. */
struct filtering_each {
    int64_t n, count, from, to, ld;
    bool is_added;
};

struct filtering_way {
    const char *name;
    /* Work over that of the direct sum, for predictions of time. */
    double (*work_ratio)(const struct filtering *f);
    /* Reals of scratch that any of the others needs. */
    int64_t (*work)(const struct filtering *f);
    /* y [n, out_rows, out_columns, out] = scale x * filter + bias_scale bias + beta y. */
    void (*forward)(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *x,
                    real beta, real *y, real *work);
    /* The transposed map of x: dx [n, rows, columns, in] = scale (d(x * filter)/dx)' w + beta dx; bias is not looked
     * at. */
    void (*input)(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *w,
                  real beta, real *dx, real *work);
    /* The transposed map of the filter, summed over images: gradient [size, size, in, out] += scale
     * (d(x * filter)/dfilter)' w, in one addition. */
    void (*filter)(const struct filtering *f, int64_t n, real scale, const real *x, const real *w, real *gradient,
                   real *work);
    /* The same for each image and each of its cotangents w [n count, ..] alone: gradient[n count, ld] = scale ... */
    void (*filter_each)(const struct filtering *f, const struct filtering_each *each, real scale, const real *x,
                        const real *w, real *gradient, real *work);
};

extern const struct filtering_way filtering_patches, filtering_winograd;
const struct filtering_way *filtering_way_of(const struct filtering *f);

#endif
