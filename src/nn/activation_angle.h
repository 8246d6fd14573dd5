/* relu and erf need one angle per pair, phi = asin(c). It is taken as atan2(K12, root), root = sqrt(K11 K22 - K12^2):
 * one square root and one division, nothing to clamp, exact for a point beside its equal; the root is wanted anyway.
 * No libm but sqrt, so the loops vectorize under any compiler and an entry has the same bits wherever it stands.
 * Double only. Cannot fail. Not collective. */
#ifndef ACTIVATION_ANGLE_H
#define ACTIVATION_ANGLE_H

#include <float.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

/* atan(t) = t + t^3 P(t^2) for |t| <= 1: P of degree 19, minimax in relative error (5e-18, by Remez' algorithm); its
 * coefficients of even and of odd powers of t^2. */
enum { HALF = 10 };
static const double ATAN_EVEN[HALF] = {
    -0.3333333333333307, -0.142857142825751,    -0.09090907002988372,  -0.06666404057375805,   -0.0525351855033311,
    -0.0421917896397324, -0.029903859736200578, -0.013900562703253858, -0.0028849198808619633, -0.0001521610113700873,
};
static const double ATAN_ODD[HALF] = {
    0.1999999999995146,  0.11111111007025938, 0.07692279839263422,  0.058805278136969584,  0.04722322214001891,
    0.03664191139518284, 0.02198485548312379, 0.007196505488449618, 0.0008313224367952538, 1.3225091973547144e-05,
};

static inline double arctangent(double t) {
    double w = t * t, v = w * w, even = ATAN_EVEN[HALF - 1], odd = ATAN_ODD[HALF - 1];
    for (int n = HALF - 2; n >= 0; n--) {
        even = even * v + ATAN_EVEN[n];
        odd = odd * v + ATAN_ODD[n];
    }
    return t + t * w * (even + w * odd);
}

/* K11 K22 - K12^2, and 0 where rounding makes it negative. Without a branch: gcc would move the square root into it. */
static inline double determinant_of(double product, double k12) {
    double determinant = product - k12 * k12;
    return (determinant + fabs(determinant)) / 2;
}

/* atan2(k12, root) in [-pi/2, pi/2], the arcsine of the correlation; 0 for (0, 0) */
static inline double angle_of(double k12, double root) {
    double size = fabs(k12), larger = size > root ? size : root, smaller = size > root ? root : size;
    double angle = arctangent(smaller / (larger < DBL_MIN ? DBL_MIN : larger));
    return copysign(fabs((size > root ? PI / 2 : 0) - angle), k12);
}

#endif
