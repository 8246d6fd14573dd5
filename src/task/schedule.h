/* Which steps are recorded. Not collective. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "config.h"

/* Recorded steps, ascending, step 0 and the last included, at most measure.recorded_steps of them and those of
 * measure.kernel_steps: log: 0 and the rounded geometric sequence 1 .. steps; linear: rounded, evenly from 0 to
 * steps. Of no steps: 0 alone, of which nothing has changed (`last` is none). The last one stands for the end of training: `kernel_steps: last`, rmse_test_infinite (predict.c) and what
 * reports call final (curves.py) are measured there, and nowhere else. */
struct schedule {
    int64_t count, kernel_count;
    int64_t *step, *kernel_step; /* [count], [kernel_count] */
};

/* Owned by the caller, ended by schedule_free. */
struct schedule schedule_create(const struct config *config);
void schedule_free(struct schedule *schedule);
/* How many of the first and the last step there are: one, where nothing is trained. */
static inline int64_t schedule_ends(const struct schedule *schedule) { return schedule->count > 1 ? 2 : 1; }
/* Index of `step` among n ascending steps, or -1. */
int64_t schedule_index(int64_t n, const int64_t *steps, int64_t step);

#endif
