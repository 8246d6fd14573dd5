/* A rank at work: asks the server for tasks, runs them and writes what comes out. Calls HDF5: main thread only. */
#ifndef WORKER_H
#define WORKER_H

#include <mpi.h>
#include "provenance.h"
#include "study.h"
#include "work.h"

/* Borrowed; provenance.core and .blas are filled in here, from the machine as it is measured. */
struct worker_job {
    MPI_Comm comm;
    const char *dir;
    const struct study *study;
    const struct work *work;
    struct provenance *provenance;
};

/* Not collective, but every rank does it: returns when the server on rank 0 says that the sweep has ended. */
void worker_run(const struct worker_job *job);

#endif
