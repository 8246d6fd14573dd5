#include "difference.h"

#include <math.h>

#include "matrix.h"

double difference_rms(int64_t n, int64_t k, const real *a, const real *b) {
    return sqrt(la_distance_squares(n * k, a, b) / (double)(n * k));
}

double difference_largest(int64_t n, int64_t k, const real *a, const real *b) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        double rms = difference_rms(1, k, a + i * k, b + i * k);
        if (isnan(rms)) return rms;
        if (rms > most) most = rms;
    }
    return most;
}
