/* Every way of filtering against plain loops in double: odd images, odd channels, every scale and beta, slices of output channels.
 * Errors are relative to the largest entry. */
#include "sample.h"

#include <stdlib.h>

#include "filtering.h"
#include "machine.h"

enum { MOST = 1 << 20, GUARD = 64 };

static const struct {
    const struct filtering_way *way;
    int64_t size, stride;
} ways[] = {
    {&filtering_winograd, 3, 1}, {&filtering_patches, 1, 1}, {&filtering_patches, 1, 2}, {&filtering_patches, 3, 1},
    {&filtering_patches, 3, 2},  {&filtering_patches, 5, 1}, {&filtering_patches, 5, 2},
};

/* The last three: several groups of tiles, of few, of many, and of many for wide products. */
static const struct {
    int64_t rows, columns, in, out, n, count;
} images[] = {{1, 1, 1, 1, 1, 1},    {1, 2, 3, 5, 5, 2},     {2, 3, 16, 17, 3, 1},
              {5, 5, 17, 16, 2, 3},  {7, 6, 37, 3, 3, 2},    {9, 9, 5, 37, 1, 5},
              {9, 33, 64, 48, 4, 1}, {33, 32, 16, 17, 5, 1}, {3, 2, 150, 144, 1, 1}};

enum { WAYS = sizeof ways / sizeof *ways, IMAGES = sizeof images / sizeof *images };

struct sizes {
    int64_t x, y, filter; /* reals of an image, of an output, of a filter */
};

struct trial {
    struct filtering f;
    const struct filtering_way *way;
    int64_t n, count;
    struct sizes size;
    char label[128];
};

static struct trial trial_of(int way, int image) {
    int64_t stride = ways[way].stride, rows = images[image].rows, columns = images[image].columns;
    struct trial t = {.way = ways[way].way, .n = images[image].n, .count = images[image].count};
    t.f = (struct filtering){rows,
                             columns,
                             images[image].in,
                             (rows + stride - 1) / stride,
                             (columns + stride - 1) / stride,
                             images[image].out,
                             ways[way].size,
                             stride,
                             ways[way].way};
    t.size = (struct sizes){rows * columns * t.f.in, t.f.out_rows * t.f.out_columns * t.f.out,
                            t.f.size * t.f.size * t.f.in * t.f.out};
    snprintf(t.label, sizeof t.label, "%s, filter %d by %d, image %d", t.way->name, (int)t.f.size, (int)stride, image);
    return t;
}

/* ---- the definition ---- */

/* What one pixel under one tap does: x [in], g [in, out], y [out]. */
typedef void term(const struct filtering *f, double *x, double *g, double *y);

static void forward_term(const struct filtering *f, double *x, double *g, double *y) {
    for (int64_t c = 0; c < f->in; c++)
        for (int64_t o = 0; o < f->out; o++) y[o] += x[c] * g[c * f->out + o];
}

static void input_term(const struct filtering *f, double *x, double *g, double *y) {
    for (int64_t c = 0; c < f->in; c++)
        for (int64_t o = 0; o < f->out; o++) x[c] += g[c * f->out + o] * y[o];
}

static void filter_term(const struct filtering *f, double *x, double *g, double *y) {
    for (int64_t c = 0; c < f->in; c++)
        for (int64_t o = 0; o < f->out; o++) g[c * f->out + o] += x[c] * y[o];
}

/* All terms of one image. */
static void for_terms(const struct filtering *f, double *x, double *g, double *y, term *call) {
    for (int64_t p = 0; p < f->out_rows * f->out_columns; p++)
        for (int64_t tap = 0; tap < f->size * f->size; tap++) {
            int64_t row = p / f->out_columns * f->stride + tap / f->size - (f->size - 1) / 2;
            int64_t column = p % f->out_columns * f->stride + tap % f->size - (f->size - 1) / 2;
            if (row < 0 || row >= f->rows || column < 0 || column >= f->columns) continue;
            call(f, x + (row * f->columns + column) * f->in, g + tap * f->in * f->out, y + p * f->out);
        }
}

/* ---- arrays ---- */

static real x[MOST], y[MOST], filter[MOST], result[MOST], wanted[MOST];
static double x_plain[MOST], y_plain[MOST], filter_plain[MOST];
static real bias[256];

/* The same numbers in both arrays. */
static void fill_both(uint64_t stream, int64_t count, real *out, double *plain) {
    assert_true(count <= MOST);
    random_normal(2385, RANDOM_TEST, stream, 0, count, plain);
    for (int64_t i = 0; i < count; i++) plain[i] = (double)(out[i] = (real)plain[i]);
}

static void fill(int64_t count, real value, real *out) {
    for (int64_t i = 0; i < count; i++) out[i] = value;
}

static void zero(int64_t count, double *plain) { memset(plain, 0, (size_t)count * sizeof *plain); }

/* Scratch full of NaN, with a guard behind. */
static real *work_create(const struct trial *t) {
    int64_t count = t->way->work(&t->f);
    real *work = aligned_alloc(64, (size_t)(count + 2 * GUARD) / GUARD * GUARD * sizeof *work);
    assert_non_null(work);
    fill(count, (real)NAN, work);
    fill(GUARD, (real)0.37, work + count);
    return work;
}

static void work_free(const struct trial *t, real *work) {
    const real *guard = work + t->way->work(&t->f);
    for (int64_t i = 0; i < GUARD; i++) assert_true(guard[i] == (real)0.37);
    free(work);
}

/* ---- the faces ---- */

static const double scale = 2.385, bias_scale = 0.71, betas[] = {0, 1, -0.37};
enum { BETAS = 3 };

/* Starts `result` (NaN where beta is 0) and sets wanted = scale plain + beta result. */
static void expect(int64_t count, const double *plain, double beta) {
    for (int64_t i = 0; i < count; i++) {
        result[i] = (real)(beta == 0 ? (double)NAN : (double)(i % 17) - 8.3);
        wanted[i] = (real)(scale * plain[i] + (beta == 0 ? 0 : beta * (double)result[i]));
    }
}

static void check_forward(const struct trial *t, struct tally *tally) {
    int64_t count = t->n * t->size.y;
    fill_both(1, t->n * t->size.x, x, x_plain);
    fill_both(2, t->size.filter, filter, filter_plain);
    zero(count, y_plain);
    for (int64_t i = 0; i < t->n; i++)
        for_terms(&t->f, x_plain + i * t->size.x, filter_plain, y_plain + i * t->size.y, forward_term);
    for (int64_t o = 0; o < t->f.out; o++) bias[o] = (real)(o % 5) - (real)1.9;
    for (int b = 0; b < 2 * BETAS; b++) {
        real *work = work_create(t);
        expect(count, y_plain, betas[b / 2]);
        for (int64_t i = 0; b % 2 && i < count; i++) wanted[i] += (real)bias_scale * bias[i % t->f.out];
        const struct filtering_weights weights = {(real)scale, filter, (real)bias_scale, b % 2 ? bias : NULL};
        t->way->forward(&t->f, t->n, &weights, x, (real)betas[b / 2], result, work);
        tally_arrays(tally, t->label, count, result, wanted);
        work_free(t, work);
    }
}

static void check_input(const struct trial *t, struct tally *tally) {
    int64_t count = t->n * t->size.x;
    fill_both(3, t->n * t->size.y, y, y_plain);
    fill_both(2, t->size.filter, filter, filter_plain);
    zero(count, x_plain);
    for (int64_t i = 0; i < t->n; i++)
        for_terms(&t->f, x_plain + i * t->size.x, filter_plain, y_plain + i * t->size.y, input_term);
    for (int b = 0; b < BETAS; b++) {
        real *work = work_create(t);
        expect(count, x_plain, betas[b]);
        const struct filtering_weights weights = {(real)scale, filter, 0, NULL};
        t->way->input(&t->f, t->n, &weights, y, (real)betas[b], result, work);
        tally_arrays(tally, t->label, count, result, wanted);
        work_free(t, work);
    }
}

static void check_filter(const struct trial *t, struct tally *tally) {
    fill_both(1, t->n * t->size.x, x, x_plain);
    fill_both(3, t->n * t->size.y, y, y_plain);
    zero(t->size.filter, filter_plain);
    for (int64_t i = 0; i < t->n; i++)
        for_terms(&t->f, x_plain + i * t->size.x, filter_plain, y_plain + i * t->size.y, filter_term);
    real *work = work_create(t);
    expect(t->size.filter, filter_plain, 1);
    t->way->filter(&t->f, t->n, (real)scale, x, y, result, work);
    tally_arrays(tally, t->label, t->size.filter, result, wanted);
    work_free(t, work);
}

/* Row by row: filter_plain is one cotangent's gradient. What lies between rows stays as it is. */
static void check_slice(const struct trial *t, int64_t from, int64_t to, struct tally *tally) {
    enum { GAP = 3 };
    int64_t channels = to - from, rows = t->size.filter / t->f.out, ld = rows * channels + GAP;
    real *work = work_create(t);
    fill(t->n * t->count * ld, (real)0.37, result);
    const struct filtering_each each = {t->n, t->count, from, to, ld, false};
    t->way->filter_each(&t->f, &each, (real)scale, x, y, result, work);
    work_free(t, work);
    for (int64_t i = 0; i < t->n * t->count; i++) {
        zero(t->size.filter, filter_plain);
        for_terms(&t->f, x_plain + i / t->count * t->size.x, filter_plain, y_plain + i * t->size.y, filter_term);
        for (int64_t j = 0; j < rows * channels; j++)
            wanted[j] = (real)(scale * filter_plain[j / channels * t->f.out + from + j % channels]);
        tally_arrays(tally, t->label, rows * channels, result + i * ld, wanted);
        for (int64_t j = rows * channels; j < ld; j++) assert_true(result[i * ld + j] == (real)0.37);
    }
}

static void check_filter_each(const struct trial *t, struct tally *tally) {
    fill_both(1, t->n * t->size.x, x, x_plain);
    fill_both(3, t->n * t->count * t->size.y, y, y_plain);
    check_slice(t, 0, t->f.out, tally);
    check_slice(t, t->f.out / 3, t->f.out / 2 + 1, tally);
}

/* Sums over all positions of all images, twice: in the sum, and in the transforms of minimal filtering, which cancel. */
enum { LIMIT = 4 * SUM };

static void for_trials(const char *what, double limit, void (*check)(const struct trial *t, struct tally *tally)) {
    struct tally tally = {what, limit, 0};
    la_set_threads(1);
    for (int way = 0; way < WAYS; way++)
        for (int image = 0; image < IMAGES; image++) {
            struct trial t = trial_of(way, image);
            check(&t, &tally);
        }
    tally_end(&tally);
}

static void test_forward(void **state) {
    (void)state;
    for_trials("filtering forward = nested loops", roundings(LIMIT), check_forward);
}

static void test_input(void **state) {
    (void)state;
    for_trials("filtering's gradient of the input = nested loops", roundings(LIMIT), check_input);
}

static void test_filter(void **state) {
    (void)state;
    for_trials("filtering's gradient of the filter = nested loops", roundings(LIMIT), check_filter);
}

static void test_filter_each(void **state) {
    (void)state;
    for_trials("its gradients by example, in slices = nested loops", roundings(LIMIT), check_filter_each);
}

/* Small pieces onto a large gradient, as where a step changes the weights in place: added once, not group by group. */
static void check_small(const struct trial *t, struct tally *tally) {
    const real small = REAL_EPSILON / 8;
    fill_both(1, t->n * t->size.x, x, x_plain);
    fill_both(3, t->n * t->size.y, y, y_plain);
    real *work = work_create(t);
    fill(t->size.filter, 0, wanted);
    fill(t->size.filter, 1, result);
    t->way->filter(&t->f, t->n, small, x, y, wanted, work);
    t->way->filter(&t->f, t->n, small, x, y, result, work);
    for (int64_t i = 0; i < t->size.filter; i++) wanted[i] += 1;
    tally_arrays(tally, t->label, t->size.filter, result, wanted);
    work_free(t, work);
}

static void test_small(void **state) {
    (void)state;
    for_trials("a small gradient of the filter is added once", roundings(1), check_small);
}

/* Both ways on the same images. */
static void check_ways(const struct trial *t, struct tally *tally) {
    if (t->f.size != 3 || t->f.stride != 1) return;
    struct trial other = *t;
    other.way = t->way == &filtering_winograd ? &filtering_patches : &filtering_winograd;
    fill_both(1, t->n * t->size.x, x, x_plain);
    fill_both(2, t->size.filter, filter, filter_plain);
    real *work = work_create(t), *other_work = work_create(&other);
    const struct filtering_weights weights = {(real)scale, filter, 0, NULL};
    t->way->forward(&t->f, t->n, &weights, x, 0, wanted, work);
    other.way->forward(&t->f, t->n, &weights, x, 0, result, other_work);
    tally_arrays(tally, t->label, t->n * t->size.y, result, wanted);
    work_free(t, work);
    work_free(&other, other_work);
}

static void test_ways(void **state) {
    (void)state;
    for_trials("minimal filtering = filtering by patches", roundings(LIMIT), check_ways);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forward), cmocka_unit_test(test_input),
                                       cmocka_unit_test(test_filter),  cmocka_unit_test(test_filter_each),
                                       cmocka_unit_test(test_small),   cmocka_unit_test(test_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
