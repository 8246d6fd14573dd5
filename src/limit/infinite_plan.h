/* How the kernels of infinite width go through a network: what infinite.c decides from the list of nodes and from sizes
 * alone. What is in a plan is private to infinite*.c. Not collective. */
#ifndef INFINITE_PLAN_H
#define INFINITE_PLAN_H

#include <stdbool.h>
#include <stdlib.h>
#include "dual.h"
#include "limit.h"
#include "panic.h"

#define infinite_plan_create       REAL_NAME(infinite_plan_create)
#define infinite_plan_free         REAL_NAME(infinite_plan_free)
#define infinite_bytes             REAL_NAME(infinite_bytes)
#define infinite_work              REAL_NAME(infinite_work)
#define infinite_pairs_find        REAL_NAME(infinite_pairs_find)
#define infinite_is_equilibrium    REAL_NAME(infinite_is_equilibrium)
#define infinite_equilibrium_check REAL_NAME(infinite_equilibrium_check)
#define infinite_equilibrium_work  REAL_NAME(infinite_equilibrium_work)

/* How a pair of values comes from others. */
enum infinite_rule {
    INFINITE_INPUT,      /* read */
    INFINITE_WEIGHTS,    /* K <- sigma_w2 K + sigma_b2, Theta <- K + sigma_w2 Theta */
    INFINITE_ACTIVATION, /* K <- T(K), Theta <- Theta Tdot(K) */
    INFINITE_SUM,        /* of its terms, weighed */
    INFINITE_POOLING,    /* gathered from displacements of one term */
    INFINITE_STRANGERS,  /* 0 if its terms are, else not known: only while planning */
};

/* A pair of values: u of x and v of x'. */
struct infinite_pair {
    int u, v;
    int first, terms; /* what it is made of: term[first .. first + terms - 1]; none: 0 goes in */
    int slot;         /* of its images */
    uint8_t rule;
    bool is_of_variances; /* wanted of x = x' at p = q too, before everything else */
    bool is_with_next;    /* a layer of 3 x 3 windows that the next pair, an activation, alone reads: done as one */
};

struct infinite_term {
    int pair, slot; /* that pair's */
    double weight;  /* of sums */
};

/* Pairs from .. to - 1, all at one displacement but for what pooling gathers for the first. */
struct infinite_segment {
    int from, to;
};

struct infinite_plan {
    const struct network *network;
    const struct limit **limit; /* of each node */
    int pairs, terms;           /* in an order in which each finds its terms done, segment after segment */
    struct infinite_pair *pair; /* (infinite_pairs.c); the last one is the output's */
    struct infinite_term *term;
    int activations, *activation; /* nodes */
    int segments;
    struct infinite_segment *segment;
    int *segment_of;     /* each value */
    int64_t *stride;     /* a value's displacement over that of its segment's last value; 0: nobody reads it */
    int slots;           /* buffers */
    int64_t batch;       /* pairs of points at once: many where inputs have one pixel, 8 or 1 of images */
    int64_t tile;        /* points a side whose pairs go through the network together; 0: pairs go by batches */
    int64_t reach;       /* of the widest filter */
    int64_t pixels;      /* of the largest image */
    int64_t room, front; /* of the largest image, covariance.h, rounded to eight numbers; before its first entry */
    size_t bytes;        /* of pairs and terms, while they were sought */
};

/* What follows from the list of nodes. The network stays where it is until the plan is freed. ERROR_INPUT in one line
 * where the network has no limit, or none that is computed: what reads around a pooling; values that are correlated
 * otherwise than through layers; an activation of what is not Gaussian; a sum with the input; an output that is not
 * made by layers of its own. */
status infinite_plan_create(const struct network *network, struct infinite_plan **plan);
void infinite_plan_free(struct infinite_plan *plan);
/* What the plan took for itself, at most. */
size_t infinite_bytes(const struct infinite_plan *plan);
/* About how many nanoseconds of a core infinite_kernels (infinite.h) takes, without inner products of inputs, from
 * sizes alone. */
double infinite_work(const struct infinite_plan *plan, int64_t points, int64_t columns);

#define INFINITE_REFUSE(...) FAIL(ERROR_INPUT, "network: no limit of infinite width is known: " __VA_ARGS__)

/* infinite_pairs.c: fills pair, term, activation. What has no limit is refused: ERROR_INPUT. segment_of
 * and stride are there. */
status infinite_pairs_find(struct infinite_plan *plan);
/* infinite_equilibrium.c: a list with an equilibrium, which has a closed form or is refused. */
bool infinite_is_equilibrium(const struct network *network);
status infinite_equilibrium_check(const struct network *network);
double infinite_equilibrium_work(const struct network *network, int64_t points, int64_t columns);
/* Zeroed memory; if it cannot be had, that is a panic. */
static inline void *infinite_take(int64_t count, size_t size) {
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    CHECK(memory);
    return memory;
}

static inline struct shape infinite_shape(const struct network *network, int value) {
    return value == 0 ? network->node[0].in : network->node[value - 1].out;
}
static inline int64_t infinite_pixels(const struct network *network, int value) {
    struct shape shape = infinite_shape(network, value);
    return shape.rows * shape.columns;
}

#endif
