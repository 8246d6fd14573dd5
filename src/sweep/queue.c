#include "queue.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "allocate.h"
#include "panic.h"

/* ---- creation ---- */

static void link_dependents(struct queue *queue) {
    for (int64_t i = 0; i < queue->count; i++) queue->first_dependent[i] = QUEUE_NOTHING;
    for (int64_t i = queue->count - 1; i >= 0; i--) {
        int64_t needs = queue->task[i].needs;
        if (needs == QUEUE_NOTHING) continue;
        queue->next_sibling[i] = queue->first_dependent[needs];
        queue->first_dependent[needs] = i;
    }
}

/* References before everything: by more than any task takes. */
static void set_keys(struct queue *queue) {
    double longest = 0;
    for (int64_t i = 0; i < queue->count; i++) longest = fmax(longest, queue->task[i].seconds);
    for (int64_t i = 0; i < queue->count; i++) {
        bool leads = queue->first_dependent[i] != QUEUE_NOTHING;
        queue->key[i] = -(leads ? 2 * longest + 1 : 0) - queue->task[i].seconds;
    }
}

static void add_if_ready(struct queue *queue, int64_t task) {
    int64_t needs = queue->task[task].needs;
    if (queue->state[task] == QUEUE_WAITING && (needs == QUEUE_NOTHING || queue->state[needs] == QUEUE_DONE))
        heap_add(&queue->ready, (struct heap_item){queue->key[task], task});
}

void queue_create(int64_t count, const struct queue_task *task, struct queue *queue) {
    *queue = (struct queue){.count = count, .task = task, .waiting = count};
    queue->key = allocate_zeroed(count, sizeof *queue->key);
    queue->first_dependent = allocate_zeroed(count, sizeof *queue->first_dependent);
    queue->next_sibling = allocate_zeroed(count, sizeof *queue->next_sibling);
    queue->state = allocate_zeroed(count, 1);
    queue->ready.item = allocate_zeroed(count, sizeof *queue->ready.item);
    link_dependents(queue);
    set_keys(queue);
    for (int64_t i = 0; i < count; i++) add_if_ready(queue, i);
}

void queue_free(struct queue *queue) {
    free(queue->key);
    free(queue->first_dependent);
    free(queue->next_sibling);
    free(queue->state);
    free(queue->ready.item);
    *queue = (struct queue){0};
}

void queue_copy(const struct queue *queue, struct queue *copy) {
    size_t count = (size_t)queue->count;
    *copy = *queue;
    copy->key = allocate_copy(queue->key, count * sizeof *queue->key);
    copy->first_dependent = allocate_copy(queue->first_dependent, count * sizeof *queue->first_dependent);
    copy->next_sibling = allocate_copy(queue->next_sibling, count * sizeof *queue->next_sibling);
    copy->state = allocate_copy(queue->state, count);
    copy->ready.item = allocate_copy(queue->ready.item, count * sizeof *queue->ready.item);
}

/* ---- its life ---- */

static void set_state(struct queue *queue, int64_t task, enum queue_state state) {
    enum queue_state before = (enum queue_state)queue->state[task];
    queue->waiting += (state == QUEUE_WAITING) - (before == QUEUE_WAITING);
    queue->running += (state == QUEUE_RUNNING) - (before == QUEUE_RUNNING);
    queue->elsewhere += (state == QUEUE_ELSEWHERE) - (before == QUEUE_ELSEWHERE);
    queue->state[task] = (unsigned char)state;
}

int64_t queue_next(struct queue *queue) {
    while (queue->ready.count > 0) {
        int64_t task = heap_take(&queue->ready).id;
        if (queue->state[task] != QUEUE_WAITING) continue; /* found done, meanwhile */
        set_state(queue, task, QUEUE_RUNNING);
        return task;
    }
    return QUEUE_NOTHING;
}

void queue_finish(struct queue *queue, int64_t task, enum queue_state outcome) {
    CHECK(outcome == QUEUE_DONE || outcome == QUEUE_FAILED);
    CHECK(queue->state[task] == QUEUE_RUNNING || queue->state[task] == QUEUE_WAITING ||
          queue->state[task] == QUEUE_ELSEWHERE);
    set_state(queue, task, outcome);
    for (int64_t i = queue->first_dependent[task]; i != QUEUE_NOTHING; i = queue->next_sibling[i])
        if (outcome == QUEUE_DONE)
            add_if_ready(queue, i);
        else if (queue->state[i] == QUEUE_WAITING)
            set_state(queue, i, QUEUE_BLOCKED);
}

void queue_return(struct queue *queue, int64_t task) {
    CHECK(queue->state[task] == QUEUE_RUNNING || queue->state[task] == QUEUE_ELSEWHERE);
    int64_t needs = queue->task[task].needs;
    bool is_blocked = needs != QUEUE_NOTHING && queue->state[needs] == QUEUE_FAILED;
    set_state(queue, task, is_blocked ? QUEUE_BLOCKED : QUEUE_WAITING);
    add_if_ready(queue, task);
}

void queue_leave(struct queue *queue, int64_t task) {
    CHECK(queue->state[task] == QUEUE_RUNNING);
    set_state(queue, task, QUEUE_ELSEWHERE);
}
