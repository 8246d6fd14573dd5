/* The infinite-width kernels of 2000 x 2000 points at depth 3, in double, without X X': one triangle done, n^2 entries
 * counted. */
#include "bench.h"

#include "infinite.h"

enum { POINTS = 2000, INPUTS = 64, ROUNDS = 4 };

struct bench {
    double *gram, *k, *theta;
};

static void run_activation(struct arena *arena, const struct bench *bench, enum activation_kind activation,
                           const char *name) {
    size_t mark = arena_mark(arena);
    const struct network *network = bench_network(arena, activation, INPUTS, 1);
    struct bench_timer timer = {0};
    for (int round = 0; round < ROUNDS; round++) {
        bench_begin(&timer);
        ntk_infinite(network, POINTS, bench->gram, bench->k, bench->theta, arena, NULL, NULL);
        bench_end(&timer);
    }
    printf("infinite %s: %.1f M entries/s (target for relu and erf 60)\n", name,
           POINTS * (double)POINTS / timer.least / 1e6);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    const real *x = bench_random(&arena, 3, POINTS * INPUTS);
    struct bench bench = {ARENA_TAKE(&arena, POINTS * POINTS, double), ARENA_TAKE(&arena, POINTS * POINTS, double),
                          ARENA_TAKE(&arena, POINTS * POINTS, double)};
    la_syrk(POINTS, INPUTS, (real)1 / INPUTS, x, 0, bench.gram);
    run_activation(&arena, &bench, ACTIVATION_RELU, "relu");
    run_activation(&arena, &bench, ACTIVATION_ERF, "erf");
    run_activation(&arena, &bench, ACTIVATION_TANH, "tanh");
    arena_free(&arena);
    return 0;
}
