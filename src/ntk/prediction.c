/* Built with doubles (REAL_BITS 64). */
#include "prediction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "ode.h"
#include "simd.h"

/* ---- the mean squared error: closed forms ---- */

/* (1 - (1 - r lambda)^t)/lambda, with its limit r t at lambda = 0. */
static double gain_discrete(double lambda, double rate, double steps) {
    double decay = rate * lambda;
    if (decay == 0) return steps * rate;
    if (decay < 1) return -expm1(steps * log1p(-decay)) / lambda;
    return (1 - pow(1 - decay, steps)) / lambda;
}

/* (1 - exp(-r lambda t))/lambda, with the same limit. */
static double gain_flow(double lambda, double rate, double steps) {
    double decay = rate * lambda * steps;
    return decay == 0 ? steps * rate : -expm1(-decay) / lambda;
}

enum { LANES = 8 };

/* q after `steps` steps of d <- beta d + s (1 - decay q), q <- q + d from d = q = 0, s the step's share. */
SIMD_CLONES static void recursion(const double *restrict decay, const struct prediction_descent *descent, int64_t steps,
                                  double *restrict q) {
    double d[LANES] = {0}, beta = descent->momentum;
    for (int64_t step = 0; step < steps; step++) {
        double share = rate_share(&descent->schedule, step);
        for (int i = 0; i < LANES; i++) {
            d[i] = beta * d[i] + share * (1 - decay[i] * q[i]);
            q[i] += d[i];
        }
    }
}

static void gains_stepped(const struct prediction_kernel *kernel, const struct prediction_descent *descent,
                          double steps, double *gain) {
    for (int64_t from = 0; from < kernel->n; from += LANES) {
        int64_t count = kernel->n - from < LANES ? kernel->n - from : LANES;
        double decay[LANES] = {0}, q[LANES] = {0};
        for (int64_t i = 0; i < count; i++) decay[i] = descent->rate * kernel->lambda[from + i];
        recursion(decay, descent, (int64_t)steps, q);
        for (int64_t i = 0; i < count; i++) gain[from + i] = descent->rate * q[i];
    }
}

void prediction_gains(const struct prediction_kernel *kernel, const struct prediction_descent *descent, double steps,
                      double *gain) {
    bool is_flow = descent->dynamics == DYNAMICS_FLOW;
    if (!is_flow && (descent->momentum != 0 || descent->schedule.kind != SCHEDULE_CONSTANT)) {
        gains_stepped(kernel, descent, steps, gain);
        return;
    }
    for (int64_t i = 0; i < kernel->n; i++)
        gain[i] = (is_flow ? gain_flow : gain_discrete)(kernel->lambda[i], descent->rate, steps);
}

void prediction_create(const struct prediction_kernel *kernel, struct arena *arena, struct prediction *prediction) {
    int64_t n = kernel->n, m = kernel->m, columns = kernel->columns;
    *prediction = (struct prediction){.kernel = *kernel,
                                      .cross = ARENA_TAKE(arena, m * n, double),
                                      .residual = ARENA_TAKE(arena, n * columns, double),
                                      .f0 = ARENA_TAKE(arena, m * columns, double),
                                      .gain = ARENA_TAKE(arena, n, double),
                                      .scratch = ARENA_TAKE(arena, n * columns, double)};
}

void prediction_start(const double *residual, const double *f0_test, struct prediction *prediction) {
    const struct prediction_kernel *kernel = &prediction->kernel;
    int64_t n = kernel->n, m = kernel->m, columns = kernel->columns;
    la_gemm(LA_PLAIN, LA_PLAIN, m, n, n, 1, kernel->test_train, n, kernel->vector, n, 0, prediction->cross, n);
    la_gemm(LA_TRANSPOSED, LA_PLAIN, n, columns, n, 1, kernel->vector, n, residual, columns, 0, prediction->residual,
            columns);
    memcpy(prediction->f0, f0_test, (size_t)(m * columns) * sizeof *f0_test);
}

void prediction_at(struct prediction *prediction, const struct prediction_descent *descent, double steps,
                   double *f_test) {
    const struct prediction_kernel *kernel = &prediction->kernel;
    int64_t n = kernel->n, m = kernel->m, columns = kernel->columns;
    prediction_gains(kernel, descent, steps, prediction->gain);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < columns; c++)
            prediction->scratch[i * columns + c] = prediction->gain[i] * prediction->residual[i * columns + c];
    memcpy(f_test, prediction->f0, (size_t)(m * columns) * sizeof *f_test);
    la_gemm(LA_PLAIN, LA_PLAIN, m, columns, n, -1, prediction->cross, n, prediction->scratch, columns, 1, f_test,
            columns);
}

/* ---- cross-entropy: an integration ---- */

static const double TOLERANCE = 1e-8;

struct integration {
    const struct prediction_flow *flow;
    double *s, *f, *time; /* S and f(X) [n, columns], [count] */
    double *f_test;
};

static int64_t numbers(const struct prediction_flow *flow) { return flow->n * flow->columns; }

/* f[rows, columns] = base - r Theta[rows, n] s; no base: 0. */
static void apply(const struct prediction_flow *flow, int64_t rows, const double *theta, const double *base,
                  const double *s, double *f) {
    int64_t columns = flow->columns;
    if (base) memcpy(f, base, (size_t)(rows * columns) * sizeof *f);
    double beta = base ? 1 : 0;
    if (columns == 1)
        la_gemv(LA_PLAIN, rows, flow->n, -flow->rate, theta, s, beta, f);
    else
        la_gemm(LA_PLAIN, LA_PLAIN, rows, columns, flow->n, -flow->rate, theta, flow->n, s, columns, beta, f, columns);
}

static void softmax(int64_t k, const double *f, double *p) {
    double most = f[0], sum = 0;
    for (int64_t c = 1; c < k; c++) most = fmax(most, f[c]);
    for (int64_t c = 0; c < k; c++) sum += p[c] = exp(f[c] - most);
    for (int64_t c = 0; c < k; c++) p[c] /= sum;
}

/* S' = softmax(f_0 - r Theta S) - Y */
static void flow_rate(double t, const double *s, double *rate, void *context) {
    (void)t;
    struct integration *integration = context;
    const struct prediction_flow *flow = integration->flow;
    apply(flow, flow->n, flow->train_train, flow->f0_train, s, integration->f);
    for (int64_t i = 0; i < numbers(flow); i += flow->k) softmax(flow->k, integration->f + i, rate + i);
    for (int64_t i = 0; i < numbers(flow); i++) rate[i] -= flow->y[i];
}

/* (diag p - p p') df with df = -r Theta v and p = S' + Y, for each example. */
static void flow_jacobian(double t, const double *s, const double *rate, const double *v, double *product,
                          void *context) {
    (void)t, (void)s;
    const struct integration *integration = context;
    const struct prediction_flow *flow = integration->flow;
    apply(flow, flow->n, flow->train_train, NULL, v, product);
    for (int64_t i = 0; i < numbers(flow); i += flow->k) {
        double mean = 0;
        for (int64_t c = i; c < i + flow->k; c++) mean += (rate[c] + flow->y[c]) * product[c];
        for (int64_t c = i; c < i + flow->k; c++) product[c] = (rate[c] + flow->y[c]) * (product[c] - mean);
    }
}

static void flow_reached(int64_t i, const double *s, void *context) {
    const struct integration *integration = context;
    const struct prediction_flow *flow = integration->flow;
    apply(flow, flow->m, flow->test_train, flow->f0_test, s, integration->f_test + i * flow->m * flow->columns);
}

static status integrate(struct integration *integration) {
    const struct prediction_flow *flow = integration->flow;
    /* r |Theta|_F bounds what an error of S does to outputs. */
    double slope = flow->rate * sqrt(la_dot(flow->n * flow->n, flow->train_train, flow->train_train));
    const struct ode ode = {.n = numbers(flow),
                            .rate = flow_rate,
                            .jacobian = flow_jacobian,
                            .reached = flow_reached,
                            .host = flow->host,
                            .context = integration,
                            .relative = TOLERANCE,
                            .absolute = TOLERANCE / (slope > 0 ? slope : 1)};
    int64_t done, each = flow->m * flow->columns;
    for (int64_t i = 0; i < flow->count; i++) integration->time[i] = (double)flow->step[i];
    memset(integration->s, 0, (size_t)numbers(flow) * sizeof *integration->s);
    TRY(ode_integrate(&ode, 0, integration->s, flow->count, integration->time, &done));
    for (int64_t i = done * each; i < flow->count * each; i++) integration->f_test[i] = (double)NAN;
    return OK;
}

status prediction_flow(const struct prediction_flow *flow, double *f_test) {
    double *memory = malloc((size_t)(2 * numbers(flow) + flow->count) * sizeof *memory);
    if (!memory) FAIL(ERROR_MEMORY, "no memory for gradient flow of %lld outputs", (long long)numbers(flow));
    struct integration integration = {
        .flow = flow, .s = memory, .f = memory + numbers(flow), .time = memory + 2 * numbers(flow), .f_test = f_test};
    status integrated = integrate(&integration);
    free(memory);
    return integrated;
}

size_t prediction_flow_bytes(int64_t n, int64_t columns) {
    return 2 * (size_t)(n * columns) * sizeof(double) + ode_bytes(n * columns);
}
