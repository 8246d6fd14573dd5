/* The Hermite coefficients of tanh as functions of the variance: quadrature at Chebyshev nodes of u = log(K + shift),
 * then interpolation.
 *
 * phi' has poles where K z^2 = -pi^2/4, so the functions are analytic but for negative K, where they jump by
 * exp(-pi^2/(8|K|)): below 1e-17 up to the shift, which keeps u finite at K = 0, and pi away in u beyond. On a range of
 * half-length L in u the error falls with the nodes as exp(-nodes asinh(angle/L)) for any angle < pi. */
#include <math.h>
#include <string.h>

#include "activation_dual.h"
#include "dual_series.h"
#include "matrix.h"
#include "order.h"
#include "simd.h"
#include "vector.h"

#ifdef VECTOR_FUNCTION
VECTOR_FUNCTION double log(double);
#endif

enum { QUADRATURE = 128, POINTS = 32 }; /* pieces: nodes of the trapezoidal rule, variances */
enum { ROWS = 2 + DUAL_TERMS };

static const double PI = 3.14159265358979323846;
static const double SHIFT = 0.03, LEAST_HALF = 1e-3, ANGLE = 2.5, DIGITS = 32; /* e^-32 = 1e-14 */

/* ---- The trapezoidal rule: nodes +-(q + 1/2) step. The integrands are even, so the positive ones count twice. ---- */

double dual_pole_frequency(const struct activation_series *series, double variance) {
    return 44 * sqrt(variance) / series->pole;
}

/* To that frequency the Gaussian adds up to 8 and the Hermite polynomial of degree m up to sqrt(m). */
static double step_for(const struct activation_series *series, double variance, int64_t terms) {
    return 2 * PI / (8 + sqrt(2 * (double)terms) + dual_pole_frequency(series, variance));
}
static const double RANGE = 12.5; /* of z, since |h_m(z)| exp(-z^2/4) stays below 1 */

struct rule {
    int64_t count;
    double node[QUADRATURE], even[QUADRATURE], odd[QUADRATURE]; /* weight times h_2n, h_2n+1 */
    double slope[QUADRATURE][POINTS];                           /* phi' at the nodes for each variance */
};

static void rule_place(struct rule *rule, double step, int64_t first) {
    rule->count = 0;
    for (int64_t q = 0; q < QUADRATURE && ((double)(first + q) + 0.5) * step < RANGE; q++) {
        double z = ((double)(first + q) + 0.5) * step;
        rule->node[q] = z;
        rule->even[q] = 2 * step / sqrt(2 * PI) * exp(-z * z / 2);
        rule->odd[q] = z * rule->even[q];
        rule->count++;
    }
}

/* phi' at the nodes, and E[phi^2]/K, E[phi'^2] on the way. */
static void rule_evaluate(const struct activation_series *series, struct rule *rule, int64_t points,
                          const double *variance, double *t, double *tdot) {
    memset(rule->slope, 0, sizeof rule->slope);
    for (int64_t q = 0; q < rule->count; q++)
        for (int64_t j = 0; j < points; j++) {
            double phi = series->map(sqrt(variance[j]) * rule->node[q]), slope = series->slope(phi);
            rule->slope[q][j] = slope;
            t[j] += rule->even[q] * phi * (phi / variance[j]);
            tdot[j] += rule->even[q] * slope * slope;
        }
}

/* h_m+1 = (z h_m - sqrt(m) h_m-1)/sqrt(m+1), twice: from (2n, 2n+1) to (2n+2, 2n+3). */
SIMD_CLONES static void rule_raise(struct rule *rule, int64_t n) {
    const double m = 2 * (double)n, a = sqrt(m + 1), b = sqrt(m + 2), c = sqrt(m + 3);
    for (int64_t q = 0; q < rule->count; q++) {
        rule->even[q] = (rule->node[q] * rule->odd[q] - a * rule->even[q]) / b;
        rule->odd[q] = (rule->node[q] * rule->even[q] - b * rule->odd[q]) / c;
    }
}

SIMD_CLONES static void rule_sum(const struct rule *rule, double *restrict sum) {
    memset(sum, 0, POINTS * sizeof *sum);
    for (int64_t q = 0; q < rule->count; q++)
        for (int64_t j = 0; j < POINTS; j++) sum[j] += rule->even[q] * rule->slope[q][j];
}

/* T/K, Tdot and b_n of `points` <= POINTS variances: columns of value[rows][nodes]. */
static void fill_points(const struct dual_series *series, double step, int64_t points, const double *variance,
                        double *value) {
    struct rule rule;
    int64_t terms = dual_terms(series->tiers), nodes = series->nodes;
    for (int64_t first = 0; (double)first * step < RANGE; first += QUADRATURE) {
        rule_place(&rule, step, first);
        rule_evaluate(series->activation, &rule, points, variance, value, value + nodes);
        for (int64_t n = 0; n < terms; n++) {
            double sum[POINTS], *row = value + (n + 2) * nodes;
            rule_sum(&rule, sum);
            rule_raise(&rule, n);
            for (int64_t j = 0; j < points; j++) row[j] += sum[j];
        }
    }
}

/* ---- The table ---- */

/* As many tiers as the largest variance wants at c = 1 (measured: 11, and 70 more a unit of variance). */
static int tiers_for(double variance) {
    int tiers = 1;
    while (tiers < DUAL_TIERS && (double)dual_terms(tiers) < 11 + 70 * variance) tiers++;
    return tiers;
}

static void choose(struct dual_series *series, double low, double high) {
    double from = log(fmin(low, high) + SHIFT), to = log(high + SHIFT);
    series->middle = (from + to) / 2;
    series->half = (to - from) / 2;
    if (series->half < LEAST_HALF) { /* all nodes at variances >= 0 */
        series->half = LEAST_HALF;
        series->middle = fmax(series->middle, log(SHIFT) + LEAST_HALF);
    }
    series->nodes = (int)fmin(DUAL_NODES, 2 + ceil(DIGITS / asinh(ANGLE / series->half)));
    series->tiers = tiers_for(high);
}

/* Node j, from the largest variance down; 1e-300 for 0 lets the quotients have their limits. */
static double node_variance(const struct dual_series *series, int j) {
    double u = series->middle + series->half * cos(PI * j / (series->nodes - 1));
    return fmax(exp(u) - SHIFT, 1e-300);
}

static int cell_of(double argument) {
    int cell = (int)((argument + 1) * (DUAL_CELLS / 2.0));
    return cell < 0 ? 0 : cell > DUAL_CELLS - 1 ? DUAL_CELLS - 1 : cell;
}

/* What the first m = terms terms leave out of Tdot is below |c|^2m sqrt(tail_i tail_j), tail = E[phi'^2] - sum b_n^2
 * (Cauchy-Schwarz), so a tier serves c^2 <= reach_i reach_j, reach = (series->tolerance/tail)^(1/2m): `node` at the nodes. A
 * cell has the smallest of the nodes in it and of those beside it. */
static void fill_cells(const struct dual_series *series, const double *node, double *reach) {
    for (int cell = 0; cell < DUAL_CELLS; cell++) reach[cell * DUAL_TIERS] = 1;
    for (int j = 0; j < series->nodes - 1; j++) {
        int from = cell_of(cos(PI * (j + 1) / (series->nodes - 1))), to = cell_of(cos(PI * j / (series->nodes - 1)));
        for (int cell = from; cell <= to; cell++)
            reach[cell * DUAL_TIERS] = fmin(reach[cell * DUAL_TIERS], fmin(node[j], node[j + 1]));
    }
}

static void fill_reach(const struct dual_series *series) {
    int64_t nodes = series->nodes;
    double tail[DUAL_NODES], reach[DUAL_NODES];
    memcpy(tail, series->table + nodes, (size_t)nodes * sizeof *tail);
    for (int tier = 0; tier < series->tiers; tier++) {
        int64_t terms = dual_terms(tier + 1);
        for (int64_t j = 0; j < nodes; j++) {
            for (int64_t n = dual_terms(tier); n < terms; n++)
                tail[j] -= series->table[(n + 2) * nodes + j] * series->table[(n + 2) * nodes + j];
            reach[j] = pow(series->tolerance / fmax(tail[j], series->tolerance / 2), 0.5 / (double)terms);
        }
        fill_cells(series, reach, series->reach + tier);
    }
}

/* Values at the nodes cos(pi j/(nodes - 1)) become the coefficients of the Chebyshev polynomials (the first and the
 * last value and coefficient count half). */
static void transform(int nodes, const double *cosine, double scale, double *row) {
    double value[DUAL_NODES];
    memcpy(value, row, (size_t)nodes * sizeof *row);
    value[0] /= 2, value[nodes - 1] /= 2;
    for (int m = 0; m < nodes; m++) {
        double sum = 0;
        for (int j = 0; j < nodes; j++) sum += value[j] * cosine[m * j % (2 * nodes - 2)];
        row[m] = scale * sum * (m == 0 || m == nodes - 1 ? 1 : 2) / (nodes - 1);
    }
}

/* The quadrature's nodes grow with sqrt(K): beyond the largest variance there would be no end. */
static void fill_nothing(struct dual_series *series) {
    for (int64_t i = 0; i < ROWS * DUAL_NODES; i++) series->table[i] = (double)NAN;
    for (int64_t i = 0; i < DUAL_TIERS * DUAL_CELLS; i++)
        series->reach[i] = (double)INFINITY; /* no pair is left to the direct rule */
}

static void fill_table(struct dual_series *series, double most) {
    double node[DUAL_NODES], cosine[2 * DUAL_NODES];
    int64_t rows = 2 + dual_terms(series->tiers);
    memset(series->table, 0, (size_t)(rows * series->nodes) * sizeof(double));
    double step = step_for(series->activation, most, rows);
    for (int j = 0; j < series->nodes; j++) node[j] = node_variance(series, j);
    for (int j = 0; j < series->nodes; j += POINTS)
        fill_points(series, step, series->nodes - j < POINTS ? series->nodes - j : POINTS, node + j, series->table + j);
    fill_reach(series);
    for (int j = 0; j < 2 * series->nodes - 2; j++) cosine[j] = cos(PI * j / (series->nodes - 1));
    for (int64_t row = 0; row < rows; row++)
        transform(series->nodes, cosine, row < 2 ? 1 : 1 / sqrt((double)(2 * row - 3)),
                  series->table + row * series->nodes);
}

void dual_series_prepare(struct dual_series *series, double low, double high, double most, struct arena *arena) {
    series->table = ARENA_TAKE(arena, ROWS * DUAL_NODES, double);
    series->reach = ARENA_TAKE(arena, DUAL_TIERS * DUAL_CELLS, double);
    if (arena_is_counting(arena)) return;
    choose(series, low, high);
    if (high <= most)
        fill_table(series, high);
    else
        fill_nothing(series);
}

/* ---- Interpolation ---- */

enum { ARGUMENTS = 16 };

SIMD_CLONES static void fill_arguments(int64_t count, double middle, double half, const double *restrict variance,
                                       double *restrict argument) {
    for (int64_t j = 0; j < count; j++) {
        double u = (log(variance[j] + SHIFT) - middle) / half, below = u > 1 ? 1 : u;
        argument[j] = below < -1 ? -1 : below;
    }
}

/* Blocks of one size: an argument has the same bits wherever it stands. */
void dual_series_arguments(const struct dual_series *series, int64_t count, const double *variance, double *argument) {
    double some[ARGUMENTS] = {0}, value[ARGUMENTS];
    for (int64_t at = 0; at < count; at += ARGUMENTS) {
        int64_t size = least(ARGUMENTS, count - at);
        memcpy(some, variance + at, (size_t)size * sizeof *some);
        fill_arguments(ARGUMENTS, series->middle, series->half, some, value);
        memcpy(argument + at, value, (size_t)size * sizeof *value);
    }
}

/* Chebyshev polynomials; those of 0 behind the last argument. */
SIMD_CLONES static void fill_basis(int64_t nodes, int64_t count, const double *restrict argument,
                                   double (*restrict basis)[DUAL_CHUNK]) {
    for (int64_t j = 0; j < DUAL_CHUNK; j++) {
        basis[0][j] = 1;
        basis[1][j] = j < count ? argument[j] : 0;
    }
    for (int64_t m = 2; m < nodes; m++)
        for (int64_t j = 0; j < DUAL_CHUNK; j++) basis[m][j] = 2 * basis[1][j] * basis[m - 1][j] - basis[m - 2][j];
}

void dual_series_evaluate(const struct dual_series *series, int64_t first, int64_t rows, int64_t count,
                          const double *argument, int64_t pitch, double *out) {
    double basis[DUAL_NODES][DUAL_CHUNK];
    fill_basis(series->nodes, count, argument, basis);
    la_gemm(LA_PLAIN, LA_PLAIN, rows, count, series->nodes, 1, series->table + first * series->nodes, series->nodes,
            basis[0], DUAL_CHUNK, 0, out, pitch);
}

const double *dual_series_reach(const struct dual_series *series, double argument) {
    return series->reach + cell_of(argument) * DUAL_TIERS;
}
