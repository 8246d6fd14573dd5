/* Covariances of pairs of examples (x, x') in the infinitely wide network, stored by displacement: for one d = q - p,
 * K[p, q] and Theta[p, q] over the pixels p for which p and q = p + d both are in the image, a rectangle of
 * rows - |d.row| x columns - |d.column|. In images of 3 x 4 pixels at d = (1, -1), p is in rows 0 and 1, columns 1-3:
 * 2 x 3 numbers, the first of p = (0, 1), q = (1, 0).
 *
 * What a filter's window sees of a pair (p, q) is seen at the same displacement, so every operator but pooling works on
 * one such small image. `batch` pairs with the same x go side by side (infinite_plan.h).
 * Entry (r, c, b) stands at r pitch + c batch + b. Each row ends in `reach` pixels of zeros, as many as the widest
 * filter reaches from its centre (or as there are in the image's rows or columns); before the first row there are reach
 * rows of zeros, and behind the last there is room for as many: so a window's sum is a flat loop over the whole image.
 * With reach 1 and batch 1 (. is 0):
 *
 *             . . . .      front, reach rows
 *     k ->    a b c .      pitch 4
 *             d e f .
 *             . . . .      room behind
 *
 * Maths: cannot fail. Not collective. */
#ifndef COVARIANCE_H
#define COVARIANCE_H

#include <stdint.h>
#include <stdlib.h>
#include "real.h"

#define covariance_room         REAL_NAME(covariance_room)
#define covariance_front        REAL_NAME(covariance_front)
#define covariance_clear        REAL_NAME(covariance_clear)
#define covariance_first        REAL_NAME(covariance_first)
#define covariance_second       REAL_NAME(covariance_second)
#define covariance_clear_behind REAL_NAME(covariance_clear_behind)
#define covariance_map          REAL_NAME(covariance_map)
#define covariance_copy         REAL_NAME(covariance_copy)
#define covariance_scale        REAL_NAME(covariance_scale)
#define covariance_add          REAL_NAME(covariance_add)
#define covariance_pool         REAL_NAME(covariance_pool)

struct displacement {
    int64_t row, column;
};

struct covariance {
    struct displacement at;
    int64_t image_rows, image_columns; /* of the value */
    int64_t rows, columns;             /* of the rectangle */
    int64_t batch, reach, pitch;
    real *k, *theta; /* theta NULL: only K is wanted */
};

/* Without its arrays. Inline, since copies of what a call has just written wait for it. */
static inline struct covariance covariance_create(int64_t image_rows, int64_t image_columns, struct displacement at,
                                                  int64_t batch, int64_t reach) {
    int64_t rows = image_rows - llabs(at.row), columns = image_columns - llabs(at.column);
    return (struct covariance){at,   image_rows, image_columns, rows, columns, batch, reach, (columns + reach) * batch,
                               NULL, NULL};
}
/* Numbers from the first row of zeros in front to the last behind, and where k begins among them; of the largest,
 * at = 0. */
int64_t covariance_room(const struct covariance *image);
int64_t covariance_front(const struct covariance *image);
/* Numbers of the image itself, rows pitch. */
static inline int64_t covariance_size(const struct covariance *image) { return image->rows * image->pitch; }

/* Everything 0. */
void covariance_clear(struct covariance *image);
/* The first pixel p of the rectangle, and the q that belongs to it, as indices of the image's pixels. */
int64_t covariance_first(const struct covariance *image);
int64_t covariance_second(const struct covariance *image);

/* Rows of zeros behind the last one. */
void covariance_clear_behind(const struct covariance *image, int64_t rows, real *x);

/* A layer: means over windows of size x size pixels (odd), centred at every stride-th pixel, nothing outside; `weight`
 * is sigma_w2 over the window's size. */
struct covariance_layer {
    int64_t size, stride;
    double weight, bias;
};
/* K <- weight sum of K + bias, Theta <- K (the new one) + weight sum of Theta, from in to out; in NULL: sums are 0. Size
 * 1, stride 1: out may be where `in` is. With size 3, stride 1, weight 1, bias 0 and one row 1 2 3 of pixels K is 3 6 5,
 * since outside is 0.
 * The zeros that a row needs on its left are those behind the row before, so the sum runs through the image as one long
 * array and puts numbers in out's gaps as well, which are cleared. out's arrays have room for an image of in's size, also
 * where stride > 1. scratch: room of in's size, zeros in front. Writes zeros behind `in`. */
void covariance_map(const struct covariance_layer *layer, const struct covariance *in, real *scratch,
                    struct covariance *out);
/* out = image; out *= weight; out += weight image. */
void covariance_copy(const struct covariance *image, struct covariance *out);
void covariance_scale(double weight, struct covariance *out);
void covariance_add(double weight, const struct covariance *image, struct covariance *out);
/* sums += weight times the sums over all p in window P of rows x columns pixels and q in window Q, as far as they are at
 * in's displacement: entry for entry of out, which gives the shape alone, K's and then Theta's. scratch: a row. */
void covariance_pool(int64_t rows, int64_t columns, double weight, const struct covariance *in, real *scratch,
                     const struct covariance *out, double *sums);

#endif
