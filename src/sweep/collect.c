#include "collect.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "clock.h"
#include "grid.h"
#include "manifest.h"
#include "progress.h"
#include "rank_metrics.h"
#include "record_file.h"
#include "record_name.h"
#include "results.h"
#include "signals.h"
#include "store.h"
#include "task.h"

/* ---- metrics reduced over seed ---- */

struct reduction {
    const char *dir;
    const struct study *study;
    const struct manifest_row *row; /* [points] */
    char key[KEY_BYTES];            /* of the reference at hand: neighbouring cells often share it */
    struct record *reference;       /* NULL: none */
    int64_t damaged;                /* records that could not be read */
    struct host host;               /* asks is_late */
    bool is_stopping;
    double end; /* on the clock, of one that is stopping */
};

/* A run that is stopped, before or meanwhile, has little time for its results, however many records there are. */
static const double STOPPING_SECONDS = 4;

static bool is_late(void *context) {
    struct reduction *reduction = context;
    if (!reduction->is_stopping && signals_caught()) {
        reduction->is_stopping = true;
        reduction->end = clock_seconds() + STOPPING_SECONDS;
    }
    return reduction->is_stopping && clock_seconds() > reduction->end;
}

static status read_reference(struct reduction *reduction, const char *key) {
    status read = record_file_read(reduction->dir, STORE_REFERENCE, key, false, &reduction->reference, NULL);
    reduction->damaged += read != OK;
    if (read == ERROR_DISK && record_file_put_aside(reduction->dir, STORE_REFERENCE, key))
        FAIL(read, "%s; it is put aside, and the Gaussian processes with it are left", status_message());
    return read;
}

static status hold_reference(struct reduction *reduction, const char *key) {
    if (strcmp(reduction->key, key) == 0) return OK;
    record_free(reduction->reference);
    reduction->reference = NULL;
    memcpy(reduction->key, key, KEY_BYTES);
    if (!key[0]) return OK;
    if (!store_exists(reduction->dir, STORE_REFERENCE, key))
        FAIL(ERROR_INPUT, "%s: reference %s is not there; run the study again for its Gaussian processes",
             reduction->dir, key);
    return read_reference(reduction, key);
}

/* Without its reference a cell has its ensemble all the same. */
static status end_cell(void *context, int64_t point, struct record *reduced) {
    struct reduction *reduction = context;
    struct config config = study_point(reduction->study, point);
    status held = hold_reference(reduction, reduction->row[point].reference);
    status ended = task_reduce_end(&config, reduction->reference, &reduction->host, reduced);
    return ended != OK ? ended : held;
}

/* ---- the results ---- */

static status collect(struct reduction *reduction, const struct provenance *provenance) {
    const struct study *study = reduction->study;
    int64_t points = 0;
    const struct results_reducer reducer = {task_reduce_add, end_cell, &reduction->host, reduction};
    char(*keys)[KEY_BYTES] = allocate_zeroed(study->points, sizeof *keys), *notes = NULL;
    for (int64_t i = 0; i < study->points; i++) memcpy(keys[i], reduction->row[i].key, KEY_BYTES);
    status collected =
        results_build(reduction->dir, study, (const char(*)[KEY_BYTES])keys, &reducer, provenance, &notes, &points);
    reduction->damaged += points;
    if (notes) progress_say_lines(notes);
    free(notes);
    free(keys);
    record_free(reduction->reference);
    return collected;
}

static status refuse_rows(const char *dir) {
    FAIL(ERROR_INPUT, "%s: points.tsv does not match study.yaml; run the study again", dir);
}

status collect_results(const char *dir, const struct study *study, bool is_stopping, struct provenance *provenance,
                       int64_t *damaged) {
    struct manifest_row *row;
    int64_t count;
    *damaged = 0;
    TRY(manifest_read(dir, &count, &row));
    struct reduction reduction = {
        .dir = dir, .study = study, .row = row, .is_stopping = is_stopping, .end = clock_seconds() + STOPPING_SECONDS};
    reduction.host = (struct host){is_late, &reduction};
    rank_metrics_name_libraries(provenance);
    task_set_threads((int)study->config.run.threads);
    status collected = count == study->points ? collect(&reduction, provenance) : refuse_rows(dir);
    *damaged = reduction.damaged;
    free(row);
    return collected;
}
