#include "survey.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "checkpoint.h"
#include "failure.h"
#include "progress.h"
#include "record_file.h"

/* ---- records ---- */

static enum outcome survey_point(const char *dir, const char *key) {
    static const enum outcome without[] = {OUTCOME_FAILED, OUTCOME_NONE};
    int bits = record_file_status(dir, key);
    if (bits < 0) return without[bits + 2];
    return bits ? OUTCOME_DIVERGED : OUTCOME_DONE;
}

static enum outcome survey_reference(const char *dir, const char *key) {
    static const enum outcome outcome[] = {OUTCOME_FAILED, OUTCOME_NONE, OUTCOME_DONE};
    return outcome[record_file_check(dir, STORE_REFERENCE, key) + 1];
}

enum outcome survey_record(const char *dir, enum store_kind kind, const char *key) {
    return kind == STORE_POINT ? survey_point(dir, key) : survey_reference(dir, key);
}

/* ---- points ---- */

static bool is_recorded(const struct survey_point *point) {
    return point->outcome == OUTCOME_DONE || point->outcome == OUTCOME_DIVERGED;
}

/* It is put aside where this process may write: then any run computes it again, one that goes on too. */
static void tell_damaged(const char *dir, enum store_kind kind, const char *key) {
    char why[1024];
    snprintf(why, sizeof why, "%s", status_message());
    progress_say("%s; %s", why,
                 record_file_put_aside(dir, kind, key) ? "it is put aside and left" : "it counts as left");
}

/* What its record says, if there is a whole one. */
static void read_record(const char *dir, const char *key, struct survey_point *point) {
    static const enum metric_id metric[] = {METRIC_STATUS,        METRIC_SECONDS_TOTAL,
                                            METRIC_DIVERGED_STEP, METRIC_DIVERGED_STEP_LINEAR,
                                            METRIC_DIVERGED_OF,   METRIC_DIVERGED_UNCONVERGED};
    double value[sizeof metric / sizeof *metric];
    int found = record_file_scalars(dir, STORE_POINT, key, sizeof metric / sizeof *metric, metric, value);
    if (found < 0) tell_damaged(dir, STORE_POINT, key);
    if (found != 1 || isnan(value[0])) return;
    point->outcome = value[0] > 0 ? OUTCOME_DIVERGED : OUTCOME_DONE;
    point->seconds = value[1];
    point->diverged_step = value[2];
    point->diverged_step_linear = value[3];
    point->diverged_of = value[4];
    point->diverged_unconverged = value[5];
}

/* The reason without the label before it, which everyone knows. */
static char *read_reason(const char *dir, const struct manifest_row *row) {
    char *reason = failure_read(dir, row->key);
    size_t label = strlen(row->label);
    if (reason && strncmp(reason, row->label, label) == 0 && reason[label] == ':')
        memmove(reason, reason + label + 2, strlen(reason + label + 2) + 1);
    return reason;
}

static void read_point(const char *dir, const struct manifest_row *row, struct survey_point *point) {
    free(point->reason);
    *point = (struct survey_point){.outcome = OUTCOME_NONE, .has_reference = point->has_reference};
    read_record(dir, row->key, point);
    if (is_recorded(point)) return;
    point->reason = read_reason(dir, row);
    if (point->reason)
        point->outcome = OUTCOME_FAILED;
    else
        point->is_begun = checkpoint_exists(dir, row->key);
}

/* Whole references are not opened again. Neighbours often share one. */
static void read_references(const char *dir, struct survey *survey) {
    survey->references_left = 0;
    for (int64_t i = 0; i < survey->total; i++) {
        const char *key = survey->row[i].reference;
        struct survey_point *point = &survey->point[i];
        if (!key[0] || (i > 0 && strcmp(key, survey->row[i - 1].reference) == 0)) continue;
        int found = point->has_reference ? 1 : record_file_check(dir, STORE_REFERENCE, key);
        if (found < 0) tell_damaged(dir, STORE_REFERENCE, key);
        point->has_reference = found == 1;
        survey->references_left += found != 1;
    }
}

static void count_points(struct survey *survey) {
    survey->done = survey->diverged = survey->failed = survey->begun = 0;
    for (int64_t i = 0; i < survey->total; i++) {
        const struct survey_point *point = &survey->point[i];
        survey->done += is_recorded(point);
        survey->diverged += point->outcome == OUTCOME_DIVERGED;
        survey->failed += point->outcome == OUTCOME_FAILED;
        survey->begun += point->is_begun;
    }
    survey->left = survey->total - survey->done - survey->failed;
}

static void forget_points(struct survey *survey) {
    for (int64_t i = 0; i < survey->total; i++) free(survey->point[i].reason);
    free(survey->point);
    free(survey->row);
    survey->point = NULL;
    survey->row = NULL;
    survey->total = 0;
}

/* A study that was extended meanwhile is read anew. */
static status read_manifest(const char *dir, struct survey *survey) {
    int64_t total;
    struct manifest_row *row;
    TRY(manifest_read(dir, &total, &row));
    if (survey->row && total == survey->total && memcmp(row, survey->row, (size_t)total * sizeof *row) == 0) {
        free(row);
        return OK;
    }
    forget_points(survey);
    survey->total = total;
    survey->row = row;
    survey->point = allocate_zeroed(total, sizeof *survey->point);
    return OK;
}

/* ---- runs ---- */

/* Each run says how long it would take for all that it may do. While points wait, those that go on share them, so that
 * their speeds add up; then it is the last one that counts. Runs that are stopping take nothing any more. */
static double time_to_go(const struct survey *survey) {
    double speed = 0, longest = (double)NAN;
    for (int i = 0; i < survey->runs.going_on; i++) {
        const struct snapshot *run = &survey->runs.sight[i].run.snapshot;
        if (run->is_stopping || isnan(run->eta)) continue;
        speed += 1 / fmax(run->eta, 1e-3);
        longest = fmax(longest, run->eta);
    }
    if (survey->done == survey->total && !survey->runs.going_on) return 0;
    return speed > 0 && survey->left > survey->running ? 1 / speed : longest;
}

static void sum_runs(struct survey *survey) {
    survey->ranks = survey->running = 0;
    survey->points_per_hour = 0;
    for (int i = 0; i < survey->runs.going_on; i++) {
        const struct snapshot *run = &survey->runs.sight[i].run.snapshot;
        survey->ranks += run->ranks;
        survey->running += run->running;
        if (run->elapsed > 0) survey->points_per_hour += 3600 * (double)run->computed / run->elapsed;
    }
    survey->eta = time_to_go(survey);
}

/* ---- the whole ---- */

/* Runs are looked at before points: a run that ends meanwhile has left its records. */
status survey_read(const char *dir, struct survey *survey) {
    TRY(read_manifest(dir, survey));
    snapshot_look(dir, &survey->runs);
    for (int64_t i = 0; i < survey->total; i++)
        if (!is_recorded(&survey->point[i])) read_point(dir, &survey->row[i], &survey->point[i]);
    read_references(dir, survey);
    count_points(survey);
    sum_runs(survey);
    return OK;
}

void survey_free(struct survey *survey) {
    forget_points(survey);
    snapshot_sights_free(&survey->runs);
    *survey = (struct survey){0};
}

bool survey_is_complete(const struct survey *survey) {
    return survey->done == survey->total && survey->references_left == 0;
}

bool survey_is_over(const struct survey *survey) { return !survey->runs.going_on && survey->left == 0; }

/* ---- what is worth telling ---- */

int survey_find_slowest(const struct survey *survey, int most, int64_t *index) {
    int count = 0;
    for (int64_t i = 0; i < survey->total; i++) {
        const struct survey_point *point = &survey->point[i];
        if (!is_recorded(point) || !(point->seconds >= 0)) continue;
        int at = count < most ? count++ : most; /* `most`: it may fall out at once */
        for (; at > 0 && survey->point[index[at - 1]].seconds < point->seconds; at--)
            if (at < most) index[at] = index[at - 1];
        if (at < most) index[at] = i;
    }
    return count;
}

/* Nothing of a loss, which it mostly is. */
static int write_what_of(const struct survey_point *point, size_t size, char *out) {
    double count = point->diverged_unconverged;
    if (point->diverged_of == (double)DIVERGED_OF_REST)
        return snprintf(out, size, " (%.0f example%s without rest)", count, count > 1 ? "s" : "");
    if (point->diverged_of == (double)DIVERGED_OF_GRADIENT) return snprintf(out, size, " (its gradient is not finite)");
    if (point->diverged_of == (double)DIVERGED_OF_KERNEL) return snprintf(out, size, " (its kernel is not finite)");
    return 0;
}

/* What stands there of what was to be written: a damaged record may have any number. */
static size_t cut(size_t used) { return used < DIVERGENCE_BYTES ? used : DIVERGENCE_BYTES - 1; }

const char *survey_divergence(const struct survey_point *point, char out[DIVERGENCE_BYTES]) {
    size_t used = 0;
    snprintf(out, DIVERGENCE_BYTES, "at a step that its record does not say");
    if (point->diverged_step >= 0)
        used = cut((size_t)snprintf(out, DIVERGENCE_BYTES, "network at step %.0f", point->diverged_step));
    if (used > 0) used = cut(used + (size_t)write_what_of(point, DIVERGENCE_BYTES - used, out + used));
    if (point->diverged_step_linear >= 0)
        snprintf(out + used, DIVERGENCE_BYTES - used, "%slinearization at step %.0f", used ? ", " : "",
                 point->diverged_step_linear);
    return out;
}
