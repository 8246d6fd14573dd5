/* Optimizers against their formulas written out in double, one step after the other; batches. */
#include "sample.h"

#include "batches.h"
#include "matrix.h"
#include "optimizer.h"

enum { N = 37, FROM = 5, STEPS = 30, PIECES = 3 };
#define CLIP 10.385 /* gradients begin with 11 */
static const double ETA = 0.0385, BETA = 0.85;

static const struct form {
    const char *name;
    struct descent descent;
    int varies; /* the share of eta */
} forms[] = {{"sgd", {.optimizer = OPTIMIZER_SGD}, 0},
             {"momentum", {.optimizer = OPTIMIZER_SGD, .momentum = (real)0.85}, 0},
             {"adam", {.optimizer = OPTIMIZER_ADAM}, 0},
             {"adam, shares", {.optimizer = OPTIMIZER_ADAM}, 1},
             {"sgd, clipped", {.optimizer = OPTIMIZER_SGD, .clip = (real)CLIP}, 1},
             {"momentum, clipped", {.optimizer = OPTIMIZER_SGD, .momentum = (real)0.85, .clip = (real)CLIP}, 1},
             {"adam, clipped", {.optimizer = OPTIMIZER_ADAM, .clip = (real)CLIP}, 1}};
enum { FORMS = sizeof forms / sizeof forms[0] };

/* The gradient at p of a bowl that has no symmetry, in one of its pieces. */
static double slope(int i, int piece, double p) { return (0.7 + 0.1 * i) * p / (1 + 0.2 * p * p) * (piece + 1) / 6; }
static double whole_slope(int i, double p) { return slope(i, 0, p) + slope(i, 1, p) + slope(i, 2, p); }

/* ---- written out ---- */

struct plain {
    double p[N], before[N], m[N], s[N], g[N];
    double eta;
    int clipped; /* steps whose gradient was */
};

static double share_of(const struct form *form, int step) { return form->varies ? 1 / (1.0 + step % 3) : 1; }

/* The gradient, as long as it may be. */
static void plain_gradient(const struct form *form, struct plain *at) {
    double squares = 0, most = (double)form->descent.clip;
    for (int i = FROM; i < N; i++) at->g[i] = whole_slope(i, at->p[i]);
    for (int i = FROM; i < N; i++) squares += at->g[i] * at->g[i];
    if (most == 0 || sqrt(squares) <= most) return;
    for (int i = FROM; i < N; i++) at->g[i] *= most / sqrt(squares);
    at->clipped++;
}

static void plain_sgd(struct plain *at, int step) {
    (void)step;
    for (int i = FROM; i < N; i++) at->p[i] -= at->eta * at->g[i];
}

/* p_{i+1} = p_i - eta g(p_i) + beta (p_i - p_{i-1}); Nesterov's takes g elsewhere. */
static void plain_heavy_ball(struct plain *at, int step) {
    for (int i = FROM; i < N; i++) {
        double p = at->p[i], moved = step > 1 ? p - at->before[i] : 0;
        at->p[i] = p - at->eta * at->g[i] + BETA * moved;
        at->before[i] = p;
    }
}

static void plain_adam(struct plain *at, int step) {
    for (int i = FROM; i < N; i++) {
        double g = at->g[i];
        at->m[i] = 0.9 * at->m[i] + 0.1 * g;
        at->s[i] = 0.999 * at->s[i] + 0.001 * g * g;
        double mean = at->m[i] / (1 - pow(0.9, step)), square = at->s[i] / (1 - pow(0.999, step));
        at->p[i] -= at->eta * mean / (sqrt(square) + 1e-8);
    }
}

static void plain_step(const struct form *form, struct plain *at, int step) {
    plain_gradient(form, at);
    at->eta = ETA * share_of(form, step);
    if (form->descent.optimizer == OPTIMIZER_ADAM)
        plain_adam(at, step);
    else
        (form->descent.momentum > 0 ? plain_heavy_ball : plain_sgd)(at, step);
}

/* ---- the optimizer on the same bowl ---- */

static void optimizer_step(struct optimizer *optimizer, int gathers, real *p) {
    real g[PIECES][N] = {0};
    for (int piece = 0; piece < PIECES; piece++)
        for (int i = FROM; i < N; i++) g[piece][i] = (real)slope(i, piece, (double)p[i]);
    real *target = optimizer_target(optimizer, p), alpha = optimizer_alpha(optimizer);
    for (int i = FROM; i < N; i++)
        for (int piece = 0; piece < PIECES; piece++) target[i] += alpha * g[piece][i];
    if (gathers) assert_true(target != p);
    optimizer_apply(optimizer, p);
}

static void check_form(int number, int gathers, struct arena *arena, struct tally *tally) {
    struct optimizer optimizer;
    struct plain plain = {0};
    double start[N];
    real p[N], expected[N];
    random_normal(2385, RANDOM_TEST, 7, 0, N, start);
    optimizer_create(&forms[number].descent, FROM, N, gathers, arena, &optimizer);
    assert_true(gathers || number > 0 || !optimizer.gathered);
    const struct form *form = &forms[number];
    for (int again = 0; again < 2; again++) { /* a start forgets all that was */
        optimizer_start((real)ETA, &optimizer);
        plain = (struct plain){0};
        la_from_double(N, start, p);
        la_to_double(N, p, plain.p);
        for (int step = 1; step <= STEPS; step++) {
            optimizer.share = (real)share_of(form, step);
            optimizer_step(&optimizer, gathers, p);
            plain_step(form, &plain, step);
            for (int i = 0; i < N; i++) expected[i] = (real)plain.p[i];
            tally_arrays(tally, form->name, N, p, expected);
        }
        assert_true(form->descent.clip == 0 || (plain.clipped > 0 && plain.clipped < STEPS));
    }
}

static void test_formulas(void **state) {
    (void)state;
    struct tally tally = {"optimizers = their formulas", roundings(STEPS), 0};
    struct arena arena;
    assert_int_equal(arena_create(1 << 16, &arena), OK);
    for (int number = 0; number < FORMS; number++)
        for (int gathers = 0; gathers < 2; gathers++) check_form(number, gathers, &arena, &tally);
    arena_free(&arena);
    tally_end(&tally);
}

/* A gradient whose length is no number is no step that stands still. */
static void test_endless_gradient(void **state) {
    (void)state;
    const struct descent descent = {.optimizer = OPTIMIZER_SGD, .clip = 1};
    struct optimizer optimizer;
    struct arena arena;
    real p[N] = {0};
    assert_int_equal(arena_create(1 << 12, &arena), OK);
    optimizer_create(&descent, FROM, N, 0, &arena, &optimizer);
    optimizer_start((real)ETA, &optimizer);
    optimizer_target(&optimizer, p)[FROM] = (real)INFINITY;
    optimizer_apply(&optimizer, p);
    assert_true(isnan(p[FROM]));
    arena_free(&arena);
}

/* ---- batches ---- */

enum { TRAIN = 23, SIZE = 5, IN_EPOCH = TRAIN / SIZE };

static struct batches batches_of(uint64_t seed, struct arena *arena) {
    struct batches batches;
    batches_create(seed, TRAIN, SIZE, arena, &batches);
    return batches;
}

static void copy_step(struct batches *batches, int64_t step, int64_t copy[SIZE]) {
    memcpy(copy, batches_at(batches, step), SIZE * sizeof *copy);
}

/* Batches of an epoch ascend, share no example and differ from those of other epochs and seeds. */
static void test_batches(void **state) {
    (void)state;
    struct arena arena;
    assert_int_equal(arena_create(1 << 16, &arena), OK);
    struct batches batches = batches_of(3, &arena), others = batches_of(4, &arena);
    int64_t now[SIZE], before[SIZE] = {0}, of_other[SIZE];
    int left_out[TRAIN] = {0};
    for (int64_t epoch = 0; epoch < 40; epoch++) {
        int met[TRAIN] = {0};
        for (int64_t i = 0; i < IN_EPOCH; i++) {
            copy_step(&batches, epoch * IN_EPOCH + i, now);
            copy_step(&others, epoch * IN_EPOCH + i, of_other);
            assert_memory_not_equal(now, of_other, sizeof now);
            assert_memory_not_equal(now, before, sizeof now);
            for (int j = 0; j < SIZE; j++) {
                assert_true(now[j] >= 0 && now[j] < TRAIN && (j == 0 || now[j] > now[j - 1]));
                assert_int_equal(met[now[j]]++, 0);
            }
            if (i == 0) memcpy(before, now, sizeof now);
        }
        for (int j = 0; j < TRAIN; j++) left_out[j] += !met[j];
    }
    for (int j = 0; j < TRAIN; j++) assert_in_range(left_out[j], 1, 20); /* 40 * 3/23 = 5.2 expected */
    arena_free(&arena);
}

/* A batch does not depend on the steps that were asked for before; of all examples there is none. */
static void test_batches_depend_on_nothing(void **state) {
    (void)state;
    struct arena arena;
    assert_int_equal(arena_create(1 << 16, &arena), OK);
    struct batches forth = batches_of(3, &arena), back = batches_of(3, &arena), full;
    int64_t expected[20][SIZE];
    for (int64_t step = 0; step < 20; step++) copy_step(&forth, step, expected[step]);
    for (int64_t step = 19; step >= 0; step--)
        assert_memory_equal(batches_at(&back, step), expected[step], sizeof expected[step]);
    batches_create(3, TRAIN, TRAIN, &arena, &full);
    assert_null(batches_at(&full, 7));
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_endless_gradient),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_batches_depend_on_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
