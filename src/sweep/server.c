#include "server.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "bell.h"
#include "claims.h"
#include "clock.h"
#include "makespan.h"
#include "panic.h"
#include "progress.h"
#include "protocol.h"
#include "signals.h"
#include "snapshot_file.h"

static const double NAP = 200e-6;     /* naps beat busy polling; the answer comes within a millisecond */
static const double NAP_ALONE = 5e-3; /* on one rank, whose reports ring */
static const double SHOW_SECONDS = 0.5, STATE_SECONDS = 1;
static const double SHOW_COST =
    20; /* with very many ranks and tasks: at most one part in so many of the thread's time */
static const double RENEW_SECONDS = 30, PATIENCE_SECONDS = 300;
static const double LOOK_SECONDS = 1,
                    LOOK_BUSY_SECONDS = 10; /* between looks at what other runs hold: some rank idle, none idle */
static const double CLAIM_SECONDS = 0.05;   /* at most, until signals and reports are heard again */
enum { LOOKS = 64 };                        /* at most, while a rank works */

/* A rank as the server sees it: at a task, or parked until there is one. */
struct seat {
    int64_t task; /* or QUEUE_NOTHING */
    bool is_parked;
    double since, busy, renewed; /* on the clock: began, its claim's last renewal; seconds at tasks */
    MPI_Request stop;            /* TAG_STOP, where it was sent */
};

struct server {
    struct server_job job;
    pthread_t thread;
    struct queue queue;
    struct claims *claims;
    int ranks, parked, told;                               /* told: ranks whose TAG_SIGNAL was heard */
    int renewing;                                          /* the last rank whose claim was looked after */
    struct seat *seat;                                     /* [ranks] */
    bool is_stopping, is_ended, is_full, has_told_unsaved; /* is_full: the disk */
    int64_t done, diverged, computed;                      /* points */
    double started, ended;                                 /* on the clock */
    double predicted, spent;                               /* seconds of the points done in this run */
    double idle_at; /* when all that is left was first seen in others' hands; 0: it is not */
    double show_at, state_at, renew_at, look_at; /* when to next */
    int refusals;                                /* of claims by the disk, one after the other */
    bool has_recorded_elsewhere;                 /* other runs recorded tasks meanwhile */
    bool has_found, has_told_waiting;            /* something new of the tasks in others' hands */
    int64_t looked;                              /* the last task looked at in others' hands */
};

/* ---- what it knows ---- */

static double elapsed(const struct server *server) {
    return (server->is_ended ? server->ended : clock_seconds()) - server->started;
}

/* Seconds to go, by playing the queue through at the speed seen so far. */
static double time_to_go(const struct server *server) {
    if (server->queue.running == 0 && server->queue.elsewhere) return (double)NAN; /* as others please */
    if (server->queue.waiting + server->queue.running == 0) return 0;
    struct makespan_rank *rank = allocate_zeroed(server->ranks, sizeof *rank);
    for (int r = 0; r < server->ranks; r++)
        rank[r] = (struct makespan_rank){server->seat[r].task, clock_seconds() - server->seat[r].since};
    double scale = server->predicted > 0 ? server->spent / server->predicted : 1; /* at first the nominal speed */
    double seconds = makespan_seconds(&server->queue, server->ranks, rank, scale, NULL);
    free(rank);
    return seconds;
}

static int64_t count_points(const struct server *server, enum queue_state state) {
    int64_t count = 0;
    for (int64_t point = 0; point < server->job.work->points; point++) count += server->queue.state[point] == state;
    return count;
}

static char *copy_label(const struct server *server, int64_t task) {
    char label[LABEL_BYTES];
    work_label(server->job.work, server->job.study, task, label);
    return allocate_copy(label, strlen(label) + 1);
}

static void fill_ranks(const struct server *server, struct snapshot *now) {
    now->busy = allocate_zeroed(server->ranks, sizeof *now->busy);
    now->task = allocate_zeroed(server->ranks, sizeof *now->task);
    for (int r = 0; r < server->ranks; r++) {
        const struct seat *seat = &server->seat[r];
        double seconds = seat->task == QUEUE_NOTHING ? 0 : clock_seconds() - seat->since;
        now->busy[r] = now->elapsed > 0 ? (seat->busy + seconds) / now->elapsed : 0;
        if (seat->task == QUEUE_NOTHING) continue;
        now->task[now->running++] = (struct snapshot_task){r, seconds, copy_label(server, seat->task)};
    }
}

struct snapshot server_snapshot(const struct server *server) {
    struct snapshot now = {.total = server->job.work->points,
                           .done = server->done,
                           .diverged = server->diverged,
                           .failed = count_points(server, QUEUE_FAILED) + count_points(server, QUEUE_BLOCKED),
                           .computed = server->computed,
                           .elsewhere = count_points(server, QUEUE_ELSEWHERE),
                           .elapsed = elapsed(server),
                           .eta = time_to_go(server),
                           .is_stopping = server->is_stopping,
                           .is_ended = server->is_ended,
                           .ranks = server->ranks};
    fill_ranks(server, &now);
    return now;
}

bool server_found_full_disk(const struct server *server) { return server->is_full; }

bool server_has_helpers(const struct server *server) { return server->has_recorded_elsewhere; }

void server_words_of_others(const struct server *server, size_t size, char *out) {
    int64_t task = 0;
    while (task < server->queue.count && server->queue.state[task] != QUEUE_ELSEWHERE) task++;
    out[0] = '\0';
    if (task < server->queue.count) claims_words(server->claims, task, size, out);
}

enum queue_state server_task_state(const struct server *server, int64_t task) {
    return (enum queue_state)server->queue.state[task];
}

/* ---- what it hears ---- */

static void count_done(struct server *server, int64_t task, enum outcome outcome) {
    if (work_is_reference(server->job.work, task)) return;
    server->done++;
    server->diverged += outcome == OUTCOME_DIVERGED;
}

/* What references take says little of what points do. */
static void count_computed(struct server *server, const struct report *report) {
    if (work_is_reference(server->job.work, report->task)) return;
    server->computed++;
    server->predicted += server->job.work->queue[report->task].seconds;
    server->spent += report->seconds;
}

static void take_done(struct server *server, const struct report *report, int rank, const char *label) {
    queue_finish(&server->queue, report->task, QUEUE_DONE);
    count_done(server, report->task, report->outcome);
    count_computed(server, report);
    if (!server->job.verbose) return;
    progress_say("%s: %s on rank %d in %.2f s", label,
                 report->outcome == OUTCOME_DIVERGED ? "diverged, recorded" : "recorded", rank, report->seconds);
}

/* On a full disk point after point would be computed in vain: one line, and nothing new is begun. */
static void take_failed(struct server *server, const struct report *report, int rank, const char *label) {
    queue_finish(&server->queue, report->task, QUEUE_FAILED);
    if (report->is_disk && server->is_full) return;
    server->is_full |= report->is_disk;
    progress_say("%s: failed on rank %d: %s%s", label, rank, report->reason,
                 report->is_disk ? "; no new point is begun" : "");
}

static void begin_stop(struct server *server) {
    if (server->is_stopping) return;
    server->is_stopping = server->has_found = true;
    for (int rank = 0; rank < server->ranks; rank++)
        MPI_Isend(NULL, 0, MPI_BYTE, rank, TAG_STOP, server->job.comm, &server->seat[rank].stop);
}

static void take_report(struct server *server, const struct report *report, int rank) {
    struct seat *seat = &server->seat[rank];
    CHECK(seat->task == (report->outcome == OUTCOME_NONE ? QUEUE_NOTHING : report->task));
    if (report->outcome != OUTCOME_NONE) {
        char *label = copy_label(server, report->task);
        if (report->outcome == OUTCOME_INTERRUPTED) {
            queue_return(&server->queue, report->task);
            begin_stop(server);
        } else if (report->outcome == OUTCOME_FAILED)
            take_failed(server, report, rank, label);
        else
            take_done(server, report, rank, label);
        claims_release(server->claims, report->task);
        seat->busy += clock_seconds() - seat->since;
        free(label);
    }
    seat->task = QUEUE_NOTHING;
    seat->is_parked = true;
    server->parked++;
}

/* Is there a message of this kind, and from whom? */
static bool hears(const struct server *server, int tag, int *rank) {
    MPI_Status from;
    int is_there = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, tag, server->job.comm, &is_there, &from);
    if (is_there) *rank = from.MPI_SOURCE;
    return is_there;
}

static bool hear_report(struct server *server) {
    struct report report;
    int rank;
    if (!hears(server, TAG_REPORT, &rank)) return false;
    MPI_Recv(&report, (int)sizeof report, MPI_BYTE, rank, TAG_REPORT, server->job.comm, MPI_STATUS_IGNORE);
    take_report(server, &report, rank);
    return true;
}

/* That points go on from checkpoints is said if asked, that none can be written once. */
static bool is_worth_saying(const struct server *server, enum note_kind kind) {
    if (kind == NOTE_RESUMED) return server->job.verbose;
    return kind == NOTE_REFUSED || !server->has_told_unsaved;
}

static void hear_notes(struct server *server) {
    struct note note;
    for (int rank; hears(server, TAG_NOTE, &rank);) {
        MPI_Recv(&note, (int)sizeof note, MPI_BYTE, rank, TAG_NOTE, server->job.comm, MPI_STATUS_IGNORE);
        if (!is_worth_saying(server, note.kind)) continue;
        server->has_told_unsaved |= note.kind == NOTE_UNSAVED;
        char *label = copy_label(server, note.task);
        progress_say("%s: on rank %d: %s", label, rank, note.text);
        free(label);
    }
}

static bool hear_signal(struct server *server) {
    int rank;
    if (!hears(server, TAG_SIGNAL, &rank)) return false;
    MPI_Recv(NULL, 0, MPI_BYTE, rank, TAG_SIGNAL, server->job.comm, MPI_STATUS_IGNORE);
    server->told++;
    return true;
}

static void hear_signals(struct server *server) {
    if (hear_signal(server) || signals_caught()) begin_stop(server);
}

/* No message is left behind. */
static void end_messages(struct server *server) {
    while (server->told < server->ranks)
        if (!hear_signal(server)) clock_nap(NAP);
    for (int rank = 0; rank < server->ranks; rank++) MPI_Wait(&server->seat[rank].stop, MPI_STATUS_IGNORE);
}

/* ---- what other runs do ---- */

/* Whether it diverged is seen at the end. */
static void take_recorded(struct server *server, int64_t task) {
    server->has_recorded_elsewhere = true;
    queue_finish(&server->queue, task, QUEUE_DONE);
    count_done(server, task, OUTCOME_DONE);
}

/* Looks at `most` tasks in others' hands, in turn. */
static void look(struct server *server, int64_t most) {
    int64_t count = server->queue.count;
    for (int64_t i = 0; i < count && most > 0; i++) {
        int64_t task = server->looked = (server->looked + 1) % count;
        if (server->queue.state[task] != QUEUE_ELSEWHERE) continue;
        enum claims_answer answer = claims_look(server->claims, task);
        if (answer == CLAIMS_RECORDED) take_recorded(server, task);
        if (answer == CLAIMS_FREE) queue_return(&server->queue, task);
        server->has_found |= answer != CLAIMS_ELSEWHERE;
        most--;
    }
}

/* Looks if it is time to; 1 if a look, this one or another, found what ranks that wait should know of. */
static bool look_around(struct server *server) {
    double now = clock_seconds();
    if (server->queue.elsewhere && now >= server->look_at) {
        server->look_at = now + (server->parked ? LOOK_SECONDS : LOOK_BUSY_SECONDS);
        look(server, LOOKS);
        server->has_found |= server->parked == server->ranks; /* it may be the end */
    }
    bool has_found = server->has_found;
    server->has_found = false;
    return has_found;
}

static void tell_waiting(struct server *server, int64_t task) {
    char owner[512];
    if (server->has_told_waiting) return;
    server->has_told_waiting = true;
    claims_words(server->claims, task, sizeof owner, owner);
    progress_say("waiting for %s: if nothing is heard of it for %.0f minutes, its tasks are taken over", owner,
                 PATIENCE_SECONDS / 60);
}

/* Is nothing left but what other runs hold, and do they live? Then it is left to them. Whoever looks so has released
 * its own claims: of runs that end together one at least finds everything recorded. */
static bool is_left_to_others(struct server *server) {
    look(server, server->queue.count);
    if (server->queue.waiting > 0) return false;
    if (!(server->idle_at > 0))
        server->idle_at = clock_seconds(); /* what was heard before may be of one who died since */
    for (int64_t task = 0; task < server->queue.count; task++) {
        if (server->queue.state[task] != QUEUE_ELSEWHERE || claims_is_alive(server->claims, task, server->idle_at))
            continue;
        tell_waiting(server, task);
        return false;
    }
    return true;
}

/* A disk that takes no claim takes no record either; but once may be an accident of the network. */
static void take_refused(struct server *server, int64_t task) {
    queue_return(&server->queue, task);
    if (server->refusals < 2) return;
    progress_say("%s; no new point is begun", status_message());
    server->is_full = true;
}

/* A task that is not for this run, or not now. */
static void pass_over(struct server *server, int64_t task, enum claims_answer answer) {
    if (answer == CLAIMS_RECORDED) take_recorded(server, task);
    if (answer == CLAIMS_FAILED) queue_finish(&server->queue, task, QUEUE_FAILED);
    if (answer == CLAIMS_ELSEWHERE) queue_leave(&server->queue, task);
    if (answer == CLAIMS_DISK) take_refused(server, task);
}

/* The next task for this run, claimed. Where very many are found recorded, the rest comes after what else is due. */
static int64_t claim_next(struct server *server) {
    double end = clock_seconds() + CLAIM_SECONDS;
    for (int64_t task; !server->is_full && (task = queue_next(&server->queue)) != QUEUE_NOTHING;) {
        enum claims_answer answer = claims_take(server->claims, task);
        server->refusals = answer == CLAIMS_DISK ? server->refusals + 1 : 0;
        if (answer == CLAIMS_OURS) return task;
        pass_over(server, task, answer);
        if (clock_seconds() < end) continue;
        server->has_found = true;
        break;
    }
    return QUEUE_NOTHING;
}

static void renew(struct server *server, struct seat *seat) {
    seat->renewed = clock_seconds();
    if (claims_renew(server->claims, seat->task)) return;
    char *label = copy_label(server, seat->task);
    progress_say("%s: its claim is gone, as if this run had stood still for minutes; another one may compute it too",
                 label);
    free(label);
    seat->renewed = (double)INFINITY;
}

/* Each claim every 30 s, spread over that time: a slow file system must not keep ranks waiting. */
static void renew_claims(struct server *server) {
    double now = clock_seconds();
    if (now < server->renew_at) return;
    server->renew_at = now + 1;
    int most = server->ranks / 20 + 1;
    for (int i = 0; i < server->ranks && most > 0; i++) {
        struct seat *seat = &server->seat[server->renewing = (server->renewing + 1) % server->ranks];
        if (seat->task == QUEUE_NOTHING || now - seat->renewed < RENEW_SECONDS) continue;
        renew(server, seat);
        most--;
    }
}

/* ---- what it says ---- */

static void give(struct server *server, int rank, int64_t task) {
    struct order order = {task, server->is_stopping};
    struct seat *seat = &server->seat[rank];
    seat->task = task;
    seat->since = seat->renewed = clock_seconds();
    seat->is_parked = false;
    server->parked--;
    server->idle_at = 0;
    MPI_Send(&order, (int)sizeof order, MPI_BYTE, rank, TAG_ORDER, server->job.comm);
    if (rank == 0) bell_ring(BELL_ORDER);
}

/* Hands what is ready to those that are parked; lowest rank first, so that the same ranks stay idle. */
static void hand_out(struct server *server) {
    for (int rank = 0; rank < server->ranks && server->parked && !server->is_stopping; rank++) {
        if (!server->seat[rank].is_parked) continue;
        int64_t task = claim_next(server);
        if (task == QUEUE_NOTHING) return;
        give(server, rank, task);
    }
}

/* The end comes for all at once: until then they sleep, and nobody spins in a collective. */
static void end_if_over(struct server *server) {
    if (server->parked < server->ranks || (server->has_found && !server->is_stopping)) return;
    if (!server->is_stopping && !server->is_full && server->queue.elsewhere && !is_left_to_others(server)) return;
    server->is_ended = true;
    server->ended = clock_seconds();
    for (int rank = 0; rank < server->ranks; rank++) give(server, rank, QUEUE_NOTHING);
}

static void show(struct server *server) {
    double now = clock_seconds();
    bool must_show = now >= server->show_at, must_write = now >= server->state_at || server->is_ended;
    if (!must_show && !must_write) return;
    struct snapshot snapshot = server_snapshot(server);
    if (must_show && !server->is_ended) progress_show(&snapshot);
    if (must_write) snapshot_write(server->job.dir, &snapshot);
    snapshot_free(&snapshot);
    double rest = SHOW_COST * (clock_seconds() - now);
    if (must_show) server->show_at = now + fmax(SHOW_SECONDS, rest);
    if (must_write) server->state_at = now + fmax(STATE_SECONDS, rest);
}

static void *serve(void *argument) {
    struct server *server = argument;
    while (!server->is_ended) {
        bool has_news = false;
        while (hear_report(server)) has_news = true;
        hear_notes(server); /* those of a rank come before its report, so none is left at the end */
        hear_signals(server);
        renew_claims(server);
        has_news |= look_around(server);
        if (has_news) {
            hand_out(server);
            end_if_over(server);
        }
        show(server);
        if (!has_news) bell_nap(BELL_REPORT, server->ranks > 1 ? NAP : NAP_ALONE);
    }
    end_messages(server);
    return NULL;
}

/* ---- its life ---- */

static void mark_found(struct server *server, const unsigned char *found) {
    for (int64_t task = 0; task < server->job.work->count; task++) {
        if (found[task] == OUTCOME_NONE) continue;
        queue_finish(&server->queue, task, QUEUE_DONE);
        count_done(server, task, (enum outcome)found[task]);
    }
}

struct server *server_start(const struct server_job *job, const unsigned char *found) {
    struct server *server = allocate_zeroed(1, sizeof *server);
    *server = (struct server){.job = *job, .started = clock_seconds()};
    MPI_Comm_size(job->comm, &server->ranks);
    server->seat = allocate_zeroed(server->ranks, sizeof *server->seat);
    for (int rank = 0; rank < server->ranks; rank++)
        server->seat[rank] = (struct seat){.task = QUEUE_NOTHING, .stop = MPI_REQUEST_NULL};
    queue_create(job->work->count, job->work->queue, &server->queue);
    server->claims = claims_create(job->dir, job->work, PATIENCE_SECONDS);
    mark_found(server, found);
    progress_say("%" PRId64 " points, %" PRId64 " of them recorded before; %d rank%s", job->work->points, server->done,
                 server->ranks, server->ranks == 1 ? "" : "s");
    CHECK(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

void server_join(struct server *server) { CHECK(pthread_join(server->thread, NULL) == 0); }

void server_free(struct server *server) {
    claims_free(server->claims);
    queue_free(&server->queue);
    free(server->seat);
    free(server);
}
