/* What a record says of the process that made it: machine, memory, rank. Not collective. */
#ifndef CIRCUMSTANCES_H
#define CIRCUMSTANCES_H

#include "provenance.h"
#include "record.h"
#include "task.h"

/* Measures the machine, and enters its BLAS and core type in `provenance`. Takes some tenths of a second. */
void circumstances_measure(struct machine *machine, int threads, struct provenance *provenance);
/* Makes the peak of resident memory that of the task which begins (VmHWM; proc(5), clear_refs); where that is refused it is
 * the peak of all so far. */
void circumstances_forget_peak(void);
/* Adds seconds, memory, GEMM rate, rank and host to the record of a point; seconds to that of a reference. */
struct circumstances {
    double seconds, gflops;
    int rank;
    const char *host;
};
void circumstances_add_to_point(const struct circumstances *circumstances, struct record *record);
void circumstances_add_to_reference(const struct circumstances *circumstances, struct record *record);

#endif
