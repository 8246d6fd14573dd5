#include "build.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "operator.h"
#include "panic.h"

static struct node *append_node(struct builder *builder, const struct operator_kind *kind, struct shape out) {
    struct network *network = builder->network;
    CHECK(network->nodes < NODES_MAX);
    struct node *node = &network->node[network->nodes];
    *node = (struct node){.kind = kind, .source = {builder->at.value, -1}, .in = builder->at.shape, .out = out};
    network->nodes++;
    builder->at = (struct cursor){network->nodes, out};
    return node;
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
        .rate = config_has_matched_rates(builder->config) ? (real)variance : 1,
    };
}

static struct tensor *append_weight(struct builder *builder, int ndim, const int64_t *shape) {
    int64_t fan_in = 1;
    for (int i = 0; i < ndim - 1; i++) fan_in *= shape[i];
    struct tensor weight = parameterized(builder, builder->config->network.sigma_w2 / (double)fan_in);
    weight.ndim = ndim;
    for (int i = 0; i < ndim; i++) weight.shape[i] = shape[i];
    return append_tensor(builder, weight);
}

static struct tensor *append_bias(struct builder *builder, int ndim, int64_t channels) {
    struct tensor bias = parameterized(builder, builder->config->network.sigma_b2);
    bias.ndim = ndim;
    for (int i = 0; i < ndim; i++) bias.shape[i] = i < ndim - 1 ? 1 : channels;
    return append_tensor(builder, bias);
}

/* Weight, bias and name of the operator that has just been appended. */
static void append_layer(struct builder *builder, struct node *node, int ndim, const int64_t *shape, const char *name,
                         va_list arguments) {
    struct network *network = builder->network;
    CHECK(network->layers < LAYERS_MAX);
    node->weight = append_weight(builder, ndim, shape);
    node->bias = append_bias(builder, ndim, shape[ndim - 1]);
    vsnprintf(network->layer_name[network->layers], LAYER_NAME, name, arguments);
    network->layers++;
}

void build_dense(struct builder *builder, int64_t fan_out, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    const int64_t shape[] = {shape_size(builder->at.shape), fan_out};
    append_layer(builder, append_node(builder, &dense_operator, (struct shape){1, 1, fan_out}), 2, shape, name,
                 arguments);
    va_end(arguments);
}

void build_convolution(struct builder *builder, int64_t channels, int64_t size, int64_t stride, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    struct shape in = builder->at.shape;
    struct shape out = {(in.rows + stride - 1) / stride, (in.columns + stride - 1) / stride, channels};
    struct node *node = append_node(builder, &convolution_operator, out);
    node->filtering = (struct filtering){.rows = in.rows,
                                         .columns = in.columns,
                                         .in = in.channels,
                                         .out_rows = out.rows,
                                         .out_columns = out.columns,
                                         .out = channels,
                                         .size = size,
                                         .stride = stride};
    node->way = filtering_way_of(&node->filtering);
    const int64_t shape[] = {size, size, in.channels, channels};
    append_layer(builder, node, 4, shape, name, arguments);
    va_end(arguments);
}

void build_activation(struct builder *builder) {
    struct node *node = append_node(builder, &activation_operator, builder->at.shape);
    node->activation = activation_of((enum activation_kind)builder->config->network.activation);
}

void build_pooling(struct builder *builder, int64_t rows, int64_t columns) {
    struct shape in = builder->at.shape;
    CHECK(in.rows % rows == 0 && in.columns % columns == 0);
    append_node(builder, &pooling_operator, (struct shape){in.rows / rows, in.columns / columns, in.channels});
}

void build_flatten(struct builder *builder) {
    append_node(builder, &flatten_operator, (struct shape){1, 1, shape_size(builder->at.shape)});
}

void build_join(struct builder *builder, struct cursor other) {
    struct shape a = builder->at.shape, b = other.shape;
    CHECK(a.rows == b.rows && a.columns == b.columns && a.channels == b.channels);
    struct node *node = append_node(builder, &join_operator, builder->at.shape);
    node->source[1] = other.value;
}

/* ---- cotangent buffers: few, reused as soon as a value's cotangent has been used up ---- */

static int readers(const struct network *network, int value) {
    int count = 0;
    for (int i = 0; i < network->nodes; i++)
        for (int s = 0; s < SOURCES; s++) count += network->node[i].source[s] == value;
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

/* F = alpha f: the readout's prefactors carry alpha (src/README.md, Rates). */
static void scale_outputs(struct builder *builder) {
    struct network *network = builder->network;
    for (int t = 0; t < network->tensors; t++)
        if (network->tensor[t].layer == network->layers - 1)
            network->tensor[t].scale *= (real)builder->config->network.output_scale;
}

static void freeze(struct builder *builder) {
    struct network *network = builder->network;
    int is_readout_alone = builder->config->training.layers == LAYERS_READOUT;
    network->first_trained = is_readout_alone ? network->nodes - 1 : 0;
    network->trained_from = is_readout_alone ? network->node[network->first_trained].weight->offset : 0;
}

void build_finish(struct builder *builder) {
    struct network *network = builder->network;
    scale_outputs(builder);
    freeze(builder);
    int taken[NODES_MAX + 1] = {0};
    for (int v = 0; v <= network->nodes; v++) network->slot[v] = -1;
    give_slot(network, network->nodes, take_slot(network, taken));
    for (int i = network->nodes - 1; i > 0; i--) {
        const struct node *node = &network->node[i];
        int own = network->slot[i + 1], moved = 0;
        for (int s = 0; s < SOURCES; s++) {
            int source = node->source[s];
            if (source <= 0 || network->slot[source] >= 0) continue;
            int moves = !moved && node->kind->in_place && readers(network, source) == 1;
            give_slot(network, source, moves ? own : take_slot(network, taken));
            moved |= moves;
        }
        if (!moved) taken[own] = 0;
    }
}

static const struct {
    family *write;
    int takes_images;
} families[] = {[FAMILY_FC] = {family_fc, 0}, [FAMILY_CONV] = {family_conv, 1}, [FAMILY_WRN] = {family_wrn, 1}};

void network_create(const struct config *config, struct shape input, int64_t outputs, struct network *network) {
    int kind = config->network.family;
    network->nodes = network->tensors = network->layers = network->slots = 0;
    network->theta = 0;
    network->outputs = outputs;
    network->sigma_w2 = config->network.sigma_w2;
    network->sigma_b2 = config->network.sigma_b2;
    for (int i = 0; i <= NODES_MAX; i++) network->slot_size[i] = 0;
    struct shape first = families[kind].takes_images ? input : (struct shape){1, 1, shape_size(input)};
    struct builder builder = {.network = network, .config = config, .at = {0, first}};
    families[kind].write(&builder, outputs);
    build_finish(&builder);
}
