#include "empirical.h"

#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "operator.h"
#include "order.h"
#include "panic.h"

static int64_t all_points(const struct ntk_points *points) { return points->train + points->test; }

/* ---- parts: what is kept of all points to take one layer's share, or a slice of it ----
 *
 *     by pairs        kept of each node: in, w        kernel += pairs(p, q) for all nodes p, q of the layer
 *     by gradients    kept: sum over nodes of J' w    kernel += gradients gradients', a slice of channels at a time */

struct part {
    int layer;
    bool by_gradients;
    int64_t from, to; /* output channels, by gradients */
    int64_t in, w;    /* numbers kept of a point: its inputs; its cotangents or gradients */
    real *in_at,
        *w_at; /* where, point after point; by pairs the numbers of all nodes of the layer, the last one first */
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

static const struct node *last_node(const struct network *network, int layer) {
    return &network->node[network->layer[layer].last];
}
static const struct node *earlier_node(const struct network *network, const struct node *node) {
    return node->earlier == NONE ? NULL : &network->node[node->earlier];
}
static int uses_of(const struct network *network, int layer) { return network->layer[layer].nodes; }
static bool is_shared(const struct network *network, int layer) { return uses_of(network, layer) > 1; }

/* Examples of a tile of the kernel: about TILE_ROWS rows, scratch that stays in a cache and gemms that are still large.
 * Of a layer with several nodes each example has a row for each, and the gemms are larger: all nodes of one side with
 * all of the other. */
static int64_t tile_examples(const struct network *network, int layer) {
    enum { TILE_ROWS = 128, TILE_EXAMPLES_MIN = 8, SHARED_ROWS = 512, SHARED_EXAMPLES_MOST = 32 };
    int64_t k = network->outputs, uses = uses_of(network, layer);
    if (uses == 1) return most(TILE_ROWS / k, TILE_EXAMPLES_MIN);
    return most(1, least(SHARED_ROWS / (k * uses), SHARED_EXAMPLES_MOST));
}

/* Inner products of inputs are of use to the only node of a layer that reads them as they are. */
static bool knows_inner(const struct network *network, int layer, bool has_gram) {
    const struct node *node = last_node(network, layer);
    return has_gram && node->source[0] == 0 && node->kind->share->weigh && !is_shared(network, layer);
}

static double flops_by_pairs(const struct network *network, int layer, const struct ntk_points *points, bool has_gram) {
    bool known = knows_inner(network, layer, has_gram);
    double flops = 0;
    for (const struct node *p = last_node(network, layer); p; p = earlier_node(network, p))
        for (const struct node *q = last_node(network, layer); q; q = earlier_node(network, q))
            flops += point_pairs(points) * p->kind->share->pairs_flops(p, q, network->outputs, known);
    return flops;
}

static int64_t gradient_size(const struct network *network, int layer) {
    const struct node *node = last_node(network, layer);
    return node->kind->share->each_size(network, node);
}

/* Of what it outputs, each with gradients of its own. */
static int64_t channels_of(const struct network *network, int layer) {
    const struct node *node = last_node(network, layer);
    return node->kind->share->is_whole ? 1 : node->out.channels;
}

static double flops_by_gradients(const struct network *network, int layer, const struct ntk_points *points) {
    const struct node *last = last_node(network, layer);
    double k = (double)network->outputs, rows = (double)all_points(points) * k, making = 0;
    double size = (double)(gradient_size(network, layer) * channels_of(network, layer));
    for (const struct node *node = last; node; node = earlier_node(network, node)) making += node->kind->flops(node);
    return rows * making + 2 * point_pairs(points) * (k * k) * size;
}

/* Is it the last node of a layer? */
static bool ends_layer(const struct network *network, int node) {
    int layer = network->node[node].layer;
    return layer != NONE && network->layer[layer].last == node;
}

/* One place alone, a dense layer with one node, is always by pairs, and so is the readout, whose inputs the NNGP
 * kernel needs. */
static bool is_by_gradients(const struct network *network, int layer, const struct ntk_points *points, bool has_gram) {
    const struct share *share = last_node(network, layer)->kind->share;
    bool is_alone = share->weigh && !is_shared(network, layer);
    if (!share->pairs) return true;
    if (is_alone || layer == network_readout(network)->layer) return false;
    return flops_by_gradients(network, layer, points) < flops_by_pairs(network, layer, points, has_gram);
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
static int64_t slice_channels(const struct plan *plan, int layer) {
    enum { NUMBERS = 1 << 26, CHANNELS_MIN = 16 };
    int64_t rows = all_points(plan->points) * plan->network->outputs, channels = channels_of(plan->network, layer);
    int64_t fit = NUMBERS / (rows * gradient_size(plan->network, layer)) / CHANNELS_MIN * CHANNELS_MIN;
    int64_t wide = most(fit, CHANNELS_MIN), slices = (channels + wide - 1) / wide;
    return (channels + slices - 1) / slices;
}

static void append_slices(struct plan *plan, int layer) {
    int64_t channels = channels_of(plan->network, layer), slice = slice_channels(plan, layer);
    int64_t size = plan->network->outputs * gradient_size(plan->network, layer);
    for (int64_t from = 0; from < channels; from += slice) {
        int64_t to = least(from + slice, channels);
        append_part(
            plan, (struct part){.layer = layer, .by_gradients = true, .from = from, .to = to, .w = size * (to - from)});
    }
}

static void append_pairs(struct plan *plan, int layer, bool has_gram) {
    bool known = knows_inner(plan->network, layer, has_gram);
    struct part part = {.layer = layer};
    for (const struct node *node = last_node(plan->network, layer); node; node = earlier_node(plan->network, node)) {
        part.in += known ? 0 : shape_size(node->in);
        part.w += plan->network->outputs * shape_size(node->out);
    }
    append_part(plan, part);
}

static void append_layer(struct plan *plan, int layer, bool has_gram) {
    if (is_by_gradients(plan->network, layer, plan->points, has_gram))
        append_slices(plan, layer);
    else
        append_pairs(plan, layer, has_gram);
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

/* Of a layer with several nodes: rows of a tile, of which each pair of nodes has its own. */
static int64_t block_rows(const struct network *network, int layer, int64_t examples) {
    return is_shared(network, layer) ? examples * uses_of(network, layer) * network->outputs : 0;
}

static int64_t scratch_of(const struct network *network, int layer) {
    int64_t step = tile_examples(network, layer), rows = block_rows(network, layer, step);
    const struct side side = {.network = network,
                              .node = last_node(network, layer),
                              .n = step * uses_of(network, layer),
                              .count = network->outputs};
    return rows * rows + side.node->kind->share->pairs_scratch(&side, &side);
}

static int64_t scratch_size(const struct plan *plan) {
    int64_t size = 0;
    for (int i = 0; i < plan->count; i++)
        if (!plan->part[i].by_gradients) size = most(size, scratch_of(plan->network, plan->part[i].layer));
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

/* Of images so few that their values stay in the last cache, or where those of a few do not, some: enough to be worth
 * transforming filters for them. */
static int64_t chunk_of(const struct network *network, const struct ntk_points *points) {
    enum { CACHED = 1 << 22, FEW = 4, SOME = 8 };
    const struct node *first = network->node + points->first;
    bool has_images = points->first < network->nodes && first->in.rows * first->in.columns > 1;
    int64_t n = all_points(points), k = network->outputs;
    int64_t largest = network_chunk(network, points->first, k, NETWORK_NUMBERS, n);
    if (!has_images) return largest;
    int64_t cached = network_chunk(network, points->first, k, CACHED, n);
    return cached >= FEW ? cached : least(largest, SOME);
}

static struct plan plan_create(const struct network *network, const struct ntk_points *points, int64_t bytes,
                               bool has_gram) {
    has_gram |= points->first > 0; /* it must be there */
    struct plan plan = {.network = network, .points = points};
    plan.chunk = chunk_of(network, points);
    for (int i = network->nodes - 1; i >= network->first_trained; i--)
        if (ends_layer(network, i)) append_layer(&plan, network->node[i].layer, has_gram);
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

/* What is kept of a part by pairs: of each point its inputs at all nodes of the layer, and its cotangents there. */
static struct side side_of(const struct plan *plan, const struct part *part, int64_t from, int64_t n) {
    return (struct side){.network = plan->network,
                         .node = last_node(plan->network, part->layer),
                         .n = n * uses_of(plan->network, part->layer),
                         .count = plan->network->outputs,
                         .in = part->in > 0 ? part->in_at + from * part->in : NULL,
                         .w = part->w_at + from * part->w};
}

/* n rows to places `pitch` apart. */
static void keep_rows(int64_t n, int64_t size, const real *rows, real *kept, int64_t pitch) {
    for (int64_t i = 0; i < n; i++) memcpy(kept + i * pitch, rows + i * size, (size_t)size * sizeof *kept);
}

static void keep_pairs(const struct part *part, int64_t from, const struct side *side) {
    int64_t in = shape_size(side->node->in), w = side->count * shape_size(side->node->out), place = 0;
    for (const struct node *later = last_node(side->network, part->layer); later != side->node; place++)
        later = earlier_node(side->network, later);
    keep_rows(side->n, w, side->w, part->w_at + from * part->w + place * w, part->w);
    if (part->in > 0) keep_rows(side->n, in, side->in, part->in_at + from * part->in + place * in, part->in);
}

/* The nodes come from the last one down: that one sets the sum of gradients. */
static void keep_gradients(const struct part *part, int64_t from, const struct side *side, real *work) {
    bool is_added = side->node != last_node(side->network, part->layer);
    side->node->kind->share->each(side, is_added, part->from, part->to, part->w_at + from * part->w, work);
}

static void keep_node(const struct plan *plan, const struct part *part, int i, int64_t from, const real *theta,
                      struct memory *memory) {
    const struct node *node = &plan->network->node[i];
    const struct side side = {.network = plan->network,
                              .node = node,
                              .n = memory->tape.n,
                              .count = plan->network->outputs,
                              .in = memory->tape.value[node->source[0]],
                              .w = cotape_value(plan->network, &memory->cotape, node->value),
                              .theta = theta};
    if (part->by_gradients)
        keep_gradients(part, from, &side, memory->tape.work);
    else
        keep_pairs(part, from, &side);
}

/* The first node that any of the parts needs. */
static int lowest_node(const struct plan *plan, int begin, int end) {
    int lowest = plan->network->nodes - 1;
    for (int part = begin; part < end; part++)
        for (int i = plan->network->layer[plan->part[part].layer].last; i != NONE; i = plan->network->node[i].earlier)
            if (i < lowest) lowest = i;
    return lowest;
}

static void run_chunk(const struct plan *plan, const real *theta, int begin, int end, int64_t from,
                      struct memory *memory) {
    const struct network *network = plan->network;
    int lowest = lowest_node(plan, begin, end);
    for (int i = network->nodes - 1; i >= lowest; i--) {
        for (int part = begin; part < end; part++)
            if (plan->part[part].layer == network->node[i].layer)
                keep_node(plan, &plan->part[part], i, from, theta, memory);
        if (i > lowest)
            network_vjp_node(network, plan->points->first, i, theta, &memory->tape, network->outputs, &memory->cotape);
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

/* kernel[(i, a), (j, b)] += the sum over nodes p and q of block[(i, p, a), (j, q, b)] */
static void fold(int64_t rows, int64_t columns, int64_t uses, int64_t k, const real *block, real *kernel, int64_t ld) {
    for (int64_t row = 0; row < rows * uses * k; row++) {
        real *out = kernel + (row / (uses * k) * k + row % k) * ld;
        const real *in = block + row * columns * uses * k;
        for (int64_t j = 0; j < columns; j++)
            for (int64_t q = 0; q < uses; q++)
                for (int64_t b = 0; b < k; b++) out[j * k + b] += in[(j * uses + q) * k + b];
    }
}

static void add_pairs(const struct plan *plan, const struct part *part, struct tile tile, real *scratch, real *kernel) {
    const struct network *network = plan->network;
    int64_t train = plan->points->train, k = network->outputs, uses = uses_of(network, part->layer);
    const struct side p = side_of(plan, part, tile.row, tile.rows), q = side_of(plan, part, tile.column, tile.columns);
    const struct share *share = p.node->kind->share;
    const real *inner = part->in == 0 ? plan->points->gram + tile.row * train + tile.column : NULL;
    if (uses == 1) {
        share->pairs(&p, &q, inner, train, scratch, kernel, train * k);
        return;
    }
    int64_t rows = block_rows(network, part->layer, tile.rows),
            columns = block_rows(network, part->layer, tile.columns);
    memset(scratch, 0, (size_t)(rows * columns) * sizeof *scratch);
    share->pairs(&p, &q, NULL, 0, scratch + rows * columns, scratch, columns);
    fold(tile.rows, tile.columns, uses, k, scratch, kernel, train * k);
}

/* On the diagonal the lower half, which is mirrored at the end. */
static void add_gradients(const struct plan *plan, const struct part *part, struct tile tile, real *kernel) {
    int64_t k = plan->network->outputs, size = part->w / k, ld = plan->points->train * k;
    const real *a = part->w_at + tile.row * part->w, *b = part->w_at + tile.column * part->w;
    if (tile.row == tile.column)
        la_syrk(tile.rows * k, size, 1, a, 1, kernel, ld);
    else
        la_gemm(LA_PLAIN, LA_TRANSPOSED, tile.rows * k, tile.columns * k, size, 1, a, size, b, size, 1, kernel, ld);
}

static void add_share(const struct plan *plan, const struct part *part, struct tile tile, real *scratch,
                      const struct ntk_kernels *kernels) {
    real *kernel = tile_in(plan->points, tile, plan->network->outputs, kernels->train_train, kernels->test_train);
    if (kernel && part->by_gradients)
        add_gradients(plan, part, tile, kernel);
    else if (kernel)
        add_pairs(plan, part, tile, scratch, kernel);
}

/* K of one tile: sigma_w^2/n <x, x'> + sigma_b^2 of what the readout reads. */
static void set_nngp(const struct plan *plan, const struct part *part, struct tile tile,
                     const struct ntk_kernels *kernels) {
    const struct network *network = plan->network;
    const struct node *readout = network_readout(network);
    real *kernel = tile_in(plan->points, tile, 1, kernels->nngp_train_train, kernels->nngp_test_train);
    if (part->layer != readout->layer || !kernel) return;
    int64_t size = shape_size(readout->in), ld = plan->points->train;
    ASSERT(uses_of(network, part->layer) == 1);
    const real *gram = part->in == 0 ? plan->points->gram : NULL;
    real scale = (real)(node_weight(network, readout)->variance / (double)size);
    real shift = (real)node_bias(network, readout)->variance;
    for (int64_t i = 0; i < tile.rows; i++)
        for (int64_t j = 0; j < tile.columns; j++)
            kernel[i * ld + j] = shift + (gram ? scale * gram[(tile.row + i) * ld + tile.column + j] : 0);
    if (gram) return;
    const real *a = side_of(plan, part, tile.row, 0).in, *b = side_of(plan, part, tile.column, 0).in;
    la_gemm(LA_PLAIN, LA_TRANSPOSED, tile.rows, tile.columns, size, scale, a, size, b, size, 1, kernel, ld);
}

/* A part's share of all tiles on and below the diagonal. A tile never holds both training and test rows. */
static bool add_tiles(const struct plan *plan, const struct part *part, real *scratch,
                      const struct ntk_kernels *kernels, const struct host *host) {
    int64_t step = tile_examples(plan->network, part->layer), train = plan->points->train,
            all = all_points(plan->points);
    for (int64_t row = 0, row_end; row < all; row = row_end) {
        row_end = least(row + step, row < train ? train : all);
        for (int64_t column = 0, column_end; column < least(train, row_end); column = column_end) {
            column_end = least(column + step, train);
            struct tile tile = {row, row_end - row, column, column_end - column};
            set_nngp(plan, part, tile, kernels);
            add_share(plan, part, tile, scratch, kernels);
        }
        if (host_stops(host)) return true;
    }
    return false;
}

static bool run_pass(const struct plan *plan, const real *theta, int begin, int end, struct memory *memory,
                     const struct ntk_kernels *kernels, const struct host *host) {
    int64_t all = all_points(plan->points);
    place_parts(plan, begin, end, memory->kept);
    for (int64_t from = 0; from < all; from += plan->chunk) {
        fill_chunk(plan, theta, from, least(plan->chunk, all - from), memory);
        run_chunk(plan, theta, begin, end, from, memory);
        if (host_stops(host)) return true;
    }
    for (int i = begin; i < end; i++)
        if (add_tiles(plan, &plan->part[i], memory->scratch, kernels, host)) return true;
    return false;
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

static bool run(const struct plan *plan, const real *theta, struct memory *memory, const struct ntk_kernels *kernels,
                const struct host *host) {
    int64_t k = plan->network->outputs, numbers;
    clear(plan->points, k, kernels);
    for (int begin = 0, end; begin < plan->count; begin = end) {
        end = pass_end(plan, begin, &numbers);
        if (run_pass(plan, theta, begin, end, memory, kernels, host)) return true;
    }
    mirror(plan->points, k, kernels);
    return false;
}

bool ntk_empirical(const struct network *network, const real *theta, const struct ntk_points *points, int64_t bytes,
                   struct arena *arena, const struct ntk_kernels *kernels, const struct host *host) {
    size_t mark = arena_mark(arena);
    struct plan plan = plan_create(network, points, bytes, points->gram != NULL);
    struct memory memory = lay_out(&plan, arena);
    bool stopped = !arena_is_counting(arena) && run(&plan, theta, &memory, kernels, host);
    free(plan.part);
    arena_release(arena, mark);
    return stopped;
}

double ntk_empirical_flops(const struct network *network, const struct ntk_points *points, int64_t bytes,
                           bool has_gram) {
    int64_t k = network->outputs;
    double shares = 0;
    for (int layer = 0; layer < network->layers; layer++)
        if (network->tensor[network->layer[layer].weight].offset >= network->trained_from)
            shares += is_by_gradients(network, layer, points, has_gram)
                          ? flops_by_gradients(network, layer, points)
                          : flops_by_pairs(network, layer, points, has_gram);
    struct plan plan = plan_create(network, points, bytes, has_gram);
    int64_t numbers;
    double passes = 0;
    for (int begin = 0; begin < plan.count; passes++) begin = pass_end(&plan, begin, &numbers);
    double forward = network_flops(network, points->first, 1);
    double backward = (double)k * network_flops(network, (int)most(most(points->first, network->first_trained), 1), 1);
    free(plan.part);
    return shares + passes * (double)all_points(points) * (forward + backward);
}
