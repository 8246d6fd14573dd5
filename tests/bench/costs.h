/* What the tasks of a study took: predicted seconds, at the nominal rate that orders them, and recorded ones.
 *
 * As text: a line of names, then a line a task, points first: predicted, recorded, line of the reference or -1. */
#ifndef COSTS_H
#define COSTS_H

#include <stdio.h>
#include "queue.h"
#include "status.h"

struct costs {
    int64_t points, count;   /* count: with references */
    struct queue_task *task; /* [count] */
    double *recorded;        /* [count], seconds */
};

/* From the records of a finished study; reads its data too. Owned by the caller, costs_free. */
status costs_read_study(const char *dir, struct costs *costs);
status costs_read_text(const char *file, struct costs *costs);
void costs_write_text(FILE *out, const struct costs *costs);
/* As if the study had `copies` times as many seeds: points again and again, with the same references. */
void costs_repeat(const struct costs *costs, int64_t copies, struct costs *repeated);
void costs_free(struct costs *costs);

#endif
