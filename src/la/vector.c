/* glibc declares its vector functions only under -ffast-math; here they are declared again, for this file, with gcc's simd
 * attribute. Arrays go through in whole blocks, the last one padded, so that an element never depends on its place. */
#include "vector.h"

#include <math.h>
#include <string.h>

#include "simd.h"

#if defined __GNUC__ && !defined __clang__ && defined __x86_64__ && defined __GLIBC__
#define VECTOR_FUNCTION __attribute__((simd("notinbranch")))
VECTOR_FUNCTION double erf(double);
VECTOR_FUNCTION double tanh(double);
VECTOR_FUNCTION double exp(double);
VECTOR_FUNCTION float erff(float);
VECTOR_FUNCTION float tanhf(float);
VECTOR_FUNCTION float expf(float);
#endif

#if REAL_BITS == 32
#define ERF  erff
#define TANH tanhf
#define EXP  expf
#else
#define ERF  erf
#define TANH tanh
#define EXP  exp
#endif

enum { BLOCK = 16 };

typedef void map_blocks(int64_t n, const real *h, real *x);

/* h - h is 0, and NaN where h is not finite: subtracted, it leaves all bits of a number alone. */
SIMD_CLONES static void erf_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = ERF(h[i]) - (h[i] - h[i]);
}

SIMD_CLONES static void tanh_blocks(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = TANH(h[i]) - (h[i] - h[i]);
}

/* erf'(h) = 2/sqrt(pi) exp(-h^2) */
SIMD_CLONES static void erf_slope_blocks(int64_t n, const real *h, real *x) {
    const real factor = (real)1.12837916709551257390;
    for (int64_t i = 0; i < n; i++) x[i] = factor * EXP(-h[i] * h[i]);
}

static void map_padded(map_blocks *map, int64_t n, const real *h, real *x) {
    int64_t whole = n / BLOCK * BLOCK, rest = n - whole;
    map(whole, h, x);
    if (rest == 0) return;
    real padded[BLOCK] = {0}, result[BLOCK];
    memcpy(padded, h + whole, (size_t)rest * sizeof *h);
    map(BLOCK, padded, result);
    memcpy(x + whole, result, (size_t)rest * sizeof *x);
}

void la_erf(int64_t n, const real *h, real *x) { map_padded(erf_blocks, n, h, x); }
void la_tanh(int64_t n, const real *h, real *x) { map_padded(tanh_blocks, n, h, x); }

void la_erf_backward(int64_t n, const real *h, const real *x, const real *w, real *d) {
    (void)x;
    enum { PIECE = 64 * BLOCK };
    real slope[PIECE];
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        map_padded(erf_slope_blocks, count, h + at, slope);
        for (int64_t i = 0; i < count; i++) d[at + i] = slope[i] * w[at + i];
    }
}

SIMD_CLONES static void tanh_backward(int64_t n, const real *x, const real *w, real *d) {
    for (int64_t i = 0; i < n; i++) d[i] = (1 - x[i] * x[i]) * w[i];
}

SIMD_CLONES static void relu(int64_t n, const real *h, real *x) {
    for (int64_t i = 0; i < n; i++) x[i] = h[i] > 0 ? h[i] : h[i] - h[i];
}

SIMD_CLONES static void relu_backward(int64_t n, const real *h, const real *w, real *d) {
    for (int64_t i = 0; i < n; i++) d[i] = h[i] > 0 ? w[i] : 0;
}

void la_tanh_backward(int64_t n, const real *h, const real *x, const real *w, real *d) {
    (void)h;
    tanh_backward(n, x, w, d);
}

void la_relu(int64_t n, const real *h, real *x) { relu(n, h, x); }

void la_relu_backward(int64_t n, const real *h, const real *x, const real *w, real *d) {
    (void)x;
    relu_backward(n, h, w, d);
}

void la_identity(int64_t n, const real *h, real *x) { memmove(x, h, (size_t)n * sizeof *x); }

void la_identity_backward(int64_t n, const real *h, const real *x, const real *w, real *d) {
    (void)h;
    (void)x;
    if (d != w) memmove(d, w, (size_t)n * sizeof *d);
}
