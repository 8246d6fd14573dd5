#include "cholesky.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "blas.h"
#include "panic.h"

static double largest_diagonal(int64_t n, const double *a) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, a[i * n + i]);
    return largest;
}

/* LAPACK reads column-major: our lower triangle is its upper one. */
bool la_cholesky(int64_t n, double *a) {
    CHECK(n <= INT_MAX);
    double least = (double)n * DBL_EPSILON * largest_diagonal(n, a);
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, (lapack_int)n) != 0) return false;
    for (int64_t i = 0; i < n; i++)
        if (!(a[i * n + i] * a[i * n + i] > least)) return false;
    return true;
}

void la_solve_lower(int64_t n, const double *l, int64_t m, double *x) {
    CHECK(n <= INT_MAX && m <= INT_MAX);
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)m, (int)n, 1, l, (int)n, x,
                (int)n);
}
