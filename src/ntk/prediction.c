/* Built with doubles (REAL_BITS 64). */
#include "prediction.h"

#include <math.h>

#include "matrix.h"

/* (1 - (1 - rate lambda)^steps)/lambda, with its limit steps rate at lambda = 0. */
static double mode_gain(double lambda, double rate, double steps) {
    double decay = rate * lambda;
    if (decay == 0) return steps * rate;
    if (decay < 1) return -expm1(steps * log1p(-decay)) / lambda;
    return (1 - pow(1 - decay, steps)) / lambda;
}

void prediction_discrete(const struct prediction_kernel *kernel, int64_t k, double rate, double steps, double *residual,
                         double *scratch, double *f_test) {
    int64_t n = kernel->n;
    la_gemm(LA_TRANSPOSED, LA_PLAIN, n, k, n, 1, kernel->vector, n, residual, k, 0, scratch, k);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < k; c++) scratch[i * k + c] *= mode_gain(kernel->lambda[i], rate, steps);
    la_gemm(LA_PLAIN, LA_PLAIN, n, k, n, 1, kernel->vector, n, scratch, k, 0, residual, k);
    la_gemm(LA_PLAIN, LA_PLAIN, kernel->m, k, n, -1, kernel->test_train, n, residual, k, 1, f_test, k);
}
