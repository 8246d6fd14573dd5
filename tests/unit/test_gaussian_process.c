/* Gaussian processes against those of an independent implementation, their limits, and ensembles of linear models. */
#include "tally.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "eigen.h"
#include "gaussian_process.h"
#include "golden_files.h"
#include "matrix.h"
#include "random.h"

/* ---- golden values ---- */

enum { TRAIN = 6, TEST = 4, OUTPUTS_MOST = 3, TIMES = 3, CASES = 9 };

struct golden {
    hid_t group;
    char name[64];
    int64_t k;
    double y[TRAIN * OUTPUTS_MOST], k_train[TRAIN * TRAIN], k_test_train[TEST * TRAIN], k_test[TEST * TEST];
    double vector[TRAIN * TRAIN], lambda[TRAIN], test_train[TEST * TRAIN];
    double mean[TEST * OUTPUTS_MOST], covariance[TEST * TEST];
};

static void copy_doubles(hid_t group, const char *name, int64_t count, double *out) {
    memcpy(out, read_doubles(group, name, count), (size_t)count * sizeof *out);
}

static void golden_read(struct golden *golden) {
    hid_t group = golden->group;
    read_attribute(group, "k", H5T_NATIVE_INT64, &golden->k);
    copy_doubles(group, "y_train", TRAIN * golden->k, golden->y);
    copy_doubles(group, "nngp_inf_train_train", TRAIN * TRAIN, golden->k_train);
    copy_doubles(group, "nngp_inf_test_train", TEST * TRAIN, golden->k_test_train);
    copy_doubles(group, "nngp_inf_test_test", TEST * TEST, golden->k_test);
    copy_doubles(group, "ntk_inf_train_train", TRAIN * TRAIN, golden->vector);
    copy_doubles(group, "ntk_inf_test_train", TEST * TRAIN, golden->test_train);
    assert_int_equal(la_eigen(TRAIN, 1, golden->vector, golden->lambda, NULL), OK);
}

static double largest(int64_t n, const double *a) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = worse(most, fabs(a[i]));
    return most;
}

/* Covariances relative to K(x, x), of which they may be a small rest. */
static void compare(const struct golden *golden, const char *mean, const char *covariance, struct tally *tally) {
    tally_arrays(tally, golden->name, TEST * golden->k, golden->mean,
                 read_doubles(golden->group, mean, TEST * golden->k));
    const double *expected = read_doubles(golden->group, covariance, TEST * TEST);
    double most = 0;
    for (int i = 0; i < TEST * TEST; i++) most = worse(most, fabs(golden->covariance[i] - expected[i]));
    tally_error(tally, golden->name, most / largest(TEST * TEST, golden->k_test));
}

/* Gradient flow at rate 1/(N k). */
static void check_golden(struct golden *golden, struct tally *tally) {
    golden_read(golden);
    const struct gaussian_process process = {
        TRAIN, TEST, golden->k, golden->y, golden->k_train, golden->k_test_train, golden->k_test};
    const struct prediction_kernel ntk = {TRAIN, TEST, golden->k, golden->lambda, golden->vector, golden->test_train};
    const struct prediction_descent descent = {DYNAMICS_FLOW, 1.0 / (double)(TRAIN * golden->k), 0, {0}};
    double times[TIMES], gain[TRAIN];
    read_attribute(golden->group, "gp_times", H5T_NATIVE_DOUBLE, times);
    for (int i = 0; i < TIMES; i++) {
        char mean[20], covariance[20];
        snprintf(mean, sizeof mean, "gp_mean_%d", i);
        snprintf(covariance, sizeof covariance, "gp_cov_%d", i);
        prediction_gains(&ntk, &descent, times[i], gain);
        assert_int_equal(gaussian_process_ntk(&process, &ntk, gain, golden->mean, golden->covariance), OK);
        compare(golden, mean, covariance, tally);
    }
    assert_int_equal(gaussian_process_posterior(&process, NULL, golden->mean, golden->covariance), OK);
    compare(golden, "nngp_posterior_mean", "nngp_posterior_cov", tally);
}

/* Returns how many cases of the file have Gaussian processes. */
static int check_file(const char *path, struct tally *tally) {
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hsize_t groups = 0;
    int cases = 0;
    assert_true(file >= 0 && H5Gget_num_objs(file, &groups) >= 0);
    for (hsize_t i = 0; i < groups; i++) {
        struct golden golden;
        H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, i, golden.name, sizeof golden.name, H5P_DEFAULT);
        golden.group = H5Gopen(file, golden.name, H5P_DEFAULT);
        int has_processes = H5Aexists(golden.group, "gp_times") > 0;
        if (has_processes) check_golden(&golden, tally);
        cases += has_processes;
        H5Gclose(golden.group);
    }
    H5Fclose(file);
    return cases;
}

static void test_golden(void **state) {
    (void)state;
    struct tally tally = {"golden: NTK-GP at three times, NNGP posterior", 1e-12, 0};
    int cases = check_file(TEST_DATA "/golden_fc.h5", &tally) + check_file(TEST_DATA "/golden_images.h5", &tally);
    assert_int_equal(cases, CASES);
    tally_end(&tally);
}

/* ---- identities, on kernels of random features ---- */

enum { N = 9, M = 5, K = 2, ALL = N + M, FEATURES = 17 };

struct problem {
    double root[ALL * FEATURES], theta_root[ALL * FEATURES]; /* of K and of Theta */
    double k[ALL * ALL], y[N * K];
    double k_train[N * N], k_test_train[M * N], k_test[M * M];
    double vector[N * N], lambda[N], test_train[M * N];
    struct gaussian_process process;
    struct prediction_kernel ntk;
};

static void copy_block(const double *kernel, int64_t from, int64_t rows, int64_t first, int64_t columns, double *out) {
    for (int64_t i = 0; i < rows; i++)
        memcpy(out + i * columns, kernel + (from + i) * ALL + first, (size_t)columns * sizeof *out);
}

static void kernel_of(const double *root, int64_t features, double *kernel) {
    la_gemm(LA_PLAIN, LA_TRANSPOSED, ALL, ALL, features, 1, root, FEATURES, root, FEATURES, 0, kernel, ALL);
}

/* K of `features` features, Theta of its own or, `same`, equal to K. */
static void problem_create(int64_t features, int same, struct problem *problem) {
    double theta[ALL * ALL];
    random_normal(7, RANDOM_TEST, 1, 0, ALL * FEATURES, problem->root);
    random_normal(7, RANDOM_TEST, same ? 1 : 2, 0, ALL * FEATURES, problem->theta_root);
    random_normal(7, RANDOM_TEST, 3, 0, N * K, problem->y);
    kernel_of(problem->root, features, problem->k);
    kernel_of(problem->theta_root, features, theta);
    copy_block(problem->k, 0, N, 0, N, problem->k_train);
    copy_block(problem->k, N, M, 0, N, problem->k_test_train);
    copy_block(problem->k, N, M, N, M, problem->k_test);
    copy_block(theta, 0, N, 0, N, problem->vector);
    copy_block(theta, N, M, 0, N, problem->test_train);
    assert_int_equal(la_eigen(N, 1, problem->vector, problem->lambda, NULL), OK);
    problem->process =
        (struct gaussian_process){N, M, K, problem->y, problem->k_train, problem->k_test_train, problem->k_test};
    problem->ntk = (struct prediction_kernel){N, M, K, problem->lambda, problem->vector, problem->test_train};
}

static const struct prediction_descent descents[] = {
    {DYNAMICS_FLOW, 0.003, 0, {0}}, {DYNAMICS_DISCRETE, 0.003, 0, {0}}, {DYNAMICS_DISCRETE, 0.003, 0.9, {0}}};
enum { DESCENTS = 3 };

static void process_at(const struct problem *problem, const struct prediction_descent *descent, double steps,
                       double *mean, double *covariance) {
    double gain[N];
    prediction_gains(&problem->ntk, descent, steps, gain);
    assert_int_equal(gaussian_process_ntk(&problem->process, &problem->ntk, gain, mean, covariance), OK);
}

static void test_limits(void **state) {
    (void)state;
    struct tally tally = {"t -> infinity with Theta = K is the NNGP posterior", 1e-12, 0};
    static struct problem problem;
    double mean[M * K], covariance[M * M], mean_end[M * K], covariance_end[M * M];
    problem_create(FEATURES, 1, &problem);
    assert_int_equal(gaussian_process_posterior(&problem.process, NULL, mean_end, covariance_end), OK);
    for (int d = 0; d < DESCENTS; d++) {
        process_at(&problem, &descents[d], 0, mean, covariance);
        assert_true(relative_error(M * M, covariance, problem.k_test) <=
                    4 * DBL_EPSILON); /* one triangle of it, mirrored */
        for (int i = 0; i < M * K; i++) assert_true(mean[i] == 0);
        process_at(&problem, &descents[d], 1e6, mean, covariance);
        tally_arrays(&tally, "mean", M * K, mean, mean_end);
        tally_arrays(&tally, "covariance", M * M, covariance, covariance_end);
    }
    tally_end(&tally);
}

/* f(x) after `steps` steps of `columns` linear models from f0[ALL, columns] with targets y. */
static void evolve(const struct problem *problem, const struct prediction_descent *descent, double steps,
                   int64_t columns, const double *f0, const double *y, double *f_test) {
    struct prediction_kernel kernel = problem->ntk;
    kernel.columns = columns;
    struct prediction prediction;
    struct arena arena = arena_counting();
    prediction_create(&kernel, &arena, &prediction);
    assert_int_equal(arena_create(arena.peak, &arena), OK);
    prediction_create(&kernel, &arena, &prediction);
    double *residual = malloc((size_t)(N * columns) * sizeof *residual);
    assert_non_null(residual);
    for (int64_t i = 0; i < N * columns; i++) residual[i] = f0[i] - y[i];
    prediction_start(residual, f0 + N * columns, &prediction);
    prediction_at(&prediction, descent, steps, f_test);
    free(residual);
    arena_free(&arena);
}

/* The processes are linear in f_0 and Y: a root R of K, evolved without targets, is a root of the covariance; targets,
 * evolved from f_0 = 0 (which centred networks do), are the mean. */
static void test_roots(void **state) {
    (void)state;
    struct tally tally = {"mean and covariance = linear models of Y and of a root of K", 1e-12, 0};
    struct tally definite = {"covariance: the least eigenvalue is not negative", 1e-12, 0};
    static struct problem problem;
    static const double zero[ALL * FEATURES];
    double mean[M * K], covariance[M * M], value[M], root[M * FEATURES], expected[M * M], mean_expected[M * K];
    problem_create(FEATURES, 0, &problem);
    for (int d = 0; d < DESCENTS; d++)
        for (double steps = 1; steps < 1e5; steps *= 10) {
            process_at(&problem, &descents[d], steps, mean, covariance);
            evolve(&problem, &descents[d], steps, FEATURES, problem.root, zero, root);
            la_gemm(LA_PLAIN, LA_TRANSPOSED, M, M, FEATURES, 1, root, FEATURES, root, FEATURES, 0, expected, M);
            evolve(&problem, &descents[d], steps, K, zero, problem.y, mean_expected);
            tally_arrays(&tally, "mean", M * K, mean, mean_expected);
            tally_arrays(&tally, "covariance", M * M, covariance, expected);
            for (int i = 0; i < M * M; i++) assert_true(covariance[i] == covariance[i % M * M + i / M]);
            assert_int_equal(la_eigen(M, 0, covariance, value, NULL), OK);
            tally_error(&definite, "eigenvalue", fmax(0, -value[0] / value[M - 1]));
        }
    tally_end(&tally);
    tally_end(&definite);
}

/* Random f_0 with covariance K: mean and covariance over draws, in standard errors. */
static void test_draws(void **state) {
    (void)state;
    enum { DRAWS = 20000 };
    struct tally tally = {"20000 random models: mean and covariance, standard errors", 4.5, 0};
    static struct problem problem;
    static double normal[FEATURES * DRAWS], f0[ALL * DRAWS], y[N * DRAWS], f[M * DRAWS];
    double mean[M * K], covariance[M * M];
    problem_create(FEATURES, 0, &problem);
    random_normal(7, RANDOM_TEST, 4, 0, FEATURES * DRAWS, normal);
    la_gemm(LA_PLAIN, LA_PLAIN, ALL, DRAWS, FEATURES, 1, problem.root, FEATURES, normal, DRAWS, 0, f0, DRAWS);
    for (int64_t i = 0; i < N * DRAWS; i++) y[i] = problem.y[i / DRAWS * K];
    evolve(&problem, &descents[1], 20, DRAWS, f0, y, f);
    process_at(&problem, &descents[1], 20, mean, covariance);
    for (int i = 0; i < M; i++) {
        double sum = 0;
        for (int s = 0; s < DRAWS; s++) sum += f[i * DRAWS + s] - mean[i * K];
        tally_error(&tally, "mean", fabs(sum) / sqrt(DRAWS * covariance[i * M + i]));
        for (int j = 0; j <= i; j++) {
            double product = 0, v = covariance[i * M + j];
            for (int s = 0; s < DRAWS; s++)
                product += (f[i * DRAWS + s] - mean[i * K]) * (f[j * DRAWS + s] - mean[j * K]);
            double spread = sqrt((v * v + covariance[i * M + i] * covariance[j * M + j]) / DRAWS);
            tally_error(&tally, "covariance", fabs(product / DRAWS - v) / spread);
        }
    }
    tally_end(&tally);
}

/* ---- singular kernels ---- */

/* More points than features: all F weights are known, w = (R'R)^-1 R' Y of the features R, as by labels' least squares; so nothing
 * is left of the covariance. */
static void test_few_features(void **state) {
    (void)state;
    enum { F = N - 2 };
    struct tally tally = {"more points than features: linear regression", 1e-12, 0};
    static struct problem problem;
    double mean[M * K], covariance[M * M], gram[F * F], weights[K * F], expected[M * K];
    problem_create(F, 0, &problem);
    assert_int_equal(gaussian_process_posterior(&problem.process, NULL, mean, covariance), OK);
    la_gemm(LA_TRANSPOSED, LA_PLAIN, F, F, N, 1, problem.root, FEATURES, problem.root, FEATURES, 0, gram, F);
    la_gemm(LA_TRANSPOSED, LA_PLAIN, K, F, N, 1, problem.y, K, problem.root, FEATURES, 0, weights, F);
    assert_true(la_cholesky(F, gram));
    la_solve_lower(F, gram, K, weights); /* L^-1 R' Y */
    double cross[M * F];
    for (int i = 0; i < M; i++) memcpy(cross + i * F, problem.root + (N + i) * FEATURES, F * sizeof *cross);
    la_solve_lower(F, gram, M, cross);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, M, K, F, 1, cross, F, weights, F, 0, expected, K);
    tally_arrays(&tally, "mean", M * K, mean, expected);
    tally_error(&tally, "covariance", largest(M * M, covariance) / largest(M * M, problem.k_test));
    process_at(&problem, &descents[0], 100, mean, covariance);
    for (int i = 0; i < M * M; i++) assert_true(isfinite(covariance[i]));
    tally_end(&tally);
}

/* The posterior of `process` with training points repeated: point i is point i % N of it, with labels y[count, K]. */
static void posterior_of_copies(const struct gaussian_process *process, int64_t count, const double *y, double *mean,
                                double *covariance) {
    double k_train[4 * N * N], k_test_train[M * 2 * N];
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < count; j++) k_train[i * count + j] = process->train_train[i % N * N + j % N];
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < count; j++) k_test_train[i * count + j] = process->test_train[i * N + j % N];
    const struct gaussian_process copies = {count, M, K, y, k_train, k_test_train, process->test_test};
    assert_int_equal(gaussian_process_posterior(&copies, NULL, mean, covariance), OK);
}

/* Equal points with equal labels are one; those whose labels contradict each other are one with the mean of the labels. */
static void test_duplicates(void **state) {
    (void)state;
    struct tally tally = {"equal points count as one with their mean label", 1e-11, 0};
    static struct problem problem;
    double mean[M * K], covariance[M * M], mean_once[M * K], covariance_once[M * M], y[2 * N * K], apart[N * K];
    problem_create(FEATURES, 0, &problem);
    random_normal(7, RANDOM_TEST, 5, 0, N * K, apart);
    assert_int_equal(gaussian_process_posterior(&problem.process, NULL, mean_once, covariance_once), OK);
    for (int contradict = 0; contradict < 2; contradict++)
        for (int64_t count = N + 1; count <= 2 * N; count++) {
            for (int i = 0; i < N * K; i++) {
                int is_pair = i / K + N < count;
                y[i] = problem.y[i] + (is_pair && contradict ? apart[i] : 0);
                y[N * K + i] = problem.y[i] - (contradict ? apart[i] : 0);
            }
            posterior_of_copies(&problem.process, count, y, mean, covariance);
            tally_arrays(&tally, "mean", M * K, mean, mean_once);
            tally_arrays(&tally, "covariance", M * M, covariance, covariance_once);
        }
    tally_end(&tally);
}

/* min(x, x'), the kernel of a random walk, at 100 points of the line, of which every other one is there twice: straight lines between the
 * points, and x (1 - x) of the gaps between them. The last tests are beyond the last point. */
static void test_line(void **state) {
    (void)state;
    enum { POINTS = 100, SEEN = 67 };
    struct tally tally = {"100 points of a line: interpolation", 1e-11, 0};
    double at[POINTS], y[POINTS], x[M] = {0.0031, 0.22347, 0.5, 0.9713, 1.25}, k_train[POINTS * POINTS];
    double k_test_train[M * POINTS], k_test[M * M], mean[M], covariance[M * M], expected[M], variance[M];
    for (int i = 0; i < POINTS; i++) at[i] = (1 + (i < SEEN ? i : 2 * (i - SEEN))) / (double)SEEN;
    for (int i = 0; i < POINTS; i++) y[i] = sin(7 * at[i]);
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < POINTS; j++) k_train[i * POINTS + j] = fmin(at[i], at[j]);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < POINTS; j++) k_test_train[i * POINTS + j] = fmin(x[i], at[j]);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) k_test[i * M + j] = fmin(x[i], x[j]);
    const struct gaussian_process process = {POINTS, M, 1, y, k_train, k_test_train, k_test};
    assert_int_equal(gaussian_process_posterior(&process, NULL, mean, covariance), OK);
    for (int i = 0; i < M; i++) {
        double left = floor(x[i] * SEEN) / SEEN, share = fmin(x[i] * SEEN - left * SEEN, 1);
        if (x[i] > 1) left = 1, share = 0;
        expected[i] = (1 - share) * sin(7 * left) + share * (x[i] > 1 ? 0 : sin(7 * (left + 1.0 / SEEN)));
        variance[i] = x[i] > 1 ? x[i] - 1 : share * (1 - share) / SEEN;
        tally_error(&tally, "variance", fabs(covariance[i * M + i] - variance[i]));
    }
    tally_arrays(&tally, "mean", M, mean, expected);
    tally_end(&tally);
}

/* No kernel at all (inputs of 0, no bias): nothing is learned. */
static void test_zero_kernel(void **state) {
    (void)state;
    static const double zero[N * N];
    static struct problem problem;
    double mean[M * K], covariance[M * M];
    problem_create(FEATURES, 0, &problem);
    const struct gaussian_process process = {N, M, K, problem.y, zero, zero, problem.k_test};
    assert_int_equal(gaussian_process_posterior(&process, NULL, mean, covariance), OK);
    for (int i = 0; i < M * K; i++) assert_true(mean[i] == 0);
    assert_true(relative_error(M * M, covariance, problem.k_test) <= 4 * DBL_EPSILON);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),       cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_roots),        cmocka_unit_test(test_draws),
                                       cmocka_unit_test(test_few_features), cmocka_unit_test(test_duplicates),
                                       cmocka_unit_test(test_line),         cmocka_unit_test(test_zero_kernel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
