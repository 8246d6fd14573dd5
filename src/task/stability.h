/* What measure_stability.c holds while a point trains: a pass of its own, for the gradient of the training loss. Private
 * to task. */
#ifndef STABILITY_H
#define STABILITY_H

#include "network.h"

struct stability {
    int64_t chunk; /* training points at once */
    struct tape tape;
    struct cotape cotape;
    real *gradient; /* [theta] */
};

#endif
