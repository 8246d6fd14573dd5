/* Which pairs of values the kernel of the output needs, and what each is made of.
 *
 * Everything is bilinear in the pair (u of x, v of x'), so the last value with itself asks for pairs of what it reads,
 * and so on to the input:
 *     sums         (u, v) = sum over the sources of the later one, or of both where u = v, with their coefficients
 *     weights      (u, v) from what both read if one layer makes u and v; else 0, since layers are independent
 *     activations  (u, v) from what both read
 *     strangers    what no layer makes beside what one makes: E[phi(y) v] = E[phi'(y)] E[y v] for Gaussian y and v, so
 *                  0 if (y, v) is; a mean over pixels the same. Where it is not 0 no limit is computed.
 * First all pairs are collected, then the zeros found from the input up, and at last those pairs kept that are needed
 * and not 0, in the order of (later, earlier) of the activations before u and v: what one pair of activations leads to
 * follows it at once, so few pairs wait for others. Where no layer is used twice each value with itself is left:
 *
 *     h0 ---------- + -- h1 ---------- + -- h2     (h2, h2) <- (h1, h1), (d2, d2);  (h1, d2) <- (h0, d2), (d1, d2)
 *      `- phi - d1 -'     `- phi - d2 -'           d1, d2 of two layers: (d1, d2) = 0, and so is (h0, d2)
 *                                                  of one layer: (d1, d2) <- (phi(h0), phi(h1)) <- (h0, h1) */
#include <stdlib.h>
#include <string.h>

#include "infinite_plan.h"
#include "panic.h"

enum { TERMS = SOURCES * SOURCES };

/* What a pair is made of. */
struct made {
    enum infinite_rule rule;
    int terms;
    struct {
        int u, v;
        double weight;
    } term[TERMS];
};

/* Pairs, each once, in the order in which they are asked for: (u, v) stands in the table, its place + 1, where its hash
 * says, or behind. */
struct list {
    const struct infinite_plan *plan;
    int count, room, terms, term_room;
    struct infinite_pair *pair;
    struct infinite_term *term;
    int *order; /* places of pairs, each after its terms */
    bool *is_zero, *is_needed;
    int *table;
    int bits; /* 2^bits entries in the table, at most half of them taken */
};

/* ---- rules ---- */

enum { ROLE_INPUT = -1 };

static const struct node *node_of(const struct infinite_plan *plan, int value) {
    return &plan->network->node[value - 1];
}

static int role_of(const struct infinite_plan *plan, int value) {
    return value == 0 ? ROLE_INPUT : (int)plan->limit[value - 1]->role;
}

static int source_of(const struct infinite_plan *plan, int value) { return node_of(plan, value)->source[0]; }

static void add_term(struct made *made, int u, int v, double weight) {
    int t = 0;
    while (t < made->terms && (made->term[t].u != u || made->term[t].v != v)) t++;
    if (t == made->terms) {
        made->term[t].u = u, made->term[t].v = v, made->term[t].weight = 0;
        made->terms++;
    }
    made->term[t].weight += weight;
}

/* The sources and coefficients of a sum, unless it stands before another one, `beside`; any other value is itself. */
static int expand(const struct infinite_plan *plan, int value, int beside, int source[SOURCES],
                  double coefficient[SOURCES]) {
    bool waits = value < beside && role_of(plan, beside) == LIMIT_SUM;
    if (waits || role_of(plan, value) != LIMIT_SUM) {
        source[0] = value, coefficient[0] = 1;
        return 1;
    }
    const struct node *node = node_of(plan, value);
    for (int s = 0; s < limit_sources(node); s++)
        source[s] = node->source[s], coefficient[s] = limit_coefficient(node, s);
    return limit_sources(node);
}

static struct made sum_of(const struct infinite_plan *plan, int u, int v) {
    struct made made = {.rule = INFINITE_SUM};
    int a[SOURCES], b[SOURCES];
    double c[SOURCES], d[SOURCES];
    int own = expand(plan, u, v, a, c), other = expand(plan, v, u, b, d);
    for (int s = 0; s < own; s++)
        for (int t = 0; t < other; t++) add_term(&made, a[s], b[t], c[s] * d[t]);
    return made;
}

static struct made both_sources(const struct infinite_plan *plan, enum infinite_rule rule, int u, int v) {
    struct made made = {.rule = rule};
    add_term(&made, source_of(plan, u), source_of(plan, v), 1);
    return made;
}

/* Looks behind the value that is not made by weights. */
static struct made strangers(const struct infinite_plan *plan, int u, int v) {
    struct made made = {.rule = INFINITE_STRANGERS};
    bool own = role_of(plan, u) == LIMIT_POOLING || role_of(plan, v) == LIMIT_WEIGHTS;
    add_term(&made, own ? source_of(plan, u) : u, own ? v : source_of(plan, v), 1);
    return made;
}

static const struct made NOTHING = {.rule = INFINITE_SUM}, UNKNOWN = {.rule = INFINITE_STRANGERS};

static struct made made_of(const struct infinite_plan *plan, int u, int v) {
    int own = role_of(plan, u), other = role_of(plan, v), either = own > other ? own : other;
    bool alike = own == other;
    if (own == LIMIT_SUM || other == LIMIT_SUM) return sum_of(plan, u, v);
    if (alike && own == ROLE_INPUT) return (struct made){.rule = INFINITE_INPUT};
    if (alike && own == LIMIT_ACTIVATION) return both_sources(plan, INFINITE_ACTIVATION, u, v);
    if (alike && own == LIMIT_WEIGHTS)
        return node_of(plan, u)->layer == node_of(plan, v)->layer ? both_sources(plan, INFINITE_WEIGHTS, u, v)
                                                                  : NOTHING;
    if (u == v) return both_sources(plan, INFINITE_POOLING, u, v);
    if (either == LIMIT_WEIGHTS) return NOTHING; /* with the input */
    if (either == LIMIT_ACTIVATION && (own == ROLE_INPUT || other == ROLE_INPUT)) return UNKNOWN;
    return strangers(plan, u, v);
}

/* ---- the list ---- */

static uint64_t hash(const struct list *list, int u, int v) {
    return (((uint64_t)u << 32 | (uint64_t)v) * 0x9e3779b97f4a7c15u) >> (64 - list->bits);
}

/* Where (u, v) stands in the table, or would. */
static int *entry_of(const struct list *list, int u, int v) {
    uint64_t at = hash(list, u, v), mask = ((uint64_t)1 << list->bits) - 1;
    for (; list->table[at]; at = (at + 1) & mask) {
        const struct infinite_pair *pair = &list->pair[list->table[at] - 1];
        if (pair->u == u && pair->v == v) break;
    }
    return &list->table[at];
}

static void index_pairs(struct list *list) {
    free(list->table);
    list->table = infinite_take((int64_t)1 << list->bits, sizeof *list->table);
    for (int p = 0; p < list->count; p++) *entry_of(list, list->pair[p].u, list->pair[p].v) = p + 1;
}

static void make_room(struct list *list) {
    list->room *= 2, list->bits++;
    list->pair = realloc(list->pair, (size_t)list->room * sizeof *list->pair);
    CHECK(list->pair);
    index_pairs(list);
}

/* The place of (u, v). */
static int append(struct list *list, int u, int v) {
    if (list->count == list->room) make_room(list);
    int *entry = entry_of(list, u, v);
    if (*entry == 0) {
        list->pair[list->count] = (struct infinite_pair){.u = u, .v = v};
        *entry = ++list->count;
    }
    return *entry - 1;
}

/* What a pair is made of. */
static void append_terms(struct list *list, int p) {
    struct made made = made_of(list->plan, list->pair[p].u, list->pair[p].v);
    list->pair[p].rule = (uint8_t)made.rule, list->pair[p].first = list->terms, list->pair[p].terms = made.terms;
    if (list->terms + TERMS > list->term_room) {
        list->term_room = 2 * (list->terms + TERMS);
        list->term = realloc(list->term, (size_t)list->term_room * sizeof *list->term);
        CHECK(list->term);
    }
    for (int t = 0; t < made.terms; t++)
        list->term[list->terms++] =
            (struct infinite_term){.pair = append(list, made.term[t].u, made.term[t].v), .weight = made.term[t].weight};
}

static struct list list_create(const struct infinite_plan *plan) {
    enum { BITS = 7 };
    struct list list = {.plan = plan, .room = 1 << (BITS - 1), .bits = BITS};
    list.pair = infinite_take(list.room, sizeof *list.pair);
    index_pairs(&list);
    return list;
}

static void list_free(struct list *list) {
    free(list->pair);
    free(list->term);
    free(list->order);
    free(list->table);
    free(list->is_zero);
    free(list->is_needed);
}

/* Where a pair stands among the others. */
struct key {
    int rank[2], value[2], u, place; /* the later one first */
};

/* Activations up to a value; rank[0] = 0. */
static int *rank_values(const struct infinite_plan *plan) {
    int *rank = infinite_take((int64_t)plan->network->nodes + 1, sizeof *rank);
    for (int value = 1; value <= plan->network->nodes; value++)
        rank[value] = rank[value - 1] + (role_of(plan, value) == LIMIT_ACTIVATION);
    return rank;
}

static int compare(const void *a, const void *b) {
    const struct key *p = a, *q = b;
    for (int i = 0; i < 2; i++)
        if (p->rank[i] != q->rank[i]) return p->rank[i] < q->rank[i] ? -1 : 1;
    for (int i = 0; i < 2; i++)
        if (p->value[i] != q->value[i]) return p->value[i] < q->value[i] ? -1 : 1;
    return (p->u > q->u) - (p->u < q->u);
}

/* What a pair is made of has no later rank and no later value. */
static void sort(struct list *list) {
    struct key *key = infinite_take(list->count, sizeof *key);
    int *rank = rank_values(list->plan);
    for (int p = 0; p < list->count; p++) {
        int u = list->pair[p].u, v = list->pair[p].v, later = u > v ? u : v, earlier = u > v ? v : u;
        key[p] = (struct key){{rank[later], rank[earlier]}, {later, earlier}, u, p};
    }
    qsort(key, (size_t)list->count, sizeof *key, compare);
    list->order = infinite_take(list->count, sizeof *list->order);
    for (int p = 0; p < list->count; p++) list->order[p] = key[p].place;
    free(rank);
    free(key);
}

/* All pairs that the output asks for. */
static void collect(struct list *list) {
    int end = list->plan->network->nodes;
    append(list, end, end);
    for (int p = 0; p < list->count; p++) append_terms(list, p);
    sort(list);
}

/* ---- zeros ---- */

static bool is_zero(const struct list *list, const struct infinite_pair *pair) {
    const struct infinite_plan *plan = list->plan;
    if (pair->rule == INFINITE_INPUT || pair->rule == INFINITE_ACTIVATION) return false;
    if (pair->rule == INFINITE_WEIGHTS && node_bias(plan->network, node_of(plan, pair->u))->variance > 0) return false;
    if (pair->rule == INFINITE_STRANGERS && pair->terms == 0) return false;
    for (int t = pair->first; t < pair->first + pair->terms; t++)
        if (!list->is_zero[list->term[t].pair]) return false;
    return true;
}

static void find_zeros(struct list *list) {
    list->is_zero = infinite_take(list->count, sizeof *list->is_zero);
    for (int p = 0; p < list->count; p++) list->is_zero[list->order[p]] = is_zero(list, &list->pair[list->order[p]]);
}

/* ---- what has a limit ---- */

/* Gaussian: made by weights, or linearly of what is. of_data: made of the input without weights, and as wide as it. */
static void describe(const struct infinite_plan *plan, bool *is_gaussian, bool *is_of_data) {
    is_of_data[0] = true;
    for (int value = 1; value <= plan->network->nodes; value++) {
        const struct node *node = node_of(plan, value);
        int role = role_of(plan, value);
        bool keeps = role == LIMIT_SUM || role == LIMIT_POOLING || (role == LIMIT_ACTIVATION && limit_is_linear(node));
        is_gaussian[value] = role == LIMIT_WEIGHTS || keeps;
        for (int s = 0; role != LIMIT_WEIGHTS && s < limit_sources(node); s++) {
            is_gaussian[value] &= is_gaussian[node->source[s]];
            is_of_data[value] |= is_of_data[node->source[s]];
        }
    }
}

static status check_value(const struct infinite_plan *plan, int value, const bool *is_gaussian,
                          const bool *is_of_data) {
    if (value == 0) return OK;
    char text[LIMIT_NAME];
    const struct node *node = node_of(plan, value);
    const char *name = limit_name(plan->network, value, text);
    int role = role_of(plan, value);
    if (role == LIMIT_ACTIVATION && !limit_is_linear(node) && !is_gaussian[node->source[0]])
        INFINITE_REFUSE("%s reads what is not Gaussian; a layer has to stand before it", name);
    if (role == LIMIT_WEIGHTS && !plan->limit[value - 1]->stride && infinite_pixels(plan->network, node->source[0]) > 1)
        INFINITE_REFUSE("%s reads an image; it has to be flattened or pooled before", name);
    if (node->layer != NONE && node->earlier != NONE &&
        is_of_data[node->source[0]] != is_of_data[plan->network->node[node->earlier].source[0]])
        INFINITE_REFUSE("layer %s reads the input and hidden values", name);
    if (role == LIMIT_SUM && is_of_data[value])
        INFINITE_REFUSE("%s adds the input, whose width is given; a layer has to stand between", name);
    return OK;
}

/* Why two values that are correlated have no limit; NULL: they have one. */
static const char *difference(const struct infinite_plan *plan, const struct infinite_pair *pair) {
    struct shape a = infinite_shape(plan->network, pair->u), b = infinite_shape(plan->network, pair->v);
    if (pair->rule == INFINITE_STRANGERS) return "";
    if (plan->segment_of[pair->u] != plan->segment_of[pair->v]) return " across pooling or flattening";
    if (a.rows != b.rows || a.columns != b.columns || plan->stride[pair->u] != plan->stride[pair->v])
        return " at different resolutions";
    if (pair->rule == INFINITE_ACTIVATION &&
        limit_activation(node_of(plan, pair->u)) != limit_activation(node_of(plan, pair->v)))
        return " and differ in kind";
    return NULL;
}

static status check_pair(const struct infinite_plan *plan, const struct infinite_pair *pair) {
    const char *words = difference(plan, pair);
    if (!words) return OK;
    char own[LIMIT_NAME], other[LIMIT_NAME];
    INFINITE_REFUSE("%s and %s are correlated%s", limit_name(plan->network, pair->u, own),
                    limit_name(plan->network, pair->v, other), words);
}

/* The output is made by weights that are used nowhere else, so what goes back from it does not depend on what goes
 * forward. */
static status check_output(const struct infinite_plan *plan, bool *is_output) {
    const struct network *network = plan->network;
    char text[LIMIT_NAME];
    is_output[network->nodes] = true;
    for (int value = network->nodes; value > 0; value--) {
        const struct node *node = node_of(plan, value);
        if (!is_output[value] || role_of(plan, value) == LIMIT_WEIGHTS) continue;
        if (role_of(plan, value) != LIMIT_SUM)
            INFINITE_REFUSE("the output, %s, is not a layer's", limit_name(network, value, text));
        for (int s = 0; s < limit_sources(node); s++) is_output[node->source[s]] = true;
    }
    for (int value = 1; value <= network->nodes; value++) {
        const struct node *node = node_of(plan, value);
        if (node->layer != NONE && node->earlier != NONE && is_output[value] != is_output[node->earlier + 1])
            INFINITE_REFUSE("layer %s makes the output and hidden values", limit_name(network, value, text));
    }
    return OK;
}

/* From the output back. Each value that is needed is so with itself. */
static status find_needed(struct list *list, const bool *is_gaussian, const bool *is_of_data) {
    list->is_needed = infinite_take(list->count, sizeof *list->is_needed);
    list->is_needed[list->order[list->count - 1]] = true;
    for (int p = list->count - 1; p >= 0; p--) {
        const struct infinite_pair *pair = &list->pair[list->order[p]];
        if (!list->is_needed[list->order[p]]) continue;
        TRY(pair->u == pair->v ? check_value(list->plan, pair->u, is_gaussian, is_of_data)
                               : check_pair(list->plan, pair));
        for (int t = pair->first; t < pair->first + pair->terms; t++)
            list->is_needed[list->term[t].pair] |= !list->is_zero[list->term[t].pair];
    }
    return OK;
}

static status find(struct list *list, bool *flags) {
    const struct infinite_plan *plan = list->plan;
    int64_t values = plan->network->nodes + 1;
    TRY(check_output(plan, flags));
    memset(flags, 0, (size_t)values * sizeof *flags);
    describe(plan, flags, flags + values);
    collect(list);
    find_zeros(list);
    return find_needed(list, flags, flags + values);
}

/* ---- the plan's part ---- */

/* A needed pair and those of its terms that are not 0; moved: where pairs have gone. */
static void add_pair(const struct list *list, int place, const int *moved, struct infinite_plan *plan) {
    const struct infinite_pair *from = &list->pair[place];
    struct infinite_pair *pair = &plan->pair[plan->pairs++];
    *pair = (struct infinite_pair){from->u, from->v, .rule = from->rule, .first = plan->terms};
    for (int t = from->first; t < from->first + from->terms; t++) {
        const struct infinite_term *term = &list->term[t];
        if (list->is_zero[term->pair]) continue;
        plan->term[plan->terms++] = (struct infinite_term){.pair = moved[term->pair], .weight = term->weight};
        pair->terms++;
    }
}

static void fill(const struct list *list, struct infinite_plan *plan) {
    int *moved = infinite_take(list->count, sizeof *moved);
    plan->pair = infinite_take(list->count, sizeof *plan->pair);
    plan->term = infinite_take(list->terms, sizeof *plan->term);
    for (int p = 0; p < list->count; p++) {
        int place = list->order[p];
        if (!list->is_needed[place]) continue;
        moved[place] = plan->pairs;
        add_pair(list, place, moved, plan);
    }
    free(moved);
}

/* Activations, and the pairs whose variances they need; what pooling gathers is made anew where it is needed. */
static void mark_variances(struct infinite_plan *plan) {
    plan->activation = infinite_take(plan->network->nodes, sizeof *plan->activation);
    for (int p = 0; p < plan->pairs; p++) {
        const struct infinite_pair *pair = &plan->pair[p];
        if (pair->u != pair->v || pair->rule != INFINITE_ACTIVATION) continue;
        plan->activation[plan->activations++] = pair->u - 1;
        plan->pair[plan->term[pair->first].pair].is_of_variances = true;
    }
    for (int p = plan->pairs - 1; p >= 0; p--) {
        const struct infinite_pair *pair = &plan->pair[p];
        for (int t = pair->first; t < pair->first + pair->terms; t++)
            plan->pair[plan->term[t].pair].is_of_variances |= pair->is_of_variances && pair->rule != INFINITE_POOLING;
    }
}

/* The list, what sorts it, and the plan's part. */
static size_t bytes_of(const struct list *list) {
    size_t table = ((size_t)1 << list->bits) * sizeof *list->table, pairs = (size_t)list->room * sizeof *list->pair,
           terms = (size_t)list->term_room * sizeof *list->term,
           each = 2 * sizeof(struct key) + sizeof *list->pair + 2 * sizeof(int) + 2;
    return table + pairs + terms + (size_t)list->count * each + (size_t)list->terms * sizeof *list->term;
}

status infinite_pairs_find(struct infinite_plan *plan) {
    struct list list = list_create(plan);
    bool *flags = infinite_take(2 * ((int64_t)plan->network->nodes + 1), sizeof *flags);
    status result = find(&list, flags);
    if (result == OK) {
        fill(&list, plan);
        plan->bytes = bytes_of(&list);
        mark_variances(plan);
    }
    free(flags);
    list_free(&list);
    return result;
}
