/* DIR/runs/HOST~SPACE~PID.json: the snapshot of a run that is going on in DIR, renewed by its rank 0 every second or
 * so, for `status` from any process or host, and for other runs on the same DIR. At the run's end it becomes
 * DIR/state.json, that of the last run that ended. Not collective. */
#ifndef SNAPSHOT_FILE_H
#define SNAPSHOT_FILE_H

#include <stdbool.h>
#include "snapshot_json.h"

/* This process's file: whole or not at all. A disk that is full is not this function's business: the old state
 * stays. */
void snapshot_write(const char *dir, const struct snapshot *snapshot);
/* The last one: it becomes DIR/state.json, and DIR/runs/HOST~SPACE~PID.json is gone. */
void snapshot_end(const char *dir, const struct snapshot *snapshot);

/* A run's file as an observer sees it who looks again and again. */
struct snapshot_sight {
    struct snapshot_run run; /* empty for a damaged file */
    bool is_going_on;
    char *name, *text;     /* of the file; owned */
    double since, changed; /* when it was first seen, and last seen to have changed; 0: never. On the observer's
                              monotonic clock */
};
/* Files that are there, those of runs that go on first, each part by name. {0} at first, ended by
 * snapshot_sights_free. */
struct snapshot_sights {
    int count, going_on;
    struct snapshot_sight *sight; /* [count], owned */
};

/* Looks at the files. A run goes on if its process is seen from here, and does not if it is known to be gone
 * (owner.h). Of any other, the file must change within three seconds, for all files together, and later at least
 * every 30 s: no clock is compared with another. Only a file whose text and whose time both agree with the clock
 * here is believed at once. Writes nothing. */
void snapshot_look(const char *dir, struct snapshot_sights *sights);
void snapshot_sights_free(struct snapshot_sights *sights);

/* At the beginning of a run: removes the files of runs that are known to be gone, and those that are damaged. */
void snapshot_clean(const char *dir);
/* Is there a file of another run that may be going on? Of those whose process cannot be seen: unless it has not
 * changed for 30 s since snapshot_clean; then it is removed. (A run that stood still writes it anew.) */
bool snapshot_has_others(const char *dir);

#endif
