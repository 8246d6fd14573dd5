/* Operators alone: those without weights against loops, backward passes of several cotangents, and the share of the
 * kernel by per-example gradients, by pairs of places and by J J'. */
#include "sample.h"

#include "matrix.h"
#include "operator.h"

/* ---- a network of one operator ---- */

/* channels out, size, stride or a window's rows and columns, as its build function takes them */
struct shape_of {
    const char *name;
    struct shape in;
    int64_t channels, size, stride;
};

static struct shape_of now; /* what `write` writes */

static void write_convolution(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_convolution(builder, now.channels, now.size, now.stride, "convolution");
}
static void write_dense(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_dense(builder, now.channels, "dense");
}
static void write_pooling(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_pooling(builder, now.size, now.stride);
}
static void write_flatten(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_flatten(builder);
}
static void write_activation(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_activation(builder);
}
/* its second source is its first; the faces take both apart */
static void write_join(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_join(builder, builder->at);
}

static const struct node *operator_create(struct sample *sample, family *write, struct shape_of shape, enum rates rates,
                                          double sigma_b2) {
    now = shape;
    sample_create(
        (struct recipe){.family = FAMILY_CONV,
                        .write = write,
                        .activation = ACTIVATION_ERF,
                        .parameterization = rates == RATES_MATCHED ? PARAMETERIZATION_STANDARD : PARAMETERIZATION_NTK,
                        .rates = rates,
                        .image = shape.in,
                        .outputs = 1,
                        .train = 20,
                        .sigma_w2 = 1.7,
                        .sigma_b2 = sigma_b2},
        sample);
    snprintf(sample->label, sizeof sample->label, "%s %dx%dx%d channels %d size %d stride %d rates %d sigma_b2 %g",
             shape.name, (int)shape.in.rows, (int)shape.in.columns, (int)shape.in.channels, (int)shape.channels,
             (int)shape.size, (int)shape.stride, (int)rates, sigma_b2);
    return &sample->network->node[0];
}

static const struct {
    family *write;
    struct shape_of shape;
} operators[] = {
    {write_pooling, {"pooling", {6, 9, 5}, 0, 2, 3}},
    {write_pooling, {"pooling", {7, 5, 3}, 0, 7, 5}},
    {write_pooling, {"pooling", {4, 3, 2}, 0, 1, 1}},
    {write_flatten, {"flatten", {3, 5, 2}, 0, 0, 0}},
    {write_activation, {"activation", {13, 5, 19}, 0, 0, 0}},
    {write_join, {"join", {3, 5, 7}, 0, 0, 0}},
    {write_dense, {"dense", {3, 5, 2}, 7, 0, 0}},
    {write_convolution, {"convolution", {5, 6, 3}, 4, 1, 2}},
    {write_convolution, {"convolution", {5, 6, 3}, 4, 5, 1}},
    {write_convolution, {"convolution", {7, 8, 3}, 4, 3, 2}},
    {write_convolution, {"convolution", {7, 8, 16}, 17, 3, 1}},
};
enum { OPERATORS = sizeof operators / sizeof operators[0], EXAMPLES = 4, COUNT = 3 };

/* ---- forward ---- */

static double pooled_by_loops(const struct node *node, const real *x, int64_t i, int64_t row, int64_t column,
                              int64_t c) {
    int64_t rows = node->in.rows / node->out.rows, columns = node->in.columns / node->out.columns;
    double sum = 0;
    for (int64_t u = 0; u < rows; u++)
        for (int64_t v = 0; v < columns; v++) {
            int64_t from = (i * node->in.rows + row * rows + u) * node->in.columns + column * columns + v;
            sum += (double)x[from * node->in.channels + c];
        }
    return sum / (double)(rows * columns);
}

/* Operators that are linear in what they read, their JVP too: y = O(x), O(NULL) = 0. */
static void check_values(struct sample *sample, const struct node *node, const real *const x[SOURCES],
                         const real *expected, struct tally *tally) {
    int64_t size = EXAMPLES * shape_size(node->out);
    const real *const nothing[SOURCES] = {NULL, NULL};
    real *y = sample_take(sample, size), *zero = sample_take(sample, size);
    node->kind->forward(node, sample->theta, EXAMPLES, x, y, sample->work);
    tally_arrays(tally, sample->label, size, y, expected);
    for (int64_t i = 0; i < size; i++) y[i] = (real)NAN;
    node->kind->jvp(node, sample->theta, sample->theta, EXAMPLES, x, x, NULL, y, sample->work);
    tally_arrays(tally, sample->label, size, y, expected);
    node->kind->jvp(node, sample->theta, sample->theta, EXAMPLES, x, nothing, NULL, y, sample->work);
    tally_arrays(tally, sample->label, size, y, zero);
}

static void check_forward(struct sample *sample, const struct node *node, struct tally *tally) {
    int64_t in = EXAMPLES * shape_size(node->in), out = EXAMPLES * shape_size(node->out);
    const real *const x[SOURCES] = {sample_random(sample, 71, in), sample_random(sample, 72, in)};
    real *expected = sample_take(sample, out);
    for (int64_t at = 0; at < out; at++) {
        int64_t c = at % node->out.channels, pixel = at / node->out.channels, row = pixel / node->out.columns;
        if (node->kind == &pooling_operator)
            expected[at] = (real)pooled_by_loops(node, x[0], row / node->out.rows, row % node->out.rows,
                                                 pixel % node->out.columns, c);
        else
            expected[at] = x[0][at] + (node->kind == &join_operator ? x[1][at] : 0);
    }
    check_values(sample, node, x, expected, tally);
}

static void test_forward(void **state) {
    (void)state;
    struct tally tally = {"pooling, flatten, join = loops", roundings(4), 0};
    for (int i = 0; i < OPERATORS; i++) {
        struct sample sample;
        const struct node *node = operator_create(&sample, operators[i].write, operators[i].shape, RATES_UNIFORM, 0);
        if (!node->weight && node->kind != &activation_operator) check_forward(&sample, node, &tally);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* ---- backward, several cotangents an example ---- */

struct back {
    const real *in[SOURCES], *out, *w; /* w [EXAMPLES COUNT, size(out)] */
};

/* <w_ic, dO/din_s dx_i> = <(dO/din_s)' w_ic, dx_i> for each example i and cotangent c */
static void check_adjoint(struct sample *sample, const struct node *node, int s, const struct back *back,
                          const real *din, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out);
    const real *moves[SOURCES] = {NULL, NULL};
    moves[s] = sample_random(sample, 75, EXAMPLES * in);
    real *dout = sample_take(sample, EXAMPLES * out), *zero = sample_take(sample, sample->network->theta);
    node->kind->jvp(node, sample->theta, zero, EXAMPLES, back->in, moves, back->out, dout, sample->work);
    for (int64_t row = 0; row < EXAMPLES * COUNT; row++) {
        const real *w = back->w + row * out, *dy = dout + row / COUNT * out;
        double forward = la_dot(out, w, dy), backward = la_dot(in, din + row * in, moves[s] + row / COUNT * in);
        tally_error(tally, sample->label, fabs(forward - backward) / sqrt(la_dot(out, w, w) * la_dot(out, dy, dy)));
    }
}

/* Anew over what was there, in place where the operator may, and added. */
static void check_backward(struct sample *sample, const struct node *node, int s, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), size = EXAMPLES * COUNT * in;
    real *y = sample_take(sample, EXAMPLES * out);
    struct back back = {.in = {sample_random(sample, 73, EXAMPLES * in), sample_random(sample, 74, EXAMPLES * in)},
                        .out = y,
                        .w = sample_random(sample, 76, EXAMPLES * COUNT * out)};
    node->kind->forward(node, sample->theta, EXAMPLES, back.in, y, sample->work);
    real *din = sample_take(sample, size), *added = sample_random(sample, 77, size);
    for (int64_t i = 0; i < size; i++) din[i] = (real)NAN;
    node->kind->vjp_input(node, s, sample->theta, EXAMPLES, COUNT, back.in, y, back.w, 0, din, sample->work);
    check_adjoint(sample, node, s, &back, din, tally);
    if (node->kind->in_place) {
        real *w = sample_copy(sample, back.w, size);
        node->kind->vjp_input(node, s, sample->theta, EXAMPLES, COUNT, back.in, y, w, 0, w, sample->work);
        tally_arrays(tally, sample->label, size, w, din);
    }
    la_axpy(size, 1, added, din);
    node->kind->vjp_input(node, s, sample->theta, EXAMPLES, COUNT, back.in, y, back.w, 1, added, sample->work);
    tally_arrays(tally, sample->label, size, added, din);
}

static void test_backward(void **state) {
    (void)state;
    struct tally tally = {"each operator's backward pass, 3 cotangents, anew and added", roundings(SUM), 0};
    for (int i = 0; i < OPERATORS; i++) {
        struct sample sample;
        const struct node *node = operator_create(&sample, operators[i].write, operators[i].shape, RATES_UNIFORM, 0);
        for (int s = 0; s < (node->kind == &join_operator ? 2 : 1); s++) check_backward(&sample, node, s, &tally);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* ---- the share of the kernel ---- */

enum { A = 3, B = 2 };

/* Rows of J R^(1/2) by vjp_parameters, one example and cotangent at a time. */
static real *jacobian(struct sample *sample, const struct node *node, const struct operator_side *side, int64_t count) {
    const struct network *network = sample->network;
    int64_t size = network->theta;
    real *rows = sample_take(sample, side->n * count * size);
    for (int64_t row = 0; row < side->n * count; row++) {
        const real *const in[SOURCES] = {side->in + row / count * shape_size(node->in), NULL};
        node->kind->vjp_parameters(node, 1, in, side->w + row * shape_size(node->out), 1, rows + row * size,
                                   sample->work);
        for (int t = 0; t < network->tensors; t++)
            for (int64_t i = 0; network->tensor[t].active && i < network->tensor[t].size; i++)
                rows[row * size + network->tensor[t].offset + i] /= (real)sqrt((double)network->tensor[t].rate);
    }
    return rows;
}

static void add_products(int64_t a, int64_t b, int64_t size, const real *left, const real *right, real *ntk) {
    la_gemm(LA_PLAIN, LA_TRANSPOSED, a, b, size, 1, left, size, right, size, 1, ntk, b);
}

/* By slices of channels that do not divide them. */
static void add_by_gradients(struct sample *sample, const struct node *node, const struct operator_side side[2],
                             int64_t count, int64_t slice, real *ntk) {
    for (int64_t from = 0, to; from < node->out.channels; from = to) {
        to = from + slice < node->out.channels ? from + slice : node->out.channels;
        int64_t size = node->kind->gradient_size(node) * (to - from);
        real *gradient[2];
        for (int i = 0; i < 2; i++) {
            gradient[i] = sample_take(sample, side[i].n * count * size);
            for (int64_t j = 0; j < side[i].n * count * size; j++) gradient[i][j] = (real)NAN;
            node->kind->gradients(node, count, &side[i], from, to, gradient[i], sample->work);
        }
        add_products(A * count, B * count, size, gradient[0], gradient[1], ntk);
    }
}

/* By pairs, into the left part of longer rows, with and without known inner products where the operator takes them. */
static void add_by_pairs(struct sample *sample, const struct node *node, const struct operator_side side[2],
                         int64_t count, int inner_is_known, real *ntk) {
    enum { LONGER = 5 };
    int64_t rows = A * count, columns = B * count, ld = columns + LONGER, size = shape_size(node->in);
    real *longer = sample_random(sample, 83, rows * ld), *before = sample_copy(sample, longer, rows * ld);
    real *scratch = sample_take(sample, node->kind->ntk_scratch(node, count, A, B)), inner[A * B] = {0};
    for (int64_t i = 0; i < rows; i++) memcpy(longer + i * ld, ntk + i * columns, (size_t)columns * sizeof *ntk);
    add_products(A, B, size, side[0].in, side[1].in, inner);
    node->kind->ntk(node, count, &side[0], &side[1], inner_is_known ? inner : NULL, B, scratch, longer, ld);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(ntk + i * columns, longer + i * ld, (size_t)columns * sizeof *ntk);
        for (int64_t j = columns; j < ld; j++) assert_true(longer[i * ld + j] == before[i * ld + j]);
    }
}

static void check_share(struct sample *sample, const struct node *node, int64_t count, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), size = A * count * B * count;
    const struct operator_side side[2] = {
        {A, sample_random(sample, 78, A * in), sample_random(sample, 79, A * count * out)},
        {B, sample_random(sample, 80, B * in), sample_random(sample, 81, B * count * out)}};
    real *begin = sample_random(sample, 82, size), *expected = sample_copy(sample, begin, size);
    add_products(A * count, B * count, sample->network->theta, jacobian(sample, node, &side[0], count),
                 jacobian(sample, node, &side[1], count), expected);
    for (int known = 0; known < (node->kind->head ? 2 : 1); known++) {
        real *ntk = sample_copy(sample, begin, size);
        add_by_pairs(sample, node, side, count, known, ntk);
        tally_arrays(tally, sample->label, size, ntk, expected);
    }
    for (int64_t slice = 3; node->kind->gradients && slice <= 48; slice *= 4) {
        real *ntk = sample_copy(sample, begin, size);
        add_by_gradients(sample, node, side, count, slice, ntk);
        tally_arrays(tally, sample->label, size, ntk, expected);
    }
}

static const struct {
    struct shape in;
    int64_t channels;
} images[] = {{{5, 5, 3}, 4}, {{6, 7, 2}, 5}, {{1, 1, 4}, 3}, {{7, 4, 16}, 17}, {{8, 9, 17}, 16}};
enum { IMAGES = sizeof images / sizeof images[0] };

static void check_shares(family *write, struct shape_of shape, struct tally *tally) {
    for (int rates = RATES_UNIFORM; rates <= RATES_MATCHED; rates++)
        for (int bias = 0; bias < 2; bias++)
            for (int64_t count = 1; count <= COUNT; count += 2) {
                struct sample sample;
                const struct node *node = operator_create(&sample, write, shape, (enum rates)rates, bias ? 0.3 : 0);
                check_share(&sample, node, count, tally);
                sample_free(&sample);
            }
}

static void test_shares(void **state) {
    (void)state;
    struct tally tally = {"kernel by gradients = by pairs = J J'", roundings(2 * PASS), 0};
    for (int i = 0; i < IMAGES; i++) {
        check_shares(write_dense, (struct shape_of){"dense", images[i].in, images[i].channels, 0, 0}, &tally);
        for (int64_t size = 1; size <= 5; size += 2)
            for (int64_t stride = 1; stride <= 2; stride++)
                check_shares(write_convolution,
                             (struct shape_of){"convolution", images[i].in, images[i].channels, size, stride}, &tally);
    }
    tally_end(&tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_backward),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
