/* What ranks say to each other during a sweep: two-sided messages between the workers (every rank's main thread) and
 * the server (a helper thread of rank 0), as bytes. One-sided counters stall or fail between hosts.
 *
 * A send may wait for its receive, as MPICH's does on a single rank: the server sends orders only to workers that listen
 * for theirs, and TAG_STOP and TAG_SIGNAL, which come unasked, by MPI_Isend. The requests are kept and waited for:
 * MPICH 4.0.2 loses what a rank sends itself by one that is freed (its issue 5977). */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

enum tag {
    TAG_REPORT = 1, /* worker to server: struct report, asks for the next task */
    TAG_SIGNAL,     /* worker to server, empty, once: a signal came while waiting for an order, or the last order did */
    TAG_NOTE,       /* worker to server: struct note, to be said at once */
    TAG_ORDER,      /* server to worker: struct order, the answer to a report */
    TAG_STOP        /* server to every worker, empty, once: finish the step and report */
};

enum outcome { OUTCOME_NONE, OUTCOME_DONE, OUTCOME_DIVERGED, OUTCOME_FAILED, OUTCOME_INTERRUPTED };

enum { REASON_BYTES = 512 };

struct report {
    enum outcome outcome; /* NONE: the first report of a rank */
    bool is_disk;         /* failed for want of a disk that takes a file */
    int64_t task;
    double seconds;            /* that it took */
    char reason[REASON_BYTES]; /* of a failure, one line */
};

/* What became of the checkpoint of a point that goes on. */
enum note_kind { NOTE_RESUMED, NOTE_REFUSED, NOTE_UNSAVED };
struct note {
    enum note_kind kind;
    int64_t task;
    char text[REASON_BYTES]; /* one line */
};

struct order {
    int64_t task;     /* or QUEUE_NOTHING: the sweep has ended */
    bool is_stopping; /* with the end: a TAG_STOP has been sent */
};

#endif
