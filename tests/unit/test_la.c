/* Linear algebra and elementwise functions against their definitions; accuracy in units in the last place. */
#include "sample.h"

#include "cholesky.h"
#include "core.h"
#include "eigen.h"
#include "machine.h"
#include "matrix.h"
#include "product.h"
#include "activation.h"

enum { M = 17, N = 29, K = 11, MOST = 1 << 14 };

static real a[MOST], b[MOST], c[MOST], d[MOST];

static void fill_random(uint64_t stream, int64_t count, real *out) {
    for (int64_t i = 0; i < count; i++) {
        double number;
        random_normal(2385, RANDOM_TEST, stream, i, 1, &number);
        out[i] = (real)number;
    }
}

/* ---- matrices ---- */

static real entry(enum la_transpose t, const real *x, int64_t ld, int64_t i, int64_t j) {
    return t == LA_PLAIN ? x[i * ld + j] : x[j * ld + i];
}

static void test_gemm(void **state) {
    (void)state;
    enum { PAD = 3 };
    struct tally tally = {"gemm, all transposes, padded rows", roundings(16), 0};
    fill_random(1, MOST, a);
    fill_random(2, MOST, b);
    for (int both = 0; both < 4; both++) {
        enum la_transpose ta = both & 1 ? LA_TRANSPOSED : LA_PLAIN, tb = both & 2 ? LA_TRANSPOSED : LA_PLAIN;
        int64_t lda = (ta ? M : K) + PAD, ldb = (tb ? K : N) + PAD, ldc = N + PAD;
        fill_random(3, MOST, c);
        memcpy(d, c, sizeof c);
        for (int64_t i = 0; i < M; i++)
            for (int64_t j = 0; j < N; j++) {
                double sum = 0;
                for (int64_t l = 0; l < K; l++)
                    sum += (double)entry(ta, a, lda, i, l) * (double)entry(tb, b, ldb, l, j);
                d[i * ldc + j] = (real)(2.385 * sum - 0.37 * (double)d[i * ldc + j]);
            }
        la_gemm(ta, tb, M, N, K, (real)2.385, a, lda, b, ldb, (real)-0.37, c, ldc);
        tally_arrays(&tally, "entry", MOST, c, d);
    }
    tally_end(&tally);
}

/* Entry (i, j) of a matrix in panels of `rows` rows. */
static real *in_panels(real *x, int64_t rows, int64_t i, int64_t j) {
    return &x[j / LA_PANEL * rows * LA_PANEL + i * LA_PANEL + j % LA_PANEL];
}

enum { SIDE = 23, LONG = 75, TWO = 2 };

/* Two products [SIDE, LONG] [LONG, SIDE], a turned or not; panels have a row more than they need. */
static struct la_product product_of(bool is_turned, bool is_added) {
    enum { BETWEEN = 5 };
    int64_t of_a = is_turned ? LONG + 1 : SIDE + 1, of_c = la_panels(SIDE) * LA_PANEL + 1;
    struct la_product p = {.count = TWO, .m = SIDE, .n = SIDE, .k = LONG, .is_added = is_added};
    p.a.panel = of_a * LA_PANEL;
    p.b.panel = (LONG + 1) * LA_PANEL;
    p.c.panel = of_c * LA_PANEL;
    p.a.apart = la_panels(is_turned ? SIDE : LONG) * p.a.panel + BETWEEN;
    p.b.apart = la_panels(SIDE) * p.b.panel + BETWEEN;
    p.c.apart = la_panels(SIDE) * p.c.panel + BETWEEN;
    return p;
}

static double wanted_entry(const struct la_product *p, bool is_turned, int64_t i, int64_t j, int which) {
    double sum = 0;
    for (int64_t l = 0; l < LONG; l++)
        sum += (double)*in_panels(a + which * p->a.apart, p->a.panel / LA_PANEL, is_turned ? l : i, is_turned ? i : l) *
               (double)*in_panels(b + which * p->b.apart, p->b.panel / LA_PANEL, l, j);
    return sum + (p->is_added ? 0.37 : 0);
}

/* Both ways of walking through a, on and off whole panels; blocks of rows of all sizes; more than one piece of a sum. */
static void test_product(void **state) {
    (void)state;
    struct tally tally = {"small products", roundings(2 * LONG), 0};
    for (int both = 0; both < 4; both++) {
        bool is_turned = both & 1;
        const struct la_product p = product_of(is_turned, both & 2);
        assert_true(TWO * p.a.apart <= MOST && TWO * p.b.apart <= MOST && TWO * p.c.apart <= MOST);
        fill_random(1, MOST, a);
        fill_random(2, MOST, b);
        for (int64_t i = 0; i < MOST; i++) c[i] = p.is_added ? (real)0.37 : (real)NAN;
        (is_turned ? la_product_turned : la_product)(&p, a, b, c);
        real got[TWO * SIDE * SIDE], wanted[TWO * SIDE * SIDE];
        for (int at = 0; at < TWO * SIDE * SIDE; at++) {
            int which = at / (SIDE * SIDE), i = at / SIDE % SIDE, j = at % SIDE;
            got[at] = *in_panels(c + which * p.c.apart, p.c.panel / LA_PANEL, i, j);
            wanted[at] = (real)wanted_entry(&p, is_turned, i, j, which);
        }
        tally_arrays(&tally, is_turned ? "turned" : "plain", TWO * SIDE * SIDE, got, wanted);
    }
    tally_end(&tally);
}

/* A row has the same bits alone. */
static void test_product_rows(void **state) {
    (void)state;
    struct la_product p = product_of(false, false);
    fill_random(1, MOST, a);
    fill_random(2, MOST, b);
    p.count = 1;
    la_product(&p, a, b, c);
    p.m = 1;
    for (int64_t i = 0; i < SIDE; i++) {
        la_product(&p, a + i * LA_PANEL, b, d);
        for (int64_t j = 0; j < SIDE; j++)
            assert_true(*in_panels(d, p.c.panel / LA_PANEL, 0, j) == *in_panels(c, p.c.panel / LA_PANEL, i, j));
    }
}

/* beta = 0 does not read what stands there. */
static void test_beta_zero(void **state) {
    (void)state;
    struct tally tally = {"gemm and gemv with beta 0 over NaN", roundings(16), 0};
    fill_random(1, MOST, a);
    fill_random(2, MOST, b);
    for (int64_t i = 0; i < M * N; i++) c[i] = (real)NAN;
    memset(d, 0, sizeof d);
    la_gemm(LA_PLAIN, LA_PLAIN, M, N, K, 1, a, K, b, N, 0, c, N);
    la_gemm(LA_PLAIN, LA_PLAIN, M, N, K, 1, a, K, b, N, 1, d, N);
    tally_arrays(&tally, "gemm", M * N, c, d);
    for (int64_t i = 0; i < M; i++) c[i] = (real)NAN;
    la_gemv(LA_PLAIN, M, N, 1, a, b, 0, c);
    for (int64_t i = 0; i < M; i++) d[i] = (real)la_dot(N, a + i * N, b);
    tally_arrays(&tally, "gemv", M, c, d);
    for (int64_t j = 0; j < N; j++) c[j] = (real)NAN;
    la_gemv(LA_TRANSPOSED, M, N, (real)-0.37, a, b, 0, c);
    la_gemm(LA_PLAIN, LA_PLAIN, 1, N, M, (real)-0.37, b, M, a, N, 0, d, N);
    tally_arrays(&tally, "gemv, transposed", N, c, d);
    tally_end(&tally);
}

static void test_syrk(void **state) {
    (void)state;
    struct tally tally = {"syrk and mirror = gemm with its transpose", roundings(16), 0};
    fill_random(1, MOST, a);
    fill_random(3, MOST, c);
    la_syrk(N, K, (real)0.7, a, 0, c, N);
    la_mirror(N, c);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, N, N, K, (real)0.7, a, K, a, K, 0, d, N);
    tally_arrays(&tally, "entry", N * N, c, d);
    enum { ODD = 61 }; /* several tiles of the mirror */
    for (int64_t i = 0; i < ODD * ODD; i++) c[i] = i % ODD <= i / ODD ? (real)(i / ODD * 100 + i % ODD) : -1;
    la_mirror(ODD, c);
    for (int64_t i = 0; i < ODD; i++)
        for (int64_t j = 0; j < ODD; j++)
            if (c[i * ODD + j] != (real)((i > j ? i : j) * 100 + (i > j ? j : i))) tally_error(&tally, "mirror", 1);
    tally_end(&tally);
}

static void test_sums(void **state) {
    (void)state;
    struct tally tally = {"sums in double over any length", 1e-14, 0};
    fill_random(4, MOST, a);
    fill_random(5, MOST, b);
    for (int64_t n = 0; n < 70; n++) {
        long double dot = 0, distance = 0, squares = 0, size = 1e-300L;
        for (int64_t i = 0; i < n; i++) {
            long double x = (long double)a[i], y = (long double)b[i];
            dot += x * y;
            size += fabsl(x * y);
            distance += (x - y) * (x - y);
            squares += x * x;
        }
        tally_error(&tally, "dot", fabs(la_dot(n, a, b) - (double)dot) / (double)size);
        tally_error(&tally, "distance",
                    fabs(la_distance_squares(n, a, b) - (double)distance) / (double)(distance + 1e-300L));
        tally_error(&tally, "squares",
                    fabs(la_distance_squares(n, a, NULL) - (double)squares) / (double)(squares + 1e-300L));
    }
    tally_end(&tally);
}

static void test_copies(void **state) {
    (void)state;
    double wide[N], back[N];
    fill_random(6, N, a);
    memcpy(b, a, sizeof b);
    la_to_double(N, a, wide);
    la_from_double(N, wide, c);
    la_to_double(N, c, back);
    la_axpy(N, (real)-0.37, a, b);
    for (int64_t i = 0; i < N; i++) {
        assert_true(c[i] == a[i] && back[i] == (double)a[i]);
        assert_true(fabs((double)b[i] - 0.63 * (double)a[i]) <= roundings(1) * fabs((double)a[i]));
    }
}

/* Many small rows onto large numbers: as if they had been summed up first. */
static void test_columns(void **state) {
    (void)state;
    enum { ROWS = 20000, COLUMNS = 67, LDA = 70 };
    static real tall[ROWS * LDA];
    real sum[COLUMNS];
    for (int64_t i = 0; i < ROWS * LDA; i++) tall[i] = (real)(1e-9 * (double)(1 + (7 * i + i / LDA) % 13));
    for (int64_t j = 0; j < COLUMNS; j++) sum[j] = 1 + (real)0.01 * (real)j;
    la_add_columns(ROWS, COLUMNS, (real)-0.37, tall, LDA, sum);
    for (int64_t j = 0; j < COLUMNS; j++) {
        double expected = 0;
        for (int64_t i = 0; i < ROWS; i++) expected += (double)tall[i * LDA + j];
        expected = (double)(1 + (real)0.01 * (real)j) + (double)(real)-0.37 * expected;
        assert_true(fabs((double)sum[j] - expected) <= roundings(1) * expected);
    }
}

/* ---- eigenproblems and factors ---- */

struct eigen_tallies {
    struct tally residual, orthogonal, alone;
};

enum { LARGE = 203 }; /* several panels and a rest */

/* A of rank n - n/9 with eigenvalues over some decades; beside it the lower triangle, which is all that may be read. */
static void fill_eigenproblem(int64_t n, double *matrix, double *lower) {
    static double root[LARGE * LARGE];
    random_normal(2385, RANDOM_TEST, 7, 0, n * n, root);
    for (int64_t i = 0; i < n * n; i++) root[i] *= i % n < n - n / 9 ? pow(10, -3.0 * (double)(i % n) / (double)n) : 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < n; l++) sum += root[i * n + l] * root[j * n + l];
            matrix[i * n + j] = sum;
            lower[i * n + j] = j <= i ? sum : (double)NAN;
        }
}

static void check_eigen(int64_t n, struct eigen_tallies *tallies) {
    static double matrix[LARGE * LARGE], vector[LARGE * LARGE], lower[LARGE * LARGE], value[LARGE], only[LARGE];
    fill_eigenproblem(n, matrix, vector);
    memcpy(lower, vector, sizeof lower);
    assert_int_equal(la_eigen(n, 1, vector, value, NULL), OK);
    for (int64_t m = 0; m < n; m++) {
        if (m) assert_true(value[m] >= value[m - 1]);
        for (int64_t i = 0; i < n; i++) {
            double product = 0, overlap = 0;
            for (int64_t j = 0; j < n; j++) {
                product += matrix[i * n + j] * vector[j * n + m];
                overlap += vector[j * n + i] * vector[j * n + m];
            }
            tally_error(&tallies->residual, "entry", fabs(product - value[m] * vector[i * n + m]) / value[n - 1]);
            tally_error(&tallies->orthogonal, "entry", fabs(overlap - (i == m)));
        }
    }
    assert_int_equal(la_eigen(n, 0, lower, only, NULL), OK);
    for (int64_t m = 0; m < n; m++) tally_error(&tallies->alone, "value", fabs(only[m] - value[m]) / value[n - 1]);
}

static void test_eigen(void **state) {
    (void)state;
    static const int64_t sizes[] = {1, 2, N, 64, 65, 97, LARGE};
    const double limit = LARGE * DBL_EPSILON; /* LAPACK: a modestly growing function of n, times a rounding */
    struct eigen_tallies tallies = {
        {"A V = V diag(lambda)", limit, 0}, {"V' V = 1", limit, 0}, {"eigenvalues without vectors", limit, 0}};
    for (int i = 0; i < 7; i++) check_eigen(sizes[i], &tallies);
    tally_end(&tallies.residual);
    tally_end(&tallies.orthogonal);
    tally_end(&tallies.alone);
}

struct counter {
    int calls, most;
};

static bool stop_after(void *context) {
    struct counter *counter = context;
    return counter->calls++ >= counter->most;
}

/* Stopped at every call there is, then not at all; NaN and sizes that 32 bits do not count are refused. */
static void test_eigen_ends(void **state) {
    (void)state;
    static double matrix[LARGE * LARGE], lower[LARGE * LARGE], value[LARGE];
    for (int vectors = 0; vectors < 2; vectors++) {
        struct counter counter = {0, 0};
        status end = ERROR_INTERRUPTED;
        for (int most = 0; end == ERROR_INTERRUPTED; most++) {
            counter = (struct counter){0, most};
            fill_eigenproblem(LARGE, matrix, lower);
            end = la_eigen(LARGE, vectors, lower, value, &(struct host){stop_after, &counter});
        }
        assert_int_equal(end, OK);
        assert_true(counter.calls > LARGE / 64 * (1 + vectors));
        fill_eigenproblem(LARGE, matrix, lower);
        lower[77 * LARGE + 5] = (double)NAN;
        assert_int_equal(la_eigen(LARGE, vectors, lower, value, NULL), ERROR_INTERNAL);
        assert_int_equal(la_eigen(la_eigen_most(vectors) + 1, vectors, matrix, value, NULL), ERROR_INTERNAL);
    }
}

/* The work size of dstedc is the last one that 32 bits count. */
static void test_eigen_most(void **state) {
    (void)state;
    int64_t n = la_eigen_most(1);
    assert_true(1 + 4 * n + n * n <= INT32_MAX && 1 + 4 * (n + 1) + (n + 1) * (n + 1) > INT32_MAX);
    n = la_eigen_most(0);
    assert_true(n * n <= INT32_MAX && (n + 1) * (n + 1) > INT32_MAX);
}

static void test_cholesky(void **state) {
    (void)state;
    struct tally tally = {"A = L L', and a triangular solve", 1e-12, 0};
    static double matrix[N * N], lower[N * N], x[K * N], back[K * N];
    fill_eigenproblem(N, matrix, lower);
    assert_false(la_cholesky(N, lower)); /* three eigenvalues are 0 */
    assert_false(la_cholesky(2, (double[]){1, 0, 0, 1e-16}));
    assert_true(la_cholesky(2, (double[]){1, 0, 0, 1e-15}));
    fill_eigenproblem(N, matrix, lower);
    for (int64_t i = 0; i < N; i++) lower[i * N + i] = matrix[i * N + i] += 0.37;
    assert_true(la_cholesky(N, lower));
    random_normal(2385, RANDOM_TEST, 8, 0, K * N, back);
    for (int64_t i = 0; i < K * N; i++) x[i] = 0;
    for (int64_t i = 0; i < K; i++)
        for (int64_t j = 0; j < N; j++)
            for (int64_t l = 0; l <= j; l++) x[i * N + j] += lower[j * N + l] * back[i * N + l];
    la_solve_lower(N, lower, K, x);
    for (int64_t i = 0; i < K * N; i++) tally_error(&tally, "solved", fabs(x[i] - back[i]));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t l = 0; l <= j; l++) sum += lower[i * N + l] * lower[j * N + l];
            tally_error(&tally, "L L'", fabs(sum - matrix[i * N + j]) / matrix[i * N + i]);
        }
    tally_end(&tally);
}

/* ---- elementwise functions ---- */

#if REAL_BITS == 32
static double unit_in_last_place(real x) {
    return fabs((double)nextafterf(fabsf(x), (float)INFINITY) - fabs((double)x));
}
#else
static double unit_in_last_place(real x) { return nextafter(fabs(x), (double)INFINITY) - fabs(x); }
#endif

struct accuracy {
    const char *what;
    enum activation_kind kind;
    long double (*exact)(long double);
};

/* Arguments from 1e-30 to 50 in both signs, evenly in their logarithms, and densely where the function bends. */
static void fill_arguments(int round) {
    for (int64_t i = 0; i < MOST; i++) {
        double even = ((double)i + 0.01 * round) / MOST;
        a[i] = (real)(round % 2 ? 12 * even - 6 : (i % 2 ? 1 : -1) * pow(10, -30 + 31.7 * even));
    }
}

static void test_accuracy(void **state) {
    (void)state;
    const struct accuracy maps[] = {{"erf, units in the last place", ACTIVATION_ERF, erfl},
                                    {"tanh, units in the last place", ACTIVATION_TANH, tanhl},
                                    {"cos, units in the last place", ACTIVATION_COS, cosl}};
    for (int m = 0; m < 3; m++) {
        struct tally tally = {maps[m].what, 4, 0};
        for (int round = 0; round < 50; round++) {
            fill_arguments(round);
            activation_of(maps[m].kind)->map(MOST, 0, a, b);
            for (int64_t i = 0; i < MOST; i++) {
                long double exact = maps[m].exact((long double)a[i]);
                char label[40];
                snprintf(label, sizeof label, "%.17g", (double)a[i]);
                tally_error(&tally, label, (double)fabsl((long double)b[i] - exact) / unit_in_last_place((real)exact));
            }
        }
        tally_end(&tally);
    }
}

static const real SLOPE = (real)0.3; /* of leaky_relu */

/* Every function, at every length and place, in place and not, gives an element the same bits. */
static void test_place(void **state) {
    (void)state;
    enum { LENGTH = 1100 };
    static real whole[LENGTH], slope[LENGTH], w[LENGTH];
    fill_random(8, LENGTH, a);
    fill_random(9, LENGTH, w);
    for (int m = 0; m < ACTIVATIONS; m++) {
        const struct activation *phi = activation_of((enum activation_kind)m);
        phi->map(LENGTH, SLOPE, a, whole);
        phi->backward(LENGTH, SLOPE, a, whole, w, slope);
        for (int64_t from = 0; from < 19; from++)
            for (int64_t n = 1; from + n < LENGTH; n += n < 70 ? 1 : 97) {
                phi->map(n, SLOPE, a + from, c);
                assert_memory_equal(c, whole + from, (size_t)n * sizeof *c);
                memcpy(c, a + from, (size_t)n * sizeof *c);
                phi->map(n, SLOPE, c, c);
                assert_memory_equal(c, whole + from, (size_t)n * sizeof *c);
                memcpy(d, w + from, (size_t)n * sizeof *d);
                phi->backward(n, SLOPE, a + from, whole + from, d, d);
                assert_memory_equal(d, slope + from, (size_t)n * sizeof *d);
            }
    }
}

/* Zero comes through as in the library; what is not finite is never turned back into a number. */
static void test_special(void **state) {
    (void)state;
    const real special[] = {0, (real)INFINITY, -(real)INFINITY, (real)NAN};
    activation_of(ACTIVATION_ERF)->map(4, 0, special, a);
    activation_of(ACTIVATION_TANH)->map(4, 0, special, b);
    activation_of(ACTIVATION_RELU)->map(4, 0, special, c);
    for (const real *x = a;; x = b) {
        assert_true(x[0] == 0 && isnan(x[1]) && isnan(x[2]) && isnan(x[3]));
        if (x == b) break;
    }
    assert_true(c[0] == 0 && isinf(c[1]) && isnan(c[2]) && isnan(c[3]));
    activation_of(ACTIVATION_COS)->map(4, 0, special, c);
    assert_true(c[0] == 1 && isnan(c[1]) && isnan(c[2]) && isnan(c[3]));
    activation_of(ACTIVATION_LEAKY_RELU)->map(4, SLOPE, special, c);
    assert_true(c[0] == 0 && isinf(c[1]) && isinf(c[2]) && isnan(c[3]));
    activation_of(ACTIVATION_LEAKY_RELU)->map(4, 0, special, c);
    assert_true(c[0] == 0 && isinf(c[1]) && isnan(c[2]) && isnan(c[3]));
    const real zeros[] = {0, -(real)0.0};
    activation_of(ACTIVATION_ERF)->map(2, 0, zeros, a);
    activation_of(ACTIVATION_TANH)->map(2, 0, zeros, b);
    activation_of(ACTIVATION_RELU)->map(2, 0, zeros, c);
    assert_true(signbit(a[1]) && signbit(b[1]) && !signbit(a[0]) && !signbit(b[0]) && !signbit(c[0]) && !signbit(c[1]));
}

/* Wherever in the array the one number stands. */
static void test_finite(void **state) {
    (void)state;
    const real bad[] = {(real)INFINITY, -(real)INFINITY, (real)NAN};
    for (int64_t n = 0; n < 70; n++) {
        for (int64_t i = 0; i < n; i++) a[i] = i % 2 ? -(real)1e38 : (real)1e38;
        assert_true(la_is_finite(n, a));
        for (int64_t i = 0; i < n; i++)
            for (int k = 0; k < 3; k++) {
                real good = a[i];
                a[i] = bad[k];
                assert_false(la_is_finite(n, a));
                a[i] = good;
            }
        for (int64_t i = 0; i < n; i++) a[i] = (real)(i % 2 ? i : -i);
        assert_true(la_largest(n, a) == (real)(n > 0 ? n - 1 : 0));
    }
}

#if REAL_BITS == 64
static void test_slopes(void **state) {
    (void)state;
    struct tally tally = {"phi' = central difference of phi", 1e-7, 0};
    static real ahead[MOST], behind[MOST];
    const double step = 1e-5;
    fill_random(10, MOST, a);
    for (int m = 0; m < ACTIVATIONS; m++) {
        const struct activation *phi = activation_of((enum activation_kind)m);
        for (int64_t i = 0; i < MOST; i++) b[i] = 1, ahead[i] = a[i] + step, behind[i] = a[i] - step;
        phi->map(MOST, SLOPE, a, c);
        phi->backward(MOST, SLOPE, a, c, b, d);
        phi->map(MOST, SLOPE, ahead, ahead);
        phi->map(MOST, SLOPE, behind, behind);
        for (int64_t i = 0; i < MOST; i++)
            if ((m != ACTIVATION_RELU && m != ACTIVATION_LEAKY_RELU) || fabs(a[i]) > step)
                tally_error(&tally, "entry", fabs(d[i] - (ahead[i] - behind[i]) / (2 * step)));
    }
    tally_end(&tally);
}
#endif

/* ---- the CPU ---- */

static void test_machine(void **state) {
    (void)state;
    la_set_threads(1);
    double rate = la_gemm_rate(), peak = la_peak_rate(REAL_BITS);
    print_message("  %s: gemm f%d %.1f of %.1f GFLOP/s, better core: %s\n", la_core_name(), REAL_BITS, rate, peak,
                  la_better_core() ? la_better_core() : "none");
    assert_true(rate > 0.1 && peak > 0.1);
#ifdef NDEBUG /* the loop that measures the peak wants an optimizer */
    if (!la_better_core()) assert_true(rate < 1.3 * peak);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_product_rows),
        cmocka_unit_test(test_beta_zero),
        cmocka_unit_test(test_syrk),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_eigen),
        cmocka_unit_test(test_eigen_ends),
        cmocka_unit_test(test_eigen_most),
        cmocka_unit_test(test_cholesky),
        cmocka_unit_test(test_special),
        cmocka_unit_test(test_finite),
        cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_place),
#if REAL_BITS == 64
        cmocka_unit_test(test_slopes),
#endif
        cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
