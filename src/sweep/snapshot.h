/* What rank 0 knows of a running sweep at one moment: shown as progress, written to DIR/runs, read by `status`. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

/* A task that runs. */
struct snapshot_task {
    int rank;
    double seconds; /* since it began */
    char *label;    /* owned */
};

struct snapshot {
    int64_t total, done, diverged,
        failed;        /* points; done with the diverged; failed with those whose reference failed */
    int64_t computed;  /* points done in this run */
    int64_t elsewhere; /* points that other runs on the same DIR hold; not done, not failed */
    double elapsed;    /* seconds of this run */
    double eta;        /* seconds to go; NaN: not known yet */
    bool is_stopping, is_ended;
    int ranks, running;
    double *busy;               /* [ranks], share of `elapsed` spent on tasks; owned */
    struct snapshot_task *task; /* [running]; owned */
};

void snapshot_free(struct snapshot *snapshot);

#endif
