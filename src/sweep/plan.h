/* What a study will take, before it is run: grid, flops, memory, bytes, and wall time on some ranks. Not collective. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdio.h>
#include "study.h"

struct plan_options {
    const char *study_file, *data_path;
    int overrides;
    const struct override *override;
    int ranks;
    double memory_per_rank; /* bytes; 0: not given, then nothing is refused for it */
    bool json;              /* for programs: one object, a member a line */
};

/* Prints the plan; reads headers of data files only, and measures this machine's GEMM rate for a moment. Fails with
 * ERROR_INPUT, after the table (for programs instead of it), if a point does not fit run.memory or memory_per_rank,
 * naming the smallest that holds it. Memory of a point: what a process holds at rest, the data, its reference, its
 * arena and its record. */
status plan_print(FILE *out, const struct plan_options *options);

#endif
