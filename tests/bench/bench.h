/* What the benches share: the clock, the GEMM rate beside which everything is set, random arrays.
 *
 * Times are the thread's processor seconds, the least of several rounds; GEMM (n = 1024) is timed anew in each round,
 * since clocks and neighbours change the speed of a machine from second to second. One BLAS thread. */
#ifndef BENCH_H
#define BENCH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "arena.h"
#include "machine.h"
#include "matrix.h"
#include "network.h"
#include "random.h"

enum { BENCH_ROUNDS = 12 };

static inline double bench_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The least time of what stands between begin and end, over rounds. */
struct bench_timer {
    double begin, least;
};
static inline void bench_begin(struct bench_timer *timer) { timer->begin = bench_clock(); }
static inline void bench_end(struct bench_timer *timer) {
    double seconds = bench_clock() - timer->begin;
    if (timer->least == 0 || seconds < timer->least) timer->least = seconds;
}

static inline real *bench_random(struct arena *arena, uint64_t stream, int64_t count) {
    real *taken = ARENA_TAKE(arena, count, real);
    for (int64_t i = 0; taken && i < count; i++) {
        double number;
        random_normal(2385, RANDOM_TEST, stream, i, 1, &number);
        taken[i] = (real)number;
    }
    return taken;
}

struct bench_gemm {
    struct bench_timer timer;
    real *a, *b, *c;
};
enum { BENCH_GEMM = 1024 };
static inline struct bench_gemm bench_gemm_create(struct arena *arena) {
    const int64_t size = (int64_t)BENCH_GEMM * BENCH_GEMM;
    return (struct bench_gemm){
        .a = bench_random(arena, 1, size), .b = bench_random(arena, 2, size), .c = ARENA_TAKE(arena, size, real)};
}
static inline void bench_gemm_round(struct bench_gemm *gemm) {
    const int64_t n = BENCH_GEMM;
    bench_begin(&gemm->timer);
    la_gemm(LA_PLAIN, LA_PLAIN, n, n, n, 1, gemm->a, n, gemm->b, n, 0, gemm->c, n);
    bench_end(&gemm->timer);
}
/* flops a second */
static inline double bench_gemm_rate(const struct bench_gemm *gemm) {
    return 2 * pow(BENCH_GEMM, 3) / gemm->timer.least;
}

/* Two and a half gigabytes that the benches lay out in. */
static inline struct arena bench_arena(void) {
    struct arena arena;
    if (arena_create((size_t)5 << 29, &arena) == OK) return arena;
    fprintf(stderr, "bench: %s\n", status_message());
    exit(1);
}

/* relu, sigma_w^2 = 2, sigma_b^2 = 0.1, NTK parameterization, depth 3, one block, filters of 3, global pooling. */
static inline struct config bench_config(int family, int64_t width) {
    struct config config = {.width = width};
    config.network.family = family;
    config.network.depth = 3;
    config.network.blocks = 1;
    config.network.kernel_size = 3;
    config.network.activation = ACTIVATION_RELU;
    config.network.sigma_w2 = 2;
    config.network.sigma_b2 = 0.1;
    config.network.parameterization = PARAMETERIZATION_NTK;
    config.network.output_scale = 1;
    return config;
}

/* One output. */
static inline struct network *bench_network(struct arena *arena, const struct config *config, struct shape input) {
    struct network *network = ARENA_TAKE(arena, 1, struct network);
    if (network_create(config, input, 1, network) != OK) abort();
    return network;
}

static inline real *bench_theta(struct arena *arena, const struct network *network) {
    real *theta = ARENA_TAKE(arena, network->theta, real);
    network_initialize(network, 1, theta);
    return theta;
}

#endif
