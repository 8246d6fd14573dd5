#include "covariance.h"

#include <string.h>

#include "order.h"
#include "simd.h"

int64_t covariance_front(const struct covariance *image) { return image->reach * image->pitch; }
int64_t covariance_room(const struct covariance *image) { return covariance_size(image) + 2 * covariance_front(image); }

static size_t bytes(int64_t count) { return (size_t)count * sizeof(real); }

void covariance_clear(struct covariance *image) {
    memset(image->k, 0, bytes(covariance_size(image)));
    if (image->theta) memset(image->theta, 0, bytes(covariance_size(image)));
}

static int64_t pixel(const struct covariance *image, int64_t row, int64_t column) {
    return most(0, row) * image->image_columns + most(0, column);
}
int64_t covariance_first(const struct covariance *image) { return pixel(image, -image->at.row, -image->at.column); }
int64_t covariance_second(const struct covariance *image) { return pixel(image, image->at.row, image->at.column); }

void covariance_clear_behind(const struct covariance *image, int64_t rows, real *x) {
    memset(x + covariance_size(image), 0, bytes(rows * image->pitch));
}

/* Down the columns: gaps are narrow. */
static void clear_gaps(const struct covariance *image, real *x) {
    for (int64_t c = image->columns * image->batch; c < image->pitch; c++)
        for (int64_t r = 0; r < image->rows; r++) x[r * image->pitch + c] = 0;
}

SIMD_CLONES static void affine(int64_t count, real weight, real bias, real *restrict k, real *restrict theta) {
    for (int64_t t = 0; t < count; t++) {
        k[t] = weight * k[t] + bias;
        theta[t] = k[t] + weight * theta[t];
    }
}

SIMD_CLONES static void affine_alone(int64_t count, real weight, real bias, real *restrict k) {
    for (int64_t t = 0; t < count; t++) k[t] = weight * k[t] + bias;
}

static void map_affine(real weight, real bias, struct covariance *image) {
    if (image->theta) {
        affine(covariance_size(image), weight, bias, image->k, image->theta);
        clear_gaps(image, image->theta);
    } else {
        affine_alone(covariance_size(image), weight, bias, image->k);
    }
    clear_gaps(image, image->k);
}

/* ---- windows: rows first, then columns ---- */

SIMD_CLONES static void add_two(int64_t count, const real *restrict a, const real *restrict c, real *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] += a[t] + c[t];
}

/* out[t] = x[t - step] + x[t] + x[t + step]: x[-step .. count - 1 + step], out[count]. */
SIMD_CLONES static void add_three(int64_t count, int64_t step, const real *restrict x, real *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] = x[t] + (x[t - step] + x[t + step]);
}

/* out[t] = sum of x[t + v step], |v| <= reach */
static void add_neighbours(int64_t count, int64_t reach, int64_t step, const real *x, real *out) {
    if (reach == 0) memcpy(out, x, bytes(count));
    if (reach > 0) add_three(count, step, x, out);
    for (int64_t v = 2; v <= reach; v++) add_two(count, x - v * step, x + v * step, out);
}

/* Every stride-th pixel of every stride-th row, brought to the front. */
static void thin(const struct covariance *in, int64_t stride, real *x, const struct covariance *out) {
    for (int64_t r = 0; r < out->rows; r++)
        for (int64_t c = 0; c < out->columns; c++)
            for (int64_t b = 0; b < out->batch; b++)
                x[r * out->pitch + c * out->batch + b] = x[r * stride * in->pitch + c * stride * in->batch + b];
}

static void add_windows(const struct covariance_layer *layer, const struct covariance *in, real *scratch,
                        struct covariance *out) {
    int64_t count = covariance_size(in), reach = least((layer->size - 1) / 2, in->reach);
    real *const from[] = {in->k, in->theta}, *const to[] = {out->k, out->theta};
    for (int which = 0; which < 2 && from[which]; which++) {
        covariance_clear_behind(in, reach, from[which]);
        add_neighbours(count, reach, in->pitch, from[which], scratch);
        add_neighbours(count, reach, in->batch, scratch, to[which]);
        if (layer->stride > 1) thin(in, layer->stride, to[which], out);
    }
}

void covariance_map(const struct covariance_layer *layer, const struct covariance *in, real *scratch,
                    struct covariance *out) {
    if (!in)
        covariance_clear(out);
    else if (layer->size > 1 || layer->stride > 1)
        add_windows(layer, in, scratch, out);
    else if (in->k != out->k)
        covariance_copy(in, out);
    map_affine((real)layer->weight, (real)layer->bias, out);
}

/* ---- sums ---- */

SIMD_CLONES static void add(int64_t count, const real *restrict x, real *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] += x[t];
}

SIMD_CLONES static void scale(int64_t count, real weight, real *x) {
    for (int64_t t = 0; t < count; t++) x[t] *= weight;
}

SIMD_CLONES static void add_weighed(int64_t count, real weight, const real *restrict x, real *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] += weight * x[t];
}

void covariance_scale(double weight, struct covariance *out) {
    scale(covariance_size(out), (real)weight, out->k);
    if (out->theta) scale(covariance_size(out), (real)weight, out->theta);
}

void covariance_add(double weight, const struct covariance *image, struct covariance *out) {
    add_weighed(covariance_size(out), (real)weight, image->k, out->k);
    if (out->theta) add_weighed(covariance_size(out), (real)weight, image->theta, out->theta);
}

void covariance_copy(const struct covariance *image, struct covariance *out) {
    memcpy(out->k, image->k, bytes(covariance_size(out)));
    if (out->theta) memcpy(out->theta, image->theta, bytes(covariance_size(out)));
}

/* Along one axis: the pixels p of window `number` of out's rectangle whose q lies in the window that belongs to it, as
 * places first to end - 1 of in's rectangle. */
struct part {
    int64_t first, end;
};
static struct part part_of(int64_t number, int64_t width, int64_t in_at, int64_t out_at) {
    int64_t begin = width * (number + most(0, -out_at)), beyond = in_at - width * out_at, origin = most(0, -in_at);
    return (struct part){begin + most(0, -beyond) - origin, begin + least(width, width - beyond) - origin};
}

/* Rows are added up into one, which is then added up. x: [.., batch], row length pitch; sums: [batch]. */
static void add_rectangle(struct part rows, struct part columns, const struct covariance *in, const real *x,
                          double weight, real *scratch, double *sums) {
    int64_t batch = in->batch, width = columns.end - columns.first;
    memset(scratch, 0, bytes(width * batch));
    for (int64_t r = rows.first; r < rows.end; r++)
        add(width * batch, x + r * in->pitch + columns.first * batch, scratch);
    for (int64_t b = 0; b < batch; b++) {
        double sum = 0;
        for (int64_t c = 0; c < width; c++) sum += (double)scratch[c * batch + b];
        sums[b] += weight * sum;
    }
}

void covariance_pool(int64_t rows, int64_t columns, double weight, const struct covariance *in, real *scratch,
                     const struct covariance *out, double *sums) {
    const real *const from[] = {in->k, in->theta};
    for (int64_t r = 0; r < out->rows; r++)
        for (int64_t c = 0; c < out->columns; c++) {
            struct part row = part_of(r, rows, in->at.row, out->at.row);
            struct part column = part_of(c, columns, in->at.column, out->at.column);
            int64_t place = r * out->pitch + c * out->batch;
            for (int which = 0; which < 2 && from[which]; which++)
                add_rectangle(row, column, in, from[which], weight, scratch,
                              sums + which * covariance_size(out) + place);
        }
}
