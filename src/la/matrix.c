#include "matrix.h"

#include <limits.h>
#include <stdlib.h>

#include "blas.h"
#include "clock.h"
#include "panic.h"
#include "simd.h"

#if REAL_BITS == 32
#define BLAS(name) cblas_s##name
#else
#define BLAS(name) cblas_d##name
#endif

static int blas_int(int64_t size) {
    CHECK(size >= 0 && size <= INT_MAX);
    return (int)size;
}

/* CBLAS_TRANSPOSE is a type in some libraries, a tag in others. */
static unsigned blas_transpose(enum la_transpose t) { return t == LA_TRANSPOSED ? CblasTrans : CblasNoTrans; }

void la_gemm(enum la_transpose ta, enum la_transpose tb, int64_t m, int64_t n, int64_t k, real alpha, const real *a,
             int64_t lda, const real *b, int64_t ldb, real beta, real *c, int64_t ldc) {
    if (m == 0 || n == 0) return;
    BLAS(gemm)
    (CblasRowMajor, blas_transpose(ta), blas_transpose(tb), blas_int(m), blas_int(n), blas_int(k), alpha, a,
     blas_int(lda), b, blas_int(ldb), beta, c, blas_int(ldc));
}

void la_gemv(enum la_transpose ta, int64_t m, int64_t n, real alpha, const real *a, const real *x, real beta, real *y) {
    if (m == 0 || n == 0) return;
    BLAS(gemv)(CblasRowMajor, blas_transpose(ta), blas_int(m), blas_int(n), alpha, a, blas_int(n), x, 1, beta, y, 1);
}

void la_syrk(int64_t n, int64_t k, real alpha, const real *a, real beta, real *c, int64_t ldc) {
    BLAS(syrk)
    (CblasRowMajor, CblasLower, CblasNoTrans, blas_int(n), blas_int(k), alpha, a, blas_int(k), beta, c, blas_int(ldc));
}

void la_mirror(int64_t n, real *c) {
    enum { TILE = 32 };
    for (int64_t i0 = 0; i0 < n; i0 += TILE)
        for (int64_t j0 = 0; j0 <= i0; j0 += TILE)
            for (int64_t i = i0; i < n && i < i0 + TILE; i++)
                for (int64_t j = j0; j < i && j < j0 + TILE; j++) c[j * n + i] = c[i * n + j];
}

/* Sums run in LANES partial sums, which the compiler keeps in vector registers, added in a fixed order at the end. */
enum { LANES = 16 };

static double lanes_sum(const double lane[LANES]) {
    double sum = 0;
    for (int i = 0; i < LANES; i++) sum += lane[i];
    return sum;
}

SIMD_CLONES static void add_products(int64_t n, const real *a, const real *b, double lane[LANES]) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += (double)a[i + j] * (double)b[i + j];
    for (int j = 0; i < n; i++, j++) lane[j] += (double)a[i] * (double)b[i];
}

double la_dot(int64_t n, const real *a, const real *b) {
    double lane[LANES] = {0};
    add_products(n, a, b, lane);
    return lanes_sum(lane);
}

SIMD_CLONES static void add_squares(int64_t n, const real *a, const real *b, double lane[LANES]) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            double difference = (double)a[i + j] - (double)b[i + j];
            lane[j] += difference * difference;
        }
    for (int j = 0; i < n; i++, j++) lane[j] += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
}

double la_distance_squares(int64_t n, const real *a, const real *b) {
    if (!b) return la_dot(n, a, a);
    double lane[LANES] = {0};
    add_squares(n, a, b, lane);
    return lanes_sum(lane);
}

bool la_is_finite(int64_t n, const real *x) {
    real lane[LANES] = {0}, sum = 0; /* of x - x: 0, or NaN */
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += x[i + j] - x[i + j];
    for (; i < n; i++) sum += x[i] - x[i];
    for (int j = 0; j < LANES; j++) sum += lane[j];
    return sum == 0;
}

static real larger(real a, real b) { return a > b ? a : b; }

real la_largest(int64_t n, const real *x) {
    real lane[LANES] = {0}, most = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] = larger(x[i + j] < 0 ? -x[i + j] : x[i + j], lane[j]);
    for (; i < n; i++) most = larger(x[i] < 0 ? -x[i] : x[i], most);
    for (int j = 0; j < LANES; j++) most = larger(lane[j], most);
    return most;
}

void la_scale(int64_t n, real alpha, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] *= alpha;
}

SIMD_CLONES static void add_scaled(int64_t n, real alpha, const real *x, real *y) {
    for (int64_t i = 0; i < n; i++) y[i] += alpha * x[i];
}

void la_axpy(int64_t n, real alpha, const real *x, real *y) { add_scaled(n, alpha, x, y); }

enum { COLUMNS = 512 };

SIMD_CLONES static void sum_columns(int64_t m, int64_t n, const real *restrict a, int64_t lda, double *restrict sum) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) sum[j] += (double)a[i * lda + j];
}

void la_add_columns(int64_t m, int64_t n, real alpha, const real *a, int64_t lda, real *y) {
    for (int64_t from = 0; from < n; from += COLUMNS) {
        double sum[COLUMNS] = {0};
        int64_t count = n - from < COLUMNS ? n - from : COLUMNS;
        sum_columns(m, count, a + from, lda, sum);
        for (int64_t j = 0; j < count; j++) y[from + j] += (real)((double)alpha * sum[j]);
    }
}

void la_from_double(int64_t n, const double *in, real *out) {
    for (int64_t i = 0; i < n; i++) out[i] = (real)in[i];
}

void la_to_double(int64_t n, const real *in, double *out) {
    for (int64_t i = 0; i < n; i++) out[i] = (double)in[i];
}

double la_gemm_rate(void) {
    enum { SIZE = 768, CALLS_MIN = 3 };
    const int64_t entries = (int64_t)SIZE * SIZE;
    real *a = malloc(3 * (size_t)entries * sizeof *a);
    if (!a) return 0;
    for (int64_t i = 0; i < 2 * entries; i++) a[i] = (real)1 / (real)(1 + i % 13);
    double best = 1e30, begin = clock_seconds();
    for (int call = 0; call < CALLS_MIN || clock_seconds() - begin < 0.02; call++) {
        double start = clock_seconds();
        la_gemm(LA_PLAIN, LA_PLAIN, SIZE, SIZE, SIZE, 1, a, SIZE, a + entries, SIZE, 0, a + 2 * entries, SIZE);
        double seconds = clock_seconds() - start;
        if (seconds < best) best = seconds;
    }
    free(a);
    return 2.0 * SIZE * SIZE * SIZE / best / 1e9;
}
