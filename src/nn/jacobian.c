#include "jacobian.h"

#include <math.h>
#include <string.h>

#include "matrix.h"
#include "random.h"
#include "singular.h"

enum { PRODUCTS = JACOBIAN_PRODUCTS, LOOK = 8 }; /* between looks at their singular values */
static const double RESIDUAL = 1e-3;

static int state_of(const struct network *network, int l) { return network->state[l]; }
static int first_state(const struct jacobian *jacobian) { return jacobian->network.state[0]; }
static int last_state(const struct network *network) { return network->state[network->states - 1]; }

static int64_t size_of(const struct network *network) { return network_value_size(network, network->state[0]); }

/* ---- memory ---- */

static void lay_out_matrix(struct arena *arena, struct jacobian *jacobian) {
    int64_t n = jacobian->size;
    jacobian->matrix = ARENA_TAKE(arena, n * n, double);
    jacobian->singular = ARENA_TAKE(arena, n, double);
    jacobian->work = ARENA_TAKE(arena, la_singular_work(n), double);
}

static void lay_out_products(struct arena *arena, struct jacobian *jacobian) {
    network_tape(&jacobian->network, first_state(jacobian), 1, NULL, arena, &jacobian->tangent);
    jacobian->moved = ARENA_TAKE(arena, jacobian->network.nodes + 1, real *);
    jacobian->left = ARENA_TAKE(arena, PRODUCTS * jacobian->size, real);
    jacobian->right = ARENA_TAKE(arena, (PRODUCTS + 1) * jacobian->size, real);
    jacobian->product = ARENA_TAKE(arena, PRODUCTS, real);
    jacobian->work = ARENA_TAKE(arena, 8 * PRODUCTS, double);
}

static bool is_matrix(const struct jacobian *jacobian) { return jacobian->size <= jacobian->most; }

void jacobian_lay_out(const struct network *network, int64_t most, struct arena *arena, struct jacobian *jacobian) {
    *jacobian = (struct jacobian){.network = *network, .size = size_of(network), .most = most};
    jacobian->network.first_trained = NONE;
    network_tape(network, 0, 1, network_work(network, arena), arena, &jacobian->tape);
    network_cotape(network, is_matrix(jacobian) ? jacobian->size : 1, arena, &jacobian->cotape);
    (is_matrix(jacobian) ? lay_out_matrix : lay_out_products)(arena, jacobian);
}

/* ---- between states ---- */

static real *cotangent(const struct jacobian *jacobian, int value) {
    return cotape_value(&jacobian->network, &jacobian->cotape, value);
}

/* Cotangents of value `from` go back to value `to`. */
static void go_back(struct jacobian *jacobian, int from, int to, const real *theta, int64_t count) {
    for (int i = from - 1; i >= to; i--)
        network_vjp_node(&jacobian->network, first_state(jacobian), i, theta, &jacobian->tape, count,
                         &jacobian->cotape);
}

static const struct ends unknown = {(double)NAN, (double)NAN};

static struct ends without_rounding(int64_t size, struct ends ends) {
    if (ends.smallest <= (double)size * (double)REAL_EPSILON * ends.largest) ends.smallest = 0;
    return ends;
}

/* ---- as a matrix ---- */

static struct ends of_matrix(struct jacobian *jacobian, const real *h) {
    int64_t n = jacobian->size;
    la_to_double(n * n, h, jacobian->matrix);
    if (!la_singular(n, jacobian->matrix, jacobian->singular, jacobian->work)) return unknown;
    return without_rounding(n, (struct ends){jacobian->singular[0], jacobian->singular[n - 1]});
}

static void set_unit(int64_t n, real *matrix) {
    memset(matrix, 0, (size_t)(n * n) * sizeof *matrix);
    for (int64_t i = 0; i < n; i++) matrix[i * n + i] = 1;
}

static bool by_matrices(struct jacobian *jacobian, const real *theta, const struct host *host, struct ends *ends) {
    const struct network *network = &jacobian->network;
    int last = last_state(network);
    set_unit(jacobian->size, cotangent(jacobian, last));
    network_vjp_from(network, last, jacobian->size, &jacobian->cotape);
    for (int l = network->states - 2; l >= 0; l--) {
        if (host_stops(host)) return true;
        go_back(jacobian, state_of(network, l + 1), state_of(network, l), theta, jacobian->size);
        ends[l] = of_matrix(jacobian, cotangent(jacobian, state_of(network, l)));
    }
    return false;
}

/* ---- by products ---- */

/* u = H v, from the state `value` on */
static void forth(struct jacobian *jacobian, int value, const real *theta, real *v, real *u) {
    const struct network *network = &jacobian->network;
    int last = last_state(network);
    struct tape moved = {.n = 1, .value = jacobian->moved};
    for (int i = 0; i <= last; i++) moved.value[i] = i > value ? jacobian->tangent.value[i] : NULL;
    moved.value[value] = v;
    network_jvp_between(network, value, last, theta, &jacobian->tape, &moved);
    memcpy(u, moved.value[last], (size_t)jacobian->size * sizeof *u);
}

/* v = H' u */
static void back(struct jacobian *jacobian, int value, const real *theta, const real *u, real *v) {
    int last = last_state(&jacobian->network);
    size_t bytes = (size_t)jacobian->size * sizeof *v;
    memcpy(cotangent(jacobian, last), u, bytes);
    network_vjp_from(&jacobian->network, last, 1, &jacobian->cotape);
    go_back(jacobian, last, value, theta, 1);
    memcpy(v, cotangent(jacobian, value), bytes);
}

/* H V = U B, H' U = V B' + beta v e', B upper bidiagonal with alpha in its diagonal and beta beside it. */
struct bidiagonal {
    int count; /* columns of B */
    double alpha[PRODUCTS + 1], beta[PRODUCTS + 1];
    struct ends ends;
};

static real *row(const struct jacobian *jacobian, real *basis, int i) { return basis + i * jacobian->size; }

/* Takes the rows before it out of row i, twice; makes it a unit vector and returns what its length was. */
static double orthogonalize(struct jacobian *jacobian, real *basis, int i) {
    int64_t n = jacobian->size;
    real *own = row(jacobian, basis, i);
    for (int time = 0; time < 2 && i > 0; time++) {
        la_gemv(LA_PLAIN, i, n, 1, basis, own, 0, jacobian->product);
        la_gemv(LA_TRANSPOSED, i, n, -1, basis, jacobian->product, 1, own);
    }
    double length = sqrt(la_dot(n, own, own));
    if (length > 0) la_scale(n, (real)(1 / length), own);
    return length;
}

/* Ends whose residuals are small; are both found? */
static bool look(const struct jacobian *jacobian, struct bidiagonal *b) {
    int count = b->count;
    double *d = jacobian->work, *e = d + PRODUCTS + 1, *last = e + PRODUCTS + 1, *work = last + PRODUCTS + 1;
    memcpy(d, b->alpha, (size_t)count * sizeof *d);
    memcpy(e, b->beta, (size_t)count * sizeof *e);
    double beyond = e[count - 1];
    if (!la_bidiagonal(count, d, e, last, work)) return true;
    bool has_largest = beyond * fabs(last[0]) <= RESIDUAL * d[0];
    bool has_smallest = beyond * fabs(last[count - 1]) <= RESIDUAL * d[count - 1];
    if (has_largest) b->ends.largest = d[0];
    if (has_smallest) b->ends.smallest = d[count - 1];
    return has_largest && has_smallest;
}

static bool is_rounding(const struct jacobian *jacobian, double length, const struct bidiagonal *b) {
    return length <= (double)jacobian->size * (double)REAL_EPSILON * b->alpha[0];
}

/* One more column of B; has it ended, so that nothing is beyond? */
static bool grow(struct jacobian *jacobian, int value, const real *theta, struct bidiagonal *b) {
    int i = b->count++;
    real *u = row(jacobian, jacobian->left, i), *v = row(jacobian, jacobian->right, i);
    forth(jacobian, value, theta, v, u);
    b->alpha[i] = orthogonalize(jacobian, jacobian->left, i);
    b->beta[i] = 0;
    if (i > 0 && is_rounding(jacobian, b->alpha[i], b)) b->alpha[i] = 0;
    if (b->alpha[i] == 0 || b->count == jacobian->size) return true;
    back(jacobian, value, theta, u, row(jacobian, jacobian->right, i + 1));
    b->beta[i] = orthogonalize(jacobian, jacobian->right, i + 1);
    if (is_rounding(jacobian, b->beta[i], b)) b->beta[i] = 0;
    return b->beta[i] == 0;
}

static void begin(struct jacobian *jacobian, int64_t size) {
    enum { PIECE = 1024 };
    double piece[PIECE];
    for (int64_t at = 0; at < size; at += PIECE) {
        int64_t count = size - at < PIECE ? size - at : PIECE;
        random_normal(0, RANDOM_JACOBIAN, 0, at, count, piece);
        la_from_double(count, piece, jacobian->right + at);
    }
    (void)orthogonalize(jacobian, jacobian->right, 0);
}

static bool of_products(struct jacobian *jacobian, int value, const real *theta, const struct host *host,
                        struct ends *ends) {
    struct bidiagonal b = {.ends = unknown};
    begin(jacobian, jacobian->size);
    for (bool is_done = false; !is_done && b.count < PRODUCTS;) {
        if (b.count % LOOK == 0 && host_stops(host)) return true;
        bool has_ended = grow(jacobian, value, theta, &b);
        is_done = has_ended;
        if (has_ended || b.count % LOOK == 0) is_done |= look(jacobian, &b);
    }
    *ends = without_rounding(jacobian->size, b.ends);
    return false;
}

static bool by_products(struct jacobian *jacobian, const real *theta, const struct host *host, struct ends *ends) {
    for (int l = jacobian->network.states - 2; l >= 0; l--)
        if (of_products(jacobian, state_of(&jacobian->network, l), theta, host, &ends[l])) return true;
    return false;
}

/* ---- of an example ---- */

bool jacobian_extremes(struct jacobian *jacobian, const real *theta, const real *x, const struct host *host,
                       struct ends *ends) {
    const struct network *network = &jacobian->network;
    jacobian->tape.value[0] = (real *)x;
    network_forward(network, 0, theta, &jacobian->tape);
    bool is_finite = la_is_finite(jacobian->size, jacobian->tape.value[last_state(network)]);
    for (int l = 0; l < network->states; l++) ends[l] = is_finite ? (struct ends){1, 1} : unknown;
    if (!is_finite) return false;
    return (is_matrix(jacobian) ? by_matrices : by_products)(jacobian, theta, host, ends);
}

/* ---- cost ---- */

/* Of one way between state l and the last. */
static double way(const struct network *network, int l) {
    return network_flops(network, state_of(network, l), 1) - network_flops(network, last_state(network), 1);
}

double jacobian_flops(const struct network *network, int64_t most) {
    double flops = network_flops(network, 0, 1), size = (double)size_of(network);
    if (size_of(network) <= most) return flops + size * way(network, 0);
    for (int l = 0; l < network->states - 1; l++) flops += PRODUCTS * (2 * way(network, l) + 8 * PRODUCTS * size / 2);
    return flops;
}

/* dgesvd's 8/3 n^3, half of them limited by memory. */
double jacobian_elementwise(const struct network *network, int64_t most) {
    double n = (double)size_of(network), others = network->states - 1;
    return n <= (double)most ? others * n * n * n : others * PRODUCTS * 2 * n;
}
