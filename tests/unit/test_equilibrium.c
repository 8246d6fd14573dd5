/* Equilibria: where a row rests, alone and beside others; derivatives as exact as the tolerance; what finds no rest. */
#include "sample.h"

#include <float.h>
#include <stdlib.h>

#include "equilibrium.h"
#include "infinite_call.h"

/* ---- the solver alone ---- */

static const struct {
    const char *name;
    enum solver solver;
} solvers[] = {{"picard", SOLVER_PICARD}, {"anderson", SOLVER_ANDERSON}, {"ode", SOLVER_ODE}};
enum { SOLVERS = sizeof solvers / sizeof solvers[0] };

static struct fixed_point how_with(enum solver solver, double tolerance, int64_t iterations) {
    return (struct fixed_point){.solver = solver, .tolerance = (real)tolerance, .iterations = iterations};
}

/* Rows of `size`, from z on. */
static void solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                  struct fixed_point_found *found) {
    real *work = malloc((size_t)fixed_point_work(how->solver, map->size) * sizeof *work);
    assert_non_null(work);
    fixed_point_solve(how, map, z, found, work);
    free(work);
}

#if REAL_BITS == 64
static void apply_cosine(const void *context, int64_t from, int64_t rows, const real *in, real *out) {
    (void)context, (void)from;
    for (int64_t i = 0; i < rows; i++) out[i] = cos(in[i]);
}

/* cos x = x, whose Picard iteration contracts by sin x = 0.6736 a step. */
static void test_cosine(void **state) {
    (void)state;
    static const double least[] = {65, 1, 1}, most[] = {72, 10, 60};
    const struct fixed_point_map map = {.apply = apply_cosine, .rows = 1, .size = 1};
    for (int i = 0; i < SOLVERS; i++) {
        struct fixed_point how = how_with(solvers[i].solver, 1e-12, 500);
        struct fixed_point_found found;
        double z = 0;
        solve(&how, &map, &z, &found);
        print_message("  %s: %g steps, contraction %.5f\n", solvers[i].name, found.iterations, found.contraction);
        assert_true(found.iterations >= least[i] && found.iterations <= most[i]);
        assert_true(fabs(z - 0.7390851332151607) < 2e-12);
        if (i == 0) assert_true(fabs(found.contraction - sin(z)) < DBL_EPSILON / 1e-12);
        z = 0;
        how = how_with(solvers[i].solver, 2e-15, 500);
        solve(&how, &map, &z, &found);
        assert_true(fabs(z - 0.7390851332151607) < 1e-14);
    }
}
#endif

struct matrix {
    int64_t size;
    const real *entries;
    bool is_nonlinear;
};

static void apply_matrix(const void *context, int64_t from, int64_t rows, const real *in, real *out) {
    (void)from;
    const struct matrix *matrix = context;
    int64_t n = matrix->size;
    la_gemm(LA_PLAIN, LA_PLAIN, rows, n, n, 1, in, n, matrix->entries, n, 0, out, n);
    for (int64_t i = 0; matrix->is_nonlinear && i < rows * n; i++) out[i] = (real)tanh((double)out[i] + 0.3);
}

/* Of spectral radius near `radius`. */
static struct matrix matrix_of(struct sample *sample, int64_t n, double radius) {
    real *entries = sample_random(sample, 91, n * n);
    la_scale(n * n, (real)(radius / sqrt((double)n)), entries);
    return (struct matrix){n, entries, false};
}

static double residual_of(struct sample *sample, const struct fixed_point_map *map, const real *z) {
    int64_t all = map->rows * map->size;
    real *g = sample_take(sample, all);
    map->apply(map->context, 0, map->rows, z, g);
    la_axpy(all, 1, map->shift, g);
    return sqrt(la_distance_squares(all, g, z) / la_dot(all, g, g));
}

static const struct recipe small_deq = {.family = FAMILY_DEQ,
                                        .cell = CELL_ONE,
                                        .activation = ACTIVATION_TANH,
                                        .solver = SOLVER_PICARD,
                                        .width = 23,
                                        .inputs = 7,
                                        .outputs = 3,
                                        .train = 5,
                                        .test = 4,
                                        .sigma_w2 = 1.3,
                                        .sigma_b2 = 0.1,
                                        .feedback_w2 = 0.3,
                                        .expansion = 2,
                                        .iterations = 500};

/* z = M z + b, where steps contract and where they do not: then by GMRES. */
static void test_linear(void **state) {
    (void)state;
    enum { SIZE = 57, ROWS = 9 };
    const double tolerance = 50 * (double)REAL_EPSILON;
    struct tally tally = {"z = M z + b, by steps or by GMRES: residual", 2 * tolerance, 0};
    struct sample sample;
    sample_create(small_deq, &sample);
    for (double radius = 0.4; radius < 5; radius *= 2)
        for (int i = 0; i < SOLVERS; i++) {
            const struct matrix matrix = matrix_of(&sample, SIZE, radius);
            const struct fixed_point_map map = {.apply = apply_matrix,
                                                .context = &matrix,
                                                .rows = ROWS,
                                                .size = SIZE,
                                                .shift = sample_random(&sample, 92, ROWS * SIZE)};
            const struct fixed_point how = how_with(solvers[i].solver, tolerance, 2000);
            real *z = sample_take(&sample, ROWS * SIZE);
            solve(&how, &map, z, NULL);
            tally_error(&tally, solvers[i].name, residual_of(&sample, &map, z));
        }
    sample_free(&sample);
    tally_end(&tally);
}

/* A right-hand side of any size: 2^60 times the one is 2^60 times the other, to the bit; in f64 also where squares
 * underflow. */
static void test_scale(void **state) {
    (void)state;
    enum { SIZE = 57, ROWS = 9 };
    static const double scale[] = {0x1p+60, REAL_BITS == 64 ? 0x1p-900 : 0x1p-60};
    struct sample sample;
    sample_create(small_deq, &sample);
    for (double radius = 0.4; radius < 5; radius *= 2)
        for (int i = 0; i < SOLVERS * 2; i++) {
            const struct matrix matrix = matrix_of(&sample, SIZE, radius);
            real *b = sample_random(&sample, 92, ROWS * SIZE), *z[2];
            const struct fixed_point how = how_with(solvers[i / 2].solver, 50 * (double)REAL_EPSILON, 400);
            for (int scaled = 0; scaled < 2; scaled++) {
                const struct fixed_point_map map = {
                    .apply = apply_matrix, .context = &matrix, .rows = ROWS, .size = SIZE, .shift = b};
                z[scaled] = sample_take(&sample, ROWS * SIZE);
                if (scaled) la_scale(ROWS * SIZE, (real)scale[i % 2], b);
                solve(&how, &map, z[scaled], NULL);
            }
            assert_true(la_is_finite(ROWS * SIZE, z[0]));
            la_scale(ROWS * SIZE, (real)scale[i % 2], z[0]);
            assert_memory_equal(z[0], z[1], ROWS * SIZE * sizeof(real));
        }
    sample_free(&sample);
}

/* From other beginnings to the same rest, where the cell contracts surely (s < 1/2). */
static void test_beginnings(void **state) {
    (void)state;
    enum { SIZE = 57, ROWS = 9 };
    const double tolerance = 50 * (double)REAL_EPSILON;
    struct tally tally = {"the rest does not depend on the beginning", 10 * tolerance, 0};
    struct sample sample;
    sample_create(small_deq, &sample);
    struct matrix matrix = matrix_of(&sample, SIZE, 0.45);
    matrix.is_nonlinear = true;
    const struct fixed_point_map map = {.apply = apply_matrix, .context = &matrix, .rows = ROWS, .size = SIZE};
    for (int i = 0; i < SOLVERS; i++) {
        const struct fixed_point how = how_with(solvers[i].solver, tolerance, 500);
        real *a = sample_take(&sample, ROWS * SIZE), *b = sample_random(&sample, 93, ROWS * SIZE);
        solve(&how, &map, a, NULL);
        solve(&how, &map, b, NULL);
        tally_arrays(&tally, solvers[i].name, ROWS * SIZE, a, b);
    }
    sample_free(&sample);
    tally_end(&tally);
}

/* ---- a network's rows ---- */

/* f, J v and J' w of some points, w [points, k]. */
struct faces {
    const real *f, *jvp, *dx;
};

static struct faces faces_of(struct sample *sample, int64_t n, real *x, const real *v, const real *w) {
    const struct network *network = sample->network;
    struct tape tape = sample_forward(sample, 0, sample->theta, n, x);
    struct cotape cotape;
    network_cotape(network, n, &sample->arena, &cotape);
    memcpy(cotape_value(network, &cotape, network->nodes), w, (size_t)(n * network->outputs) * sizeof *w);
    network_vjp(network, 1, sample->theta, &tape, &cotape, 1, NULL);
    return (struct faces){tape_outputs(sample, &tape), sample_jvp(sample, &tape, v, NULL),
                          cotape_value(network, &cotape, 1)};
}

static void assert_same_bits(const char *what, const char *name, int64_t n, const real *a, const real *b) {
    if (memcmp(a, b, (size_t)n * sizeof *a) != 0) fail_msg("%s: %s depends on the other examples", name, what);
}

/* One example's rows, its neighbours before and behind others, one of them without rest. */
static void check_neighbours(enum solver solver, enum cell cell, const char *name) {
    enum { POINTS = 6, OWN = 1 };
    struct recipe recipe = small_deq;
    struct sample sample;
    recipe.solver = solver;
    recipe.cell = cell;
    sample_create(recipe, &sample);
    int64_t d = recipe.inputs, k = recipe.outputs;
    const real *v = sample_random(&sample, 31, sample.network->theta);
    real *x = sample_random(&sample, 32, POINTS * d), *other = sample_random(&sample, 33, POINTS * d);
    real *w = sample_random(&sample, 34, POINTS * k), *other_w = sample_random(&sample, 35, POINTS * k);
    memcpy(other + OWN * d, x + OWN * d, (size_t)d * sizeof *x);
    memcpy(other_w + OWN * k, w + OWN * k, (size_t)k * sizeof *w);
    la_scale(d, 50, other + 2 * d);
    other[3 * d] = (real)NAN;
    struct faces a = faces_of(&sample, POINTS, x, v, w), b = faces_of(&sample, POINTS, other, v, other_w);
    assert_true(la_is_finite(k, a.f + OWN * k) && isnan(b.f[3 * k]) && isnan(b.jvp[3 * k]));
    assert_same_bits("f", name, k, a.f + OWN * k, b.f + OWN * k);
    assert_same_bits("J v", name, k, a.jvp + OWN * k, b.jvp + OWN * k);
    assert_same_bits("J' w", name, recipe.width, a.dx + OWN * recipe.width, b.dx + OWN * recipe.width);
    sample_free(&sample);
}

static void test_neighbours(void **state) {
    (void)state;
    for (int i = 0; i < SOLVERS; i++) {
        check_neighbours(solvers[i].solver, CELL_ONE, solvers[i].name);
        check_neighbours(solvers[i].solver, CELL_TWO, solvers[i].name);
    }
}

/* More examples than a block holds, and each one alone: other products, so to roundings and the tolerance. */
static void test_blocks(void **state) {
    (void)state;
    enum { POINTS = FIXED_POINT_ROWS + 37 };
    const double tolerance = 100 * (double)REAL_EPSILON;
    struct tally tally = {"examples in blocks and alone", 20 * tolerance, 0};
    struct recipe recipe = small_deq;
    struct sample sample;
    recipe.tolerance = tolerance;
    recipe.train = POINTS;
    sample_create(recipe, &sample);
    int64_t d = recipe.inputs, k = recipe.outputs;
    const real *v = sample_random(&sample, 31, sample.network->theta), *w = sample_random(&sample, 34, POINTS * k);
    real *x = sample_random(&sample, 32, POINTS * d);
    struct faces all = faces_of(&sample, POINTS, x, v, w);
    for (int64_t i = 0; i < POINTS; i += 41) {
        struct faces one = faces_of(&sample, 1, x + i * d, v, w + i * k);
        tally_arrays(&tally, "f", k, all.f + i * k, one.f);
        tally_arrays(&tally, "J v", k, all.jvp + i * k, one.jvp);
        tally_arrays(&tally, "J' w", recipe.width, all.dx + i * recipe.width, one.dx);
    }
    sample_free(&sample);
    tally_end(&tally);
}

/* ---- exact to the tolerance ---- */

/* <w, J v> = <J' w, v> over all parameters, relative to their lengths. */
static double adjoint_error(const struct recipe *recipe) {
    struct sample sample;
    sample_create(*recipe, &sample);
    int64_t n = recipe->train, rows = n * recipe->outputs, size = sample.network->theta;
    const real *v = sample_random(&sample, 31, size), *w = sample_random(&sample, 34, rows);
    struct tape tape = sample_forward(&sample, 0, sample.theta, n, sample.x);
    const real *jvp = sample_jvp(&sample, &tape, v, NULL), *vjp = sample_gradient(&sample, &tape, w);
    double scale = sqrt(la_dot(rows, w, w) * la_dot(rows, jvp, jvp));
    double error = fabs(la_dot(rows, w, jvp) - la_dot(size, vjp, v)) / scale;
    sample_free(&sample);
    return error;
}

static void test_tolerance(void **state) {
    (void)state;
    static const double tolerances[] = {1e-13, 1e-8, 1e-5, 1e-4, 1e-2};
    for (size_t t = 0; t < sizeof tolerances / sizeof *tolerances; t++) {
        if (tolerances[t] < 8 * (double)REAL_EPSILON) continue;
        char what[80];
        snprintf(what, sizeof what, "<w, J v> = <J' w, v> at tolerance %g", tolerances[t]);
        struct tally tally = {what, tolerances[t] + roundings(SUM), 0};
        for (int i = 0; i < SOLVERS; i++)
            for (int cell = 0; cell < 2; cell++) {
                struct recipe recipe = small_deq;
                recipe.solver = solvers[i].solver;
                recipe.cell = cell == 0 ? CELL_ONE : CELL_TWO;
                recipe.tolerance = tolerances[t];
                tally_error(&tally, solvers[i].name, adjoint_error(&recipe));
            }
        tally_end(&tally);
    }
}

/* Beyond where Picard's steps contract (s = 1.5) the steady state is found, and derivatives by GMRES or its steps. */
static void test_beyond_contraction(void **state) {
    (void)state;
    enum { SEEDS = 4 };
    struct tally tally = {"adjoint where Picard does not contract, ode", 1e4 * (double)REAL_EPSILON, 0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct recipe recipe = small_deq;
        recipe.solver = SOLVER_ODE;
        recipe.width = 64;
        recipe.feedback_w2 = 2.25;
        recipe.tolerance = 20 * (double)REAL_EPSILON;
        recipe.iterations = 5000;
        recipe.seed = seed;
        tally_error(&tally, "ode", adjoint_error(&recipe));
    }
    tally_end(&tally);
}

/* ---- without rest ---- */

/* relu at s^2 = 3 grows without bound: NaN, and said so, not a rest where everything overflows. */
static void test_without_rest(void **state) {
    (void)state;
    for (int i = 0; i < SOLVERS; i++) {
        struct recipe recipe = small_deq;
        struct sample sample;
        recipe.solver = solvers[i].solver;
        recipe.activation = ACTIVATION_RELU;
        recipe.feedback_w2 = 9;
        recipe.width = 128;
        sample_create(recipe, &sample);
        struct tape tape = sample_forward(&sample, 0, sample.theta, recipe.train, sample.x);
        const struct fixed_point_found *found = (const struct fixed_point_found *)tape.kept[1];
        for (int64_t n = 0; n < recipe.train; n++) {
            assert_true(isnan(tape_outputs(&sample, &tape)[n * recipe.outputs]));
            assert_true(isinf(found[n].iterations));
        }
        sample_free(&sample);
    }
}

/* ---- held contractive ---- */

/* |W| with its prefactor, by many steps of power iteration from another vector. */
static double norm_of(struct sample *sample, int t) {
    const struct tensor *weight = &sample->network->tensor[t];
    int64_t in = weight->shape[0], out = weight->shape[1];
    const real *w = sample->theta + weight->offset;
    real *x = sample_random(sample, 41, out), *y = sample_take(sample, in);
    double norm = 0;
    for (int step = 0; step < 3000; step++) {
        la_scale(out, (real)(1 / sqrt(la_dot(out, x, x))), x);
        la_gemv(LA_PLAIN, in, out, weight->scale, w, x, 0, y);
        norm = sqrt(la_dot(in, y, y));
        la_gemv(LA_TRANSPOSED, in, out, weight->scale, w, y, 0, x);
    }
    return norm;
}

static void check_held(enum cell cell, real most, struct tally *tally) {
    struct recipe recipe = small_deq;
    struct sample sample;
    recipe.cell = cell;
    sample_create(recipe, &sample);
    int first = sample.network->layer[1].weight, last = sample.network->layer[cell == CELL_TWO ? 2 : 1].weight;
    double before = norm_of(&sample, first) * (cell == CELL_TWO ? norm_of(&sample, last) : 1);
    const real *theta = sample_copy(&sample, sample.theta, sample.network->theta);
    network_contract(sample.network, (real)(2 * before), sample.theta, sample.work);
    assert_memory_equal(sample.theta, theta, (size_t)sample.network->theta * sizeof *theta);
    network_contract(sample.network, most, sample.theta, sample.work);
    double product = norm_of(&sample, first) * (cell == CELL_TWO ? norm_of(&sample, last) : 1);
    assert_true(before > (double)most);
    tally_numbers(tally, cell == CELL_TWO ? "two" : "one", product, (double)most);
    sample_free(&sample);
}

static void test_contraction(void **state) {
    (void)state;
    struct tally tally = {"norms of a cell's weights are brought down to what was asked", 0.02, 0};
    check_held(CELL_ONE, (real)0.5, &tally);
    check_held(CELL_TWO, (real)0.25, &tally);
    tally_end(&tally);
}

/* Steps of a wide cell: ln(tolerance)/ln(s sqrt(E phi'^2)), to 35 %. */
static void test_expected_steps(void **state) {
    (void)state;
    static const double s[] = {0.3, 0.45, 0.7};
    static const enum activation_kind kinds[] = {ACTIVATION_RELU, ACTIVATION_TANH};
    for (int i = 0; i < 3; i++)
        for (int kind = 0; kind < 2; kind++) {
            struct recipe recipe = small_deq;
            struct sample sample;
            recipe.activation = kinds[kind];
            recipe.feedback_w2 = s[i] * s[i];
            recipe.width = 256;
            recipe.inputs = 16;
            recipe.tolerance = 1e-5;
            sample_create(recipe, &sample);
            struct tape tape = sample_forward(&sample, 0, sample.theta, recipe.train, sample.x);
            const struct fixed_point_found *found = (const struct fixed_point_found *)tape.kept[1];
            double expected = network_expected_steps(sample.network);
            print_message("  s = %g: %g steps, %g expected, contraction %.3f\n", s[i], (double)found[0].iterations,
                          expected, (double)found[0].contraction);
            for (int64_t n = 0; n < recipe.train; n++)
                assert_true(fabs((double)found[n].iterations / expected - 1) < 0.35);
            sample_free(&sample);
        }
}

/* ---- infinite width ---- */

enum { UNROLLED = 32, ALL = 9 };

/* z <- phi(W z + u), from z = 0, as a list of layers that share W. */
static void write_unrolled(struct builder *builder, int64_t outputs) {
    build_dense(builder, builder->config->width, "input");
    struct cursor u = builder->at;
    build_activation(builder);
    builder->sigma_w2 = builder->config->network.feedback_w2;
    builder->has_bias = false;
    build_dense(builder, builder->config->width, "feedback");
    build_sum(builder, u, 1);
    build_activation(builder);
    for (int step = 0; step < UNROLLED; step++) build_again(builder, 3);
    builder->sigma_w2 = builder->config->network.sigma_w2;
    builder->has_bias = true;
    build_dense(builder, outputs, "readout");
}

static struct recipe recipe_of_kind(enum activation_kind kind, double feedback_w2) {
    struct recipe recipe = small_deq;
    recipe.activation = kind;
    recipe.feedback_w2 = feedback_w2;
    return recipe;
}

/* The closed form is the limit of the rule for shared layers. */
static void test_unrolled(void **state) {
    (void)state;
    static const enum activation_kind kinds[] = {ACTIVATION_RELU, ACTIVATION_ERF, ACTIVATION_TANH};
    struct tally tally = {"infinite width in closed form = unrolled", BITS(1e-11, 1e-5), 0};
    for (int i = 0; i < 3; i++) {
        struct sample closed, unrolled;
        struct recipe recipe = recipe_of_kind(kinds[i], 0.3);
        double k[2][ALL * ALL], theta[2][ALL * ALL];
        sample_create(recipe, &closed);
        recipe.write = write_unrolled;
        recipe.width = 2;
        sample_create(recipe, &unrolled);
        infinite_all(closed.network, ALL, closed.x, k[0], theta[0]);
        infinite_all(unrolled.network, ALL, unrolled.x, k[1], theta[1]);
        for (int n = 0; n < ALL * ALL; n++) tally_numbers(&tally, "K", k[0][n], k[1][n]);
        for (int n = 0; n < ALL * ALL; n++) tally_numbers(&tally, "Theta", theta[0][n], theta[1][n]);
        sample_free(&closed);
        sample_free(&unrolled);
    }
    tally_end(&tally);
}

/* Of relu from s^2 = 2 on, of tanh where its points are far inside the steep part. */
static void test_without_kernel(void **state) {
    (void)state;
    static const struct {
        enum activation_kind kind;
        double feedback_w2;
        bool is_there;
    } cases[] = {{ACTIVATION_RELU, 1.9, true},
                 {ACTIVATION_RELU, 2, false},
                 {ACTIVATION_RELU, 5, false},
                 {ACTIVATION_TANH, 1.2, true},
                 {ACTIVATION_TANH, 30, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample sample;
        double k[ALL * ALL], theta[ALL * ALL];
        sample_create(recipe_of_kind(cases[i].kind, cases[i].feedback_w2), &sample);
        infinite_all(sample.network, ALL, sample.x, k, theta);
        bool is_there = true;
        for (int n = 0; n < ALL * ALL; n++) is_there &= isfinite(theta[n]);
        assert_true(is_there == cases[i].is_there);
        sample_free(&sample);
    }
}

static bool count_asked(void *context) {
    ++*(int64_t *)context;
    return false;
}

/* The last bits of variances this large change for ever; where points have no limit by themselves, no pair is gone
 * through. */
static void test_without_kernel_soon(void **state) {
    (void)state;
    enum { POINTS = 500, STEPS_MOST = 200 };
    struct recipe recipe = recipe_of_kind(ACTIVATION_TANH, 100);
    struct sample sample;
    recipe.train = POINTS;
    recipe.test = 1;
    sample_create(recipe, &sample);
    int64_t asked = 0, all = POINTS + 1;
    double *k = malloc((size_t)(2 * all * all) * sizeof *k), *theta = k + all * all;
    const struct host host = {count_asked, &asked};
    assert_non_null(k);
    assert_false(infinite_call(sample.network, all, POINTS, sample.x, k, theta, &host));
    print_message("  asked %lld times\n", (long long)asked);
    assert_true(isnan(k[0]) && isnan(theta[POINTS * all + POINTS - 1]));
    assert_true(asked > 5 && asked < STEPS_MOST);
    free(k);
    sample_free(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#if REAL_BITS == 64
        cmocka_unit_test(test_cosine),
#endif
        cmocka_unit_test(test_unrolled),
        cmocka_unit_test(test_without_kernel),
        cmocka_unit_test(test_without_kernel_soon),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_beyond_contraction),
        cmocka_unit_test(test_without_rest),
        cmocka_unit_test(test_contraction),
        cmocka_unit_test(test_expected_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
