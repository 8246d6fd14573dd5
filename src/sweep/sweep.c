#include "sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agree.h"
#include "allocate.h"
#include "collect.h"
#include "failure.h"
#include "frozen.h"
#include "manifest.h"
#include "memory_check.h"
#include "progress.h"
#include "protocol.h"
#include "record_file.h"
#include "server.h"
#include "signals.h"
#include "snapshot_file.h"
#include "store.h"
#include "study_text.h"
#include "survey.h"
#include "work.h"
#include "worker.h"

struct sweep {
    MPI_Comm comm;
    int rank;
    const struct sweep_options *options;
    struct provenance *provenance;
    struct study *study;
    struct work work;
    int rounds; /* that have ended */
};

/* ---- beginning: rank 0 reads, all agree ---- */

static status write_manifest(const struct sweep *sweep) {
    const struct work *work = &sweep->work;
    struct manifest_row *row = allocate_zeroed(work->points, sizeof *row);
    for (int64_t point = 0; point < work->points; point++) {
        int64_t needs = work->queue[point].needs;
        memcpy(row[point].key, work->task[point].key, KEY_BYTES);
        if (needs != QUEUE_NOTHING) memcpy(row[point].reference, work->task[needs].key, KEY_BYTES);
        row[point].seconds = work->queue[point].seconds;
        work_label(work, sweep->study, point, row[point].label);
    }
    status written = manifest_write(sweep->options->dir, work->points, row);
    free(row);
    return written;
}

/* On rank 0: everything that can be refused comes before the first write. */
static status prepare(struct sweep *sweep) {
    const struct sweep_options *options = sweep->options;
    TRY(study_read(options->study_file, options->overrides, options->override, options->data_path, &sweep->study));
    TRY(work_resolve(sweep->study, &sweep->work));
    TRY(memory_check_run(sweep->study, &sweep->work));
    TRY(store_open(options->dir));
    TRY(frozen_write(options->dir, sweep->study));
    TRY(write_manifest(sweep));
    store_clean(options->dir);
    snapshot_clean(options->dir);
    return OK;
}

/* Collective. Afterwards every rank has the tasks; costs stay with rank 0. */
static void share_work(MPI_Comm comm, struct work *work) {
    struct {
        int64_t points, count;
    } size = {work->points, work->count};
    void *at = &size;
    size_t bytes = sizeof size;
    agree_share(comm, &at, &bytes);
    if (at != &size) {
        memcpy(&size, at, sizeof size);
        free(at);
    }
    work->points = size.points;
    work->count = size.count;
    size_t task_bytes = (size_t)size.count * sizeof *work->task, queue_bytes = (size_t)size.count * sizeof *work->queue;
    agree_share(comm, (void **)&work->task, &task_bytes);
    agree_share(comm, (void **)&work->queue, &queue_bytes);
}

/* On the other ranks: is DIR the one that rank 0 has just written to? */
static status check_dir(const char *dir) {
    char *frozen = NULL;
    TRY(store_read_text(dir, "study.yaml", &frozen));
    bool is_there = frozen != NULL;
    free(frozen);
    if (!is_there) FAIL(ERROR_INPUT, "%s: is not there; expected a directory that all ranks share", dir);
    return OK;
}

static status join_in(struct sweep *sweep, const char *text) {
    TRY(check_dir(sweep->options->dir));
    return study_read_frozen_text("study.yaml", text, &sweep->study);
}

/* Collective. */
static status begin(struct sweep *sweep) {
    TRY(agree(sweep->comm, sweep->rank == 0 ? prepare(sweep) : OK));
    char *text = sweep->rank == 0 ? study_text(sweep->study) : NULL;
    size_t bytes = text ? strlen(text) + 1 : 0;
    agree_share(sweep->comm, (void **)&text, &bytes);
    share_work(sweep->comm, &sweep->work);
    status joined = agree(sweep->comm, sweep->rank == 0 ? OK : join_in(sweep, text));
    free(text);
    return joined;
}

/* ---- the sweep ---- */

/* What stands on disk is done; what cannot be read is named and done again. */
static enum outcome find_record(const char *dir, enum store_kind kind, const char *key) {
    enum outcome outcome = survey_record(dir, kind, key);
    if (outcome != OUTCOME_FAILED) return outcome;
    char why[1024];
    snprintf(why, sizeof why, "%s", status_message());
    progress_say("%s; it is %scomputed again", why, record_file_put_aside(dir, kind, key) ? "put aside and " : "");
    return OUTCOME_NONE;
}

/* All of each file is read, to check its sum: a run that is stopped before the end of it need not know the rest. */
static unsigned char *find_records(const struct sweep *sweep) {
    const struct work *work = &sweep->work;
    unsigned char *found = allocate_zeroed(work->count, 1);
    for (int64_t task = 0; task < work->count && !signals_caught(); task++)
        found[task] = (unsigned char)find_record(sweep->options->dir, work_kind(work, task), work->task[task].key);
    return found;
}

static struct server *start_server(const struct sweep *sweep) {
    unsigned char *found = find_records(sweep);
    struct server_job job = {.comm = sweep->comm,
                             .dir = sweep->options->dir,
                             .study = sweep->study,
                             .work = &sweep->work,
                             .verbose = sweep->options->verbose};
    struct server *server = server_start(&job, found);
    free(found);
    return server;
}

static void run_worker(const struct sweep *sweep) {
    worker_run(&(struct worker_job){.comm = sweep->comm,
                                    .dir = sweep->options->dir,
                                    .study = sweep->study,
                                    .work = &sweep->work,
                                    .provenance = sweep->provenance});
}

/* ---- the end, on rank 0 ---- */

/* Points whose reference failed have a reason too. */
static void write_blocked(const struct sweep *sweep, const struct server *server) {
    const struct work *work = &sweep->work;
    for (int64_t point = 0; point < work->points; point++) {
        if (server_task_state(server, point) != QUEUE_BLOCKED) continue;
        if (store_exists(sweep->options->dir, STORE_POINT, work->task[point].key)) continue; /* by another run */
        const char *reference = work->task[work->queue[point].needs].key;
        char *why = failure_read(sweep->options->dir, reference);
        char label[LABEL_BYTES], reason[REASON_BYTES];
        work_label(work, sweep->study, point, label);
        snprintf(reason, sizeof reason, "its reference failed: %s", why ? why : "see the messages of the run");
        free(why);
        (void)failure_write(sweep->options->dir, work->task[point].key, label, reason);
    }
}

/* The study that stands in DIR: another run may have widened it meanwhile. */
static status collect_frozen(const char *dir, bool is_stopping, struct provenance *provenance, int64_t *damaged) {
    struct study *study = NULL;
    TRY(frozen_read(dir, &study));
    status collected = collect_results(dir, study, is_stopping, provenance, damaged);
    study_free(study);
    return collected;
}

static status build_results(const struct sweep *sweep, bool is_stopping, int64_t *damaged) {
    const char *dir = sweep->options->dir;
    status collected = collect_frozen(dir, is_stopping, sweep->provenance, damaged);
    if (collected == OK)
        progress_say("results in %s/results.h5", dir);
    else
        progress_say("%s%s", status_message(),
                     collected == ERROR_INTERRUPTED ? " before the end; ntksweep collect does" : "");
    return collected;
}

/* The run that ends last builds the results; one that is stopped beside others leaves them to these. On a full disk
 * they stay as they are. */
static status conclude(const struct sweep *sweep, const struct server *server, const struct snapshot *last,
                       int64_t *damaged) {
    const char *dir = sweep->options->dir;
    char others[512];
    server_words_of_others(server, sizeof others, others);
    if (server_found_full_disk(server)) return OK;
    if (last->is_stopping && last->done < last->total && snapshot_has_others(dir)) {
        progress_say("other runs go on in %s; the last of them builds the results", dir);
    } else if (others[0] && !last->is_stopping) {
        progress_say("%" PRId64 " point%s left to %s; the run that ends last builds the results", last->elsewhere,
                     last->elsewhere == 1 ? " is" : "s are", others);
    } else {
        return build_results(sweep, last->is_stopping, damaged);
    }
    return OK;
}

static int64_t count_diverged(const struct sweep *sweep) {
    int64_t diverged = 0;
    for (int64_t point = 0; point < sweep->work.points; point++)
        diverged += survey_record(sweep->options->dir, STORE_POINT, sweep->work.task[point].key) == OUTCOME_DIVERGED;
    return diverged;
}

/* Nothing is left lying about. */
static void tidy(const struct sweep *sweep, const struct snapshot *last) {
    const char *dir = sweep->options->dir;
    store_clean(dir);
    if (last->done == last->total && !snapshot_has_others(dir)) store_clean_rest(dir);
}

/* What was recorded, here or by another run, and is gone: found damaged meanwhile and put aside, by whomsoever. */
static int64_t count_gone(const struct sweep *sweep, const struct server *server, int64_t from, int64_t to) {
    int64_t gone = 0;
    for (int64_t task = from; task < to; task++)
        gone += server_task_state(server, task) == QUEUE_DONE &&
                !store_exists(sweep->options->dir, work_kind(&sweep->work, task), sweep->work.task[task].key);
    return gone;
}

/* From the first task to the last; on a disk that damages whatever it gets there would be no end of rounds. */
struct round {
    struct snapshot last;
    status concluded;
    int64_t gone_points, gone, damaged; /* gone: references too; damaged: the results lack them */
};
enum { ROUNDS = 3 };

static struct round end_round(const struct sweep *sweep, const struct server *server) {
    int64_t points = sweep->work.points, damaged = 0;
    struct round round = {.last = server_snapshot(server)};
    round.concluded = conclude(sweep, server, &round.last, &damaged);
    round.damaged = damaged;
    round.gone_points = count_gone(sweep, server, 0, points);
    round.gone = round.gone_points + count_gone(sweep, server, points, sweep->work.count);
    return round;
}

static bool must_repeat(struct sweep *sweep, const struct server *server, const struct round *round) {
    bool is_ending = round->last.is_stopping || signals_caught() || server_found_full_disk(server);
    return !is_ending && (round->gone || round->damaged) && ++sweep->rounds < ROUNDS;
}

/* Failures are new from here on. */
static void begin_again(const struct sweep *sweep, const struct round *round) {
    int64_t count = round->gone > round->damaged ? round->gone : round->damaged;
    progress_say("%" PRId64 " record%s damaged since written; what is missing is computed again", count,
                 count == 1 ? " was" : "s were");
    (void)store_open(sweep->options->dir);
}

static void count_lost(const struct sweep *sweep, const struct server *server, struct round *round) {
    round->last.done -= round->gone_points;
    if (server_has_helpers(server) || round->gone_points) round->last.diverged = count_diverged(sweep);
}

static void end_sweep(const struct sweep *sweep, const struct server *server, struct round *round,
                      struct sweep_end *end) {
    struct snapshot *last = &round->last;
    status concluded = round->concluded;
    count_lost(sweep, server, round);
    if (!last->is_stopping && concluded == OK) tidy(sweep, last);
    progress_summarize(last);
    end->failed = last->failed + (concluded != OK && concluded != ERROR_INTERRUPTED);
    end->failed += !end->failed && (server_found_full_disk(server) || round->gone || round->damaged);
    end->is_interrupted =
        (last->is_stopping && last->done + last->failed < last->total) || concluded == ERROR_INTERRUPTED;
    if (end->is_interrupted) progress_say("stopped by a signal; run again to go on");
    snapshot_end(sweep->options->dir, last);
}

/* 1: another round is needed. */
static bool finish(struct sweep *sweep, struct server *server, struct sweep_end *end) {
    server_join(server);
    write_blocked(sweep, server);
    struct round round = end_round(sweep, server);
    bool is_again = must_repeat(sweep, server, &round);
    if (is_again)
        begin_again(sweep, &round);
    else
        end_sweep(sweep, server, &round, end);
    snapshot_free(&round.last);
    server_free(server);
    return is_again;
}

/* Collective. */
static void work_through(struct sweep *sweep, struct sweep_end *end) {
    task_set_threads((int)sweep->study->config.run.threads);
    bool is_again = false;
    do {
        struct server *server = sweep->rank == 0 ? start_server(sweep) : NULL;
        run_worker(sweep);
        if (server) is_again = finish(sweep, server, end);
    } while (agree_on(sweep->comm, is_again));
}

status sweep_run(MPI_Comm comm, const struct sweep_options *options, struct provenance *provenance,
                 struct sweep_end *end) {
    struct sweep sweep = {.comm = comm, .options = options, .provenance = provenance};
    MPI_Comm_rank(comm, &sweep.rank);
    *end = (struct sweep_end){0};
    status begun = begin(&sweep);
    if (begun == OK) work_through(&sweep, end);
    work_free(&sweep.work);
    study_free(sweep.study);
    return begun;
}

/* ---- collect, the command ---- */

status sweep_collect(const char *dir, struct provenance *provenance) {
    int64_t damaged = 0;
    TRY(collect_frozen(dir, false, provenance, &damaged));
    if (!damaged) return OK;
    FAIL(ERROR_LEFT, "%s/results.h5: is built without %" PRId64 " record%s; run the study again", dir, damaged,
         damaged == 1 ? " that was damaged" : "s that were damaged");
}
