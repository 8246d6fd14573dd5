/* What an operator does to the kernels of the infinitely wide network: one row of limit.c for each kind. Double only. Cannot fail. */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include "covariance.h"
#include "dual.h"
#include "network.h"

/* What a map may need beside the covariances. */
struct limit_at {
    double sigma_w2, sigma_b2;
    double *scratch; /* room of the largest image, zeros in front */
    /* of activations: the layer; the variances' places, and which pairs of them stand in the image */
    const struct dual *dual;
    const struct dual_side *own, *other;
    struct dual_pairs pairs;
};

struct limit {
    const struct operator_kind *kind;
    /* out's K and Theta from those of its sources, all at one displacement, which is `stride` times that of out in the sources
     * (NULL: 1). */
    void (*map)(const struct node *node, const struct limit_at *at, const struct covariance *const in[SOURCES],
                struct covariance *out);
    bool in_place; /* `out` may be where a source is */
    int64_t (*stride)(const struct node *node);
    /* An operator that sums over several displacements of its source: the n-th of them, beginning with 0, that is needed at out's;
     * false after the last. `map` then adds to out what one of them gives. NULL: not such an operator.
     * For example, pooling over 2 x 2 pixels asks at out's (0, 0) for the nine from (-1, -1) to (1, 1). */
    bool (*gather)(const struct node *node, int64_t n, struct displacement out, struct displacement *in);
    /* An operator whose map depends on the variances, K[p, p] of x = x', of all examples: variance[count]. NULL: a linear map. */
    struct dual (*dual)(const struct node *node, int64_t count, const double *variance, struct arena *arena);
};

const struct limit *limit_of(const struct node *node);

#endif
