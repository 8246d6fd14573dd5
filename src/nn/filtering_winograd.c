/* Minimal filtering: groups of tiles are transformed (winograd.h), multiplied plane by plane, and transformed back. */
#include <string.h>

#include "filtering.h"
#include "order.h"
#include "product.h"
#include "winograd.h"

/* The most tiles in a group: those of an image of 32x32, or so many that filters from memory do not hold up their
 * products. Speed only. */
static int64_t group_most(const struct filtering *f) {
    enum { FEW = 64 };
    return most(3 * most(f->in, f->out) / 8, FEW);
}

/* ---- scratch ---- */

/* Whole vectors of channels. */
static int64_t whole(int64_t channels) { return la_panels(channels) * LA_PANEL; }

/* Panels of so many rows, planes of so many columns. Apart: not a power of two, or planes and panels would fall into the
 * same few cache lines. */
static struct winograd_planes planes_of(int64_t rows, int64_t columns) {
    enum { APART = 7 };
    int64_t panel = (rows | 1) * LA_PANEL;
    return (struct winograd_planes){panel, la_panels(columns) * panel + APART * LA_PANEL};
}

/* PLANES of a filter [in, out], of a group's tiles with channels in, with channels out. */
struct layout {
    struct winograd_planes u, v, m;
};

static struct layout layout_of(const struct filtering *f) {
    return (struct layout){planes_of(whole(f->in), f->out), planes_of(group_most(f), f->in),
                           planes_of(group_most(f), f->out)};
}

struct scratch {
    struct layout planes;
    real *zeros, *bias; /* [longest] */
    real *u, *v, *m;
    real *turned; /* [TAPS, out, in]; in the place of v and m */
};

static int64_t longest(const struct filtering *f) { return whole(most(f->in, f->out)); }

static int64_t work_one_way(const struct filtering *f) {
    const struct layout planes = layout_of(f);
    int64_t tiles = PLANES * (planes.v.apart + planes.m.apart);
    return 2 * longest(f) + PLANES * planes.u.apart + most(tiles, TAPS * f->in * f->out);
}

static struct filtering turned_back(const struct filtering *f) {
    struct filtering back = *f;
    back.in = f->out;
    back.out = f->in;
    return back;
}

static int64_t work_size(const struct filtering *f) {
    const struct filtering back = turned_back(f);
    return most(work_one_way(f), work_one_way(&back));
}

/* With zeros and no bias. */
static struct scratch scratch_in(const struct filtering *f, real *work) {
    struct scratch s = {layout_of(f), .zeros = work, .bias = work + longest(f), .u = work + 2 * longest(f)};
    s.v = s.turned = s.u + PLANES * s.planes.u.apart;
    s.m = s.v + PLANES * s.planes.v.apart;
    memset(work, 0, (size_t)(2 * longest(f)) * sizeof *work);
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
                                      int64_t count, int64_t tiles, const struct scratch *s) {
    return (struct winograd_group){{f->rows, f->columns, pixel, channels}, first, count, tiles, s->zeros};
}

/* ---- images ---- */

/* y = x * u + bias + beta y, with u and bias in scratch */
static void filter_images(const struct filtering *f, int64_t n, const real *x, const struct scratch *s, real beta,
                          real *y) {
    int64_t tiles = n * winograd_each(f);
    for (int64_t done = 0, count; done < tiles; done += count) {
        count = least(group_most(f), tiles - done);
        struct winograd_group in = group_of(f, f->in, f->in, done, count, tiles, s);
        struct winograd_group out = group_of(f, f->out, f->out, done, count, tiles, s);
        winograd_of_data(&in, x, s->planes.v, s->v);
        const struct la_product products = {.count = PLANES,
                                            .m = count,
                                            .n = f->out,
                                            .k = f->in,
                                            .a = {s->planes.v.panel, s->planes.v.apart},
                                            .b = {s->planes.u.panel, s->planes.u.apart},
                                            .c = {s->planes.m.panel, s->planes.m.apart}};
        la_product(&products, s->v, s->u, s->m);
        winograd_to_output(&out, s->planes.m, s->m, s->bias, beta, y);
    }
}

static void forward(const struct filtering *f, int64_t n, const struct filtering_weights *weights, const real *x,
                    real beta, real *y, real *work) {
    struct scratch s = scratch_in(f, work);
    for (int64_t i = 0; weights->bias && i < f->out; i++) s.bias[i] = weights->bias_scale * weights->bias[i];
    winograd_of_filter(f->in, f->out, weights->scale, weights->filter, s.planes.u, s.u);
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
    const struct filtering back = turned_back(f);
    struct scratch s = scratch_in(&back, work);
    turn(f, weights->filter, s.turned);
    winograd_of_filter(back.in, back.out, weights->scale, s.turned, s.planes.u, s.u);
    filter_images(&back, n, w, &s, beta, dx);
}

/* ---- filters ---- */

/* v of tiles of x, and m of the first `channels` of w's f->out */
static void transform(const struct filtering *f, int64_t first, int64_t count, int64_t tiles, const real *x,
                      const real *w, int64_t channels, const struct scratch *s) {
    struct winograd_group in = group_of(f, f->in, f->in, first, count, tiles, s);
    struct winograd_group out = group_of(f, f->out, channels, first, count, tiles, s);
    winograd_of_data(&in, x, s->planes.v, s->v);
    winograd_of_cotangent(&out, w, s->planes.m, s->m);
}

/* u [PLANES, in, out] = v' m of the channels from i and o on (+ u) */
static void multiply(const struct scratch *s, int64_t i, int64_t o, const struct winograd_filter *filter, int64_t tiles,
                     struct winograd_planes u, bool is_added) {
    const struct layout *planes = &s->planes;
    const struct la_product products = {.count = PLANES,
                                        .m = filter->in,
                                        .n = filter->out,
                                        .k = tiles,
                                        .a = {planes->v.panel, planes->v.apart},
                                        .b = {planes->m.panel, planes->m.apart},
                                        .c = {u.panel, u.apart},
                                        .is_added = is_added};
    la_product_turned(&products, s->v + i / LA_PANEL * planes->v.panel, s->m + o / LA_PANEL * planes->m.panel, s->u);
}

/* Channels of a filter that are correlated at once: so few that their planes stay in a cache from the products to the
 * transform back, or, where planes are summed over groups of tiles, all of them. */
struct piece {
    int64_t in, out;
};

static struct piece piece_of(const struct filtering *f, int64_t channels, int64_t tiles) {
    enum { IN = 4 * LA_PANEL, OUT = LA_PANEL };
    return tiles <= group_most(f) ? (struct piece){least(IN, whole(f->in)), OUT}
                                  : (struct piece){whole(f->in), whole(channels)};
}

/* gradient [TAPS, in, channels] = scale times what the sum over the tiles of n images of v' m is transformed back to, v of
 * x and m of the first `channels` of w's f->out; added to what is there where is_added */
static void correlate(const struct filtering *f, int64_t n, real scale, const real *x, const real *w, int64_t channels,
                      bool is_added, const struct scratch *s, real *gradient) {
    int64_t tiles = n * winograd_each(f);
    const struct piece piece = piece_of(f, channels, tiles);
    const struct winograd_planes u = planes_of(piece.in, piece.out);
    for (int64_t done = 0, count; done < tiles; done += count) {
        count = least(group_most(f), tiles - done);
        transform(f, done, count, tiles, x, w, channels, s);
        for (int64_t i = 0; i < f->in; i += piece.in)
            for (int64_t o = 0; o < channels; o += piece.out) {
                struct winograd_filter filter = {least(piece.in, f->in - i), least(piece.out, channels - o), channels,
                                                 f->in * channels};
                multiply(s, i, o, &filter, count, u, done > 0);
                if (done + count == tiles)
                    winograd_to_filter(filter, scale, u, s->u, is_added, gradient + i * channels + o);
            }
    }
}

static void filter_gradient(const struct filtering *f, int64_t n, real scale, const real *x, const real *w,
                            real *gradient, real *work) {
    struct scratch s = scratch_in(f, work);
    correlate(f, n, scale, x, w, f->out, true, &s, gradient);
}

static void filter_each(const struct filtering *f, const struct filtering_each *each, real scale, const real *x,
                        const real *w, real *gradient, real *work) {
    struct scratch s = scratch_in(f, work);
    int64_t pixels = f->rows * f->columns;
    for (int64_t i = 0; i < each->n * each->count; i++)
        correlate(f, 1, scale, x + i / each->count * pixels * f->in, w + i * pixels * f->out + each->from,
                  each->to - each->from, each->is_added, &s, gradient + i * each->ld);
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
