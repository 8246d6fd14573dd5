/* The helper thread of rank 0: hands out tasks on demand, so that no rank is lost to a master; shows progress and
 * renews DIR/runs/HOST~SPACE~PID.json; claims the tasks that it hands out, where other runs share DIR. It calls MPI
 * (MPI_THREAD_MULTIPLE) but never HDF5. */
#ifndef SERVER_H
#define SERVER_H

#include <mpi.h>
#include <stdbool.h>
#include "queue.h"
#include "snapshot.h"
#include "study.h"
#include "work.h"

struct server_job {
    MPI_Comm comm;
    const char *dir;
    const struct study *study;
    const struct work *work;
    bool verbose; /* a line for every task that is done */
};

struct server;

/* Not collective, on rank 0. `found` [work->count]: OUTCOME_DONE or OUTCOME_DIVERGED for what is on disk, else
 * OUTCOME_NONE. From here to server_join progress_* belong to the thread. `job` is copied, what it points to
 * borrowed. */
struct server *server_start(const struct server_job *job, const unsigned char *found);
/* Waits for the end: all workers have been told, after everything is done or in the hands of other runs that live,
 * after a stop, or after the disk took no more files and what ran has ended. */
void server_join(struct server *server);
/* After server_join: how it ended (owned by the caller, snapshot_free), and what became of a task. */
struct snapshot server_snapshot(const struct server *server);
enum queue_state server_task_state(const struct server *server, int64_t task);
bool server_found_full_disk(const struct server *server);
/* Did other runs record tasks while this one went on? Whether these diverged it does not know. */
bool server_has_helpers(const struct server *server);
/* Who holds a task that is left to other runs; empty: none is. */
void server_words_of_others(const struct server *server, size_t size, char *out);
void server_free(struct server *server);

#endif
