/* How long a queue takes: it is played through on a copy, in O((tasks + ranks) log ranks) beside what the queue takes.
 * Not collective. */
#ifndef MAKESPAN_H
#define MAKESPAN_H

#include "queue.h"

/* What a rank is at. */
struct makespan_rank {
    int64_t task;   /* or QUEUE_NOTHING */
    double elapsed; /* seconds since it began */
};

/* Seconds until all is done when `ranks` go on from `rank` ([ranks]; NULL: all idle) and a task takes `scale` times its
 * predicted seconds, a late one as long again as it is late; what other runs are at counts as done. busy[ranks] (may be
 * NULL): seconds each rank works. */
double makespan_seconds(const struct queue *queue, int ranks, const struct makespan_rank *rank, double scale,
                        double *busy);
/* From idle ranks, when tasks are handed out by the predictions and take seconds[queue->count]. */
double makespan_replay(const struct queue *queue, int ranks, const double *seconds, double *busy);

#endif
