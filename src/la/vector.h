/* Elementwise functions over arrays, at vector speed.
 *
 * erf and tanh are glibc's vector versions (libmvec): at most 4 units in the last place in either precision, and the
 * same bits for an element wherever it stands in an array. Where the compiler does not take them (clang), the scalar
 * library functions (1 ulp). in = out is allowed. Cannot fail. Not collective.
 *
 * What is not finite stays seen: phi(NaN) is NaN, and so is phi(-inf) of relu and phi(+-inf) of erf and tanh, which would turn a network that
 * has blown up back into numbers. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdint.h>
#include "real.h"

#define la_relu              REAL_NAME(la_relu)
#define la_relu_backward     REAL_NAME(la_relu_backward)
#define la_erf               REAL_NAME(la_erf)
#define la_erf_backward      REAL_NAME(la_erf_backward)
#define la_tanh              REAL_NAME(la_tanh)
#define la_tanh_backward     REAL_NAME(la_tanh_backward)
#define la_identity          REAL_NAME(la_identity)
#define la_identity_backward REAL_NAME(la_identity_backward)

/* x[i] = phi(h[i]). */
typedef void la_map(int64_t n, const real *h, real *x);
/* d[i] = phi'(h[i]) w[i], given h and x = phi(h); d = w is allowed. phi'(0) = 0 for relu. */
typedef void la_map_backward(int64_t n, const real *h, const real *x, const real *w, real *d);

la_map la_relu, la_erf, la_tanh, la_identity;
la_map_backward la_relu_backward, la_erf_backward, la_tanh_backward, la_identity_backward;

#endif
