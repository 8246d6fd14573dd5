/* Built with doubles (REAL_BITS 64). */
#include "gaussian_process.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "matrix.h"

/* covariance = K(x, x) + the symmetric part of [m, m] that stands there. */
static void add_prior(const struct gaussian_process *process, double *covariance) {
    int64_t m = process->m;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = process->test_test[i * m + j] + 0.5 * (covariance[i * m + j] + covariance[j * m + i]);
            covariance[i * m + j] = covariance[j * m + i] = sum;
        }
}

/* A = Theta(x, X) V diag(gain) V'; scratch like it. */
static void find_map(const struct gaussian_process *process, const struct prediction_kernel *ntk, const double *gain,
                     double *scratch, double *a) {
    int64_t n = process->n, m = process->m;
    la_gemm(LA_PLAIN, LA_PLAIN, m, n, n, 1, ntk->test_train, n, ntk->vector, n, 0, scratch, n);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) scratch[i * n + j] *= gain[j];
    la_gemm(LA_PLAIN, LA_TRANSPOSED, m, n, n, 1, scratch, n, ntk->vector, n, 0, a, n);
}

/* A K A' - A K' - K A' is the symmetric part of (A K(X, X) - 2 K(x, X)) A'; b: scratch like A. */
static void find_covariance(const struct gaussian_process *process, const double *a, double *b, double *covariance) {
    int64_t n = process->n, m = process->m;
    memcpy(b, process->test_train, (size_t)(m * n) * sizeof *b);
    la_gemm(LA_PLAIN, LA_PLAIN, m, n, n, 1, a, n, process->train_train, n, -2, b, n);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, m, m, n, 1, b, n, a, n, 0, covariance, m);
    add_prior(process, covariance);
}

status gaussian_process_ntk(const struct gaussian_process *process, const struct prediction_kernel *ntk,
                            const double *gain, double *mean, double *covariance) {
    int64_t n = process->n, m = process->m, k = process->k;
    double *a = malloc((size_t)(2 * m * n) * sizeof *a);
    if (!a) FAIL(ERROR_MEMORY, "no memory for a Gaussian process on %lld points", (long long)n);
    double *b = a + m * n;
    find_map(process, ntk, gain, b, a);
    la_gemm(LA_PLAIN, LA_PLAIN, m, k, n, 1, a, n, process->y, k, 0, mean, k);
    if (covariance) find_covariance(process, a, b, covariance);
    free(a);
    return OK;
}

/* ---- the posterior, by rows u of m + k right-hand sides with K(x, X) K^-1 Y = u_x u_Y', and so on ---- */

/* Rows [m + k, n]: K(x, X) and Y'. */
static void set_rows(const struct gaussian_process *process, double *rows) {
    int64_t n = process->n, m = process->m, k = process->k;
    memcpy(rows, process->test_train, (size_t)(m * n) * sizeof *rows);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < k; c++) rows[(m + c) * n + i] = process->y[i * k + c];
}

/* K = L L': u = rows L'^-1. False where K is singular. */
static bool divide_by_cholesky(const struct gaussian_process *process, double *l, double *u) {
    int64_t n = process->n;
    memcpy(l, process->train_train, (size_t)(n * n) * sizeof *l);
    if (!la_cholesky(n, l)) return false;
    set_rows(process, u);
    la_solve_lower(n, l, process->m + process->k, u);
    return true;
}

/* K = V diag(lambda) V': u = rows V diag(lambda)^-1/2, 0 where lambda is at or below the tolerance. */
static status divide_by_eigenvectors(const struct gaussian_process *process, const struct host *host, double *v,
                                     double *lambda, double *rows, double *u) {
    int64_t n = process->n, count = process->m + process->k;
    memcpy(v, process->train_train, (size_t)(n * n) * sizeof *v);
    TRY(la_eigen(n, 1, v, lambda, host));
    double tolerance = (double)n * DBL_EPSILON * lambda[n - 1];
    set_rows(process, rows);
    la_gemm(LA_PLAIN, LA_PLAIN, count, n, n, 1, rows, n, v, n, 0, u, n);
    for (int64_t i = 0; i < n; i++) lambda[i] = lambda[i] > tolerance ? 1 / sqrt(lambda[i]) : 0;
    for (int64_t row = 0; row < count; row++)
        for (int64_t i = 0; i < n; i++) u[row * n + i] *= lambda[i];
    return OK;
}

static void find_posterior(const struct gaussian_process *process, const double *u, double *mean, double *covariance) {
    int64_t n = process->n, m = process->m, k = process->k;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, m, k, n, 1, u, n, u + m * n, n, 0, mean, k);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, m, m, n, -1, u, n, u, n, 0, covariance, m);
    add_prior(process, covariance);
}

status gaussian_process_posterior(const struct gaussian_process *process, const struct host *host, double *mean,
                                  double *covariance) {
    int64_t n = process->n, rows = process->m + process->k;
    double *memory = malloc((size_t)(n * (n + 2 * rows + 1)) * sizeof *memory);
    if (!memory) FAIL(ERROR_MEMORY, "no memory for a Gaussian process on %lld points", (long long)n);
    double *u = memory + n * n, *lambda = u + rows * n;
    status divided = divide_by_cholesky(process, memory, u)
                         ? OK
                         : divide_by_eigenvectors(process, host, memory, lambda, lambda + n, u);
    if (divided == OK) find_posterior(process, u, mean, covariance);
    free(memory);
    return divided;
}
