/* The closed form of discrete gradient descent against stepping: rates below and above the stable one, a singular kernel. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "eigen.h"
#include "prediction.h"
#include "random.h"

enum { N = 7, M = 4, K = 3, ALL = N + M, STEPS = 37 };

struct problem {
    double kernel[ALL * N]; /* [train; test] with train */
    double f[ALL * K], y[N * K];
    double vector[N * N], lambda[N];
};

/* Theta = A A' with A [ALL, rank], positive semidefinite, and its eigensystem. */
static void problem_create(int rank, struct problem *problem) {
    double a[ALL * N];
    random_normal(11, RANDOM_TEST, 1, 0, ALL * rank, a);
    random_normal(11, RANDOM_TEST, 2, 0, ALL * K, problem->f);
    random_normal(11, RANDOM_TEST, 3, 0, N * K, problem->y);
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int c = 0; c < rank; c++) sum += a[i * rank + c] * a[j * rank + c];
            problem->kernel[i * N + j] = sum;
        }
    memcpy(problem->vector, problem->kernel, sizeof problem->vector);
    assert_int_equal(la_eigen(N, 1, problem->vector, problem->lambda), OK);
}

/* f(all) -= rate Theta(all, X) (f(X) - y), each output for itself */
static void problem_step(const struct problem *problem, double rate, double *f) {
    double residual[N * K];
    for (int i = 0; i < N * K; i++) residual[i] = f[i] - problem->y[i];
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < N; j++)
            for (int c = 0; c < K; c++) f[i * K + c] -= rate * problem->kernel[i * N + j] * residual[j * K + c];
}

static double error_of(const struct problem *problem, double rate) {
    double stepped[ALL * K], residual[N * K], scratch[N * K], predicted[M * K], most = 0, size = 0;
    memcpy(stepped, problem->f, sizeof stepped);
    for (int step = 0; step < STEPS; step++) problem_step(problem, rate, stepped);
    for (int i = 0; i < N * K; i++) residual[i] = problem->f[i] - problem->y[i];
    memcpy(predicted, problem->f + N * K, sizeof predicted);
    struct prediction_kernel kernel = {N, M, problem->lambda, problem->vector, problem->kernel + N * N};
    prediction_discrete(&kernel, K, rate, STEPS, residual, scratch, predicted);
    for (int i = 0; i < M * K; i++) {
        most = fmax(most, fabs(predicted[i] - stepped[N * K + i]));
        size = fmax(size, fabs(stepped[N * K + i]));
    }
    return most / size;
}

static void test_prediction(void **state) {
    (void)state;
    const double fractions[] = {0, 1e-9, 0.3, 0.5, 0.97, 1.2}; /* of the largest stable rate 2/lambda_max */
    const int ranks[] = {N, 4};
    for (int r = 0; r < 2; r++) {
        static struct problem problem;
        problem_create(ranks[r], &problem);
        for (int i = 0; i < 6; i++) {
            double error = error_of(&problem, fractions[i] * 2 / problem.lambda[N - 1]);
            print_message("  rank %d, %g of the stable rate: %.2e (limit 1e-12)\n", ranks[r], fractions[i], error);
            assert_true(error <= 1e-12);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_prediction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
