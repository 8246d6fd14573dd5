/* How many requests a second rank 0's helper thread serves: tasks that take no time, asked for by all other ranks.
 *
 * usage: mpirun -n RANKS bench_server [DIR [TASKS]]: in a folder of its own in DIR (/tmp), which is removed again.
 * bench_server_alone is the same without claims (no_claims.c): messages and queue alone.
 *
 * A request is a report and the order that answers it. Ranks wait in MPI_Recv, not in a worker's naps, to ask as often
 * as they can: with enough of them the thread is never idle. Rank 0's own naps leave its core to the thread, whose
 * processor time is the bound where the other ranks crowd that core and DIR is fast. R ranks at points of t seconds
 * ask R/t times a second, so a thread that serves r a second is full at R = r t. */
#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "allocate.h"
#include "clock.h"
#include "protocol.h"
#include "record_name.h"
#include "server.h"

static void stop_with(const char *message) {
    fprintf(stderr, "bench_server: %s\n", message);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void must(status result) {
    if (result != OK) stop_with(status_message());
}

/* ---- those who ask ---- */

struct asking {
    double requests, waited; /* seconds until the order came, in all */
    double longest, elapsed; /* seconds */
};

static struct order ask(const struct report *report) {
    struct order order;
    MPI_Send(report, (int)sizeof *report, MPI_BYTE, 0, TAG_REPORT, MPI_COMM_WORLD);
    MPI_Recv(&order, (int)sizeof order, MPI_BYTE, 0, TAG_ORDER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return order;
}

/* The first answer waits for the server to start, the last one for the end of all: neither counts. */
static struct asking ask_for_all(double pause) {
    struct asking asking = {0};
    struct order order = ask(&(struct report){.outcome = OUTCOME_NONE});
    double first = clock_seconds();
    while (order.task != QUEUE_NOTHING) {
        clock_nap(pause);
        double began = clock_seconds();
        order = ask(&(struct report){.outcome = OUTCOME_DONE, .task = order.task, .seconds = 1});
        if (order.task == QUEUE_NOTHING) break;
        double now = clock_seconds();
        asking.requests++;
        asking.waited += now - began;
        asking.longest = fmax(asking.longest, now - began);
        asking.elapsed = now - first;
    }
    MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_SIGNAL, MPI_COMM_WORLD);
    return asking;
}

/* ---- rank 0 ---- */

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static void make_study(const char *dir, int64_t points, struct study **study) {
    char file[1024];
    snprintf(file, sizeof file, "%s/bench.yaml", dir);
    FILE *out = fopen(file, "w");
    if (!out) stop_with("DIR: cannot be written to");
    fprintf(out,
            "data: { source: gaussian, dimension: 2 }\ntraining: { learning_rate: { absolute: 1 }, steps: 1 }\n"
            "sweep: { width: 1, train_size: 2, seed: { count: %" PRId64 ", first: 0 } }\n",
            points);
    fclose(out);
    must(study_read(file, 0, NULL, NULL, study));
}

static struct work make_work(int64_t points) {
    struct work work = {.points = points,
                        .count = points,
                        .task = allocate_zeroed(points, sizeof *work.task),
                        .queue = allocate_zeroed(points, sizeof *work.queue)};
    for (int64_t i = 0; i < points; i++) {
        uint64_t hash = (uint64_t)i * 0x9e3779b97f4a7c15U; /* the keys of neighbours are far apart, as a hash's are */
        snprintf(work.task[i].key, KEY_BYTES, "%016" PRIx64 "%016" PRIx64, hash, ~hash);
        work.task[i].cell = i;
        work.queue[i] = (struct queue_task){1 + 1e-6 * (double)(i % 1000), QUEUE_NOTHING};
    }
    return work;
}

/* Of all threads of this process but the calling one. */
static double seconds_of_others(void) {
    struct rusage all, mine;
    getrusage(RUSAGE_SELF, &all);
    getrusage(RUSAGE_THREAD, &mine);
    const struct timeval *add[] = {&all.ru_utime, &all.ru_stime}, *less[] = {&mine.ru_utime, &mine.ru_stime};
    double seconds = 0;
    for (int i = 0; i < 2; i++) {
        seconds += (double)(add[i]->tv_sec - less[i]->tv_sec);
        seconds += 1e-6 * (double)(add[i]->tv_usec - less[i]->tv_usec);
    }
    return seconds;
}

struct bench {
    char dir[512];
    struct study *study;
    struct work work;
    struct server *server;
};

static void begin(struct bench *bench, const char *parent, int64_t points) {
    snprintf(bench->dir, sizeof bench->dir, "%s/bench_server.XXXXXX", parent);
    if (!mkdtemp(bench->dir)) stop_with("DIR: no folder can be made in it");
    must(store_open(bench->dir));
    make_study(bench->dir, points, &bench->study);
    bench->work = make_work(points);
    unsigned char *found = allocate_zeroed(points, 1);
    struct server_job job = {.comm = MPI_COMM_WORLD, .dir = bench->dir, .study = bench->study, .work = &bench->work};
    bench->server = server_start(&job, found);
    free(found);
}

static void end(struct bench *bench) {
    server_free(bench->server);
    free(bench->work.task);
    free(bench->work.queue);
    study_free(bench->study);
    nftw(bench->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void print(const char *parent, int ranks, const struct asking *all, double seconds) {
    double rate = all->requests / all->elapsed;
    printf("%s, %d ranks: %.0f requests, %.0f/s; until the order mean %.0f us, longest %.1f ms\n", parent, ranks,
           all->requests, rate, 1e6 * all->waited / all->requests, 1e3 * all->longest);
    printf("    at this rate full with %.3g ranks at points of 1 s, %.3g of 10 s, %.3g of 60 s; the thread alone: %.1f "
           "us of "
           "a core each, %.0f/s\n",
           rate, 10 * rate, 60 * rate, 1e6 * seconds / all->requests, all->requests / seconds);
}

/* Collective. */
static struct asking sum_up(const struct asking *mine) {
    struct asking all;
    MPI_Reduce(&mine->requests, &all.requests, 2, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Reduce(&mine->longest, &all.longest, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    return all;
}

int main(int argc, char **argv) {
    const char *parent = argc > 1 ? argv[1] : "/tmp";
    int64_t points = argc > 2 ? atoll(argv[2]) : 20000;
    int rank, ranks, threads;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &threads);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    struct bench bench;
    double seconds = seconds_of_others();
    if (rank == 0) begin(&bench, parent, points);
    struct asking mine = ask_for_all(rank == 0 ? 0.05 : 0);
    if (rank == 0) server_join(bench.server);
    seconds = seconds_of_others() - seconds;
    struct asking all = sum_up(&mine);
    if (rank == 0) print(parent, ranks, &all, seconds);
    if (rank == 0) end(&bench);
    MPI_Finalize();
}
