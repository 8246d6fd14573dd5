/* The body's value at rest, whose derivatives take into account that what the body read moves with it: equilibrium.h. */
#include "equilibrium.h"

#include <string.h>

static const struct equilibrium *form_of(const struct node *node) { return node->form; }

static struct needs needs(const struct node *node) {
    return (struct needs){.work = equilibrium_work(form_of(node), shape_size(node->out))};
}

static void forward(const struct node *node, const struct pass *pass, real *out) {
    memcpy(out, pass_in(pass, node, 0), (size_t)(pass->n * shape_size(node->out)) * sizeof *out);
}

/* ---- products with J = dF/dz and with its transpose ---- */

/* Rows (example, cotangent) of the pass, from row `begin` on; of jvp there is one for each example. */
struct block {
    const struct equilibrium *equilibrium;
    const struct pass *pass;
    int64_t begin, count;
    struct equilibrium_values *moved; /* tangents or cotangents */
};

/* Examples and cotangents of some of its rows: all those of several examples, or some of one. */
static struct pass pass_of(const struct block *block, int64_t from, int64_t rows, struct equilibrium_values *values) {
    struct pass pass = *block->pass;
    int64_t first = block->begin + from;
    bool is_whole = first % block->count == 0 && rows % block->count == 0;
    *values = equilibrium_values_of(block->equilibrium, block->pass, first / block->count);
    pass.value = values->value;
    pass.n = is_whole ? rows / block->count : 1;
    pass.count = is_whole ? block->count : rows;
    return pass;
}

/* out = J dz: nothing else moves. */
static void apply_forward(const void *context, int64_t from, int64_t rows, const real *dz, real *out) {
    const struct block *block = context;
    struct equilibrium_values values;
    const struct pass pass = pass_of(block, from, rows, &values);
    int rest = block->equilibrium->rest, end = block->equilibrium->end;
    block->moved->value[rest + 1] = (real *)dz; /* the body only reads it */
    block->moved->value[end + 1] = out;
    for (int i = rest + 1; i <= end; i++) {
        const struct node *node = &pass.network->node[i];
        node->kind->jvp(node, &pass, NULL, block->moved->value, block->moved->value[i + 1]);
    }
}

/* out = J' w: what the body reads besides z is left alone. */
static void apply_back(const void *context, int64_t from, int64_t rows, const real *w, real *out) {
    const struct block *block = context;
    struct equilibrium_values values;
    const struct pass pass = pass_of(block, from, rows, &values);
    int rest = block->equilibrium->rest, end = block->equilibrium->end;
    block->moved->value[rest + 1] = out;
    block->moved->value[end + 1] = (real *)w; /* only read */
    for (int i = end; i > rest; i--) {
        const struct node *node = &pass.network->node[i];
        for (int s = 0; s < SOURCES; s++)
            if (node->source[s] > rest)
                node->kind->vjp(node, &pass, s, block->moved->value[i + 1], block->moved->value[node->source[s]]);
    }
}

typedef void product(const void *context, int64_t from, int64_t rows, const real *in, real *out);

/* out = (1 - J)^-1 b, or with J': rows begin .. begin + rows - 1 */
static void solve_block(const struct node *node, struct block *block, product *apply, int64_t rows, const real *b,
                        real *out) {
    const struct equilibrium *equilibrium = block->equilibrium;
    int64_t size = shape_size(node->out);
    real *room = block->pass->work + equilibrium->work;
    struct equilibrium_values moved = equilibrium_lay_out(equilibrium, block->pass->network, room);
    block->moved = &moved;
    const struct fixed_point_map map = {.apply = apply, .context = block, .rows = rows, .size = size, .shift = b};
    tangent_clear(rows * size, out);
    fixed_point_solve(&equilibrium->how, &map, out, NULL, room + FIXED_POINT_ROWS * equilibrium->numbers);
}

/* Rows of the block that begins at `row`: whole examples where they fit. */
static int64_t block_rows(int64_t row, int64_t count, int64_t all) {
    int64_t most = count <= FIXED_POINT_ROWS ? FIXED_POINT_ROWS / count * count : FIXED_POINT_ROWS;
    int64_t left = count <= FIXED_POINT_ROWS ? all - row : count - row % count;
    return left < most ? left : most;
}

static void jvp(const struct node *node, const struct pass *pass, const real *dtheta, real *const *din, real *dout) {
    (void)dtheta;
    int64_t size = shape_size(node->out);
    const real *b = tangent_in(din, node, 0);
    for (int64_t row = 0, rows; row < pass->n; row += rows) {
        rows = block_rows(row, 1, pass->n);
        struct block block = {.equilibrium = form_of(node), .pass = pass, .begin = row, .count = 1};
        solve_block(node, &block, apply_forward, rows, b + row * size, dout + row * size);
    }
}

static void vjp(const struct node *node, const struct pass *pass, int s, const real *w, real *din) {
    const struct equilibrium *equilibrium = form_of(node);
    int64_t size = shape_size(node->out), all = pass->n * pass->count;
    real *solution = pass->work + equilibrium->work + FIXED_POINT_ROWS * (equilibrium->numbers - size);
    for (int64_t row = 0, rows; row < all; row += rows) {
        rows = block_rows(row, pass->count, all);
        struct block block = {.equilibrium = equilibrium, .pass = pass, .begin = row, .count = pass->count};
        solve_block(node, &block, apply_back, rows, w + row * size, solution);
        pass_on(rows * size, 1, solution, node->is_added[s], din + row * size);
    }
}

/* Of one way; what `rest` takes forward stands here too, for no pass takes both. */
static double flops(const struct node *node) { return form_of(node)->flops; }

const struct operator_kind resolve_operator = {
    .name = "resolve",
    .needs = needs,
    .forward = forward,
    .jvp = jvp,
    .vjp = vjp,
    .flops = flops,
};
