/* Networks of infinite depth on 256 points, a shared Euler network of 16 steps and equilibria (cell one, tolerance 1e-6)
 * by two solvers: a training step as a share of the GEMM rate, and the train x train NTK over the time of its flops at
 * that rate. An equilibrium's flops are those of all rows that its solver computed; the share of them that rested
 * already is told. */
#include "bench.h"

#include <string.h>

#include "empirical.h"
#include "fixed_point.h"
#include "operator.h"
#include "trainer.h"

enum { POINTS = 256, INPUTS = 64, STEPS = 16 };

static struct config euler(int64_t width) {
    struct config config = bench_config(FAMILY_RESIDUAL, width);
    config.network.depth = STEPS;
    config.network.weights = WEIGHTS_SHARED;
    config.network.step = STEP_TIME;
    config.network.time = 1;
    return config;
}

static struct config equilibrium(int64_t width, enum solver solver) {
    struct config config = bench_config(FAMILY_DEQ, width);
    config.network.cell = CELL_ONE;
    config.network.feedback_w2 = 0.2;
    config.network.solver = (int)solver;
    config.network.tolerance = 1e-6;
    config.network.iterations = 500;
    return config;
}

/* ---- what the solvers of equilibria did: fixed_point_solve is linked through here (bench.cmake) ---- */

static struct {
    double steps, rows, resting, flops; /* rows of all products; those at rest before the product */
} solved;

#define real_solve REAL_NAME(__real_fixed_point_solve)
#define wrap_solve REAL_NAME(__wrap_fixed_point_solve)
void real_solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                struct fixed_point_found *found, real *work);
void wrap_solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                struct fixed_point_found *found, real *work);

void wrap_solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                struct fixed_point_found *found, real *work) {
    struct fixed_point_found own[FIXED_POINT_ROWS];
    double most = 0, sum = 0;
    real_solve(how, map, z, found ? found : own, work);
    for (int64_t row = 0; row < map->rows; row++) {
        double steps = (double)(found ? found : own)[row].iterations;
        most = fmax(most, steps);
        sum += steps;
    }
    solved.steps += most;
    solved.rows += most * (double)map->rows;
    solved.resting += most * (double)map->rows - sum;
    solved.flops += 2 * most * (double)(map->rows * map->size * map->size);
}

/* Of a way there and one back; the network counts the steps that are expected. */
static double flops_of(const struct network *network, double counted) {
    for (int i = 0; i < network->nodes; i++)
        if (network->node[i].kind == &resolve_operator)
            counted -= 2 * POINTS * resolve_operator.flops(&network->node[i]);
    return counted + solved.flops;
}

/* ---- the measurement ---- */

static void time_step(struct model *model, struct bench_timer *timer) {
    memset(&solved, 0, sizeof solved);
    bench_begin(timer);
    model_forward(model, NULL);
    model_step(model);
    bench_end(timer);
}

static void time_kernel(const struct network *network, const real *theta, const real *x, struct arena *arena,
                        struct bench_timer *timer) {
    size_t mark = arena_mark(arena);
    struct ntk_kernels kernels = {.train_train = ARENA_TAKE(arena, POINTS * POINTS, real)};
    memset(&solved, 0, sizeof solved);
    bench_begin(timer);
    ntk_empirical(network, theta, &(struct ntk_points){.train = POINTS, .value = x}, INT64_MAX, arena, &kernels, NULL);
    bench_end(timer);
    arena_release(arena, mark);
}

static void run(struct arena *arena, struct bench_gemm gemm, const real *x, const char *name, struct config config,
                const double target[2]) {
    size_t mark = arena_mark(arena);
    const struct network *network = bench_network(arena, &config, (struct shape){1, 1, INPUTS});
    real *theta = bench_theta(arena, network), *y = bench_random(arena, 4, POINTS);
    const struct points points = {.train = POINTS, .inputs = INPUTS, .outputs = 1, .x = x, .y = y};
    const struct training training = {.network = network, .points = &points, .is_plain = 1};
    const struct beginning beginning = {.eta = (real)1e-6, .theta = theta};
    struct model *model = model_allocate(&trainer_model);
    model_create(&trainer_model, &training, arena, model);
    model_start(model, &beginning);
    const struct ntk_points at = {.train = POINTS, .value = x};
    struct bench_timer step = {0}, kernel = {0};
    double step_flops = trainer_model.step_flops(&training), kernel_flops = 0;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        bench_gemm_round(&gemm);
        time_kernel(network, theta, x, arena, &kernel);
        kernel_flops = flops_of(network, ntk_empirical_flops(network, &at, INT64_MAX, 0));
        time_step(model, &step);
    }
    double rate = bench_gemm_rate(&gemm), step_seconds = flops_of(network, step_flops) / rate;
    printf("depth f%d width %lld, %s: gemm %.1f GFLOP/s; step %.1f ms, %.3f of the GEMM rate (target %g); "
           "ntk %.1f ms, %.3f times its flops at it (target %g)",
           REAL_BITS, (long long)config.width, name, rate / 1e9, 1e3 * step.least, step_seconds / step.least, target[0],
           1e3 * kernel.least, kernel.least * rate / kernel_flops, target[1]);
    if (solved.steps > 0)
        printf("; %.0f steps to rest there and back, %.4f of their rows at rest already", solved.steps,
               solved.resting / solved.rows);
    printf("\n");
    arena_release(arena, mark);
}

int main(void) {
    static const double residual[] = {0.9, 1.4}, deq[] = {0.85, 1.5};
    la_set_threads(1);
    struct arena arena = bench_arena();
    struct bench_gemm gemm = bench_gemm_create(&arena);
    const real *x = bench_random(&arena, 3, POINTS * INPUTS);
    run(&arena, gemm, x, "16 Euler steps", euler(512), residual);
    run(&arena, gemm, x, "16 Euler steps", euler(1024), residual);
    run(&arena, gemm, x, "equilibrium by picard", equilibrium(1024, SOLVER_PICARD), deq);
    run(&arena, gemm, x, "equilibrium by anderson", equilibrium(1024, SOLVER_ANDERSON), deq);
    arena_free(&arena);
    return 0;
}
