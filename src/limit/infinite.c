#include "infinite.h"

#include <string.h>

#include "infinite_plan.h"
#include "limit.h"
#include "matrix.h"
#include "simd.h"

enum { BATCH = 1024, ROOM = 1 << 23 }; /* pairs that go through together; numbers for the coefficients of a side */

/* What an activation keeps. */
struct kept {
    struct dual dual;
    double *variance;         /* of all points' pixels */
    struct dual_side side[2]; /* of the points at hand */
};

/* Points that one side of the layers is filled for: 0, a row's; 1, those of several columns. */
struct range {
    int64_t first, count;
    int side; /* of the layers */
};

/* Pairs (i, j .. j + batch - 1) at hand. */
struct pairs {
    int64_t i, j, batch;
    struct range own, other;
};

struct engine {
    const struct network *network;
    struct infinite_plan plan;
    int64_t points;
    double *k;            /* the result; where inputs have one pixel, inner products first */
    double *images;       /* two, K and Theta, a slot, each of plan.room */
    double *planes;       /* inputs [point, channel, pixel]; NULL: one pixel */
    double *variances;    /* [slot, point, pixel] while the variances are found */
    struct kept *layer;   /* of every operator */
    double *room[2];      /* of the layers' sides */
    int64_t room_numbers; /* of room[1]; room[0] serves one point */
    struct limit_at at;
    struct pairs pairs;
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- one displacement of the pairs at hand, through a segment ---- */

static struct covariance image_of(const struct engine *engine, int value, struct displacement end) {
    const struct infinite_plan *plan = &engine->plan;
    struct shape shape = infinite_shape(engine->network, value);
    int64_t stride = plan->stride[value];
    struct displacement at = {stride * end.row, stride * end.column};
    struct covariance image = covariance_create(shape.rows, shape.columns, at, engine->pairs.batch, plan->reach);
    image.k = engine->images + 2 * plan->slot[value] * plan->room + plan->front;
    image.theta = image.k + plan->room;
    return image;
}

SIMD_CLONES static void add_products(int64_t count, const double *restrict a, const double *restrict b,
                                     double *restrict out) {
    for (int64_t t = 0; t < count; t++) out[t] += a[t] * b[t];
}

/* K = <x[p], x'[q]>/channels */
static void read_images(const struct engine *engine, struct covariance *out) {
    int64_t channels = engine->network->node[0].in.channels, pixels = out->image_rows * out->image_columns;
    const double *own = engine->planes + engine->pairs.i * channels * pixels + covariance_first(out);
    const double *other = engine->planes + engine->pairs.j * channels * pixels + covariance_second(out);
    for (int64_t r = 0; r < out->rows; r++) {
        double *k = out->k + r * out->pitch;
        for (int64_t c = 0; c < channels; c++)
            add_products(out->columns, own + c * pixels + r * out->image_columns,
                         other + c * pixels + r * out->image_columns, k);
        for (int64_t t = 0; t < out->columns; t++) k[t] /= (double)channels;
    }
}

static void read_inputs(const struct engine *engine, struct covariance *out) {
    const struct pairs *pairs = &engine->pairs;
    covariance_clear(out);
    if (engine->planes)
        read_images(engine, out);
    else
        memcpy(out->k, engine->k + pairs->i * engine->points + pairs->j, (size_t)pairs->batch * sizeof *out->k);
}

/* Which places the pairs of an image are of. */
static struct dual_pairs places(const struct pairs *pairs, const struct covariance *image) {
    int64_t pixels = image->image_rows * image->image_columns, own = (pairs->i - pairs->own.first) * pixels,
            other = (pairs->j - pairs->other.first) * pixels;
    if (pixels == 1) return (struct dual_pairs){1, pairs->batch, image->pitch, .own = own, .other = other};
    return (struct dual_pairs){.rows = image->rows,
                               .columns = image->columns,
                               .pitch = image->pitch,
                               .own = own + covariance_first(image),
                               .own_row = image->image_columns,
                               .own_step = 1,
                               .other = other + covariance_second(image),
                               .other_row = image->image_columns};
}

static void apply(struct engine *engine, int number, const struct covariance *const in[SOURCES],
                  struct covariance *out) {
    const struct node *node = &engine->network->node[number];
    if (limit_of(node)->dual) {
        const struct kept *layer = &engine->layer[number];
        engine->at.dual = &layer->dual;
        engine->at.own = &layer->side[engine->pairs.own.side];
        engine->at.other = &layer->side[engine->pairs.other.side];
        engine->at.pairs = places(&engine->pairs, in[0]);
    }
    if (node->layer != NONE) {
        engine->at.sigma_w2 = node_weight(engine->network, node)->variance;
        engine->at.sigma_b2 = node_bias(engine->network, node)->variance;
    }
    limit_of(node)->map(node, &engine->at, in, out);
}

static void apply_at(struct engine *engine, int number, struct displacement end) {
    const struct node *node = &engine->network->node[number];
    struct covariance image[SOURCES], out = image_of(engine, number + 1, end);
    const struct covariance *in[SOURCES] = {NULL};
    for (int s = 0; s < SOURCES && node->source[s] >= 0; s++) {
        image[s] = image_of(engine, node->source[s], end);
        in[s] = &image[s];
    }
    apply(engine, number, in, &out);
}

static void evaluate(struct engine *engine, int segment, struct displacement end);

/* The value that a segment begins with, from the one before it. */
static void gather(struct engine *engine, int segment, struct covariance *out) {
    int number = engine->plan.segment[segment].from - 1;
    const struct node *node = &engine->network->node[number];
    covariance_clear(out);
    struct displacement at;
    for (int64_t n = 0; limit_of(node)->gather(node, n, out->at, &at); n++) {
        evaluate(engine, segment - 1, at);
        struct covariance image = image_of(engine, node->source[0], at);
        const struct covariance *in[SOURCES] = {&image};
        apply(engine, number, in, out);
    }
}

static void begin(struct engine *engine, int segment, struct covariance *out) {
    if (segment == 0)
        read_inputs(engine, out);
    else
        gather(engine, segment, out);
}

/* The segment's last value at displacement `end`. */
static void evaluate(struct engine *engine, int segment, struct displacement end) {
    struct infinite_segment range = engine->plan.segment[segment];
    struct covariance first = image_of(engine, range.from, end);
    begin(engine, segment, &first);
    for (int o = range.from; o < range.to; o++) apply_at(engine, o, end);
}

/* ---- the points at hand ---- */

/* Fills a side of the activations before operator `end` for some points. */
static void take_points(struct engine *engine, struct range range, int end) {
    double *room = engine->room[range.side];
    for (int o = 0; o < end; o++) {
        if (!limit_of(&engine->network->node[o])->dual) continue;
        struct kept *layer = &engine->layer[o];
        int64_t pixels = infinite_pixels(engine->network, o + 1), count = range.count * pixels;
        layer->side[range.side] = dual_side_fill(&layer->dual, count, layer->variance + range.first * pixels, room);
        room += dual_side_numbers(&layer->dual) * count;
    }
}

/* Numbers that a side takes for each of its points. */
static int64_t numbers(const struct engine *engine) {
    int64_t sum = 0;
    for (int o = 0; o < engine->network->nodes; o++)
        if (limit_of(&engine->network->node[o])->dual)
            sum += dual_side_numbers(&engine->layer[o].dual) * infinite_pixels(engine->network, o + 1);
    return sum;
}

/* ---- variances ---- */

static const struct displacement NOWHERE = {0, 0};

static double *variances_of(const struct engine *engine, int value) {
    return engine->variances + engine->plan.slot[value] * engine->points * engine->plan.pixels;
}

/* Point i with itself. */
static void take_point(struct engine *engine, int64_t i) {
    struct range alone = {i, 1, 0};
    engine->pairs = (struct pairs){i, i, 1, alone, alone};
}

/* K[p, p] of one point between the images' form and a plain array. */
static void store(const struct covariance *image, double *variance) {
    for (int64_t r = 0; r < image->rows; r++)
        memcpy(variance + r * image->columns, image->k + r * image->pitch, (size_t)image->columns * sizeof *variance);
}
static void load(const double *variance, struct covariance *image) {
    covariance_clear(image);
    for (int64_t r = 0; r < image->rows; r++)
        memcpy(image->k + r * image->pitch, variance + r * image->columns, (size_t)image->columns * sizeof *variance);
}

static void begin_variances(struct engine *engine, int segment) {
    int first = engine->plan.segment[segment].from;
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        if (segment > 0) take_points(engine, engine->pairs.own, first);
        struct covariance image = image_of(engine, first, NOWHERE);
        begin(engine, segment, &image);
        store(&image, variances_of(engine, first) + i * infinite_pixels(engine->network, first));
    }
}

static struct covariance load_value(const struct engine *engine, int value, int64_t i) {
    struct covariance image = image_of(engine, value, NOWHERE);
    image.theta = NULL;
    load(variances_of(engine, value) + i * infinite_pixels(engine->network, value), &image);
    return image;
}

static void map_variances(struct engine *engine, int number) {
    const struct node *node = &engine->network->node[number];
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        struct covariance image[SOURCES], out = image_of(engine, number + 1, NOWHERE);
        const struct covariance *in[SOURCES] = {NULL};
        for (int s = 0; s < SOURCES && node->source[s] >= 0; s++) {
            image[s] = load_value(engine, node->source[s], i);
            in[s] = &image[s];
        }
        out.theta = NULL;
        apply(engine, number, in, &out);
        store(&out, variances_of(engine, number + 1) + i * infinite_pixels(engine->network, number + 1));
    }
}

static void keep_variances(struct engine *engine, int number, struct arena *arena) {
    const struct node *node = &engine->network->node[number];
    struct kept *layer = &engine->layer[number];
    int64_t count = engine->points * infinite_pixels(engine->network, number + 1);
    memcpy(layer->variance, variances_of(engine, node->source[0]), (size_t)count * sizeof *layer->variance);
    layer->dual = limit_of(node)->dual(node, count, layer->variance, arena);
    dual_self(&layer->dual, count, layer->variance, variances_of(engine, number + 1), NULL);
}

/* Of every activation; nothing after the last is needed. */
static void find_variances(struct engine *engine, struct arena *arena) {
    for (int s = 0; s < engine->plan.segments; s++) {
        struct infinite_segment range = engine->plan.segment[s];
        if (range.from >= engine->plan.activations_end) return;
        begin_variances(engine, s);
        for (int o = range.from; o < range.to && o < engine->plan.activations_end; o++)
            if (limit_of(&engine->network->node[o])->dual)
                keep_variances(engine, o, arena);
            else
                map_variances(engine, o);
    }
}

/* ---- pairs ---- */

static void evaluate_pairs(struct engine *engine, double *theta) {
    const struct pairs *pairs = &engine->pairs;
    int64_t at = pairs->i * engine->points + pairs->j;
    evaluate(engine, engine->plan.segments - 1, NOWHERE);
    struct covariance end = image_of(engine, engine->network->nodes, NOWHERE);
    memcpy(engine->k + at, end.k, (size_t)pairs->batch * sizeof *end.k);
    memcpy(theta + at, end.theta, (size_t)pairs->batch * sizeof *end.theta);
}

/* Point i with those of a range that come before it, and with itself. */
static int run_row(struct engine *engine, int64_t i, struct range other, double *theta, const struct host *host) {
    struct range own = {i, 1, 0};
    int64_t end = least(i + 1, other.first + other.count), batch = engine->planes ? 1 : BATCH;
    take_points(engine, own, engine->network->nodes);
    for (int64_t j = other.first; j < end; j += batch) {
        engine->pairs = (struct pairs){i, j, least(batch, end - j), own, other};
        evaluate_pairs(engine, theta);
        if (host_stops(host)) return 1;
    }
    return 0;
}

static int run(struct engine *engine, int64_t columns, double *theta, const struct host *host) {
    int64_t each = numbers(engine), points = engine->points;
    int64_t count = each == 0 ? points : most(1, least(points, engine->room_numbers / each));
    for (int64_t j = 0; j < columns; j += count) {
        struct range other = {j, least(count, columns - j), 1};
        take_points(engine, other, engine->network->nodes);
        for (int64_t i = j; i < points; i++)
            if (run_row(engine, i, other, theta, host)) return 1;
    }
    return 0;
}

/* ---- memory ---- */

static void lay_out_layers(struct engine *engine, struct arena *arena) {
    const struct network *network = engine->network;
    for (int o = 0; o < network->nodes; o++) {
        if (!limit_of(&network->node[o])->dual) continue;
        double *variance = ARENA_TAKE(arena, engine->points * infinite_pixels(network, o + 1), double);
        if (engine->layer) engine->layer[o].variance = variance;
    }
}

static void lay_out(struct engine *engine, struct arena *arena) {
    const struct infinite_plan *plan = &engine->plan;
    struct shape input = engine->network->node[0].in;
    engine->images = ARENA_TAKE(arena, 2 * plan->slots * plan->room, double);
    engine->at.scratch = ARENA_TAKE(arena, plan->room, double);
    engine->variances = ARENA_TAKE(arena, plan->slots * engine->points * plan->pixels, double);
    engine->layer = ARENA_TAKE(arena, engine->network->nodes, struct kept);
    if (input.rows * input.columns > 1) engine->planes = ARENA_TAKE(arena, engine->points * shape_size(input), double);
    lay_out_layers(engine, arena);
}

/* What depends on the activations' kinds, but not yet on variances. */
static void lay_out_sides(struct engine *engine, struct arena *arena) {
    int64_t each = 0;
    for (int o = 0; o < engine->network->nodes; o++) {
        const struct node *node = &engine->network->node[o];
        if (!limit_of(node)->dual) continue;
        struct arena sizes = arena_counting();
        struct dual dual = limit_of(node)->dual(node, 0, NULL, &sizes);
        each += dual_side_most(&dual) * infinite_pixels(engine->network, o + 1);
    }
    engine->room_numbers = most(each, least(ROOM, each * engine->points));
    engine->room[0] = ARENA_TAKE(arena, each, double);
    engine->room[1] = ARENA_TAKE(arena, engine->room_numbers, double);
}

static void count_layers(const struct network *network, struct arena *arena) {
    for (int o = 0; o < network->nodes; o++)
        if (limit_of(&network->node[o])->dual) limit_of(&network->node[o])->dual(&network->node[o], 0, NULL, arena);
}

/* Zeros stand in front of every image for good. */
static void clear_fronts(struct engine *engine) {
    const struct infinite_plan *plan = &engine->plan;
    for (int image = 0; image < 2 * plan->slots; image++)
        memset(engine->images + image * plan->room, 0, (size_t)plan->front * sizeof(double));
    memset(engine->at.scratch, 0, (size_t)plan->front * sizeof(double));
    engine->at.scratch += plan->front;
}

static void take_inputs(struct engine *engine, const double *x) {
    struct shape input = engine->network->node[0].in;
    int64_t pixels = input.rows * input.columns, channels = input.channels;
    if (!engine->planes) la_syrk(engine->points, channels, 1 / (double)channels, x, 0, engine->k);
    for (int64_t i = 0; engine->planes && i < engine->points * pixels; i++)
        for (int64_t c = 0; c < channels; c++)
            engine->planes[(i / pixels * channels + c) * pixels + i % pixels] = x[i * channels + c];
}

static struct engine engine_create(const struct network *network, int64_t points, double *k, struct arena *arena) {
    struct engine engine = {.network = network, .points = points, .k = k};
    infinite_plan_create(network, BATCH, &engine.plan);
    lay_out(&engine, arena);
    lay_out_sides(&engine, arena);
    return engine;
}

int infinite_kernels(const struct network *network, int64_t points, int64_t columns, const double *x, double *k,
                     double *theta, struct arena *arena, const struct host *host) {
    size_t mark = arena_mark(arena);
    int stopped = 0;
    struct engine engine = engine_create(network, points, k, arena);
    if (arena_is_counting(arena)) {
        count_layers(network, arena);
    } else {
        clear_fronts(&engine);
        take_inputs(&engine, x);
        find_variances(&engine, arena);
        stopped = run(&engine, columns, theta, host);
    }
    arena_release(arena, mark);
    return stopped;
}

double infinite_work(const struct network *network, int64_t points, int64_t columns) {
    struct infinite_plan plan;
    infinite_plan_create(network, 1, &plan);
    double n = (double)columns, m = (double)(points - columns);
    return (n * (n + 1) / 2 + n * m) * infinite_plan_work(network, &plan);
}
