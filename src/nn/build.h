/* What a family writes its list of nodes with. Private to nn.
 *
 * What cannot be is remembered, in words that begin with "after" and the layer that what is read comes from, and said by
 * network_create; a builder that has failed goes on with nodes that nobody will run. */
#ifndef BUILD_H
#define BUILD_H

#include "equilibrium.h"

#define build_dense       REAL_NAME(build_dense)
#define build_convolution REAL_NAME(build_convolution)
#define build_activation  REAL_NAME(build_activation)
#define build_pooling     REAL_NAME(build_pooling)
#define build_flatten     REAL_NAME(build_flatten)
#define build_combination REAL_NAME(build_combination)
#define build_closed      REAL_NAME(build_closed)
#define build_components  REAL_NAME(build_components)
#define build_readout     REAL_NAME(build_readout)
#define build_node        REAL_NAME(build_node)
#define build_form        REAL_NAME(build_form)
#define build_same        REAL_NAME(build_same)
#define build_again       REAL_NAME(build_again)
#define build_refuse      REAL_NAME(build_refuse)
#define build_state       REAL_NAME(build_state)
#define build_rest        REAL_NAME(build_rest)
#define build_resolve     REAL_NAME(build_resolve)
#define build_network     REAL_NAME(build_network)

/* A value that the next node may read. */
struct cursor {
    int value;
    struct shape shape;
};

/* A network in the making: where it has come to, and what every layer shares. */
struct builder {
    struct network *network;
    const struct config *config;
    struct cursor at;          /* the last node's value; set it back to begin a branch */
    double sigma_w2, sigma_b2; /* of the layers that follow, at first the config's */
    bool has_bias;             /* of the layers that follow, at first yes; without, a layer's bias is an empty tensor */
    status result;             /* the first failure */
};

/* Each appends one node that reads the value `at`, and moves on to its own. The two with tensors are a new layer,
 * named so (printf). */
void build_dense(struct builder *builder, int64_t fan_out, const char *name, ...) __attribute__((format(printf, 3, 4)));
/* size x size filters to `channels`, "same" zero padding: ceil(rows/stride) rows. */
void build_convolution(struct builder *builder, int64_t channels, int64_t size, int64_t stride, const char *name, ...)
    __attribute__((format(printf, 5, 6)));
/* prelu is a new layer, whose weight is the slope. */
void build_activation(struct builder *builder);
/* The mean over windows of rows x columns pixels, which tile the image. */
void build_pooling(struct builder *builder, int64_t rows, int64_t columns);
void build_flatten(struct builder *builder);
/* own times this value + coefficient times another of its shape. */
void build_combination(struct builder *builder, double own, struct cursor other, double coefficient);
static inline void build_sum(struct builder *builder, struct cursor other, double coefficient) {
    build_combination(builder, 1, other, coefficient);
}
/* The first `channels` components of a value of one pixel, `beyond` after its last. */
void build_components(struct builder *builder, int64_t channels, double beyond);
/* The flow of a value of one number, with a layer but in example 3; closed.h. */
struct closed;
void build_closed(struct builder *builder, const struct closed *closed);
/* The outputs that network.readout says: of a layer, or the first components of a state. */
void build_readout(struct builder *builder, int64_t outputs);
/* A node of any kind, without weights; its form (NULL: none) lives as long as the network: static, or of build_form. */
void build_node(struct builder *builder, const struct operator_kind *kind, struct shape out, const void *form);
/* A copy that the network owns. */
const void *build_form(struct builder *builder, const void *form, size_t bytes);
/* Node number `node` once more: its operator, with the same layer, reads `at`, a value of the shape that it reads. */
void build_same(struct builder *builder, int node);
/* The last `nodes` nodes once more, at the end of the list, with the same layers: what they made of the value that the
 * first of them reads, they make of `at`. Values from before them are read as they were. */
void build_again(struct builder *builder, int nodes);
/* The value `at` is the next of the states h_0 .. h_L. Only states of one shape can be compared: one of another shape
 * begins their list anew. */
void build_state(struct builder *builder);

/* What a node has made. */
static inline struct cursor build_value(const struct builder *builder, int node) {
    return (struct cursor){builder->network->node[node].value, builder->network->node[node].out};
}
/* The network cannot be: what and why (printf). Only the first is kept. */
void build_refuse(struct builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An equilibrium of a shape like u's, equilibrium.h. build_rest moves on to z and returns its node; what is then written
 * is the body, which may read u too; build_resolve ends it. expected: steps of the solver, as planned. */
int build_rest(struct builder *builder);
void build_resolve(struct builder *builder, int rest, const struct fixed_point *how, double expected);

/* A family: writes the list. REAL_NAME(family_NAME) of family_NAME.c, for each row of spec/family_list.h. */
typedef void family(struct builder *builder, int64_t outputs);
#define FAMILY_WRITES(NAME, name, images, meaning) family REAL_NAME(family_##name);
FAMILY_LIST(FAMILY_WRITES)
#undef FAMILY_WRITES
/* network_create with a list of one's own. */
status build_network(const struct config *config, family *write, struct shape input, int64_t outputs,
                     struct network *network);

#endif
