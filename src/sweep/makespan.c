#include "makespan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "heap.h"

struct play {
    struct queue queue;    /* a copy */
    const double *seconds; /* [queue.count], or NULL: the predicted ones */
    double scale, *busy;   /* busy: [ranks] or NULL */
    int64_t *task;         /* [ranks], at which they are */
    struct heap ending;    /* key: when a rank's task ends, in seconds from now; id: the rank */
    int *idle;             /* [idle_count], a stack, so that the same ranks stay idle */
    int idle_count;
};

static void begin(struct play *play, int rank, int64_t task, double from, double elapsed) {
    double seconds = play->seconds ? play->seconds[task] : play->queue.task[task].seconds;
    double left = fabs(play->scale * seconds - elapsed); /* a late task as long again as it is late */
    play->task[rank] = task;
    heap_add(&play->ending, (struct heap_item){from + left, rank});
    if (play->busy) play->busy[rank] += left;
}

static void hand_out(struct play *play, double now) {
    while (play->idle_count) {
        int64_t task = queue_next(&play->queue);
        if (task == QUEUE_NOTHING) return;
        begin(play, play->idle[--play->idle_count], task, now, 0);
    }
}

static double play_through(struct play *play) {
    double now = 0;
    for (hand_out(play, now); play->ending.count; hand_out(play, now)) {
        struct heap_item ending = heap_take(&play->ending);
        int rank = (int)ending.id;
        now = ending.key;
        queue_finish(&play->queue, play->task[rank], QUEUE_DONE);
        play->idle[play->idle_count++] = rank;
    }
    return now;
}

static void finish_elsewhere(struct queue *queue) {
    for (int64_t task = 0; task < queue->count && queue->elsewhere; task++)
        if (queue->state[task] == QUEUE_ELSEWHERE) queue_finish(queue, task, QUEUE_DONE);
}

static double play_from(struct play *play, const struct queue *queue, int ranks, const struct makespan_rank *rank) {
    queue_copy(queue, &play->queue);
    finish_elsewhere(&play->queue);
    play->task = allocate_zeroed(ranks, sizeof *play->task);
    play->ending.item = allocate_zeroed(ranks, sizeof *play->ending.item);
    play->idle = allocate_zeroed(ranks, sizeof *play->idle);
    if (play->busy) memset(play->busy, 0, (size_t)ranks * sizeof *play->busy);
    for (int i = ranks - 1; i >= 0; i--)
        if (rank && rank[i].task != QUEUE_NOTHING)
            begin(play, i, rank[i].task, 0, rank[i].elapsed);
        else
            play->idle[play->idle_count++] = i;
    double seconds = play_through(play);
    queue_free(&play->queue);
    free(play->task);
    free(play->ending.item);
    free(play->idle);
    return seconds;
}

double makespan_seconds(const struct queue *queue, int ranks, const struct makespan_rank *rank, double scale,
                        double *busy) {
    return play_from(&(struct play){.scale = scale, .busy = busy}, queue, ranks, rank);
}

double makespan_replay(const struct queue *queue, int ranks, const double *seconds, double *busy) {
    return play_from(&(struct play){.seconds = seconds, .scale = 1, .busy = busy}, queue, ranks, NULL);
}
