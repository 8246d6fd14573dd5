/* Symmetric eigenproblems in double, by LAPACK's divide and conquer. Not collective. */
#ifndef EIGEN_H
#define EIGEN_H

#include <stddef.h>
#include <stdint.h>
#include "status.h"

/* Eigenvalues ascending in value[n] of a[n, n] (row-major, lower triangle used). With `vectors`, row-major column j of a
 * becomes the eigenvector of value[j]; without, a is destroyed. Workspace of la_eigen_bytes is had from malloc.
 * ERROR_MEMORY; ERROR_INTERNAL where n is beyond LAPACK's 32-bit work sizes (n > 32766) or the iteration does not converge. */
status la_eigen(int64_t n, int vectors, double *a, double *value);
size_t la_eigen_bytes(int64_t n, int vectors);

#endif
