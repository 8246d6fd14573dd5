/* How stable a network is over depth: the largest and the smallest singular value of H_l = dh_L/dh_l, the Jacobians of
 * its last state by each state h_0 .. h_L of an example (H_L = 1).
 *
 * Where a state has at most `most` numbers, H_l as a matrix: one way back with all unit cotangents of h_L leaves every
 * H_l in the cotangents of h_l; its singular values by LAPACK. Beyond, by products H_l v and H_l' u: Golub & Kahan's
 * bidiagonalization (1965) with full reorthogonalization, until the residuals of both ends are 1e-3 of their singular
 * values; an end not found after 128 products is NaN. The choice follows from sizes alone.
 *
 * What is below n eps times the largest is rounding, and 0 here. A value that is not finite makes NaN. All layers count,
 * trained or not. Not collective. */
#ifndef JACOBIAN_H
#define JACOBIAN_H

#include "host.h"
#include "network.h"

#define jacobian_lay_out     REAL_NAME(jacobian_lay_out)
#define jacobian_extremes    REAL_NAME(jacobian_extremes)
#define jacobian_flops       REAL_NAME(jacobian_flops)
#define jacobian_elementwise REAL_NAME(jacobian_elementwise)

enum { JACOBIAN_MOST = 2048, JACOBIAN_PRODUCTS = 128 };

/* Memory for one example at a time. */
struct jacobian {
    struct network network; /* not owned: the caller's, but all its layers pass cotangents on */
    int64_t size, most;     /* of a state; of one whose H is a matrix */
    struct tape tape;       /* its values; value[0] is lent */
    struct cotape cotape;
    double *matrix, *singular, *work; /* [size, size], [size], scratch */
    struct tape tangent;              /* of products: tangents of values behind the first state */
    real **moved;                     /* [nodes + 1] those of values behind state l */
    real *left, *right, *product;     /* u and v, a row a product, and what they are orthogonalized by */
};

/* Singular values. */
struct ends {
    double largest, smallest;
};

/* A network with states; lent. */
void jacobian_lay_out(const struct network *network, int64_t most, struct arena *arena, struct jacobian *jacobian);
/* ends[states] of the example x at theta. Leaves the example's values in jacobian->tape. True: the host has
 * stopped it. */
bool jacobian_extremes(struct jacobian *jacobian, const real *theta, const real *x, const struct host *host,
                       struct ends *ends);
/* Multiply-adds times 2 of an example, products as many as there may be; numbers touched beside them. */
double jacobian_flops(const struct network *network, int64_t most);
double jacobian_elementwise(const struct network *network, int64_t most);

#endif
