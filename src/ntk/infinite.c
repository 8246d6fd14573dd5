#include "infinite.h"

#include <string.h>

#include "operator.h"

int ntk_infinite(const struct network *network, int64_t points, const double *gram, double *k, double *theta,
                 struct arena *arena, int (*stop)(void *), void *context) {
    size_t mark = arena_mark(arena);
    struct dual *dual = ARENA_TAKE(arena, network->operators, struct dual), unused;
    double *variance = ARENA_TAKE(arena, points, double);
    for (int64_t i = 0; variance && i < points; i++) variance[i] = gram[i * points + i];
    for (int o = 0; o < network->operators; o++)
        network->op[o].kind->infinite_diagonal(&network->op[o], network, points, variance, arena,
                                               dual ? &dual[o] : &unused);
    int stopped = 0;
    for (int64_t i = 0; dual && i < points && !stopped; i++) {
        double *k_row = k + i * points, *theta_row = theta + i * points;
        if (k != gram) memcpy(k_row, gram + i * points, (size_t)(i + 1) * sizeof *k_row);
        memset(theta_row, 0, (size_t)(i + 1) * sizeof *theta_row);
        for (int o = 0; o < network->operators; o++)
            network->op[o].kind->infinite_row(network, &dual[o], i, i + 1, k_row, theta_row);
        stopped = stop && stop(context);
    }
    arena_release(arena, mark);
    return stopped;
}
