/* The kernels of infinite width the plain way: K and Theta between all pixels of all points, [points pixels, points
 * pixels], operator by operator as their definitions say. */
#ifndef INFINITE_PLAIN_H
#define INFINITE_PLAIN_H

#include "sample.h"

#include <stdlib.h>

#include "filtering.h"
#include "operator.h"

enum { PLAIN_MOST = 512 * 512 };

struct plain {
    int64_t points;
    double *k, *theta;
};

static inline struct plain plain_create(int64_t points) {
    struct plain plain = {points, calloc(PLAIN_MOST, sizeof(double)), calloc(PLAIN_MOST, sizeof(double))};
    assert_true(plain.k && plain.theta);
    return plain;
}

static inline void plain_free(struct plain *plain) {
    free(plain->k);
    free(plain->theta);
}

static inline int64_t pixels_of(struct shape shape) { return shape.rows * shape.columns; }

static inline void plain_inputs(struct shape shape, const real *x, struct plain *out) {
    int64_t count = out->points * pixels_of(shape);
    assert_true(count * count <= PLAIN_MOST);
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b < count; b++) {
            double sum = 0;
            for (int64_t c = 0; c < shape.channels; c++)
                sum += (double)x[a * shape.channels + c] * (double)x[b * shape.channels + c];
            out->k[a * count + b] = sum / (double)shape.channels;
        }
}

struct moments {
    double t, tdot;
};

static const double PI = 3.14159265358979323846;

static inline struct moments relu_moments(double k11, double k22, double k12) {
    double root = sqrt(k11 * k22), angle = acos(fmax(-1, fmin(1, k12 / root)));
    return (struct moments){root / (2 * PI) * (sin(angle) + (PI - angle) * cos(angle)), (PI - angle) / (2 * PI)};
}

static inline struct moments erf_moments(double k11, double k22, double k12) {
    double product = (1 + 2 * k11) * (1 + 2 * k22);
    return (struct moments){2 / PI * asin(2 * k12 / sqrt(product)), 4 / PI / sqrt(product - 4 * k12 * k12)};
}

/* E[(s u + (1 - s) relu(u)) (s v + (1 - s) relu(v))], with E[u relu(v)] = k12/2 */
static inline struct moments leaky_moments(double k11, double k22, double k12) {
    struct moments relu = relu_moments(k11, k22, k12);
    double s = sample_slope, r = 1 - s;
    return (struct moments){s * s * k12 + s * r * k12 + r * r * relu.t, s * s + s * r + r * r * relu.tdot};
}

static inline struct moments cos_moments(double k11, double k22, double k12) {
    double mean = exp(-(k11 + k22) / 2);
    return (struct moments){mean * cosh(k12), mean * sinh(k12)};
}

/* The trapezoidal rule over the plane. */
static inline struct moments tanh_moments(double k11, double k22, double k12) {
    const double step = PI * PI / (46 * sqrt(fmax(1, fmax(k11, k22)))), c = fmax(-1, fmin(1, k12 / sqrt(k11 * k22))),
                 s = sqrt(1 - c * c);
    struct moments sum = {0};
    for (double a = step / 2; a < 8.5; a += step)
        for (double b = -8.5; b < 8.5; b += step) {
            double u = tanh(sqrt(k11) * a), v = tanh(sqrt(k22) * (c * a + s * b));
            double weight = step * step / PI * exp(-(a * a + b * b) / 2);
            sum.t += weight * u * v;
            sum.tdot += weight * (1 - u * u) * (1 - v * v);
        }
    return sum;
}

static inline struct moments moments_of(enum activation_kind kind, double k11, double k22, double k12) {
    if (kind == ACTIVATION_RELU) return relu_moments(k11, k22, k12);
    if (kind == ACTIVATION_ERF) return erf_moments(k11, k22, k12);
    if (kind == ACTIVATION_TANH) return tanh_moments(k11, k22, k12);
    if (kind == ACTIVATION_LEAKY_RELU) return leaky_moments(k11, k22, k12);
    if (kind == ACTIVATION_COS) return cos_moments(k11, k22, k12);
    return (struct moments){k12, 1};
}

/* Of a place with itself, where acos loses half of the digits. */
static inline struct moments moments_alone(enum activation_kind kind, double k) {
    double mean = kind == ACTIVATION_RELU ? 0.5 : (1 + sample_slope * sample_slope) / 2;
    if (kind == ACTIVATION_RELU || kind == ACTIVATION_LEAKY_RELU) return (struct moments){mean * k, mean};
    return moments_of(kind, k, k, k);
}

static inline void plain_activation(enum activation_kind kind, int64_t count, const struct plain *in,
                                    struct plain *out) {
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b <= a; b++) {
            double k11 = in->k[a * count + a], k22 = in->k[b * count + b], k12 = in->k[a * count + b];
            struct moments pair = a == b ? moments_alone(kind, k11) : moments_of(kind, k11, k22, k12);
            out->k[a * count + b] = out->k[b * count + a] = pair.t;
            out->theta[a * count + b] = out->theta[b * count + a] = in->theta[a * count + b] * pair.tdot;
        }
}

/* Sums of both kernels over the pixels of two windows that move together (all != 0: of all pairs of their pixels). */
struct window {
    int64_t row, column, rows, columns;
};

static inline void plain_sum(struct shape shape, const struct plain *in, int64_t i, struct window p, int64_t j,
                             struct window q, int all, double *k, double *theta) {
    int64_t pixels = pixels_of(shape), count = in->points * pixels, size = p.rows * p.columns;
    *k = *theta = 0;
    for (int64_t u = 0; u < size; u++)
        for (int64_t v = all ? 0 : u; v < (all ? size : u + 1); v++) {
            int64_t pr = p.row + u / p.columns, pc = p.column + u % p.columns;
            int64_t qr = q.row + v / q.columns, qc = q.column + v % q.columns;
            if (pr < 0 || pr >= shape.rows || pc < 0 || pc >= shape.columns) continue;
            if (qr < 0 || qr >= shape.rows || qc < 0 || qc >= shape.columns) continue;
            int64_t at = (i * pixels + pr * shape.columns + pc) * count + j * pixels + qr * shape.columns + qc;
            *k += in->k[at];
            *theta += in->theta[at];
        }
}

/* How an operator with windows makes its output pixel (r, c). */
static inline struct window window_at(const struct node *node, int64_t r, int64_t c) {
    if (node->kind == &flatten_operator) return (struct window){0, 0, node->in.rows, node->in.columns};
    if (node->kind == &pooling_operator) {
        int64_t rows = node->in.rows / node->out.rows, columns = node->in.columns / node->out.columns;
        return (struct window){r * rows, c * columns, rows, columns};
    }
    const struct filtering *f = node->form;
    return (struct window){r * f->stride - f->size / 2, c * f->stride - f->size / 2, f->size, f->size};
}

static inline double plain_w2(const struct network *network, const struct node *node) {
    return node_weight(network, node)->variance;
}
static inline double plain_b2(const struct network *network, const struct node *node) {
    return node_bias(network, node)->variance;
}

static inline void plain_windows(const struct network *network, const struct node *node, const struct plain *in,
                                 struct plain *out) {
    int64_t places = pixels_of(node->out), count = in->points * places;
    int is_convolution = node->kind == &convolution_operator, all = node->kind == &pooling_operator;
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b < count; b++) {
            int64_t pr = a % places / node->out.columns, pc = a % places % node->out.columns;
            int64_t qr = b % places / node->out.columns, qc = b % places % node->out.columns;
            struct window p = window_at(node, pr, pc), q = window_at(node, qr, qc);
            double k, theta, size = (double)(p.rows * p.columns), share = all ? 1 / (size * size) : 1 / size;
            plain_sum(node->in, in, a / places, p, b / places, q, all, &k, &theta);
            if (is_convolution) share *= plain_w2(network, node);
            out->k[a * count + b] = share * k + (is_convolution ? plain_b2(network, node) : 0);
            out->theta[a * count + b] = share * theta + (is_convolution ? out->k[a * count + b] : 0);
        }
}

static inline void plain_apply(const struct network *network, const struct node *node, enum activation_kind kind,
                               struct plain *value, struct plain *out) {
    const struct plain *in = &value[node->source[0]];
    int64_t count = in->points * pixels_of(node->out);
    if (node->kind == &activation_operator) {
        plain_activation(kind, count, in, out);
    } else if (node->kind == &dense_operator) {
        double w2 = plain_w2(network, node), b2 = plain_b2(network, node);
        for (int64_t i = 0; i < count * count; i++) out->k[i] = w2 * in->k[i] + b2;
        for (int64_t i = 0; i < count * count; i++) out->theta[i] = out->k[i] + w2 * in->theta[i];
    } else if (node->kind == &sum_operator) {
        const struct plain *other = &value[node->source[1]];
        for (int64_t i = 0; i < count * count; i++) out->k[i] = in->k[i] + other->k[i];
        for (int64_t i = 0; i < count * count; i++) out->theta[i] = in->theta[i] + other->theta[i];
    } else {
        plain_windows(network, node, in, out);
    }
}

static inline struct plain plain_compute(const struct sample *sample, int64_t points, struct plain *value) {
    const struct network *network = sample->network;
    value[0] = plain_create(points);
    plain_inputs(network->node[0].in, sample->x, &value[0]);
    for (int o = 0; o < network->nodes; o++) {
        value[o + 1] = plain_create(points);
        plain_apply(network, &network->node[o], sample->recipe.activation, value, &value[o + 1]);
    }
    return value[network->nodes];
}

#endif
