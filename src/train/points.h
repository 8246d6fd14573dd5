/* The points that a network and its linearization are trained on, those of one step, and how many of them go through at
 * once. Not collective; cannot fail. */
#ifndef POINTS_H
#define POINTS_H

#include <stdbool.h>
#include "network.h"

#define points_batch      REAL_NAME(points_batch)
#define points_chunk      REAL_NAME(points_chunk)
#define points_test_chunk REAL_NAME(points_test_chunk)
#define points_are_kept   REAL_NAME(points_are_kept)
#define points_gather     REAL_NAME(points_gather)
#define points_forward    REAL_NAME(points_forward)
#define batch_create      REAL_NAME(batch_create)
#define batch_begin       REAL_NAME(batch_begin)
#define batch_gather      REAL_NAME(batch_gather)
#define batch_x           REAL_NAME(batch_x)
#define batch_loss        REAL_NAME(batch_loss)
#define batch_gradient    REAL_NAME(batch_gradient)

/* Rows [train; test]. */
struct points {
    int64_t train, test, inputs, outputs; /* inputs: numbers of a row of x */
    int64_t batch;                        /* examples of a step; 0: all training points */
    int first; /* the network's value that x holds, which its first trained operator reads: 0, inputs, or a later one */
    const real *x;    /* [train + test, inputs] */
    const real *y;    /* [train + test, outputs] */
    const real *gram; /* x x_train' [train + test, train]; NULL where the first operator has no head */
    int64_t chunk;    /* points at once; 0: as network_chunk says */
};

/* Examples of a step: `batch`, or all training points. */
int64_t points_batch(const struct points *points);
static inline bool points_are_in_batches(const struct points *points) { return points_batch(points) < points->train; }
/* Points of a step that go through the network at once, from the value `first` on; and points looked at (test points,
 * and the training set beside mini-batches), of which never more than 256. */
int64_t points_chunk(const struct points *points, const struct network *network, int first);
int64_t points_test_chunk(const struct points *points, const struct network *network, int first);

/* Does the linearization keep the training points' values at theta_0? With full batches, where they are at most 2^26
 * numbers. */
bool points_are_kept(const struct points *points, const struct network *network);

/* The chunk that begins at `from`: what is left of `all`, or `chunk`. */
static inline int64_t points_at(int64_t from, int64_t all, int64_t chunk) {
    return all - from < chunk ? all - from : chunk;
}

/* Rows row[0 .. n-1] of `columns` numbers, together in `out`. */
void points_gather(int64_t n, const int64_t *row, int64_t columns, const real *from, real *out);

/* Values of n points from value[first] = `value` on, into the tape; returns their outputs there, [n, k]. */
const real *points_forward(const struct network *network, int first, const real *theta, int64_t n, const real *value,
                           struct tape *tape);

/* The examples of a step and a model's outputs on them. Full batches stand where the points do, mini-batches are
 * gathered. */
struct batch {
    int64_t n;
    const int64_t *row; /* of training points [n], ascending; NULL: all */
    const real *y;      /* targets [n, k] */
    real *f;            /* outputs [n, k]; full batches: the model's f_train */
    real *own_x;        /* mini-batches: [chunk, inputs] */
    real *own_y;        /* mini-batches: [n, k] */
};

/* Lays out; inputs go through `chunk` at once (0: not at all). */
void batch_create(const struct points *points, int64_t chunk, real *f_train, struct arena *arena, struct batch *batch);
/* The step's examples; rows are lent. */
void batch_begin(const struct points *points, const int64_t *row, struct batch *batch);
/* Rows of a matrix [train, columns] that belong to the batch's examples from .. from + n - 1. */
void batch_gather(const struct batch *batch, int64_t from, int64_t n, int64_t columns, const real *matrix, real *out);
/* Their inputs, valid until the next call. */
const real *batch_x(const struct points *points, int64_t from, int64_t n, const struct batch *batch);
/* Loss at f, and its gradient on those examples [n, k]. */
double batch_loss(const struct batch *batch, enum loss loss, int64_t k);
void batch_gradient(const struct batch *batch, enum loss loss, int64_t k, int64_t from, int64_t n, real *g);

#endif
