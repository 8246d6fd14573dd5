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
static void write_closed_alone(struct builder *builder, int64_t outputs) {
    (void)outputs;
    const struct closed closed = {(int)now.size, (int)now.stride, 0.9};
    build_closed(builder, &closed);
}
static void write_prelu(struct builder *builder, int64_t outputs) {
    (void)outputs;
    const struct config *own = builder->config;
    struct config config = *own;
    config.network.activation = ACTIVATION_PRELU;
    builder->config = &config;
    build_activation(builder);
    builder->config = own;
}
static void write_sum(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_sum(builder, builder->at, now.size == 0 ? 1 : -0.37);
}

static void write_components(struct builder *builder, int64_t outputs) {
    (void)outputs;
    build_components(builder, now.channels, 0);
}

static struct node node_with(const struct node *node, bool is_added, int second) {
    struct node copy = *node;
    copy.is_added[0] = copy.is_added[1] = is_added;
    copy.source[1] = second;
    return copy;
}

/* Values as the faces of the node see them: its first source, its own, its second source. */
enum { FIRST, OWN, SECOND, PLACES };

/* The first node, which reads two values apart if it reads any two. */
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
    struct node *node = &sample->network->node[0];
    if (node->source[1] != NONE) *node = node_with(node, false, SECOND);
    return node;
}

static struct pass pass_at(const struct sample *sample, int64_t n, int64_t count, real *const value[PLACES]) {
    return (struct pass){.network = sample->network,
                         .theta = sample->theta,
                         .value = value,
                         .n = n,
                         .count = count,
                         .work = sample->work};
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
    {write_prelu, {"prelu", {13, 5, 19}, 0, 0, 0}},
    {write_closed_alone, {"closed", {1, 1, 1}, 0, EXAMPLE_1, READING_STATE}},
    {write_closed_alone, {"closed", {1, 1, 1}, 0, EXAMPLE_2, READING_STATE}},
    {write_closed_alone, {"closed", {1, 1, 1}, 0, EXAMPLE_3, READING_STATE}},
    {write_sum, {"sum", {3, 5, 7}, 0, 0, 0}},
    {write_sum, {"sum with a coefficient", {3, 5, 7}, 0, 1, 0}},
    {write_components, {"components, fewer", {1, 1, 7}, 3, 0, 0}},
    {write_components, {"components, more", {1, 1, 7}, 10, 0, 0}},
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
static void check_values(struct sample *sample, const struct node *node, real *const x[PLACES], const real *expected,
                         struct tally *tally) {
    int64_t size = EXAMPLES * shape_size(node->out);
    real *const nothing[PLACES] = {NULL};
    real *y = sample_take(sample, size), *zero = sample_take(sample, size);
    const struct pass pass = pass_at(sample, EXAMPLES, 1, x);
    node->kind->forward(node, &pass, y);
    tally_arrays(tally, sample->label, size, y, expected);
    for (int64_t i = 0; i < size; i++) y[i] = (real)NAN;
    node->kind->jvp(node, &pass, sample->theta, x, y);
    tally_arrays(tally, sample->label, size, y, expected);
    node->kind->jvp(node, &pass, sample->theta, nothing, y);
    tally_arrays(tally, sample->label, size, y, zero);
}

static void check_forward(struct sample *sample, const struct node *node, struct tally *tally) {
    int64_t in = EXAMPLES * shape_size(node->in), out = EXAMPLES * shape_size(node->out);
    real *const x[PLACES] = {[FIRST] = sample_random(sample, 71, in), [SECOND] = sample_random(sample, 72, in)};
    real *expected = sample_take(sample, out), factor = now.size == 0 ? 1 : (real)-0.37;
    for (int64_t at = 0; at < out; at++) {
        int64_t c = at % node->out.channels, pixel = at / node->out.channels, row = pixel / node->out.columns;
        if (node->kind == &pooling_operator)
            expected[at] = (real)pooled_by_loops(node, x[FIRST], row / node->out.rows, row % node->out.rows,
                                                 pixel % node->out.columns, c);
        else if (node->kind == &components_operator)
            expected[at] = c < node->in.channels ? x[FIRST][pixel * node->in.channels + c] : 0;
        else
            expected[at] = x[FIRST][at] + (node->kind == &sum_operator ? factor * x[SECOND][at] : 0);
    }
    check_values(sample, node, x, expected, tally);
}

static void test_forward(void **state) {
    (void)state;
    struct tally tally = {"pooling, flatten, sum, components = loops", roundings(4), 0};
    for (int i = 0; i < OPERATORS; i++) {
        struct sample sample;
        const struct node *node = operator_create(&sample, operators[i].write, operators[i].shape, RATES_UNIFORM, 0);
        bool is_linear = node->kind != &activation_operator && node->kind != &closed_operator;
        if (node->layer == NONE && is_linear) check_forward(&sample, node, &tally);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* ---- backward, several cotangents an example ---- */

/* <w_ic, dO/din_s dx_i> = <(dO/din_s)' w_ic, dx_i> for each example i and cotangent c, w [EXAMPLES COUNT, size(out)] */
static void check_adjoint(struct sample *sample, const struct node *node, int s, real *const value[PLACES],
                          const real *w, const real *din, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out);
    real *moves[PLACES] = {NULL}, *dx = sample_random(sample, 75, EXAMPLES * in);
    moves[s == 0 ? FIRST : SECOND] = dx;
    real *dout = sample_take(sample, EXAMPLES * out), *zero = sample_take(sample, sample->network->theta);
    const struct pass pass = pass_at(sample, EXAMPLES, 1, value);
    node->kind->jvp(node, &pass, zero, moves, dout);
    for (int64_t row = 0; row < EXAMPLES * COUNT; row++) {
        const real *w_row = w + row * out, *dy = dout + row / COUNT * out;
        double forward = la_dot(out, w_row, dy), backward = la_dot(in, din + row * in, dx + row / COUNT * in);
        tally_error(tally, sample->label,
                    fabs(forward - backward) / sqrt(la_dot(out, w_row, w_row) * la_dot(out, dy, dy)));
    }
}

/* Anew over what was there, in place where the operator may, and added. */
static void check_backward(struct sample *sample, const struct node *node, int s, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), size = EXAMPLES * COUNT * in;
    real *value[PLACES] = {sample_random(sample, 73, EXAMPLES * in), sample_take(sample, EXAMPLES * out),
                           sample_random(sample, 74, EXAMPLES * in)};
    const real *w = sample_random(sample, 76, EXAMPLES * COUNT * out);
    const struct pass pass = pass_at(sample, EXAMPLES, COUNT, value);
    node->kind->forward(node, &pass, value[OWN]);
    real *din = sample_take(sample, size), *added = sample_random(sample, 77, size);
    for (int64_t i = 0; i < size; i++) din[i] = (real)NAN;
    node->kind->vjp(node, &pass, s, w, din);
    check_adjoint(sample, node, s, value, w, din, tally);
    if (node->kind->in_place) {
        real *place = sample_copy(sample, w, size);
        node->kind->vjp(node, &pass, s, place, place);
        tally_arrays(tally, sample->label, size, place, din);
    }
    la_axpy(size, 1, added, din);
    const struct node adds = node_with(node, true, node->source[1]);
    node->kind->vjp(&adds, &pass, s, w, added);
    tally_arrays(tally, sample->label, size, added, din);
}

static void test_backward(void **state) {
    (void)state;
    struct tally tally = {"each operator's backward pass, 3 cotangents, anew and added", roundings(SUM), 0};
    for (int i = 0; i < OPERATORS; i++) {
        struct sample sample;
        const struct node *node = operator_create(&sample, operators[i].write, operators[i].shape, RATES_UNIFORM, 0);
        for (int s = 0; s < (node->kind == &sum_operator ? 2 : 1); s++) check_backward(&sample, node, s, &tally);
        sample_free(&sample);
    }
    tally_end(&tally);
}

/* ---- the share of the kernel ---- */

enum { A = 3, B = 2 };

/* Rows of J R^(1/2) by share.gradient, one example and cotangent at a time. */
static real *jacobian(struct sample *sample, const struct side *side) {
    const struct network *network = sample->network;
    const struct node *node = side->node;
    int64_t size = network->theta;
    real *rows = sample_take(sample, side->n * side->count * size);
    for (int64_t row = 0; row < side->n * side->count; row++) {
        real *const value[PLACES] = {(real *)side->in + row / side->count * shape_size(node->in)};
        const struct pass pass = pass_at(sample, 1, 1, value);
        node->kind->share->gradient(node, &pass, side->w + row * shape_size(node->out), 1, rows + row * size);
        for (int t = 0; t < network->tensors; t++)
            for (int64_t i = 0; network->tensor[t].is_active && i < network->tensor[t].size; i++)
                rows[row * size + network->tensor[t].offset + i] /= (real)sqrt((double)network->tensor[t].rate);
    }
    return rows;
}

static void add_products(int64_t a, int64_t b, int64_t size, const real *left, const real *right, real *ntk) {
    la_gemm(LA_PLAIN, LA_TRANSPOSED, a, b, size, 1, left, size, right, size, 1, ntk, b);
}

/* Added to itself it is twice itself, to the roundings of the sums in an entry. */
static void check_added(struct sample *sample, const struct side *side, int64_t from, int64_t to, int64_t numbers,
                        const real *gradient) {
    size_t mark = arena_mark(&sample->arena);
    real *twice = sample_copy(sample, gradient, numbers), largest = la_largest(numbers, gradient);
    side->node->kind->share->each(side, true, from, to, twice, sample->work);
    la_axpy(numbers, -2, gradient, twice);
    assert_true(la_largest(numbers, twice) <= 100 * REAL_EPSILON * largest);
    arena_release(&sample->arena, mark);
}

/* By slices of channels that do not divide them. */
static void add_by_gradients(struct sample *sample, const struct side side[2], int64_t slice, real *ntk) {
    const struct node *node = side[0].node;
    const struct share *share = node->kind->share;
    const int64_t channels = share->is_whole ? 1 : node->out.channels;
    for (int64_t from = 0, to; from < channels; from = to) {
        to = from + slice < channels ? from + slice : channels;
        int64_t size = share->each_size(sample->network, node) * (to - from);
        size_t mark = arena_mark(&sample->arena);
        real *gradient[2];
        for (int i = 0; i < 2; i++) {
            int64_t numbers = side[i].n * side[i].count * size;
            gradient[i] = sample_take(sample, numbers);
            for (int64_t j = 0; j < numbers; j++) gradient[i][j] = (real)NAN;
            share->each(&side[i], false, from, to, gradient[i], sample->work);
            check_added(sample, &side[i], from, to, numbers, gradient[i]);
        }
        add_products(side[0].n * side[0].count, side[1].n * side[1].count, size, gradient[0], gradient[1], ntk);
        arena_release(&sample->arena, mark);
    }
}

/* By pairs, into the left part of longer rows, with and without known inner products where the operator takes them. */
static void add_by_pairs(struct sample *sample, const struct side side[2], bool inner_is_known, real *ntk) {
    enum { LONGER = 5 };
    const struct share *share = side[0].node->kind->share;
    int64_t rows = A * side[0].count, columns = B * side[0].count, ld = columns + LONGER;
    real *longer = sample_random(sample, 83, rows * ld), *before = sample_copy(sample, longer, rows * ld);
    real *scratch = sample_take(sample, share->pairs_scratch(&side[0], &side[1])), inner[A * B] = {0};
    for (int64_t i = 0; i < rows; i++) memcpy(longer + i * ld, ntk + i * columns, (size_t)columns * sizeof *ntk);
    add_products(A, B, shape_size(side[0].node->in), side[0].in, side[1].in, inner);
    share->pairs(&side[0], &side[1], inner_is_known ? inner : NULL, B, scratch, longer, ld);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(ntk + i * columns, longer + i * ld, (size_t)columns * sizeof *ntk);
        for (int64_t j = columns; j < ld; j++) assert_true(longer[i * ld + j] == before[i * ld + j]);
    }
}

static void check_share(struct sample *sample, const struct node *node, int64_t count, struct tally *tally) {
    int64_t in = shape_size(node->in), out = shape_size(node->out), size = A * count * B * count;
    const struct side side[2] = {{sample->network, node, A, count, sample_random(sample, 78, A * in),
                                  sample_random(sample, 79, A * count * out), sample->theta},
                                 {sample->network, node, B, count, sample_random(sample, 80, B * in),
                                  sample_random(sample, 81, B * count * out), sample->theta}};
    real *begin = sample_random(sample, 82, size), *expected = sample_copy(sample, begin, size);
    add_products(A * count, B * count, sample->network->theta, jacobian(sample, &side[0]), jacobian(sample, &side[1]),
                 expected);
    int ways = !node->kind->share->pairs ? 0 : node->kind->share->weigh ? 2 : 1;
    for (int known = 0; known < ways; known++) {
        real *ntk = sample_copy(sample, begin, size);
        add_by_pairs(sample, side, known, ntk);
        tally_arrays(tally, sample->label, size, ntk, expected);
    }
    for (int64_t slice = 3; slice <= 48; slice *= 4) {
        real *ntk = sample_copy(sample, begin, size);
        add_by_gradients(sample, side, slice, ntk);
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
    for (int example = EXAMPLE_1; example <= EXAMPLE_2; example++)
        for (int reading = READING_INPUT; reading <= READING_STATE; reading++)
            check_shares(write_closed_alone, (struct shape_of){"closed", {1, 1, 1}, 0, example, reading}, &tally);
    for (int i = 0; i < IMAGES; i++) {
        check_shares(write_prelu, (struct shape_of){"prelu", images[i].in, 0, 0, 0}, &tally);
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
