/* Tiles of pairs of points (struct tile). */
#include "infinite_engine.h"
#include "order.h"

void engine_take_tile(struct engine *engine, struct range own, struct range other) {
    struct tile *tile = &engine->tile;
    engine->pairs = (struct pairs){own.first, other.first, 1, 1, own, other};
    tile->count = 0;
    for (int64_t i = own.first; i < own.first + own.count; i++)
        for (int64_t j = other.first; j < least(i + 1, other.first + other.count); j++)
            tile->pair[tile->count++] = (struct two_points){i, j};
}

void engine_go_to(struct engine *engine, int at, int count) {
    engine->at = at;
    if (engine->tile.points == 0) return;
    engine->pairs.i = engine->tile.pair[at / count].i;
    engine->pairs.j = engine->tile.pair[at / count].j;
}

bool engine_stops(struct engine *engine) { return engine->is_stopped = engine->is_stopped || host_stops(engine->host); }

/* ---- strips ---- */

/* So few that what both sides of a tile keep of them stays in the second cache. */
int64_t engine_strip(struct shape shape) {
    enum { STRIP = 1024 / sizeof(real) };
    return shape.columns * most(1, least(shape.rows, STRIP / shape.columns));
}

/* Each point's places first .. first + count - 1. */
static void take_places(struct engine *engine, int value, struct range range, int64_t first, int64_t count) {
    const struct activated *activated = &engine->activated[value - 1];
    int64_t pixels = infinite_pixels(engine->network, value), numbers = dual_side_numbers(&activated->dual);
    for (int64_t i = 0; i < range.count; i++)
        engine->tile.side[range.side][i] =
            dual_side_fill(&activated->dual, count, activated->variance + (range.first + i) * pixels + first,
                           engine->room[range.side] + i * numbers * count);
}

static void run_pair(const struct engine *engine, const struct infinite_pair *pair, const struct dual_side *others,
                     int64_t first, int64_t count) {
    struct covariance image = engine_image_of(engine, pair, &NOWHERE);
    int64_t columns = image.columns, from = first / columns * image.pitch;
    const struct pairs *pairs = &engine->pairs;
    const struct dual_pairs places = {count / columns,    columns,       image.pitch,
                                      .own_row = columns, .own_step = 1, .other_row = columns};
    struct dual dual = dual_between(&engine->activated[pair->u - 1].dual, &engine->activated[pair->v - 1].dual);
    dual_run(&dual, &engine->tile.side[0][pairs->i - pairs->own.first], &others[pairs->j - pairs->other.first], &places,
             image.k + from, image.theta + from);
}

static void run_strip(struct engine *engine, const struct infinite_pair *pair, int64_t first, int64_t count) {
    struct range own = engine->pairs.own, other = engine->pairs.other;
    bool is_same = pair->u == pair->v && own.first == other.first;
    own.side = 0, other.side = is_same ? 0 : 1;
    take_places(engine, pair->u, own, first, count);
    if (!is_same) take_places(engine, pair->v, other, first, count);
    for (int at = 0; at < engine->tile.count; at++) {
        engine_go_to(engine, at, 1);
        if (engine->pairs.j == other.first && engine_stops(engine)) return;
        run_pair(engine, pair, engine->tile.side[other.side], first, count);
    }
}

void engine_run_strips(struct engine *engine, const struct infinite_pair *pair) {
    int64_t pixels = infinite_pixels(engine->network, pair->u),
            strip = engine_strip(infinite_shape(engine->network, pair->u));
    for (int64_t first = 0; first < pixels; first += strip)
        run_strip(engine, pair, first, least(strip, pixels - first));
}
