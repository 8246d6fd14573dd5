/* Networks on images against what they must equal: the same networks by nested loops, dense layers, shifted images. */
#include "sample.h"

#include "matrix.h"

/* ---- by nested loops, in double, one image at a time, with the derivative along dtheta and dx ---- */

struct picture {
    struct shape shape;
    double *value, *tangent;
};

struct loops {
    struct sample *sample;
    const real *theta, *dtheta; /* of the layer that comes next */
};

static struct picture picture_take(struct loops *loops, int64_t rows, int64_t columns, int64_t channels) {
    struct arena *arena = &loops->sample->arena;
    int64_t size = rows * columns * channels;
    struct picture picture = {
        {rows, columns, channels}, ARENA_TAKE(arena, size, double), ARENA_TAKE(arena, size, double)};
    memset(picture.value, 0, (size_t)size * sizeof(double));
    memset(picture.tangent, 0, (size_t)size * sizeof(double));
    return picture;
}

/* y += s x filter at one output pixel; its window's upper left corner lies at (top, left), perhaps outside. */
static void add_window(const struct loops *loops, struct picture x, int64_t size, int64_t top, int64_t left, double s,
                       int64_t channels, double *y, double *dy) {
    for (int64_t u = 0; u < size; u++)
        for (int64_t v = 0; v < size; v++) {
            int64_t row = top + u, column = left + v, in = x.shape.channels;
            if (row < 0 || row >= x.shape.rows || column < 0 || column >= x.shape.columns) continue;
            for (int64_t i = 0; i < in * channels; i++) {
                int64_t at = (row * x.shape.columns + column) * in + i / channels,
                        w = (u * size + v) * in * channels + i;
                y[i % channels] += s * (double)loops->theta[w] * x.value[at];
                dy[i % channels] +=
                    s * ((double)loops->theta[w] * x.tangent[at] + (double)loops->dtheta[w] * x.value[at]);
            }
        }
}

static struct picture convolve(struct loops *loops, struct picture x, int64_t size, int64_t stride, int64_t channels) {
    const struct recipe *recipe = &loops->sample->recipe;
    int64_t in = x.shape.channels, weights = size * size * in * channels, reach = (size - 1) / 2;
    int ntk = recipe->parameterization == PARAMETERIZATION_NTK;
    double s_w = ntk ? sqrt(recipe->sigma_w2 / (double)(size * size * in)) : 1;
    double s_b = ntk || recipe->sigma_b2 == 0 ? sqrt(recipe->sigma_b2) : 1;
    struct picture y =
        picture_take(loops, (x.shape.rows + stride - 1) / stride, (x.shape.columns + stride - 1) / stride, channels);
    for (int64_t p = 0; p < y.shape.rows * y.shape.columns; p++) {
        int64_t top = p / y.shape.columns * stride - reach, left = p % y.shape.columns * stride - reach;
        for (int64_t o = 0; o < channels; o++) {
            y.value[p * channels + o] = s_b * (double)loops->theta[weights + o];
            y.tangent[p * channels + o] = s_b * (double)loops->dtheta[weights + o];
        }
        add_window(loops, x, size, top, left, s_w, channels, y.value + p * channels, y.tangent + p * channels);
    }
    loops->theta += weights + channels;
    loops->dtheta += weights + channels;
    return y;
}

static struct picture activate(struct loops *loops, struct picture x) {
    struct picture y = picture_take(loops, x.shape.rows, x.shape.columns, x.shape.channels);
    for (int64_t i = 0; i < shape_size(x.shape); i++) {
        double h = x.value[i], value = h, slope = 1, moves = 0;
        switch (loops->sample->recipe.activation) {
        case ACTIVATION_RELU:
            value = h > 0 ? h : 0, slope = h > 0;
            break;
        case ACTIVATION_ERF:
            value = erf(h), slope = M_2_SQRTPI * exp(-h * h);
            break;
        case ACTIVATION_TANH:
            value = tanh(h), slope = 1 - value * value;
            break;
        case ACTIVATION_LEAKY_RELU:
            slope = h > 0 ? 1 : sample_slope, value = slope * h;
            break;
        case ACTIVATION_PRELU:
            slope = h > 0 ? 1 : (double)*loops->theta, value = slope * h;
            moves = h > 0 ? 0 : (double)*loops->dtheta * h;
            break;
        case ACTIVATION_COS:
            value = cos(h), slope = -sin(h);
            break;
        default: /* identity */
            break;
        }
        y.value[i] = value;
        y.tangent[i] = slope * x.tangent[i] + moves;
    }
    int slopes = loops->sample->recipe.activation == ACTIVATION_PRELU;
    loops->theta += slopes;
    loops->dtheta += slopes;
    return y;
}

static struct picture add(struct picture x, struct picture y) {
    for (int64_t i = 0; i < shape_size(x.shape); i++) {
        y.value[i] += x.value[i];
        y.tangent[i] += x.tangent[i];
    }
    return y;
}

static struct picture average(struct loops *loops, struct picture x) {
    int64_t pixels = x.shape.rows * x.shape.columns, channels = x.shape.channels;
    struct picture y = picture_take(loops, 1, 1, channels);
    for (int64_t i = 0; i < pixels * channels; i++) {
        y.value[i % channels] += x.value[i] / (double)pixels;
        y.tangent[i % channels] += x.tangent[i] / (double)pixels;
    }
    return y;
}

static struct picture flatten(struct picture x) {
    x.shape = (struct shape){1, 1, shape_size(x.shape)};
    return x;
}

static struct picture conv_by_loops(struct loops *loops, struct picture x) {
    const struct recipe *recipe = &loops->sample->recipe;
    for (int64_t layer = 0; layer < recipe->depth; layer++)
        x = activate(loops, convolve(loops, x, recipe->kernel_size, 1, recipe->width));
    x = recipe->pooling == POOLING_GLOBAL ? average(loops, x) : flatten(x);
    return convolve(loops, x, 1, 1, recipe->outputs);
}

static struct picture wrn_by_loops(struct loops *loops, struct picture x) {
    const struct recipe *recipe = &loops->sample->recipe;
    x = convolve(loops, x, 3, 1, recipe->width);
    for (int block = 0; block < 3 * recipe->blocks; block++) {
        int64_t stride = block > 0 && block % recipe->blocks == 0 ? 2 : 1;
        struct picture y = convolve(loops, activate(loops, x), 3, stride, recipe->width);
        y = convolve(loops, activate(loops, y), 3, 1, recipe->width);
        x = add(stride > 1 ? convolve(loops, x, 1, 2, recipe->width) : x, y);
    }
    return convolve(loops, average(loops, x), 1, 1, recipe->outputs);
}

/* f and its derivative of one point. */
static struct picture by_loops(struct sample *sample, const real *dtheta, const real *x, const real *dx) {
    struct loops loops = {sample, sample->theta, dtheta};
    struct shape image = sample->recipe.image;
    struct picture picture = picture_take(&loops, image.rows, image.columns, image.channels);
    la_to_double(shape_size(image), x, picture.value);
    la_to_double(shape_size(image), dx, picture.tangent);
    return sample->recipe.family == FAMILY_CONV ? conv_by_loops(&loops, picture) : wrn_by_loops(&loops, picture);
}

static void check_loops(struct sample *sample, struct tally *tally) {
    if (sample->recipe.write) return;
    int64_t n = sample->recipe.train, k = sample->recipe.outputs, size = sample->recipe.inputs;
    real *dtheta = sample_random(sample, 61, sample->network->theta), *dx = sample_random(sample, 62, n * size);
    struct tape tape = sample_forward(sample, 0, sample->theta, n, sample->x);
    real *f = sample_take(sample, n * k), *df = sample_take(sample, n * k);
    for (int64_t i = 0; i < n; i++) {
        size_t mark = arena_mark(&sample->arena);
        struct picture expected = by_loops(sample, dtheta, sample->x + i * size, dx + i * size);
        la_from_double(k, expected.value, f + i * k);
        la_from_double(k, expected.tangent, df + i * k);
        arena_release(&sample->arena, mark);
    }
    tally_arrays(tally, sample->label, n * k, tape_outputs(sample, &tape), f);
    tally_arrays(tally, sample->label, n * k, sample_jvp(sample, &tape, dtheta, dx), df);
}

static void test_loops(void **state) {
    (void)state;
    struct tally tally = {"f and J v = those of nested loops in double", roundings(2 * PASS), 0};
    for_image_samples(check_loops, &tally);
    tally_end(&tally);
}

/* ---- 1x1 filters on 1x1 images ---- */

/* The same numbers through convolutions: f, J v, J' w and kernels of an fc sample. */
static void check_dense(struct sample *dense, struct tally *tally) {
    struct recipe recipe = dense->recipe;
    recipe.family = FAMILY_CONV;
    recipe.kernel_size = 1;
    recipe.pooling = recipe.seed % 2 ? POOLING_FLATTEN : POOLING_GLOBAL;
    struct sample sample;
    sample_create(recipe, &sample);
    assert_int_equal(sample.network->theta, dense->network->theta);
    struct sample *both[] = {dense, &sample};
    const real *f[2], *jvp[2], *gradient[2];
    struct start start[2];
    int64_t rows = recipe.train * recipe.outputs, test_rows = recipe.test * recipe.outputs;
    for (int i = 0; i < 2; i++) {
        real *dx = sample_random(both[i], 63, recipe.train * recipe.inputs);
        struct tape tape = sample_forward(both[i], 0, dense->theta, recipe.train, dense->x);
        f[i] = tape_outputs(both[i], &tape);
        jvp[i] = sample_jvp(both[i], &tape, sample_random(both[i], 64, dense->network->theta), dx);
        gradient[i] = sample_gradient(both[i], &tape, sample_random(both[i], 65, rows));
        start[i] = sample_start(both[i]);
    }
    tally_arrays(tally, dense->label, rows, f[1], f[0]);
    tally_arrays(tally, dense->label, rows, jvp[1], jvp[0]);
    tally_arrays(tally, dense->label, dense->network->theta, gradient[1], gradient[0]);
    tally_arrays(tally, dense->label, rows * rows, start[1].train_train, start[0].train_train);
    tally_arrays(tally, dense->label, test_rows * rows, start[1].test_train, start[0].test_train);
    sample_free(&sample);
}

static void test_dense(void **state) {
    (void)state;
    struct tally tally = {"1x1 filters on 1x1 images = dense layers", roundings(PASS), 0};
    struct recipe recipe = small_recipe;
    for (recipe.seed = 0; recipe.seed < 2; recipe.seed++) for_fc_samples(recipe, check_dense, &tally);
    tally_end(&tally);
}

/* ---- shifts ---- */

enum { ROWS = 15, COLUMNS = 16, MARGIN = 5 };

/* An image of zeros but for its middle, moved by (down, right). */
static real *shifted(struct sample *sample, const real *middle, int64_t down, int64_t right) {
    int64_t channels = sample->recipe.image.channels;
    real *image = sample_take(sample, sample->recipe.inputs);
    for (int64_t row = MARGIN; row < ROWS - MARGIN; row++)
        for (int64_t column = MARGIN; column < COLUMNS - MARGIN; column++)
            for (int64_t c = 0; c < channels; c++)
                image[((row + down) * COLUMNS + column + right) * channels + c] =
                    middle[(row * COLUMNS + column) * channels + c];
    return image;
}

/* Two 3x3 layers see 2 pixels far; shifts of up to 2 keep what they see inside the image. */
static void check_shift(struct sample *sample, struct tally *tally) {
    const struct network *network = sample->network;
    int before = network->nodes - 2, after = network->nodes;
    int64_t channels = sample->recipe.width, size = network_value_size(network, before);
    struct tape tape = sample_forward(sample, 0, sample->theta, 1, shifted(sample, sample->x, 0, 0));
    for (int64_t down = -2; down <= 2; down++)
        for (int64_t right = -2; right <= 2; right++) {
            size_t mark = arena_mark(&sample->arena);
            struct tape moved = sample_forward(sample, 0, sample->theta, 1, shifted(sample, sample->x, down, right));
            real *expected = sample_take(sample, size);
            for (int64_t i = 0; i < size; i++) {
                int64_t row = i / channels / COLUMNS - down, column = i / channels % COLUMNS - right;
                if (row >= 0 && row < ROWS && column >= 0 && column < COLUMNS)
                    expected[i] = tape.value[before][(row * COLUMNS + column) * channels + i % channels];
            }
            tally_arrays(tally, sample->label, size, moved.value[before], expected);
            tally_arrays(tally, sample->label, sample->recipe.outputs, moved.value[after], tape.value[after]);
            arena_release(&sample->arena, mark);
        }
}

static void test_shift(void **state) {
    (void)state;
    struct tally tally = {"a shifted image shifts the outputs, not the pooled ones", roundings(PASS), 0};
    for (int64_t width = 5; width <= 17; width += 12)
        for (int activation = 0; activation < ACTIVATIONS; activation++) {
            struct recipe recipe = {.family = FAMILY_CONV,
                                    .activation = (enum activation_kind)activation,
                                    .depth = 2,
                                    .width = width,
                                    .kernel_size = 3,
                                    .image = {ROWS, COLUMNS, 3},
                                    .outputs = 3,
                                    .train = 1,
                                    .sigma_w2 = 1.7};
            bool keeps_zero = activation != ACTIVATION_COS; /* what lies outside of an image is 0 in every layer */
            if (keeps_zero) run_sample(recipe, check_shift, &tally);
        }
    tally_end(&tally);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_shift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
