/* The kernels of infinite width where layers are used at several places, the plain way: covariances S of all pairs of
 * values (at all pixels of all points) from the input on, inner products P of their cotangents from the output back,
 *     Theta = sum over pairs (u, v) of nodes of one layer, over pixels p of u and q of v, of P[u p, v q] S[u p, v q]
 * (src/README.md, Infinite width). A pair is looked at from its later value. */
#ifndef INFINITE_VALUES_H
#define INFINITE_VALUES_H

#include "activation.h"
#include "filtering.h"
#include "infinite_plain.h"

enum { VALUES_MOST = 80 };

struct values {
    const struct network *network;
    enum activation_kind activation;
    int64_t points, count[VALUES_MOST]; /* points times pixels */
    double *s[VALUES_MOST][VALUES_MOST], *p[VALUES_MOST][VALUES_MOST];
};

static inline const struct node *values_node(const struct values *values, int u) {
    return u == 0 ? NULL : &values->network->node[u - 1];
}

static inline bool values_is(const struct values *values, int u, const struct operator_kind *kind) {
    return u > 0 && values_node(values, u)->kind == kind;
}

static inline bool values_has_layer(const struct values *values, int u) {
    return u > 0 && values_node(values, u)->layer != NONE;
}

/* A linear map of pixels, weight times the sum over the window of each; two of them move together, or not (pooling). */
struct linear {
    bool moves_together;
    double weight; /* of a pair */
    struct window at[64];
    int64_t columns, pixels, out_pixels;
};

static inline struct linear linear_of(const struct values *values, int u) {
    const struct node *node = values_node(values, u);
    struct linear linear = {
        .columns = node->in.columns, .pixels = pixels_of(node->in), .out_pixels = pixels_of(node->out)};
    bool pools = node->kind == &pooling_operator;
    assert_true(linear.out_pixels <= 64);
    for (int64_t a = 0; a < linear.out_pixels; a++)
        linear.at[a] = values_is(values, u, &dense_operator)
                           ? (struct window){0, 0, 1, 1}
                           : window_at(node, a / node->out.columns, a % node->out.columns);
    double size = (double)(linear.at[0].rows * linear.at[0].columns);
    linear.moves_together = !pools;
    linear.weight = pools ? 1 / (size * size) : 1 / size;
    if (node->layer != NONE) linear.weight *= node_weight(values->network, node)->variance;
    return linear;
}

/* Pixel number n of a window, or -1 outside of the image. */
static inline int64_t pixel_in(const struct linear *linear, struct window window, int64_t n) {
    int64_t row = window.row + n / window.columns, column = window.column + n % window.columns;
    int64_t rows = linear->pixels / linear->columns;
    return row < 0 || row >= rows || column < 0 || column >= linear->columns ? -1 : row * linear->columns + column;
}

/* out[a, b] += weight in[a', b'] over both windows; or, back, in += weight out. */
static inline void apply_linear(const struct values *values, const struct linear *linear, double *in, double *out,
                                bool back) {
    int64_t rows = values->points * linear->out_pixels, ld = values->points * linear->pixels;
    for (int64_t a = 0; a < rows; a++)
        for (int64_t b = 0; b < rows; b++) {
            struct window p = linear->at[a % linear->out_pixels], q = linear->at[b % linear->out_pixels];
            for (int64_t m = 0; m < p.rows * p.columns; m++)
                for (int64_t n = 0; n < q.rows * q.columns; n++) {
                    int64_t from = pixel_in(linear, p, m), to = pixel_in(linear, q, n);
                    if (from < 0 || to < 0 || (linear->moves_together && m != n)) continue;
                    from += a / linear->out_pixels * linear->pixels, to += b / linear->out_pixels * linear->pixels;
                    if (back)
                        in[from * ld + to] += linear->weight * out[a * rows + b];
                    else
                        out[a * rows + b] += linear->weight * in[from * ld + to];
                }
        }
}

static inline struct moments moments_at(const struct values *values, int u, int v, int64_t a, int64_t b) {
    int x = values_node(values, u)->source[0], y = values_node(values, v)->source[0];
    double k11 = values->s[x][x][a * values->count[x] + a], k22 = values->s[y][y][b * values->count[y] + b];
    if (x == y && a == b) return moments_alone(values->activation, k11);
    return moments_of(values->activation, k11, k22, values->s[x][y][a * values->count[y] + b]);
}

static inline double coefficient_of(const struct values *values, int u, int s) {
    return (double)((const real *)values_node(values, u)->form)[s];
}

/* ---- covariances ---- */

static inline void sum_covariances(struct values *values, int u, int v) {
    for (int s = 0; s < SOURCES; s++) {
        const double *in = values->s[values_node(values, u)->source[s]][v], c = coefficient_of(values, u, s);
        for (int64_t i = 0; i < values->count[u] * values->count[v]; i++) values->s[u][v][i] += c * in[i];
    }
}

static inline void transpose(const struct values *values, int u, int v, const double *from, double *to) {
    for (int64_t a = 0; a < values->count[u]; a++)
        for (int64_t b = 0; b < values->count[v]; b++) to[b * values->count[u] + a] = from[a * values->count[v] + b];
}

/* u >= v. Pairs that nothing is known of are 0. */
static inline void fill_covariance(struct values *values, int u, int v) {
    const struct node *node = values_node(values, u), *other = values_node(values, v);
    double *s = values->s[u][v];
    if (values_is(values, u, &sum_operator)) {
        sum_covariances(values, u, v);
    } else if (values_is(values, v, &sum_operator)) {
        for (int t = 0; t < SOURCES; t++)
            for (int64_t i = 0; i < values->count[u] * values->count[v]; i++)
                s[i] += coefficient_of(values, v, t) * values->s[u][other->source[t]][i];
    } else if (values_has_layer(values, u) && values_has_layer(values, v) && node->layer == other->layer) {
        struct linear linear = linear_of(values, u);
        apply_linear(values, &linear, values->s[node->source[0]][other->source[0]], s, false);
        for (int64_t i = 0; i < values->count[u] * values->count[v]; i++)
            s[i] += node_bias(values->network, node)->variance;
    } else if (values_is(values, u, &activation_operator) && values_is(values, v, &activation_operator)) {
        for (int64_t i = 0; i < values->count[u] * values->count[v]; i++)
            s[i] = moments_at(values, u, v, i / values->count[v], i % values->count[v]).t;
    } else if (u == v && node->layer == NONE) {
        struct linear linear = linear_of(values, u);
        apply_linear(values, &linear, values->s[node->source[0]][node->source[0]], s, false);
    }
}

/* ---- cotangents ---- */

static inline void add_times(int64_t count, double c, const double *from, double *to) {
    for (int64_t i = 0; i < count; i++) to[i] += c * from[i];
}

/* From (u, v) to the pairs of what they read; what (u, v) gives Theta's points. */
static inline void go_back(struct values *values, int u, int v, double *theta) {
    const struct node *node = values_node(values, u), *other = values_node(values, v);
    int64_t size = values->count[u] * values->count[v];
    double *p = values->p[u][v];
    bool own = values_is(values, u, &sum_operator), both = values_is(values, v, &sum_operator);
    if (own || both) {
        for (int s = 0; s < (own ? SOURCES : 1); s++)
            for (int t = 0; t < (both ? SOURCES : 1); t++)
                add_times(size, (own ? coefficient_of(values, u, s) : 1) * (both ? coefficient_of(values, v, t) : 1), p,
                          values->p[own ? node->source[s] : u][both ? other->source[t] : v]);
    } else if (values_has_layer(values, u) && values_has_layer(values, v) && node->layer == other->layer) {
        int64_t pixels = pixels_of(node->out);
        for (int64_t i = 0; i < size; i++)
            theta[i / values->count[v] / pixels * values->points + i % values->count[v] / pixels] +=
                p[i] * values->s[u][v][i];
        struct linear linear = linear_of(values, u);
        apply_linear(values, &linear, values->p[node->source[0]][other->source[0]], p, true);
    } else if (values_is(values, u, &activation_operator) && values_is(values, v, &activation_operator)) {
        double *in = values->p[node->source[0]][other->source[0]];
        for (int64_t i = 0; i < size; i++)
            in[i] += p[i] * moments_at(values, u, v, i / values->count[v], i % values->count[v]).tdot;
    } else if (u > 0 && u == v) {
        struct linear linear = linear_of(values, u);
        apply_linear(values, &linear, values->p[node->source[0]][node->source[0]], p, true);
    }
}

static inline void values_create(const struct sample *sample, int64_t points, struct values *values) {
    const struct network *network = sample->network;
    *values = (struct values){.network = network, .activation = sample->recipe.activation, .points = points};
    assert_true(network->nodes < VALUES_MOST);
    for (int u = 0; u <= network->nodes; u++)
        values->count[u] = points * pixels_of(u == 0 ? network->node[0].in : network->node[u - 1].out);
    for (int u = 0; u <= network->nodes; u++)
        for (int v = 0; v <= network->nodes; v++) {
            values->s[u][v] = calloc((size_t)(values->count[u] * values->count[v]), sizeof(double));
            values->p[u][v] = calloc((size_t)(values->count[u] * values->count[v]), sizeof(double));
            assert_true(values->s[u][v] && values->p[u][v]);
        }
}

static inline void values_free(struct values *values) {
    for (int u = 0; u <= values->network->nodes; u++)
        for (int v = 0; v <= values->network->nodes; v++) {
            free(values->s[u][v]);
            free(values->p[u][v]);
        }
}

static inline void values_compute(const struct sample *sample, int64_t points, double *k, double *theta) {
    static struct values values;
    values_create(sample, points, &values);
    int last = sample->network->nodes;
    struct plain input = plain_create(points);
    plain_inputs(sample->network->node[0].in, sample->x, &input);
    memcpy(values.s[0][0], input.k, (size_t)(values.count[0] * values.count[0]) * sizeof(double));
    for (int u = 1; u <= last; u++)
        for (int v = 0; v <= u; v++) {
            fill_covariance(&values, u, v);
            if (v < u) transpose(&values, u, v, values.s[u][v], values.s[v][u]);
        }
    memcpy(k, values.s[last][last], (size_t)(points * points) * sizeof *k);
    memset(theta, 0, (size_t)(points * points) * sizeof *theta);
    for (int64_t i = 0; i < points * points; i++) values.p[last][last][i] = 1;
    for (int u = last; u > 0; u--)
        for (int v = u; v > 0; v--) {
            go_back(&values, u, v, theta);
            if (v < u) go_back(&values, v, u, theta);
        }
    plain_free(&input);
    values_free(&values);
}

#endif
