#include "costs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "record_file.h"
#include "work.h"

enum { LINES_MAX = 1000000 };

static struct costs costs_create(int64_t count) {
    return (struct costs){.count = count,
                          .task = allocate_zeroed(count, sizeof(struct queue_task)),
                          .recorded = allocate_zeroed(count, sizeof(double))};
}

void costs_free(struct costs *costs) {
    free(costs->task);
    free(costs->recorded);
    *costs = (struct costs){0};
}

/* ---- a study ---- */

static status read_seconds(const char *dir, const struct work *work, int64_t task, double *seconds) {
    struct record *record = NULL;
    TRY(record_file_read(dir, work_kind(work, task), work->task[task].key, false, &record, NULL));
    *seconds = record_value(record, work_is_reference(work, task) ? METRIC_REFERENCE_SECONDS : METRIC_SECONDS_TOTAL);
    record_free(record);
    return OK;
}

static status from_work(const char *dir, const struct work *work, struct costs *costs) {
    *costs = costs_create(work->count);
    costs->points = work->points;
    memcpy(costs->task, work->queue, (size_t)work->count * sizeof *costs->task);
    for (int64_t task = 0; task < work->count; task++) TRY(read_seconds(dir, work, task, &costs->recorded[task]));
    return OK;
}

status costs_read_study(const char *dir, struct costs *costs) {
    char file[4096];
    struct study *study = NULL;
    struct work work = {0};
    snprintf(file, sizeof file, "%s/study.yaml", dir);
    TRY(study_read(file, 0, NULL, NULL, &study));
    status read = work_resolve(study, &work);
    if (read == OK) read = from_work(dir, &work, costs);
    work_free(&work);
    study_free(study);
    return read;
}

/* ---- text ---- */

void costs_write_text(FILE *out, const struct costs *costs) {
    fputs("predicted\trecorded\tneeds\n", out);
    for (int64_t i = 0; i < costs->count; i++)
        fprintf(out, "%.5g\t%.5g\t%" PRId64 "\n", costs->task[i].seconds, costs->recorded[i], costs->task[i].needs);
}

static status read_lines(FILE *in, const char *file, struct costs *costs) {
    double predicted, recorded;
    int64_t needs;
    if (fscanf(in, "predicted recorded needs") == EOF) FAIL(ERROR_INPUT, "%s: is empty", file);
    for (; fscanf(in, "%lf %lf %" SCNd64, &predicted, &recorded, &needs) == 3; costs->count++) {
        if (costs->count == LINES_MAX) FAIL(ERROR_INPUT, "%s: has more than %d lines", file, LINES_MAX);
        costs->task[costs->count] = (struct queue_task){predicted, needs};
        costs->recorded[costs->count] = recorded;
    }
    if (!feof(in)) FAIL(ERROR_INPUT, "%s:%" PRId64 ": is not predicted, recorded, needs", file, costs->count + 2);
    return OK;
}

/* References are the tasks that others need, behind the points. */
static status find_points(const char *file, struct costs *costs) {
    costs->points = costs->count;
    for (int64_t i = 0; i < costs->count; i++) {
        int64_t needs = costs->task[i].needs;
        if (needs >= costs->count) FAIL(ERROR_INPUT, "%s:%" PRId64 ": needs a line that is not there", file, i + 2);
        if (needs != QUEUE_NOTHING && needs < costs->points) costs->points = needs;
    }
    return OK;
}

status costs_read_text(const char *file, struct costs *costs) {
    FILE *in = fopen(file, "r");
    if (!in) FAIL(ERROR_INPUT, "%s: cannot be read", file);
    *costs = costs_create(LINES_MAX);
    costs->count = 0;
    status read = read_lines(in, file, costs);
    fclose(in);
    return read == OK ? find_points(file, costs) : read;
}

/* ---- more seeds ---- */

void costs_repeat(const struct costs *costs, int64_t copies, struct costs *repeated) {
    int64_t points = copies * costs->points, references = costs->count - costs->points;
    *repeated = costs_create(points + references);
    repeated->points = points;
    for (int64_t i = 0; i < repeated->count; i++) {
        int64_t from = i < points ? i % costs->points : i - points + costs->points;
        repeated->task[i] = costs->task[from];
        repeated->recorded[i] = costs->recorded[from];
        if (repeated->task[i].needs != QUEUE_NOTHING) repeated->task[i].needs += points - costs->points;
    }
}
