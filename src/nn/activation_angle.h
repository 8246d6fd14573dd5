/* relu and erf need one angle a pair, asin(c). It is taken as atan2(K12, root), root = sqrt(K11 K22 - K12^2): one square
 * root and one division, nothing to clamp, exact for a point beside its equal; the root is wanted anyway. In turns (of
 * 2 pi), so that right angles are exact. No libm but sqrt, so the loops vectorize under any compiler and an entry has the
 * same bits wherever it stands, and whatever power of two scales it. Divisions and polynomials are loops of their own:
 * as one they are a chain too long for the CPU to look beyond.
 * Cannot fail. Not collective. */
#ifndef ACTIVATION_ANGLE_H
#define ACTIVATION_ANGLE_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include "activation_dual.h"

static const double PI = 3.14159265358979323846;

/* atan(t)/(2 pi) = t P(t^2) for |t| <= tan(pi/8): minimax in relative error (3.3e-17; in f32 1.8e-8, of an angle up to
 * 1/16), by Remez' algorithm. */
#if REAL_BITS == 32
static const float ATAN[5] = {
    0.159154940226F, -0.0530507975898F, 0.0317903569487F, -0.0220462833182F, 0.0127112865087F,
};
#else
static const double ATAN[11] = {
    0.15915494309189532,  -0.053051647697290941, 0.03183098861661119,   -0.022736420279035659,
    0.017683874870573612, -0.014468418015142336, 0.012238984724798511,  -0.010568617257682182,
    0.009055052623746283, -0.006924968550636265, 0.0033694185069385592,
};
#endif

/* An angle is base + atan(tangent)/(2 pi), |tangent| <= tan(pi/8), base a multiple of 1/8 in [-1/4, 1/4]. */
struct angles {
    real tangent[ACTIVATION_BLOCK], apart[8], base[ACTIVATION_BLOCK]; /* loads wait for stores 4096 bytes away */
};

/* atan2(k12, root), the arcsines of correlations; 0 for (0, 0). Of both the smaller over the larger is the tangent of an
 * angle up to 1/8; beyond 1/16 it is turned back by 1/8. Selections are of plain values that are used in any case: gcc
 * would move arithmetic into a branch. */
static inline void find_angles(int64_t count, const real *restrict k12, const real *restrict root,
                               real *restrict tangent, real *restrict base) {
    for (int64_t j = 0; j < count; j++) {
        real size = REAL_MATH(fabs)(k12[j]), less = size > root[j] ? root[j] : size,
             more = size > root[j] ? size : root[j];
        real difference = less - more, sum = less + more, bound = (real)-0.41421356237309504880 * sum;
        real above = difference > bound ? difference : less, below = difference > bound ? sum : more;
        real turned = size > root[j] ? -above : above, nearest = size > root[j] ? (real)0.25 : 0;
        tangent[j] = (k12[j] < 0 ? -turned : turned) / (below < REAL_MIN ? REAL_MIN : below);
        base[j] = REAL_MATH(copysign)(difference > bound ? (real)0.125 : nearest, k12[j]);
    }
}

static inline real turns_of(real base, real tangent) {
    const real w = tangent * tangent, v = w * w, *p = ATAN;
#if REAL_BITS == 32
    return base + tangent * ((p[0] + w * p[1]) + v * ((p[2] + w * p[3]) + v * p[4]));
#else
    const real u = v * v, low = (p[0] + w * p[1]) + v * (p[2] + w * p[3]),
               middle = (p[4] + w * p[5]) + v * (p[6] + w * p[7]);
    return base + tangent * (low + u * (middle + u * ((p[8] + w * p[9]) + v * p[10])));
#endif
}

#endif
