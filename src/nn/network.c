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

static struct needs needs_of(const struct node *node) {
    return node->kind->needs ? node->kind->needs(node) : (struct needs){0, 0};
}

/* Takes piece i of those that `piece` points to (NULL: sizes are counted only). */
static void take(int64_t size, struct arena *arena, real **piece, int i) {
    real *taken = ARENA_TAKE(arena, size, real);
    if (piece) piece[i] = taken;
}

void network_tape(const struct network *network, int first, int64_t n, real *work, struct arena *arena,
                  struct tape *tape) {
    *tape = (struct tape){.n = n, .work = work};
    tape->value = ARENA_TAKE(arena, network->nodes + 1, real *);
    tape->kept = ARENA_TAKE(arena, network->nodes, real *);
    for (int v = 0; tape->value && v <= first; v++) tape->value[v] = NULL;
    for (int i = 0; i < network->nodes; i++)
        take(i < first ? 0 : n * needs_of(&network->node[i]).kept, arena, tape->kept, i);
    for (int v = first + 1; v <= network->nodes; v++) take(n * network_value_size(network, v), arena, tape->value, v);
}

void network_tape_view(const struct network *network, int first, const struct tape *tape, int64_t from, int64_t n,
                       struct tape *view) {
    view->n = n;
    view->work = tape->work;
    for (int i = first; i < network->nodes; i++) {
        view->value[i + 1] = tape->value[i + 1] + from * network_value_size(network, i + 1);
        view->kept[i] = tape->kept[i] + from * needs_of(&network->node[i]).kept;
    }
}

real *network_work(const struct network *network, struct arena *arena) {
    int64_t most = 0;
    for (int i = 0; i < network->nodes; i++) {
        int64_t work = needs_of(&network->node[i]).work;
        if (work > most) most = work;
    }
    return most > 0 ? ARENA_TAKE(arena, most, real) : NULL;
}

int64_t network_chunk(const struct network *network, int first, int64_t count, int64_t numbers, int64_t n) {
    int64_t each = 0;
    for (int i = first; i < network->nodes; i++)
        each += network_value_size(network, i + 1) + needs_of(&network->node[i]).kept;
    for (int slot = 0; slot < network->slots; slot++) each += count * network->slot_size[slot];
    int64_t most = numbers / each > 0 ? numbers / each : 1, chunks = (n + most - 1) / most;
    return chunks > 0 ? (n + chunks - 1) / chunks : 0;
}

void network_cotape(const struct network *network, int64_t rows, struct arena *arena, struct cotape *cotape) {
    cotape->buffer = ARENA_TAKE(arena, network->slots, real *);
    for (int slot = 0; slot < network->slots; slot++)
        take(rows * network->slot_size[slot], arena, cotape->buffer, slot);
}

/* ---- passes ---- */

static struct pass pass_of(const struct network *network, const real *theta, const struct tape *tape, int64_t count) {
    return (struct pass){.network = network,
                         .theta = theta,
                         .value = tape->value,
                         .kept = tape->kept,
                         .n = tape->n,
                         .count = count,
                         .work = tape->work};
}

void network_forward(const struct network *network, int first, const real *theta, struct tape *tape) {
    const struct pass pass = pass_of(network, theta, tape, 1);
    for (int i = first; i < network->nodes; i++)
        network->node[i].kind->forward(&network->node[i], &pass, tape->value[i + 1]);
}

static void jvp_of(const struct network *network, int first, int last, const real *theta, const real *dtheta,
                   const struct tape *tape, struct tape *tangent) {
    const struct pass pass = pass_of(network, theta, tape, 1);
    for (int i = first; i < last; i++)
        network->node[i].kind->jvp(&network->node[i], &pass, dtheta, tangent->value, tangent->value[i + 1]);
}

void network_jvp(const struct network *network, int first, const real *theta, const real *dtheta,
                 const struct tape *tape, struct tape *tangent) {
    jvp_of(network, first, network->nodes, theta, dtheta, tape, tangent);
}

void network_jvp_between(const struct network *network, int first, int last, const real *theta, const struct tape *tape,
                         struct tape *tangent) {
    jvp_of(network, first, last, theta, NULL, tape, tangent);
}

/* Is a value's cotangent of use to what made it? */
static bool goes_back(const struct network *network, int value) {
    return value == 0 || network->node[value - 1].kind->vjp;
}

/* Cotangents of what a node reads from those of its value; the one that takes their place comes last. */
static void pass_back(const struct node *node, int first, const struct pass *pass, const struct cotape *cotape) {
    real *w = cotape_value(pass->network, cotape, node->value);
    int in_place = NONE;
    for (int s = 0; node->kind->vjp && s < SOURCES; s++) {
        int source = node->source[s];
        if (source < first || source <= pass->network->first_trained || !goes_back(pass->network, source)) continue;
        real *din = cotape_value(pass->network, cotape, source);
        if (din == w)
            in_place = s;
        else
            node->kind->vjp(node, pass, s, w, din);
    }
    if (in_place != NONE) node->kind->vjp(node, pass, in_place, w, w);
}

void network_vjp_node(const struct network *network, int first, int i, const real *theta, const struct tape *tape,
                      int64_t count, struct cotape *cotape) {
    const struct pass pass = pass_of(network, theta, tape, count);
    pass_back(&network->node[i], first, &pass, cotape);
}

void network_vjp_from(const struct network *network, int last, int64_t rows, struct cotape *cotape) {
    for (int i = last; i < network->nodes; i++)
        for (int s = 0; s < SOURCES; s++) {
            int source = network->node[i].source[s];
            if (source < 0 || source >= last || network->slot[source] == NONE) continue;
            memset(cotape_value(network, cotape, source), 0,
                   (size_t)(rows * network_value_size(network, source)) * sizeof(real));
        }
}

void network_vjp(const struct network *network, int first, const real *theta, const struct tape *tape,
                 struct cotape *cotape, real alpha, real *theta_gradient) {
    ASSERT(theta_gradient != theta || !network_is_tied(network));
    const struct pass pass = pass_of(network, theta, tape, 1);
    for (int i = network->nodes - 1; i >= first; i--) {
        const struct node *node = &network->node[i];
        pass_back(node, first, &pass, cotape);
        if (theta_gradient && node->layer != NONE)
            node->kind->share->gradient(node, &pass, cotape_value(network, cotape, node->value), alpha, theta_gradient);
    }
}

bool network_has_head(const struct network *network) {
    const struct node *head = &network->node[0];
    for (int i = 1; i < network->nodes; i++)
        for (int s = 0; s < SOURCES; s++)
            if (network->node[i].source[s] == 0) return false;
    return head->kind->share && head->kind->share->weigh && network->layer[head->layer].nodes == 1;
}

bool network_has_readout(const struct network *network) {
    int layer = network_readout(network)->layer;
    return layer != NONE && network->layer[layer].nodes == 1;
}

bool network_is_tied(const struct network *network) {
    for (int l = 0; l < network->layers; l++)
        if (network->layer[l].nodes > 1) return true;
    return false;
}

/* ---- counts and norms ---- */

static double flops_of(const struct node *node) { return node->kind->flops ? node->kind->flops(node) : 0; }

double network_flops(const struct network *network, int first, int64_t n) {
    double flops = 0;
    for (int i = first; i < network->nodes; i++) flops += (double)n * flops_of(&network->node[i]);
    return flops;
}

double network_flops_weights(const struct network *network, int first, int64_t n) {
    double flops = 0;
    for (int i = first; i < network->nodes; i++)
        if (network->node[i].layer != NONE) flops += (double)n * flops_of(&network->node[i]);
    return flops;
}

double network_flops_taken(const struct network *network) {
    double taken = 0;
    for (int i = 0; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        taken += flops_of(node) * (node->kind->flops_taken ? node->kind->flops_taken(node) : 1);
    }
    return taken / network_flops(network, 0, 1);
}

int64_t network_parameters(const struct network *network) {
    int64_t count = 0;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        if (tensor->is_active && tensor->offset >= network->trained_from) count += tensor->size;
    }
    return count;
}

double network_layer_distance(const struct network *network, int layer, const real *a, const real *b, double *norm) {
    double distance = 0, squares = 0;
    const int tensors[] = {network->layer[layer].weight, network->layer[layer].bias};
    for (int t = 0; t < 2; t++) {
        const struct tensor *tensor = &network->tensor[tensors[t]];
        if (!tensor->is_active) continue;
        distance += la_distance_squares(tensor->size, a + tensor->offset, b + tensor->offset);
        squares += la_distance_squares(tensor->size, b + tensor->offset, NULL);
    }
    *norm = sqrt(squares);
    return sqrt(distance);
}

void network_initialize(const struct network *network, uint64_t seed, real *theta) {
    enum { PIECE = 1024 };
    double piece[PIECE];
    random_numbers *draw = network->draw == DRAW_UNIFORM ? random_uniform : random_normal;
    for (int t = 0; t < network->tensors; t++) {
        const struct tensor *tensor = &network->tensor[t];
        for (int64_t at = 0; at < tensor->size; at += PIECE) {
            int64_t count = tensor->size - at < PIECE ? tensor->size - at : PIECE;
            draw(seed, RANDOM_PARAMETERS, (uint64_t)t, at, count, piece);
            for (int64_t i = 0; i < count; i++)
                theta[tensor->offset + at + i] = (real)(tensor->mean + tensor->deviation * piece[i]);
        }
    }
}
