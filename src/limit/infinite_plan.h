/* How the kernels of infinite width go through a network's list of operators: what infinite.c decides from sizes alone. Private to
 * infinite*.c; built with REAL_BITS 64. Cannot fail. Not collective. */
#ifndef INFINITE_PLAN_H
#define INFINITE_PLAN_H

#include "network.h"

enum { INFINITE_SEGMENTS = 64, INFINITE_NODES = 2048 };

/* Values from .. to and the operators from .. to - 1 between them, all at one displacement. Operator from - 1 gathers. */
struct infinite_segment {
    int from, to;
};

struct infinite_plan {
    int segments;
    struct infinite_segment segment[INFINITE_SEGMENTS];
    int64_t stride[INFINITE_NODES + 1];  /* a value's displacement over that of its segment's last value */
    int slots, slot[INFINITE_NODES + 1]; /* buffers, and which one each value has */
    int activations_end;                 /* operators from here on need no variances */
    int64_t reach;                       /* of the widest filter */
    int64_t pixels;                      /* of the largest image */
    int64_t room, front; /* of the largest image, covariance.h, for 64-byte alignment; before its first entry */
};

/* batch: of the networks whose inputs have one pixel. Panics where a path goes around a pooling, and where branches
 * meet that are not independent. */
void infinite_plan_create(const struct network *network, int64_t batch, struct infinite_plan *plan);
/* Nanoseconds, about, for a pair of examples. */
double infinite_plan_work(const struct network *network, const struct infinite_plan *plan);

static inline struct shape infinite_shape(const struct network *network, int value) {
    return value == 0 ? network->node[0].in : network->node[value - 1].out;
}
static inline int64_t infinite_pixels(const struct network *network, int value) {
    struct shape shape = infinite_shape(network, value);
    return shape.rows * shape.columns;
}

#endif
