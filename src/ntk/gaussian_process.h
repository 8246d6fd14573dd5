/* What infinitely wide networks do: Gaussian processes on m test points, given n training points. Double only. Not
 * collective.
 *
 * NTK-GP after t steps (Lee et al. 2019, eq. 14-15), A = Theta(x, X) V diag(gain) V' with the gains of prediction.h:
 *     mean A Y,  covariance K(x, x) + A K(X, X) A' - (A K(X, x) + its transpose);
 * centred (f - f_0 is trained): mean A Y, covariance 0.
 * NNGP posterior (the readout alone, trained to the end): mean K(x, X) K^-1 Y, covariance K(x, x) - K(x, X) K^-1 K(X,
 * x). Of a singular K (equal inputs, more inputs than features) it is the limit of K + s I as s -> 0, with the
 * pseudo-inverse in the place of K^-1: K = V diag(lambda) V', eigenvalues at or below n eps lambda_max dropped, so
 * that what they stand for stays in the covariance. Labels that contradict each other count with their least-squares
 * fit: those of equal inputs with their mean. */
#ifndef GAUSSIAN_PROCESS_H
#define GAUSSIAN_PROCESS_H

#include "eigen.h"
#include "prediction.h"

struct gaussian_process {
    int64_t n, m, k;
    const double *y;                                    /* targets [n, k] */
    const double *train_train, *test_train, *test_test; /* NNGP kernel K [n, n], [m, n], [m, m] */
};

/* mean [m, k], covariance [m, m] (NULL: not wanted). `ntk`: Theta with the same n, its first m test rows are taken.
 * Scratch [2 m, n] from malloc: ERROR_MEMORY. */
status gaussian_process_ntk(const struct gaussian_process *process, const struct prediction_kernel *ntk,
                            const double *gain, double *mean, double *covariance);
/* The same arrays. By la_cholesky where K is positive definite, else by eigenvectors. Scratch from malloc: [n + 2 (m +
 * k) + 1, n], and for eigenvectors la_eigen_bytes; `host` is la_eigen's. ERROR_MEMORY; of la_eigen also
 * ERROR_INTERRUPTED, and ERROR_INTERNAL. */
status gaussian_process_posterior(const struct gaussian_process *process, const struct host *host, double *mean,
                                  double *covariance);

#endif
