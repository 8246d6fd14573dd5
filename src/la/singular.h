/* Singular values in double, by LAPACK. Not collective. */
#ifndef SINGULAR_H
#define SINGULAR_H

#include <stdbool.h>
#include <stdint.h>

/* Singular values of a[n, n], descending, in value[n]; a is destroyed (dgesvd: bidiagonalization, then dqds, so the small
 * ones too are right to n eps times the largest). work: la_singular_work. False where a is not finite or the iteration
 * does not converge. */
bool la_singular(int64_t n, double *a, double *value, double *work);
int64_t la_singular_work(int64_t n); /* doubles */
/* Singular values of the upper bidiagonal matrix with diagonal d[n] and superdiagonal e[n - 1], descending, in d; e is
 * destroyed. last[n]: the last components of its left singular vectors. work: 4 n doubles. False as above. */
bool la_bidiagonal(int64_t n, double *d, double *e, double *last, double *work);

#endif
