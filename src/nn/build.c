#include "build.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "closed.h"
#include "filtering.h"
#include "panic.h"

/* ---- lists that grow ---- */

/* The list, with room for one more than `count`. */
static void *grown(void *list, int count, size_t size) {
    enum { FIRST = 16 };
    bool is_full = count == 0 || (count >= FIRST && (count & (count - 1)) == 0); /* room is a power of two */
    if (!is_full) return list;
    list = realloc(list, (count == 0 ? (size_t)FIRST : 2 * (size_t)count) * size);
    CHECK(list);
    return list;
}

const void *build_form(struct builder *builder, const void *form, size_t bytes) {
    struct network *network = builder->network;
    void *copy = malloc(bytes);
    CHECK(copy);
    network->form = grown(network->form, network->forms, sizeof copy);
    network->form[network->forms++] = copy;
    return memcpy(copy, form, bytes);
}

static void append(struct builder *builder, struct node node) {
    struct network *network = builder->network;
    network->node = grown(network->node, network->nodes, sizeof node);
    node.value = network->nodes + 1;
    network->node[network->nodes++] = node;
    builder->at = (struct cursor){node.value, node.out};
}

void build_node(struct builder *builder, const struct operator_kind *kind, struct shape out, const void *form) {
    append(builder, (struct node){.kind = kind,
                                  .form = form,
                                  .layer = NONE,
                                  .earlier = NONE,
                                  .source = {builder->at.value, NONE},
                                  .in = builder->at.shape,
                                  .out = out});
}

/* ---- layers ---- */

/* NTK parameterization: N(0, 1), prefactor sqrt(variance/fan_in); standard: N(0, variance/fan_in), no prefactor, and
 * the rate that makes both follow the same trajectory is variance/fan_in (Lee et al. 2019, S37). A bias has fan-in
 * 1. */
static struct tensor parameterized(const struct config *config, double variance, int64_t fan_in) {
    bool is_ntk = config->network.parameterization == PARAMETERIZATION_NTK;
    double each = variance / (double)fan_in;
    return (struct tensor){
        .is_active = variance > 0,
        .variance = variance,
        .deviation = is_ntk ? 1 : sqrt(each),
        .scale = is_ntk ? (real)sqrt(each) : 1,
        .rate = config_has_matched_rates(config) ? (real)each : 1,
    };
}

static int append_tensor(struct network *network, struct tensor tensor, int ndim, const int64_t *shape) {
    tensor.offset = network->theta;
    tensor.size = 1;
    tensor.ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        tensor.shape[i] = shape[i];
        tensor.size *= shape[i];
    }
    network->theta += tensor.size;
    network->tensor = grown(network->tensor, network->tensors, sizeof tensor);
    network->tensor[network->tensors] = tensor;
    return network->tensors++;
}

/* Ones: a weight is what one deviation is, a bias 0. */
static struct tensor drawn(const struct config *config, struct tensor tensor, bool is_weight) {
    if (config->network.draw != DRAW_ONES) return tensor;
    tensor.mean = is_weight ? tensor.deviation : 0;
    tensor.deviation = 0;
    return tensor;
}

static int append_weight(struct builder *builder, int ndim, const int64_t *shape) {
    int64_t fan_in = 1;
    for (int i = 0; i < ndim - 1; i++) fan_in *= shape[i];
    struct tensor weight = parameterized(builder->config, builder->sigma_w2, fan_in);
    return append_tensor(builder->network, drawn(builder->config, weight, true), ndim, shape);
}

static int append_bias(struct builder *builder, int ndim, int64_t channels) {
    int64_t shape[TENSOR_DIMENSIONS];
    for (int i = 0; i < ndim; i++) shape[i] = i < ndim - 1 ? 1 : builder->has_bias ? channels : 0;
    struct tensor bias = parameterized(builder->config, builder->has_bias ? builder->sigma_b2 : 0, 1);
    return append_tensor(builder->network, drawn(builder->config, bias, false), ndim, shape);
}

/* The node at the end of the list is one more of the layer's. */
static void enter(struct network *network, int layer) {
    struct node *node = &network->node[network->nodes - 1];
    node->layer = layer;
    node->earlier = network->layer[layer].last;
    network->layer[layer].last = network->nodes - 1;
    network->layer[layer].nodes++;
}

/* A new layer for the node that has just been appended. */
static void begin(struct network *network, struct layer layer) {
    network->layer = grown(network->layer, network->layers, sizeof layer);
    network->layer[network->layers++] = layer;
    enter(network, network->layers - 1);
}

static void append_layer(struct builder *builder, int ndim, const int64_t *shape, const char *name, va_list arguments) {
    struct layer layer = {.last = NONE};
    layer.weight = append_weight(builder, ndim, shape);
    layer.bias = append_bias(builder, ndim, shape[ndim - 1]);
    vsnprintf(layer.name, sizeof layer.name, name, arguments);
    begin(builder->network, layer);
}

/* The slope is not drawn, and moves as it is in either parameterization. */
static void append_slope(struct builder *builder, int number) {
    const struct tensor slope = {.is_active = true, .mean = builder->config->network.slope, .scale = 1, .rate = 1};
    struct layer layer = {.last = NONE};
    layer.weight = append_tensor(builder->network, slope, 1, (const int64_t[]){1});
    layer.bias = append_tensor(builder->network, (struct tensor){.rate = 1}, 1, (const int64_t[]){0});
    snprintf(layer.name, sizeof layer.name, "prelu_%d", number);
    begin(builder->network, layer);
}

/* ---- nodes ---- */

/* The layer that what is read comes from, for words. */
static const char *place(const struct builder *builder) {
    const struct network *network = builder->network;
    int value = builder->at.value;
    while (value > 0 && network->node[value - 1].layer == NONE) value = network->node[value - 1].source[0];
    return value > 0 ? network->layer[network->node[value - 1].layer].name : "input";
}

void build_refuse(struct builder *builder, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (builder->result == OK) builder->result = status_fail(ERROR_INPUT, __FILE__, __LINE__, "%s", text);
}

static void refuse(struct builder *builder, const char *what, struct shape shape) {
    build_refuse(builder, "after %s: %s of %lldx%lld pixels, %lld channels", place(builder), what,
                 (long long)shape.rows, (long long)shape.columns, (long long)shape.channels);
}

void build_dense(struct builder *builder, int64_t fan_out, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    const int64_t shape[] = {shape_size(builder->at.shape), fan_out};
    build_node(builder, &dense_operator, (struct shape){1, 1, fan_out}, NULL);
    append_layer(builder, 2, shape, name, arguments);
    va_end(arguments);
}

void build_convolution(struct builder *builder, int64_t channels, int64_t size, int64_t stride, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    struct shape in = builder->at.shape;
    struct shape out = {(in.rows + stride - 1) / stride, (in.columns + stride - 1) / stride, channels};
    struct filtering filtering = {.rows = in.rows,
                                  .columns = in.columns,
                                  .in = in.channels,
                                  .out_rows = out.rows,
                                  .out_columns = out.columns,
                                  .out = channels,
                                  .size = size,
                                  .stride = stride};
    filtering.way = filtering_way_of(&filtering);
    build_node(builder, &convolution_operator, out, build_form(builder, &filtering, sizeof filtering));
    const int64_t shape[] = {size, size, in.channels, channels};
    append_layer(builder, 4, shape, name, arguments);
    va_end(arguments);
}

static void build_prelu(struct builder *builder) {
    const struct network *network = builder->network;
    int number = 1;
    for (int i = 0; i < network->nodes; i++)
        number += network->node[i].kind == &prelu_operator && network->node[i].earlier == NONE;
    build_node(builder, &prelu_operator, builder->at.shape, NULL);
    append_slope(builder, number);
}

static void build_function(struct builder *builder) {
    const struct activation_form form = activation_at_first(builder->config);
    build_node(builder, &activation_operator, builder->at.shape, build_form(builder, &form, sizeof form));
}

void build_activation(struct builder *builder) {
    if (builder->config->network.activation == ACTIVATION_PRELU)
        build_prelu(builder);
    else
        build_function(builder);
}

void build_pooling(struct builder *builder, int64_t rows, int64_t columns) {
    struct shape in = builder->at.shape;
    if (in.rows % rows != 0 || in.columns % columns != 0) refuse(builder, "windows that do not tile an image", in);
    build_node(builder, &pooling_operator, (struct shape){in.rows / rows, in.columns / columns, in.channels}, NULL);
}

void build_flatten(struct builder *builder) {
    build_node(builder, &flatten_operator, (struct shape){1, 1, shape_size(builder->at.shape)}, NULL);
}

void build_combination(struct builder *builder, double own, struct cursor other, double coefficient) {
    struct shape a = builder->at.shape, b = other.shape;
    if (a.rows != b.rows || a.columns != b.columns || a.channels != b.channels)
        refuse(builder, "a sum with a value", b);
    const real c[] = {(real)own, (real)coefficient};
    build_node(builder, &sum_operator, a, build_form(builder, c, sizeof c));
    builder->network->node[builder->network->nodes - 1].source[1] = other.value;
}

void build_components(struct builder *builder, int64_t channels, double beyond) {
    const real c = (real)beyond;
    build_node(builder, &components_operator, (struct shape){1, 1, channels}, build_form(builder, &c, sizeof c));
}

static void append_named(struct builder *builder, int ndim, const int64_t *shape, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    append_layer(builder, ndim, shape, name, arguments);
    va_end(arguments);
}

void build_closed(struct builder *builder, const struct closed *closed) {
    build_node(builder, &closed_operator, builder->at.shape, build_form(builder, closed, sizeof *closed));
    if (closed->example != EXAMPLE_3) append_named(builder, 2, (const int64_t[]){1, 1}, "closed");
}

void build_readout(struct builder *builder, int64_t outputs) {
    int64_t state = shape_size(builder->at.shape);
    if (builder->config->network.readout == READOUT_DENSE) {
        build_dense(builder, outputs, "readout");
        return;
    }
    if (outputs > state)
        build_refuse(builder, "network.readout: none: a state of %lld components has not %lld outputs",
                     (long long)state, (long long)outputs);
    build_components(builder, outputs, 0);
}

/* ---- the same nodes again ---- */

void build_same(struct builder *builder, int node) {
    struct node same = builder->network->node[node];
    same.source[0] = builder->at.value;
    append(builder, same);
    if (same.layer != NONE) enter(builder->network, same.layer);
}

void build_again(struct builder *builder, int nodes) {
    struct network *network = builder->network;
    int first = network->nodes - nodes, begin = network->node[first].source[0], at = builder->at.value;
    for (int i = 0; i < nodes; i++) {
        struct node node = network->node[first + i];
        for (int s = 0; s < SOURCES; s++)
            if (node.source[s] == begin)
                node.source[s] = at;
            else if (node.source[s] > first) /* made by the nodes themselves */
                node.source[s] += nodes;
        append(builder, node);
        if (node.layer != NONE) enter(network, node.layer);
    }
}

/* ---- states ---- */

void build_state(struct builder *builder) {
    struct network *network = builder->network;
    int64_t size = shape_size(builder->at.shape);
    if (network->states > 0 && network_value_size(network, network->state[0]) != size) network->states = 0;
    network->state = grown(network->state, network->states, sizeof *network->state);
    network->state[network->states++] = builder->at.value;
}

/* ---- an equilibrium ---- */

int build_rest(struct builder *builder) {
    build_node(builder, &rest_operator, builder->at.shape, NULL);
    return builder->network->nodes - 1;
}

static double flops_of(const struct node *node) { return node->kind->flops ? node->kind->flops(node) : 0; }

/* What running the body takes. */
static struct equilibrium body_of(const struct network *network, int rest) {
    struct equilibrium body = {.rest = rest, .end = network->nodes - 1};
    for (int i = rest; i <= body.end; i++) {
        const struct node *node = &network->node[i];
        struct needs needs = i > rest && node->kind->needs ? node->kind->needs(node) : (struct needs){0, 0};
        CHECK(needs.kept == 0);
        if (needs.work > body.work) body.work = needs.work;
        bool has_room = i < body.end && (i == rest || equilibrium_in_place(network, rest, i) == NONE);
        body.numbers += has_room ? shape_size(node->out) : 0;
        body.flops += i > rest ? flops_of(node) : 0;
    }
    return body;
}

void build_resolve(struct builder *builder, int rest, const struct fixed_point *how, double expected) {
    struct network *network = builder->network;
    CHECK(builder->at.value == network->nodes && network->nodes < EQUILIBRIUM_VALUES);
    struct equilibrium equilibrium = body_of(network, rest);
    equilibrium.how = *how;
    equilibrium.expected = expected;
    equilibrium.flops *= expected * fixed_point_products(how->solver);
    network->node[rest].form = build_form(builder, &equilibrium, sizeof equilibrium);
    build_node(builder, &resolve_operator, builder->at.shape, network->node[rest].form);
}

/* ---- the way back ---- */

/* How many times each value is read. */
static void count_readers(const struct network *network, int *readers) {
    for (int i = 0; i < network->nodes; i++)
        for (int s = 0; s < SOURCES; s++)
            if (network->node[i].source[s] != NONE) readers[network->node[i].source[s]]++;
}

/* Where a value is read several times, the reader met first on the way back sets its cotangent and the others add. */
static void order_readers(struct network *network, bool *is_set) {
    for (int i = network->nodes - 1; i >= 0; i--)
        for (int s = 0; s < SOURCES; s++) {
            int source = network->node[i].source[s];
            if (source == NONE) continue;
            network->node[i].is_added[s] = is_set[source];
            is_set[source] = true;
        }
}

/* Cotangent buffers: few, reused as soon as a value's cotangent has been used up. */
static int take_slot(struct network *network, bool *taken) {
    int slot = 0;
    while (slot < network->slots && taken[slot]) slot++;
    if (slot == network->slots) network->slots++;
    taken[slot] = true;
    return slot;
}

static void give_slot(struct network *network, int value, int slot) {
    int64_t size = network_value_size(network, value);
    network->slot[value] = slot;
    if (size > network->slot_size[slot]) network->slot_size[slot] = size;
}

/* The inputs' cotangents are wanted where they are a state. */
static void share_slots(struct network *network, const int *readers, bool *taken) {
    int lowest = network->states > 0 && network->state[0] == 0 ? 0 : 1;
    for (int v = 0; v <= network->nodes; v++) network->slot[v] = NONE;
    give_slot(network, network->nodes, take_slot(network, taken));
    for (int i = network->nodes - 1; i >= lowest; i--) {
        const struct node *node = &network->node[i];
        int own = network->slot[i + 1];
        bool moved = false;
        for (int s = 0; s < SOURCES; s++) {
            int source = node->source[s];
            if (source < lowest || network->slot[source] >= 0) continue;
            bool moves = !moved && node->kind->in_place && readers[source] == 1;
            give_slot(network, source, moves ? own : take_slot(network, taken));
            moved |= moves;
        }
        if (!moved) taken[own] = false;
    }
}

static void *cleared(int count, size_t size) {
    void *array = calloc((size_t)count, size);
    CHECK(array);
    return array;
}

static void plan_way_back(struct network *network) {
    int values = network->nodes + 1;
    bool *flags = cleared(2 * values, sizeof *flags);
    int *readers = cleared(values, sizeof *readers);
    count_readers(network, readers);
    network->slot = cleared(values, sizeof *network->slot);
    network->slot_size = cleared(values, sizeof *network->slot_size);
    order_readers(network, flags);
    share_slots(network, readers, flags + values);
    free(readers);
    free(flags);
}

/* ---- the end of the list ---- */

/* F = alpha f: the readout's prefactors carry alpha (src/README.md, Rates). */
static void scale_outputs(struct network *network, double alpha) {
    const struct layer *readout = &network->layer[network_readout(network)->layer];
    network->tensor[readout->weight].scale *= (real)alpha;
    network->tensor[readout->bias].scale *= (real)alpha;
}

static void freeze(struct network *network) {
    network->first_trained = network->nodes - 1;
    network->trained_from = node_weight(network, network_readout(network))->offset;
}

static status finish(const struct config *config, struct network *network) {
    bool is_scaled = config->network.output_scale != 1, is_frozen = config->training.layers == LAYERS_READOUT;
    if ((is_scaled || is_frozen) && !network_has_readout(network))
        FAIL(ERROR_INPUT, "%s: a readout with weights of its own was expected",
             is_frozen ? "training.layers" : "network.output_scale");
    if (is_scaled) scale_outputs(network, config->network.output_scale);
    if (is_frozen) freeze(network);
    plan_way_back(network);
    return OK;
}

status build_network(const struct config *config, family *write, struct shape input, int64_t outputs,
                     struct network *network) {
    *network = (struct network){.outputs = outputs, .draw = config->network.draw};
    struct builder builder = {.network = network,
                              .config = config,
                              .at = {0, input},
                              .sigma_w2 = config->network.sigma_w2,
                              .sigma_b2 = config->network.sigma_b2,
                              .has_bias = true,
                              .result = OK};
    write(&builder, outputs);
    status result = builder.result == OK ? finish(config, network) : builder.result;
    if (result != OK) network_free(network);
    return result;
}

void network_free(struct network *network) {
    for (int i = 0; i < network->forms; i++) free(network->form[i]);
    void *arrays[] = {network->form,  network->node, network->layer,    network->tensor,
                      network->state, network->slot, network->slot_size};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) free(arrays[i]);
    *network = (struct network){0};
}
