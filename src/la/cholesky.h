/* Symmetric positive definite matrices in double: K = L L'. Row-major. Not collective. */
#ifndef CHOLESKY_H
#define CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* The lower triangle of a[n, n] becomes L. False where a is not positive definite to rounding: a squared diagonal
 * entry of L at or below n eps times the largest of a's diagonal. */
bool la_cholesky(int64_t n, double *a);
/* Each row of x[m, n] becomes L^-1 times it, x L'^-1. */
void la_solve_lower(int64_t n, const double *l, int64_t m, double *x);

#endif
