/* The infinite-width kernels, in the precision of pairs: fully connected, 2000 x 2000 points of 64 numbers at depth 3, one triangle done and
 * n^2 entries counted; convolutional, images of 32 x 32 x 3, ten layers of 3 x 3, in updates of a pair of pixels (one convolution
 * and one activation, of K and Theta), with global pooling (all pairs of pixels; of some points with the first eight) and with
 * flattening (each pixel with itself).
 * Beside it: the share of what multiplications and additions in registers alone do, by the same clones and unfused as the
 * program's; an update of relu or erf is some 28 of each (sums of windows 5, map 3, root 5, angle and T, Tdot 15).
 * Usage: bench_infinite [ACTIVATION] */
#include "bench.h"

#include <string.h>

#include "infinite.h"
#include "panic.h"
#include "simd.h"

struct bench {
    struct arena *arena;
    const double *x;
    double *k, *theta;
};

static const double *inputs(struct arena *arena, int64_t count) {
    const real *drawn = bench_random(arena, 3, count);
    double *x = ARENA_TAKE(arena, count, double);
    for (int64_t i = 0; i < count; i++) x[i] = (double)drawn[i];
    return x;
}

static struct infinite_plan *plan_of(const struct network *network) {
    struct infinite_plan *plan;
    CHECK(infinite_plan_create(network, &plan) == OK);
    return plan;
}

static double least_seconds(const struct bench *bench, const struct infinite_plan *plan, int64_t points,
                            int64_t columns, int rounds) {
    struct bench_timer timer = {0};
    const struct infinite_points all = {points, columns, bench->x, bench->k, bench->theta};
    for (int round = 0; round < rounds; round++) {
        bench_begin(&timer);
        infinite_kernels(plan, &all, bench->arena, NULL);
        bench_end(&timer);
    }
    return timer.least;
}

typedef real lanes __attribute__((vector_size(32)));

SIMD_CLONES static real multiply_and_add(int64_t count, real factor, real term) {
    enum { CHAINS = 12, WIDTH = sizeof(lanes) / sizeof(real) };
    lanes chain[CHAINS], sum = {0};
    for (int i = 0; i < CHAINS; i++) chain[i] = sum + (real)i;
    for (int64_t n = 0; n < count; n += CHAINS * WIDTH)
        for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * factor + term;
    for (int i = 0; i < CHAINS; i++) sum += chain[i];
    return sum[0] + sum[WIDTH - 1];
}

/* Multiplications, and as many additions, a second. */
static double rate_in_registers(void) {
    const int64_t count = 96 * 1000000;
    struct bench_timer timer = {0};
    volatile real sum = 0;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        bench_begin(&timer);
        sum += multiply_and_add(count, (real)0.999, (real)0.001);
        bench_end(&timer);
    }
    (void)sum;
    return (double)count / timer.least;
}

static void run_points(const struct bench *bench, struct config config, const char *name) {
    enum { POINTS = 2000, INPUTS = 64 };
    config.network.family = FAMILY_FC;
    const struct network *network = bench_network(bench->arena, &config, (struct shape){1, 1, INPUTS});
    struct infinite_plan *plan = plan_of(network);
    double seconds = least_seconds(bench, plan, POINTS, POINTS, 4);
    printf("infinite fc %s: %.1f M entries/s (target for relu and erf 60)\n", name,
           POINTS * (double)POINTS / seconds / 1e6);
    infinite_plan_free(plan);
}

static void run_images(const struct bench *bench, struct config config, int64_t points, const char *name) {
    enum { SIZE = 32, LAYERS = 10, COLUMNS = 8, UPDATE = 28 };
    bool is_global = config.network.pooling == POOLING_GLOBAL;
    config.network.family = FAMILY_CONV;
    config.network.depth = LAYERS;
    const struct network *network = bench_network(bench->arena, &config, (struct shape){SIZE, SIZE, 3});
    struct infinite_plan *plan = plan_of(network);
    int64_t columns = is_global && points > COLUMNS ? COLUMNS : points;
    double seconds = least_seconds(bench, plan, points, columns, is_global ? 1 : 4), pixels = SIZE * SIZE;
    double pairs = (double)(columns * (columns + 1) / 2 + columns * (points - columns));
    double updates = pairs * LAYERS * pixels * (is_global ? pixels : 1);
    printf("infinite conv %s %s: %.1f M updates/s, %.2f of the rate in registers, predicted %.2f of its time\n",
           is_global ? "global" : "flatten", name, updates / seconds / 1e6,
           UPDATE * updates / seconds / rate_in_registers(), infinite_work(plan, points, columns) * 1e-9 / seconds);
    infinite_plan_free(plan);
}

int main(int argc, char **argv) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    enum { NUMBERS = 2000 * 2000 };
    struct bench bench = {&arena, inputs(&arena, 64 * 3072), ARENA_TAKE(&arena, NUMBERS, double),
                          ARENA_TAKE(&arena, NUMBERS, double)};
    static const struct {
        int activation;
        const char *name;
    } kinds[] = {{ACTIVATION_RELU, "relu"}, {ACTIVATION_ERF, "erf"}, {ACTIVATION_TANH, "tanh"}};
    for (int kind = 0; kind < 3; kind++) {
        if (argc > 1 && strcmp(argv[1], kinds[kind].name) != 0) continue;
        size_t mark = arena_mark(&arena);
        struct config config = bench_config(FAMILY_FC, 1);
        config.network.activation = kinds[kind].activation;
        run_points(&bench, config, kinds[kind].name);
        config.network.pooling = POOLING_FLATTEN;
        run_images(&bench, config, kind == 2 ? 16 : 64, kinds[kind].name);
        config.network.pooling = POOLING_GLOBAL;
        run_images(&bench, config, kind == 2 ? 1 : 24, kinds[kind].name);
        arena_release(&arena, mark);
    }
    arena_free(&arena);
    return 0;
}
