/* A network is a list of operators. Value 0 is the input, value i + 1 the output of operator i; each value is
 * [examples, rows, columns, channels], channels fastest. The last value is the output, [examples, k].
 *
 * theta is one flat array; tensors lie in it in the order of the forward pass, weight before bias.
 * The maths cannot fail and takes its memory from an arena (sizes by a counting arena). Not collective. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>
#include "activation.h"
#include "arena.h"
#include "config.h"
#include "filtering.h"
#include "real.h"

#define network_create         REAL_NAME(network_create)
#define network_initialize     REAL_NAME(network_initialize)
#define network_tape           REAL_NAME(network_tape)
#define network_work           REAL_NAME(network_work)
#define network_chunk          REAL_NAME(network_chunk)
#define network_cotape         REAL_NAME(network_cotape)
#define network_forward        REAL_NAME(network_forward)
#define network_jvp            REAL_NAME(network_jvp)
#define network_vjp            REAL_NAME(network_vjp)
#define network_vjp_inputs     REAL_NAME(network_vjp_inputs)
#define network_value_size     REAL_NAME(network_value_size)
#define network_flops          REAL_NAME(network_flops)
#define network_share          REAL_NAME(network_share)
#define network_parameters     REAL_NAME(network_parameters)
#define network_layer_distance REAL_NAME(network_layer_distance)

struct shape {
    int64_t rows, columns, channels;
};
static inline int64_t shape_size(struct shape s) { return s.rows * s.columns * s.channels; }

enum { TENSOR_DIMENSIONS = 4, NODES_MAX = 2048, TENSORS_MAX = 2048, LAYERS_MAX = TENSORS_MAX / 2, SOURCES = 2 };
enum { LAYER_NAME = 32 };

struct tensor {
    int64_t offset, size; /* in theta */
    int ndim;             /* dense weight [fan_in, fan_out], filter [ky, kx, in, out], bias [1, .., out] */
    int64_t shape[TENSOR_DIMENSIONS];
    int layer;        /* whose weight or bias it is, 0 .. layers-1 */
    int active;       /* 0: a bias with sigma_b^2 = 0, which has no effect and is not trained */
    double deviation; /* of the initial draw, N(0, deviation^2) */
    real scale;       /* prefactor in the forward pass: sigma_w/sqrt(fan_in), sigma_b; or 1 */
    real rate;        /* its learning rate, in units of eta */
};

struct operator_kind;
struct node {
    const struct operator_kind *kind;
    int source[SOURCES]; /* values it reads; -1: none */
    struct shape in, out;
    const struct tensor *weight, *bias; /* NULL: none */
    const struct activation *activation;
    struct filtering filtering; /* convolution */
    const struct filtering_way *way;
};

struct network {
    int nodes, tensors, layers;
    struct node node[NODES_MAX];
    struct tensor tensor[TENSORS_MAX];
    int64_t theta;        /* numbers in theta, all tensors */
    int first_trained;    /* operator; 0, or the readout (training.layers): those before it stay as drawn */
    int64_t trained_from; /* numbers of theta before it */
    int64_t outputs;      /* k */
    double sigma_w2, sigma_b2;
    char layer_name[LAYERS_MAX][LAYER_NAME];
    int slots;               /* cotangent buffers that the backward pass needs */
    int slot[NODES_MAX + 1]; /* of each value */
    int64_t slot_size[NODES_MAX + 1];
};

/* The network of a config on inputs of this shape (fc takes an image as one row of numbers). `network` is large: keep it in the
 * arena or static. */
void network_create(const struct config *config, struct shape input, int64_t outputs, struct network *network);
/* theta_0: Philox, key (seed, parameters), counter (tensor, index); drawn in double and rounded. */
void network_initialize(const struct network *network, uint64_t seed, real *theta);

/* Values of all operators on n examples (or tangents of them). value[0 .. nodes]. */
struct tape {
    int64_t n;
    real *value[NODES_MAX + 1];
    real *work; /* scratch of the passes */
};
/* Lays out the values above `first` for n examples; value[first] is lent by the caller, lower ones are not there. work: of
 * network_work, lent, shared by tapes that are not used at the same time (NULL for a tape of tangents). */
void network_tape(const struct network *network, int first, int64_t n, real *work, struct arena *arena,
                  struct tape *tape);
/* Scratch for any pass; NULL if none is needed. */
real *network_work(const struct network *network, struct arena *arena);
/* Examples that go through the network at once when n do, in equal chunks, `count` cotangents for each: so many that values and
 * cotangents hold at most 2^25 numbers, or one. A function of sizes alone. */
int64_t network_chunk(const struct network *network, int first, int64_t count, int64_t n);
/* Cotangent buffers for `rows` cotangents; buffer[slot]. */
struct cotape {
    real *buffer[NODES_MAX + 1];
};
void network_cotape(const struct network *network, int64_t rows, struct arena *arena, struct cotape *cotape);
static inline real *cotape_value(const struct network *network, const struct cotape *cotape, int value) {
    return cotape->buffer[network->slot[value]];
}

/* f = forward(theta): values first+1 .. nodes from value[first]. */
void network_forward(const struct network *network, int first, const real *theta, struct tape *tape);
/* tangent.value = J_value tangent.value[first] + J_theta dtheta at the point of `tape`. tangent->value[first] may be
 * NULL: zero (the input does not move). */
void network_jvp(const struct network *network, int first, const real *theta, const real *dtheta,
                 const struct tape *tape, struct tape *tangent);
/* The last value's cotangents w[n, k] stand in cotape_value(nodes), and are used up. theta_gradient += alpha rate_t J_t' w
 * for each tensor t of the operators from `first` on (NULL: not wanted; theta itself is allowed: then each operator
 * is updated after its last use). The cotangent of value `first` is left in cotape_value(first) if first > 0. */
void network_vjp(const struct network *network, int first, const real *theta, const struct tape *tape,
                 struct cotape *cotape, real alpha, real *theta_gradient);

/* The backward pass of operator i alone, with `count` cotangents for each example (rows: example, cotangent) and without parameters. */
void network_vjp_inputs(const struct network *network, int first, int i, const real *theta, const struct tape *tape,
                        int64_t count, struct cotape *cotape);

/* Numbers of one example's value. */
int64_t network_value_size(const struct network *network, int value);
/* Multiply-adds times 2 of one forward pass over n examples from `first` on; the parameter half of the backward pass is the same
 * number, and so is the input half, but that nothing goes back to the inputs themselves (value 0). */
double network_flops(const struct network *network, int first, int64_t n);
/* Share of the time of these flops that they really take: minimal filtering leaves some out. */
double network_share(const struct network *network);
/* Trained parameters: tensors that are active, of layers that are trained. */
int64_t network_parameters(const struct network *network);
/* |a_l - b_l| of layer l's active tensors, and |b_l| in *norm (Frobenius). */
double network_layer_distance(const struct network *network, int layer, const real *a, const real *b, double *norm);

#endif
