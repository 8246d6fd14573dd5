/* The points that a network and its linearization are trained on, and how many of them go through at once.
 * Not collective; cannot fail. */
#ifndef POINTS_H
#define POINTS_H

#include "network.h"

#define points_forward    REAL_NAME(points_forward)
#define points_chunk      REAL_NAME(points_chunk)
#define points_test_chunk REAL_NAME(points_test_chunk)

/* Rows [train; test]. */
struct points {
    int64_t train, test, inputs, outputs;
    const real *x;    /* [train + test, inputs] */
    const real *y;    /* [train + test, outputs] */
    const real *gram; /* x x_train' [train + test, train]; NULL where the first operator has no head */
    int64_t chunk;    /* points at once; 0: as network_chunk says */
};

/* Training points that go through the network at once, from the value `first` on; and test points, of which never more than 256. */
int64_t points_chunk(const struct points *points, const struct network *network, int first);
int64_t points_test_chunk(const struct points *points, const struct network *network, int first);

/* The chunk that begins at `from`: what is left of `all`, or `chunk`. */
static inline int64_t points_at(int64_t from, int64_t all, int64_t chunk) {
    return all - from < chunk ? all - from : chunk;
}

/* Values of n points from value[first] = `value` on, into the tape; returns their outputs there, [n, k]. */
const real *points_forward(const struct network *network, int first, const real *theta, int64_t n, const real *value,
                           struct tape *tape);

#endif
