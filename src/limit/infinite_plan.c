#include "infinite_plan.h"

#include <math.h>
#include <stdlib.h>

#include "activation.h"
#include "order.h"
#include "panic.h"

static int64_t rounded(int64_t count) { return (count + 7) / 8 * 8; }

/* ---- values ---- */

static status look_up(struct infinite_plan *plan) {
    const struct network *network = plan->network;
    for (int o = 0; o < network->nodes; o++) {
        char text[LIMIT_NAME];
        plan->limit[o] = limit_of(&network->node[o]);
        if (!plan->limit[o]) INFINITE_REFUSE("%s has none", limit_name(network, o + 1, text));
    }
    return OK;
}

/* A segment ends where pooling begins the next one. */
static status cut(struct infinite_plan *plan) {
    const struct network *network = plan->network;
    int segment = 0, from = 0;
    char text[LIMIT_NAME], before[LIMIT_NAME], between[LIMIT_NAME];
    for (int o = 0; o < network->nodes; o++) {
        const struct node *node = &network->node[o];
        bool is_pooling = plan->limit[o]->role == LIMIT_POOLING;
        for (int s = 0; s < limit_sources(node); s++)
            if (node->source[s] < from || (is_pooling && node->source[s] < o))
                INFINITE_REFUSE("%s reads %s, around %s", limit_name(network, o + 1, text),
                                limit_name(network, node->source[s], before),
                                limit_name(network, node->source[s] < from ? from : o, between));
        if (is_pooling) segment++, from = o + 1;
        plan->segment_of[o + 1] = segment;
    }
    plan->segments = segment + 1;
    return OK;
}

static int64_t stride_of(const struct infinite_plan *plan, int o) {
    return plan->limit[o]->stride ? plan->limit[o]->stride(&plan->network->node[o]) : 1;
}

/* All paths from a value to the end of its segment have the same strides, since their images meet. */
static status follow_strides(struct infinite_plan *plan) {
    const struct network *network = plan->network;
    char text[LIMIT_NAME];
    plan->stride[network->nodes] = 1;
    for (int o = network->nodes - 1; o >= 0; o--) {
        const struct node *node = &network->node[o];
        bool is_pooling = plan->limit[o]->role == LIMIT_POOLING;
        int64_t is = is_pooling ? 1 : plan->stride[o + 1] * stride_of(plan, o);
        for (int s = 0; is > 0 && s < limit_sources(node); s++) {
            int64_t *source = &plan->stride[node->source[s]];
            if (*source > 0 && *source != is)
                INFINITE_REFUSE("%s is read at different resolutions", limit_name(network, node->source[s], text));
            *source = is;
        }
    }
    return OK;
}

/* ---- segments of pairs ---- */

static void find_segments(struct infinite_plan *plan) {
    plan->segment = infinite_take(plan->segments, sizeof *plan->segment);
    for (int p = 0; p < plan->pairs; p++) {
        int number = plan->segment_of[plan->pair[p].u];
        struct infinite_segment *segment = &plan->segment[number];
        if (p == 0 || number != plan->segment_of[plan->pair[p - 1].u]) segment->from = p;
        segment->to = p + 1;
    }
}

/* ---- buffers: given back after the last reader; segments share none: one runs many times within the next ---- */

/* Which buffers are free, and which pair reads each one last. */
struct buffers {
    int *free, count, *last;
};

static void find_last(const struct infinite_plan *plan, int *last) {
    for (int p = 0; p < plan->pairs; p++) last[p] = plan->pairs;
    for (int p = 0; p < plan->pairs; p++) {
        const struct infinite_pair *pair = &plan->pair[p];
        for (int t = 0; pair->rule != INFINITE_POOLING && t < pair->terms; t++)
            last[plan->term[pair->first + t].pair] = p;
    }
}

static bool works_in_place(const struct infinite_plan *plan, const struct infinite_pair *pair) {
    return pair->rule == INFINITE_SUM || (pair->u > 0 && plan->limit[pair->u - 1]->in_place);
}

static void give_slot(struct infinite_plan *plan, int p, struct buffers *buffers) {
    struct infinite_pair *pair = &plan->pair[p];
    struct infinite_term *term = plan->term + pair->first;
    int terms = pair->rule == INFINITE_POOLING ? 0 : pair->terms, own = -1;
    for (int t = 0; t < pair->terms; t++) term[t].slot = plan->pair[term[t].pair].slot;
    for (int t = 0; works_in_place(plan, pair) && own < 0 && t < terms; t++)
        if (buffers->last[term[t].pair] == p) own = term[t].slot;
    pair->slot = own >= 0 ? own : buffers->count > 0 ? buffers->free[--buffers->count] : plan->slots++;
    for (int t = 0; t < terms; t++)
        if (buffers->last[term[t].pair] == p && term[t].slot != own) buffers->free[buffers->count++] = term[t].slot;
}

static bool is_layer_of_windows(const struct infinite_plan *plan, const struct infinite_pair *pair) {
    if (pair->rule != INFINITE_WEIGHTS || pair->terms == 0) return false;
    struct covariance_layer layer = plan->limit[pair->u - 1]->layer(plan->network, &plan->network->node[pair->u - 1]);
    return layer.size == 3 && layer.stride == 1 && infinite_pixels(plan->network, pair->u) > 1;
}

static void join_layers(struct infinite_plan *plan, const int *last) {
    for (int p = 0; p + 1 < plan->pairs; p++) {
        const struct infinite_pair *next = &plan->pair[p + 1];
        bool is_read = next->rule == INFINITE_ACTIVATION && next->terms == 1 && plan->term[next->first].pair == p;
        plan->pair[p].is_with_next = is_read && last[p] == p + 1 && is_layer_of_windows(plan, &plan->pair[p]);
    }
}

static void share_slots(struct infinite_plan *plan) {
    struct buffers buffers = {infinite_take(plan->pairs, sizeof(int)), 0, infinite_take(plan->pairs, sizeof(int))};
    find_last(plan, buffers.last);
    for (int s = 0; s < plan->segments; s++) {
        buffers.count = 0;
        for (int p = plan->segment[s].from; p < plan->segment[s].to; p++) give_slot(plan, p, &buffers);
    }
    join_layers(plan, buffers.last);
    free(buffers.free);
    free(buffers.last);
}

/* ---- sizes ---- */

/* Beyond the image there is nothing. */
static int64_t reach_of(const struct infinite_plan *plan, int o) {
    const struct node *node = &plan->network->node[o];
    int64_t sides = most(node->in.rows, node->in.columns) - 1;
    return plan->limit[o]->reach ? least(plan->limit[o]->reach(node), sides) : 0;
}

static const struct activation_dual *dual_of(const struct infinite_plan *plan, int number) {
    return activation_of(limit_activation(&plan->network->node[number]))->dual;
}

/* Images of closed forms go side by side. */
static bool has_lanes(const struct infinite_plan *plan) {
    for (int a = 0; a < plan->activations; a++)
        if (!dual_has_lanes(limit_activation(&plan->network->node[plan->activation[a]]))) return false;
    return plan->activations > 0;
}

/* Rows of pairs are shorter where there are many buffers, so that these stay in a cache. */
static int64_t batch_for(const struct infinite_plan *plan) {
    enum { BATCH = 1024, LEAST = 128, NUMBERS = 1 << 15 };
    if (infinite_pixels(plan->network, 0) > 1) return has_lanes(plan) ? DUAL_LANES : 1;
    return most(LEAST, least(BATCH, NUMBERS / plan->slots));
}

static bool has_series(const struct infinite_plan *plan) {
    for (int a = 0; a < plan->activations; a++)
        if (dual_of(plan, plan->activation[a])->series) return true;
    return false;
}

/* Is every value wanted at displacement 0 alone? */
static bool stays(const struct infinite_plan *plan) {
    struct displacement end;
    for (int o = 0; o < plan->network->nodes; o++)
        if (plan->limit[o]->role == LIMIT_POOLING &&
            plan->limit[o]->gather(&plan->network->node[o], 1, (struct displacement){0, 0}, &end))
            return false;
    return true;
}

/* Where coefficients of a pixel serve one pair of points only, many pairs go together; their images shall stay in a
 * cache. */
static int64_t tile_for(const struct infinite_plan *plan) {
    enum { LEAST = 4, MOST = 16, NUMBERS = 1 << 21 };
    if (infinite_pixels(plan->network, 0) == 1 || !has_series(plan) || !stays(plan)) return 0;
    return most(LEAST, least(MOST, (int64_t)sqrt(NUMBERS / (2 * (double)(plan->slots * plan->room)))));
}

static void measure(struct infinite_plan *plan) {
    const struct network *network = plan->network;
    plan->batch = batch_for(plan);
    for (int o = 0; o < network->nodes; o++) plan->reach = most(plan->reach, reach_of(plan, o));
    for (int v = 0; v <= network->nodes; v++) {
        struct shape shape = infinite_shape(network, v);
        struct covariance image =
            covariance_create(shape.rows, shape.columns, (struct displacement){0, 0}, plan->batch, plan->reach);
        plan->pixels = most(plan->pixels, shape.rows * shape.columns);
        plan->front = most(plan->front, rounded(covariance_front(&image)));
        plan->room = most(plan->room, rounded(covariance_room(&image)));
    }
    plan->room += plan->front; /* behind the front, which is the longest, comes the longest room */
    plan->tile = tile_for(plan);
}

static status fill(struct infinite_plan *plan) {
    if (infinite_is_equilibrium(plan->network)) return infinite_equilibrium_check(plan->network);
    TRY(look_up(plan));
    TRY(cut(plan));
    TRY(follow_strides(plan));
    TRY(infinite_pairs_find(plan));
    find_segments(plan);
    share_slots(plan);
    measure(plan);
    return OK;
}

status infinite_plan_create(const struct network *network, struct infinite_plan **made) {
    int64_t values = network->nodes + 1;
    struct infinite_plan *plan = infinite_take(1, sizeof *plan);
    plan->network = network;
    plan->limit = infinite_take(values, sizeof *plan->limit);
    plan->segment_of = infinite_take(values, sizeof *plan->segment_of);
    plan->stride = infinite_take(values, sizeof *plan->stride);
    status result = fill(plan);
    if (result == OK)
        *made = plan;
    else
        infinite_plan_free(plan);
    return result;
}

void infinite_plan_free(struct infinite_plan *plan) {
    if (!plan) return;
    free(plan->limit);
    free(plan->pair);
    free(plan->term);
    free(plan->activation);
    free(plan->segment);
    free(plan->segment_of);
    free(plan->stride);
    free(plan);
}

size_t infinite_bytes(const struct infinite_plan *plan) { return plan->bytes; }

/* ---- work ---- */

static double work_of(const struct infinite_plan *plan, int segment, struct displacement end, double call);

static double gathering(const struct infinite_plan *plan, int segment, struct displacement out, double call) {
    int number = plan->pair[plan->segment[segment].from].u - 1;
    const struct node *node = &plan->network->node[number];
    struct displacement at;
    double sum = 0;
    for (int64_t n = 0; plan->limit[number]->gather(node, n, out, &at); n++)
        sum += work_of(plan, segment - 1, at, call);
    return sum;
}

/* Of a pair of pixels; measured on a core with AVX-512 at 3.7 GHz, in double. */
static double nanoseconds(const struct infinite_plan *plan, const struct infinite_pair *pair) {
    const double share = REAL_BITS == 32 ? 0.5 : 1;
    if (pair->rule == INFINITE_ACTIVATION) return share * dual_of(plan, pair->u - 1)->nanoseconds;
    return share * (pair->rule == INFINITE_SUM ? 0.4 * pair->terms : 1);
}

/* Coefficients are made anew for some pairs of examples: of a pixel, on the average. */
static double making_coefficients(const struct infinite_plan *plan) {
    double sum = 0;
    for (int a = 0; a < plan->activations; a++)
        sum += dual_of(plan, plan->activation[a])->preparation *
               (double)infinite_pixels(plan->network, plan->activation[a] + 1);
    if (plan->tile > 0) sum *= 6 / (double)plan->tile;
    return infinite_pixels(plan->network, 0) > 1 ? sum : 0;
}

static struct displacement times(int64_t stride, struct displacement end) {
    return (struct displacement){stride * end.row, stride * end.column};
}

static double work_of(const struct infinite_plan *plan, int segment, struct displacement end, double call) {
    struct infinite_segment range = plan->segment[segment];
    double sum = segment == 0 ? 0 : gathering(plan, segment, times(plan->stride[plan->pair[range.from].u], end), call);
    for (int p = range.from + 1; p < range.to; p++) {
        int value = plan->pair[p].u;
        struct shape shape = infinite_shape(plan->network, value);
        struct covariance image = covariance_create(shape.rows, shape.columns, times(plan->stride[value], end), 1, 0);
        sum += call + (double)covariance_size(&image) * nanoseconds(plan, &plan->pair[p]);
    }
    return sum;
}

/* Of a pair of points: its share of the calls, of which a row of pairs needs one for each piece. */
static double calling(const struct infinite_plan *plan, double points, double pairs) {
    return infinite_pixels(plan->network, 0) > 1 ? 50 / (double)plan->batch
                                                 : 25 * (1 / (double)plan->batch + points / pairs);
}

/* Pairs of columns with all points, and of room beside them where points go side by side. */
static double pairs_of(double n, double m, double batch) { return n * (n + batch) / 2 + ceil(n / batch) * batch * m; }

double infinite_work(const struct infinite_plan *plan, int64_t points, int64_t columns) {
    if (infinite_is_equilibrium(plan->network)) return infinite_equilibrium_work(plan->network, points, columns);
    double n = (double)columns, m = (double)(points - columns);
    bool has_images = infinite_pixels(plan->network, 0) > 1;
    double pairs = pairs_of(n, m, has_images ? (double)plan->batch : 1);
    double each = work_of(plan, plan->segments - 1, (struct displacement){0, 0}, calling(plan, n + m, pairs));
    return pairs * (each + making_coefficients(plan));
}
