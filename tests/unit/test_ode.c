/* The integrator on problems with known solutions. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "ode.h"

enum { N = 13, TIMES = 5 };
static const double times[TIMES] = {0.37, 0.37, 2.385, 40, 1000};

struct problem {
    double stiffest; /* decay rates from 1e-3 to this one */
    double solution[TIMES * N];
    int64_t n, products, calls, stop_after;
};

static void reached(int64_t i, const double *y, void *context) {
    struct problem *problem = context;
    memcpy(problem->solution + i * problem->n, y, (size_t)problem->n * sizeof *y);
}

static bool stop(void *context) {
    struct problem *problem = context;
    return problem->calls++ >= problem->stop_after;
}

/* ---- y' = Q (-diag(decay)) Q (y - end(t)) + end'(t), Q a reflection: stiff and coupled; end = (sin t, 2 sin t, ...) ---- */

static double decay(const struct problem *problem, int i) {
    return 1e-3 * pow(problem->stiffest / 1e-3, i / (N - 1.0));
}

/* x - 2 u (u x) with u = (1, ..., 1)/sqrt(N) */
static void reflect(double *x) {
    double mean = 0;
    for (int i = 0; i < N; i++) mean += x[i] / N;
    for (int i = 0; i < N; i++) x[i] -= 2 * mean;
}

static void relax(const struct problem *problem, double *x) {
    reflect(x);
    for (int i = 0; i < N; i++) x[i] *= -decay(problem, i);
    reflect(x);
}

static void stiff_rate(double t, const double *y, double *rate, void *context) {
    for (int i = 0; i < N; i++) rate[i] = y[i] - (i + 1) * sin(t);
    relax(context, rate);
    for (int i = 0; i < N; i++) rate[i] += (i + 1) * cos(t);
}

static void stiff_jacobian(double t, const double *y, const double *rate, const double *v, double *product,
                           void *context) {
    (void)t, (void)y, (void)rate;
    struct problem *problem = context;
    problem->products++;
    memcpy(product, v, N * sizeof *v);
    relax(problem, product);
}

static void stiff_exact(const struct problem *problem, double t, double *y) {
    for (int i = 0; i < N; i++) y[i] = 1;
    reflect(y);
    for (int i = 0; i < N; i++) y[i] *= exp(-decay(problem, i) * t);
    reflect(y);
    for (int i = 0; i < N; i++) y[i] += (i + 1) * sin(t);
}

static struct ode stiff(struct problem *problem, int with_jacobian) {
    return (struct ode){.n = problem->n,
                        .rate = stiff_rate,
                        .jacobian = with_jacobian ? stiff_jacobian : NULL,
                        .reached = reached,
                        .context = problem,
                        .relative = 1e-9,
                        .absolute = 1e-9};
}

static void test_stiff(void **state) {
    (void)state;
    struct tally tally = {"stiff linear problems with and without their Jacobian", 1e-6, 0};
    static const double stiffest[] = {1, 1e3, 1e7};
    for (int i = 0; i < 3; i++)
        for (int with_jacobian = 0; with_jacobian < 2; with_jacobian++) {
            struct problem problem = {.stiffest = stiffest[i], .n = N};
            const struct ode ode = stiff(&problem, with_jacobian);
            double y[N], exact[N];
            int64_t done = -1;
            for (int j = 0; j < N; j++) y[j] = 1;
            assert_int_equal(ode_integrate(&ode, 0, y, TIMES, times, &done), OK);
            assert_int_equal(done, TIMES);
            assert_true((problem.products > 0) == with_jacobian);
            for (int time = 0; time < TIMES; time++) {
                stiff_exact(&problem, times[time], exact);
                tally_arrays(&tally, "time", N, problem.solution + time * N, exact);
            }
            assert_memory_equal(y, problem.solution + (TIMES - 1) * N, sizeof y);
        }
    tally_end(&tally);
}

/* Equal bits, also where a time is the beginning. */
static void test_equal(void **state) {
    (void)state;
    struct problem problem[2] = {{.stiffest = 1e3, .n = N}, {.stiffest = 1e3, .n = N}};
    static const double from_start[] = {0, 1, 20};
    for (int i = 0; i < 2; i++) {
        double y[N] = {0.3, -2.385};
        int64_t done;
        const struct ode ode = stiff(&problem[i], 1);
        assert_int_equal(ode_integrate(&ode, 0, y, 3, from_start, &done), OK);
        assert_true(problem[i].solution[0] == 0.3 && problem[i].solution[1] == -2.385);
    }
    assert_memory_equal(problem[0].solution, problem[1].solution, sizeof problem->solution);
}

static void test_stop(void **state) {
    (void)state;
    for (int64_t calls = 0; calls < 200; calls += 67) {
        struct problem problem = {.stiffest = 1e3, .n = N, .stop_after = calls};
        struct ode ode = stiff(&problem, 1);
        double y[N] = {1};
        int64_t done;
        ode.host = &(struct host){stop, &problem};
        assert_int_equal(ode_integrate(&ode, 0, y, TIMES, times, &done), ERROR_INTERRUPTED);
        assert_int_equal(problem.calls, calls + 1);
    }
}

/* ---- others ---- */

static void oscillator_rate(double t, const double *y, double *rate, void *context) {
    (void)t, (void)context;
    rate[0] = y[1];
    rate[1] = -y[0];
}

static void test_oscillator(void **state) {
    (void)state;
    struct tally tally = {"harmonic oscillator", 1e-5, 0};
    struct problem problem = {.n = 2};
    const struct ode ode = {2, oscillator_rate, NULL, reached, &problem, NULL, 1e-10, 1e-12};
    double y[2] = {0, 2.385};
    int64_t done;
    assert_int_equal(ode_integrate(&ode, 0, y, TIMES, times, &done), OK);
    assert_int_equal(done, TIMES);
    for (int i = 0; i < TIMES; i++) {
        const double exact[2] = {2.385 * sin(times[i]), 2.385 * cos(times[i])};
        tally_arrays(&tally, "time", 2, problem.solution + 2 * i, exact);
    }
    tally_end(&tally);
}

/* y' = y^2 from 1 is 1/(1 - t): nothing behind t = 1. */
static void explosion_rate(double t, const double *y, double *rate, void *context) {
    (void)t, (void)context;
    rate[0] = y[0] * y[0];
}

static void nan_rate(double t, const double *y, double *rate, void *context) {
    (void)y, (void)context;
    rate[0] = t > 1 ? (double)NAN : 1;
}

static void test_failures(void **state) {
    (void)state;
    struct problem problem = {.n = 1};
    struct ode ode = {1, explosion_rate, NULL, reached, &problem, NULL, 1e-8, 1e-10};
    int64_t done = -1;
    assert_int_equal(ode_integrate(&ode, 0, (double[]){1}, TIMES, times, &done), OK);
    assert_int_equal(done, 2);
    assert_true(fabs(problem.solution[1] * (1 - times[1]) - 1) < 1e-6);
    ode.rate = nan_rate;
    assert_int_equal(ode_integrate(&ode, 0, (double[]){1}, TIMES, times, &done), OK);
    assert_int_equal(done, 2);
    ode.host = &(struct host){stop, &problem};
    problem.stop_after = 2;
    assert_int_equal(ode_integrate(&ode, 2, (double[]){1}, 2, times + 3, &done),
                     OK); /* gives up after the first call */
    assert_int_equal(done, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stiff), cmocka_unit_test(test_equal),
                                       cmocka_unit_test(test_stop), cmocka_unit_test(test_oscillator),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
