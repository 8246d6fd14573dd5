#include "infinite.h"

#include <string.h>

#include "matrix.h"
#include "order.h"
#include "panic.h"
#include "simd.h"

enum { ROOM = 1 << 23 }; /* numbers for the coefficients of a side */

/* What an activation keeps. */
struct activated {
    struct dual dual;
    double *variance;         /* of all points' pixels */
    struct dual_side side[2]; /* of the points at hand */
};

/* Points that one side of the activations is filled for: 0, a row's; 1, those of several columns. */
struct range {
    int64_t first, count;
    int side;
};

/* Pairs of points (i, j .. j + batch - 1) at hand. */
struct pairs {
    int64_t i, j, batch;
    struct range own, other;
};

/* The activation, and the points, that a side was filled for last while the variances are found. */
struct filled {
    int number;
    int64_t first, count;
};

struct engine {
    const struct network *network;
    const struct infinite_plan *plan;
    int64_t points;
    double *k;                   /* the result; where inputs have one pixel, inner products first */
    double *images;              /* two, K and Theta, a slot, each of plan.room */
    double *scratch;             /* room of the largest image, zeros in front */
    double *planes;              /* inputs [point, channel, pixel]; NULL: one pixel */
    double *variances;           /* [slot, point, pixel] while the variances are found */
    struct activated *activated; /* of every node */
    double *room[2];             /* of the activations' sides; room[0] serves one point */
    int64_t room_numbers[2];
    struct filled filled[2];
    struct pairs pairs;
};

/* ---- one displacement of the pairs at hand, through a segment ---- */

static void set_slot(const struct engine *engine, int slot, struct covariance *image) {
    const struct infinite_plan *plan = engine->plan;
    image->k = engine->images + 2 * slot * plan->room + plan->front;
    image->theta = image->k + plan->room;
}

/* An image of a value's size in a slot. */
static struct covariance image_in(const struct engine *engine, int value, int slot, const struct displacement *end) {
    const struct infinite_plan *plan = engine->plan;
    struct shape shape = infinite_shape(engine->network, value);
    int64_t stride = plan->stride[value];
    struct displacement at = {stride * end->row, stride * end->column};
    struct covariance image = covariance_create(shape.rows, shape.columns, at, engine->pairs.batch, plan->reach);
    set_slot(engine, slot, &image);
    return image;
}

static struct covariance image_of(const struct engine *engine, const struct infinite_pair *pair,
                                  const struct displacement *end) {
    return image_in(engine, pair->u, pair->slot, end);
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

/* What a pair is made of, as images. */
struct images {
    int count;
    struct covariance image[SOURCES * SOURCES];
};

static void map_weights(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                        struct covariance *out) {
    engine->plan->limit[pair->u - 1]->map(engine->network, &engine->network->node[pair->u - 1],
                                          in->count > 0 ? &in->image[0] : NULL, engine->scratch, out);
}

static void activate(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                     struct covariance *out) {
    const struct activated *u = &engine->activated[pair->u - 1], *v = &engine->activated[pair->v - 1];
    struct dual dual = dual_between(&u->dual, &v->dual);
    struct dual_pairs at = places(&engine->pairs, out);
    if (in->count == 0)
        covariance_clear(out);
    else if (in->image[0].k != out->k)
        covariance_copy(&in->image[0], out);
    dual_run(&dual, &u->side[engine->pairs.own.side], &v->side[engine->pairs.other.side], &at, out->k, out->theta);
}

/* Begins with the term that stands where the sum shall be, if there is one. */
static void add_terms(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                      struct covariance *out) {
    const struct infinite_term *term = engine->plan->term + pair->first;
    int first = 0;
    for (int t = 1; t < in->count; t++)
        if (in->image[t].k == out->k) first = t;
    if (in->image[first].k != out->k) covariance_copy(&in->image[first], out);
    if (term[first].weight != 1) covariance_scale(term[first].weight, out);
    for (int t = 0; t < in->count; t++)
        if (t != first) covariance_add(term[t].weight, &in->image[t], out);
}

static void apply(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                  struct covariance *out) {
    static void (*const rules[])(struct engine *, const struct infinite_pair *, const struct images *,
                                 struct covariance *) = {
        [INFINITE_WEIGHTS] = map_weights, [INFINITE_ACTIVATION] = activate, [INFINITE_SUM] = add_terms};
    rules[pair->rule](engine, pair, in, out);
}

/* A value of the size of a pair's terms. */
static int term_value(const struct engine *engine, const struct infinite_pair *pair) {
    return pair->rule == INFINITE_SUM ? pair->u : engine->network->node[pair->u - 1].source[0];
}

static void apply_at(struct engine *engine, const struct infinite_pair *pair, const struct displacement *end) {
    const struct infinite_term *term = engine->plan->term + pair->first;
    struct covariance out = image_of(engine, pair, end),
                      one = pair->rule == INFINITE_WEIGHTS ? image_in(engine, term_value(engine, pair), 0, end) : out;
    struct images in;
    for (in.count = 0; in.count < pair->terms; in.count++) {
        in.image[in.count] = one;
        set_slot(engine, term[in.count].slot, &in.image[in.count]);
    }
    apply(engine, pair, &in, &out);
}

static void evaluate(struct engine *engine, int segment, struct displacement end);

/* The value that a segment begins with, from the one before it. */
static void gather(struct engine *engine, int segment, const struct infinite_pair *pair, struct covariance *out) {
    const struct node *node = &engine->network->node[pair->u - 1];
    const struct limit *limit = engine->plan->limit[pair->u - 1];
    covariance_clear(out);
    struct displacement at;
    for (int64_t n = 0; limit->gather(node, n, out->at, &at); n++) {
        evaluate(engine, segment - 1, at);
        struct covariance image = image_in(engine, term_value(engine, pair), engine->plan->term[pair->first].slot, &at);
        limit->map(engine->network, node, &image, engine->scratch, out);
    }
}

static void begin(struct engine *engine, int segment, const struct infinite_pair *pair, struct covariance *out) {
    if (segment == 0)
        read_inputs(engine, out);
    else
        gather(engine, segment, pair, out);
}

/* The segment's last pair at displacement `end`. */
static void evaluate(struct engine *engine, int segment, struct displacement end) {
    struct infinite_segment range = engine->plan->segment[segment];
    const struct infinite_pair *pair = engine->plan->pair + range.from;
    struct covariance first = image_of(engine, pair, &end);
    begin(engine, segment, pair, &first);
    for (int p = range.from + 1; p < range.to; p++) apply_at(engine, engine->plan->pair + p, &end);
}

/* ---- the points at hand ---- */

/* Fills a side of one activation for some points; returns what `room` is left. */
static double *take_points_of(struct engine *engine, int number, struct range range, double *room) {
    struct activated *activated = &engine->activated[number];
    int64_t pixels = infinite_pixels(engine->network, number + 1), count = range.count * pixels;
    activated->side[range.side] =
        dual_side_fill(&activated->dual, count, activated->variance + range.first * pixels, room);
    return room + dual_side_numbers(&activated->dual) * count;
}

/* Of the activations before node `end`. */
static void take_points(struct engine *engine, struct range range, int end) {
    const struct infinite_plan *plan = engine->plan;
    double *room = engine->room[range.side];
    engine->filled[range.side].number = NONE;
    for (int a = 0; a < plan->activations && plan->activation[a] < end; a++)
        room = take_points_of(engine, plan->activation[a], range, room);
}

/* Numbers that a side takes for each of its points. */
static int64_t numbers(const struct engine *engine) {
    int64_t sum = 0;
    for (int a = 0; a < engine->plan->activations; a++) {
        int o = engine->plan->activation[a];
        sum += dual_side_numbers(&engine->activated[o].dual) * infinite_pixels(engine->network, o + 1);
    }
    return sum;
}

/* ---- variances ---- */

static const struct displacement NOWHERE = {0, 0};

static double *variances_in(const struct engine *engine, int slot) {
    return engine->variances + slot * engine->points * engine->plan->pixels;
}

static double *variances_of(const struct engine *engine, const struct infinite_pair *pair) {
    return variances_in(engine, pair->slot);
}

/* Point i with itself. */
static void take_point(struct engine *engine, int64_t i) {
    engine->pairs = (struct pairs){i, i, 1, {i, 1, 0}, {i, 1, 0}};
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

static void begin_variances(struct engine *engine, const struct infinite_pair *pair) {
    int segment = engine->plan->segment_of[pair->u];
    int64_t pixels = infinite_pixels(engine->network, pair->u);
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        if (segment > 0) take_points(engine, engine->pairs.own, pair->u);
        struct covariance image = image_of(engine, pair, &NOWHERE);
        begin(engine, segment, pair, &image);
        store(&image, variances_of(engine, pair) + i * pixels);
    }
}

static struct covariance load_term(const struct engine *engine, const struct infinite_pair *pair, int t, int64_t i) {
    int value = term_value(engine, pair), slot = engine->plan->term[pair->first + t].slot;
    struct covariance image = image_in(engine, value, slot, &NOWHERE);
    image.theta = NULL;
    load(variances_in(engine, slot) + i * infinite_pixels(engine->network, value), &image);
    return image;
}

/* All points' variances of a value of one pixel, as one image. */
static struct covariance points_in(const struct engine *engine, int value, int slot) {
    struct covariance image = image_in(engine, value, slot, &NOWHERE);
    image.k = variances_in(engine, slot);
    image.theta = NULL;
    return image;
}

static void map_points(struct engine *engine, const struct infinite_pair *pair) {
    engine->pairs = (struct pairs){.batch = engine->points};
    struct covariance out = points_in(engine, pair->u, pair->slot);
    struct images in;
    for (in.count = 0; in.count < pair->terms; in.count++)
        in.image[in.count] =
            points_in(engine, term_value(engine, pair), engine->plan->term[pair->first + in.count].slot);
    apply(engine, pair, &in, &out);
}

static void map_images(struct engine *engine, const struct infinite_pair *pair) {
    int64_t pixels = infinite_pixels(engine->network, pair->u);
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        struct covariance out = image_of(engine, pair, &NOWHERE);
        struct images in;
        for (in.count = 0; in.count < pair->terms; in.count++)
            in.image[in.count] = load_term(engine, pair, in.count, i);
        out.theta = NULL;
        apply(engine, pair, &in, &out);
        store(&out, variances_of(engine, pair) + i * pixels);
    }
}

/* The nodes of a pair of activations: the later one's side is the own one. */
static int later_of(const struct infinite_pair *pair) { return (int)most(pair->u, pair->v) - 1; }
static int earlier_of(const struct infinite_pair *pair) { return (int)least(pair->u, pair->v) - 1; }

/* Points whose sides at both activations of a pair have room, and images for their Theta. */
static int64_t points_together(const struct engine *engine, const struct infinite_pair *pair) {
    int64_t pixels = infinite_pixels(engine->network, pair->u), images = 2 * engine->plan->slots * engine->plan->room,
            own = dual_side_numbers(&engine->activated[later_of(pair)].dual),
            other = dual_side_numbers(&engine->activated[earlier_of(pair)].dual),
            count = least(engine->points, images / pixels);
    if (own > 0) count = least(count, engine->room_numbers[0] / (own * pixels));
    return other > 0 ? least(count, engine->room_numbers[1] / (other * pixels)) : count;
}

/* Fills a side if it is not what it was filled for last. */
static void take_side(struct engine *engine, int number, struct range range) {
    struct filled *filled = &engine->filled[range.side];
    if (filled->number == number && filled->first == range.first && filled->count == range.count) return;
    (void)take_points_of(engine, number, range, engine->room[range.side]);
    *filled = (struct filled){number, range.first, range.count};
}

/* Two activations of some points, each point with itself, pixel by pixel. The later one's side serves many pairs. */
static void activate_points(struct engine *engine, const struct infinite_pair *pair, struct range range, double *out) {
    int later = later_of(pair), earlier = earlier_of(pair);
    const struct activated *own = &engine->activated[later], *other = &engine->activated[earlier];
    int64_t count = range.count * infinite_pixels(engine->network, pair->u);
    const struct dual_pairs places = {.rows = 1, .columns = count, .pitch = count, .own_step = 1};
    struct dual dual = dual_between(&own->dual, &other->dual);
    take_side(engine, later, range);
    range.side = 1;
    take_side(engine, earlier, range);
    memset(engine->images, 0, (size_t)count * sizeof *engine->images); /* for Theta, which is not wanted */
    dual_run(&dual, &own->side[0], &other->side[1], &places, out, engine->images);
}

/* Two activations of all points, and one with itself. */
static void activate_variances(struct engine *engine, const struct infinite_pair *pair) {
    const struct activated *u = &engine->activated[pair->u - 1], *v = &engine->activated[pair->v - 1];
    int64_t pixels = infinite_pixels(engine->network, pair->u);
    double *out = variances_of(engine, pair);
    if (u == v) {
        dual_self(&u->dual, engine->points * pixels, u->variance, out, NULL);
        return;
    }
    const double *in = pair->terms > 0 ? variances_in(engine, engine->plan->term[pair->first].slot) : NULL;
    if (!in)
        memset(out, 0, (size_t)(engine->points * pixels) * sizeof *out);
    else if (in != out)
        memcpy(out, in, (size_t)(engine->points * pixels) * sizeof *out);
    int64_t most_points = points_together(engine, pair);
    for (int64_t i = 0; i < engine->points; i += most_points)
        activate_points(engine, pair, (struct range){i, least(most_points, engine->points - i), 0}, out + i * pixels);
}

static struct dual dual_of(const struct node *node, int64_t count, const double *variance, struct arena *arena) {
    return dual_prepare(limit_activation(node), limit_slope(node), count, variance, arena);
}

/* Of the activations that read a pair's value. */
static void keep_variances(struct engine *engine, const struct infinite_pair *pair, struct arena *arena) {
    int64_t count = engine->points * infinite_pixels(engine->network, pair->u);
    for (int a = 0; pair->u == pair->v && a < engine->plan->activations; a++) {
        const struct node *node = &engine->network->node[engine->plan->activation[a]];
        struct activated *activated = &engine->activated[engine->plan->activation[a]];
        if (node->source[0] != pair->u) continue;
        memcpy(activated->variance, variances_of(engine, pair), (size_t)count * sizeof *activated->variance);
        activated->dual = dual_of(node, count, activated->variance, arena);
    }
}

/* Is this (v, u), right after (u, v)? Of x = x' at p = q both are the same. */
static bool is_mirrored(const struct infinite_plan *plan, int p) {
    return p > 0 && plan->pair[p].u != plan->pair[p].v && plan->pair[p].u == plan->pair[p - 1].v &&
           plan->pair[p].v == plan->pair[p - 1].u;
}

static void copy_variances(struct engine *engine, const struct infinite_pair *from, const struct infinite_pair *to) {
    int64_t count = engine->points * infinite_pixels(engine->network, to->u);
    memcpy(variances_of(engine, to), variances_of(engine, from), (size_t)count * sizeof(double));
}

/* Of every activation; an activation is ready as soon as what it reads is. */
static void find_variances(struct engine *engine, struct arena *arena) {
    for (int p = 0; p < engine->plan->pairs; p++) {
        const struct infinite_pair *pair = &engine->plan->pair[p];
        if (!pair->is_of_variances) continue;
        if (is_mirrored(engine->plan, p))
            copy_variances(engine, pair - 1, pair);
        else if (pair->rule == INFINITE_INPUT || pair->rule == INFINITE_POOLING)
            begin_variances(engine, pair);
        else if (pair->rule == INFINITE_ACTIVATION)
            activate_variances(engine, pair);
        else if (engine->planes)
            map_images(engine, pair);
        else
            map_points(engine, pair);
        keep_variances(engine, pair, arena);
    }
}

/* ---- pairs ---- */

static void evaluate_pairs(struct engine *engine, double *theta) {
    const struct pairs *pairs = &engine->pairs;
    int64_t at = pairs->i * engine->points + pairs->j;
    evaluate(engine, engine->plan->segments - 1, NOWHERE);
    struct covariance end = image_of(engine, &engine->plan->pair[engine->plan->pairs - 1], &NOWHERE);
    memcpy(engine->k + at, end.k, (size_t)pairs->batch * sizeof *end.k);
    memcpy(theta + at, end.theta, (size_t)pairs->batch * sizeof *end.theta);
}

/* Point i with those of a range that come before it, and with itself. */
static bool run_row(struct engine *engine, int64_t i, struct range other, double *theta, const struct host *host) {
    struct range own = {i, 1, 0};
    int64_t end = least(i + 1, other.first + other.count), batch = engine->plan->batch;
    take_points(engine, own, engine->network->nodes);
    for (int64_t j = other.first; j < end; j += batch) {
        engine->pairs = (struct pairs){i, j, least(batch, end - j), own, other};
        evaluate_pairs(engine, theta);
        if (host_stops(host)) return true;
    }
    return false;
}

static bool run(struct engine *engine, int64_t columns, double *theta, const struct host *host) {
    int64_t each = numbers(engine), points = engine->points;
    int64_t count = each == 0 ? points : most(1, least(points, engine->room_numbers[1] / each));
    for (int64_t j = 0; j < columns; j += count) {
        struct range other = {j, least(count, columns - j), 1};
        take_points(engine, other, engine->network->nodes);
        for (int64_t i = j; i < points; i++)
            if (run_row(engine, i, other, theta, host)) return true;
    }
    return false;
}

/* ---- memory ---- */

static void lay_out_activated(struct engine *engine, struct arena *arena) {
    const struct infinite_plan *plan = engine->plan;
    engine->activated = ARENA_TAKE(arena, engine->network->nodes, struct activated);
    for (int a = 0; a < plan->activations; a++) {
        int64_t pixels = infinite_pixels(engine->network, plan->activation[a] + 1);
        double *variance = ARENA_TAKE(arena, engine->points * pixels, double);
        if (engine->activated) engine->activated[plan->activation[a]].variance = variance;
    }
}

static void lay_out(struct engine *engine, struct arena *arena) {
    const struct infinite_plan *plan = engine->plan;
    struct shape input = engine->network->node[0].in;
    engine->images = ARENA_TAKE(arena, 2 * plan->slots * plan->room, double);
    engine->scratch = ARENA_TAKE(arena, plan->room, double);
    engine->variances = ARENA_TAKE(arena, plan->slots * engine->points * plan->pixels, double);
    if (input.rows * input.columns > 1) engine->planes = ARENA_TAKE(arena, engine->points * shape_size(input), double);
    lay_out_activated(engine, arena);
}

/* What depends on the activations' kinds, but not yet on variances. */
static void lay_out_sides(struct engine *engine, struct arena *arena) {
    int64_t each = 0;
    for (int a = 0; a < engine->plan->activations; a++) {
        int o = engine->plan->activation[a];
        struct arena sizes = arena_counting();
        struct dual dual = dual_of(&engine->network->node[o], 0, NULL, &sizes);
        each += dual_side_most(&dual) * infinite_pixels(engine->network, o + 1);
    }
    engine->room_numbers[0] = each;
    engine->room_numbers[1] = most(each, least(ROOM, each * engine->points));
    for (int side = 0; side < 2; side++) engine->room[side] = ARENA_TAKE(arena, engine->room_numbers[side], double);
}

static void count_duals(const struct infinite_plan *plan, struct arena *arena) {
    for (int a = 0; a < plan->activations; a++) dual_of(&plan->network->node[plan->activation[a]], 0, NULL, arena);
}

/* Zeros stand in front of every image for good. */
static void clear_fronts(struct engine *engine) {
    const struct infinite_plan *plan = engine->plan;
    for (int image = 0; image < 2 * plan->slots; image++)
        memset(engine->images + image * plan->room, 0, (size_t)plan->front * sizeof(double));
    memset(engine->scratch, 0, (size_t)plan->front * sizeof(double));
    engine->scratch += plan->front;
}

static void take_inputs(struct engine *engine, const double *x) {
    struct shape input = engine->network->node[0].in;
    int64_t pixels = input.rows * input.columns, channels = input.channels;
    if (!engine->planes) la_syrk(engine->points, channels, 1 / (double)channels, x, 0, engine->k);
    for (int64_t i = 0; engine->planes && i < engine->points * pixels; i++)
        for (int64_t c = 0; c < channels; c++)
            engine->planes[(i / pixels * channels + c) * pixels + i % pixels] = x[i * channels + c];
}

static struct engine engine_create(const struct infinite_plan *plan, int64_t points, double *k, struct arena *arena) {
    struct engine engine = {
        .network = plan->network, .plan = plan, .points = points, .k = k, .filled = {{NONE, 0, 0}, {NONE, 0, 0}}};
    lay_out(&engine, arena);
    lay_out_sides(&engine, arena);
    return engine;
}

bool infinite_kernels(const struct infinite_plan *plan, const struct infinite_points *points, struct arena *arena,
                      const struct host *host) {
    if (infinite_is_equilibrium(plan->network)) return infinite_equilibrium_kernels(plan->network, points, arena, host);
    size_t mark = arena_mark(arena);
    bool stopped = false;
    struct engine engine = engine_create(plan, points->count, points->k, arena);
    if (arena_is_counting(arena)) {
        count_duals(plan, arena);
    } else {
        clear_fronts(&engine);
        take_inputs(&engine, points->x);
        find_variances(&engine, arena);
        stopped = run(&engine, points->columns, points->theta, host);
    }
    arena_release(arena, mark);
    return stopped;
}
