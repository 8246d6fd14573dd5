#include "network.h"

#include <math.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"
#include "panic.h"
#include "random.h"

/* ---- memory: values, cotangents ---- */

int64_t network_value_size(const struct network *network, int value) {
    return value == 0 ? shape_size(network->node[0].in) : shape_size(network->node[value - 1].out);
}

void network_tape(const struct network *network, int first, int64_t n, real *work, struct arena *arena,
                  struct tape *tape) {
    *tape = (struct tape){.n = n, .work = work};
    for (int v = first + 1; v <= network->nodes; v++)
        tape->value[v] = ARENA_TAKE(arena, n * network_value_size(network, v), real);
}

real *network_work(const struct network *network, struct arena *arena) {
    int64_t most = 0;
    for (int i = 0; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        int64_t needs = node->kind->work ? node->kind->work(node) : 0;
        if (needs > most) most = needs;
    }
    return most > 0 ? ARENA_TAKE(arena, most, real) : NULL;
}

int64_t network_chunk(const struct network *network, int first, int64_t count, int64_t n) {
    enum { NUMBERS = 1 << 25 };
    int64_t numbers = 0;
    for (int v = first + 1; v <= network->nodes; v++) numbers += network_value_size(network, v);
    for (int slot = 0; slot < network->slots; slot++) numbers += count * network->slot_size[slot];
    int64_t most = NUMBERS / numbers > 0 ? NUMBERS / numbers : 1, chunks = (n + most - 1) / most;
    return chunks > 0 ? (n + chunks - 1) / chunks : 0;
}

void network_cotape(const struct network *network, int64_t rows, struct arena *arena, struct cotape *cotape) {
    *cotape = (struct cotape){0};
    for (int slot = 0; slot < network->slots; slot++)
        cotape->buffer[slot] = ARENA_TAKE(arena, rows * network->slot_size[slot], real);
}

/* ---- passes ---- */

static void sources(const struct node *node, const struct tape *tape, const real *in[SOURCES]) {
    for (int s = 0; s < SOURCES; s++) in[s] = node->source[s] < 0 ? NULL : tape->value[node->source[s]];
}

void network_forward(const struct network *network, int first, const real *theta, struct tape *tape) {
    for (int i = first; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        const real *in[SOURCES];
        sources(node, tape, in);
        node->kind->forward(node, theta, tape->n, in, tape->value[i + 1], tape->work);
    }
}

void network_jvp(const struct network *network, int first, const real *theta, const real *dtheta,
                 const struct tape *tape, struct tape *tangent) {
    for (int i = first; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        const real *in[SOURCES], *din[SOURCES];
        sources(node, tape, in);
        sources(node, tangent, din);
        node->kind->jvp(node, theta, dtheta, tape->n, in, din, tape->value[i + 1], tangent->value[i + 1], tape->work);
    }
}

/* Where a value is read several times, the reader met first on the way back sets its cotangent and the others add. */
static int is_first_met(const struct network *network, int reader, int source_number, int value) {
    for (int i = reader; i < network->nodes; i++)
        for (int s = 0; s < (i == reader ? source_number : SOURCES); s++)
            if (network->node[i].source[s] == value) return 0;
    return 1;
}

/* Cotangents of what operator i reads, `count` for each example, from those of its value. */
void network_vjp_inputs(const struct network *network, int first, int i, const real *theta, const struct tape *tape,
                        int64_t count, struct cotape *cotape) {
    const struct node *node = &network->node[i];
    const real *in[SOURCES], *w = cotape_value(network, cotape, i + 1);
    sources(node, tape, in);
    for (int s = 0; s < SOURCES; s++) {
        int source = node->source[s];
        if (source < first || source <= network->first_trained) continue;
        real beta = is_first_met(network, i, s, source) ? 0 : 1;
        node->kind->vjp_input(node, s, theta, tape->n, count, in, tape->value[i + 1], w, beta,
                              cotape_value(network, cotape, source), tape->work);
    }
}

void network_vjp(const struct network *network, int first, const real *theta, const struct tape *tape,
                 struct cotape *cotape, real alpha, real *theta_gradient) {
    for (int i = network->nodes - 1; i >= first; i--) {
        const struct node *node = &network->node[i];
        const real *in[SOURCES];
        sources(node, tape, in);
        network_vjp_inputs(network, first, i, theta, tape, 1, cotape);
        if (theta_gradient && node->kind->vjp_parameters)
            node->kind->vjp_parameters(node, tape->n, in, cotape_value(network, cotape, i + 1), alpha, theta_gradient,
                                       tape->work);
    }
}

/* ---- counts and norms ---- */

static double node_flops(const struct node *node, int64_t n) {
    return node->kind->flops ? node->kind->flops(node, n) : 0;
}

double network_flops(const struct network *network, int first, int64_t n) {
    double flops = 0;
    for (int i = first; i < network->nodes; i++) flops += node_flops(&network->node[i], n);
    return flops;
}

double network_share(const struct network *network) {
    double done = 0;
    for (int i = 0; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        done += node_flops(node, 1) * (node->way ? node->way->share(&node->filtering) : 1);
    }
    return done / network_flops(network, 0, 1);
}

int64_t network_parameters(const struct network *network) {
    int64_t count = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        if (tensor->active && tensor->offset >= network->trained_from) count += tensor->size;
    }
    return count;
}

double network_layer_distance(const struct network *network, int layer, const real *a, const real *b, double *norm) {
    double distance = 0, squares = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        if (tensor->layer != layer || !tensor->active) continue;
        distance += la_distance_squares(tensor->size, a + tensor->offset, b + tensor->offset);
        squares += la_distance_squares(tensor->size, b + tensor->offset, NULL);
    }
    *norm = sqrt(squares);
    return sqrt(distance);
}

void network_initialize(const struct network *network, uint64_t seed, real *theta) {
    enum { PIECE = 1024 };
    double piece[PIECE];
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        for (int64_t at = 0; at < tensor->size; at += PIECE) {
            int64_t count = tensor->size - at < PIECE ? tensor->size - at : PIECE;
            random_normal(seed, RANDOM_PARAMETERS, (uint64_t)t, at, count, piece);
            for (int64_t i = 0; i < count; i++) theta[tensor->offset + at + i] = (real)(tensor->deviation * piece[i]);
        }
    }
}
