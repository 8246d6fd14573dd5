/* Predictions without stepping against steps in long double and against plain integrations: rates below and above the stable one,
 * spectra over many decades, singular kernels. */
#include "tally.h"

#include <stdio.h>
#include <string.h>

#include "eigen.h"
#include "prediction.h"
#include "random.h"

enum { N = 7, M = 4, K = 3, ALL = N + M };

struct problem {
    double kernel[ALL * N]; /* [train; test] with train */
    double f[ALL * K], y[N * K];
    double vector[N * N], lambda[N];
};

/* Theta = A A' with A [ALL, rank], whose columns fall by `decades` decades, so that Theta's eigenvalues fall by twice as many. */
static void problem_create(int rank, double decades, struct problem *problem) {
    double a[ALL * N];
    random_normal(11, RANDOM_TEST, 1, 0, ALL * rank, a);
    random_normal(11, RANDOM_TEST, 2, 0, ALL * K, problem->f);
    random_normal(11, RANDOM_TEST, 3, 0, N * K, problem->y);
    for (int i = 0; i < ALL * rank; i++) a[i] *= pow(10, -decades * (i % rank) / rank);
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int c = 0; c < rank; c++) sum += a[i * rank + c] * a[j * rank + c];
            problem->kernel[i * N + j] = sum;
        }
    memcpy(problem->vector, problem->kernel, sizeof problem->vector);
    assert_int_equal(la_eigen(N, 1, problem->vector, problem->lambda, NULL), OK);
}

static double stable_rate(const struct problem *problem) { return 2 / problem->lambda[N - 1]; }

static void predict(struct problem *problem, const struct prediction_descent *descent, double steps, double *f_test) {
    struct prediction_kernel kernel = {N, M, K, problem->lambda, problem->vector, problem->kernel + N * N};
    double residual[N * K];
    struct prediction prediction;
    struct arena arena = arena_counting();
    prediction_create(&kernel, &arena, &prediction);
    assert_int_equal(arena_create(arena.peak, &arena), OK);
    prediction_create(&kernel, &arena, &prediction);
    for (int i = 0; i < N * K; i++) residual[i] = problem->f[i] - problem->y[i];
    prediction_start(residual, problem->f + N * K, &prediction);
    prediction_at(&prediction, descent, steps / 2, f_test); /* leaves nothing behind */
    prediction_at(&prediction, descent, steps, f_test);
    arena_free(&arena);
}

/* ---- the mean squared error ---- */

/* At that step. */
static long double rate_at(const struct prediction_descent *descent, int64_t step) {
    const long double pi = acosl(-1), rate = (long double)descent->rate;
    if (descent->schedule.kind == SCHEDULE_CONSTANT) return rate;
    return rate * (1 + cosl(pi * (long double)step / (long double)descent->schedule.steps)) / 2;
}

/* v <- beta v - r Theta(all, X) (f(X) - y); f <- f + v, each output for itself. */
static void step_heavy_ball(const struct problem *problem, const struct prediction_descent *descent, long double rate,
                            long double *f, long double *v) {
    long double residual[N * K];
    for (int i = 0; i < N * K; i++) residual[i] = f[i] - (long double)problem->y[i];
    for (int i = 0; i < ALL * K; i++) {
        v[i] *= (long double)descent->momentum;
        for (int j = 0; j < N; j++)
            v[i] -= rate * (long double)problem->kernel[i / K * N + j] * residual[j * K + i % K];
        f[i] += v[i];
    }
}

static void step_many(const struct problem *problem, const struct prediction_descent *descent, int64_t steps,
                      double *f_test) {
    long double f[ALL * K], v[ALL * K] = {0};
    for (int i = 0; i < ALL * K; i++) f[i] = (long double)problem->f[i];
    for (int64_t step = 0; step < steps; step++) step_heavy_ball(problem, descent, rate_at(descent, step), f, v);
    for (int i = 0; i < M * K; i++) f_test[i] = (double)f[N * K + i];
}

/* An eigensystem is exact to roundings of lambda_max, which modes without decay carry on: per 1000 of r lambda_max t/(1 - beta).
 * N roundings each of its values and of its vectors, so carried. */
static const double CARRIED = 2 * N * 1000 * DBL_EPSILON;

static void check_discrete(struct problem *problem, double fraction, double beta, int schedule, struct tally *tally) {
    double rate = fraction * (1 + beta) * stable_rate(problem);
    const struct prediction_descent descent = {DYNAMICS_DISCRETE, rate, beta, {schedule, 3001}};
    for (int64_t steps = 1; steps <= 3000; steps = 3 * steps + 1) {
        double predicted[M * K], stepped[M * K], carried = (double)steps * rate * problem->lambda[N - 1] / (1 - beta);
        char label[80];
        snprintf(label, sizeof label, "%g of the stable rate, momentum %g, schedule %d, step %d", fraction, beta,
                 schedule, (int)steps);
        predict(problem, &descent, (double)steps, predicted);
        step_many(problem, &descent, steps, stepped);
        tally_error(tally, label, relative_error(M * K, predicted, stepped) / fmax(1, carried / 1000));
    }
}

static void test_discrete(void **state) {
    (void)state;
    static const double fractions[] = {0, 1e-9, 0.3, 0.5,
                                       0.97}; /* of the largest stable rate 2 (1 + beta)/lambda_max */
    static const int ranks[] = {N, 4, N};
    static const double decades[] = {0, 0, 4};
    struct tally tally = {"discrete = steps, 3 spectra, 5 rates, momentum 0 and 0.9, 2 schedules", CARRIED, 0};
    for (int s = 0; s < 3; s++) {
        static struct problem problem;
        problem_create(ranks[s], decades[s], &problem);
        for (int f = 0; f < 20; f++) check_discrete(&problem, fractions[f / 4], f % 2 ? 0.9 : 0, f / 2 % 2, &tally);
    }
    tally_end(&tally);
}

/* Above the stable rate: the prediction diverges as the steps do. */
static void test_diverging(void **state) {
    (void)state;
    struct tally tally = {"discrete = steps at 1.2 times the stable rate", 1e-12, 0};
    static struct problem problem;
    problem_create(N, 0, &problem);
    for (int momentum = 0; momentum < 2; momentum++) {
        double predicted[M * K], stepped[M * K], beta = momentum ? 0.9 : 0;
        const struct prediction_descent descent = {
            DYNAMICS_DISCRETE, 1.2 * (1 + beta) * stable_rate(&problem), beta, {0}};
        predict(&problem, &descent, 37, predicted);
        step_many(&problem, &descent, 37, stepped);
        assert_true(fabs(stepped[0]) > 10);
        tally_arrays(&tally, momentum ? "momentum" : "plain", M * K, predicted, stepped);
    }
    tally_end(&tally);
}

static long double gain_stepped(double lambda, const struct prediction_descent *descent, int64_t steps) {
    long double beta = (long double)descent->momentum, gain = 0, before = 0;
    for (int64_t step = 0; step < steps; step++) {
        long double rate = rate_at(descent, step);
        long double after = (1 + beta - rate * (long double)lambda) * gain - beta * before + rate;
        before = gain;
        gain = after;
    }
    return gain;
}

static void test_gains(void **state) {
    (void)state;
    enum { MODES = 13, STEPS = 5000 };
    struct tally discrete = {"gains = the mode's recursion, lambda from 0 on", 1e-12, 0},
                 flow = {"gains of gradient flow", 1e-14, 0};
    static const double lambda[MODES] = {-1e-17, 0, 1e-300, 1e-17, 1e-12, 1e-7, 1e-5, 2.3e-3, 0.1, 0.7, 1, 1.385, 1.9};
    const struct prediction_kernel kernel = {MODES, 0, 1, lambda, NULL, NULL};
    double gain[MODES];
    for (int form = 0; form < 6; form++) {
        const struct prediction_descent descent = {DYNAMICS_DISCRETE, 1, 0.45 * (form / 2), {form % 2, STEPS + 385}};
        prediction_gains(&kernel, &descent, STEPS, gain);
        for (int i = 0; i < MODES; i++)
            tally_numbers(&discrete, "mode", gain[i], (double)gain_stepped(lambda[i], &descent, STEPS));
    }
    prediction_gains(&kernel, &(struct prediction_descent){DYNAMICS_FLOW, 0.37, 0.9, {0}}, STEPS, gain);
    for (int i = 0; i < MODES; i++) {
        long double l = (long double)lambda[i],
                    exact = l == 0 ? 0.37L * STEPS : -expm1l(-(long double)0.37 * l * STEPS) / l;
        tally_numbers(&flow, "mode", gain[i], (double)exact);
    }
    tally_end(&discrete);
    tally_end(&flow);
}

/* Steps ten times smaller bring discrete ten times nearer to flow. */
static void test_small_steps(void **state) {
    (void)state;
    static struct problem problem;
    problem_create(N, 1, &problem);
    double flow[M * K], discrete[M * K], errors[3];
    for (int i = 0; i < 3; i++) {
        double rate = 0.01 * pow(10, -i) * stable_rate(&problem), steps = 2000 * pow(10, i);
        predict(&problem, &(struct prediction_descent){DYNAMICS_FLOW, rate, 0, {0}}, steps, flow);
        predict(&problem, &(struct prediction_descent){DYNAMICS_DISCRETE, rate, 0, {0}}, steps, discrete);
        errors[i] = relative_error(M * K, discrete, flow);
    }
    print_message("  discrete - flow at three rates: %.2e %.2e %.2e\n", errors[0], errors[1], errors[2]);
    assert_true(errors[0] < 0.01 && fabs(errors[0] / errors[1] - 10) < 0.5 && fabs(errors[1] / errors[2] - 10) < 0.05);
}

/* ---- gradient flow, integrated plainly ---- */

typedef void residual_of(const struct problem *problem, const double *f, double *residual);

static void residual_mse(const struct problem *problem, const double *f, double *residual) {
    for (int i = 0; i < N * K; i++) residual[i] = f[i] - problem->y[i];
}

/* Labels i mod K. */
static double label_of(int i) { return i / K % K == i % K; }

static void residual_cross_entropy(const struct problem *problem, const double *f, double *residual) {
    (void)problem;
    for (int i = 0; i < N * K; i++) {
        double sum = 0;
        for (int c = 0; c < K; c++) sum += exp(f[i / K * K + c] - f[i]);
        residual[i] = 1 / sum - label_of(i);
    }
}

struct plain_flow {
    const struct problem *problem;
    residual_of *residual;
    double rate;
};

static void slope_of(const struct plain_flow *flow, const double *f, double *slope) {
    double residual[N * K];
    flow->residual(flow->problem, f, residual);
    for (int i = 0; i < ALL * K; i++) {
        slope[i] = 0;
        for (int j = 0; j < N; j++)
            slope[i] -= flow->rate * flow->problem->kernel[i / K * N + j] * residual[j * K + i % K];
    }
}

static void step_runge_kutta(const struct plain_flow *flow, double h, double *f) {
    static const double at[] = {0, 0.5, 0.5, 1}, weight[] = {1, 2, 2, 1};
    double slope[ALL * K] = {0}, sum[ALL * K] = {0}, moved[ALL * K];
    for (int stage = 0; stage < 4; stage++) {
        for (int i = 0; i < ALL * K; i++) moved[i] = f[i] + h * at[stage] * slope[i];
        slope_of(flow, moved, slope);
        for (int i = 0; i < ALL * K; i++) sum[i] += weight[stage] / 6 * slope[i];
    }
    for (int i = 0; i < ALL * K; i++) f[i] += h * sum[i];
}

static void step_euler(const struct plain_flow *flow, double h, double *f) {
    double slope[ALL * K];
    slope_of(flow, f, slope);
    for (int i = 0; i < ALL * K; i++) f[i] += h * slope[i];
}

typedef void plain_step(const struct plain_flow *flow, double h, double *f);

static void integrate(const struct plain_flow *flow, plain_step *step, double from, double to, double h, double *f) {
    int64_t steps = (int64_t)ceil((to - from) / h);
    for (int64_t i = 0; i < steps; i++) step(flow, (to - from) / (double)steps, f);
}

static void test_flow(void **state) {
    (void)state;
    struct tally tally = {"flow = Runge-Kutta, mean squared error", 1e-9, 0};
    static struct problem problem;
    problem_create(N, 1, &problem);
    const struct plain_flow flow = {&problem, residual_mse, 0.5 * stable_rate(&problem)};
    double f[ALL * K], predicted[M * K], before = 0;
    memcpy(f, problem.f, sizeof f);
    for (double time = 1; time <= 1000; time *= 10) {
        integrate(&flow, step_runge_kutta, before, time, 0.01, f);
        predict(&problem, &(struct prediction_descent){DYNAMICS_FLOW, flow.rate, 0, {0}}, time, predicted);
        tally_arrays(&tally, "time", M * K, predicted, f + N * K);
        before = time;
    }
    tally_end(&tally);
}

/* ---- cross-entropy ---- */

enum { TIMES = 6 };
static const int64_t times[TIMES] = {0, 1, 10, 100, 1000, 10000};

struct counter {
    int calls, most;
};

static bool stop_after(void *context) {
    struct counter *counter = context;
    return ++counter->calls > counter->most;
}

struct cross_entropy {
    double y[N * K];
    double train_train[N * K * N * K], test_train[M * K * N * K]; /* Theta x I_k */
    struct prediction_flow flow;
};

static void spread_outputs(int rows, const double *theta, double *spread) {
    for (int i = 0; i < rows * K; i++)
        for (int j = 0; j < N * K; j++) spread[i * N * K + j] = i % K == j % K ? theta[i / K * N + j / K] : 0;
}

/* In the layout of the infinite-width kernel, or, `is_spread`, in that of the empirical one. */
static void cross_entropy_create(const struct problem *problem, int is_spread, double rate,
                                 struct cross_entropy *entropy) {
    spread_outputs(N, problem->kernel, entropy->train_train);
    spread_outputs(M, problem->kernel + N * N, entropy->test_train);
    for (int i = 0; i < N * K; i++) entropy->y[i] = label_of(i);
    int rows = is_spread ? K : 1;
    entropy->flow = (struct prediction_flow){
        .n = N * rows,
        .m = M * rows,
        .columns = K / rows,
        .k = K,
        .train_train = is_spread ? entropy->train_train : problem->kernel,
        .test_train = is_spread ? entropy->test_train : problem->kernel + N * N,
        .y = entropy->y,
        .f0_train = problem->f,
        .f0_test = problem->f + N * K,
        .rate = rate,
        .count = TIMES,
        .step = times,
    };
}

/* The integrator's tolerance (prediction.h) is that of a step; some hundred of them add up, in each of two integrations. A sum over K outputs stays
 * in every step, but for what its iteration leaves: no more than the tolerance of each. */
static const double INTEGRATED = 1e-8, FLOWN = 100 * 1e-8;

static void test_cross_entropy(void **state) {
    (void)state;
    struct tally integration = {"cross-entropy flow = Runge-Kutta, 8 decades", FLOWN, 0},
                 layouts = {"cross-entropy flow: Theta x I_k and columns", 2 * FLOWN, 0},
                 mass = {"cross-entropy flow: the sum over outputs stays", K * INTEGRATED, 0};
    static struct problem problem;
    static struct cross_entropy entropy;
    problem_create(N, 4, &problem);
    double rate = 0.5 * stable_rate(&problem), f[ALL * K], predicted[2][TIMES * M * K];
    for (int is_spread = 0; is_spread < 2; is_spread++) {
        cross_entropy_create(&problem, is_spread, rate, &entropy);
        assert_int_equal(prediction_flow(&entropy.flow, predicted[is_spread]), OK);
    }
    const struct plain_flow flow = {&problem, residual_cross_entropy, rate};
    memcpy(f, problem.f, sizeof f);
    for (int i = 0; i < TIMES; i++) {
        if (i) integrate(&flow, step_runge_kutta, (double)times[i - 1], (double)times[i], 0.1, f);
        tally_arrays(&integration, "time", M * K, predicted[0] + i * M * K, f + N * K);
        tally_arrays(&layouts, "time", M * K, predicted[1] + i * M * K, predicted[0] + i * M * K);
        for (int example = 0; example < M; example++) {
            const double *now = predicted[0] + (i * M + example) * K, *first = problem.f + (N + example) * K;
            tally_error(&mass, "example", fabs(now[0] + now[1] + now[2] - first[0] - first[1] - first[2]));
        }
    }
    tally_end(&integration);
    tally_end(&layouts);
    tally_end(&mass);
}

/* Steps of gradient descent come nearer to the flow in proportion to the rate. */
static void test_cross_entropy_steps(void **state) {
    (void)state;
    static struct problem problem;
    static struct cross_entropy entropy;
    problem_create(N, 1, &problem);
    double rate = 0.5 * stable_rate(&problem), f[ALL * K], predicted[TIMES * M * K], errors[3];
    cross_entropy_create(&problem, 0, rate, &entropy);
    assert_int_equal(prediction_flow(&entropy.flow, predicted), OK);
    const struct plain_flow flow = {&problem, residual_cross_entropy, rate};
    for (int i = 0; i < 3; i++) {
        memcpy(f, problem.f, sizeof f);
        integrate(&flow, step_euler, 0, (double)times[3], pow(10, -i - 1), f);
        errors[i] = relative_error(M * K, f + N * K, predicted + 3 * M * K);
    }
    print_message("  cross-entropy steps - flow at three rates: %.2e %.2e %.2e\n", errors[0], errors[1], errors[2]);
    assert_true(fabs(errors[0] / errors[1] - 10) < 0.5 && fabs(errors[1] / errors[2] - 10) < 0.5);
}

static void test_cross_entropy_ends(void **state) {
    (void)state;
    static struct problem problem;
    static struct cross_entropy entropy;
    problem_create(N, 1, &problem);
    double predicted[TIMES * M * K];
    cross_entropy_create(&problem, 0, stable_rate(&problem), &entropy);
    for (int most = 0; most < 100; most += 33) {
        entropy.flow.host = &(struct host){stop_after, &(struct counter){.most = most}};
        assert_int_equal(prediction_flow(&entropy.flow, predicted), ERROR_INTERRUPTED);
    }
    entropy.flow.host = NULL;
    entropy.y[2] = (double)NAN;
    assert_int_equal(prediction_flow(&entropy.flow, predicted), OK);
    for (int i = 0; i < TIMES * M * K; i++)
        assert_true(i < M * K ? predicted[i] == problem.f[N * K + i] : isnan(predicted[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discrete),    cmocka_unit_test(test_diverging), cmocka_unit_test(test_gains),
        cmocka_unit_test(test_small_steps), cmocka_unit_test(test_flow),
    };
    const struct CMUnitTest integrated[] = {
        cmocka_unit_test(test_cross_entropy),
        cmocka_unit_test(test_cross_entropy_steps),
        cmocka_unit_test(test_cross_entropy_ends),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return HAS_SUNDIALS ? failed + cmocka_run_group_tests(integrated, NULL, NULL) : failed;
}
