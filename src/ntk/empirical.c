#include "empirical.h"

#include <string.h>

#include "matrix.h"
#include "operator.h"

/* Examples whose tile of the kernel has about TILE_ROWS rows: scratch that stays in a cache, and gemms that are still large. */
enum { TILE_ROWS = 128, TILE_EXAMPLES_MIN = 8 };

static int64_t tile_examples(const struct network *network) {
    int64_t tile = TILE_ROWS / network->outputs;
    return tile < TILE_EXAMPLES_MIN ? TILE_EXAMPLES_MIN : tile;
}

/* ---- a block: some points with their values and cotangents ---- */

struct block {
    int64_t from, n; /* points from .. from + n - 1 */
    struct tape tape;
    struct cotape cotape;
};

static struct block block_lay_out(const struct network *network, const struct ntk_points *points, int64_t size,
                                  struct arena *arena) {
    struct block block = {0};
    network_tape(network, points->first, size, arena, &block.tape);
    network_cotape(network, size * network->outputs, arena, &block.cotape);
    return block;
}

/* Values of the points, and the unit cotangents of their outputs. */
static void block_fill(const struct network *network, const real *theta, const struct ntk_points *points, int64_t from,
                       int64_t n, struct block *block) {
    int64_t k = network->outputs;
    block->from = from;
    block->n = block->tape.n = n;
    /* the tape only reads its first value */
    block->tape.value[points->first] = (real *)points->value + from * network_value_size(network, points->first);
    network_forward(network, points->first, theta, &block->tape);
    real *w = cotape_value(network, &block->cotape, network->operators);
    memset(w, 0, (size_t)(n * k * k) * sizeof *w);
    for (int64_t row = 0; row < n * k; row++) w[row * k + row % k] = 1;
}

static struct operator_side side_of(const struct network *network, struct block *block, int i, int64_t from,
                                    int64_t n) {
    const struct operator* op = & network->op[i];
    int64_t at = from - block->from;
    const real *in = block->tape.value[op->source[0]];
    return (struct operator_side){
        .n = n,
        .in = in ? in + at * shape_size(op->in) : NULL,
        .w = cotape_value(network, &block->cotape, i + 1) + at * network->outputs * shape_size(op->out),
    };
}

/* ---- tiles ---- */

struct job {
    const struct network *network;
    const struct ntk_points *points;
    const struct ntk_kernels *kernels;
    real *scratch;
};

struct tile {
    int64_t row, rows, column, columns; /* points; columns are training points */
};

/* Where a tile begins in a kernel of k rows a point, given as its training and its test rows; NULL: not wanted. */
static real *tile_in(const struct job *job, struct tile tile, int64_t k, real *train_train, real *test_train) {
    int64_t ld = job->points->train * k, test_row = tile.row - job->points->train;
    real *kernel = test_row < 0 ? train_train : test_train;
    return kernel ? kernel + (test_row < 0 ? tile.row : test_row) * k * ld + tile.column * k : NULL;
}

/* Operator i's share of one tile. */
static void add_share(const struct job *job, int i, struct block *a, struct block *b, struct tile tile) {
    const struct network *network = job->network;
    const struct operator* op = & network->op[i];
    const struct ntk_kernels *kernels = job->kernels;
    real *kernel = tile_in(job, tile, network->outputs, kernels->train_train, kernels->test_train);
    if (!kernel) return;
    struct operator_side side_a = side_of(network, a, i, tile.row, tile.rows);
    struct operator_side side_b = side_of(network, b, i, tile.column, tile.columns);
    int64_t train = job->points->train;
    const real *gram = job->points->gram;
    const real *inner = gram && op->source[0] == 0 ? gram + tile.row * train + tile.column : NULL;
    op->kind->ntk(op, network->outputs, &side_a, &side_b, inner, train, job->scratch, kernel, train * network->outputs);
}

/* K of one tile: sigma_w^2/n <x, x'> + sigma_b^2 of what the readout reads. */
static void set_nngp(const struct job *job, struct block *a, struct block *b, struct tile tile) {
    const struct network *network = job->network;
    real *kernel = tile_in(job, tile, 1, job->kernels->nngp_train_train, job->kernels->nngp_test_train);
    if (!kernel) return;
    int readout = network->operators - 1;
    int64_t size = shape_size(network->op[readout].in), ld = job->points->train;
    const real *gram = network->op[readout].source[0] == 0 ? job->points->gram : NULL;
    real scale = (real)(network->sigma_w2 / (double)size), shift = (real)network->sigma_b2;
    for (int64_t i = 0; i < tile.rows; i++)
        for (int64_t j = 0; j < tile.columns; j++)
            kernel[i * ld + j] = shift + (gram ? scale * gram[(tile.row + i) * ld + tile.column + j] : 0);
    if (gram) return;
    struct operator_side side_a = side_of(network, a, readout, tile.row, tile.rows);
    struct operator_side side_b = side_of(network, b, readout, tile.column, tile.columns);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, tile.rows, tile.columns, size, scale, side_a.in, size, side_b.in, size, 1, kernel,
            ld);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Calls for each tile of block a's rows and block b's training columns, on and below the diagonal. A tile never holds
 * both training and test rows. */
enum { NNGP = -1 }; /* in place of an operator's number */

static void for_tiles(const struct job *job, int i, struct block *a, struct block *b) {
    int64_t step = tile_examples(job->network), train = job->points->train;
    for (int64_t row = a->from; row < a->from + a->n;) {
        int64_t row_end = least(row + step, row < train ? least(train, a->from + a->n) : a->from + a->n);
        for (int64_t column = b->from; column < least(train, b->from + b->n) && column < row_end; column += step) {
            int64_t column_end = least(column + step, least(train, b->from + b->n));
            struct tile tile = {row, row_end - row, column, column_end - column};
            if (i == NNGP)
                set_nngp(job, a, b, tile);
            else
                add_share(job, i, a, b, tile);
        }
        row = row_end;
    }
}

/* All operators' shares of the tiles between two blocks (the same one, or b before a), from the outputs down. */
static void add_blocks(const struct job *job, const real *theta, struct block *a, struct block *b) {
    const struct network *network = job->network;
    int first = job->points->first;
    for_tiles(job, NNGP, a, b);
    for (int i = network->operators - 1; i >= 0; i--) {
        if (network->op[i].kind->ntk) for_tiles(job, i, a, b);
        if (i < first) continue;
        network_vjp_inputs(network, first, i, theta, &a->tape, network->outputs, &a->cotape);
        if (a != b) network_vjp_inputs(network, first, i, theta, &b->tape, network->outputs, &b->cotape);
    }
}

static void clear(const struct ntk_points *points, int64_t k, const struct ntk_kernels *kernels) {
    size_t row = (size_t)(points->train * k) * sizeof(real);
    if (kernels->train_train) memset(kernels->train_train, 0, (size_t)(points->train * k) * row);
    if (kernels->test_train) memset(kernels->test_train, 0, (size_t)(points->test * k) * row);
}

static int64_t scratch_size(const struct network *network) {
    int64_t step = tile_examples(network), size = 0;
    for (int i = 0; i < network->operators; i++) {
        const struct operator* op = & network->op[i];
        int64_t needs = op->kind->ntk ? op->kind->ntk_scratch(op, network->outputs, step, step) : 0;
        if (needs > size) size = needs;
    }
    return size;
}

void ntk_empirical(const struct network *network, const real *theta, const struct ntk_points *points, int64_t block,
                   struct arena *arena, const struct ntk_kernels *kernels) {
    size_t mark = arena_mark(arena);
    int64_t all = points->train + points->test, size = least(block, all);
    struct job job = {network, points, kernels, ARENA_TAKE(arena, scratch_size(network), real)};
    struct block rows = block_lay_out(network, points, size, arena), columns = {0};
    if (size < all) columns = block_lay_out(network, points, size, arena);
    if (!arena_is_counting(arena)) {
        clear(points, network->outputs, kernels);
        for (int64_t from = 0; from < points->train; from += size)
            for (int64_t at = from; at < all; at += size) {
                block_fill(network, theta, points, at, least(size, all - at), &rows);
                if (at > from) block_fill(network, theta, points, from, least(size, all - from), &columns);
                add_blocks(&job, theta, &rows, at > from ? &columns : &rows);
            }
        if (kernels->train_train) la_mirror(points->train * network->outputs, kernels->train_train);
        if (kernels->nngp_train_train) la_mirror(points->train, kernels->nngp_train_train);
    }
    arena_release(arena, mark);
}

static size_t bytes_of(const struct network *network, const struct ntk_points *points, int64_t block) {
    struct arena counting = arena_counting();
    ntk_empirical(network, NULL, points, block, &counting, &(struct ntk_kernels){0});
    return counting.peak;
}

int64_t ntk_block_size(const struct network *network, const struct ntk_points *points, int64_t bytes) {
    int64_t all = points->train + points->test, tile = tile_examples(network);
    if ((int64_t)bytes_of(network, points, all) <= bytes) return all;
    int64_t block = (all - 1) / tile * tile; /* whole tiles */
    while (block > tile && (int64_t)bytes_of(network, points, block) > bytes) block -= tile;
    return block > tile ? block : least(tile, all);
}

double ntk_empirical_flops(const struct network *network, const struct ntk_points *points, int64_t block,
                           int has_gram) {
    int64_t all = points->train + points->test, k = network->outputs, size = least(block, all);
    double pairs =
        (double)points->train * ((double)points->train + 1) / 2 + (double)points->test * (double)points->train;
    double flops = 0;
    for (int i = 0; i < network->operators; i++) {
        const struct operator* op = & network->op[i];
        if (!op->kind->ntk) continue;
        int known = has_gram && op->source[0] == 0;
        flops += 2 * pairs *
                 ((double)k * (double)k * (double)shape_size(op->out) + (known ? 0 : (double)shape_size(op->in)));
    }
    double filled = 0; /* points whose values and cotangents are computed */
    for (int64_t from = 0; from < points->train; from += size)
        for (int64_t at = from; at < all; at += size) filled += (double)size * (at > from ? 2 : 1);
    double forward = network_flops(network, points->first, 1);
    double backward = (double)k * network_flops(network, points->first > 0 ? points->first : 1, 1);
    return flops + filled * (forward + backward);
}
