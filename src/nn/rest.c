/* z, where the body rests: equilibrium.h. */
#include "equilibrium.h"

#include <math.h>
#include <string.h>

#include "panic.h"

static const struct equilibrium *form_of(const struct node *node) { return node->form; }

static struct needs needs(const struct node *node) {
    enum { FOUND = sizeof(struct fixed_point_found) / sizeof(real) };
    return (struct needs){.kept = FOUND, .work = equilibrium_work(form_of(node), shape_size(node->out))};
}

struct block {
    const struct equilibrium *equilibrium;
    struct pass pass; /* of its examples, its values those of `values` */
    struct equilibrium_values *values;
    real *states; /* of its one example, as of network_solve; NULL: not wanted */
    int64_t size;
};

/* out = F(z, u) */
static void apply(const void *context, int64_t from, int64_t rows, const real *z, real *out) {
    const struct block *block = context;
    const struct node *node = block->pass.network->node;
    (void)from, (void)rows;
    ASSERT(from == 0 && rows == block->pass.n);
    int rest = block->equilibrium->rest, end = block->equilibrium->end;
    block->values->value[rest + 1] = (real *)z; /* the body only reads it */
    block->values->value[end + 1] = out;
    for (int i = rest + 1; i <= end; i++) node[i].kind->forward(&node[i], &block->pass, block->values->value[i + 1]);
}

static void keep_state(const void *context, int64_t step, const real *z) {
    const struct block *block = context;
    memcpy(block->states + step * block->size, z, (size_t)block->size * sizeof *z);
}

/* states: NULL, or of one example. */
static void solve_block(const struct node *node, const struct pass *pass, int64_t from, int64_t n, real *z,
                        real *states) {
    const struct equilibrium *equilibrium = form_of(node);
    int64_t size = shape_size(node->out);
    real *room = pass->work + equilibrium->work;
    struct equilibrium_values values = equilibrium_values_of(equilibrium, pass, from);
    const struct equilibrium_values own = equilibrium_lay_out(equilibrium, pass->network, room);
    for (int v = equilibrium->rest + 2; v <= equilibrium->end; v++) values.value[v] = own.value[v];
    struct block block = {equilibrium, *pass, &values, states, size};
    block.pass.value = values.value;
    block.pass.n = n;
    const struct fixed_point_map map = {
        .apply = apply, .context = &block, .rows = n, .size = size, .tell = states ? keep_state : NULL};
    struct fixed_point_found *found = (struct fixed_point_found *)pass_kept(pass, node);
    tangent_clear(n * size, z);
    fixed_point_solve(&equilibrium->how, &map, z, found + from, room + FIXED_POINT_ROWS * equilibrium->numbers);
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    int64_t size = shape_size(node->out);
    for (int64_t from = 0, n; from < pass->n; from += n) {
        n = pass->n - from < FIXED_POINT_ROWS ? pass->n - from : FIXED_POINT_ROWS;
        solve_block(node, pass, from, n, out + from * size, NULL);
    }
}

/* Held: resolve moves it. */
static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta, (void)din;
    tangent_clear(pass->n * shape_size(node->out), dout);
}

const struct operator_kind rest_operator = {
    .name = "rest",
    .needs = needs,
    .forward = forward,
    .jvp = jvp,
};

/* ---- what was found ---- */

static void add_found(const struct fixed_point_found *found, int64_t n, struct rests *sum) {
    for (int64_t i = 0; i < n; i++) {
        bool is_there = isfinite(found[i].iterations);
        double iterations = is_there ? (double)found[i].iterations : 0;
        sum->examples += is_there;
        sum->lost += !is_there;
        sum->iterations += iterations;
        sum->most = fmax(sum->most, iterations);
        sum->contraction = fmax(sum->contraction, (double)found[i].contraction);
    }
}

void network_rests(const struct network *network, int first, const struct tape *tape, int64_t n, struct rests *sum) {
    for (int i = first; i < network->nodes; i++)
        if (network->node[i].kind == &rest_operator) add_found((const struct fixed_point_found *)tape->kept[i], n, sum);
}

static const struct node *rest_of(const struct network *network) {
    for (int i = 0; i < network->nodes; i++)
        if (network->node[i].kind == &rest_operator) return &network->node[i];
    return NULL;
}

struct trajectory network_solver_states(const struct network *network) {
    const struct node *rest = rest_of(network);
    return rest ? (struct trajectory){form_of(rest)->how.iterations + 1, shape_size(rest->out)}
                : (struct trajectory){0, 0};
}

void network_solve(const struct network *network, const real *theta, const struct tape *tape, real *states) {
    const struct node *rest = rest_of(network);
    const struct trajectory path = network_solver_states(network);
    const struct pass pass = {network, theta, tape->value, tape->kept, 1, 1, tape->work};
    for (int64_t i = 0; i < path.states * path.size; i++) states[i] = (real)NAN;
    solve_block(rest, &pass, 0, 1, tape->value[rest->value], states);
}

double network_expected_steps(const struct network *network) {
    const struct node *rest = rest_of(network);
    return rest ? form_of(rest)->expected : 0;
}
