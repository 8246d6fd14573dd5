#include "build.h"

#include <math.h>
#include <stdio.h>

#include "operator.h"
#include "panic.h"

static struct operator* append_operator(struct builder *builder, const struct operator_kind *kind, struct shape out) {
    struct network *network = builder->network;
    CHECK(network->operators < OPERATORS_MAX);
    struct operator* op = & network->op[network->operators];
    *op = (struct operator){.kind = kind, .source = {network->operators, -1}, .in = builder->shape, .out = out};
    network->operators++;
    builder->shape = out;
    return op;
}

static struct tensor *append_tensor(struct builder *builder, struct tensor tensor) {
    struct network *network = builder->network;
    CHECK(network->tensors < TENSORS_MAX);
    tensor.offset = network->theta;
    tensor.size = 1;
    for (int i = 0; i < tensor.ndim; i++) tensor.size *= tensor.shape[i];
    tensor.layer = network->layers;
    network->theta += tensor.size;
    network->tensor[network->tensors] = tensor;
    return &network->tensor[network->tensors++];
}

/* NTK parameterization: N(0, 1), prefactor sqrt(variance); standard: N(0, variance), no prefactor, and the rate that makes both
 * follow the same trajectory is `variance` (Lee et al. 2019, S37). */
static struct tensor parameterized(const struct builder *builder, double variance) {
    int ntk = builder->config->network.parameterization == PARAMETERIZATION_NTK;
    return (struct tensor){
        .active = variance > 0,
        .deviation = ntk ? 1 : sqrt(variance),
        .scale = ntk ? (real)sqrt(variance) : 1,
        .rate = !ntk && builder->rates == RATES_MATCHED ? (real)variance : 1,
    };
}

static struct tensor *append_weight(struct builder *builder, int64_t fan_in, int64_t fan_out) {
    struct tensor weight = parameterized(builder, builder->config->network.sigma_w2 / (double)fan_in);
    weight.ndim = 2;
    weight.shape[0] = fan_in;
    weight.shape[1] = fan_out;
    return append_tensor(builder, weight);
}

static struct tensor *append_bias(struct builder *builder, int64_t fan_out) {
    struct tensor bias = parameterized(builder, builder->config->network.sigma_b2);
    bias.ndim = 2;
    bias.shape[0] = 1;
    bias.shape[1] = fan_out;
    return append_tensor(builder, bias);
}

void build_dense(struct builder *builder, int64_t fan_out) {
    int64_t fan_in = shape_size(builder->shape);
    struct operator* op = append_operator(builder, &dense_operator, (struct shape){1, 1, fan_out});
    op->weight = append_weight(builder, fan_in, fan_out);
    op->bias = append_bias(builder, fan_out);
    builder->network->layers++;
}

void build_activation(struct builder *builder) {
    struct operator* op = append_operator(builder, &activation_operator, builder->shape);
    op->activation = activation_of((enum activation_kind)builder->config->network.activation);
}

/* ---- cotangent buffers: few, reused as soon as a value's cotangent has been used up ---- */

static int readers(const struct network *network, int value) {
    int count = 0;
    for (int i = 0; i < network->operators; i++)
        for (int s = 0; s < SOURCES; s++) count += network->op[i].source[s] == value;
    return count;
}

static int take_slot(struct network *network, int taken[]) {
    int slot = 0;
    while (slot < network->slots && taken[slot]) slot++;
    if (slot == network->slots) network->slots++;
    taken[slot] = 1;
    return slot;
}

static void give_slot(struct network *network, int value, int slot) {
    int64_t size = network_value_size(network, value);
    network->slot[value] = slot;
    if (size > network->slot_size[slot]) network->slot_size[slot] = size;
}

void build_finish(struct builder *builder) {
    struct network *network = builder->network;
    int taken[OPERATORS_MAX + 1] = {0};
    for (int v = 0; v <= network->operators; v++) network->slot[v] = -1;
    give_slot(network, network->operators, take_slot(network, taken));
    for (int i = network->operators - 1; i > 0; i--) {
        const struct operator* op = & network->op[i];
        int own = network->slot[i + 1], moved = 0;
        for (int s = 0; s < SOURCES; s++) {
            int source = op->source[s];
            if (source <= 0 || network->slot[source] >= 0) continue;
            moved = op->kind->in_place && readers(network, source) == 1;
            give_slot(network, source, moved ? own : take_slot(network, taken));
        }
        if (!moved) taken[own] = 0;
    }
}

static family *const families[] = {[FAMILY_FC] = family_fc};

void network_create(const struct config *config, struct shape input, int64_t outputs, enum network_rates rates,
                    struct network *network) {
    network->operators = network->tensors = network->layers = network->slots = 0;
    network->theta = 0;
    network->outputs = outputs;
    network->sigma_w2 = config->network.sigma_w2;
    network->sigma_b2 = config->network.sigma_b2;
    for (int i = 0; i <= OPERATORS_MAX; i++) network->slot_size[i] = 0;
    struct builder builder = {.network = network, .config = config, .rates = rates, .shape = input};
    families[config->network.family](&builder, outputs);
    build_finish(&builder);
}

void network_layer_name(const struct network *network, int layer, int64_t size, char *name) {
    if (layer == network->layers - 1)
        snprintf(name, (size_t)size, "readout");
    else
        snprintf(name, (size_t)size, "dense_%d", layer + 1);
}
