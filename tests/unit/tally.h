/* Errors that are printed with their tolerance. */
#ifndef TALLY_H
#define TALLY_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "real.h"

/* The number for this precision. */
#if REAL_BITS == 64
#define BITS(f64, f32) (f64)
#else
#define BITS(f64, f32) (f32)
#endif

/* The larger one; a NaN is the largest of all. */
static inline double worse(double a, double b) { return isnan(a) || a > b ? a : b; }

/* The worst error of one identity over all its cases. Relative error of arrays: max|a-b| / max|b|. */
struct tally {
    const char *what;
    double limit, worst;
};

static inline void tally_error(struct tally *tally, const char *label, double error) {
    if (!(error <= tally->limit))
        print_error("%s: error %.3g (limit %.1e) at %s\n", tally->what, error, tally->limit, label);
    tally->worst = worse(tally->worst, error);
}

static inline double relative_error(int64_t n, const real *a, const real *b) {
    double most = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        most = worse(most, fabs((double)a[i] - (double)b[i]));
        size = worse(size, fabs((double)b[i]));
    }
    return most == 0 ? 0 : most / size;
}

static inline void tally_arrays(struct tally *tally, const char *label, int64_t n, const real *a, const real *b) {
    tally_error(tally, label, relative_error(n, a, b));
}

static inline void tally_numbers(struct tally *tally, const char *label, double a, double b) {
    tally_error(tally, label, a == b ? 0 : fabs(a - b) / fabs(b));
}

static inline void tally_end(const struct tally *tally) {
    print_message("  %-58s f%d  %.2e  (limit %.1e)\n", tally->what, REAL_BITS, tally->worst, tally->limit);
    assert_true(tally->worst <= tally->limit);
}

/* `units` roundings in this precision. No two BLAS kernels add up in the same order: limits follow from the sums, not from
 * what one CPU makes of them. n terms are off by about sqrt(n) roundings of their size, more where they cancel. SUM is for
 * the up to 600 terms here; PASS for several after each other, forward, J v or J' w through a whole network; a step of
 * training is two of these. */
enum { SUM = 32, PASS = 64 };
static inline double roundings(double units) { return units * (double)REAL_EPSILON; }

#endif
