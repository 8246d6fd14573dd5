#include "empirical.h"

#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"
#include "panic.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t all_points(const struct ntk_points *points) { return points->train + points->test; }

/* Examples whose tile of the kernel has about TILE_ROWS rows: scratch that stays in a cache, and gemms that are still large. */
enum { TILE_ROWS = 128, TILE_EXAMPLES_MIN = 8 };

static int64_t tile_examples(const struct network *network) {
    return most(TILE_ROWS / network->outputs, TILE_EXAMPLES_MIN);
}

/* ---- parts: what is kept of all points to take one operator's share, or a slice of it ---- */

struct part {
    int node, by_gradients;
    int64_t from, to;   /* output channels, by gradients */
    int64_t in, w;      /* numbers kept of a point: its input; its cotangents or gradients */
    real *in_at, *w_at; /* where, for all points */
};

struct plan {
    int count, room;
    struct part *part; /* from the outputs down; owned */
    const struct network *network;
    const struct ntk_points *points;
    int64_t chunk; /* points that go through the network at once */
    int64_t limit; /* numbers that a pass may keep */
};

static double point_pairs(const struct ntk_points *points) {
    double n = (double)points->train, m = (double)points->test;
    return n * (n + 1) / 2 + m * n;
}

/* Inner products of inputs are of use to an operator that reads them as they are. */
static int knows_inner(const struct node *node, int has_gram) {
    return has_gram && node->source[0] == 0 && node->kind->head != NULL;
}

static double flops_by_pairs(const struct node *node, const struct ntk_points *points, int64_t k, int has_gram) {
    return point_pairs(points) * node->kind->ntk_flops(node, k, knows_inner(node, has_gram));
}

static double flops_by_gradients(const struct node *node, const struct ntk_points *points, int64_t k) {
    double rows = (double)(all_points(points) * k),
           size = (double)(node->kind->gradient_size(node) * node->out.channels);
    return rows * node->kind->flops(node, 1) + 2 * point_pairs(points) * (double)(k * k) * size;
}

static int is_by_gradients(const struct node *node, const struct ntk_points *points, int64_t k, int has_gram) {
    return node->kind->gradients && flops_by_gradients(node, points, k) < flops_by_pairs(node, points, k, has_gram);
}

static void append_part(struct plan *plan, struct part part) {
    if (plan->count == plan->room) {
        plan->room = 2 * plan->room + 16;
        plan->part = realloc(plan->part, (size_t)plan->room * sizeof *plan->part);
        CHECK(plan->part);
    }
    plan->part[plan->count++] = part;
}

/* Output channels in a slice: equal slices, of at most 2^26 numbers for all points where 16 channels allow it. */
static int64_t slice_channels(const struct node *node, const struct ntk_points *points, int64_t k) {
    enum { NUMBERS = 1 << 26, CHANNELS_MIN = 16 };
    int64_t fit = NUMBERS / (all_points(points) * k * node->kind->gradient_size(node)) / CHANNELS_MIN * CHANNELS_MIN;
    int64_t wide = most(fit, CHANNELS_MIN), slices = (node->out.channels + wide - 1) / wide;
    return (node->out.channels + slices - 1) / slices;
}

static void append_node_parts(struct plan *plan, int i, int has_gram) {
    const struct node *node = &plan->network->node[i];
    int64_t k = plan->network->outputs, channels = node->out.channels;
    int known = knows_inner(node, has_gram);
    if (!is_by_gradients(node, plan->points, k, has_gram)) {
        append_part(plan,
                    (struct part){.node = i, .in = known ? 0 : shape_size(node->in), .w = k * shape_size(node->out)});
        return;
    }
    int64_t slice = slice_channels(node, plan->points, k);
    for (int64_t from = 0; from < channels; from += slice) {
        int64_t to = least(from + slice, channels);
        append_part(plan, (struct part){.node = i,
                                        .by_gradients = 1,
                                        .from = from,
                                        .to = to,
                                        .w = k * (to - from) * node->kind->gradient_size(node)});
    }
}

static int64_t part_numbers(const struct plan *plan, const struct part *part) {
    return all_points(plan->points) * (part->in + part->w);
}

/* The end of the pass that begins with part `begin`: as many parts as the limit allows, at least one. */
static int pass_end(const struct plan *plan, int begin, int64_t *numbers) {
    int end = begin;
    *numbers = 0;
    while (end < plan->count && (end == begin || *numbers + part_numbers(plan, &plan->part[end]) <= plan->limit))
        *numbers += part_numbers(plan, &plan->part[end++]);
    return end;
}

/* Room for any pass: what the limit allows of all parts, or the largest part. */
static int64_t kept_numbers(const struct plan *plan) {
    int64_t largest = 0, sum = 0;
    for (int i = 0; i < plan->count; i++) {
        largest = most(largest, part_numbers(plan, &plan->part[i]));
        sum += part_numbers(plan, &plan->part[i]);
    }
    return most(largest, least(sum, plan->limit));
}

/* ---- memory ---- */

struct memory {
    struct tape tape;
    struct cotape cotape;
    real *scratch, *kept;
};

static int64_t scratch_size(const struct plan *plan) {
    int64_t step = tile_examples(plan->network), size = 0;
    for (int i = 0; i < plan->count; i++) {
        const struct node *node = &plan->network->node[plan->part[i].node];
        if (!plan->part[i].by_gradients)
            size = most(size, node->kind->ntk_scratch(node, plan->network->outputs, step, step));
    }
    return size;
}

static struct memory lay_out(const struct plan *plan, struct arena *arena) {
    struct memory memory;
    const struct network *network = plan->network;
    network_tape(network, plan->points->first, plan->chunk, network_work(network, arena), arena, &memory.tape);
    network_cotape(network, plan->chunk * network->outputs, arena, &memory.cotape);
    memory.scratch = ARENA_TAKE(arena, scratch_size(plan), real);
    memory.kept = ARENA_TAKE(arena, kept_numbers(plan), real);
    return memory;
}

static struct plan plan_create(const struct network *network, const struct ntk_points *points, int64_t bytes,
                               int has_gram) {
    has_gram |= points->first > 0; /* it must be there */
    struct plan plan = {.network = network, .points = points};
    plan.chunk = network_chunk(network, points->first, network->outputs, all_points(points));
    for (int i = network->nodes - 1; i >= network->first_trained; i--)
        if (network->node[i].kind->ntk) append_node_parts(&plan, i, has_gram);
    struct arena fixed = arena_counting();
    (void)lay_out(&plan, &fixed); /* with the largest part alone */
    fixed.peak -= (size_t)kept_numbers(&plan) * sizeof(real);
    enum { ALIGNMENT = 64 }; /* of pieces of an arena */
    plan.limit = (bytes - ALIGNMENT - (int64_t)fixed.peak) / (int64_t)sizeof(real);
    return plan;
}

/* ---- a pass: chunks of points forward and backward, the parts' numbers kept; then the parts' tiles ---- */

/* Values of points from .. from + n - 1, and the unit cotangents of their outputs. */
static void fill_chunk(const struct plan *plan, const real *theta, int64_t from, int64_t n, struct memory *memory) {
    const struct network *network = plan->network;
    int64_t k = network->outputs;
    int first = plan->points->first;
    memory->tape.n = n;
    /* the tape only reads its first value */
    memory->tape.value[first] = (real *)plan->points->value + from * network_value_size(network, first);
    network_forward(network, first, theta, &memory->tape);
    real *w = cotape_value(network, &memory->cotape, network->nodes);
    memset(w, 0, (size_t)(n * k * k) * sizeof *w);
    for (int64_t row = 0; row < n * k; row++) w[row * k + row % k] = 1;
}

static void keep_part(const struct plan *plan, const struct part *part, int64_t from, struct memory *memory) {
    const struct node *node = &plan->network->node[part->node];
    int64_t n = memory->tape.n;
    const struct operator_side side = {n, memory->tape.value[node->source[0]],
                                       cotape_value(plan->network, &memory->cotape, part->node + 1)};
    real *w = part->w_at + from * part->w;
    if (part->by_gradients) {
        node->kind->gradients(node, plan->network->outputs, &side, part->from, part->to, w, memory->tape.work);
        return;
    }
    memcpy(w, side.w, (size_t)(n * part->w) * sizeof *w);
    if (part->in > 0) memcpy(part->in_at + from * part->in, side.in, (size_t)(n * part->in) * sizeof *w);
}

static void run_chunk(const struct plan *plan, const real *theta, int begin, int end, int64_t from,
                      struct memory *memory) {
    int i = plan->network->nodes - 1;
    for (int part = begin; part < end; part++) {
        for (; i > plan->part[part].node; i--)
            network_vjp_inputs(plan->network, plan->points->first, i, theta, &memory->tape, plan->network->outputs,
                               &memory->cotape);
        keep_part(plan, &plan->part[part], from, memory);
    }
}

static void place_parts(const struct plan *plan, int begin, int end, real *kept) {
    for (int i = begin; i < end; i++) {
        struct part *part = &plan->part[i];
        part->in_at = kept;
        part->w_at = kept + all_points(plan->points) * part->in;
        kept += part_numbers(plan, part);
    }
}

/* ---- tiles ---- */

struct tile {
    int64_t row, rows, column, columns; /* points; columns are training points */
};

/* Where a tile begins in a kernel of k rows a point, given as its training and its test rows; NULL: not wanted. */
static real *tile_in(const struct ntk_points *points, struct tile tile, int64_t k, real *train_train,
                     real *test_train) {
    int64_t ld = points->train * k, test_row = tile.row - points->train;
    real *kernel = test_row < 0 ? train_train : test_train;
    return kernel ? kernel + (test_row < 0 ? tile.row : test_row) * k * ld + tile.column * k : NULL;
}

static struct operator_side side_of(const struct part *part, int64_t from, int64_t n) {
    return (struct operator_side){n, part->in > 0 ? part->in_at + from * part->in : NULL, part->w_at + from * part->w};
}

static void add_share(const struct plan *plan, const struct part *part, struct tile tile, real *scratch,
                      const struct ntk_kernels *kernels) {
    const struct node *node = &plan->network->node[part->node];
    int64_t k = plan->network->outputs, train = plan->points->train, ld = train * k;
    real *kernel = tile_in(plan->points, tile, k, kernels->train_train, kernels->test_train);
    if (!kernel) return;
    const struct operator_side a = side_of(part, tile.row, tile.rows), b = side_of(part, tile.column, tile.columns);
    const real *inner =
        part->in == 0 && plan->points->gram ? plan->points->gram + tile.row * train + tile.column : NULL;
    if (part->by_gradients)
        la_gemm(LA_PLAIN, LA_TRANSPOSED, tile.rows * k, tile.columns * k, part->w / k, 1, a.w, part->w / k, b.w,
                part->w / k, 1, kernel, ld);
    else
        node->kind->ntk(node, k, &a, &b, inner, train, scratch, kernel, ld);
}

/* K of one tile: sigma_w^2/n <x, x'> + sigma_b^2 of what the readout reads. */
static void set_nngp(const struct plan *plan, const struct part *part, struct tile tile,
                     const struct ntk_kernels *kernels) {
    const struct network *network = plan->network;
    real *kernel = tile_in(plan->points, tile, 1, kernels->nngp_train_train, kernels->nngp_test_train);
    if (part->node != network->nodes - 1 || !kernel) return;
    int64_t size = shape_size(network->node[part->node].in), ld = plan->points->train;
    const real *gram = part->in == 0 ? plan->points->gram : NULL;
    real scale = (real)(network->sigma_w2 / (double)size), shift = (real)network->sigma_b2;
    for (int64_t i = 0; i < tile.rows; i++)
        for (int64_t j = 0; j < tile.columns; j++)
            kernel[i * ld + j] = shift + (gram ? scale * gram[(tile.row + i) * ld + tile.column + j] : 0);
    if (gram) return;
    const real *a = side_of(part, tile.row, tile.rows).in, *b = side_of(part, tile.column, tile.columns).in;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, tile.rows, tile.columns, size, scale, a, size, b, size, 1, kernel, ld);
}

/* A part's share of all tiles on and below the diagonal. A tile never holds both training and test rows. */
static int add_tiles(const struct plan *plan, const struct part *part, real *scratch, const struct ntk_kernels *kernels,
                     const struct host *host) {
    int64_t step = tile_examples(plan->network), train = plan->points->train, all = all_points(plan->points);
    for (int64_t row = 0, row_end; row < all; row = row_end) {
        row_end = least(row + step, row < train ? train : all);
        for (int64_t column = 0, column_end; column < least(train, row_end); column = column_end) {
            column_end = least(column + step, train);
            struct tile tile = {row, row_end - row, column, column_end - column};
            set_nngp(plan, part, tile, kernels);
            add_share(plan, part, tile, scratch, kernels);
        }
        if (host_stops(host)) return 1;
    }
    return 0;
}

static int run_pass(const struct plan *plan, const real *theta, int begin, int end, struct memory *memory,
                    const struct ntk_kernels *kernels, const struct host *host) {
    int64_t all = all_points(plan->points);
    place_parts(plan, begin, end, memory->kept);
    for (int64_t from = 0; from < all; from += plan->chunk) {
        fill_chunk(plan, theta, from, least(plan->chunk, all - from), memory);
        run_chunk(plan, theta, begin, end, from, memory);
        if (host_stops(host)) return 1;
    }
    for (int i = begin; i < end; i++)
        if (add_tiles(plan, &plan->part[i], memory->scratch, kernels, host)) return 1;
    return 0;
}

/* ---- the whole ---- */

static void clear(const struct ntk_points *points, int64_t k, const struct ntk_kernels *kernels) {
    size_t row = (size_t)(points->train * k) * sizeof(real);
    if (kernels->train_train) memset(kernels->train_train, 0, (size_t)(points->train * k) * row);
    if (kernels->test_train) memset(kernels->test_train, 0, (size_t)(points->test * k) * row);
}

static void mirror(const struct ntk_points *points, int64_t k, const struct ntk_kernels *kernels) {
    if (kernels->train_train) la_mirror(points->train * k, kernels->train_train);
    if (kernels->nngp_train_train) la_mirror(points->train, kernels->nngp_train_train);
}

static int run(const struct plan *plan, const real *theta, struct memory *memory, const struct ntk_kernels *kernels,
               const struct host *host) {
    int64_t k = plan->network->outputs, numbers;
    clear(plan->points, k, kernels);
    for (int begin = 0, end; begin < plan->count; begin = end) {
        end = pass_end(plan, begin, &numbers);
        if (run_pass(plan, theta, begin, end, memory, kernels, host)) return 1;
    }
    mirror(plan->points, k, kernels);
    return 0;
}

int ntk_empirical(const struct network *network, const real *theta, const struct ntk_points *points, int64_t bytes,
                  struct arena *arena, const struct ntk_kernels *kernels, const struct host *host) {
    size_t mark = arena_mark(arena);
    struct plan plan = plan_create(network, points, bytes, points->gram != NULL);
    struct memory memory = lay_out(&plan, arena);
    int stopped = !arena_is_counting(arena) && run(&plan, theta, &memory, kernels, host);
    free(plan.part);
    arena_release(arena, mark);
    return stopped;
}

double ntk_empirical_flops(const struct network *network, const struct ntk_points *points, int64_t bytes,
                           int has_gram) {
    int64_t k = network->outputs;
    double shares = 0;
    for (int i = network->first_trained; i < network->nodes; i++) {
        const struct node *node = &network->node[i];
        if (!node->kind->ntk) continue;
        int by_gradients = is_by_gradients(node, points, k, has_gram);
        shares += by_gradients ? flops_by_gradients(node, points, k) : flops_by_pairs(node, points, k, has_gram);
    }
    struct plan plan = plan_create(network, points, bytes, has_gram);
    int64_t numbers;
    double passes = 0;
    for (int begin = 0; begin < plan.count; passes++) begin = pass_end(&plan, begin, &numbers);
    double forward = network_flops(network, points->first, 1);
    double backward = (double)k * network_flops(network, (int)most(most(points->first, network->first_trained), 1), 1);
    free(plan.part);
    return shares + passes * (double)all_points(points) * (forward + backward);
}
