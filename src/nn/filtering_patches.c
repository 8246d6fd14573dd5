/* Filtering by patches: the windows under a group of output rows, side by side as a matrix [positions, size size
 * in]. */
#include <string.h>

#include "filtering.h"
#include "matrix.h"

/* Output rows of all images are counted through; a group is some of them. */
struct group {
    int64_t from, rows, positions;
};

static int64_t window(const struct filtering *f) { return f->size * f->size * f->in; }

/* Output rows in a group: about a thousand positions, fewer where windows are large. */
static int64_t group_rows(const struct filtering *f) {
    enum { NUMBERS = 1 << 21, POSITIONS_MIN = 128, POSITIONS_MAX = 1024 };
    int64_t positions = NUMBERS / window(f);
    if (positions < POSITIONS_MIN) positions = POSITIONS_MIN;
    if (positions > POSITIONS_MAX) positions = POSITIONS_MAX;
    return positions > f->out_columns ? positions / f->out_columns : 1;
}

static double work_ratio(const struct filtering *f) {
    (void)f;
    return 1;
}

static int64_t patch_size(const struct filtering *f) { return group_rows(f) * f->out_columns * window(f); }

/* A group's patches, and a filter's gradient. */
static int64_t work(const struct filtering *f) { return patch_size(f) + window(f) * f->out; }

static struct group group_at(const struct filtering *f, int64_t from, int64_t end) {
    int64_t rows = group_rows(f) < end - from ? group_rows(f) : end - from;
    return (struct group){from, rows, rows * f->out_columns};
}

/* The piece of input row `row` of the image (of one output position's window) that lies inside: `count` pixels from
 * column `first`, the leading `skip` of the window's columns being outside. count = 0: none. */
struct piece {
    int64_t first, skip, count;
};

static struct piece piece_of(const struct filtering *f, int64_t row, int64_t out_column) {
    int64_t left = out_column * f->stride - (f->size - 1) / 2, right = left + f->size;
    struct piece piece = {left < 0 ? 0 : left, left < 0 ? -left : 0, 0};
    if (row >= 0 && row < f->rows) piece.count = (right < f->columns ? right : f->columns) - piece.first;
    return piece;
}

typedef void on_piece(const struct filtering *f, struct piece piece, real *image_row, real *patch_row);

/* Calls for every row of every window of a group; x is the images, patch the matrix. */
static void for_pieces(const struct filtering *f, struct group group, real *x, real *patch, on_piece *call) {
    for (int64_t row = group.from; row < group.from + group.rows; row++) {
        int64_t image = row / f->out_rows, top = row % f->out_rows * f->stride - (f->size - 1) / 2;
        for (int64_t column = 0; column < f->out_columns; column++)
            for (int64_t u = 0; u < f->size; u++, patch += f->size * f->in)
                call(f, piece_of(f, top + u, column), x + (image * f->rows + top + u) * f->columns * f->in, patch);
    }
}

static void gather(const struct filtering *f, struct piece piece, real *image_row, real *patch_row) {
    size_t channel = (size_t)f->in * sizeof *patch_row;
    if (piece.count < f->size) memset(patch_row, 0, (size_t)f->size * channel);
    if (piece.count > 0)
        memcpy(patch_row + piece.skip * f->in, image_row + piece.first * f->in, (size_t)piece.count * channel);
}

static void scatter(const struct filtering *f, struct piece piece, real *image_row, real *patch_row) {
    for (int64_t i = 0; i < piece.count * f->in; i++)
        image_row[piece.first * f->in + i] += patch_row[piece.skip * f->in + i];
}

/* The images are only read. */
static void gather_group(const struct filtering *f, struct group group, const real *x, real *patch) {
    for_pieces(f, group, (real *)x, patch, gather);
}

static void set_rows(int64_t positions, int64_t channels, real scale, const real *bias, real beta, real *y) {
    for (int64_t p = 0; p < positions; p++)
        for (int64_t c = 0; c < channels; c++)
            y[p * channels + c] = scale * bias[c] + (beta == 0 ? 0 : beta * y[p * channels + c]);
}

static void forward(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *x,
                    real beta, real *y, real *patch) {
    struct group group;
    for (int64_t from = 0; from < n * f->out_rows; from += group.rows) {
        group = group_at(f, from, n * f->out_rows);
        real *out = y + from * f->out_columns * f->out;
        gather_group(f, group, x, patch);
        if (weights->bias) set_rows(group.positions, f->out, weights->bias_scale, weights->bias, beta, out);
        la_gemm(LA_PLAIN, LA_PLAIN, group.positions, f->out, window(f), weights->scale, patch, window(f),
                weights->filter, f->out, weights->bias ? 1 : beta, out, f->out);
    }
}

static void multiply(int64_t count, real factor, real *x) {
    for (int64_t i = 0; i < count; i++) x[i] = factor == 0 ? 0 : factor * x[i];
}

static void input(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *w,
                  real beta, real *dx, real *patch) {
    struct group group;
    if (beta != 1) multiply(n * f->rows * f->columns * f->in, beta, dx);
    for (int64_t from = 0; from < n * f->out_rows; from += group.rows) {
        group = group_at(f, from, n * f->out_rows);
        la_gemm(LA_PLAIN, LA_TRANSPOSED, group.positions, window(f), f->out, weights->scale,
                w + from * f->out_columns * f->out, f->out, weights->filter, f->out, 0, patch, window(f));
        for_pieces(f, group, dx, patch, scatter);
    }
}

/* Summed up before it is added: the gradient may be the weights themselves, in which small pieces would be lost. */
static void filter_gradient(const struct filtering *f, int64_t n, real scale, const real *x, const real *w,
                            real *gradient, real *patch) {
    real *sum = patch + patch_size(f);
    struct group group;
    for (int64_t from = 0; from < n * f->out_rows; from += group.rows) {
        group = group_at(f, from, n * f->out_rows);
        gather_group(f, group, x, patch);
        la_gemm(LA_TRANSPOSED, LA_PLAIN, window(f), f->out, group.positions, scale, patch, window(f),
                w + from * f->out_columns * f->out, f->out, from > 0, sum, f->out);
    }
    la_axpy(window(f) * f->out, 1, sum, gradient);
}

static void filter_each(const struct filtering *f, const struct filtering_each *each, real scale, const real *x,
                        const real *w, real *gradient, real *patch) {
    int64_t channels = each->to - each->from, pixels = f->out_rows * f->out_columns;
    struct group group;
    for (int64_t i = 0; i < each->n; i++)
        for (int64_t from = 0; from < f->out_rows; from += group.rows) {
            group = group_at(f, i * f->out_rows + from, (i + 1) * f->out_rows);
            gather_group(f, group, x, patch);
            for (int64_t row = i * each->count; row < (i + 1) * each->count; row++)
                la_gemm(LA_TRANSPOSED, LA_PLAIN, window(f), channels, group.positions, scale, patch, window(f),
                        w + (row * pixels + from * f->out_columns) * f->out + each->from, f->out,
                        each->is_added || from > 0, gradient + row * each->ld, channels);
        }
}

const struct filtering_way filtering_patches = {
    .name = "patches",
    .work_ratio = work_ratio,
    .work = work,
    .forward = forward,
    .input = input,
    .filter = filter_gradient,
    .filter_each = filter_each,
};
