/* relu and erf need one angle per pair, phi = asin(c). It is taken as atan2(K12, root), root = sqrt(K11 K22 - K12^2):
 * one square root and one division, nothing to clamp, exact for a point beside its equal; the root is wanted anyway.
 * No libm but sqrt, so the loops vectorize under any compiler and an entry has the same bits wherever it stands. */
#include "dual.h"

#include <float.h>
#include <math.h>

#include "dual_kind.h"
#include "simd.h"

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
static inline double determinant_of(double k11, double k22, double k12) {
    double determinant = k11 * k22 - k12 * k12;
    return (determinant + fabs(determinant)) / 2;
}

/* atan2(k12, root) in [-pi/2, pi/2], the arcsine of the correlation; 0 for (0, 0) */
static inline double angle_of(double k12, double root) {
    double size = fabs(k12), larger = size > root ? size : root, smaller = size > root ? root : size;
    double angle = arctangent(smaller / (larger < DBL_MIN ? DBL_MIN : larger));
    return copysign(fabs((size > root ? PI / 2 : 0) - angle), k12);
}

/* Tdot = (pi - a)/(2 pi), T = (root + (pi - a) K12)/(2 pi), a = arccos(c) = pi/2 - phi */
SIMD_CLONES static void relu_block(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *restrict k,
                                   double *restrict tdot) {
    const double *restrict variance = dual->variance + first;
    const double own = dual->variance[i];
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(determinant_of(own, variance[j], k[j]));
        tdot[j] = 0.25 + angle_of(k[j], root) * (1 / (2 * PI));
        k[j] = root * (1 / (2 * PI)) + tdot[j] * k[j];
    }
}

static struct moments relu_self(const struct dual *dual, int64_t i) {
    return (struct moments){.t = dual->variance[i] / 2, .tdot = 0.5};
}

/* T = (2/pi) atan2(2 K12, root), Tdot = (4/pi)/root, root^2 = (1 + 2 K11)(1 + 2 K22) - 4 K12^2 without cancellation */
SIMD_CLONES static void erf_block(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *restrict k,
                                  double *restrict tdot) {
    const double *restrict variance = dual->variance + first;
    const double own = dual->variance[i];
    for (int64_t j = 0; j < count; j++) {
        double root = sqrt(1 + 2 * (own + variance[j]) + 4 * determinant_of(own, variance[j], k[j]));
        tdot[j] = (4 / PI) / root;
        k[j] = angle_of(2 * k[j], root) * (2 / PI);
    }
}

static struct moments erf_self(const struct dual *dual, int64_t i) {
    double variance = dual->variance[i], root = sqrt(1 + 4 * variance);
    return (struct moments){.t = angle_of(2 * variance, root) * (2 / PI), .tdot = (4 / PI) / root};
}

static void identity_block(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *restrict k,
                           double *restrict tdot) {
    (void)dual, (void)i, (void)first, (void)k;
    for (int64_t j = 0; j < count; j++) tdot[j] = 1;
}

static struct moments identity_self(const struct dual *dual, int64_t i) {
    return (struct moments){.t = dual->variance[i], .tdot = 1};
}

static void fill_nothing(struct dual *dual, struct arena *arena) { (void)dual, (void)arena; }

static const struct {
    dual_fill *fill;
    dual_block *block;
    dual_self *self;
} KINDS[] = {
    [ACTIVATION_RELU] = {fill_nothing, relu_block, relu_self},
    [ACTIVATION_ERF] = {fill_nothing, erf_block, erf_self},
    [ACTIVATION_TANH] = {dual_tanh_fill, dual_tanh_block, dual_tanh_self},
    [ACTIVATION_IDENTITY] = {fill_nothing, identity_block, identity_self},
};

struct dual dual_prepare(enum activation_kind kind, int64_t count, const double *variance, struct arena *arena) {
    struct dual dual = {.kind = kind, .count = count, .variance = variance};
    KINDS[kind].fill(&dual, arena);
    return dual;
}

SIMD_CLONES static void multiply(int64_t count, const double *restrict factor, double *restrict x) {
    for (int64_t j = 0; j < count; j++) x[j] *= factor[j];
}

void dual_row(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *k, double *theta) {
    int64_t own = i - first;
    int has_own = own >= 0 && own < count;
    double theta_own = has_own && theta ? theta[own] : 0;
    for (int64_t at = 0; at < count; at += DUAL_BLOCK) {
        double tdot[DUAL_BLOCK];
        int64_t size = count - at < DUAL_BLOCK ? count - at : DUAL_BLOCK;
        KINDS[dual->kind].block(dual, i, first + at, size, k + at, tdot);
        if (theta) multiply(size, tdot, theta + at);
    }
    if (!has_own) return;
    struct moments self = KINDS[dual->kind].self(dual, i);
    k[own] = self.t;
    if (theta) theta[own] = theta_own * self.tdot;
}

void dual_diagonal(const struct dual *dual, double *t, double *tdot) {
    for (int64_t i = 0; i < dual->count; i++) {
        struct moments self = KINDS[dual->kind].self(dual, i);
        t[i] = self.t;
        if (tdot) tdot[i] = self.tdot;
    }
}
