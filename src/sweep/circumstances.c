#include "circumstances.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

void circumstances_measure(struct machine *machine, int threads, struct provenance *provenance) {
    task_machine(machine, threads);
    snprintf(provenance->core, sizeof provenance->core, "%s", machine->core);
    snprintf(provenance->blas, sizeof provenance->blas, "%s", machine->blas);
}

void circumstances_forget_peak(void) {
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t written = write(file, "5", 1);
    (void)written;
    close(file);
}

void circumstances_add_to_point(const struct circumstances *circumstances, struct record *record) {
    record_scalar(record, METRIC_SECONDS_TOTAL, circumstances->seconds);
    record_scalar(record, METRIC_RSS_BYTES, clock_peak_bytes());
    record_scalar(record, METRIC_GEMM_GFLOPS, circumstances->gflops);
    record_scalar(record, METRIC_RANK, circumstances->rank);
    record_text(record, METRIC_HOST, circumstances->host);
}

void circumstances_add_to_reference(const struct circumstances *circumstances, struct record *record) {
    record_scalar(record, METRIC_REFERENCE_SECONDS, circumstances->seconds);
}
