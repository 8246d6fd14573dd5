#include "queue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "panic.h"

struct ordering {
    const struct queue_task *task;
    const unsigned char *leads; /* others need it */
};

static int compare_tasks(const void *left, const void *right, void *context) {
    const struct ordering *ordering = context;
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    if (ordering->leads[a] != ordering->leads[b]) return ordering->leads[a] ? -1 : 1;
    double first = ordering->task[a].seconds, second = ordering->task[b].seconds;
    if (first > second || first < second) return first > second ? -1 : 1;
    return a < b ? -1 : a > b;
}

void queue_create(int64_t count, const struct queue_task *task, struct queue *queue) {
    *queue = (struct queue){.count = count, .task = task, .waiting = count};
    queue->order = allocate_zeroed(count, sizeof *queue->order);
    queue->state = allocate_zeroed(count, 1);
    unsigned char *leads = allocate_zeroed(count, 1);
    for (int64_t i = 0; i < count; i++) {
        queue->order[i] = i;
        if (task[i].needs != QUEUE_NOTHING) leads[task[i].needs] = 1;
    }
    struct ordering ordering = {task, leads};
    qsort_r(queue->order, (size_t)count, sizeof *queue->order, compare_tasks, &ordering);
    free(leads);
}

void queue_free(struct queue *queue) {
    free(queue->order);
    free(queue->state);
    *queue = (struct queue){0};
}

static void set_state(struct queue *queue, int64_t task, enum queue_state state) {
    enum queue_state before = (enum queue_state)queue->state[task];
    queue->waiting += (state == QUEUE_WAITING) - (before == QUEUE_WAITING);
    queue->running += (state == QUEUE_RUNNING) - (before == QUEUE_RUNNING);
    queue->state[task] = (unsigned char)state;
}

static int is_ready(const struct queue *queue, int64_t task) {
    int64_t needs = queue->task[task].needs;
    return queue->state[task] == QUEUE_WAITING && (needs == QUEUE_NOTHING || queue->state[needs] == QUEUE_DONE);
}

int64_t queue_next(struct queue *queue) {
    while (queue->first < queue->count && queue->state[queue->order[queue->first]] != QUEUE_WAITING) queue->first++;
    for (int64_t i = queue->first; i < queue->count; i++) {
        int64_t task = queue->order[i];
        if (!is_ready(queue, task)) continue;
        set_state(queue, task, QUEUE_RUNNING);
        return task;
    }
    return QUEUE_NOTHING;
}

static void block_dependents(struct queue *queue, int64_t failed) {
    for (int64_t i = 0; i < queue->count; i++)
        if (queue->task[i].needs == failed && queue->state[i] == QUEUE_WAITING) set_state(queue, i, QUEUE_BLOCKED);
}

void queue_finish(struct queue *queue, int64_t task, enum queue_state outcome) {
    CHECK(outcome == QUEUE_DONE || outcome == QUEUE_FAILED);
    CHECK(queue->state[task] == QUEUE_RUNNING || queue->state[task] == QUEUE_WAITING);
    set_state(queue, task, outcome);
    if (outcome == QUEUE_FAILED) block_dependents(queue, task);
}

void queue_return(struct queue *queue, int64_t task) {
    CHECK(queue->state[task] == QUEUE_RUNNING);
    set_state(queue, task, QUEUE_WAITING);
    queue->first = 0;
}

/* ---- playing it through ---- */

struct play {
    struct queue queue; /* a copy */
    int ranks;
    int64_t *task; /* [ranks] */
    double *until; /* [ranks], seconds from now at which the task ends */
    double scale, *busy;
};

static void play_begin(struct play *play, int rank, int64_t task, double from, double elapsed) {
    double left = fmax(play->scale * play->queue.task[task].seconds - elapsed, 0);
    play->task[rank] = task;
    play->until[rank] = from + left;
    if (play->busy) play->busy[rank] += left;
}

static void play_hand_out(struct play *play, double now) {
    for (int rank = 0; rank < play->ranks; rank++) {
        if (play->task[rank] != QUEUE_NOTHING) continue;
        int64_t task = queue_next(&play->queue);
        if (task == QUEUE_NOTHING) return;
        play_begin(play, rank, task, now, 0);
    }
}

/* The rank that is done first, or -1. */
static int play_earliest(const struct play *play) {
    int earliest = -1;
    for (int rank = 0; rank < play->ranks; rank++)
        if (play->task[rank] != QUEUE_NOTHING && (earliest < 0 || play->until[rank] < play->until[earliest]))
            earliest = rank;
    return earliest;
}

static double play_through(struct play *play) {
    double now = 0;
    for (;;) {
        play_hand_out(play, now);
        int rank = play_earliest(play);
        if (rank < 0) return now;
        now = play->until[rank];
        queue_finish(&play->queue, play->task[rank], QUEUE_DONE);
        play->task[rank] = QUEUE_NOTHING;
    }
}

double queue_makespan(const struct queue *queue, int ranks, const struct queue_rank *rank, double scale, double *busy) {
    struct play play = {.queue = *queue, .ranks = ranks, .scale = scale, .busy = busy};
    play.queue.state = allocate_copy(queue->state, (size_t)queue->count);
    play.task = allocate_zeroed(ranks, sizeof *play.task);
    play.until = allocate_zeroed(ranks, sizeof *play.until);
    if (busy) memset(busy, 0, (size_t)ranks * sizeof *busy);
    for (int i = 0; i < ranks; i++) {
        play.task[i] = QUEUE_NOTHING;
        if (rank && rank[i].task != QUEUE_NOTHING) play_begin(&play, i, rank[i].task, 0, rank[i].elapsed);
    }
    double seconds = play_through(&play);
    free(play.queue.state);
    free(play.task);
    free(play.until);
    return seconds;
}
