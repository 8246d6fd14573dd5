/* Matrices: row-major, BLAS and LAPACK behind them. Leading dimensions are row lengths in memory.
 *
 * The maths cannot fail; sizes are checked (panic). Not collective. */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdbool.h>
#include <stdint.h>
#include "real.h"

#define la_gemm             REAL_NAME(la_gemm)
#define la_gemv             REAL_NAME(la_gemv)
#define la_syrk             REAL_NAME(la_syrk)
#define la_mirror           REAL_NAME(la_mirror)
#define la_dot              REAL_NAME(la_dot)
#define la_axpy             REAL_NAME(la_axpy)
#define la_add_columns      REAL_NAME(la_add_columns)
#define la_distance_squares REAL_NAME(la_distance_squares)
#define la_is_finite        REAL_NAME(la_is_finite)
#define la_largest          REAL_NAME(la_largest)
#define la_scale            REAL_NAME(la_scale)
#define la_from_double      REAL_NAME(la_from_double)
#define la_to_double        REAL_NAME(la_to_double)
#define la_gemm_rate        REAL_NAME(la_gemm_rate)

enum la_transpose { LA_PLAIN, LA_TRANSPOSED };

/* c[m, n] = alpha op(a)[m, k] op(b)[k, n] + beta c; c is not read where beta is 0. */
void la_gemm(enum la_transpose ta, enum la_transpose tb, int64_t m, int64_t n, int64_t k, real alpha, const real *a,
             int64_t lda, const real *b, int64_t ldb, real beta, real *c, int64_t ldc);
/* y = alpha op(a) x + beta y of a[m, n]: y[m], x[n], or transposed y[n], x[m]. y is not read where beta is 0. */
void la_gemv(enum la_transpose ta, int64_t m, int64_t n, real alpha, const real *a, const real *x, real beta, real *y);
/* Lower triangle of c[n, n] = alpha a[n, k] a' + beta c, rows of c ldc apart. */
void la_syrk(int64_t n, int64_t k, real alpha, const real *a, real beta, real *c, int64_t ldc);
/* Copies the lower triangle of c[n, n] onto the upper one. */
void la_mirror(int64_t n, real *c);

/* <a, b> and |a - b|^2, in double (b may be NULL in the second: |a|^2). The order of the sum is fixed. */
double la_dot(int64_t n, const real *a, const real *b);
double la_distance_squares(int64_t n, const real *a, const real *b);
/* Are all numbers finite? */
bool la_is_finite(int64_t n, const real *x);
/* max |x|; what is not a number does not count. */
real la_largest(int64_t n, const real *x);
/* x *= alpha. */
void la_scale(int64_t n, real alpha, real *x);
/* y += alpha x. */
void la_axpy(int64_t n, real alpha, const real *x, real *y);
/* y[n] += alpha times the column sums of a[m, n] (row length lda), summed in double: y gets one addition. */
void la_add_columns(int64_t m, int64_t n, real alpha, const real *a, int64_t lda, real *y);
void la_from_double(int64_t n, const double *in, real *out);
void la_to_double(int64_t n, const real *in, double *out);

/* GFLOP/s of gemm at n = 768, which is large enough, the best of calls for about 0.02 s, at least three. */
double la_gemm_rate(void);

#endif
