#include "worker.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bell.h"
#include "checkpoint.h"
#include "clock.h"
#include "failure.h"
#include "grid.h"
#include "protocol.h"
#include "rank_metrics.h"
#include "record_file.h"
#include "signals.h"
#include "store.h"

static const double NAP_LEAST = 50e-6, NAP_MOST = 1e-3; /* an answer mostly comes soon */
static const double PROBE_SECONDS = 1;                  /* between looks for a stop order */

struct worker {
    struct worker_job job;
    int rank;
    char host[MPI_MAX_PROCESSOR_NAME];
    double gflops[2]; /* by enum precision, measured before its first point; 0: not yet */
    struct data_cache cache;
    struct record *reference; /* the last one read, and its key */
    char reference_key[KEY_BYTES];
    bool is_stopping, has_order_to_stop;
    MPI_Request signal; /* TAG_SIGNAL, where it was sent */
    double probed;      /* when, on the clock */
    int64_t task;       /* that runs */
    char label[LABEL_BYTES];
    double began, saved; /* on the clock: here; its last checkpoint, or the beginning */
    double earlier;      /* seconds that earlier runs spent on it */
};

static const char *key_of(const struct worker *worker) { return worker->job.work->task[worker->task].key; }

/* ---- stopping ---- */

/* The first look lets messages come in, the second finds them. */
static bool has_message(const struct worker *worker, int tag) {
    int is_there = 0;
    for (int look = 0; look < 2 && !is_there; look++)
        MPI_Iprobe(0, tag, worker->job.comm, &is_there, MPI_STATUS_IGNORE);
    return is_there;
}

static void receive_stop(struct worker *worker) {
    MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, worker->job.comm, MPI_STATUS_IGNORE);
    worker->has_order_to_stop = worker->is_stopping = true;
}

static bool must_stop(struct worker *worker) {
    if (signals_caught()) worker->is_stopping = true;
    double now = clock_seconds();
    if (worker->is_stopping || now - worker->probed < PROBE_SECONDS) return worker->is_stopping;
    worker->probed = now;
    if (has_message(worker, TAG_STOP)) receive_stop(worker);
    return worker->is_stopping;
}

/* ---- the hooks of a running task ---- */

static double seconds_spent(const struct worker *worker) { return worker->earlier + clock_seconds() - worker->began; }

static enum task_order give_order(void *context) {
    struct worker *worker = context;
    double interval = 60 * worker->job.study->config.run.checkpoint_minutes;
    if (must_stop(worker)) return TASK_STOP;
    return clock_seconds() - worker->saved >= interval ? TASK_SAVE : TASK_GO_ON;
}

static void tell(const struct worker *worker, enum note_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(const struct worker *worker, enum note_kind kind, const char *format, ...) {
    struct note note = {.kind = kind, .task = worker->task};
    va_list list;
    va_start(list, format);
    vsnprintf(note.text, sizeof note.text, format, list);
    va_end(list);
    MPI_Send(&note, (int)sizeof note, MPI_BYTE, 0, TAG_NOTE, worker->job.comm);
}

/* The state with the worker's own part. */
static struct state with_seconds(const struct state *state, double *seconds) {
    struct state all = *state;
    state_add(&all, "seconds_spent", 64, 1, seconds);
    return all;
}

/* Without a checkpoint the point goes on, or stops, all the same. */
static status save(void *context, const struct record *record, const struct state *state) {
    struct worker *worker = context;
    double seconds = seconds_spent(worker);
    struct state all = with_seconds(state, &seconds);
    status written =
        checkpoint_write(worker->job.dir, key_of(worker), worker->label, worker->job.provenance, record, &all);
    if (written != OK) tell(worker, NOTE_UNSAVED, "no checkpoint: %s", status_message());
    worker->saved = clock_seconds();
    return OK;
}

static status load(void *context, struct record **record, const struct state *state) {
    struct worker *worker = context;
    double seconds = 0;
    struct state all = with_seconds(state, &seconds);
    status found = checkpoint_read(worker->job.dir, key_of(worker), worker->job.provenance, record, &all);
    if (found == ERROR_INPUT) tell(worker, NOTE_REFUSED, "begins anew: %s", status_message());
    if (!*record) return found == ERROR_INPUT ? OK : found;
    worker->earlier = seconds;
    tell(worker, NOTE_RESUMED, "goes on from a checkpoint, after %.2f s", seconds);
    return OK;
}

/* ---- one task ---- */

static status check_key(const struct worker *worker, const char *key) {
    if (strcmp(key, key_of(worker)) == 0) return OK;
    FAIL(ERROR_INPUT, "the data on %s are not those that rank 0 read; all ranks must see the same data files",
         worker->host);
}

static status select_data(struct worker *worker, struct config *config) {
    TRY(data_cache_select(&worker->cache, config));
    config->training.linearization = worker->job.work->task[worker->task].linearization;
    char key[KEY_BYTES];
    bool is_reference = work_is_reference(worker->job.work, worker->task);
    (is_reference ? config_reference_key : config_key)(config, worker->cache.digest, key);
    return check_key(worker, key);
}

/* One that is damaged is computed again when this round has ended. */
static status read_reference(struct worker *worker, const char *key) {
    status read = record_file_read(worker->job.dir, STORE_REFERENCE, key, false, &worker->reference, NULL);
    if (read != ERROR_DISK || !record_file_put_aside(worker->job.dir, STORE_REFERENCE, key)) return read;
    FAIL(read, "%s; it is put aside", status_message());
}

static status select_reference(struct worker *worker) {
    const struct work *work = worker->job.work;
    int64_t needs = work->queue[worker->task].needs;
    const char *key = needs == QUEUE_NOTHING ? "" : work->task[needs].key;
    if (strcmp(worker->reference_key, key) == 0) return OK;
    record_free(worker->reference);
    worker->reference = NULL;
    worker->reference_key[0] = '\0';
    if (needs == QUEUE_NOTHING) return OK;
    TRY(read_reference(worker, key));
    memcpy(worker->reference_key, key, KEY_BYTES);
    return OK;
}

static status compute(struct worker *worker, struct config *config, struct record **record) {
    struct task_hooks hooks = {give_order, save, load, worker};
    TRY(select_data(worker, config));
    if (work_is_reference(worker->job.work, worker->task))
        return task_reference(config, worker->cache.dataset, hooks, record);
    TRY(select_reference(worker));
    return task_point(config, worker->cache.dataset, worker->reference, hooks, record);
}

static void add_rank_metrics(const struct worker *worker, const struct config *config, struct record *record) {
    struct rank_metrics metrics = {seconds_spent(worker), worker->gflops[config->run.precision], worker->rank,
                                   worker->host};
    bool is_reference = work_is_reference(worker->job.work, worker->task);
    (is_reference ? rank_metrics_add_to_reference : rank_metrics_add_to_point)(&metrics, record);
}

/* A reference belongs to many points and carries no settings. */
static status write_record(const struct worker *worker, const struct config *config, const struct record *record) {
    const struct worker_job *job = &worker->job;
    char *settings = work_is_reference(job->work, worker->task) ? NULL : config_pairs(config);
    status written = record_file_write(job->dir, work_kind(job->work, worker->task), key_of(worker), worker->label,
                                       settings, job->provenance, record);
    free(settings);
    return written;
}

/* Whether the disk takes it no more, or another run has written the same record meanwhile, is told apart. */
static status keep_record(const struct worker *worker, const struct config *config, const struct record *record,
                          struct report *report) {
    const struct worker_job *job = &worker->job;
    status written = write_record(worker, config, record);
    if (written == OK || store_exists(job->dir, work_kind(job->work, worker->task), key_of(worker))) return OK;
    report->is_disk = written == ERROR_DISK;
    return written;
}

static status run_task(struct worker *worker, struct report *report) {
    struct config config = study_point(worker->job.study, worker->job.work->task[worker->task].cell);
    struct record *record = NULL;
    rank_metrics_forget_peak();
    TRY(compute(worker, &config, &record));
    add_rank_metrics(worker, &config, record);
    report->outcome = record_value(record, METRIC_STATUS) > 0 ? OUTCOME_DIVERGED : OUTCOME_DONE;
    status kept = keep_record(worker, &config, record, report);
    record_free(record);
    return kept;
}

/* Ranks that never get work need not know. */
static void measure_rate(struct worker *worker, int64_t task) {
    if (work_is_reference(worker->job.work, task)) return;
    int64_t cell = worker->job.work->task[task].cell;
    enum precision precision = (enum precision)study_point(worker->job.study, cell).run.precision;
    if (worker->gflops[precision] == 0) worker->gflops[precision] = task_gemm_rate(precision);
}

static void begin_task(struct worker *worker, int64_t task) {
    worker->task = task;
    worker->earlier = 0;
    worker->began = worker->saved = clock_seconds();
    work_label(worker->job.work, worker->job.study, task, worker->label);
}

static struct report perform(struct worker *worker, int64_t task) {
    struct report report = {.task = task};
    measure_rate(worker, task);
    begin_task(worker, task);
    status result = run_task(worker, &report);
    if (result != OK) {
        report.outcome = result == ERROR_INTERRUPTED ? OUTCOME_INTERRUPTED : OUTCOME_FAILED;
        snprintf(report.reason, sizeof report.reason, "%s", status_message());
    }
    if (report.outcome == OUTCOME_FAILED) /* where the disk is full this fails too; then rank 0's line has to do */
        (void)failure_write(worker->job.dir, key_of(worker), worker->label, report.reason);
    report.seconds = seconds_spent(worker);
    return report;
}

/* ---- asking ---- */

static void tell_signal(struct worker *worker) {
    if (worker->signal != MPI_REQUEST_NULL) return;
    MPI_Isend(NULL, 0, MPI_BYTE, 0, TAG_SIGNAL, worker->job.comm, &worker->signal);
}

/* Sleeps until the order comes; a signal that comes first is told at once. */
static struct order ask(struct worker *worker, const struct report *report) {
    MPI_Comm comm = worker->job.comm;
    MPI_Request sent;
    MPI_Isend(report, (int)sizeof *report, MPI_BYTE, 0, TAG_REPORT, comm, &sent);
    bell_ring(BELL_REPORT);
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    for (double nap = NAP_LEAST; !has_message(worker, TAG_ORDER); nap = fmin(2 * nap, NAP_MOST)) {
        if (signals_caught()) tell_signal(worker);
        bell_nap(BELL_ORDER, nap);
    }
    struct order order;
    MPI_Recv(&order, (int)sizeof order, MPI_BYTE, 0, TAG_ORDER, comm, MPI_STATUS_IGNORE);
    return order;
}

static void end(struct worker *worker, struct order order) {
    if (order.is_stopping && !worker->has_order_to_stop) receive_stop(worker);
    tell_signal(worker);
    MPI_Wait(&worker->signal, MPI_STATUS_IGNORE);
    record_free(worker->reference);
    data_cache_free(&worker->cache);
}

void worker_run(const struct worker_job *job) {
    struct worker worker = {.job = *job, .cache = data_cache_create(job->study), .signal = MPI_REQUEST_NULL};
    int length;
    MPI_Comm_rank(job->comm, &worker.rank);
    MPI_Get_processor_name(worker.host, &length);
    rank_metrics_name_libraries(job->provenance);
    struct order order = ask(&worker, &(struct report){.outcome = OUTCOME_NONE});
    while (order.task != QUEUE_NOTHING) {
        struct report report = perform(&worker, order.task);
        order = ask(&worker, &report);
    }
    end(&worker, order);
}
