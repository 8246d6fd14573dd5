#include "points.h"

static int64_t at_once(const struct points *points, const struct network *network, int first, int64_t n) {
    return points->chunk > 0 ? points_at(0, n, points->chunk) : network_chunk(network, first, 1, n);
}

int64_t points_chunk(const struct points *points, const struct network *network, int first) {
    return at_once(points, network, first, points->train);
}

int64_t points_test_chunk(const struct points *points, const struct network *network, int first) {
    enum { MOST = 256 };
    return points_at(0, MOST, at_once(points, network, first, points->test));
}

const real *points_forward(const struct network *network, int first, const real *theta, int64_t n, const real *value,
                           struct tape *tape) {
    tape->n = n;
    tape->value[first] = (real *)value; /* only read */
    network_forward(network, first, theta, tape);
    return tape->value[network->operators];
}
