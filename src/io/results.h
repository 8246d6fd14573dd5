/* DIR/results.h5, the records of a study on its grid. Calls HDF5. Not collective. */
#ifndef RESULTS_H
#define RESULTS_H

#include <stdint.h>
#include "host.h"
#include "provenance.h"
#include "record.h"
#include "record_name.h"
#include "status.h"
#include "study.h"

/* Makes the PLACE_REDUCED metrics of a cell of the grid without its seed axis, which is the last one. */
struct results_reducer {
    /* Takes one more of the cell's records, in the order of seeds, into `reduced`, empty at first. */
    void (*add)(const struct record *record, struct record *reduced);
    /* There are no more; `point`: the first of the cell. Not asked where `reduced` is empty. What fails here is
     * noted, but ERROR_INTERRUPTED ends all. */
    status (*end)(void *context, int64_t point, struct record *reduced);
    /* Asked before every record: ends all with ERROR_INTERRUPTED, and results.h5 stays as it was. */
    const struct host *host;
    void *context;
};
/* (Re)builds DIR/results.h5 from the records of the study's points. keys[study->points]. Without a reducer (NULL)
 * nothing is reduced. Memory: a part of run.memory for records, and what one cell is reduced to. Notes (records outside the grid,
 * unreadable ones, mixed BLAS cores, cells that could not be reduced) come out as lines in *notes, free(). *damaged:
 * records that could not be read; what is damaged is put aside. */
status results_build(const char *dir, const struct study *study, const char (*keys)[KEY_BYTES],
                     const struct results_reducer *reducer, const struct provenance *provenance, char **notes,
                     int64_t *damaged);

#endif
