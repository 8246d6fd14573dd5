/* The 3x3 convolution of 32 images of 32x32 and its gradients, each way: useful flops of the direct sum over time, as a share of the
 * GEMM rate. */
#include "bench.h"

#include "filtering.h"

enum { IMAGES = 32, SIDE = 32, TAPS = 9, ROUNDS = 4 };

struct bench {
    struct filtering f;
    real *x, *y, *w, *dx, *filter, *gradient, *each, *work;
};

typedef void face(const struct filtering_way *way, const struct bench *b);

static void forward(const struct filtering_way *way, const struct bench *b) {
    way->forward(&b->f, IMAGES, &(struct filtering_weights){1, b->filter, 0, NULL}, b->x, 0, b->y, b->work);
}
static void input(const struct filtering_way *way, const struct bench *b) {
    way->input(&b->f, IMAGES, &(struct filtering_weights){1, b->filter, 0, NULL}, b->w, 0, b->dx, b->work);
}
static void filter(const struct filtering_way *way, const struct bench *b) {
    way->filter(&b->f, IMAGES, 1, b->x, b->w, b->gradient, b->work);
}
static void each(const struct filtering_way *way, const struct bench *b) {
    const struct filtering_each each = {IMAGES, 1, 0, b->f.out, TAPS * b->f.in * b->f.out, false};
    way->filter_each(&b->f, &each, 1, b->x, b->w, b->each, b->work);
}

static const struct {
    const char *name;
    face *run;
} faces[] = {{"forward", forward}, {"input", input}, {"filter", filter}, {"each", each}};
enum { FACES = sizeof faces / sizeof *faces };

static struct bench bench_create(struct arena *arena, const struct filtering_way *way, int64_t channels) {
    struct bench b = {.f = {SIDE, SIDE, channels, SIDE, SIDE, channels, 3, 1}};
    int64_t images = (int64_t)IMAGES * SIDE * SIDE * channels, filters = TAPS * channels * channels;
    b.x = bench_random(arena, 3, images);
    b.w = bench_random(arena, 4, images);
    b.y = ARENA_TAKE(arena, images, real);
    b.dx = ARENA_TAKE(arena, images, real);
    b.filter = bench_random(arena, 5, filters);
    b.gradient = bench_random(arena, 6, filters);
    b.each = ARENA_TAKE(arena, IMAGES * filters, real);
    b.work = ARENA_TAKE(arena, way->work(&b.f), real);
    return b;
}

static void run(struct arena *arena, struct bench_gemm gemm, const struct filtering_way *way, int64_t channels) {
    size_t mark = arena_mark(arena);
    struct bench b = bench_create(arena, way, channels);
    struct bench_timer timers[FACES] = {{0, 0}};
    for (int round = 0; round < ROUNDS; round++) {
        bench_gemm_round(&gemm);
        for (int i = 0; i < FACES; i++) {
            bench_begin(&timers[i]);
            faces[i].run(way, &b);
            bench_end(&timers[i]);
        }
    }
    double flops = 2.0 * TAPS * IMAGES * SIDE * SIDE * (double)(channels * channels);
    printf("filtering f%d %s, %lld channels:", REAL_BITS, way->name, (long long)channels);
    for (int i = 0; i < FACES; i++) printf(" %s %.2f", faces[i].name, flops / timers[i].least / bench_gemm_rate(&gemm));
    printf(" of the GEMM rate, %.1f GFLOP/s\n", bench_gemm_rate(&gemm) / 1e9);
    arena_release(arena, mark);
}

int main(void) {
    la_set_threads(1);
    struct arena arena = bench_arena();
    struct bench_gemm gemm = bench_gemm_create(&arena);
    for (int64_t channels = 16; channels <= 512; channels *= 2) {
        run(&arena, gemm, &filtering_winograd, channels);
        run(&arena, gemm, &filtering_patches, channels);
    }
    arena_free(&arena);
    return 0;
}
