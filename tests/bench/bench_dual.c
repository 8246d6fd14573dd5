/* Speed of the dual activations: updates of T and Tdot together, one a pair and layer, in millions a second.
 * Usage: bench_dual [POINTS]. A fully connected net of depth D then makes at most 2/D times as many kernel entries a
 * second, one triangle done and all entries counted. */
#include "bench.h"
#include "dual.h"

struct rows {
    int64_t points;
    double *variance, *root, *cosine; /* cosine[points - 1 + i - j]: correlations of all sizes */
    double *k, *theta;                /* one row */
};

static struct rows rows_create(int64_t points, struct arena *arena) {
    struct rows rows = {.points = points,
                        .variance = ARENA_TAKE(arena, points, double),
                        .root = ARENA_TAKE(arena, points, double),
                        .cosine = ARENA_TAKE(arena, 2 * points, double),
                        .k = ARENA_TAKE(arena, points, double),
                        .theta = ARENA_TAKE(arena, points, double)};
    for (int64_t i = 0; i < points; i++) {
        rows.variance[i] = 0.5 + fmod(0.7549 * (double)i, 1.5);
        rows.root[i] = sqrt(rows.variance[i]);
        rows.theta[i] = 1;
    }
    for (int64_t i = 0; i < 2 * points; i++) rows.cosine[i] = cos(2.39996 * (double)(points - 1 - i));
    return rows;
}

/* One triangle; writing the covariances, about a tenth of it for relu, is part of the time. */
static void run_layer(const struct rows *rows, const struct dual *dual, const struct dual_side *side) {
    for (int64_t i = 0; i < rows->points; i++) {
        for (int64_t j = 0; j <= i; j++)
            rows->k[j] = rows->root[i] * rows->root[j] * rows->cosine[rows->points - 1 - i + j];
        struct dual_pairs pairs = {.rows = 1, .columns = i + 1, .pitch = i + 1, .own = i};
        dual_run(dual, side, side, &pairs, rows->k, rows->theta);
    }
}

static void bench_kind(const struct rows *rows, struct arena *arena, enum activation_kind kind, const char *name) {
    struct bench_timer prepare = {0}, layer = {0};
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        size_t mark = arena_mark(arena);
        bench_begin(&prepare);
        struct dual dual = dual_prepare(kind, 0.25, rows->points, rows->variance, arena);
        double *room = ARENA_TAKE(arena, dual_side_numbers(&dual) * rows->points, double);
        struct dual_side side = dual_side_fill(&dual, rows->points, rows->variance, room);
        bench_end(&prepare);
        bench_begin(&layer);
        run_layer(rows, &dual, &side);
        bench_end(&layer);
        arena_release(arena, mark);
    }
    double pairs = 0.5 * (double)rows->points * (double)(rows->points + 1);
    printf("dual %-8s %6.1f M updates/s, prepared in %.4f s\n", name, pairs / layer.least / 1e6, prepare.least);
}

int main(int argc, char **argv) {
    struct arena arena = bench_arena();
    struct rows rows = rows_create(argc > 1 ? atoll(argv[1]) : 2000, &arena);
    bench_kind(&rows, &arena, ACTIVATION_RELU, "relu");
    bench_kind(&rows, &arena, ACTIVATION_ERF, "erf");
    bench_kind(&rows, &arena, ACTIVATION_IDENTITY, "identity");
    bench_kind(&rows, &arena, ACTIVATION_TANH, "tanh");
    bench_kind(&rows, &arena, ACTIVATION_LEAKY_RELU, "leaky_relu");
    bench_kind(&rows, &arena, ACTIVATION_COS, "cos");
    arena_free(&arena);
    return 0;
}
