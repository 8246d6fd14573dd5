/* The helper thread of rank 0: hands out tasks on demand, so that no rank is lost to a master; shows progress and renews
 * DIR/state.json. It calls MPI (MPI_THREAD_MULTIPLE) but never HDF5. */
#ifndef SERVER_H
#define SERVER_H

#include <mpi.h>
#include "queue.h"
#include "snapshot.h"
#include "study.h"
#include "work.h"

struct server_job {
    MPI_Comm comm;
    const char *dir;
    const struct study *study;
    const struct work *work;
    int verbose; /* a line for every task that is done */
};

struct server;

/* Not collective, on rank 0. `found` [work->count]: OUTCOME_DONE or OUTCOME_DIVERGED for what is on disk, else
 * OUTCOME_NONE. From here to server_join progress_* belong to the thread. `job` is copied, what it points to borrowed. */
struct server *server_start(const struct server_job *job, const unsigned char *found);
/* Waits for the end: all workers have been told, after everything is done, or after a stop. */
void server_join(struct server *server);
/* After server_join: how it ended (owned by the caller, snapshot_free), and what became of a task. */
struct snapshot server_snapshot(const struct server *server);
enum queue_state server_task_state(const struct server *server, int64_t task);
void server_free(struct server *server);

#endif
