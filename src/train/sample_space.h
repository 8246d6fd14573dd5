/* The first layer in sample space. Where full batches go down by sgd, with momentum or without, not clipped, and the first operator
 * is linear in its weights and reads the inputs, its outputs on all points move by exactly
 *     h <- h - eta H v,  v <- beta v + delta,  H = rate_w s_w^2 X_all X' + rate_b s_b^2
 * with delta = dL/dh on the training points (src/README.md, Optimizers). So they are stepped in the place of the
 * weights where there are fewer examples than inputs; the weights wait for sample_space_settle. Not collective; cannot
 * fail. */
#ifndef SAMPLE_SPACE_H
#define SAMPLE_SPACE_H

#include <stdbool.h>
#include "optimizer.h"
#include "points.h"

#define sample_space_suits      REAL_NAME(sample_space_suits)
#define sample_space_size       REAL_NAME(sample_space_size)
#define sample_space_after      REAL_NAME(sample_space_after)
#define sample_space_create     REAL_NAME(sample_space_create)
#define sample_space_start      REAL_NAME(sample_space_start)
#define sample_space_train      REAL_NAME(sample_space_train)
#define sample_space_test       REAL_NAME(sample_space_test)
#define sample_space_gather     REAL_NAME(sample_space_gather)
#define sample_space_step       REAL_NAME(sample_space_step)
#define sample_space_settle     REAL_NAME(sample_space_settle)
#define sample_space_state      REAL_NAME(sample_space_state)
#define sample_space_distance   REAL_NAME(sample_space_distance)
#define sample_space_step_flops REAL_NAME(sample_space_step_flops)
#define sample_space_look_flops REAL_NAME(sample_space_look_flops)

struct sample_space {
    const struct network *network;
    const struct points *points;
    int64_t test_chunk; /* test points shown at once */
    real *head;         /* H [train + test, train] */
    real *h;            /* outputs [train + test, size]: training rows are live, test rows as they began */
    real *gathered;     /* delta of several chunks [train, size]; NULL: it comes in one piece */
    real *velocity;     /* v [train, size]; NULL without momentum: delta itself */
    real *sum;          /* of v over steps [train, size] */
    real *shown;        /* outputs of test points, [test_chunk, size] */
};

/* Is the first layer better kept so? A matter of sizes and of the way down alone. */
bool sample_space_suits(const struct network *network, const struct points *points, const struct descent *descent);
/* Outputs of an example, and numbers of theta up to the layer's end, which no optimizer then steps. */
int64_t sample_space_size(const struct network *network);
int64_t sample_space_after(const struct network *network);
/* Lays out (a counting arena: sizes only) for network, points and test_chunk, which are there; gathers: delta comes in
 * several pieces. */
void sample_space_create(const struct descent *descent, bool gathers, struct arena *arena, struct sample_space *space);
/* Begins at theta; work: the network's. */
void sample_space_start(const real *theta, real *work, struct sample_space *space);
/* Outputs of training points from `from` on, and of n test points from `from` on, at the rate eta (valid until the next
 * call). */
const real *sample_space_train(const struct sample_space *space, int64_t from);
const real *sample_space_test(const struct sample_space *space, real eta, int64_t from, int64_t n);
/* delta of n training points from `from` on, where it comes in several pieces. */
void sample_space_gather(struct sample_space *space, int64_t from, int64_t n, const real *delta);
/* delta: the whole, or what was gathered where that was called for. */
void sample_space_step(struct sample_space *space, const struct descent *descent, const real *delta);
/* Brings the layer's weights in theta up to date. */
void sample_space_settle(struct sample_space *space, real eta, real *theta, real *work);
/* Adds what outlives a step. */
void sample_space_state(struct sample_space *space, struct state *state);
/* |theta_l - theta0_l| of the layer before it is settled; scratch [chunk, size]. */
double sample_space_distance(const struct sample_space *space, real eta, int64_t chunk, real *scratch);
/* Multiply-adds times 2 of the layer's step, and of test points looked at. */
double sample_space_step_flops(const struct network *network, const struct points *points);
double sample_space_look_flops(const struct network *network, const struct points *points);

#endif
