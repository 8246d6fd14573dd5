/* Elementwise functions over arrays, at vector speed: glibc's vector versions (libmvec), at most 4 units in the last
 * place in either precision. Cannot fail. Not collective.
 *
 * glibc declares them only under -ffast-math. `VECTOR_FUNCTION double erf(double);` declares one again for a file, with
 * gcc's simd attribute; where VECTOR_FUNCTION is not defined (clang) the scalar library functions (1 ulp) do. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdint.h>
#include "real.h"

#define vector_in_blocks         REAL_NAME(vector_in_blocks)
#define vector_product_in_blocks REAL_NAME(vector_product_in_blocks)

#if defined __GNUC__ && !defined __clang__ && defined __x86_64__ && defined __gnu_linux__
#define VECTOR_FUNCTION __attribute__((simd("notinbranch")))
#endif

enum { VECTOR_BLOCK = 16 };
/* x[i] = phi(h[i]) by a map that is good for multiples of VECTOR_BLOCK: the last block is padded with zeros, so that an
 * element has the same bits wherever it stands. x = h is allowed. */
void vector_in_blocks(void (*map)(int64_t n, const real *h, real *x), int64_t n, const real *h, real *x);
/* d[i] = phi(h[i]) w[i]. */
void vector_product_in_blocks(void (*map)(int64_t n, const real *h, real *x), int64_t n, const real *h, const real *w,
                              real *d);

#endif
