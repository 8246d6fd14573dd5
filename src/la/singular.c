#include "singular.h"

#include <limits.h>
#include <math.h>

#include "blas.h"
#include "panic.h"

static bool is_finite(int64_t n, const double *x) {
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

/* dgesvd's 5 n, and dgebrd's panels of 32 columns. */
int64_t la_singular_work(int64_t n) {
    enum { PANEL = 32 };
    return (3 + 2 * PANEL) * n;
}

bool la_singular(int64_t n, double *a, double *value, double *work) {
    CHECK(n <= INT_MAX / 128);
    const lapack_int size = (lapack_int)n;
    return is_finite(n * n, a) && LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, 'N', 'N', size, size, a, size, value, NULL, 1,
                                                      NULL, 1, work, (lapack_int)la_singular_work(n)) == 0;
}

/* dbdsqr turns the row e_n' into e_n' times the left singular vectors. */
bool la_bidiagonal(int64_t n, double *d, double *e, double *last, double *work) {
    CHECK(n <= INT_MAX);
    for (int64_t i = 0; i < n; i++) last[i] = i == n - 1;
    return is_finite(n, d) && is_finite(n - 1, e) &&
           LAPACKE_dbdsqr_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, 0, 1, 0, d, e, NULL, 1, last, 1, NULL, 1, work) ==
               0;
}
