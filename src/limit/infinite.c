#include "infinite.h"

#include <string.h>

#include "infinite_engine.h"
#include "inner_products.h"
#include "matrix.h"
#include "order.h"

enum { ROOM = 1 << 23 }; /* numbers for the coefficients of a side */

/* ---- pairs ---- */

/* Numbers that a side takes at most for each of its points. */
static int64_t numbers(const struct engine *engine) {
    int64_t sum = 0;
    for (int a = 0; a < engine->plan->activations; a++) {
        int o = engine->plan->activation[a];
        int64_t pixels = infinite_pixels(engine->network, o + 1);
        sum += engine_has_lanes(engine, pixels) ? dual_lanes_numbers(1, pixels) / DUAL_LANES
                                                : dual_side_numbers(&engine->activated[o].dual) * pixels;
    }
    return sum;
}

static void evaluate_pairs(struct engine *engine, double *theta) {
    const struct pairs *pairs = &engine->pairs;
    int64_t at = pairs->i * engine->points + pairs->j;
    engine_evaluate(engine, engine->plan->segments - 1, &NOWHERE, 1);
    struct covariance end = engine_image_of(engine, &engine->plan->pair[engine->plan->pairs - 1], &NOWHERE);
    la_to_double(pairs->count, end.k, engine->k + at);
    la_to_double(pairs->count, end.theta, theta + at);
}

/* Point i with those of a range that come before it, and with itself. */
static bool run_row(struct engine *engine, int64_t i, struct range other, double *theta, const struct host *host) {
    bool is_among = (!engine->has_images || engine->plan->batch == 1) && i < other.first + other.count;
    struct range own = is_among ? other : (struct range){i, 1, 0};
    int64_t end = least(i + 1, other.first + other.count), batch = engine->plan->batch;
    if (!is_among) engine_take_points(engine, own, engine->network->nodes);
    for (int64_t j = other.first; j < end; j += batch) {
        int64_t count = least(batch, end - j);
        engine->pairs = (struct pairs){i, j, count, engine->has_images ? batch : count, own, other};
        evaluate_pairs(engine, theta);
        if (host_stops(host)) return true;
    }
    return false;
}

static bool run(struct engine *engine, int64_t columns, double *theta, const struct host *host) {
    int64_t each = numbers(engine), points = engine->points;
    int64_t count = each == 0 ? points : most(1, engine->room_numbers[1] / each), batch = engine->plan->batch;
    if (engine->has_images) count = most(1, count / batch) * batch; /* whole batches, the last one filled up */
    for (int64_t j = 0; j < columns; j += count) {
        struct range other = {j, least(count, columns - j), 1};
        engine_take_points(engine, other, engine->network->nodes);
        for (int64_t i = j; i < points; i++)
            if (run_row(engine, i, other, theta, host)) return true;
    }
    return false;
}

static void store_tile(struct engine *engine, double *theta) {
    const struct pairs *pairs = &engine->pairs;
    for (int at = 0; at < engine->tile.count; at++) {
        engine_go_to(engine, at, 1);
        struct covariance end = engine_image_of(engine, &engine->plan->pair[engine->plan->pairs - 1], &NOWHERE);
        engine->k[pairs->i * engine->points + pairs->j] = (double)*end.k;
        theta[pairs->i * engine->points + pairs->j] = (double)*end.theta;
    }
}

static bool run_tiles(struct engine *engine, int64_t columns, double *theta, const struct host *host) {
    engine->host = host;
    int64_t side = engine->tile.points, points = engine->points;
    for (int64_t j = 0; j < columns; j += side)
        for (int64_t i = j; i < points; i += side) {
            engine_take_tile(engine, (struct range){i, least(side, points - i), 0},
                             (struct range){j, least(side, columns - j), 1});
            engine_evaluate(engine, engine->plan->segments - 1, &NOWHERE, 1);
            if (engine_stops(engine)) return true;
            store_tile(engine, theta);
        }
    return false;
}

/* ---- memory ---- */

static void lay_out_tile(struct engine *engine, struct arena *arena) {
    struct tile *tile = &engine->tile;
    tile->points = least(engine->plan->tile, engine->points), tile->count = 1;
    if (tile->points == 0) return;
    tile->pair = ARENA_TAKE(arena, tile->points * tile->points, struct two_points);
    for (int side = 0; side < 2; side++) tile->side[side] = ARENA_TAKE(arena, tile->points, struct dual_side);
    engine->together = (int)(tile->points * tile->points);
}

static void lay_out_activated(struct engine *engine, struct arena *arena) {
    const struct infinite_plan *plan = engine->plan;
    engine->activated = ARENA_TAKE(arena, engine->network->nodes, struct activated);
    for (int a = 0; a < plan->activations; a++) {
        int64_t pixels = infinite_pixels(engine->network, plan->activation[a] + 1);
        real *variance = ARENA_TAKE(arena, engine->points * pixels, real);
        if (engine->activated) engine->activated[plan->activation[a]].variance = variance;
    }
}

static void lay_out(struct engine *engine, struct arena *arena) {
    const struct infinite_plan *plan = engine->plan;
    struct shape input = engine->network->node[0].in;
    engine->images = ARENA_TAKE(arena, 2 * engine->together * plan->slots * plan->room, real);
    engine->scratch = ARENA_TAKE(arena, plan->room, real);
    if (plan->segments > 1) engine->sums = ARENA_TAKE(arena, 2 * plan->segments * plan->room, double);
    engine->variances = ARENA_TAKE(arena, plan->slots * engine->points * plan->pixels, real);
    engine->has_images = input.rows * input.columns > 1;
    if (engine->has_images)
        engine->planes =
            ARENA_TAKE(arena, (engine->points + plan->batch - 1) / plan->batch * plan->batch * shape_size(input), real);
    lay_out_activated(engine, arena);
}

static int64_t side_most(const struct infinite_plan *plan, int activation) {
    struct arena sizes = arena_counting();
    struct dual dual = engine_dual(&plan->network->node[activation], 0, NULL, &sizes);
    return dual_side_most(&dual);
}

/* Numbers that sides take for each point at most: a row's; those of columns. */
static void most_numbers(const struct engine *engine, int64_t each[2]) {
    for (int a = 0; a < engine->plan->activations; a++) {
        int o = engine->plan->activation[a];
        int64_t pixels = infinite_pixels(engine->network, o + 1);
        each[0] += side_most(engine->plan, o) * pixels;
        each[1] += engine_has_lanes(engine, pixels) ? dual_lanes_numbers(1, pixels) / DUAL_LANES
                                                    : side_most(engine->plan, o) * pixels;
    }
}

/* Strips of a tile's points; or a point, of two activations. */
static int64_t numbers_of_tile(const struct engine *engine) {
    int64_t numbers = 0;
    for (int a = 0; a < engine->plan->activations; a++) {
        int o = engine->plan->activation[a];
        struct shape shape = infinite_shape(engine->network, o + 1);
        int64_t places = most(engine->tile.points * engine_strip(shape), shape.rows * shape.columns);
        numbers = most(numbers, side_most(engine->plan, o) * places);
    }
    return numbers;
}

/* What depends on the activations' kinds, but not yet on variances. */
static void lay_out_sides(struct engine *engine, struct arena *arena) {
    int64_t each[2] = {0}, lanes = engine->has_images ? engine->plan->batch : 1;
    int64_t points = (engine->points + lanes - 1) / lanes * lanes;
    most_numbers(engine, each);
    engine->room_numbers[0] = each[0];
    engine->room_numbers[1] = most(lanes * each[1], least(ROOM, each[1] * points));
    if (engine->tile.points > 0) engine->room_numbers[0] = engine->room_numbers[1] = numbers_of_tile(engine);
    for (int side = 0; side < 2; side++) engine->room[side] = ARENA_TAKE(arena, engine->room_numbers[side], real);
}

static void count_duals(const struct infinite_plan *plan, struct arena *arena) {
    for (int a = 0; a < plan->activations; a++) engine_dual(&plan->network->node[plan->activation[a]], 0, NULL, arena);
}

/* Zeros stand in front of every image for good. */
static void clear_fronts(struct engine *engine) {
    const struct infinite_plan *plan = engine->plan;
    for (int image = 0; image < 2 * engine->together * plan->slots; image++)
        memset(engine->images + image * plan->room, 0, (size_t)plan->front * sizeof(real));
    memset(engine->scratch, 0, (size_t)plan->front * sizeof(real));
    engine->scratch += plan->front;
}

static void take_inputs(struct engine *engine, const double *x) {
    struct shape input = engine->network->node[0].in;
    int64_t pixels = input.rows * input.columns, channels = input.channels;
    if (!engine->planes) inner_products(engine->points, channels, x, engine->k);
    for (int64_t i = 0; engine->planes && i < engine->points * pixels; i++)
        for (int64_t c = 0; c < channels; c++)
            *engine_plane(engine, i / pixels, c * pixels + i % pixels) = (real)x[i * channels + c];
}

/* Several where pairs need more of a place than its variance. */
static int together(const struct infinite_plan *plan) {
    bool has_sides = false;
    for (int a = 0; a < plan->activations; a++) has_sides |= side_most(plan, plan->activation[a]) > 0;
    return has_sides && plan->batch == 1 && plan->segments > 1 ? DISPLACEMENTS : 1;
}

static struct engine engine_create(const struct infinite_plan *plan, int64_t points, double *k, struct arena *arena) {
    struct engine engine = {
        .network = plan->network, .plan = plan, .points = points, .k = k, .filled = {{NONE, 0, 0}, {NONE, 0, 0}}};
    engine.together = together(plan);
    lay_out_tile(&engine, arena);
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
        engine_find_variances(&engine, arena);
        stopped = (engine.tile.points > 0 ? run_tiles : run)(&engine, points->columns, points->theta, host);
    }
    arena_release(arena, mark);
    return stopped;
}
