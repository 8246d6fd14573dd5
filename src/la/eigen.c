#include "eigen.h"

#include <lapacke.h>
#include <stdlib.h>

enum { SIZE_MAX_32 = 32766 }; /* 1 + 6 n + 2 n^2 doubles of work must be countable in 32 bits */

size_t la_eigen_bytes(int64_t n, int vectors) {
    size_t size = (size_t)n;
    return sizeof(double) * (vectors ? 1 + 6 * size + 2 * size * size : 40 * size);
}

/* LAPACK reads column-major: our row-major lower triangle is its upper one, and its columns of vectors are our rows, so
 * they are transposed at the end. */
static void transpose(int64_t n, double *a) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            double held = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = held;
        }
}

status la_eigen(int64_t n, int vectors, double *a, double *value) {
    if (n == 0) return OK;
    if (n > SIZE_MAX_32)
        FAIL(ERROR_INTERNAL, "an eigenproblem of size %lld is beyond LAPACK's 32-bit sizes (at most %d)", (long long)n,
             SIZE_MAX_32);
    lapack_int size = (lapack_int)n;
    lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'U', size, a, size, value);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        FAIL(ERROR_MEMORY, "no memory for an eigenproblem of size %lld", (long long)n);
    if (info != 0) FAIL(ERROR_INTERNAL, "LAPACK dsyevd of size %lld ended with code %d", (long long)n, (int)info);
    if (vectors) transpose(n, a);
    return OK;
}
