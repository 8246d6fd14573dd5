/* A survey for programs. */
#include <inttypes.h>
#include <string.h>

#include "survey.h"

enum { SLOWEST = 5 };

static void print_counts(FILE *out, const struct survey *survey) {
    fprintf(out, "  \"complete\": %s,\n  \"total\": %" PRId64 ",\n  \"done\": %" PRId64 ",\n  \"diverged\": %" PRId64,
            survey_is_complete(survey) ? "true" : "false", survey->total, survey->done, survey->diverged);
    fprintf(out,
            ",\n  \"failed\": %" PRId64 ",\n  \"left\": %" PRId64 ",\n  \"begun\": %" PRId64
            ",\n  \"running\": %d,\n  \"ranks\": %d,\n",
            survey->failed, survey->left, survey->begun, survey->running, survey->ranks);
    fputs("  \"eta_seconds\": ", out);
    snapshot_json_number(out, survey->eta);
    fputs(",\n  \"points_per_hour\": ", out);
    snapshot_json_number(out, survey->points_per_hour);
    fputs(",\n", out);
}

/* The head of an object that is an item of a list: `label`, and the name of what follows. */
static void begin_item(FILE *out, bool is_first, const char *label, const char *name) {
    fprintf(out, "%s\n    {\"label\": ", is_first ? "" : ",");
    snapshot_json_string(out, label);
    fprintf(out, ", \"%s\": ", name);
}

/* The word of its number; null where it is none. */
static void print_cause(FILE *out, double of) {
    const char *word = metric_table[METRIC_DIVERGED_OF].flags;
    for (double number = 0; word && number != of; number++) {
        word = strchr(word, ' ');
        word = word ? word + 1 : NULL;
    }
    if (word)
        fprintf(out, ", \"diverged_of\": \"%.*s\"", (int)strcspn(word, " "), word);
    else
        fputs(", \"diverged_of\": null", out);
}

static void print_outcome(FILE *out, const struct survey *survey, enum outcome outcome, const char *name) {
    char text[DIVERGENCE_BYTES];
    int count = 0;
    fprintf(out, "  \"%s\": [", name);
    for (int64_t i = 0; i < survey->total; i++) {
        const struct survey_point *point = &survey->point[i];
        if (point->outcome != outcome) continue;
        begin_item(out, count++ == 0, survey->row[i].label, "reason");
        snapshot_json_string(out, point->reason ? point->reason : survey_divergence(point, text));
        if (outcome == OUTCOME_DIVERGED) print_cause(out, point->diverged_of);
        fputc('}', out);
    }
    fputs("],\n", out);
}

static void print_slowest(FILE *out, const struct survey *survey) {
    int64_t slowest[SLOWEST];
    int count = survey_find_slowest(survey, SLOWEST, slowest);
    fputs("  \"slowest\": [", out);
    for (int i = 0; i < count; i++) {
        begin_item(out, i == 0, survey->row[slowest[i]].label, "seconds");
        snapshot_json_number(out, survey->point[slowest[i]].seconds);
        fputc('}', out);
    }
    fputs("],\n", out);
}

static const struct snapshot *run_of(const struct survey *survey, int run) {
    return &survey->runs.sight[run].run.snapshot;
}

static void print_busy(FILE *out, const struct survey *survey) {
    int count = 0;
    fputs("  \"busy\": [", out);
    for (int i = 0; i < survey->runs.going_on; i++)
        for (int rank = 0; rank < run_of(survey, i)->ranks; rank++)
            fprintf(out, "%s%.4f", count++ ? ", " : "", run_of(survey, i)->busy[rank]);
    fputs("],\n", out);
}

static void print_tasks(FILE *out, const struct survey *survey) {
    int count = 0;
    fputs("  \"running_tasks\": [", out);
    for (int i = 0; i < survey->runs.going_on; i++) {
        for (int k = 0; k < run_of(survey, i)->running; k++) {
            const struct snapshot_task *task = &run_of(survey, i)->task[k];
            begin_item(out, count++ == 0, task->label, "seconds");
            fprintf(out, "%.3f, \"rank\": %d, \"run\": %d}", task->seconds, task->rank, i);
        }
    }
    fputs("],\n", out);
}

static void print_run(FILE *out, const struct snapshot_run *run, bool is_first) {
    char words[OWNER_BYTES];
    owner_words(run->owner, sizeof words, words);
    begin_item(out, is_first, words, "owner");
    snapshot_json_string(out, run->owner);
    fprintf(out, ", \"ranks\": %d, \"elapsed_seconds\": ", run->snapshot.ranks);
    snapshot_json_number(out, run->snapshot.elapsed);
    fputs(", \"eta_seconds\": ", out);
    snapshot_json_number(out, run->snapshot.eta);
    fputs(", \"busy\": ", out);
    snapshot_json_shares(out, run->snapshot.ranks, run->snapshot.busy);
    fputc('}', out);
}

void survey_print_json(FILE *out, const struct survey *survey) {
    fputs("{\n", out);
    print_counts(out, survey);
    print_outcome(out, survey, OUTCOME_FAILED, "failures");
    print_outcome(out, survey, OUTCOME_DIVERGED, "diverged_points");
    print_slowest(out, survey);
    print_busy(out, survey);
    print_tasks(out, survey);
    fputs("  \"runs\": [", out);
    for (int i = 0; i < survey->runs.going_on; i++) print_run(out, &survey->runs.sight[i].run, i == 0);
    fputs("]\n}\n", out);
}
