/* Networks on 32x32x3 images. A training step on 32 images: the useful flops of the direct sums over its time, as a share of the
 * GEMM rate. The train x train NTK: its time over that of its direct flops (forward, backward, filter gradients, one
 * triangle) at the GEMM rate. */
#include "bench.h"

#include "empirical.h"
#include "trainer.h"

enum { SIDE = 32, CHANNELS = 3, PIXELS = SIDE * SIDE * CHANNELS, ROUNDS = 5, POINTS_MAX = 64 };

struct bench {
    struct arena arena;
    struct bench_gemm gemm;
    real *x, *y;
};

static const struct network *network_of(struct bench *bench, int family, int64_t width, const char **name) {
    struct config config = bench_config(family, width);
    config.network.depth = 4;
    *name = family == FAMILY_CONV ? "conv" : "wrn";
    return bench_network(&bench->arena, &config, (struct shape){SIDE, SIDE, CHANNELS});
}

static void run_step(struct bench *bench, int family, int64_t width, double target) {
    size_t mark = arena_mark(&bench->arena);
    const char *name;
    const struct network *network = network_of(bench, family, width, &name);
    const struct points points = {.train = 32, .inputs = PIXELS, .outputs = 1, .x = bench->x, .y = bench->y};
    const struct training training = {.network = network, .points = &points, .is_plain = 1};
    struct model *model = model_allocate(&trainer_model);
    model_create(&trainer_model, &training, &bench->arena, model);
    model_start(model, &(struct beginning){.eta = (real)1e-3, .theta = bench_theta(&bench->arena, network)});
    struct bench_timer timer = {0};
    for (int round = 0; round < ROUNDS; round++) {
        bench_gemm_round(&bench->gemm);
        bench_begin(&timer);
        model_forward(model, NULL);
        model_step(model);
        bench_end(&timer);
    }
    double rate = bench_gemm_rate(&bench->gemm);
    printf("step %s f%d channels %lld: gemm %.1f GFLOP/s; %.1f ms, %.3f of the GEMM rate (target %.2f)\n", name,
           REAL_BITS, (long long)width, rate / 1e9, 1e3 * timer.least,
           trainer_model.step_flops(&training) / timer.least / rate, target);
    free(model);
    arena_release(&bench->arena, mark);
}

static void run_ntk(struct bench *bench, int family, int64_t width, int64_t count, double target) {
    size_t mark = arena_mark(&bench->arena);
    const char *name;
    const struct network *network = network_of(bench, family, width, &name);
    const real *theta = bench_theta(&bench->arena, network);
    const struct ntk_points points = {.train = count, .value = bench->x};
    struct ntk_kernels kernels = {.train_train = ARENA_TAKE(&bench->arena, count * count, real)};
    int64_t bytes = (int64_t)(bench->arena.capacity - arena_mark(&bench->arena));
    struct bench_timer timer = {0};
    for (int round = 0; round < ROUNDS; round++) {
        bench_gemm_round(&bench->gemm);
        bench_begin(&timer);
        ntk_empirical(network, theta, &points, bytes, &bench->arena, &kernels, NULL);
        bench_end(&timer);
    }
    double rate = bench_gemm_rate(&bench->gemm), flops = ntk_empirical_flops(network, &points, bytes, false);
    printf(
        "ntk %s f%d channels %lld, %lld images: %.1f ms, %.3f times its direct flops at the GEMM rate (target %.1f)\n",
        name, REAL_BITS, (long long)width, (long long)count, 1e3 * timer.least, timer.least * rate / flops, target);
    arena_release(&bench->arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct bench bench = {.arena = bench_arena()};
    bench.gemm = bench_gemm_create(&bench.arena);
    bench.x = bench_random(&bench.arena, 3, POINTS_MAX * PIXELS);
    bench.y = bench_random(&bench.arena, 4, POINTS_MAX);
    run_step(&bench, FAMILY_CONV, 128, REAL_BITS == 32 ? 1.05 : 0.95);
    run_step(&bench, FAMILY_CONV, 256, REAL_BITS == 32 ? 1.25 : 1.1);
    run_step(&bench, FAMILY_CONV, 512, REAL_BITS == 32 ? 1.35 : 1.2);
    run_step(&bench, FAMILY_WRN, 128, 0.95);
    run_step(&bench, FAMILY_WRN, 256, 1.1);
    run_ntk(&bench, FAMILY_CONV, 64, 64, 1.3);
    run_ntk(&bench, FAMILY_CONV, 256, 64, 0.9);
    run_ntk(&bench, FAMILY_WRN, 128, 32, 1.1);
    arena_free(&bench.arena);
    return 0;
}
