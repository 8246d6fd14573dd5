#include "loss.h"

#include <math.h>

#include "matrix.h"

double loss_value(int64_t n, int64_t k, const real *f, const real *y) {
    return 0.5 * la_distance_squares(n * k, f, y) / (double)(n * k);
}

void loss_gradient(int64_t all, int64_t k, int64_t n, const real *f, const real *y, real *g) {
    real scale = (real)(1.0 / (double)(all * k));
    for (int64_t i = 0; i < n * k; i++) g[i] = scale * (f[i] - y[i]);
}

static int64_t largest(int64_t k, const real *row) {
    int64_t best = 0;
    for (int64_t c = 1; c < k; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

double loss_accuracy(int64_t n, int64_t k, const real *f, const real *y) {
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++) right += k == 1 ? f[i] * y[i] > 0 : largest(k, f + i * k) == largest(k, y + i * k);
    return (double)right / (double)n;
}

double loss_rmse(int64_t n, int64_t k, const real *a, const real *b) {
    return sqrt(la_distance_squares(n * k, a, b) / (double)(n * k));
}

double loss_rmse_max(int64_t n, int64_t k, const real *a, const real *b) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        double rmse = loss_rmse(1, k, a + i * k, b + i * k);
        if (isnan(rmse)) return rmse;
        if (rmse > most) most = rmse;
    }
    return most;
}
