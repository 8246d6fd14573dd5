/* A training step of depth 3 on 256 points of 3072 inputs: plain, as a share of the GEMM rate; the gain of the first
 * layer kept in sample space; the linearization's share of a step. */
#include "bench.h"

#include "linear.h"
#include "trainer.h"

enum { POINTS = 256, INPUTS = 3072 };

struct bench {
    struct points points;
    real *kernel; /* [POINTS, POINTS] */
    struct bench_gemm gemm;
};

static void step(struct model *model, struct bench_timer *timer) {
    bench_begin(timer);
    model_forward(model, NULL);
    model_step(model);
    bench_end(timer);
}

static struct model *begin(const struct model_kind *kind, const struct training *training,
                           const struct beginning *beginning, struct arena *arena) {
    struct model *model = model_allocate(kind);
    model_create(kind, training, arena, model);
    model_start(model, beginning);
    return model;
}

static void run_width(const struct bench *bench, struct arena *arena, int64_t width, double target) {
    size_t mark = arena_mark(arena);
    const struct config config = bench_config(FAMILY_FC, width);
    const struct network *network = bench_network(arena, &config, (struct shape){1, 1, INPUTS});
    real *theta = bench_theta(arena, network);
    const struct training on_weights = {.network = network, .points = &bench->points, .is_plain = 1},
                          training = {.network = network, .points = &bench->points};
    const struct beginning beginning = {.eta = (real)1e-3,
                                        .theta = theta,
                                        .f0_train = bench->points.y,
                                        .f0_test = bench->points.y,
                                        .train_train = bench->kernel};
    struct model *plain = begin(&trainer_model, &on_weights, &beginning, arena);
    struct model *kept = begin(&trainer_model, &training, &beginning, arena);
    struct model *linear = begin(&linear_functions, &training, &beginning, arena);
    struct bench_gemm gemm = bench->gemm;
    struct bench_timer plain_timer = {0}, kept_timer = {0}, linear_timer = {0};
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        bench_gemm_round(&gemm);
        step(plain, &plain_timer);
        step(kept, &kept_timer);
        step(linear, &linear_timer);
    }
    double rate = bench_gemm_rate(&gemm), share = trainer_model.step_flops(&on_weights) / plain_timer.least / rate;
    printf("step f%d width %lld: gemm %.1f GFLOP/s; plain %.1f ms, %.3f of the GEMM rate (target %.2f); in sample "
           "space %.1f ms, "
           "%.2f times as fast, %.3f of the rate; linearization %.2f %% of a step (target 2)\n",
           REAL_BITS, (long long)width, rate / 1e9, 1e3 * plain_timer.least, share, target, 1e3 * kept_timer.least,
           plain_timer.least / kept_timer.least, trainer_model.step_flops(&training) / kept_timer.least / rate,
           100 * linear_timer.least / kept_timer.least);
    free(plain);
    free(kept);
    free(linear);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    real *x = bench_random(&arena, 3, POINTS * INPUTS), *gram = ARENA_TAKE(&arena, POINTS * POINTS, real);
    la_syrk(POINTS, INPUTS, 1, x, 0, gram, POINTS);
    la_mirror(POINTS, gram);
    const real *y = bench_random(&arena, 4, POINTS);
    struct bench bench = {{.train = POINTS, .inputs = INPUTS, .outputs = 1, .x = x, .y = y, .gram = gram},
                          bench_random(&arena, 5, POINTS * POINTS),
                          bench_gemm_create(&arena)};
    run_width(&bench, &arena, 1024, 0.88);
    run_width(&bench, &arena, 2048, 0.82);
    arena_free(&arena);
    return 0;
}
