#include "points.h"

#include <string.h>

#include "loss.h"
#include "panic.h"

/* ---- how many ---- */

int64_t points_batch(const struct points *points) { return points->batch > 0 ? points->batch : points->train; }

static int64_t at_once(const struct points *points, const struct network *network, int first, int64_t n) {
    return points->chunk > 0 ? points_at(0, n, points->chunk) : network_chunk(network, first, 1, NETWORK_NUMBERS, n);
}

int64_t points_chunk(const struct points *points, const struct network *network, int first) {
    return at_once(points, network, first, points_batch(points));
}

int64_t points_test_chunk(const struct points *points, const struct network *network, int first) {
    enum { MOST = 256 };
    int64_t n = points_are_in_batches(points) && points->train > points->test ? points->train : points->test;
    return points_at(0, MOST, at_once(points, network, first, n));
}

bool points_are_kept(const struct points *points, const struct network *network) {
    enum { MOST = 1 << 26 };
    int64_t numbers = 0;
    for (int v = points->first + 1; v <= network->nodes; v++) numbers += network_value_size(network, v);
    return !points_are_in_batches(points) && points->train * numbers <= MOST;
}

/* ---- passes ---- */

void points_gather(int64_t n, const int64_t *row, int64_t columns, const real *from, real *out) {
    for (int64_t i = 0; i < n; i++) memcpy(out + i * columns, from + row[i] * columns, (size_t)columns * sizeof *out);
}

const real *points_forward(const struct network *network, int first, const real *theta, int64_t n, const real *value,
                           struct tape *tape) {
    tape->n = n;
    tape->value[first] = (real *)value; /* only read */
    network_forward(network, first, theta, tape);
    return tape->value[network->nodes];
}

/* ---- a step's examples ---- */

void batch_create(const struct points *points, int64_t chunk, real *f_train, struct arena *arena, struct batch *batch) {
    *batch = (struct batch){.n = points_batch(points), .f = f_train};
    if (!points_are_in_batches(points)) return;
    batch->f = ARENA_TAKE(arena, batch->n * points->outputs, real);
    batch->own_x = ARENA_TAKE(arena, chunk * points->inputs, real);
    batch->own_y = ARENA_TAKE(arena, batch->n * points->outputs, real);
}

void batch_begin(const struct points *points, const int64_t *row, struct batch *batch) {
    ASSERT(!row == !points_are_in_batches(points));
    batch->row = row;
    batch->y = row ? batch->own_y : points->y;
    if (row) points_gather(batch->n, row, points->outputs, points->y, batch->own_y);
}

void batch_gather(const struct batch *batch, int64_t from, int64_t n, int64_t columns, const real *matrix, real *out) {
    if (batch->row)
        points_gather(n, batch->row + from, columns, matrix, out);
    else
        memcpy(out, matrix + from * columns, (size_t)(n * columns) * sizeof *out);
}

const real *batch_x(const struct points *points, int64_t from, int64_t n, const struct batch *batch) {
    if (!batch->row) return points->x + from * points->inputs;
    points_gather(n, batch->row + from, points->inputs, points->x, batch->own_x);
    return batch->own_x;
}

double batch_loss(const struct batch *batch, enum loss loss, int64_t k) {
    return loss_value(loss, batch->n, k, batch->f, batch->y);
}

void batch_gradient(const struct batch *batch, enum loss loss, int64_t k, int64_t from, int64_t n, real *g) {
    loss_gradient(loss, batch->n, k, n, batch->f + from * k, batch->y + from * k, g);
}
