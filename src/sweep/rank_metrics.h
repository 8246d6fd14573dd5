/* What a record says of the process that made it: machine, memory, rank. Not collective. */
#ifndef RANK_METRICS_H
#define RANK_METRICS_H

#include "provenance.h"
#include "record.h"
#include "task.h"

/* Enters BLAS and its core type. */
void rank_metrics_name_libraries(struct provenance *provenance);
/* Makes the peak of resident memory that of the task which begins (VmHWM; proc(5), clear_refs); where that is refused
 * it is the peak of all so far. */
void rank_metrics_forget_peak(void);
/* Adds seconds, memory, GEMM rate, rank and host to the record of a point; seconds to that of a reference. */
struct rank_metrics {
    double seconds, gflops;
    int rank;
    const char *host;
};
void rank_metrics_add_to_point(const struct rank_metrics *metrics, struct record *record);
void rank_metrics_add_to_reference(const struct rank_metrics *metrics, struct record *record);

#endif
