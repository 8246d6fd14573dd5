/* Minimal filtering: groups of tiles are transformed (winograd.h), multiplied plane by plane, and transformed back. */
#include <string.h>

#include "filtering.h"
#include "order.h"
#include "product.h"
#include "winograd.h"

/* The most tiles in a group: what stays in the second cache, but enough for products that read their filter from the
 * third: those of an image of 32x32, or more for many channels. Speed only. */
static int64_t group_most(const struct filtering *f) {
    enum { CACHE = 5 << 18, FEW = 64 };
    int64_t cached = CACHE / (int64_t)sizeof(real) / (PLANES * (f->in + f->out));
    return most(most(cached, 3 * most(f->in, f->out) / 8), FEW);
}

/* ---- scratch ---- */

/* From plane to plane: not a power of two, or the streams would fall into the same few cache lines (half the
 * speed). */
static int64_t stride(const struct filtering *f, int64_t channels) {
    enum { APART = 7 * WINOGRAD_LANES };
    return group_most(f) * winograd_row(channels) + APART;
}

struct scratch {
    real *zeros, *bias; /* [row] */
    real *u;            /* [PLANES, in, out]: transformed filter */
    real *v, *m;        /* PLANES of a group's tiles: of channels in, of channels out */
    real *turned;       /* [TAPS, out, in]; in the place of v and m */
};

static int64_t row(const struct filtering *f) { return winograd_row(most(f->in, f->out)); }

static int64_t work_size(const struct filtering *f) {
    int64_t tiles = PLANES * (stride(f, f->in) + stride(f, f->out));
    return 2 * row(f) + PLANES * f->in * f->out + most(tiles, TAPS * f->in * f->out);
}

/* With zeros and no bias. */
static struct scratch scratch_in(const struct filtering *f, real *work) {
    struct scratch s = {.zeros = work, .bias = work + row(f), .v = work + 2 * row(f)};
    s.turned = s.v;
    s.m = s.v + PLANES * stride(f, f->in);
    s.u = s.v + work_size(f) - 2 * row(f) - PLANES * f->in * f->out;
    memset(work, 0, (size_t)(2 * row(f)) * sizeof *work);
    return s;
}

static int64_t winograd_each(const struct filtering *f) { return winograd_along(f->rows) * winograd_along(f->columns); }

/* 36 multiplications for the 144 of a tile, of which the last may be in part outside the image; and the transforms, which
 * take as long as some MULTIPLICATIONS for each number of a plane (measured at 64 channels). */
static double work_ratio(const struct filtering *f) {
    const double MULTIPLICATIONS = 10, in = (double)f->in, out = (double)f->out;
    double done = (double)(PLANES * winograd_each(f)) * (in * out + MULTIPLICATIONS * (in + out));
    return done / ((double)(TAPS * f->rows * f->columns) * in * out);
}

/* A group of images with `channels` of `pixel` channels. */
static struct winograd_group group_of(const struct filtering *f, int64_t pixel, int64_t channels, int64_t first,
                                      int64_t count, const struct scratch *s) {
    return (struct winograd_group){{f->rows, f->columns, pixel, channels}, first, count, s->zeros};
}

/* ---- images ---- */

/* y = x * u + bias + beta y, with u and bias in scratch */
static void filter_images(const struct filtering *f, int64_t n, const real *x, const struct scratch *s, real beta,
                          real *y) {
    int64_t tiles = n * winograd_each(f), apart_v = stride(f, f->in), apart_m = stride(f, f->out);
    for (int64_t done = 0, count; done < tiles; done += count) {
        count = least(group_most(f), tiles - done);
        struct winograd_group in = group_of(f, f->in, f->in, done, count, s);
        struct winograd_group out = group_of(f, f->out, f->out, done, count, s);
        winograd_of_data(&in, x, apart_v, s->v);
        const struct la_product each = {.m = count,
                                        .n = f->out,
                                        .k = f->in,
                                        .a_row = winograd_row(f->in),
                                        .a_column = 1,
                                        .b_row = f->out,
                                        .c_row = winograd_row(f->out)};
        for (int64_t k = 0; k < PLANES; k++)
            la_product(&each, s->v + k * apart_v, s->u + k * f->in * f->out, s->m + k * apart_m);
        winograd_to_output(&out, apart_m, s->m, s->bias, beta, y);
    }
}

static void forward(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *x,
                    real beta, real *y, real *work) {
    struct scratch s = scratch_in(f, work);
    for (int64_t i = 0; weights->bias && i < f->out; i++) s.bias[i] = weights->bias_scale * weights->bias[i];
    winograd_of_filter(f->in * f->out, weights->scale, weights->filter, s.u);
    filter_images(f, n, x, &s, beta, y);
}

/* turned[TAPS - 1 - tap][out, in] = filter[tap][in, out]' */
static void turn(const struct filtering *f, const real *filter, real *turned) {
    enum { BLOCK = 16 };
    for (int64_t tap = TAPS - 1; tap >= 0; tap--, filter += f->in * f->out)
        for (int64_t begin = 0; begin < f->in; begin += BLOCK)
            for (int64_t o = 0; o < f->out; o++) {
                real *to = turned + (tap * f->out + o) * f->in;
                for (int64_t i = begin; i < least(begin + BLOCK, f->in); i++) to[i] = filter[i * f->out + o];
            }
}

/* dx = w filtered by the turned filter */
static void input(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *w,
                  real beta, real *dx, real *work) {
    struct filtering back = *f;
    back.in = f->out;
    back.out = f->in;
    struct scratch s = scratch_in(&back, work);
    turn(f, weights->filter, s.turned);
    winograd_of_filter(f->in * f->out, weights->scale, s.turned, s.u);
    filter_images(&back, n, w, &s, beta, dx);
}

/* ---- filters ---- */

/* u [PLANES, in channels] = sum over the tiles of n images of v' m, v of x and m of the first `channels` of
 * w's f->out */
static void correlate(const struct filtering *f, int64_t n, const real *x, const real *w, int64_t channels,
                      const struct scratch *s) {
    int64_t tiles = n * winograd_each(f), apart_v = stride(f, f->in), apart_m = stride(f, f->out);
    for (int64_t done = 0, count; done < tiles; done += count) {
        count = least(group_most(f), tiles - done);
        struct winograd_group in = group_of(f, f->in, f->in, done, count, s);
        struct winograd_group out = group_of(f, f->out, channels, done, count, s);
        winograd_of_data(&in, x, apart_v, s->v);
        winograd_of_cotangent(&out, w, apart_m, s->m);
        const struct la_product each = {.m = f->in,
                                        .n = channels,
                                        .k = count,
                                        .a_row = 1,
                                        .a_column = winograd_row(f->in),
                                        .b_row = winograd_row(channels),
                                        .c_row = channels,
                                        .is_added = done > 0};
        for (int64_t k = 0; k < PLANES; k++)
            la_product(&each, s->v + k * apart_v, s->m + k * apart_m, s->u + k * f->in * channels);
    }
}

static void filter_gradient(const struct filtering *f, int64_t n, real scale, const real *x, const real *w,
                            real *gradient, real *work) {
    struct scratch s = scratch_in(f, work);
    correlate(f, n, x, w, f->out, &s);
    winograd_to_filter(f->in * f->out, scale, s.u, 1, gradient);
}

static void filter_each(const struct filtering *f, const struct filtering_each *each, real scale, const real *x,
                        const real *w, real *gradient, real *work) {
    struct scratch s = scratch_in(f, work);
    int64_t pixels = f->rows * f->columns, channels = each->to - each->from;
    for (int64_t i = 0; i < each->n * each->count; i++) {
        correlate(f, 1, x + i / each->count * pixels * f->in, w + i * pixels * f->out + each->from, channels, &s);
        winograd_to_filter(f->in * channels, scale, s.u, each->is_added, gradient + i * each->ld);
    }
}

const struct filtering_way filtering_winograd = {
    .name = "winograd",
    .work_ratio = work_ratio,
    .work = work_size,
    .forward = forward,
    .input = input,
    .filter = filter_gradient,
    .filter_each = filter_each,
};
