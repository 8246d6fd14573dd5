/* Which task comes next: pure scheduling, without MPI, used by a run on rank 0 and by plan, which plays it through.
 *
 * Tasks that others wait for (references) come first, then by predicted seconds, largest first, equal ones by number; a task
 * is ready when the one that it needs is done. If that one fails, its dependents are blocked. Not collective. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdint.h>

enum queue_state { QUEUE_WAITING, QUEUE_RUNNING, QUEUE_DONE, QUEUE_FAILED, QUEUE_BLOCKED };
enum { QUEUE_NOTHING = -1 };

struct queue_task {
    double seconds; /* predicted */
    int64_t needs;  /* the task that must be done before, or QUEUE_NOTHING */
};

struct queue {
    int64_t count;
    const struct queue_task *task; /* [count], borrowed */
    int64_t *order;                /* [count], tasks in the order of handing out */
    unsigned char *state;          /* [count], enum queue_state */
    int64_t first;                 /* everything before order[first] has been handed out */
    int64_t waiting, running;      /* tasks in these states */
};

/* What a rank is at, for queue_makespan. */
struct queue_rank {
    int64_t task;   /* or QUEUE_NOTHING */
    double elapsed; /* seconds since it began */
};

/* Borrows `task`; ended by queue_free. */
void queue_create(int64_t count, const struct queue_task *task, struct queue *queue);
void queue_free(struct queue *queue);
/* The next task that is ready, now running; QUEUE_NOTHING if there is none (look at `waiting`: later there may be one). */
int64_t queue_next(struct queue *queue);
/* A task that runs, or that waits and is found done, becomes QUEUE_DONE or QUEUE_FAILED. */
void queue_finish(struct queue *queue, int64_t task, enum queue_state outcome);
/* A task that was given up goes back to those that wait. */
void queue_return(struct queue *queue, int64_t task);
/* Seconds until all is done when `ranks` go on from `rank` ([ranks]; NULL: all idle) and a task takes `scale` times its
 * predicted seconds, by playing the queue through on a copy. busy[ranks] (may be NULL): seconds each rank works. */
double queue_makespan(const struct queue *queue, int ranks, const struct queue_rank *rank, double scale, double *busy);

#endif
