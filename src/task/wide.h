/* The network of a config at infinite width, pairs of points in either precision (run.limit_precision): what is built
 * once for each and chosen by reference.c. Private to task. Not collective. */
#ifndef WIDE_H
#define WIDE_H

#include <stdbool.h>
#include "data.h"
#include "infinite.h"

/* The head of what a kind makes. */
struct wide {
    bool trains_readout_alone;
};

struct wide_kind {
    /* Ended by free, also where it fails: ERROR_INPUT, a network that cannot be or has no limit. */
    status (*create)(const struct config *config, const struct data_shape *shape, struct wide **wide);
    void (*free)(struct wide *wide);
    /* infinite.h and infinite_plan.h */
    bool (*kernels)(const struct wide *wide, const struct infinite_points *points, struct arena *arena,
                    const struct host *host);
    double (*work)(const struct wide *wide, int64_t points, int64_t columns);
    size_t (*bytes)(const struct wide *wide);
};

extern const struct wide_kind wide_f32, wide_f64;

#endif
