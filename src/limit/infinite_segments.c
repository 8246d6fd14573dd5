/* Displacements of the pairs at hand, through a segment. */
#include "infinite_engine.h"

#include <string.h>

/* Places of the points at hand: of x, of the first x'. */
static int64_t own_place(const struct pairs *pairs, int64_t pixels) { return (pairs->i - pairs->own.first) * pixels; }
static int64_t other_place(const struct pairs *pairs, int64_t pixels) {
    return (pairs->j - pairs->other.first) * pixels;
}

/* Which places the pairs of an image are of. */
static struct dual_pairs places(const struct pairs *pairs, const struct covariance *image) {
    int64_t pixels = image->image_rows * image->image_columns, own = own_place(pairs, pixels),
            other = other_place(pairs, pixels);
    if (pixels == 1) return (struct dual_pairs){1, pairs->count, image->pitch, .own = own, .other = other};
    return (struct dual_pairs){.rows = image->rows,
                               .columns = image->columns,
                               .pitch = image->pitch,
                               .own = own + covariance_first(image),
                               .own_row = image->image_columns,
                               .own_step = 1,
                               .other = other + covariance_second(image),
                               .other_row = image->image_columns};
}

static struct dual_lanes lanes_of(const struct pairs *pairs, bool is_one, const struct covariance *image) {
    int64_t pixels = image->image_rows * image->image_columns, self = pairs->i - pairs->j;
    bool is_self = is_one && image->at.row == 0 && image->at.column == 0 && self >= 0 && self < DUAL_LANES;
    return (struct dual_lanes){.rows = image->rows,
                               .columns = image->columns,
                               .pitch = image->pitch,
                               .own = own_place(pairs, pixels) + covariance_first(image),
                               .own_row = image->image_columns,
                               .other = other_place(pairs, pixels) + DUAL_LANES * covariance_second(image),
                               .other_row = DUAL_LANES * image->image_columns,
                               .self = is_self ? (int)self : -1};
}

static struct covariance_layer layer_of(const struct engine *engine, const struct infinite_pair *pair) {
    return engine->plan->limit[pair->u - 1]->layer(engine->network, &engine->network->node[pair->u - 1]);
}

static void map_weights(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                        struct covariance *out) {
    struct covariance_layer layer = layer_of(engine, pair);
    covariance_map(&layer, in->count > 0 ? &in->image[0] : NULL, engine->scratch, out);
}

/* The activations of a pair, K and Theta of what they read in `out`; or windows of it, as dual_run_lanes takes them. */
static void run_dual(struct engine *engine, const struct infinite_pair *pair, const struct dual_windows *windows,
                     struct covariance *out) {
    const struct pairs *pairs = &engine->pairs;
    const struct activated *u = &engine->activated[pair->u - 1], *v = &engine->activated[pair->v - 1];
    const struct dual_side *own = &u->side[pairs->own.side], *other = &v->side[pairs->other.side];
    struct dual dual = dual_between(&u->dual, &v->dual);
    if (other->lanes) {
        struct dual_lanes at = lanes_of(pairs, u == v, out);
        dual_run_lanes(&dual, own, other, &at, windows, out->k, out->theta);
    } else {
        struct dual_pairs at = places(pairs, out);
        dual_run(&dual, own, other, &at, out->k, out->theta);
    }
}

/* What is there now; of a tile, when it is there of all pairs: engine_run_strips. */
static void activate_here(struct engine *engine, const struct infinite_pair *pair, struct covariance *out) {
    if (engine->tile.points == 0) run_dual(engine, pair, NULL, out);
}

static void activate(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                     struct covariance *out) {
    if (in->count == 0)
        covariance_clear(out);
    else if (in->image[0].k != out->k)
        covariance_copy(&in->image[0], out);
    activate_here(engine, pair, out);
}

/* Can a layer of windows and the activation behind it be run as one? */
static bool are_one(const struct engine *engine, const struct infinite_pair *pair, const struct covariance *out) {
    if (engine->tile.points > 0) return false;
    const struct activated *u = &engine->activated[pair->u - 1], *v = &engine->activated[pair->v - 1];
    struct dual dual = dual_between(&u->dual, &v->dual);
    struct dual_lanes at = lanes_of(&engine->pairs, u == v, out);
    return v->side[engine->pairs.other.side].lanes && dual_takes_windows(&dual, &at);
}

static void map_and_activate(struct engine *engine, const struct infinite_pair *pair, struct images *in,
                             struct covariance *out) {
    struct covariance *from = &in->image[0];
    struct covariance_layer layer = layer_of(engine, pair - 1);
    const struct dual_windows windows = {(real)layer.weight, (real)layer.bias, from->k, from->theta};
    if (are_one(engine, pair, out)) {
        covariance_clear_behind(from, 1, from->k);
        covariance_clear_behind(from, 1, from->theta);
        run_dual(engine, pair, &windows, out);
    } else {
        map_weights(engine, pair - 1, in, out);
        activate_here(engine, pair, out);
    }
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

void engine_apply(struct engine *engine, const struct infinite_pair *pair, const struct images *in,
                  struct covariance *out) {
    static void (*const rules[])(struct engine *, const struct infinite_pair *, const struct images *,
                                 struct covariance *) = {
        [INFINITE_WEIGHTS] = map_weights, [INFINITE_ACTIVATION] = activate, [INFINITE_SUM] = add_terms};
    rules[pair->rule](engine, pair, in, out);
}

int engine_term_value(const struct engine *engine, const struct infinite_pair *pair) {
    return pair->rule == INFINITE_SUM ? pair->u : engine->network->node[pair->u - 1].source[0];
}

/* The terms of a pair at displacement `end` of the segment. */
static struct images terms_at(const struct engine *engine, const struct infinite_pair *pair,
                              const struct displacement *end) {
    const struct infinite_term *term = engine->plan->term + pair->first;
    struct covariance one = engine_image(engine, engine_term_value(engine, pair), 0, end);
    struct images in;
    for (in.count = 0; in.count < pair->terms; in.count++) {
        in.image[in.count] = one;
        engine_set_slot(engine, term[in.count].slot, &in.image[in.count]);
    }
    return in;
}

static void apply_at(struct engine *engine, const struct infinite_pair *pair, const struct displacement *end) {
    if (pair->is_with_next) return;
    bool is_with_layer = pair[-1].is_with_next;
    struct covariance out = engine_image_of(engine, pair, end);
    struct images in = terms_at(engine, is_with_layer ? pair - 1 : pair, end);
    if (is_with_layer)
        map_and_activate(engine, pair, &in, &out);
    else
        engine_apply(engine, pair, &in, &out);
}

/* The next displacements, from number n on, that a value at `at` is made of; their count. */
static int find_some(const struct engine *engine, const struct node *node, int64_t *n, struct displacement at,
                     struct displacement *end) {
    const struct limit *limit = engine->plan->limit[node - engine->network->node];
    int count = 0;
    while (count < engine->together && limit->gather(node, *n, at, &end[count])) count++, ++*n;
    return count;
}

static void store(const double *sums, struct covariance *out) {
    int64_t count = covariance_size(out);
    for (int64_t t = 0; t < count; t++) out->k[t] = (real)sums[t];
    for (int64_t t = 0; t < count; t++) out->theta[t] = (real)sums[count + t];
}

/* sums += the part of what a segment begins with that is at displacement `end` of the one before it. */
static void pool_at(const struct engine *engine, const struct infinite_pair *pair, const struct displacement *end,
                    const struct covariance *out, double *sums) {
    int slot = engine->plan->term[pair->first].slot, number = pair->u - 1;
    struct covariance image = engine_image(engine, engine_term_value(engine, pair), slot, end);
    engine->plan->limit[number]->pool(&engine->network->node[number], &image, engine->scratch, out, sums);
}

static void pool_all(struct engine *engine, int segment, const struct infinite_pair *pair, const struct covariance *out,
                     double *sums) {
    struct displacement end[DISPLACEMENTS];
    int64_t n = 0;
    for (int count; (count = find_some(engine, &engine->network->node[pair->u - 1], &n, out->at, end)) > 0;) {
        int own = engine->at;
        engine_evaluate(engine, segment - 1, end, count);
        for (engine->at = 0; engine->at < count; engine->at++) pool_at(engine, pair, &end[engine->at], out, sums);
        engine->at = own;
    }
}

/* The value that a segment begins with, from the one before it, which is done for all pairs of a tile. */
static void gather(struct engine *engine, int segment, const struct infinite_pair *pair, struct covariance *out) {
    double *sums = engine->sums + 2 * segment * engine->plan->room;
    memset(sums, 0, (size_t)(2 * covariance_size(out)) * sizeof *sums);
    if (engine->tile.points > 0)
        pool_at(engine, pair, &NOWHERE, out, sums);
    else
        pool_all(engine, segment, pair, out, sums);
    store(sums, out);
}

void engine_begin(struct engine *engine, int segment, const struct displacement *end, int count) {
    const struct infinite_pair *pair = engine->plan->pair + engine->plan->segment[segment].from;
    if (segment > 0 && engine->tile.points > 0) engine_evaluate(engine, segment - 1, &NOWHERE, 1);
    for (int at = 0; at < engine->tile.count * count; at++) {
        engine_go_to(engine, at, count);
        struct covariance first = engine_image_of(engine, pair, &end[at % count]);
        if (segment == 0)
            engine_read_inputs(engine, &first);
        else
            gather(engine, segment, pair, &first);
    }
    engine->at = 0;
}

void engine_evaluate(struct engine *engine, int segment, const struct displacement *end, int count) {
    struct infinite_segment range = engine->plan->segment[segment];
    engine_begin(engine, segment, end, count);
    for (int p = range.from + 1; p < range.to; p++) {
        const struct infinite_pair *pair = engine->plan->pair + p;
        for (int at = 0; at < engine->tile.count * count; at++) {
            engine_go_to(engine, at, count);
            apply_at(engine, pair, &end[at % count]);
        }
        if (engine->tile.points > 0 && pair->rule == INFINITE_ACTIVATION) engine_run_strips(engine, pair);
    }
    engine->at = 0;
}

/* ---- the points at hand ---- */

real *engine_take_points_of(struct engine *engine, int number, struct range range, real *room) {
    struct activated *activated = &engine->activated[number];
    int64_t pixels = infinite_pixels(engine->network, number + 1), count = range.count * pixels;
    activated->side[range.side] =
        dual_side_fill(&activated->dual, count, activated->variance + range.first * pixels, room);
    return room + dual_side_numbers(&activated->dual) * count;
}

static real *take_lanes_of(struct engine *engine, int number, struct range range, real *room) {
    struct activated *activated = &engine->activated[number];
    int64_t pixels = infinite_pixels(engine->network, number + 1);
    activated->side[range.side] =
        dual_side_fill_lanes(range.count, pixels, activated->variance + range.first * pixels, room);
    return room + dual_lanes_numbers(range.count, pixels);
}

void engine_take_points(struct engine *engine, struct range range, int end) {
    const struct infinite_plan *plan = engine->plan;
    real *room = engine->room[range.side];
    if (engine->tile.points > 0) return; /* strips are taken when they are run */
    engine->filled[range.side].number = NONE;
    for (int a = 0; a < plan->activations && plan->activation[a] < end; a++) {
        int number = plan->activation[a];
        bool has_lanes = range.side == 1 && engine_has_lanes(engine, infinite_pixels(engine->network, number + 1));
        room = (has_lanes ? take_lanes_of : engine_take_points_of)(engine, number, range, room);
    }
}
