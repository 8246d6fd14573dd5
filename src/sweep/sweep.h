/* A study on all ranks: read, agreed, swept, collected. */
#ifndef SWEEP_H
#define SWEEP_H

#include <mpi.h>
#include <stdbool.h>
#include "provenance.h"
#include "study.h"

struct sweep_options {
    const char *study_file, *dir, *data_path; /* data_path: NULL, or it replaces data.path */
    int overrides;
    const struct override *override;
    bool verbose;
};

/* How a sweep ended, on rank 0; all zero elsewhere. */
struct sweep_end {
    bool is_interrupted; /* stopped by a signal, with points or the results left */
    int64_t failed;      /* points that failed, or 1 where the results could not be written or lack something */
};

/* Collective. Rank 0 alone reads and checks study and data, before anything is written, and says what there is to say
 * on stderr. Needs MPI_THREAD_MULTIPLE and a DIR that all ranks see. Not OK on every rank, with the same words, if the
 * sweep could not begin. `provenance`: core and blas are filled in here. */
status sweep_run(MPI_Comm comm, const struct sweep_options *options, struct provenance *provenance,
                 struct sweep_end *end);

/* Not collective. (Re)builds DIR/results.h5 from the records of the frozen study; says the notes on stderr. Where some
 * were damaged they are put aside, and it returns ERROR_LEFT when it is done. */
status sweep_collect(const char *dir, struct provenance *provenance);

#endif
