#include "rank_metrics.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

void rank_metrics_name_libraries(struct provenance *provenance) {
    struct machine machine;
    task_libraries(&machine);
    snprintf(provenance->core, sizeof provenance->core, "%s", machine.core);
    snprintf(provenance->blas, sizeof provenance->blas, "%s", machine.blas);
}

void rank_metrics_forget_peak(void) {
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t written = write(file, "5", 1);
    (void)written;
    close(file);
}

void rank_metrics_add_to_point(const struct rank_metrics *metrics, struct record *record) {
    record_scalar(record, METRIC_SECONDS_TOTAL, metrics->seconds);
    record_scalar(record, METRIC_RSS_BYTES, clock_peak_bytes());
    record_scalar(record, METRIC_GEMM_GFLOPS, metrics->gflops);
    record_scalar(record, METRIC_RANK, metrics->rank);
    record_text(record, METRIC_HOST, metrics->host);
}

void rank_metrics_add_to_reference(const struct rank_metrics *metrics, struct record *record) {
    record_scalar(record, METRIC_REFERENCE_SECONDS, metrics->seconds);
}
