/* The flows of closed.h: stated values, Runge-Kutta methods, differences, and that one-dimensional flows never cross. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "closed.h"
#include "random.h"

enum { SAMPLES = 2000 };

static const struct kind {
    int example, reading;
    const char *name;
} kinds[] = {{EXAMPLE_1, READING_INPUT, "example 1, input"},
             {EXAMPLE_2, READING_INPUT, "example 2, input"},
             {EXAMPLE_1, READING_STATE, "example 1, state"},
             {EXAMPLE_2, READING_STATE, "example 2, state"},
             {EXAMPLE_3, READING_INPUT, "example 3"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct case_of {
    double x, w1, w2, t;
};

static struct flow flow_of(const struct kind *kind, struct case_of at) {
    const struct closed closed = {kind->example, kind->reading, at.t};
    return closed_flow(&closed, at.x, at.w1, at.w2);
}

static void assert_within(const char *what, double worst, double low, double high) {
    print_message("  %-60s %.3g (band %.3g to %.3g)\n", what, worst, low, high);
    assert_true(worst >= low && worst <= high);
}

/* ---- stated values ---- */

static void test_table(void **state) {
    (void)state;
    static const struct {
        struct case_of at;
        double f[4];
    } rows[] = {{{-1, 2, .5, 1}, {0.562500000000, 0.891411538058, -0.265999966775, 0.160491759111}},
                {{.5, -1.3, .4, 1}, {0.311538461538, 0.583333333333, 1.112687268616, 1.549250925534}},
                {{2, -1.3, .4, 1}, {1.750000000000, 2.083333333333, 5.190110011305, 5.626673668223}},
                {{-.8, 3, .5, 1}, {1.215000000000, 1.548015635187, 0.878809333471, 1.314570705606}}};
    double worst = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 4; k++) worst = fmax(worst, fabs(flow_of(&kinds[k], rows[i].at).f - rows[i].f[k]));
    assert_within("stated values", worst, 0, 1e-11);
}

/* ---- Runge-Kutta ---- */

static double rate(const struct kind *kind, struct case_of at, double s, double f) {
    double drive = at.w1 * s + at.w2 + (kind->example == EXAMPLE_2 ? s * s : 0);
    if (kind->example == EXAMPLE_3) return fmax(0, f);
    return (kind->reading == READING_STATE ? f : at.x) + drive;
}
static double rectified(const struct kind *kind, struct case_of at, double s, double f) {
    return fmax(0, rate(kind, at, s, f));
}
static double start(const struct kind *kind, struct case_of at) {
    return kind->example == EXAMPLE_3 || kind->reading == READING_STATE ? at.x : 0;
}

typedef double step_of(const struct kind *kind, struct case_of at, double s, double f, double h);

static double euler(const struct kind *kind, struct case_of at, double s, double f, double h) {
    return f + h * rectified(kind, at, s, f);
}
static double midpoint(const struct kind *kind, struct case_of at, double s, double f, double h) {
    return f + h * rectified(kind, at, s + h / 2, f + h / 2 * rectified(kind, at, s, f));
}
static double rk4(const struct kind *kind, struct case_of at, double s, double f, double h) {
    double a = rectified(kind, at, s, f), b = rectified(kind, at, s + h / 2, f + h / 2 * a);
    double c = rectified(kind, at, s + h / 2, f + h / 2 * b), d = rectified(kind, at, s + h, f + h * c);
    return f + h / 6 * (a + 2 * b + 2 * c + d);
}

/* As fine as 2^17 steps a unit of time where the rectifier turns, and as 2^9 elsewhere. */
static double fine(const struct kind *kind, struct case_of at, double s, double f, double h, int halvings) {
    double next = rk4(kind, at, s, f, h);
    bool turns = (rate(kind, at, s, f) > 0) != (rate(kind, at, s + h, next) > 0);
    if (!turns || halvings == 0) return next;
    double middle = fine(kind, at, s, f, h / 2, halvings - 1);
    return fine(kind, at, s + h / 2, middle, h / 2, halvings - 1);
}

static double integral(const struct kind *kind, struct case_of at, step_of *step, int steps) {
    double f = start(kind, at), h = at.t / steps;
    for (int i = 0; i < steps; i++) f = step ? step(kind, at, i * h, f, h) : fine(kind, at, i * h, f, h, 8);
    return f;
}

static struct case_of sample(int number) {
    double u[4];
    random_uniform(11, RANDOM_TEST, 0, 4 * number, 4, u);
    return (struct case_of){1.2 * u[0], 1.7 * u[1], u[2], 0.1 + 0.55 * (u[3] + sqrt(3))};
}

static void test_integrated(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        double worst = 0;
        for (int i = 0; i < SAMPLES; i++) {
            struct case_of at = sample(i);
            double f = flow_of(&kinds[k], at).f;
            worst = fmax(worst, fabs(f - integral(&kinds[k], at, NULL, 1024)) / (1 + fabs(f)));
        }
        char what[80];
        snprintf(what, sizeof what, "%s: f beside Runge-Kutta 4, over 1 + |f|", kinds[k].name);
        assert_within(what, worst, 0, 1e-8);
    }
}

static double slope_of(const struct kind *kind, step_of *step) {
    enum { FIRST = 2, LAST = 9, FEW = 200 };
    double xy = 0, xx = 0, middle = (FIRST + LAST) / 2.0;
    for (int level = FIRST; level <= LAST; level++) {
        double error = 0;
        for (int i = 0; i < FEW; i++)
            error += fabs(integral(kind, sample(i), step, 1 << level) - flow_of(kind, sample(i)).f) / FEW;
        xy += (level - middle) * log2(error);
        xx += (level - middle) * (level - middle);
    }
    return xy / xx;
}

static void test_slopes(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        char what[80];
        bool is_smooth = kinds[k].example == EXAMPLE_3;
        snprintf(what, sizeof what, "%s: slope of the error of L = 4 .. 512 steps, Euler", kinds[k].name);
        assert_within(what, slope_of(&kinds[k], euler), -1.06, -0.93);
        snprintf(what, sizeof what, "%s: midpoint", kinds[k].name);
        assert_within(what, slope_of(&kinds[k], midpoint), -2.1, -1.9);
        snprintf(what, sizeof what, "%s: Runge-Kutta 4", kinds[k].name);
        assert_within(what, slope_of(&kinds[k], rk4), is_smooth ? -4.1 : -2.2, is_smooth ? -3.8 : -1.8);
    }
}

/* ---- derivatives ---- */

static double difference(const struct kind *kind, struct case_of at, int which) {
    const double step = 1e-7;
    struct case_of ends[2] = {at, at};
    double *moved[2][3] = {{&ends[0].x, &ends[0].w1, &ends[0].w2}, {&ends[1].x, &ends[1].w1, &ends[1].w2}};
    *moved[0][which] -= step;
    *moved[1][which] += step;
    return (flow_of(kind, ends[1]).f - flow_of(kind, ends[0]).f) / (2 * step);
}

static void test_derivatives(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        double worst = 0;
        for (int i = 0; i < SAMPLES; i++) {
            struct flow flow = flow_of(&kinds[k], sample(i));
            const double derivative[] = {flow.x, flow.w1, flow.w2};
            for (int which = 0; which < (kinds[k].example == EXAMPLE_3 ? 1 : 3); which++) {
                double expected = difference(&kinds[k], sample(i), which);
                worst = fmax(worst, fabs(derivative[which] - expected) / (1 + fabs(expected)));
            }
        }
        char what[80];
        snprintf(what, sizeof what, "%s: f_x, f_w1, f_w2 beside differences", kinds[k].name);
        assert_within(what, worst, 0, 1e-6);
    }
}

/* ---- what cannot be ---- */

static void test_no_crossing(void **state) {
    (void)state;
    enum { FLOWS = 400, TIMES = 5 };
    int crossings = 0;
    for (int k = 2; k < KINDS; k++)
        for (int i = 0; i < FLOWS; i++)
            for (int time = 1; time <= TIMES; time++) {
                struct case_of low = sample(i), high = low;
                low.t = high.t = 0.4 * time;
                high.x += 1e-3 * (1 + i % 7);
                crossings += flow_of(&kinds[k], low).f >= flow_of(&kinds[k], high).f;
            }
    assert_within("crossings of flows that are ahead of each other", crossings, 0, 0);
}

/* On edges: nothing to be rectified, slopes that decide, parabolas that touch 0; what is no number stays none. */
static void test_edges(void **state) {
    (void)state;
    static const struct {
        struct case_of at;
        double f[4];
    } rows[] = {{{0, 0, 0, 2}, {0, 8 / 3.0, 0, 2 * 7.38905609893065 - 10}},
                {{-1, 2, 1, 1}, {1, 4 / 3.0, -1 + 2 * (2.718281828459045 - 2), (double)NAN}},
                {{1, -2, 0, 2}, {0.25, 2 / 3.0, (double)NAN, (double)NAN}},
                {{1, 0, 0, 2}, {2, 2 + 8 / 3.0, 7.38905609893065, (double)NAN}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 4; k++) {
            double f = flow_of(&kinds[k], rows[i].at).f, right = integral(&kinds[k], rows[i].at, NULL, 1024);
            if (!isnan(rows[i].f[k])) assert_true(fabs(f - rows[i].f[k]) <= 1e-11);
            assert_true(fabs(f - right) <= 1e-8 * (1 + fabs(right)));
        }
    const double bad[] = {(double)NAN, HUGE_VAL, -HUGE_VAL};
    for (int b = 0; b < 3; b++)
        for (int k = 0; k < KINDS; k++) {
            assert_true(!isfinite(flow_of(&kinds[k], (struct case_of){bad[b], 1, 1, 1}).f));
            assert_true(!isfinite(flow_of(&kinds[k], (struct case_of){1, bad[b], 1, 1}).f));
            assert_true(!isfinite(flow_of(&kinds[k], (struct case_of){1, 1, bad[b], 1}).f));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_integrated),  cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_derivatives), cmocka_unit_test(test_no_crossing), cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
