#include "sample_space.h"

#include <math.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"

int64_t sample_space_size(const struct network *network) { return network_value_size(network, 1); }

int64_t sample_space_after(const struct network *network) {
    const struct tensor *last = node_bias(network, &network->node[0]);
    return last->offset + last->size;
}

static int64_t size_of(const struct sample_space *space) { return sample_space_size(space->network); }

bool sample_space_suits(const struct network *network, const struct points *points, const struct descent *descent) {
    return points->first == 0 && !points_are_in_batches(points) && descent->optimizer == OPTIMIZER_SGD &&
           descent->clip == 0 && network_has_head(network) && points->train < points->inputs;
}

void sample_space_create(const struct descent *descent, bool gathers, struct arena *arena, struct sample_space *space) {
    int64_t train = space->points->train, all = train + space->points->test, size = size_of(space);
    space->head = ARENA_TAKE(arena, all * train, real);
    space->h = ARENA_TAKE(arena, all * size, real);
    space->sum = ARENA_TAKE(arena, train * size, real);
    if (descent->momentum > 0) space->velocity = ARENA_TAKE(arena, train * size, real);
    space->shown = ARENA_TAKE(arena, space->test_chunk * size, real);
    if (gathers) space->gathered = ARENA_TAKE(arena, train * size, real);
}

/* The inputs, as the layer's faces see them. */
static struct pass pass_of(const struct sample_space *space, const real *theta, int64_t n, real *work) {
    return (struct pass){.network = space->network,
                         .theta = theta,
                         .value = (real *const *)&space->points->x, /* only read */
                         .n = n,
                         .count = 1,
                         .work = work};
}

void sample_space_start(const real *theta, real *work, struct sample_space *space) {
    const struct points *points = space->points;
    const struct node *node = &space->network->node[0];
    int64_t all = points->train + points->test;
    const struct pass pass = pass_of(space, theta, all, work);
    size_t bytes = (size_t)(points->train * size_of(space)) * sizeof(real);
    node->kind->forward(node, &pass, space->h);
    node->kind->share->weigh(space->network, node, all, points->train, points->gram, points->train, space->head);
    memset(space->sum, 0, bytes);
    if (space->velocity) memset(space->velocity, 0, bytes);
}

const real *sample_space_train(const struct sample_space *space, int64_t from) {
    return space->h + from * size_of(space);
}

/* h = h_0 - eta H sum */
const real *sample_space_test(const struct sample_space *space, real eta, int64_t from, int64_t n) {
    int64_t size = size_of(space), train = space->points->train, row = train + from;
    memcpy(space->shown, space->h + row * size, (size_t)(n * size) * sizeof(real));
    la_gemm(LA_PLAIN, LA_PLAIN, n, size, train, -eta, space->head + row * train, train, space->sum, size, 1,
            space->shown, size);
    return space->shown;
}

void sample_space_gather(struct sample_space *space, int64_t from, int64_t n, const real *delta) {
    int64_t size = size_of(space);
    memcpy(space->gathered + from * size, delta, (size_t)(n * size) * sizeof(real));
}

void sample_space_step(struct sample_space *space, const struct descent *descent, const real *delta) {
    int64_t train = space->points->train, size = size_of(space);
    const real *v = space->gathered ? space->gathered : delta;
    if (space->velocity) {
        for (int64_t i = 0; i < train * size; i++) space->velocity[i] = descent->momentum * space->velocity[i] + v[i];
        v = space->velocity;
    }
    la_axpy(train * size, 1, v, space->sum);
    la_gemm(LA_PLAIN, LA_PLAIN, train, size, train, -descent->eta, space->head, train, v, size, 1, space->h, size);
}

void sample_space_settle(struct sample_space *space, real eta, real *theta, real *work) {
    const struct points *points = space->points;
    const struct node *node = &space->network->node[0];
    const struct pass pass = pass_of(space, theta, points->train, work);
    int64_t size = size_of(space), chunk = space->test_chunk;
    node->kind->share->gradient(node, &pass, space->sum, -eta, theta);
    for (int64_t from = 0; from < points->test; from += chunk) {
        int64_t n = points_at(from, points->test, chunk);
        const real *moved = sample_space_test(space, eta, from, n);
        memcpy(space->h + (points->train + from) * size, moved, (size_t)(n * size) * sizeof(real));
    }
    memset(space->sum, 0, (size_t)(points->train * size) * sizeof(real));
}

void sample_space_state(struct sample_space *space, struct state *state) {
    int64_t numbers = space->points->train * size_of(space);
    state_add(state, "h", REAL_BITS, numbers, space->h);
    state_add(state, "delta_velocity", REAL_BITS, numbers, space->velocity);
    state_add(state, "delta_sum", REAL_BITS, numbers, space->sum);
}

/* <S, X X' S>, S = sum, by chunks of rows */
static double product(const struct sample_space *space, int64_t chunk, real *scratch) {
    int64_t train = space->points->train, size = size_of(space);
    double sum = 0;
    for (int64_t from = 0; from < train; from += chunk) {
        int64_t n = points_at(from, train, chunk);
        la_gemm(LA_PLAIN, LA_PLAIN, n, size, train, 1, space->points->gram + from * train, train, space->sum, size, 0,
                scratch, size);
        sum += la_dot(n * size, space->sum + from * size, scratch);
    }
    return sum;
}

/* |d theta|^2 = eta^2 <S, (rate_w^2 s_w^2 X X' + rate_b^2 s_b^2) S>: no weight is needed. */
double sample_space_distance(const struct sample_space *space, real eta, int64_t chunk, real *scratch) {
    const struct node *node = &space->network->node[0];
    const struct tensor *weight = node_weight(space->network, node), *bias = node_bias(space->network, node);
    int64_t train = space->points->train, size = size_of(space);
    double w = (double)eta * (double)weight->rate * (double)weight->scale;
    double squares = w * w * product(space, chunk, scratch);
    double b = (double)eta * (double)bias->rate * (double)bias->scale;
    for (int64_t j = 0; bias->is_active && j < size; j++) {
        double sum = 0;
        for (int64_t i = 0; i < train; i++) sum += (double)space->sum[i * size + j];
        squares += b * b * sum * sum;
    }
    return sqrt(squares > 0 ? squares : 0);
}

double sample_space_step_flops(const struct network *network, const struct points *points) {
    return 2.0 * (double)points->train * (double)points->train * (double)sample_space_size(network);
}

double sample_space_look_flops(const struct network *network, const struct points *points) {
    return 2.0 * (double)points->test * (double)points->train * (double)sample_space_size(network);
}
