/* Dual activations against two-dimensional quadrature in polar coordinates, and their identities. Right values are
 * computed in double, of numbers as `real` holds them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dual.h"
#include "tally.h"

static const double PI = 3.14159265358979323846;

enum { KINDS = ACTIVATIONS };
static const enum activation_kind KIND[KINDS] = {ACTIVATION_RELU,     ACTIVATION_ERF,        ACTIVATION_TANH,
                                                 ACTIVATION_IDENTITY, ACTIVATION_LEAKY_RELU, ACTIVATION_COS};
static const double SLOPE = (double)(real)0.3; /* of leaky_relu */

/* Of what dual.h says in double: what tanh is off by; quadrature with it; equal points; some roundings. In f32 all are
 * what it says of float. */
static const double ACCURATE = BITS(1e-14, 3e-7), CLOSE = BITS(2e-13, 3e-7), TANH_CLOSE = BITS(5e-13, 3e-7),
                    EQUAL = BITS(1e-13, 3e-7), ROUNDED = BITS(1e-15, 3e-7);

static double phi(enum activation_kind kind, double x) {
    const double value[KINDS] = {[ACTIVATION_RELU] = x > 0 ? x : 0,
                                 [ACTIVATION_ERF] = erf(x),
                                 [ACTIVATION_TANH] = tanh(x),
                                 [ACTIVATION_IDENTITY] = x,
                                 [ACTIVATION_LEAKY_RELU] = x > 0 ? x : SLOPE * x,
                                 [ACTIVATION_COS] = cos(x)};
    return value[kind];
}

static double slope(enum activation_kind kind, double x) {
    const double value[KINDS] = {[ACTIVATION_RELU] = x > 0,
                                 [ACTIVATION_ERF] = 2 / sqrt(PI) * exp(-x * x),
                                 [ACTIVATION_TANH] = 1 - tanh(x) * tanh(x),
                                 [ACTIVATION_IDENTITY] = 1,
                                 [ACTIVATION_LEAKY_RELU] = x > 0 ? 1 : SLOPE,
                                 [ACTIVATION_COS] = -sin(x)};
    return value[kind];
}

static void check_near(const char *what, double value, double expected, double tolerance) {
    if (fabs(value - expected) <= tolerance) return;
    print_error("%s: %.17g, expected %.17g, error %.2e, tolerance %.0e\n", what, value, expected,
                fabs(value - expected), tolerance);
    fail();
}
#define assert_near(what, value, expected, tolerance) check_near(what, (double)(value), (double)(expected), tolerance)

/* ---- Quadrature ---- */

enum { RADII = 160, ANGLES = 240 };

/* Gauss-Legendre on [-1, 1] by Newton's method. */
static void legendre(int count, double *node, double *weight) {
    for (int i = 0; i < count; i++) {
        double x = cos(PI * (i + 0.75) / (count + 0.5)), slope_at = 1;
        for (int round = 0; round < 8; round++) {
            double now = 1, before = 0;
            for (int n = 0; n < count; n++) {
                double next = ((2 * n + 1) * x * now - n * before) / (n + 1);
                before = now;
                now = next;
            }
            slope_at = count * (x * now - before) / (x * x - 1);
            x -= now / slope_at;
        }
        node[i] = x;
        weight[i] = 2 / ((1 - x * x) * slope_at * slope_at);
    }
}

struct expected {
    double t, tdot;
};

/* u = sqrt(k11) r cos(angle), v = sqrt(k22) r cos(angle - a), c = cos a. */
static void add_ray(enum activation_kind kind, double k11, double k22, double a, double angle, double weight,
                    struct expected *sum) {
    static double node[RADII], share[RADII];
    if (share[0] == 0) legendre(RADII, node, share);
    const double half = 6;
    for (int i = 0; i < RADII; i++) {
        double r = half * (node[i] + 1), density = weight * half * share[i] * r * exp(-r * r / 2) / (2 * PI);
        double u = sqrt(k11) * r * cos(angle), v = sqrt(k22) * r * cos(angle - a);
        sum->t += density * phi(kind, u) * phi(kind, v);
        sum->tdot += density * slope(kind, u) * slope(kind, v);
    }
}

/* The angles where u or v changes sign bound the four pieces, so that relu is smooth on each. */
static struct expected quadrature(enum activation_kind kind, double k11, double k22, double c) {
    static double node[ANGLES], share[ANGLES];
    if (share[0] == 0) legendre(ANGLES, node, share);
    double a = acos(c), edge[5] = {-PI / 2, a - PI / 2, PI / 2, a + PI / 2, 3 * PI / 2};
    struct expected sum = {0};
    for (int piece = 0; piece < 4; piece++)
        for (int i = 0; i < ANGLES; i++) {
            double half = (edge[piece + 1] - edge[piece]) / 2, angle = edge[piece] + half * (node[i] + 1);
            add_ray(kind, k11, k22, a, angle, half * share[i], &sum);
        }
    return sum;
}

/* ---- One pair through the interface ---- */

struct inputs {
    double k11, k22, k12, c;
};

static double rounded(double x) { return (double)(real)x; }

/* As `real` holds them. */
static struct inputs inputs_of(double k11, double k22, double c) {
    struct inputs in = {rounded(k11), rounded(k22), rounded(c * sqrt(k11 * k22)), c};
    if (in.k11 > 0 && in.k22 > 0) in.c = fmax(-1, fmin(1, in.k12 / sqrt(in.k11) / sqrt(in.k22)));
    return in;
}

/* A layer, and a side of it that has all its places. */
struct layer {
    struct arena arena;
    struct dual dual;
    struct dual_side side;
};

static struct layer layer_create(enum activation_kind kind, int64_t count, const real *variance) {
    struct layer layer;
    struct arena counting = arena_counting();
    struct dual sizes = dual_prepare(kind, (real)SLOPE, count, NULL, &counting);
    ARENA_TAKE(&counting, dual_side_most(&sizes) * count, real);
    assert_int_equal(arena_create(counting.peak + 64, &layer.arena), OK);
    layer.dual = dual_prepare(kind, (real)SLOPE, count, variance, &layer.arena);
    assert_true(dual_side_numbers(&layer.dual) <= dual_side_most(&layer.dual));
    real *room = ARENA_TAKE(&layer.arena, dual_side_numbers(&layer.dual) * count, real);
    layer.side = dual_side_fill(&layer.dual, count, variance, room);
    return layer;
}

static void layer_free(struct layer *layer) { arena_free(&layer->arena); }

/* Point i with `count` points from `first` on. */
static void run_row(const struct layer *layer, int64_t i, int64_t first, int64_t count, real *k, real *theta) {
    struct dual_pairs pairs = {.rows = 1, .columns = count, .pitch = count, .own = i, .other = first};
    dual_run(&layer->dual, &layer->side, &layer->side, &pairs, k, theta);
}

static struct expected pair(enum activation_kind kind, double k11, double k22, double k12) {
    real variance[2] = {(real)k11, (real)k22}, k = (real)k12, theta = 1;
    struct layer layer = layer_create(kind, 2, variance);
    run_row(&layer, 0, 1, 1, &k, &theta);
    layer_free(&layer);
    return (struct expected){.t = (double)k, .tdot = (double)theta};
}

static void compare(enum activation_kind kind, double k11, double k22, double c, double tolerance) {
    struct inputs in = inputs_of(k11, k22, c);
    struct expected right = quadrature(kind, in.k11, in.k22, in.c), ours = pair(kind, in.k11, in.k22, in.k12);
    char what[80];
    snprintf(what, sizeof what, "kind %d, K11 %g, K22 %g, c %g", (int)kind, k11, k22, c);
    assert_near(what, ours.t, right.t, tolerance * fmax(1, sqrt(k11 * k22)));
    assert_near(what, ours.tdot, right.tdot, tolerance);
}

static void test_quadrature(void **state) {
    (void)state;
    const double correlation[] = {-0.9731, -0.4127, 0.0613, 0.5861, 0.7071, 0.9377};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t n = 0; n < sizeof correlation / sizeof *correlation; n++) {
            compare(KIND[kind], 1.283, 0.617, correlation[n], CLOSE);
            compare(KIND[kind], 2.385, 3.107, correlation[n], CLOSE);
        }
}

/* Every length of the series and the direct rule: variances from 0.01 on, correlations to within 1e-6 of +-1. */
static void test_tanh_range(void **state) {
    (void)state;
    const double variance[] = {0.0103, 0.217, 1.09, 3.31, 9.73}, excess[] = {1e-6, 1.3e-4, 0.0117, 0.2713, 0.8903};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = i; j < 5; j++)
            for (size_t n = 0; n < 5; n++) {
                compare(ACTIVATION_TANH, variance[i], variance[j], 1 - excess[n], TANH_CLOSE);
                compare(ACTIVATION_TANH, variance[j], variance[i], excess[n] - 1, TANH_CLOSE);
            }
    compare(ACTIVATION_TANH, 31.7, 40.3, 0.99973, TANH_CLOSE);
    compare(ACTIVATION_TANH, 40.3, 0.53, -0.99973, TANH_CLOSE);
}

/* Variances between the nodes of a layer with a wide range; what interpolation gives is as good as quadrature. */
static void test_tanh_between(void **state) {
    (void)state;
    const double edge[][2] = {{0, 7}, {0.03, 3}, {0.2, 1.1}, {0.9, 0.91}, {1e-6, 60}};
    const double excess[] = {1.3e-4, 0.0117, 0.2713, 0.8903};
    for (size_t e = 0; e < 5; e++)
        for (size_t n = 0; n < 4; n++) {
            double low = edge[e][0], high = edge[e][1];
            struct inputs in = inputs_of(low + 0.0613 * (high - low), low + 0.3719 * (high - low), 1 - excess[n]);
            struct expected right = quadrature(ACTIVATION_TANH, in.k11, in.k22, in.c);
            real variance[4] = {(real)low, (real)high, (real)in.k11, (real)in.k22};
            real k = (real)in.k12, theta = 1, t[4], tdot[4];
            struct layer layer = layer_create(ACTIVATION_TANH, 4, variance);
            run_row(&layer, 2, 3, 1, &k, &theta);
            dual_self(&layer.dual, 4, variance, t, tdot);
            layer_free(&layer);
            assert_near("T between nodes", k, right.t, CLOSE);
            assert_near("Tdot between nodes", theta, right.tdot, CLOSE);
            struct expected own = quadrature(ACTIVATION_TANH, in.k22, in.k22, 1);
            assert_near("own T between nodes", t[3], own.t, CLOSE);
            assert_near("own Tdot between nodes", tdot[3], own.tdot, CLOSE);
        }
}

/* E over (z1, z2) by the trapezoidal rule, u = sqrt(k11) z1, v = sqrt(k22) (c z1 + s z2): the sharper the poles of tanh,
 * the smaller the step, and smaller again for what the Gaussian grows to there. Sums in long double. */
static struct expected trapezoidal(double k11, double k22, double c) {
    const double step = fmin(0.16, PI * PI / (52 * sqrt(fmax(k11, k22)))), s = sqrt((1 - c) * (1 + c)), end = 9.6;
    long double t = 0, tdot = 0;
    for (double z = step / 2; z < end; z += step) {
        const long double x = (long double)tanh(sqrt(k11) * z);
        long double inner_t = 0, inner_tdot = 0, weight = (long double)exp(-z * z / 2);
        for (double q = s > 0 ? -floor(end / step) : 0; q <= (s > 0 ? end / step : 0); q++) {
            const long double y = (long double)tanh(sqrt(k22) * (c * z + s * q * step)),
                              share = (long double)exp(-q * q * step * step / 2);
            inner_t += share * y, inner_tdot += share * (1 - y) * (1 + y);
        }
        const long double both = (long double)(s > 0 ? step / sqrt(2 * PI) : 1);
        t += weight * x * inner_t * both, tdot += weight * (1 - x) * (1 + x) * inner_tdot * both;
    }
    const double scale = 2 * step / sqrt(2 * PI);
    return (struct expected){.t = scale * (double)t, .tdot = scale * (double)tdot};
}

/* What dual.h says of tanh, in a layer of those two variances and in one of variances from 1e-6 to 100. */
static void check_accuracy(double k11, double k22, double c) {
    const struct inputs in = inputs_of(k11, k22, c);
    const real a = (real)in.k11, b = (real)in.k22, variance[2][4] = {{a, b, a, b}, {a, b, (real)1e-6, 100}};
    struct expected right = trapezoidal(in.k11, in.k22, in.c);
    for (int wide = 0; wide < 2; wide++) {
        real k = (real)in.k12, theta = 1;
        struct layer layer = layer_create(ACTIVATION_TANH, 4, variance[wide]);
        run_row(&layer, 0, 1, 1, &k, &theta);
        layer_free(&layer);
        char what[80];
        snprintf(what, sizeof what, "tanh, K11 %g, K22 %g, c %.12g, layer %d", k11, k22, c, wide);
        assert_near(what, k, right.t, ACCURATE);
        assert_near(what, theta, right.tdot, ACCURATE);
    }
}

static void test_tanh_accuracy(void **state) {
    (void)state;
    const double variance[] = {1e-6, 0.0103, 0.134, 0.617, 1.09, 1.9, 4.7, 9.7},
                 excess[] = {0, 1e-9, 1.3e-4, 0.0117, 0.101, 0.2713, 0.46, 0.8903, 1};
    for (size_t i = 0; i < sizeof variance / sizeof *variance; i++)
        for (size_t j = 0; j <= i; j++)
            for (size_t n = 0; n < sizeof excess / sizeof *excess; n++)
                check_accuracy(variance[i], variance[j], n % 2 ? excess[n] - 1 : 1 - excess[n]);
    check_accuracy(100, 100, 1);
    check_accuracy(97.3, 1.3, -0.83);
}

/* ---- Identities ---- */

static double slope_by_difference(enum activation_kind kind, double k11, double k22, double k12, double step) {
    return (pair(kind, k11, k22, k12 + step).t - pair(kind, k11, k22, k12 - step).t) / (2 * step);
}

static void test_derivative(void **state) {
    (void)state;
    const double k11 = 1.731, k22 = 0.893, STEP = BITS(1e-3, 1e-2);
    for (int kind = 0; kind < KINDS; kind++)
        for (double k12 = -1.107; k12 < 1.2; k12 += 0.2473) {
            double fine = slope_by_difference(KIND[kind], k11, k22, k12, STEP);
            double coarse = slope_by_difference(KIND[kind], k11, k22, k12, 2 * STEP);
            assert_near("dT/dK12", pair(KIND[kind], k11, k22, k12).tdot, (4 * fine - coarse) / 3, BITS(1e-9, 1e-4));
        }
}

enum { COUNT = 203 };

/* Points in the plane at golden angles, their first few close together; K12 = cos of the angle between them. */
static void make_points(real *variance, real (*k)[COUNT], real (*theta)[COUNT]) {
    for (int i = 0; i < COUNT; i++) variance[i] = (real)(0.31 + fmod(0.7549 * i, 2.9));
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            double angle = i < 9 && j < 9 ? 1e-4 * (i - j) : 2.39996 * (i - j);
            k[i][j] = (real)(sqrt((double)variance[i] * (double)variance[j]) * cos(angle));
            theta[i][j] = (real)(0.813 + 0.1 * cos(i + j));
        }
}

static void run_pieces(const struct layer *layer, int64_t piece, real (*k)[COUNT], real (*theta)[COUNT]) {
    for (int i = 0; i < COUNT; i++)
        for (int64_t at = 0; at < COUNT; at += piece)
            run_row(layer, i, at, COUNT - at < piece ? COUNT - at : piece, k[i] + at, theta[i] + at);
}

static void test_rows(void **state) {
    (void)state;
    static real variance[COUNT], k[COUNT][COUNT], theta[COUNT][COUNT], k_again[COUNT][COUNT], theta_again[COUNT][COUNT];
    const int64_t piece[] = {1, 7, 64, 100};
    for (int kind = 0; kind < KINDS; kind++) {
        make_points(variance, k, theta);
        struct layer layer = layer_create(KIND[kind], COUNT, variance);
        run_pieces(&layer, COUNT, k, theta);
        for (size_t n = 0; n < sizeof piece / sizeof *piece; n++) {
            make_points(variance, k_again, theta_again);
            run_pieces(&layer, piece[n], k_again, theta_again);
            assert_memory_equal(k, k_again, sizeof k);
            assert_memory_equal(theta, theta_again, sizeof theta);
        }
        const double tolerance = KIND[kind] == ACTIVATION_TANH ? ACCURATE : 0;
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < i; j++) {
                assert_near("symmetry of T", k[i][j], k[j][i], tolerance);
                assert_near("symmetry of Theta", theta[i][j], theta[j][i], tolerance);
            }
        layer_free(&layer);
    }
}

/* Two images, of which a rectangle of pixels meets another: the same bits as pixel by pixel (but for places with themselves, of
 * tanh, where BLAS makes several at once); zeros between the rows stay. */
static void check_images(const struct layer *layer, const struct dual_pairs *pairs, real (*k)[COUNT],
                         real (*theta)[COUNT]) {
    static real block[COUNT], block_theta[COUNT];
    int by_blas = dual_side_numbers(&layer->dual) > 0 && pairs->own == pairs->other;
    const double tolerance = by_blas ? 2 * ROUNDED : 0;
    memset(block, 0, sizeof block);
    memset(block_theta, 0, sizeof block_theta);
    for (int64_t r = 0; r < pairs->rows; r++)
        for (int64_t c = 0; c < pairs->columns; c++) {
            int64_t own = pairs->own + r * pairs->own_row + c, other = pairs->other + r * pairs->other_row + c;
            block[r * pairs->pitch + c] = k[own][other];
            block_theta[r * pairs->pitch + c] = theta[own][other];
        }
    dual_run(&layer->dual, &layer->side, &layer->side, pairs, block, block_theta);
    for (int64_t r = 0; r < pairs->rows; r++)
        for (int64_t c = 0; c < pairs->pitch; c++) {
            int64_t own = pairs->own + r * pairs->own_row + c, other = pairs->other + r * pairs->other_row + c;
            real t = 0, theta_here = 0;
            if (c < pairs->columns) {
                t = k[own][other], theta_here = theta[own][other];
                run_row(layer, own, other, 1, &t, &theta_here);
            }
            assert_near("T of images", block[r * pairs->pitch + c], t, tolerance);
            assert_near("Theta of images", block_theta[r * pairs->pitch + c], theta_here, tolerance);
        }
}

static void test_images(void **state) {
    (void)state;
    static real variance[COUNT], k[COUNT][COUNT], theta[COUNT][COUNT];
    const struct dual_pairs cases[] = {
        {5, 7, 9, .own = 3, .own_row = 10, .own_step = 1, .other = 101, .other_row = 10},
        {9, 11, 12, .own = 2, .own_row = 13, .own_step = 1, .other = 71, .other_row = 13},
        {4, 6, 7, .own = 40, .own_row = 8, .own_step = 1, .other = 40, .other_row = 8},
        {1, 90, 95, .own = 4, .own_row = 95, .own_step = 1, .other = 97, .other_row = 95}};
    make_points(variance, k, theta);
    for (int kind = 0; kind < KINDS; kind++) {
        struct layer layer = layer_create(KIND[kind], COUNT, variance);
        for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) check_images(&layer, &cases[n], k, theta);
        layer_free(&layer);
    }
}

/* ---- Images of several points side by side ---- */

enum { SIDE = 5, POINTS = 9, PIXELS = SIDE * SIDE }; /* nine points: a whole group, and one that is nearly empty */
static const struct dual_lanes RECTANGLE = {
    .rows = 4, .columns = 3, .pitch = 4 * DUAL_LANES, .own_row = SIDE, .other_row = SIDE * DUAL_LANES, .self = -1};

static void fill_lanes(real (*k)[4][DUAL_LANES], real (*theta)[4][DUAL_LANES]) {
    memset(k, 0, 4 * sizeof *k);
    memset(theta, 0, 4 * sizeof *theta);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 3; c++)
            for (int l = 0; l < DUAL_LANES; l++) {
                k[r][c][l] = (real)(0.3 * cos(r + 2.1 * c + 3.7 * l));
                theta[r][c][l] = (real)(0.813 + 0.1 * cos(r + c + l));
            }
}

/* Lane l of the group from point `first` on, pixel (r, c) of own point `own`, with q = p + (1, 2) of the other. */
static void check_lane(const struct layer *layer, int own, int first, int l, real (*k)[4][DUAL_LANES],
                       real (*theta)[4][DUAL_LANES]) {
    static real k_before[4][4][DUAL_LANES], theta_before[4][4][DUAL_LANES];
    fill_lanes(k_before, theta_before);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 3; c++) {
            real t = k_before[r][c][l], one = theta_before[r][c][l];
            run_row(layer, own * PIXELS + r * SIDE + c, (first + l) * PIXELS + (r + 1) * SIDE + c + 2, 1, &t, &one);
            assert_near("T of lanes", k[r][c][l], t, 0);
            assert_near("Theta of lanes", theta[r][c][l], one, 0);
        }
}

/* As pair by pair, to the bit, whatever the variances' range; zeros between the rows stay. */
static void test_lanes(void **state) {
    (void)state;
    static real variance[POINTS * PIXELS], room[2 * DUAL_LANES * PIXELS], k[4][4][DUAL_LANES], theta[4][4][DUAL_LANES];
    for (int kind = 0; kind < 2 * KINDS; kind++) {
        if (!dual_has_lanes(KIND[kind / 2])) continue;
        for (int i = 0; i < POINTS * PIXELS; i++) variance[i] = (real)(0.31 + fmod(0.7549 * i, 2.9));
        if (kind % 2 > 0) variance[PIXELS - 1] = BITS(1e200, 1e30F); /* all are scaled then */
        struct layer layer = layer_create(KIND[kind / 2], POINTS * PIXELS, variance);
        assert_int_equal(dual_lanes_numbers(POINTS, PIXELS), 2 * DUAL_LANES * PIXELS);
        struct dual_side lanes = dual_side_fill_lanes(POINTS, PIXELS, variance, room);
        for (int first = 0; first < POINTS; first += DUAL_LANES) {
            struct dual_lanes pairs = RECTANGLE;
            pairs.own = 2 * PIXELS;
            pairs.other = first * PIXELS + (SIDE + 2) * DUAL_LANES;
            fill_lanes(k, theta);
            dual_run_lanes(&layer.dual, &layer.side, &lanes, &pairs, NULL, k[0][0], theta[0][0]);
            for (int l = 0; l < DUAL_LANES && first + l < POINTS; l++) check_lane(&layer, 2, first, l, k, theta);
            for (int r = 0; r < 4; r++)
                for (int l = 0; l < DUAL_LANES; l++) assert_true(k[r][3][l] == 0 && theta[r][3][l] == 0);
        }
        layer_free(&layer);
    }
}

/* A point with itself is taken for what it is, with a layer of windows before it too; that layer's sums. */
static void test_lanes_windows(void **state) {
    (void)state;
    static real variance[POINTS * PIXELS], room[2 * DUAL_LANES * PIXELS], in_k[6][4][DUAL_LANES],
        in_theta[6][4][DUAL_LANES], k[4][4][DUAL_LANES], theta[4][4][DUAL_LANES], t[4][4][DUAL_LANES],
        one[4][4][DUAL_LANES];
    for (int i = 0; i < POINTS * PIXELS; i++) variance[i] = (real)(0.31 + fmod(0.7549 * i, 2.9));
    struct layer layer = layer_create(ACTIVATION_RELU, POINTS * PIXELS, variance);
    struct dual_side lanes = dual_side_fill_lanes(POINTS, PIXELS, variance, room);
    struct dual_lanes pairs = RECTANGLE;
    pairs.self = 0;
    fill_lanes(in_k + 1, in_theta + 1);
    const struct dual_windows windows = {(real)0.2, (real)0.1, in_k[1][0], in_theta[1][0]};
    memset(t, 0, sizeof t);
    memset(one, 0, sizeof one);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 3; c++)
            for (int l = 0; l < DUAL_LANES; l++) {
                for (int v = 0; v < 3; v++)
                    for (int w = c > 0 ? -1 : 0; w < 2; w++) {
                        t[r][c][l] += in_k[r + v][c + w][l];
                        one[r][c][l] += in_theta[r + v][c + w][l];
                    }
                t[r][c][l] = windows.weight * t[r][c][l] + windows.bias;
                one[r][c][l] = t[r][c][l] + windows.weight * one[r][c][l];
            }
    assert_true(dual_takes_windows(&layer.dual, &pairs));
    dual_run_lanes(&layer.dual, &layer.side, &lanes, &pairs, NULL, t[0][0], one[0][0]);
    dual_run_lanes(&layer.dual, &layer.side, &lanes, &pairs, &windows, k[0][0], theta[0][0]);
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
            for (int l = 0; l < DUAL_LANES; l++) {
                assert_near("T of windows", k[r][c][l], t[r][c][l], ROUNDED);
                assert_near("Theta of windows", theta[r][c][l], one[r][c][l], 2 * ROUNDED);
                if (c < 3 && l == 0) assert_near("own T", k[r][c][l], variance[r * SIDE + c] / 2, 0);
            }
    layer_free(&layer);
}

/* The diagonal, a point's equal, and a covariance that rounding has carried over the top. */
static void test_diagonal(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (double size = 0.0137; size < 12; size *= 3.127) {
            const real own = (real)size, variance[2] = {own, own};
            real t[2], tdot[2], k[2] = {(real)0.123, own}, theta[2] = {3.5, 2.5};
            struct layer layer = layer_create(KIND[kind], 2, variance);
            dual_self(&layer.dual, 2, variance, t, tdot);
            run_row(&layer, 0, 0, 2, k, theta);
            assert_near("own T", k[0], t[0], 0);
            assert_near("own Theta", theta[0], (real)3.5 * tdot[0], 0);
            assert_near("equal point, T", k[1], t[0], EQUAL);
            assert_near("equal point, Theta", theta[1], (real)2.5 * tdot[0], 3 * EQUAL);
            struct expected above = pair(KIND[kind], (double)own, (double)own, (double)own * (1 + BITS(4e-16, 2e-7)));
            assert_near("above the top, T", above.t, t[0], EQUAL * BITS(1, fmax(1, size)));
            assert_near("above the top, Tdot", above.tdot, tdot[0], EQUAL * BITS(1, fmax(1, size)));
            struct expected right = quadrature(KIND[kind], (double)own, (double)own, 1);
            assert_near("limit, T", t[0], right.t, CLOSE * fmax(1, (double)own));
            assert_near("limit, Tdot", tdot[0], right.tdot, CLOSE);
            layer_free(&layer);
        }
}

/* A point at the origin: T = phi(0) E[phi(v)], 0 but for cos, and Tdot = phi'(0) E[phi'(v)]. */
static void test_origin(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct expected origin = pair(KIND[kind], 0, rounded(1.37), 0), both = pair(KIND[kind], 0, 0, 0);
        struct expected right = quadrature(KIND[kind], 0, rounded(1.37), 0.4);
        bool has_kink = KIND[kind] == ACTIVATION_RELU || KIND[kind] == ACTIVATION_LEAKY_RELU;
        assert_near("origin, T", origin.t, right.t, phi(KIND[kind], 0) == 0 ? 0 : EQUAL);
        assert_near("origin and origin, T", both.t, phi(KIND[kind], 0) * phi(KIND[kind], 0), 0);
        assert_true(isfinite(both.tdot));
        if (!has_kink) assert_near("origin, Tdot", origin.tdot, right.tdot, EQUAL);
    }
}

/* ---- Variances whose products are no numbers any more ---- */

/* relu and leaky_relu are homogeneous: with variances times 4^n, T is 4^n times what it was and Tdot the same, to the
 * bit, by rows and by images. */
static void check_homogeneous(enum activation_kind kind) {
    static real variance[COUNT], k[COUNT][COUNT], theta[COUNT][COUNT], scaled[COUNT], k_scaled[COUNT][COUNT],
        theta_scaled[COUNT][COUNT];
    const int exponent[] = {BITS(-1010, -110), BITS(-700, -90), BITS(-540, -60), BITS(-500, -52),
                            BITS(502, 62),     BITS(540, 70),   BITS(700, 90),   BITS(1016, 120)};
    for (size_t n = 0; n < sizeof exponent / sizeof *exponent; n++) {
        const real scale = REAL_MATH(ldexp)(1, exponent[n]);
        make_points(variance, k, theta);
        make_points(scaled, k_scaled, theta_scaled);
        for (int i = 0; i < COUNT; i++) scaled[i] *= scale;
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < COUNT; j++) k_scaled[i][j] *= scale;
        struct layer layer = layer_create(kind, COUNT, variance);
        struct layer layer_scaled = layer_create(kind, COUNT, scaled);
        const struct dual_pairs rectangle = {
            9, 11, 12, .own = 2, .own_row = 13, .own_step = 1, .other = 71, .other_row = 13};
        check_images(&layer_scaled, &rectangle, k_scaled, theta_scaled);
        run_pieces(&layer, COUNT, k, theta);
        run_pieces(&layer_scaled, 64, k_scaled, theta_scaled);
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < COUNT; j++) {
                assert_near("T over its scale", k_scaled[i][j] / scale, k[i][j], 0);
                assert_near("Theta", theta_scaled[i][j], theta[i][j], 0);
            }
        layer_free(&layer);
        layer_free(&layer_scaled);
    }
}

static void test_homogeneous(void **state) {
    (void)state;
    check_homogeneous(ACTIVATION_RELU);
    check_homogeneous(ACTIVATION_LEAKY_RELU);
}

/* erf of large variances is the sign: T = 2/pi asin c, Tdot = 2/pi/sqrt(K11 K22 - K12^2), or at c = 1 that of a point with itself, to
 * which 1 is nothing; of small ones it is linear. */
static void test_erf_extremes(void **state) {
    (void)state;
    for (double size = BITS(1e150, 1e20); size < BITS(1e308, 1e37); size *= BITS(1e26, 1e4))
        for (double c = -0.93; c < 1; c += 0.37) {
            const double root = sqrt(0.77);
            struct expected ours = pair(ACTIVATION_ERF, 0.7 * size, 1.1 * size, c * root * size);
            assert_near("T of large variances", ours.t, 2 / PI * asin(c), ROUNDED);
            assert_near("Tdot of large variances", ours.tdot * size, 2 / PI / (root * sqrt(1 - c * c)), 5 * ROUNDED);
        }
    for (double size = BITS(1.7e150, 1.7e18); size < BITS(1.79e308, 3.4e38); size *= BITS(7e19, 3e3)) {
        const real own = (real)size;
        real t, tdot;
        struct layer layer = layer_create(ACTIVATION_ERF, 1, &own);
        dual_self(&layer.dual, 1, &own, &t, &tdot);
        layer_free(&layer);
        struct expected equal = pair(ACTIVATION_ERF, size, size, size), mixed = pair(ACTIVATION_ERF, size, 0.3, 0);
        assert_near("own T", t, 1, ROUNDED);
        assert_near("own Tdot", (double)tdot * sqrt(size), 2 / PI, ROUNDED);
        assert_near("equal point, T", equal.t, 1, ROUNDED);
        assert_near("equal point, Tdot", equal.tdot * sqrt(size), 2 / PI, ROUNDED);
        real variance[2] = {own, own}, k = own, theta = own;
        layer = layer_create(ACTIVATION_ERF, 2, variance);
        run_row(&layer, 0, 1, 1, &k, &theta);
        layer_free(&layer);
        assert_near("equal point, Theta as large", (double)theta / sqrt(size), 2 / PI, ROUNDED);
        assert_near("large and small", mixed.tdot * sqrt(size), 4 / PI / sqrt(2 + 4 * 0.3), ROUNDED);
    }
    const double least = BITS(1e-300, 1e-36);
    struct expected small = pair(ACTIVATION_ERF, least, 4 * least, -1.3 * least);
    assert_near("T of small variances", small.t / least, -1.3 * 4 / PI, 2 * ROUNDED);
    assert_near("Tdot of small variances", small.tdot, 4 / PI, ROUNDED);
}

/* tanh of large variances nearly is the sign; a layer beyond the largest is NaN, and soon. */
static void test_tanh_extremes(void **state) {
    (void)state;
    const double most = (double)dual_most(ACTIVATION_TANH), large = 1e-3 * most, root = large * sqrt(0.7),
                 beyond[] = {1.01 * most, BITS(1e300, 1e38), (double)INFINITY};
    for (double c = -0.93; c < 0.9; c += 1.34) {
        struct expected ours = pair(ACTIVATION_TANH, 0.7 * large, large, c * root);
        assert_near("T of large variances", ours.t, 2 / PI * asin(c), 10 / large);
        assert_near("Tdot of large variances", ours.tdot * root, 2 / PI / sqrt(1 - c * c), 100 / large);
    }
    for (size_t n = 0; n < sizeof beyond / sizeof *beyond; n++)
        assert_true(isnan(pair(ACTIVATION_TANH, beyond[n], 1.7, 0.3).t));
    for (double size = BITS(1e-300, 1e-36); size < 1e-6; size *= BITS(1e29, 1e3)) {
        struct inputs in = inputs_of(size, 4 * size, -0.65);
        struct expected right = quadrature(ACTIVATION_TANH, in.k11, in.k22, in.c),
                        ours = pair(ACTIVATION_TANH, in.k11, in.k22, in.k12);
        assert_near("T of small variances", ours.t / size, right.t / size, 5 * CLOSE);
        assert_near("Tdot of small variances", ours.tdot, right.tdot, CLOSE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quadrature),    cmocka_unit_test(test_tanh_range),    cmocka_unit_test(test_tanh_between),
        cmocka_unit_test(test_derivative),    cmocka_unit_test(test_rows),          cmocka_unit_test(test_images),
        cmocka_unit_test(test_lanes),         cmocka_unit_test(test_lanes_windows), cmocka_unit_test(test_diagonal),
        cmocka_unit_test(test_origin),        cmocka_unit_test(test_homogeneous),   cmocka_unit_test(test_erf_extremes),
        cmocka_unit_test(test_tanh_extremes), cmocka_unit_test(test_tanh_accuracy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
