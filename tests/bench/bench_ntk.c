/* The train x train NTK of 256 points of 3072 inputs at depth 3: its time over that of its flops at the GEMM rate, the
 * symmetric half counted. */
#include "bench.h"

#include "empirical.h"

enum { POINTS = 256, INPUTS = 3072 };

static void run_width(struct arena *arena, struct bench_gemm gemm, const struct ntk_points *points, int64_t width) {
    size_t mark = arena_mark(arena);
    const struct config config = bench_config(FAMILY_FC, width);
    const struct network *network = bench_network(arena, &config, (struct shape){1, 1, INPUTS});
    const real *theta = bench_theta(arena, network);
    struct ntk_kernels kernels = {.train_train = ARENA_TAKE(arena, POINTS * POINTS, real)};
    struct bench_timer timer = {0};
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        bench_gemm_round(&gemm);
        bench_begin(&timer);
        ntk_empirical(network, theta, points, INT64_MAX, arena, &kernels, NULL);
        bench_end(&timer);
    }
    double rate = bench_gemm_rate(&gemm), flops = ntk_empirical_flops(network, points, INT64_MAX, points->gram != NULL);
    printf("ntk f%d width %lld: gemm %.1f GFLOP/s; %.1f ms, %.3f times its flops at the GEMM rate (target 1.25)\n",
           REAL_BITS, (long long)width, rate / 1e9, 1e3 * timer.least, timer.least * rate / flops);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    struct ntk_points points = {.train = POINTS, .value = bench_random(&arena, 3, POINTS * INPUTS)};
    struct bench_gemm gemm = bench_gemm_create(&arena);
    run_width(&arena, gemm, &points, 512);
    run_width(&arena, gemm, &points, 2048);
    arena_free(&arena);
    return 0;
}
