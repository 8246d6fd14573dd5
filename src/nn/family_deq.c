/* Deep equilibrium (Bai, Kolter & Koltun 2019, arXiv:1909.01377): u of the inputs, by a dense layer or as they are; z
 * where the cell rests; the linear readout, or z's first components. The cell, s^2 = feedback_w2:
 *
 *     one    z = phi(s/sqrt(n) W z + u)
 *     two    z = dense(phi(dense(z + u))), expansion times z's size hidden units, biases sigma_b2 */
#include <math.h>

#include "activation.h"
#include "build.h"

/* ---- steps that the solver is expected to take ---- */

/* E phi(g)^2 and E phi'(g)^2 for g of this variance, by the trapezoidal rule. */
struct moments {
    double value, slope;
};

static struct moments moments_of(const struct config *config, double variance) {
    enum { POINTS = 161, PER_DEVIATION = 10 };
    real g[POINTS], x[POINTS], slope[POINTS], one[POINTS];
    for (int i = 0; i < POINTS; i++) {
        g[i] = (real)(sqrt(variance) * (i - POINTS / 2) / PER_DEVIATION);
        one[i] = 1;
    }
    const struct activation_form phi = activation_at_first(config);
    phi.activation->map(POINTS, phi.slope, g, x);
    phi.activation->backward(POINTS, phi.slope, g, x, one, slope);
    struct moments sum = {0, 0};
    for (int i = 0; i < POINTS; i++) {
        double t = (double)(i - POINTS / 2) / PER_DEVIATION, weight = exp(-t * t / 2) / sqrt(2 * M_PI) / PER_DEVIATION;
        sum.value += weight * (double)x[i] * (double)x[i];
        sum.slope += weight * (double)slope[i] * (double)slope[i];
    }
    return sum;
}

/* The spectral radius of the infinitely wide cell's Jacobian at inputs of |x|^2 = d: s sqrt(E phi'^2), of cell two s^2
 * sqrt(E phi'^2). */
static double radius_of(const struct config *config) {
    enum { STEPS = 100 };
    double s2 = config->network.feedback_w2, b2 = config->network.sigma_b2, z = 0;
    double u = config->network.state == STATE_INPUT ? 1 : config->network.sigma_w2 + b2;
    bool is_two = config->network.cell == CELL_TWO;
    struct moments moments = {0, 0};
    for (int step = 0; step < STEPS && z < 1e12; step++) {
        moments = moments_of(config, is_two ? s2 * (z + u) + b2 : s2 * z + u);
        z = is_two ? s2 * moments.value + b2 : moments.value;
    }
    return (is_two ? s2 : sqrt(s2)) * sqrt(moments.slope);
}

/* By which the residual falls a step. */
static double rate_of(const struct config *config) {
    double radius = radius_of(config), h = -0.5 * (1 - radius);
    if (config->network.solver != SOLVER_ODE) return radius;
    return radius < 1 ? 1 + h * (1 + h / 2 * (1 + h / 3 * (1 + h / 4))) : radius;
}

static double expected_steps(const struct config *config) {
    double rate = rate_of(config), most = (double)config->network.iterations;
    return rate < 1 ? fmin(most, ceil(1 + log(config_tolerance(config)) / log(rate))) : most;
}

/* ---- the list ---- */

/* z + u's reader is the first layer in cell two; in cell one u stands beside the layer. */
static void cell_one(struct builder *builder, struct cursor u) {
    builder->has_bias = false;
    build_dense(builder, shape_size(u.shape), "feedback");
    builder->has_bias = true;
    build_sum(builder, u, 1);
    build_activation(builder);
}

static void cell_two(struct builder *builder, struct cursor u) {
    int64_t size = shape_size(u.shape);
    build_sum(builder, u, 1);
    build_dense(builder, builder->config->network.expansion * size, "feedback_1");
    build_activation(builder);
    build_dense(builder, size, "feedback_2");
}

static void (*const cells[])(struct builder *builder, struct cursor u) = {[CELL_ONE] = cell_one, [CELL_TWO] = cell_two};

static void equilibrium(struct builder *builder) {
    const struct config *config = builder->config;
    const struct fixed_point how = {.solver = (enum solver)config->network.solver,
                                    .tolerance = (real)config_tolerance(config),
                                    .iterations = config->network.iterations};
    struct cursor u = builder->at;
    double sigma_w2 = builder->sigma_w2;
    int rest = build_rest(builder);
    builder->sigma_w2 = config->network.feedback_w2;
    cells[config->network.cell](builder, u);
    builder->sigma_w2 = sigma_w2;
    build_resolve(builder, rest, &how, expected_steps(config));
}

void REAL_NAME(family_deq)(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    bool is_width = config->network.state == STATE_WIDTH;
    if (is_width)
        build_dense(builder, config->width, "input");
    else if (config->network.augment > 0)
        build_components(builder, builder->at.shape.channels + config->network.augment, 0);
    equilibrium(builder);
    build_readout(builder, outputs);
}
