/* Network and linearization in parameter space over the network alone, MNIST's sizes (784 inputs, 3 hidden layers, ten classes): full
 * batches, whose values at theta_0 are kept, and mini-batches, which go forward anew. Counted flops and measured time. */
#include "bench.h"

#include "linear.h"
#include "trainer.h"

enum { INPUTS = 784, CLASSES = 10, WIDTH = 1024, BATCH = 256, TWIN_ROUNDS = 6 };

static void run(struct arena *arena, const char *name, int64_t train, int64_t batch, struct descent descent,
                double target) {
    size_t mark = arena_mark(arena);
    const struct config config = bench_config(FAMILY_FC, WIDTH);
    struct network *network = ARENA_TAKE(arena, 1, struct network);
    if (network_create(&config, (struct shape){1, 1, INPUTS}, CLASSES, network) != OK) abort();
    const real *x = bench_random(arena, 3, train * INPUTS), *y = bench_random(arena, 4, train * CLASSES);
    const struct points points = {.train = train, .inputs = INPUTS, .outputs = CLASSES, .batch = batch, .x = x, .y = y};
    real *theta = bench_theta(arena, network), *theta0 = bench_theta(arena, network);
    int64_t *rows = ARENA_TAKE(arena, BATCH, int64_t);
    for (int64_t i = 0; i < BATCH; i++) rows[i] = i * (train / BATCH);
    const struct training training = {.network = network, .points = &points, .descent = descent};
    const struct beginning beginning = {
        .eta = (real)1e-3, .theta = theta, .theta0 = theta0, .f0_train = y, .f0_test = y};
    struct model *own = model_allocate(&trainer_model), *linear = model_allocate(&linear_parameters);
    model_create(&trainer_model, &training, arena, own);
    model_create(&linear_parameters, &training, arena, linear);
    model_start(own, &beginning);
    model_start(linear, &beginning);
    struct bench_gemm gemm = bench_gemm_create(arena);
    struct bench_timer alone = {0}, beside = {0};
    for (int round = 0; round < TWIN_ROUNDS; round++) {
        bench_gemm_round(&gemm);
        bench_begin(&alone);
        model_forward(own, batch ? rows : NULL);
        model_step(own);
        bench_end(&alone);
        bench_begin(&beside);
        model_forward(linear, batch ? rows : NULL);
        model_step(linear);
        bench_end(&beside);
    }
    double flops = trainer_model.step_flops(&training), more = linear_parameters.step_flops(&training);
    printf(
        "twin f%d %s: network %.1f ms (%.3f of the GEMM rate), linearization %.1f ms (%.3f); together %.2f times the "
        "network in flops, %.2f in time (target %.1f)\n",
        REAL_BITS, name, 1e3 * alone.least, flops / alone.least / bench_gemm_rate(&gemm), 1e3 * beside.least,
        more / beside.least / bench_gemm_rate(&gemm), 1 + more / flops, 1 + beside.least / alone.least, target);
    free(own);
    free(linear);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    const struct descent sgd = {.loss = LOSS_CROSS_ENTROPY, .optimizer = OPTIMIZER_SGD};
    const struct descent momentum = {.loss = LOSS_CROSS_ENTROPY, .optimizer = OPTIMIZER_SGD, .momentum = (real)0.9};
    const struct descent adam = {.loss = LOSS_CROSS_ENTROPY, .optimizer = OPTIMIZER_ADAM};
    run(&arena, "5000 points, full batch, sgd", 5000, 0, sgd, 2.3);
    run(&arena, "5000 points, full batch, momentum", 5000, 0, momentum, 2.3);
    run(&arena, "5000 points, batches of 256, sgd", 5000, BATCH, sgd, 2.8);
    run(&arena, "5000 points, batches of 256, momentum", 5000, BATCH, momentum, 2.8);
    run(&arena, "5000 points, batches of 256, adam", 5000, BATCH, adam, 2.8);
    arena_free(&arena);
    return 0;
}
