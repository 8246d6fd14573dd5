/* results.h5 from what stands in DIR, by `collect` and at the end of a run. Not collective. */
#ifndef COLLECT_H
#define COLLECT_H

#include <stdbool.h>
#include "provenance.h"
#include "status.h"
#include "study.h"

/* Builds DIR/results.h5 of `study`, which is frozen there, with the metrics that are reduced over seed. Points and
 * references are those that DIR/points.tsv names; neither data nor other ranks are needed. What was noted is said.
 * provenance: of this process, core and BLAS filled in if need be. Where the run is stopping, or a signal comes
 * meanwhile, and it takes more than 4 s from there, it is given up: ERROR_INTERRUPTED, and the file stays as it was.
 * *damaged: records, of points or references, that could not be read: what is damaged is put aside, and left out.
 * ERROR_INPUT, ERROR_DISK. */
status collect_results(const char *dir, const struct study *study, bool is_stopping, struct provenance *provenance,
                       int64_t *damaged);

#endif
