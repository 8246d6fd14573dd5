/* A network is a list of nodes. Node i is the place where an operator stands; value 0 is the input, value i + 1 what
 * node i makes; each value is [examples, rows, columns, channels], channels fastest. The last value is the output,
 * [examples, k]. Weights belong to layers, which several nodes may name: those share them.
 *
 *     h <- h + c N(h), twice, with the same dense layer:
 *     value    0 ---dense--- 1 --phi--- 2 ---dense--- 3 --sum--- 4 --phi--- 5 ---dense--- 6 --sum--- 7 ---dense--- 8
 *     layer       "enter"                   "cell"                              "cell"                   "readout"
 *
 * Some values are states, h_0 .. h_L: what the blocks of a network hand on, all of one shape.
 *
 * theta is one flat array; tensors lie in it in the order of the forward pass, layer after layer, weight before bias.
 * The maths cannot fail and takes its memory from an arena (sizes by a counting arena). Not collective. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "config.h"
#include "real.h"
#include "status.h"

#define network_create         REAL_NAME(network_create)
#define network_free           REAL_NAME(network_free)
#define network_initialize     REAL_NAME(network_initialize)
#define network_is_tied        REAL_NAME(network_is_tied)
#define network_has_head       REAL_NAME(network_has_head)
#define network_has_readout    REAL_NAME(network_has_readout)
#define network_tape           REAL_NAME(network_tape)
#define network_tape_view      REAL_NAME(network_tape_view)
#define network_work           REAL_NAME(network_work)
#define network_chunk          REAL_NAME(network_chunk)
#define network_cotape         REAL_NAME(network_cotape)
#define network_forward        REAL_NAME(network_forward)
#define network_jvp            REAL_NAME(network_jvp)
#define network_jvp_between    REAL_NAME(network_jvp_between)
#define network_vjp            REAL_NAME(network_vjp)
#define network_vjp_node       REAL_NAME(network_vjp_node)
#define network_vjp_from       REAL_NAME(network_vjp_from)
#define network_value_size     REAL_NAME(network_value_size)
#define network_flops          REAL_NAME(network_flops)
#define network_flops_taken    REAL_NAME(network_flops_taken)
#define network_flops_weights  REAL_NAME(network_flops_weights)
#define network_rests          REAL_NAME(network_rests)
#define network_contract       REAL_NAME(network_contract)
#define network_expected_steps REAL_NAME(network_expected_steps)
#define network_solver_states  REAL_NAME(network_solver_states)
#define network_solve          REAL_NAME(network_solve)
#define network_parameters     REAL_NAME(network_parameters)
#define network_layer_distance REAL_NAME(network_layer_distance)

enum { NONE = -1, SOURCES = 2, TENSOR_DIMENSIONS = 4, LAYER_NAME = 32 };

struct shape {
    int64_t rows, columns, channels;
};
static inline int64_t shape_size(struct shape s) { return s.rows * s.columns * s.channels; }

struct tensor {
    int64_t offset, size; /* in theta */
    int ndim;             /* dense weight [fan_in, fan_out], filter [ky, kx, in, out], bias [1, .., out], slope [1] */
    int64_t shape[TENSOR_DIMENSIONS];
    bool is_active;         /* false: a bias with sigma_b^2 = 0, which has no effect and is not trained */
    double variance;        /* sigma_w^2 or sigma_b^2 */
    double mean, deviation; /* of the initial draw */
    real scale;             /* prefactor in the forward pass: sigma_w/sqrt(fan_in), sigma_b; or 1 */
    real rate;              /* its learning rate, in units of eta */
};

/* A weight and its bias (empty where the operator has none), and the nodes that use them. */
struct layer {
    char name[LAYER_NAME];
    int weight, bias; /* tensors */
    int nodes, last;  /* how many use it, and the last of them; the others by node.earlier */
};

struct operator_kind;
struct node {
    const struct operator_kind *kind;
    const void *form;       /* of its kind: a filtering, an activation, a coefficient; NULL: none */
    int layer;              /* whose weights it uses; NONE */
    int earlier;            /* the node before it in the list that uses the same layer; NONE */
    int value;              /* its own */
    int source[SOURCES];    /* values that it reads; NONE */
    bool is_added[SOURCES]; /* on the way back another reader has set that value's cotangent already */
    struct shape in, out;
};

struct network {
    int nodes, layers, tensors;
    struct node *node;     /* owned, as all arrays */
    struct layer *layer;   /* in the order of their first nodes */
    struct tensor *tensor; /* two a layer */
    int states;
    int *state; /* values, ascending: h_0 .. h_L */
    int forms;
    void **form;          /* of nodes, each owned */
    int64_t theta;        /* numbers in theta, all tensors */
    int64_t outputs;      /* k */
    int draw;             /* enum draw: of the initial weights and biases */
    int first_trained;    /* node; 0, or the readout (training.layers): those before it stay as drawn */
    int64_t trained_from; /* numbers of theta before it */
    int slots;            /* cotangent buffers that the backward pass needs */
    int64_t *slot_size;
    int *slot; /* of each value; NONE: a cotangent of it is never wanted (the input's, where it is no state) */
};

/* The network of a config on inputs of this shape (fc takes an image as one row of numbers); ended by network_free.
 * ERROR_INPUT, in words that begin with "after" and a layer's name, where a list of nodes cannot be. */
status network_create(const struct config *config, struct shape input, int64_t outputs, struct network *network);
void network_free(struct network *network);
/* theta_0 = mean + deviation times a normal or uniform number of variance 1: Philox, key (seed, parameters), counter
 * (tensor, index); in double and rounded. */
void network_initialize(const struct network *network, uint64_t seed, real *theta);

/* Do several nodes use one layer? */
bool network_is_tied(const struct network *network);
/* Is node 0 the only reader of the inputs, and does its output move by inner products of inputs alone (share.weigh)?
 * Its layer has no other node then. */
bool network_has_head(const struct network *network);
static inline const struct tensor *node_weight(const struct network *network, const struct node *node) {
    return &network->tensor[network->layer[node->layer].weight];
}
static inline const struct tensor *node_bias(const struct network *network, const struct node *node) {
    return &network->tensor[network->layer[node->layer].bias];
}
/* Is the last node a layer that is used nowhere else? */
bool network_has_readout(const struct network *network);
static inline const struct node *network_readout(const struct network *network) {
    return &network->node[network->nodes - 1];
}

/* Values of all nodes on n examples (or tangents of them). */
struct tape {
    int64_t n;
    real **value; /* [nodes + 1] */
    real **kept;  /* [nodes] what each keeps for the way back, operator.h */
    real *work;   /* scratch of the passes */
};
/* Lays out the values above `first` for n examples; value[first] is lent by the caller, lower ones are not there.
 * work: of network_work, lent, shared by tapes that are not used at the same time (NULL for a tape of tangents). */
void network_tape(const struct network *network, int first, int64_t n, real *work, struct arena *arena,
                  struct tape *tape);
/* Points from .. from + n - 1 of a tape, but for value `first`, which is lent by the caller. view: laid out for 0
 * examples from `nodes` on; its values are the tape's. */
void network_tape_view(const struct network *network, int first, const struct tape *tape, int64_t from, int64_t n,
                       struct tape *view);
/* Scratch for any pass; NULL if none is needed. */
real *network_work(const struct network *network, struct arena *arena);
/* Examples that go through the network at once when n do, in equal chunks, `count` cotangents for each: so many that
 * values and cotangents hold at most so many numbers, or one. A function of sizes alone. */
enum { NETWORK_NUMBERS = 1 << 25 };
int64_t network_chunk(const struct network *network, int first, int64_t count, int64_t numbers, int64_t n);
/* Cotangent buffers for `rows` cotangents; buffer[slot]. */
struct cotape {
    real **buffer;
};
void network_cotape(const struct network *network, int64_t rows, struct arena *arena, struct cotape *cotape);
static inline real *cotape_value(const struct network *network, const struct cotape *cotape, int value) {
    return cotape->buffer ? cotape->buffer[network->slot[value]] : NULL; /* NULL: sizes were counted only */
}

/* f = forward(theta): values first+1 .. nodes from value[first]. */
void network_forward(const struct network *network, int first, const real *theta, struct tape *tape);
/* tangent.value = J_value tangent.value[first] + J_theta dtheta at the point of `tape`. tangent->value[first] may be
 * NULL: zero (the input does not move). */
void network_jvp(const struct network *network, int first, const real *theta, const real *dtheta,
                 const struct tape *tape, struct tape *tangent);
/* From value `first` to value `last`, parameters at rest: tangent.value[last] = dvalue[last]/dvalue[first]
 * tangent.value[first]. Lower values that are read between them: NULL. */
void network_jvp_between(const struct network *network, int first, int last, const real *theta, const struct tape *tape,
                         struct tape *tangent);
/* The last value's cotangents w[n, k] stand in cotape_value(nodes), and are used up. theta_gradient += alpha rate_t
 * J_t' w for each tensor t of the nodes from `first` on (NULL: not wanted; theta itself is allowed where no layers are
 * tied: then each is updated after its last use). The cotangent of value `first` is left in cotape_value(first) if
 * first > 0. */
void network_vjp(const struct network *network, int first, const real *theta, const struct tape *tape,
                 struct cotape *cotape, real alpha, real *theta_gradient);

/* The backward pass of node i alone, with `count` cotangents for each example (rows: example, cotangent) and without
 * parameters. */
void network_vjp_node(const struct network *network, int first, int i, const real *theta, const struct tape *tape,
                      int64_t count, struct cotape *cotape);
/* A way back that begins at value `last`, where `rows` cotangents stand, to go on with nodes last - 1, last - 2, ...:
 * clears those of values before it that nodes behind it read too. */
void network_vjp_from(const struct network *network, int last, int64_t rows, struct cotape *cotape);

/* Numbers of one example's value. */
int64_t network_value_size(const struct network *network, int value);
/* Multiply-adds times 2 of one forward pass over n examples from `first` on; the parameter half of the backward pass
 * is the same number where all that has flops has weights, and so is the input half, but that nothing goes back to the
 * inputs themselves (value 0). */
double network_flops(const struct network *network, int first, int64_t n);
/* Of the parameter half of a backward pass: of the nodes that have weights. */
double network_flops_weights(const struct network *network, int first, int64_t n);
/* The part of these flops that is really done: minimal filtering leaves some out. */
double network_flops_taken(const struct network *network);

/* How examples came to rest in a network's equilibria (nn/equilibrium.h). */
struct rests {
    double examples, lost;   /* at rest; without */
    double iterations, most; /* steps of the solver of those at rest: their sum, the largest */
    double contraction;      /* by which a residual fell a step at the end: the largest */
};
/* Adds those of the first n examples of a tape that has gone forward. */
void network_rests(const struct network *network, int first, const struct tape *tape, int64_t n, struct rests *sum);
/* Holds the product of the spectral norms of each equilibrium's weights to at most `most`, to about 1 % (power
 * iteration, which comes from below). work: of network_work. */
void network_contract(const struct network *network, real most, real *theta, real *work);
/* Steps that the plan expects; 0: it has no equilibrium. */
double network_expected_steps(const struct network *network);
/* How many states there are on an example's way, and numbers of one. */
struct trajectory {
    int64_t states, size;
};
/* Of the solver, as many as its steps may be and one; 0: it has no equilibrium. */
struct trajectory network_solver_states(const struct network *network);
/* Solves again for the example of a tape that has gone forward: states[states, size] = z_0 = 0, z after each step, the
 * last where it rests; NaN beyond, and where it is no number. */
void network_solve(const struct network *network, const real *theta, const struct tape *tape, real *states);

/* Trained parameters: tensors that are active, of layers that are trained. */
int64_t network_parameters(const struct network *network);
/* |a_l - b_l| of layer l's active tensors, and |b_l| in *norm (Frobenius). */
double network_layer_distance(const struct network *network, int layer, const real *a, const real *b, double *norm);

#endif
