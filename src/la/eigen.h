/* Symmetric eigenproblems in double, by LAPACK's divide and conquer. Not collective. */
#ifndef EIGEN_H
#define EIGEN_H

#include <stddef.h>
#include <stdint.h>
#include "host.h"
#include "status.h"

/* Largest n whose sizes LAPACK can count in 32 bits: with vectors 1 + 4 n + n^2 doubles of dstedc's work, without them
 * the entries of the matrix, n^2. */
int64_t la_eigen_most(int vectors);
/* Eigenvalues ascending in value[n] of a[n, n] (row-major, lower triangle used). With `vectors`, row-major column j of
 * a becomes the eigenvector of value[j]; without, a is destroyed. Workspace of la_eigen_bytes is had from malloc.
 * `host` is asked every 32 columns of the reduction and of the back transformation; the tridiagonal problem between
 * them is one piece. ERROR_MEMORY; ERROR_INTERRUPTED; ERROR_INTERNAL where n > la_eigen_most, a is not finite or the
 * iteration does not converge. */
status la_eigen(int64_t n, int vectors, double *a, double *value, const struct host *host);
size_t la_eigen_bytes(int64_t n, int vectors);

#endif
