/* A shared Euler network of 16 steps and 256 points: a training step as a share of the GEMM rate, and the train x train
 * NTK, all pairs of its cell's nodes, over the time of its flops at that rate. */
#include "bench.h"

#include "empirical.h"
#include "trainer.h"

enum { POINTS = 256, INPUTS = 64, STEPS = 16 };

static struct config euler(int64_t width) {
    struct config config = bench_config(FAMILY_RESIDUAL, width);
    config.network.depth = STEPS;
    config.network.weights = WEIGHTS_SHARED;
    config.network.step = STEP_TIME;
    config.network.time = 1;
    config.network.activation = ACTIVATION_RELU;
    return config;
}

static void run_width(struct arena *arena, struct bench_gemm gemm, const real *x, int64_t width) {
    size_t mark = arena_mark(arena);
    const struct config config = euler(width);
    const struct network *network = bench_network(arena, &config, (struct shape){1, 1, INPUTS});
    real *theta = bench_theta(arena, network), *y = bench_random(arena, 4, POINTS);
    const struct points points = {.train = POINTS, .inputs = INPUTS, .outputs = 1, .x = x, .y = y};
    const struct training training = {.network = network, .points = &points, .is_plain = 1};
    const struct beginning beginning = {.eta = (real)1e-3, .theta = theta};
    struct model *model = model_allocate(&trainer_model);
    model_create(&trainer_model, &training, arena, model);
    model_start(model, &beginning);
    const struct ntk_points at = {.train = POINTS, .value = x};
    struct ntk_kernels kernels = {.train_train = ARENA_TAKE(arena, POINTS * POINTS, real)};
    struct bench_timer step = {0}, kernel = {0};
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        bench_gemm_round(&gemm);
        bench_begin(&step);
        model_forward(model, NULL);
        model_step(model);
        bench_end(&step);
        bench_begin(&kernel);
        ntk_empirical(network, theta, &at, INT64_MAX, arena, &kernels, NULL);
        bench_end(&kernel);
    }
    double rate = bench_gemm_rate(&gemm), flops = ntk_empirical_flops(network, &at, INT64_MAX, 0);
    printf("depth f%d width %lld, %d steps: gemm %.1f GFLOP/s; step %.1f ms, %.3f of the GEMM rate (target 0.9); "
           "ntk %.1f ms, %.3f times its flops at it (target 1.4)\n",
           REAL_BITS, (long long)width, STEPS, rate / 1e9, 1e3 * step.least,
           trainer_model.step_flops(&training) / step.least / rate, 1e3 * kernel.least, kernel.least * rate / flops);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    struct bench_gemm gemm = bench_gemm_create(&arena);
    const real *x = bench_random(&arena, 3, POINTS * INPUTS);
    run_width(&arena, gemm, x, 512);
    run_width(&arena, gemm, x, 1024);
    arena_free(&arena);
    return 0;
}
