/* One displacement of the pairs at hand, through a segment. */
#include "infinite_engine.h"

#include <string.h>

#include "simd.h"

static void set_slot(const struct engine *engine, int slot, struct covariance *image) {
    const struct infinite_plan *plan = engine->plan;
    image->k = engine->images + 2 * slot * plan->room + plan->front;
    image->theta = image->k + plan->room;
}

struct covariance engine_image(const struct engine *engine, int value, int slot, const struct displacement *end) {
    const struct infinite_plan *plan = engine->plan;
    struct shape shape = infinite_shape(engine->network, value);
    int64_t stride = plan->stride[value];
    struct displacement at = {stride * end->row, stride * end->column};
    struct covariance image = covariance_create(shape.rows, shape.columns, at, engine->pairs.batch, plan->reach);
    set_slot(engine, slot, &image);
    return image;
}

struct covariance engine_image_of(const struct engine *engine, const struct infinite_pair *pair,
                                  const struct displacement *end) {
    return engine_image(engine, pair->u, pair->slot, end);
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

static void apply_at(struct engine *engine, const struct infinite_pair *pair, const struct displacement *end) {
    const struct infinite_term *term = engine->plan->term + pair->first;
    struct covariance out = engine_image_of(engine, pair, end),
                      one = pair->rule == INFINITE_WEIGHTS
                                ? engine_image(engine, engine_term_value(engine, pair), 0, end)
                                : out;
    struct images in;
    for (in.count = 0; in.count < pair->terms; in.count++) {
        in.image[in.count] = one;
        set_slot(engine, term[in.count].slot, &in.image[in.count]);
    }
    engine_apply(engine, pair, &in, &out);
}

/* The value that a segment begins with, from the one before it. */
static void gather(struct engine *engine, int segment, const struct infinite_pair *pair, struct covariance *out) {
    const struct node *node = &engine->network->node[pair->u - 1];
    const struct limit *limit = engine->plan->limit[pair->u - 1];
    covariance_clear(out);
    struct displacement at;
    for (int64_t n = 0; limit->gather(node, n, out->at, &at); n++) {
        engine_evaluate(engine, segment - 1, at);
        struct covariance image =
            engine_image(engine, engine_term_value(engine, pair), engine->plan->term[pair->first].slot, &at);
        limit->map(engine->network, node, &image, engine->scratch, out);
    }
}

void engine_begin(struct engine *engine, int segment, const struct infinite_pair *pair, struct covariance *out) {
    if (segment == 0)
        read_inputs(engine, out);
    else
        gather(engine, segment, pair, out);
}

void engine_evaluate(struct engine *engine, int segment, struct displacement end) {
    struct infinite_segment range = engine->plan->segment[segment];
    const struct infinite_pair *pair = engine->plan->pair + range.from;
    struct covariance first = engine_image_of(engine, pair, &end);
    engine_begin(engine, segment, pair, &first);
    for (int p = range.from + 1; p < range.to; p++) apply_at(engine, engine->plan->pair + p, &end);
}

/* ---- the points at hand ---- */

double *engine_take_points_of(struct engine *engine, int number, struct range range, double *room) {
    struct activated *activated = &engine->activated[number];
    int64_t pixels = infinite_pixels(engine->network, number + 1), count = range.count * pixels;
    activated->side[range.side] =
        dual_side_fill(&activated->dual, count, activated->variance + range.first * pixels, room);
    return room + dual_side_numbers(&activated->dual) * count;
}

void engine_take_points(struct engine *engine, struct range range, int end) {
    const struct infinite_plan *plan = engine->plan;
    double *room = engine->room[range.side];
    engine->filled[range.side].number = NONE;
    for (int a = 0; a < plan->activations && plan->activation[a] < end; a++)
        room = engine_take_points_of(engine, plan->activation[a], range, room);
}
