/* Variances of all points, value after value, before any pair of points is run. */
#include <string.h>

#include "infinite_engine.h"
#include "order.h"

static real *variances_in(const struct engine *engine, int slot) {
    return engine->variances + slot * engine->points * engine->plan->pixels;
}

static real *variances_of(const struct engine *engine, const struct infinite_pair *pair) {
    return variances_in(engine, pair->slot);
}

/* Point i with itself. */
static void take_point(struct engine *engine, int64_t i) {
    engine->pairs = (struct pairs){i, i, 1, 1, {i, 1, 0}, {i, 1, 0}};
    if (engine->tile.points > 0) engine_take_tile(engine, engine->pairs.own, engine->pairs.other);
}

/* K[p, p] of one point between the images' form and a plain array. */
static void store(const struct covariance *image, real *variance) {
    for (int64_t r = 0; r < image->rows; r++)
        memcpy(variance + r * image->columns, image->k + r * image->pitch, (size_t)image->columns * sizeof *variance);
}
static void load(const real *variance, struct covariance *image) {
    covariance_clear(image);
    for (int64_t r = 0; r < image->rows; r++)
        memcpy(image->k + r * image->pitch, variance + r * image->columns, (size_t)image->columns * sizeof *variance);
}

static void begin_variances(struct engine *engine, const struct infinite_pair *pair) {
    int segment = engine->plan->segment_of[pair->u];
    int64_t pixels = infinite_pixels(engine->network, pair->u);
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        if (segment > 0) engine_take_points(engine, engine->pairs.own, pair->u);
        engine_begin(engine, segment, &NOWHERE, 1);
        struct covariance image = engine_image_of(engine, pair, &NOWHERE);
        store(&image, variances_of(engine, pair) + i * pixels);
    }
}

static struct covariance load_term(const struct engine *engine, const struct infinite_pair *pair, int t, int64_t i) {
    int value = engine_term_value(engine, pair), slot = engine->plan->term[pair->first + t].slot;
    struct covariance image = engine_image(engine, value, slot, &NOWHERE);
    image.theta = NULL;
    load(variances_in(engine, slot) + i * infinite_pixels(engine->network, value), &image);
    return image;
}

/* All points' variances of a value of one pixel, as one image. */
static struct covariance points_in(const struct engine *engine, int value, int slot) {
    struct covariance image = engine_image(engine, value, slot, &NOWHERE);
    image.k = variances_in(engine, slot);
    image.theta = NULL;
    return image;
}

static void map_points(struct engine *engine, const struct infinite_pair *pair) {
    engine->pairs = (struct pairs){.count = engine->points, .batch = engine->points};
    struct covariance out = points_in(engine, pair->u, pair->slot);
    struct images in;
    for (in.count = 0; in.count < pair->terms; in.count++)
        in.image[in.count] =
            points_in(engine, engine_term_value(engine, pair), engine->plan->term[pair->first + in.count].slot);
    engine_apply(engine, pair, &in, &out);
}

static void map_images(struct engine *engine, const struct infinite_pair *pair) {
    int64_t pixels = infinite_pixels(engine->network, pair->u);
    for (int64_t i = 0; i < engine->points; i++) {
        take_point(engine, i);
        struct covariance out = engine_image_of(engine, pair, &NOWHERE);
        struct images in;
        for (in.count = 0; in.count < pair->terms; in.count++)
            in.image[in.count] = load_term(engine, pair, in.count, i);
        out.theta = NULL;
        engine_apply(engine, pair, &in, &out);
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
    (void)engine_take_points_of(engine, number, range, engine->room[range.side]);
    *filled = (struct filled){number, range.first, range.count};
}

/* Two activations of some points, each point with itself, pixel by pixel. The later one's side serves many pairs. */
static void activate_points(struct engine *engine, const struct infinite_pair *pair, struct range range, real *out) {
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
    real *out = variances_of(engine, pair);
    if (u == v) {
        dual_self(&u->dual, engine->points * pixels, u->variance, out, NULL);
        return;
    }
    const real *in = pair->terms > 0 ? variances_in(engine, engine->plan->term[pair->first].slot) : NULL;
    if (!in)
        memset(out, 0, (size_t)(engine->points * pixels) * sizeof *out);
    else if (in != out)
        memcpy(out, in, (size_t)(engine->points * pixels) * sizeof *out);
    int64_t most_points = points_together(engine, pair);
    for (int64_t i = 0; i < engine->points; i += most_points)
        activate_points(engine, pair, (struct range){i, least(most_points, engine->points - i), 0}, out + i * pixels);
}

struct dual engine_dual(const struct node *node, int64_t count, const real *variance, struct arena *arena) {
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
        activated->dual = engine_dual(node, count, activated->variance, arena);
    }
}

/* Is this (v, u), right after (u, v)? Of x = x' at p = q both are the same. */
static bool is_mirrored(const struct infinite_plan *plan, int p) {
    return p > 0 && plan->pair[p].u != plan->pair[p].v && plan->pair[p].u == plan->pair[p - 1].v &&
           plan->pair[p].v == plan->pair[p - 1].u;
}

static void copy_variances(struct engine *engine, const struct infinite_pair *from, const struct infinite_pair *to) {
    int64_t count = engine->points * infinite_pixels(engine->network, to->u);
    memcpy(variances_of(engine, to), variances_of(engine, from), (size_t)count * sizeof(real));
}

void engine_find_variances(struct engine *engine, struct arena *arena) {
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
