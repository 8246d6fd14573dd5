#include "loss.h"

#include <math.h>

#include "matrix.h"

/* ---- losses ---- */

static double squares(int64_t n, int64_t k, const real *f, const real *y) {
    return 0.5 * la_distance_squares(n * k, f, y) / (double)(n * k);
}

static void squares_gradient(int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g) {
    real scale = (real)(1.0 / (double)(all * k));
    for (int64_t i = 0; i < n * k; i++) g[i] = scale * (f[i] - y[i]);
}

static int64_t largest(int64_t k, const real *row) {
    int64_t best = 0;
    for (int64_t c = 1; c < k; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

/* sum_c exp(f_c - m), m the largest: nothing overflows */
static double sum_exponentials(int64_t k, const real *f, double m) {
    double sum = 0;
    for (int64_t c = 0; c < k; c++) sum += exp((double)f[c] - m);
    return sum;
}

static double cross_entropy(int64_t n, int64_t k, const real *f, const real *y) {
    double loss = 0;
    for (int64_t i = 0; i < n; i++, f += k, y += k) {
        double m = (double)f[largest(k, f)], rest = log(sum_exponentials(k, f, m));
        for (int64_t c = 0; c < k; c++) loss -= (double)y[c] * ((double)f[c] - m - rest);
    }
    return loss / (double)n;
}

static void cross_entropy_gradient(int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g) {
    for (int64_t i = 0; i < n; i++, f += k, y += k, g += k) {
        double m = (double)f[largest(k, f)], sum = sum_exponentials(k, f, m);
        for (int64_t c = 0; c < k; c++) g[c] = (real)((exp((double)f[c] - m) / sum - (double)y[c]) / (double)all);
    }
}

static const struct {
    double (*value)(int64_t n, int64_t k, const real *f, const real *y);
    void (*gradient)(int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g);
} losses[] = {
    [LOSS_MSE] = {squares, squares_gradient},
    [LOSS_CROSS_ENTROPY] = {cross_entropy, cross_entropy_gradient},
};

double loss_value(enum loss loss, int64_t n, int64_t k, const real *f, const real *y) {
    return losses[loss].value(n, k, f, y);
}

void loss_gradient(enum loss loss, int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g) {
    losses[loss].gradient(all, k, n, f, y, g);
}

/* ---- accuracy ---- */

double loss_accuracy(int64_t n, int64_t k, const real *f, const real *y) {
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++) right += k == 1 ? f[i] * y[i] > 0 : largest(k, f + i * k) == largest(k, y + i * k);
    return (double)right / (double)n;
}
