#include "infinite_plan.h"

#include "filtering.h"
#include "limit.h"
#include "operator.h"
#include "panic.h"

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t rounded(int64_t count) { return (count + 7) / 8 * 8; }

/* ---- segments ---- */

/* Branches that meet must be independent and one of zero mean: one ends in weights of its own. */
static void check_join(const struct network *network, const struct node *node) {
    if (node->source[1] < 0) return;
    int weights = 0;
    for (int s = 0; s < SOURCES; s++)
        weights |= node->source[s] > 0 && network->node[node->source[s] - 1].layer != NONE;
    CHECK(weights && node->source[0] != node->source[1]);
}

static void cut(const struct network *network, struct infinite_plan *plan) {
    CHECK(network->nodes <= INFINITE_NODES);
    plan->segments = 1;
    plan->segment[0].from = 0;
    for (int o = 0; o < network->nodes; o++) {
        const struct node *node = &network->node[o];
        struct infinite_segment *last = &plan->segment[plan->segments - 1];
        for (int s = 0; s < SOURCES; s++) CHECK(node->source[s] < 0 || node->source[s] >= last->from);
        check_join(network, node);
        if (!limit_of(node)->gather) continue;
        CHECK(plan->segments < INFINITE_SEGMENTS && node->source[0] == o);
        last->to = o;
        plan->segment[plan->segments++].from = o + 1;
    }
    plan->segment[plan->segments - 1].to = network->nodes;
}

static int64_t stride_of(const struct node *node) { return limit_of(node)->stride ? limit_of(node)->stride(node) : 1; }

/* All paths from a value to the end have the same strides, since their images meet. */
static void follow_strides(const struct network *network, struct infinite_segment segment, int64_t *stride) {
    for (int v = segment.from; v < segment.to; v++) stride[v] = 0;
    stride[segment.to] = 1;
    for (int o = segment.to - 1; o >= segment.from; o--)
        for (int s = 0; s < SOURCES && network->node[o].source[s] >= 0; s++) {
            int64_t *source = &stride[network->node[o].source[s]], is = stride[o + 1] * stride_of(&network->node[o]);
            CHECK(*source == 0 || *source == is);
            *source = is;
        }
}

/* ---- buffers: given back after the last reader; segments share none, since one runs many times within the next ---- */

static int last_reader(const struct network *network, int value) {
    int last = network->nodes;
    for (int o = value; o < network->nodes; o++)
        for (int s = 0; s < SOURCES; s++) last = network->node[o].source[s] == value ? o : last;
    return last;
}

static int take_slot(struct infinite_plan *plan, int base, int taken[]) {
    int slot = base;
    while (slot < plan->slots && taken[slot]) slot++;
    if (slot == plan->slots) plan->slots++;
    taken[slot] = 1;
    return slot;
}

static void share_slots(const struct network *network, struct infinite_segment segment, struct infinite_plan *plan) {
    int taken[INFINITE_NODES + 1] = {0}, base = plan->slots;
    plan->slot[segment.from] = take_slot(plan, base, taken);
    for (int o = segment.from; o < segment.to; o++) {
        const struct node *node = &network->node[o];
        int own = -1;
        for (int s = 0; s < SOURCES && node->source[s] >= 0; s++) {
            int free = last_reader(network, node->source[s]) == o, slot = plan->slot[node->source[s]];
            if (free && limit_of(node)->in_place && own < 0) own = slot;
        }
        plan->slot[o + 1] = own >= 0 ? own : take_slot(plan, base, taken);
        for (int s = 0; s < SOURCES && node->source[s] >= 0; s++) {
            int slot = plan->slot[node->source[s]];
            if (last_reader(network, node->source[s]) == o && slot != own) taken[slot] = 0;
        }
    }
}

/* ---- sizes ---- */

/* Beyond the image there is nothing. */
static int64_t reach_of(const struct node *node) {
    int64_t size = node->kind == &convolution_operator ? ((const struct filtering *)node->form)->size : 0;
    int64_t reach = (size - 1) / 2, sides = most(node->in.rows, node->in.columns) - 1;
    return reach < sides ? reach : sides;
}

static void measure(const struct network *network, int64_t batch, struct infinite_plan *plan) {
    plan->reach = plan->pixels = plan->room = plan->front = plan->activations_end = 0;
    for (int o = 0; o < network->nodes; o++) {
        plan->reach = most(plan->reach, reach_of(&network->node[o]));
        if (limit_of(&network->node[o])->dual) plan->activations_end = o + 1;
    }
    if (infinite_pixels(network, 0) > 1) batch = 1;
    for (int v = 0; v <= network->nodes; v++) {
        struct shape shape = infinite_shape(network, v);
        struct covariance image =
            covariance_create(shape.rows, shape.columns, (struct displacement){0, 0}, batch, plan->reach);
        plan->pixels = most(plan->pixels, shape.rows * shape.columns);
        plan->front = most(plan->front, rounded(covariance_front(&image)));
        plan->room = most(plan->room, rounded(covariance_room(&image)));
    }
    plan->room += plan->front; /* behind the front, which is the longest, comes the longest room */
}

void infinite_plan_create(const struct network *network, int64_t batch, struct infinite_plan *plan) {
    cut(network, plan);
    measure(network, batch, plan);
    plan->slots = 0;
    for (int s = 0; s < plan->segments; s++) {
        follow_strides(network, plan->segment[s], plan->stride);
        share_slots(network, plan->segment[s], plan);
    }
}

/* ---- work ---- */

static double work_of(const struct network *network, const struct infinite_plan *plan, int segment,
                      struct displacement end);

static double gathering(const struct network *network, const struct infinite_plan *plan, int segment,
                        struct displacement out) {
    const struct node *node = &network->node[plan->segment[segment].from - 1];
    struct displacement at;
    double sum = 0;
    for (int64_t n = 0; limit_of(node)->gather(node, n, out, &at); n++) sum += work_of(network, plan, segment - 1, at);
    return sum;
}

static int has_series(const struct node *node) {
    if (!limit_of(node)->dual) return 0;
    struct arena sizes = arena_counting();
    struct dual dual = limit_of(node)->dual(node, 0, NULL, &sizes);
    return dual_side_most(&dual) > 0;
}

/* Of a pair of pixels; measured on a core with AVX-512 at 3.7 GHz. */
static double nanoseconds(const struct node *node) { return has_series(node) ? 25 : limit_of(node)->dual ? 3.5 : 1.3; }

/* Coefficients are made anew for some pairs of examples: of a pixel, on the average. */
static double making_coefficients(const struct network *network) {
    const double each = 100;
    double sum = 0;
    for (int o = 0; o < network->nodes; o++)
        if (has_series(&network->node[o])) sum += each * (double)infinite_pixels(network, o + 1);
    return infinite_pixels(network, 0) > 1 ? sum : 0;
}

static double work_of(const struct network *network, const struct infinite_plan *plan, int segment,
                      struct displacement end) {
    const double call = infinite_pixels(network, 0) > 1 ? 50 : 0;
    struct infinite_segment range = plan->segment[segment];
    int64_t first = plan->stride[range.from];
    double sum = segment == 0
                     ? 0
                     : gathering(network, plan, segment, (struct displacement){first * end.row, first * end.column});
    for (int o = range.from; o < range.to; o++) {
        struct shape shape = infinite_shape(network, o + 1);
        struct displacement at = {plan->stride[o + 1] * end.row, plan->stride[o + 1] * end.column};
        struct covariance image = covariance_create(shape.rows, shape.columns, at, 1, 0);
        sum += call + (double)covariance_size(&image) * nanoseconds(&network->node[o]);
    }
    return sum;
}

double infinite_plan_work(const struct network *network, const struct infinite_plan *plan) {
    return work_of(network, plan, plan->segments - 1, (struct displacement){0, 0}) + making_coefficients(network);
}
