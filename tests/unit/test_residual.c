/* Residual networks: a layer that is used once is an ordinary one; the orders of the methods in the number of steps, of
 * outputs, gradients, and of gradients by back-solving, which are not those of the network that is computed. */
#include "sample.h"

#include <stdlib.h>

/* ---- one step ---- */

static struct recipe one_step(enum weights weights, int variant) {
    return recipe_variant((struct recipe){.family = FAMILY_RESIDUAL,
                                          .depth = 1,
                                          .width = 13,
                                          .inputs = 7,
                                          .outputs = 3,
                                          .train = 5,
                                          .test = 4,
                                          .sigma_w2 = 1.7,
                                          .cell = CELL_TWO,
                                          .step = STEP_TIME,
                                          .weights = weights},
                          variant);
}

static void test_one_step(void **state) {
    (void)state;
    struct tally tally = {"shared weights of one step = its own, to the bit", 0, 0};
    for (int variant = 0; variant < VARIANTS; variant++) {
        struct sample own, shared;
        sample_create(one_step(WEIGHTS_INDEPENDENT, variant), &own);
        sample_create(one_step(WEIGHTS_SHARED, variant), &shared);
        const int64_t rows = 5 * 3;
        struct tape a = sample_forward(&own, 0, own.theta, 5, own.x);
        struct tape b = sample_forward(&shared, 0, shared.theta, 5, shared.x);
        tally_arrays(&tally, "f", rows, tape_outputs(&shared, &b), tape_outputs(&own, &a));
        real w[15];
        for (int64_t i = 0; i < rows; i++) w[i] = own.y[i];
        tally_arrays(&tally, "gradient", own.network->theta, sample_gradient(&shared, &b, w),
                     sample_gradient(&own, &a, w));
        sample_free(&own);
        sample_free(&shared);
    }
    tally_end(&tally);
}

#if REAL_BITS == 64
/* ---- orders ---- */

enum { D = 16, N = 32, KNOTS = 5, FINEST = 2048, EXAMPLES = 3, LAST = 6 };
static const int64_t depths[LAST] = {8, 16, 32, 64, 128, 256};

static struct recipe flow(enum activation_kind activation, enum solver solver, int64_t depth) {
    return (struct recipe){.family = FAMILY_RESIDUAL,
                           .activation = activation,
                           .depth = depth,
                           .width = N,
                           .inputs = D,
                           .outputs = 1,
                           .train = EXAMPLES,
                           .test = 1,
                           .sigma_w2 = 1.5,
                           .sigma_b2 = 0.1,
                           .cell = CELL_TWO,
                           .weights = WEIGHTS_KNOTS,
                           .knots = KNOTS,
                           .step = STEP_TIME,
                           .solver = solver};
}

static double distance(int64_t n, const double *a, const double *b) {
    return sqrt(la_distance_squares(n, a, b) / la_distance_squares(n, b, NULL));
}

/* Outputs and the gradient of their sum; where `back` is there, what back-solving makes of that. */
struct solved {
    double f[EXAMPLES], *gradient, *back;
    int64_t parameters;
};

/* ---- back-solving: state, adjoint and gradient from T to 0, as the ODE's own adjoint equation ---- */

struct moment {
    const struct network *network;
    const double *theta;
    double time; /* where its weights are taken */
};

/* The layer of the first (0) or second (1) dense map at a knot, in the order of layers: input, then two a knot. */
static const struct layer *layer_at(const struct moment *at, int knot, int which) {
    return &at->network->layer[1 + 2 * knot + which];
}

struct mix {
    int knot;
    double share;
};
static struct mix mix_of(const struct moment *at) {
    double place = at->time * (KNOTS - 1);
    int knot = (int)fmin(floor(place), KNOTS - 2);
    return (struct mix){knot, place - knot};
}

/* out = W in + b, both between knots */
static void apply(const struct moment *at, int which, const double *in, double *out) {
    struct mix mix = mix_of(at);
    for (int j = 0; j < N; j++) out[j] = 0;
    for (int side = 0; side < 2; side++) {
        const struct layer *layer = layer_at(at, mix.knot + side, which);
        const struct tensor *weight = &at->network->tensor[layer->weight], *bias = &at->network->tensor[layer->bias];
        double share = side ? mix.share : 1 - mix.share;
        for (int j = 0; j < N; j++) {
            double sum = bias->scale * at->theta[bias->offset + j];
            for (int i = 0; i < N; i++) sum += weight->scale * in[i] * at->theta[weight->offset + i * N + j];
            out[j] += share * sum;
        }
    }
}

/* din = W' w, gradient += factor dW' of it */
static void apply_back(const struct moment *at, int which, const double *in, const double *w, double factor,
                       double *din, double *gradient) {
    struct mix mix = mix_of(at);
    for (int i = 0; i < N; i++) din[i] = 0;
    for (int side = 0; side < 2; side++) {
        const struct layer *layer = layer_at(at, mix.knot + side, which);
        const struct tensor *weight = &at->network->tensor[layer->weight], *bias = &at->network->tensor[layer->bias];
        double share = side ? mix.share : 1 - mix.share;
        for (int j = 0; j < N; j++) {
            gradient[bias->offset + j] += factor * share * bias->scale * w[j];
            for (int i = 0; i < N; i++) {
                din[i] += share * weight->scale * w[j] * at->theta[weight->offset + i * N + j];
                gradient[weight->offset + i * N + j] += factor * share * weight->scale * in[i] * w[j];
            }
        }
    }
}

/* dh/dt = N(t, h), dlam/dt = -N_h' lam; gradient += factor N_theta' lam */
static void slopes(const struct moment *at, const double *h, const double *lam, double factor, double *dh, double *dlam,
                   double *gradient) {
    double g[N], x[N], dx[N], dg[N];
    apply(at, 0, h, g);
    for (int i = 0; i < N; i++) x[i] = tanh(g[i]);
    apply(at, 1, x, dh);
    apply_back(at, 1, x, lam, factor, dx, gradient);
    for (int i = 0; i < N; i++) dg[i] = (1 - x[i] * x[i]) * dx[i];
    apply_back(at, 0, h, dg, factor, dlam, gradient);
    for (int i = 0; i < N; i++) dlam[i] = -dlam[i];
}

static const struct {
    int stages;
    double c[4], a[4], b[4]; /* a stage reads the one before it */
} tableaus[] = {
    [SOLVER_EULER] = {1, {0}, {0}, {1}},
    [SOLVER_MIDPOINT] = {2, {0, 0.5}, {0, 0.5}, {0, 1}},
    [SOLVER_RK4] = {4, {0, 0.5, 0.5, 1}, {0, 0.5, 0.5, 1}, {1 / 6.0, 1 / 3.0, 1 / 3.0, 1 / 6.0}},
};

/* One step of length H from `at->time` down. */
static void step_back(struct moment *at, enum solver solver, double length, double *h, double *lam, double *gradient) {
    double from = at->time, k[4][N], m[4][N], y[N], mu[N];
    for (int s = 0; s < tableaus[solver].stages; s++) {
        for (int i = 0; i < N; i++) {
            y[i] = h[i] - (s ? length * tableaus[solver].a[s] * k[s - 1][i] : 0);
            mu[i] = lam[i] - (s ? length * tableaus[solver].a[s] * m[s - 1][i] : 0);
        }
        at->time = from - length * tableaus[solver].c[s];
        slopes(at, y, mu, length * tableaus[solver].b[s], k[s], m[s], gradient);
    }
    for (int s = 0; s < tableaus[solver].stages; s++)
        for (int i = 0; i < N; i++) {
            h[i] -= length * tableaus[solver].b[s] * k[s][i];
            lam[i] -= length * tableaus[solver].b[s] * m[s][i];
        }
    at->time = from - length;
}

/* The gradient of the cell's weights alone: those of input and readout are exact anyway. */
static void solve_back(const struct sample *sample, const struct tape *tape, double *gradient) {
    const struct network *network = sample->network;
    const struct tensor *readout = node_weight(network, network_readout(network));
    double length = 1 / (double)sample->recipe.depth;
    for (int e = 0; e < EXAMPLES; e++) {
        double h[N], lam[N];
        memcpy(h, tape->value[network->state[network->states - 1]] + e * N, sizeof h);
        for (int i = 0; i < N; i++) lam[i] = readout->scale * sample->theta[readout->offset + i];
        struct moment at = {network, sample->theta, 1};
        for (int64_t l = 0; l < sample->recipe.depth; l++)
            step_back(&at, sample->recipe.solver, length, h, lam, gradient);
    }
}

static void solve(struct recipe recipe, struct solved *solved, bool with_back) {
    static const double ones[EXAMPLES] = {1, 1, 1};
    struct sample sample;
    sample_create(recipe, &sample);
    int64_t count = sample.network->theta;
    struct tape tape = sample_forward(&sample, 0, sample.theta, EXAMPLES, sample.x);
    memcpy(solved->f, tape_outputs(&sample, &tape), sizeof solved->f);
    solved->parameters = count;
    solved->gradient = malloc((size_t)count * sizeof(double));
    solved->back = calloc((size_t)count, sizeof(double));
    memcpy(solved->gradient, sample_gradient(&sample, &tape, ones), (size_t)count * sizeof(double));
    if (with_back) solve_back(&sample, &tape, solved->back);
    sample_free(&sample);
}

static void solved_free(struct solved *solved) {
    free(solved->gradient);
    free(solved->back);
}

/* Of log error against log L. */
static double slope_of(int from, const double *error) {
    double x = 0, y = 0, xx = 0, xy = 0, n = LAST - from;
    for (int i = from; i < LAST; i++) {
        double a = log((double)depths[i]), b = log(error[i]);
        x += a, y += b, xx += a * a, xy += a * b;
    }
    return (n * xy - x * y) / (n * xx - x * x);
}

struct band {
    double least, most;
};

static void judge(const char *what, double slope, struct band band) {
    printf("  %-58s %6.2f  (asked [%.2f, %.2f])\n", what, slope, band.least, band.most);
    assert_true(band.least <= slope && slope <= band.most);
}

struct order {
    const char *name;
    enum activation_kind activation;
    enum solver solver;
    int from; /* the first depth of the fit: beyond the last ones, rounding is all there is */
    struct band output, gradient, back;
};

static void check_order(const struct order *order) {
    struct solved finest;
    double error[3][LAST];
    char what[80];
    bool is_smooth = order->activation == ACTIVATION_TANH;
    solve(flow(order->activation, SOLVER_RK4, FINEST), &finest, false);
    for (int i = 0; i < LAST; i++) {
        struct solved coarse;
        solve(flow(order->activation, order->solver, depths[i]), &coarse, is_smooth);
        error[0][i] = distance(EXAMPLES, coarse.f, finest.f);
        error[1][i] = distance(finest.parameters, coarse.gradient, finest.gradient);
        for (int64_t p = 0; p < coarse.parameters; p++) /* where back-solving has nothing, it is exact */
            if (coarse.back[p] == 0) coarse.back[p] = coarse.gradient[p];
        error[2][i] = distance(coarse.parameters, coarse.back, coarse.gradient);
        solved_free(&coarse);
    }
    solved_free(&finest);
    const char *const names[] = {"output", "gradient", "back-solved gradient"};
    const struct band bands[] = {order->output, order->gradient, order->back};
    for (int e = 0; e < (is_smooth ? 3 : 2); e++) {
        snprintf(what, sizeof what, "%s: slope over L of %s", order->name, names[e]);
        judge(what, slope_of(order->from, error[e]), bands[e]);
    }
}

static void test_orders(void **state) {
    (void)state;
    static const struct order orders[] = {
        {"tanh, euler", ACTIVATION_TANH, SOLVER_EULER, 2, {-1.1, -0.9}, {-1.1, -0.9}, {-1.1, -0.9}},
        {"tanh, midpoint", ACTIVATION_TANH, SOLVER_MIDPOINT, 1, {-2.15, -1.85}, {-2.15, -1.85}, {-2.15, -1.85}},
        {"tanh, rk4", ACTIVATION_TANH, SOLVER_RK4, 0, {-5, -3.7}, {-5, -3.7}, {-5, -3.7}},
        {"relu, euler", ACTIVATION_RELU, SOLVER_EULER, 2, {-1.15, -0.85}, {-1.15, -0.85}, {0, 0}},
        {"relu, rk4", ACTIVATION_RELU, SOLVER_RK4, 0, {-2.3, -1.7}, {-1.3, -0.7}, {0, 0}},
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) check_order(&orders[i]);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_step),
#if REAL_BITS == 64
        cmocka_unit_test(test_orders),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
