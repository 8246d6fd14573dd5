/* Residual networks of any depth: L blocks h <- h + c N(h), each a step of an explicit Runge-Kutta method of
 * dh/dt = N(t, h), Euler's with c = 1 for a ResNet (He et al. 2016; Chen et al. 2018). Stages of a block:
 *
 *     y_i = h + H sum_{j<i} a_ij k_j,    k_i = N(t + c_i H, y_i),    h <- h + H sum_i b_i k_i
 *
 *     cell: pre     N(h) = dense(phi(h)); the readout reads phi(h_L)
 *     cell: post    N(h) = phi(dense(h))
 *     cell: two     N(h) = dense(phi(dense(h)))
 *
 * A cell's layers stand in banks: one a block, one for all, or one a knot, between which the weights are linear in
 * time (dense is linear in them: so is what it makes). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "panic.h"

/* a[i][j] for j < i; times c in halves of a step. */
enum { STAGES = 4 };
static const struct method {
    int stages, half[STAGES];
    double a[STAGES][STAGES], b[STAGES];
} methods[] = {
    [SOLVER_EULER] = {1, {0}, {{0}}, {1}},
    [SOLVER_MIDPOINT] = {2, {0, 1}, {{0}, {0.5}}, {0, 1}},
    [SOLVER_HEUN] = {2, {0, 2}, {{0}, {1}}, {0.5, 0.5}},
    [SOLVER_RK4] = {4, {0, 1, 1, 2}, {{0}, {0.5}, {0, 0.5}, {0, 0, 1}}, {1 / 6.0, 1 / 3.0, 1 / 3.0, 1 / 6.0}},
};

/* Where a cell has weights: its dense layers in the order of the forward pass, the one that reads the input, the slope
 * of prelu. */
enum place { PLACE_FIRST, PLACE_INJECT, PLACE_SECOND, PLACE_SLOPE, PLACES };

struct banks {
    int count;
    int *node[PLACES]; /* of each bank, the first node of its layer; NONE: not yet */
};

struct chain {
    struct builder *builder;
    const struct config *config;
    struct cursor input;
    int64_t state; /* components of h */
    double step;   /* H */
    struct banks banks;
};

/* ---- weights of a time ---- */

/* What stands at a time: one bank, or (1 - share) of it and `share` of the next. */
struct mixture {
    int bank;
    double share;
};

/* Halves of steps from the beginning; block: number of the block they are in. */
static struct mixture mixture_at(const struct chain *chain, int64_t block, int64_t halves) {
    int64_t all = 2 * chain->config->network.depth, passed = halves * (chain->banks.count - 1);
    switch (chain->config->network.weights) {
    case WEIGHTS_INDEPENDENT:
        return (struct mixture){(int)block, 0};
    case WEIGHTS_KNOTS:
        return (struct mixture){(int)(passed / all), (double)(passed % all) / (double)all};
    default:
        return (struct mixture){0, 0};
    }
}

static void name_of(const struct chain *chain, enum place place, int bank, char name[LAYER_NAME]) {
    static const char *const words[] = {[WEIGHTS_INDEPENDENT] = "block", [WEIGHTS_KNOTS] = "knot"};
    static const char *const dense[] = {"dense", "inject", "dense_2"};
    bool is_one = chain->config->network.weights == WEIGHTS_SHARED;
    const char *last = place == PLACE_FIRST && chain->config->network.cell == CELL_TWO ? "dense_1" : dense[place];
    if (is_one)
        snprintf(name, LAYER_NAME, "cell_%s", last);
    else
        snprintf(name, LAYER_NAME, "%s%d_%s", words[chain->config->network.weights], bank + 1, last);
}

/* A bank's layer reads the value `at`; the input, which does not change, it reads once. */
static void use_bank(struct chain *chain, enum place place, int bank, int64_t fan_out) {
    int *first = &chain->banks.node[place][bank];
    struct builder *builder = chain->builder;
    char name[LAYER_NAME];
    if (*first == NONE && place == PLACE_SLOPE) {
        *first = builder->network->nodes;
        build_activation(builder);
    } else if (*first == NONE) {
        *first = builder->network->nodes;
        name_of(chain, place, bank, name);
        build_dense(builder, fan_out, "%s", name);
    } else if (place == PLACE_INJECT) {
        builder->at = build_value(builder, *first);
    } else {
        build_same(builder, *first);
    }
}

static void layer_at(struct chain *chain, enum place place, struct mixture mixture, int64_t fan_out) {
    struct builder *builder = chain->builder;
    struct cursor read = builder->at;
    use_bank(chain, place, mixture.bank, fan_out);
    if (mixture.share == 0) return;
    struct cursor before = builder->at;
    builder->at = read;
    use_bank(chain, place, mixture.bank + 1, fan_out);
    build_combination(builder, mixture.share, before, 1 - mixture.share);
}

/* Of prelu the slope is one of the cell's weights; what it makes is linear in it. */
static void activation_at(struct chain *chain, struct mixture mixture) {
    if (chain->config->network.activation == ACTIVATION_PRELU)
        layer_at(chain, PLACE_SLOPE, mixture, 0);
    else
        build_activation(chain->builder);
}

/* ---- a cell ---- */

/* The value `at` + dense(input). */
static void inject(struct chain *chain, struct mixture mixture) {
    struct builder *builder = chain->builder;
    struct cursor at = builder->at;
    builder->at = chain->input;
    layer_at(chain, PLACE_INJECT, mixture, at.shape.channels);
    build_sum(builder, at, 1);
}

/* The first dense layer, with what it reads beside the value `at`. */
static void first_dense(struct chain *chain, struct mixture mixture, double time, int64_t fan_out) {
    struct builder *builder = chain->builder;
    if (chain->config->network.time_input) build_components(builder, builder->at.shape.channels + 1, time);
    layer_at(chain, PLACE_FIRST, mixture, fan_out);
    if (chain->config->network.inject) inject(chain, mixture);
}

/* k = N(t, h) of the value `at` */
static void cell(struct chain *chain, int64_t block, int64_t halves) {
    int kind = chain->config->network.cell;
    struct mixture mixture = mixture_at(chain, block, halves);
    double time = chain->step * (double)halves / 2;
    if (kind == CELL_PRE) activation_at(chain, mixture);
    first_dense(chain, mixture, time, kind == CELL_TWO ? chain->config->width : chain->state);
    if (kind != CELL_PRE) activation_at(chain, mixture);
    if (kind == CELL_TWO) layer_at(chain, PLACE_SECOND, mixture, chain->state);
}

/* h + H sum_j weight_j k_j; a weight of 0 leaves its k out */
static void advance(struct chain *chain, struct cursor h, int count, const double *weight, const struct cursor *k) {
    chain->builder->at = h;
    for (int j = 0; j < count; j++)
        if (weight[j] != 0) build_sum(chain->builder, k[j], chain->step * weight[j]);
}

static void block(struct chain *chain, const struct method *method, int64_t number) {
    struct cursor h = chain->builder->at, k[STAGES];
    for (int i = 0; i < method->stages; i++) {
        advance(chain, h, i, method->a[i], k);
        cell(chain, number, 2 * number + method->half[i]);
        k[i] = chain->builder->at;
    }
    advance(chain, h, method->stages, method->b, k);
    build_state(chain->builder);
}

/* ---- the network ---- */

static double step_of(const struct config *config) {
    double depth = (double)config->network.depth;
    switch (config->network.step) {
    case STEP_TIME:
        return config->network.time / depth;
    case STEP_ROOT:
        return sqrt(config->network.time / depth);
    default:
        return 1;
    }
}

static int banks_of(const struct config *config) {
    switch (config->network.weights) {
    case WEIGHTS_INDEPENDENT:
        return (int)config->network.depth;
    case WEIGHTS_KNOTS:
        return (int)config->network.knots;
    default:
        return 1;
    }
}

static void begin(struct chain *chain) {
    const struct config *config = chain->config;
    if (config->network.state == STATE_WIDTH)
        build_dense(chain->builder, config->width, "input");
    else if (config->network.augment > 0)
        build_components(chain->builder, chain->input.shape.channels + config->network.augment, 0);
    chain->state = chain->builder->at.shape.channels;
    build_state(chain->builder);
}

static void end(struct chain *chain, int64_t outputs) {
    struct builder *builder = chain->builder;
    const struct config *config = chain->config;
    if (config->network.readout == READOUT_DENSE && config->network.cell == CELL_PRE) build_activation(builder);
    build_readout(builder, outputs);
}

void REAL_NAME(family_residual)(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    struct chain chain = {.builder = builder, .config = config, .input = builder->at, .step = step_of(config)};
    chain.banks.count = banks_of(config);
    int *nodes = malloc((size_t)(PLACES * chain.banks.count + 1) * sizeof *nodes);
    CHECK(nodes);
    for (int i = 0; i < PLACES * chain.banks.count; i++) nodes[i] = NONE;
    for (int place = 0; place < PLACES; place++) chain.banks.node[place] = nodes + place * chain.banks.count;
    begin(&chain);
    for (int64_t number = 0; number < config->network.depth; number++)
        block(&chain, &methods[config->network.solver], number);
    end(&chain, outputs);
    free(nodes);
}
