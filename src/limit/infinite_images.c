/* Images of the pairs at hand: where they lie, and those of the inputs. */
#include "infinite_engine.h"

#include "matrix.h"
#include "simd.h"

void engine_set_slot(const struct engine *engine, int slot, struct covariance *image) {
    const struct infinite_plan *plan = engine->plan;
    image->k = engine->images + 2 * (engine->at * plan->slots + slot) * plan->room + plan->front;
    image->theta = image->k + plan->room;
}

struct covariance engine_image(const struct engine *engine, int value, int slot, const struct displacement *end) {
    const struct infinite_plan *plan = engine->plan;
    struct shape shape = infinite_shape(engine->network, value);
    int64_t stride = plan->stride[value];
    struct displacement at = {stride * end->row, stride * end->column};
    struct covariance image = covariance_create(shape.rows, shape.columns, at, engine->pairs.batch, plan->reach);
    engine_set_slot(engine, slot, &image);
    return image;
}

struct covariance engine_image_of(const struct engine *engine, const struct infinite_pair *pair,
                                  const struct displacement *end) {
    return engine_image(engine, pair->u, pair->slot, end);
}

/* out[t, b] += own[t, 0] other[t, b]: batch numbers of a place side by side in out, `lanes` in the others. */
static inline void add_products(int64_t count, int64_t lanes, int64_t batch, const real *restrict own,
                                const real *restrict other, real *restrict out) {
    for (int64_t t = 0; t < count; t++)
        for (int64_t b = 0; b < batch; b++) out[t * batch + b] += own[t * lanes] * other[t * lanes + b];
}
SIMD_CLONES static void add_rows(int64_t count, int64_t lanes, int64_t batch, const real *own, const real *other,
                                 real *out) {
    if (lanes == 1)
        add_products(count, 1, 1, own, other, out);
    else if (batch == DUAL_LANES)
        add_products(count, DUAL_LANES, DUAL_LANES, own, other, out);
    else
        add_products(count, lanes, batch, own, other, out);
}

/* K = <x[p], x'[q]>/channels */
static void read_images(const struct engine *engine, struct covariance *out) {
    int64_t channels = engine->network->node[0].in.channels, pixels = out->image_rows * out->image_columns;
    int64_t lanes = engine->plan->batch;
    const real *own = engine_plane(engine, engine->pairs.i, covariance_first(out));
    const real *other = engine_plane(engine, engine->pairs.j, covariance_second(out));
    for (int64_t r = 0; r < out->rows; r++) {
        real *k = out->k + r * out->pitch;
        for (int64_t c = 0; c < channels; c++) {
            int64_t from = (c * pixels + r * out->image_columns) * lanes;
            add_rows(out->columns, lanes, out->batch, own + from, other + from, k);
        }
        for (int64_t t = 0; t < out->columns * out->batch; t++) k[t] /= (real)channels;
    }
}

void engine_read_inputs(const struct engine *engine, struct covariance *out) {
    const struct pairs *pairs = &engine->pairs;
    covariance_clear(out);
    if (engine->planes)
        read_images(engine, out);
    else
        la_from_double(pairs->batch, engine->k + pairs->i * engine->points + pairs->j, out->k);
}
