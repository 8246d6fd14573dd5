/* Which task comes next: pure scheduling, without MPI, used by a run on rank 0 and by plan, which plays it through.
 *
 * Tasks that others wait for (references) come first, then by predicted seconds, largest first, equal ones by
 * number; a task is ready when the one that it needs is done. If that one fails, its dependents are blocked. A task
 * may be in the hands of another run. A call takes O(log tasks), and as much for each task that it makes ready. Not
 * collective. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdint.h>
#include "heap.h"

enum queue_state { QUEUE_WAITING, QUEUE_RUNNING, QUEUE_DONE, QUEUE_FAILED, QUEUE_BLOCKED, QUEUE_ELSEWHERE };
enum { QUEUE_NOTHING = -1 };

struct queue_task {
    double seconds; /* predicted */
    int64_t needs;  /* the task that must be done before, or QUEUE_NOTHING */
};

struct queue {
    int64_t count;
    const struct queue_task *task;           /* [count], borrowed */
    double *key;                             /* [count], ready tasks are handed out by it, the least first */
    int64_t *first_dependent, *next_sibling; /* [count]: lists of the tasks that need the same one */
    unsigned char *state;                    /* [count], enum queue_state */
    struct heap ready;                       /* every task that waits and is ready; others in it are passed over */
    int64_t waiting, running, elsewhere;     /* tasks in these states */
};

/* Borrows `task`; ended by queue_free. */
void queue_create(int64_t count, const struct queue_task *task, struct queue *queue);
void queue_free(struct queue *queue);
/* One that goes its own way; ended by queue_free. */
void queue_copy(const struct queue *queue, struct queue *copy);
/* The next task that is ready, now running; QUEUE_NOTHING if there is none (look at `waiting`: later there may be
 * one). */
int64_t queue_next(struct queue *queue);
/* A task that runs, or that waits or is elsewhere and is found done, becomes QUEUE_DONE or QUEUE_FAILED. */
void queue_finish(struct queue *queue, int64_t task, enum queue_state outcome);
/* A task that runs, or is elsewhere, and was given up goes back to those that wait. */
void queue_return(struct queue *queue, int64_t task);
/* A task that was to run is found in the hands of another run. */
void queue_leave(struct queue *queue, int64_t task);

#endif
