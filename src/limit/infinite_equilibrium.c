/* The infinitely wide equilibrium z = phi(W z + u) between two layers (family deq, cell one), in closed form: with
 * Q = sigma_w2 <x, x'>/d + sigma_b2 of the layer that makes u, s^2 the variance of W and C = T(Sigma), Cdot = Tdot(Sigma),
 *
 *     Sigma = s^2 C(Sigma) + Q,    K = sigma_w2 C + sigma_b2,    Theta = sigma_w2 (C + Cdot Sigma/(1 - s^2 Cdot)) + sigma_b2,
 *
 * the sum over layers of covariances of what they read with P, where P = sigma_w2 Cdot + s^2 Cdot P at phi. The limit of
 * the unrolled rule, from Sigma = Q. Where s^2 Cdot >= 1 there is none, and where s^2 Cdot is so near 1 that STEPS do not
 * settle it none is known: NaN. Since Cdot(x, x')^2 <= Cdot(x, x) Cdot(x', x'), that is seen at x = x': where one of the
 * columns' points has no limit, no pair is gone through, and all are NaN. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "activation.h"
#include "infinite.h"
#include "inner_products.h"
#include "operator.h"

enum { STEPS = 1 << 13, PATIENCE = 64, BATCH = 1024, NUMBERS = 1 << 22 };
/* Changes of a step, over the value: that end the steps, and the largest that rounding may go on with. Beyond LARGEST
 * nothing settles. */
#define SETTLED (4 * REAL_EPSILON)
#if REAL_BITS == 32
#define ROUNDING 5e-5F
#define LARGEST  1e20F
#else
#define ROUNDING 1e-13
#define LARGEST  1e100
#endif

/* ---- which list it is ---- */

enum { INPUT, REST, FEEDBACK, SUM, PHI, RESOLVE, READOUT, NODES };

static bool is_cell(const struct network *network) {
    const struct operator_kind *const kinds[NODES] = {&dense_operator, &rest_operator,       &dense_operator,
                                                      &sum_operator,   &activation_operator, &resolve_operator,
                                                      &dense_operator};
    if (network->nodes != NODES) return false;
    for (int i = 0; i < NODES; i++)
        if (network->node[i].kind != kinds[i]) return false;
    return network->node[SUM].source[1] == INPUT + 1 && limit_coefficient(&network->node[SUM], 1) == 1;
}

bool infinite_is_equilibrium(const struct network *network) {
    for (int i = 0; i < network->nodes; i++)
        if (network->node[i].kind == &rest_operator) return true;
    return false;
}

status infinite_equilibrium_check(const struct network *network) {
    char text[LIMIT_NAME];
    for (int i = 0; i < network->nodes && !is_cell(network); i++)
        if (network->node[i].kind == &rest_operator)
            INFINITE_REFUSE("%s rests in more than one layer, or not between two", limit_name(network, i + 1, text));
    return OK;
}

/* ---- kernels ---- */

struct equilibrium {
    const struct network *network;
    real feedback; /* s^2 */
    int64_t points, columns;
    real *q, *variance; /* of all points: Q, Sigma of x = x' */
    real *t, *tdot;     /* C, Cdot */
    bool is_there;      /* all variances have settled, and those of columns where s^2 Cdot < 1 */
    real *row[4];       /* BATCH pairs: Q, Sigma, C, Cdot */
    real *room[2];      /* of a point's, and of several columns' places */
    struct dual dual;
};

static real weight_of(const struct equilibrium *equilibrium, int node) {
    return (real)node_weight(equilibrium->network, &equilibrium->network->node[node])->variance;
}
static real bias_of(const struct equilibrium *equilibrium, int node) {
    return (real)node_bias(equilibrium->network, &equilibrium->network->node[node])->variance;
}

static struct dual dual_of(const struct network *network, int64_t count, const real *variance, struct arena *arena) {
    const struct node *phi = &network->node[PHI];
    return dual_prepare(limit_activation(phi), limit_slope(phi), count, variance, arena);
}

static int64_t side_most(const struct network *network) {
    struct arena sizes = arena_counting();
    struct dual dual = dual_of(network, 0, NULL, &sizes);
    return dual_side_most(&dual);
}

/* Columns whose places are held at once. */
static int64_t columns_held(int64_t each, int64_t points) {
    int64_t most = each > 0 ? NUMBERS / each : points;
    return most < points ? (most > 0 ? most : 1) : points;
}

static struct equilibrium lay_out(const struct network *network, int64_t points, int64_t columns, struct arena *arena) {
    struct equilibrium equilibrium = {.network = network, .points = points, .columns = columns};
    equilibrium.feedback = weight_of(&equilibrium, FEEDBACK);
    equilibrium.q = ARENA_TAKE(arena, points, real);
    equilibrium.variance = ARENA_TAKE(arena, points, real);
    equilibrium.t = ARENA_TAKE(arena, points, real);
    equilibrium.tdot = ARENA_TAKE(arena, points, real);
    for (int i = 0; i < 4; i++) equilibrium.row[i] = ARENA_TAKE(arena, BATCH, real);
    int64_t each = side_most(network);
    equilibrium.room[0] = ARENA_TAKE(arena, each, real);
    equilibrium.room[1] = ARENA_TAKE(arena, each * columns_held(each, points), real);
    return equilibrium;
}

/* next = s^2 C + Q in the place of `sigma` where it has not settled; returns the largest change, over next. */
static real move(real feedback, int64_t count, const real *q, const real *t, real *sigma) {
    real changed = 0;
    for (int64_t i = 0; i < count; i++) {
        real next = feedback * t[i] + q[i], change = REAL_MATH(fabs)(next - sigma[i]) / REAL_MATH(fabs)(next);
        if (!(change > SETTLED) || !(REAL_MATH(fabs)(next) < LARGEST)) continue;
        sigma[i] = next;
        changed = REAL_MATH(fmax)(changed, change);
    }
    return changed;
}

/* Steps on the way to rest, and by how much the last one changed what it moved, over the value. */
struct steps {
    int64_t count, fell; /* fell: the last one whose change was the least until then */
    real changed, least;
};
static struct steps first_step(void) { return (struct steps){0, 0, 1, (real)HUGE_VAL}; }

/* The last bits may change for ever. */
static bool goes_on(const struct steps *steps) {
    bool is_rounding = steps->changed <= ROUNDING && steps->count - steps->fell > PATIENCE;
    return steps->count < STEPS && steps->changed > 0 && !is_rounding;
}

static void take_step(struct steps *steps, real changed) {
    steps->count++;
    steps->changed = changed;
    if (!(changed < steps->least)) return;
    steps->least = changed;
    steps->fell = steps->count;
}

/* The activation's tables follow the range of variances, so they are made anew each time. */
static real move_variances(struct equilibrium *equilibrium, struct arena *arena) {
    int64_t n = equilibrium->points;
    size_t mark = arena_mark(arena);
    struct dual dual = dual_of(equilibrium->network, n, equilibrium->variance, arena);
    dual_self(&dual, n, equilibrium->variance, equilibrium->t, equilibrium->tdot);
    arena_release(arena, mark);
    return move(equilibrium->feedback, n, equilibrium->q, equilibrium->t, equilibrium->variance);
}

static bool contracts(const struct equilibrium *equilibrium) {
    for (int64_t i = 0; i < equilibrium->columns; i++)
        if (!(equilibrium->feedback * equilibrium->tdot[i] < 1)) return false;
    return true;
}

/* Returns whether it was told to stop. */
static bool find_variances(struct equilibrium *equilibrium, struct arena *arena, const struct host *host) {
    int64_t n = equilibrium->points;
    struct steps steps = first_step();
    memcpy(equilibrium->variance, equilibrium->q, (size_t)n * sizeof *equilibrium->q);
    while (goes_on(&steps)) {
        if (host_stops(host)) return true;
        take_step(&steps, move_variances(equilibrium, arena));
    }
    equilibrium->is_there = steps.changed <= ROUNDING && contracts(equilibrium);
    equilibrium->dual = dual_of(equilibrium->network, n, equilibrium->variance, arena);
    return false;
}

/* Some columns' places. */
struct columns {
    int64_t first, count;
    struct dual_side side;
};

static void map_row(const struct equilibrium *equilibrium, const struct dual_side *own, const struct columns *columns,
                    int64_t j, int64_t count) {
    const struct dual_pairs at = {.rows = 1, .columns = count, .pitch = count, .other = j - columns->first};
    real *t = equilibrium->row[2], *tdot = equilibrium->row[3];
    memcpy(t, equilibrium->row[1], (size_t)count * sizeof *t);
    for (int64_t c = 0; c < count; c++) tdot[c] = 1;
    dual_run(&equilibrium->dual, own, &columns->side, &at, t, tdot);
}

/* sigma = Sigma of one row's pairs, T and Tdot there; false where it was told to stop. *changed: by the last step. */
static bool settle_pairs(const struct equilibrium *equilibrium, const struct dual_side *own,
                         const struct columns *columns, int64_t j, int64_t count, real *changed,
                         const struct host *host) {
    real *q = equilibrium->row[0], *sigma = equilibrium->row[1], *t = equilibrium->row[2];
    struct steps steps = first_step();
    while (goes_on(&steps)) {
        if (host_stops(host)) return false;
        map_row(equilibrium, own, columns, j, count);
        take_step(&steps, move(equilibrium->feedback, count, q, t, sigma));
    }
    map_row(equilibrium, own, columns, j, count);
    *changed = steps.changed;
    return true;
}

/* One row's pairs with points j .. j + count - 1: k holds <x, x'>/d. Returns whether it was told to stop. */
static bool run_pairs(const struct equilibrium *equilibrium, const struct dual_side *own, const struct columns *columns,
                      int64_t j, int64_t count, double *k, double *theta, const struct host *host) {
    real s2 = equilibrium->feedback, w2 = weight_of(equilibrium, READOUT), b2 = bias_of(equilibrium, READOUT);
    real *q = equilibrium->row[0], *sigma = equilibrium->row[1], *t = equilibrium->row[2], *tdot = equilibrium->row[3],
         changed;
    for (int64_t c = 0; c < count; c++)
        q[c] = sigma[c] = weight_of(equilibrium, INPUT) * (real)k[c] + bias_of(equilibrium, INPUT);
    if (!settle_pairs(equilibrium, own, columns, j, count, &changed, host)) return true;
    for (int64_t c = 0; c < count; c++) {
        bool is_there = changed <= ROUNDING && s2 * tdot[c] < 1;
        k[c] = is_there ? (double)(w2 * t[c] + b2) : (double)NAN;
        theta[c] = is_there ? (double)(w2 * (t[c] + tdot[c] * sigma[c] / (1 - s2 * tdot[c])) + b2) : (double)NAN;
    }
    return false;
}

static bool run_row(const struct equilibrium *equilibrium, int64_t i, const struct columns *columns, double *k,
                    double *theta, const struct host *host) {
    const struct dual_side own = dual_side_fill(&equilibrium->dual, 1, equilibrium->variance + i, equilibrium->room[0]);
    int64_t last = columns->first + columns->count, end = last < i + 1 ? last : i + 1;
    for (int64_t j = columns->first; j < end; j += BATCH) {
        int64_t at = i * equilibrium->points + j, count = end - j < BATCH ? end - j : BATCH;
        if (run_pairs(equilibrium, &own, columns, j, count, k + at, theta + at, host)) return true;
    }
    return false;
}

static bool run(const struct equilibrium *equilibrium, const struct infinite_points *points, const struct host *host) {
    int64_t columns = points->columns;
    int64_t held = columns_held(side_most(equilibrium->network), equilibrium->points);
    for (int64_t j = 0; j < columns; j += held) {
        struct columns at = {.first = j, .count = columns - j < held ? columns - j : held};
        at.side = dual_side_fill(&equilibrium->dual, at.count, equilibrium->variance + j, equilibrium->room[1]);
        for (int64_t i = j; i < equilibrium->points; i++)
            if (run_row(equilibrium, i, &at, points->k, points->theta, host)) return true;
    }
    return false;
}

static void go_without(const struct infinite_points *points) {
    for (int64_t i = 0; i < points->count; i++)
        for (int64_t j = 0; j <= i && j < points->columns; j++)
            points->k[i * points->count + j] = points->theta[i * points->count + j] = (double)NAN;
}

/* Returns whether it was told to stop. */
static bool find_kernels(struct equilibrium *equilibrium, const struct infinite_points *points, struct arena *arena,
                         const struct host *host) {
    int64_t n = points->count, d = shape_size(equilibrium->network->node[INPUT].in);
    inner_products(n, d, points->x, points->k);
    for (int64_t i = 0; i < n; i++)
        equilibrium->q[i] = weight_of(equilibrium, INPUT) * (real)points->k[i * (n + 1)] + bias_of(equilibrium, INPUT);
    if (find_variances(equilibrium, arena, host)) return true;
    if (equilibrium->is_there) return run(equilibrium, points, host);
    go_without(points);
    return false;
}

bool infinite_equilibrium_kernels(const struct network *network, const struct infinite_points *points,
                                  struct arena *arena, const struct host *host) {
    size_t mark = arena_mark(arena);
    bool stopped = false;
    struct equilibrium equilibrium = lay_out(network, points->count, points->columns, arena);
    if (arena_is_counting(arena))
        (void)dual_of(network, 0, NULL, arena);
    else
        stopped = find_kernels(&equilibrium, points, arena, host);
    arena_release(arena, mark);
    return stopped;
}

/* Steps to a rounding at half the way to where there is no limit. */
double infinite_equilibrium_work(const struct network *network, int64_t points, int64_t columns) {
    const double steps = 50;
    double n = (double)columns, m = (double)(points - columns);
    return steps * (n * (n + 1) / 2 + n * m) * activation_of(limit_activation(&network->node[PHI]))->dual->nanoseconds;
}
