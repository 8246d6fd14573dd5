/* The makespan of a real study on 1 to 10,000 ranks: the run's own queue replays what its tasks took.
 *
 * usage: bench_schedule [COSTS.tsv | DIR [COSTS.tsv]]: costs as text (costs.h), or a finished study's, written as text.
 *
 * On paper. Let p_1 >= p_2 >= ... be the seconds of the tasks, on R ranks. No schedule is shorter than the bound
 *
 *     B = max(total/R, p_1, p_R + p_{R+1}),
 *
 * its last part since two of the R + 1 largest share a rank. A rank gets a task the moment it is idle, so all are busy
 * until the task that ends last, of p_l seconds, begins (list scheduling; Graham 1966, and 1969 for largest first):
 *
 *     makespan <= total/R + (1 - 1/R) p_l <= (2 - 1/R) B,    and, largest first, <= (4/3 - 1/(3R)) OPT.
 *
 * Ours is near 1, since what ends last is as a rule one of the smallest tasks, and costs span decades: p_l << total/R.
 * Where R is so large that p_1 > total/R, p_1 begins first and the rest fits beside it. Predictions only order: a wrong
 * one moves a task in the order, and costs at most the (1 - 1/R) p_l of a long task that came too late.
 *
 * References: with r(i) the seconds of the one that point i needs, no schedule is shorter than the longest chain
 * max r(i) + p_i either ("to chain": the ratio to the larger of it and B), and list scheduling exceeds total/R by at
 * most a chain. So references come first. "apart" is the ratio to B where points wait for nothing; the rest of "ratio"
 * is what references cause. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allocate.h"
#include "clock.h"
#include "costs.h"
#include "makespan.h"

static const int RANKS[] = {1, 2, 10, 30, 100, 200, 300, 500, 1000, 2000, 3000, 10000};
enum { RANKS_COUNT = sizeof RANKS / sizeof *RANKS };

static int compare_downwards(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

/* Seconds of `count` tasks, the longest first. */
struct bounds {
    int64_t count;
    double *sorted, total, chain;
};

static struct bounds bounds_create(const struct costs *costs, const double *seconds) {
    struct bounds bounds = {.count = costs->count};
    bounds.sorted = allocate_copy(seconds, (size_t)costs->count * sizeof *seconds);
    qsort(bounds.sorted, (size_t)costs->count, sizeof *bounds.sorted, compare_downwards);
    for (int64_t i = 0; i < costs->count; i++) {
        int64_t needs = costs->task[i].needs;
        bounds.total += seconds[i];
        bounds.chain = fmax(bounds.chain, seconds[i] + (needs == QUEUE_NOTHING ? 0 : seconds[needs]));
    }
    return bounds;
}

static double pair_bound(const struct bounds *bounds, int ranks) {
    return ranks < bounds->count ? bounds->sorted[ranks - 1] + bounds->sorted[ranks] : 0;
}

static void print_line(const struct bounds *bounds, int ranks, double wall, double apart) {
    static const char *const name[] = {"total/R", "p_1", "p_R+p_R+1"};
    double bound[] = {bounds->total / ranks, bounds->sorted[0], pair_bound(bounds, ranks)};
    int largest = bound[1] > bound[0];
    if (bound[2] > bound[largest]) largest = 2;
    printf("%7d %10.4g %10.4g %-10s %6.3f %8.3f %8.3f %5.0f %%\n", ranks, wall, bound[largest], name[largest],
           wall / bound[largest], wall / fmax(bound[largest], bounds->chain), apart / bound[largest],
           100 * bounds->total / (wall * ranks));
}

static void print_table(const char *title, const struct costs *costs, const double *seconds) {
    struct queue queue, free_queue;
    struct bounds bounds = bounds_create(costs, seconds);
    struct queue_task *task = allocate_copy(costs->task, (size_t)costs->count * sizeof *task);
    for (int64_t i = 0; i < costs->count; i++) task[i].needs = QUEUE_NOTHING;
    queue_create(costs->count, costs->task, &queue);
    queue_create(costs->count, task, &free_queue);
    printf("\n%s: %" PRId64 " points, %" PRId64 " references, %.4g s; longest %.3g s, longest chain %.3g s\n", title,
           costs->points, costs->count - costs->points, bounds.total, bounds.sorted[0], bounds.chain);
    printf("%7s %10s %10s %-10s %6s %8s %8s %7s\n", "ranks", "makespan", "bound", "which is", "ratio", "to chain",
           "apart", "busy");
    for (int i = 0; i < RANKS_COUNT; i++)
        print_line(&bounds, RANKS[i], makespan_replay(&queue, RANKS[i], seconds, NULL),
                   makespan_replay(&free_queue, RANKS[i], seconds, NULL));
    queue_free(&queue);
    queue_free(&free_queue);
    free(task);
    free(bounds.sorted);
}

/* By what the run did not foresee, and by what it did. */
static void print_tables(const struct costs *costs) {
    double *predicted = allocate_zeroed(costs->count, sizeof *predicted);
    for (int64_t i = 0; i < costs->count; i++) predicted[i] = costs->task[i].seconds;
    print_table("recorded seconds", costs, costs->recorded);
    print_table("predicted seconds", costs, predicted);
    free(predicted);
}

/* What one look at the time to go costs the server. */
static void print_speed(const struct costs *costs) {
    printf("\nms of one makespan_seconds, %" PRId64 " tasks:", costs->count);
    struct queue queue;
    queue_create(costs->count, costs->task, &queue);
    for (int ranks = 100; ranks <= 10000; ranks *= 10) {
        double began = clock_seconds();
        makespan_seconds(&queue, ranks, NULL, 1, NULL);
        printf("  %.2f on %d ranks", 1e3 * (clock_seconds() - began), ranks);
    }
    putchar('\n');
    queue_free(&queue);
}

static status read_costs(const char *path, struct costs *costs) {
    struct stat about;
    int is_study = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    return (is_study ? costs_read_study : costs_read_text)(path, costs);
}

static void write_costs(const char *file, const struct costs *costs) {
    FILE *out = fopen(file, "w");
    if (out) costs_write_text(out, costs);
    if (!out || fclose(out) != 0) fprintf(stderr, "bench_schedule: %s: cannot be written\n", file);
}

int main(int argc, char **argv) {
    struct costs costs;
    if (read_costs(argc > 1 ? argv[1] : BENCH_COSTS, &costs) != OK) {
        fprintf(stderr, "bench_schedule: %s\n", status_message());
        return 1;
    }
    if (argc > 2) write_costs(argv[2], &costs);
    static const int64_t copies[] = {1, 10};
    for (int i = 0; i < 2; i++) {
        struct costs repeated;
        costs_repeat(&costs, copies[i], &repeated);
        print_tables(&repeated);
        print_speed(&repeated);
        costs_free(&repeated);
    }
    costs_free(&costs);
}
