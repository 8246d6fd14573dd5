/* What an operator does to the kernels of the infinitely wide network: one row of limit.c for each kind.
 * Cannot fail. */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include "covariance.h"
#include "network.h"

#define limit_of          REAL_NAME(limit_of)
#define limit_coefficient REAL_NAME(limit_coefficient)
#define limit_activation  REAL_NAME(limit_activation)
#define limit_slope       REAL_NAME(limit_slope)
#define limit_is_linear   REAL_NAME(limit_is_linear)
#define limit_name        REAL_NAME(limit_name)

/* WEIGHTS: its outputs are Gaussian, and independent of all that are not made by the same weights. POOLING: it adds up
 * pixels, so that several displacements of its source go into one of its own. */
enum limit_role { LIMIT_WEIGHTS, LIMIT_ACTIVATION, LIMIT_SUM, LIMIT_POOLING };

struct limit {
    const struct operator_kind *kind;
    enum limit_role role;
    bool in_place; /* `out` may be where a source is */
    /* WEIGHTS: their map, from one displacement of the source, which is `stride` times that of out in the source (NULL:
     * 1), and `reach` pixels from a window's centre to its edge (NULL: 0). */
    struct covariance_layer (*layer)(const struct network *network, const struct node *node);
    int64_t (*stride)(const struct node *node);
    int64_t (*reach)(const struct node *node);
    /* POOLING: adds to sums of out's shape, as covariance_pool, what one displacement of the source gives. scratch: room
     * of the largest image. */
    void (*pool)(const struct node *node, const struct covariance *in, real *scratch, const struct covariance *out,
                 double *sums);
    /* POOLING: the n-th of the source's displacements, beginning with 0, that is needed at out's; false after the last.
     * For example, pooling over 2 x 2 pixels asks at out's (0, 0) for the nine from (-1, -1) to (1, 1). */
    bool (*gather)(const struct node *node, int64_t n, struct displacement out, struct displacement *in);
};

/* NULL: none is known. */
const struct limit *limit_of(const struct node *node);

static inline int limit_sources(const struct node *node) {
    int count = 0;
    while (count < SOURCES && node->source[count] >= 0) count++;
    return count;
}
/* Of a sum: the coefficient of its source s. */
double limit_coefficient(const struct node *node, int s);
enum activation_kind limit_activation(const struct node *node);
real limit_slope(const struct node *node);
bool limit_is_linear(const struct node *node);
/* "the input", a layer's name, or the operator's and its place in the list; returns text. */
enum { LIMIT_NAME = 64 };
const char *limit_name(const struct network *network, int value, char text[LIMIT_NAME]);

#endif
