/* An equilibrium, z = F(z, u), is three nodes' work: `rest` finds z by running the nodes behind it, the body, from z = 0
 * until they rest; the body itself, ordinary nodes once more, at z; `resolve`, which passes their value on and knows that
 * z moves with it:
 *
 *     value    u ---rest--- z ---dense, sum with u, phi--- F(z, u) ---resolve--- z
 *
 * jvp: the body's tangent with z held, F_u du + F_theta dtheta, times (1 - dF/dz)^-1; vjp: the cotangent times
 * (1 - dF/dz')^-1, and the body goes back with that. Both are solved as rest is, by the body's jvp and vjp. Examples go
 * in blocks of FIXED_POINT_ROWS. Nothing goes back through rest. Not collective; cannot
 * fail: an example without rest is NaN. Private to nn. */
#ifndef EQUILIBRIUM_H
#define EQUILIBRIUM_H

#include "fixed_point.h"
#include "operator.h"

/* Values of a network that has one, at most. */
enum { EQUILIBRIUM_VALUES = 64 };

/* The form of both nodes. */
struct equilibrium {
    struct fixed_point how;
    int rest, end;   /* nodes; the body's are rest + 1 .. end */
    int64_t work;    /* of the body's nodes */
    int64_t numbers; /* of an example: all of the body's values but the last, and z */
    double expected; /* steps of the solver, as planned */
    double flops;    /* of an example, with as many steps */
};

/* Values of the body's nodes and of what they read, or tangents or cotangents of them; value[v] begins at the block's first example. */
struct equilibrium_values {
    real *value[EQUILIBRIUM_VALUES];
};

/* Those of a pass, from example `from` on. */
static inline struct equilibrium_values equilibrium_values_of(const struct equilibrium *equilibrium,
                                                              const struct pass *pass, int64_t from) {
    struct equilibrium_values values;
    for (int v = 0; v <= equilibrium->end + 1; v++)
        values.value[v] = pass->value[v] ? pass->value[v] + from * network_value_size(pass->network, v) : NULL;
    return values;
}

/* May node i of the body put its value, tangent or cotangent where that of the one value of the body stands that it
 * reads? NONE, or that value. While a rest is sought none of them is looked at again. */
static inline int equilibrium_in_place(const struct network *network, int rest, int i) {
    const struct node *node = &network->node[i];
    int from = NONE, readers = 0;
    for (int s = 0; s < SOURCES; s++)
        if (node->source[s] > rest) from = from == NONE ? node->source[s] : rest + 1;
    for (int j = rest + 1; j < network->nodes; j++)
        for (int s = 0; s < SOURCES; s++) readers += network->node[j].source[s] == from;
    return node->kind->in_place && from > rest + 1 && readers == 1 ? from : NONE;
}

/* Room of its own for the body's values, from `room` on, the last one apart; the others are not there. */
static inline struct equilibrium_values equilibrium_lay_out(const struct equilibrium *equilibrium,
                                                            const struct network *network, real *room) {
    struct equilibrium_values values = {{NULL}};
    for (int v = equilibrium->rest + 2; v <= equilibrium->end; v++) {
        int from = equilibrium_in_place(network, equilibrium->rest, v - 1);
        values.value[v] = from == NONE ? room : values.value[from];
        if (from == NONE) room += FIXED_POINT_ROWS * network_value_size(network, v);
    }
    return values;
}

/* Scratch: the body's nodes', a block of the body's values and one of z, the solver's. */
static inline int64_t equilibrium_work(const struct equilibrium *equilibrium, int64_t size) {
    return equilibrium->work + FIXED_POINT_ROWS * equilibrium->numbers +
           fixed_point_work(equilibrium->how.solver, size);
}

#endif
