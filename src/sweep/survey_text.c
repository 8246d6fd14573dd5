/* A survey for people: counts, a bar on a terminal, runs, and short lists. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "order.h"
#include "progress.h"
#include "survey.h"

enum { RUNNING_MOST = 10, SLOWEST_MOST = 5, DIVERGED_MOST = 10, FAILED_MOST = 20, BAR_MOST = 60 };

static const char *plural(int64_t count) { return count == 1 ? "" : "s"; }

/* ---- the head ---- */

static void print_counts(FILE *out, const struct survey *survey) {
    fprintf(out,
            "%" PRId64 " point%s: %" PRId64 " done (%" PRId64 " diverged), %d running, %" PRId64 " failed, %" PRId64
            " left",
            survey->total, plural(survey->total), survey->done, survey->diverged, survey->running, survey->failed,
            survey->left);
    if (survey->begun) fprintf(out, " (%" PRId64 " begun)", survey->begun);
    fputc('\n', out);
    if (survey->done == survey->total && survey->references_left)
        fprintf(out, "%" PRId64 " reference%s left\n", survey->references_left, plural(survey->references_left));
}

/* Shares of the points, in cells whose borders are rounded, so that they always fill the bar. */
static void print_bar(FILE *out, const struct survey *survey, const struct survey_page *page) {
    int64_t running = least(survey->running, survey->left), cells = least(BAR_MOST, page->columns - 8), to = 0,
            cell = 0;
    const struct {
        int64_t points;
        const char *sign, *plain;
    } part[] = {
        {survey->done, "█", "#"}, {survey->failed, "×", "x"}, {running, "▒", "+"}, {survey->left - running, "░", "."}};
    if (cells < 1 || survey->total == 0) return;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        for (to += part[i].points; cell < (to * cells + survey->total / 2) / survey->total; cell++)
            fputs(page->is_utf8 ? part[i].sign : part[i].plain, out);
    fprintf(out, "  %" PRId64 " %%\n", 100 * survey->done / survey->total);
}

/* ---- runs ---- */

static void print_speed(FILE *out, const struct survey *survey) {
    char words[PROGRESS_BYTES];
    if (survey->runs.going_on == 1)
        fputs("a run is going on", out);
    else
        fprintf(out, "%d runs are going on", survey->runs.going_on);
    fprintf(out, ", on %d rank%s; %.*f points per hour, %s\n", survey->ranks, plural(survey->ranks),
            survey->points_per_hour < 100, survey->points_per_hour, progress_to_go(survey->eta, words));
}

static void print_run(FILE *out, const struct snapshot_run *run, int number) {
    const struct snapshot *snapshot = &run->snapshot;
    char owner[OWNER_BYTES], text[DURATION_BYTES], busy[PROGRESS_BYTES];
    owner_words(run->owner, sizeof owner, owner);
    if (number)
        fprintf(out, "  %d: %s, %d rank%s", number, owner, snapshot->ranks, plural(snapshot->ranks));
    else
        fprintf(out, "  %s", owner);
    fprintf(out, ", for %s%s\n", progress_duration(snapshot->elapsed, text),
            snapshot->is_ended      ? ", collects results"
            : snapshot->is_stopping ? ", stopping"
                                    : "");
    fprintf(out, "  busy %s\n", progress_busy(snapshot->ranks, snapshot->busy, busy));
}

static void print_runs(FILE *out, const struct survey *survey, const struct survey_page *page) {
    int runs = survey->runs.going_on, shown = (int)least(runs, page->most);
    print_speed(out, survey);
    for (int i = 0; i < shown; i++) print_run(out, &survey->runs.sight[i].run, runs > 1 ? i + 1 : 0);
    if (shown < runs) fprintf(out, "  and %d more runs\n", runs - shown);
}

static void print_no_run(FILE *out, const struct survey *survey, const struct survey_page *page) {
    if (survey_is_complete(survey))
        fputs("complete\n", out);
    else if (!survey->left)
        fputs("no run is going on; the next one tries again what failed\n", out);
    else
        fprintf(out, "no run is going on; %s\n", page->is_watched ? "waiting for one" : "run again to go on");
}

/* ---- lists ---- */

static void print_more(FILE *out, int64_t shown, int64_t all) {
    if (shown < all) fprintf(out, "  and %" PRId64 " more; status --json lists all\n", all - shown);
}

struct active {
    const struct snapshot_task *task;
    int run; /* from 1 */
};

static int by_seconds(const void *a, const void *b) {
    double first = ((const struct active *)a)->task->seconds, second = ((const struct active *)b)->task->seconds;
    return (first < second) - (first > second);
}

/* Of all runs, those that have run longest first. */
static struct active *find_active(const struct survey *survey) {
    struct active *active = allocate_zeroed(survey->running, sizeof *active);
    int count = 0;
    for (int i = 0; i < survey->runs.going_on; i++) {
        const struct snapshot *run = &survey->runs.sight[i].run.snapshot;
        for (int k = 0; k < run->running; k++) active[count++] = (struct active){&run->task[k], i + 1};
    }
    qsort(active, (size_t)count, sizeof *active, by_seconds);
    return active;
}

static void print_active(FILE *out, const struct survey *survey, const struct survey_page *page) {
    char text[DURATION_BYTES];
    int64_t most = least(least(page->most, RUNNING_MOST), survey->running);
    if (!most) return;
    struct active *active = find_active(survey);
    fputs("running\n", out);
    for (int64_t i = 0; i < most; i++) {
        fprintf(out, "  %8s  rank %d", progress_duration(active[i].task->seconds, text), active[i].task->rank);
        if (survey->runs.going_on > 1) fprintf(out, " of %d", active[i].run);
        fprintf(out, ": %s\n", active[i].task->label);
    }
    print_more(out, most, survey->running);
    free(active);
}

static void print_slowest(FILE *out, const struct survey *survey, const struct survey_page *page) {
    int64_t slowest[SLOWEST_MOST];
    char text[DURATION_BYTES];
    int count = survey_find_slowest(survey, (int)least(page->most, SLOWEST_MOST), slowest);
    if (count) fputs("slowest\n", out);
    for (int i = 0; i < count; i++)
        fprintf(out, "  %8s  %s\n", progress_duration(survey->point[slowest[i]].seconds, text),
                survey->row[slowest[i]].label);
}

/* The first points with this outcome, and why. */
static void print_outcome(FILE *out, const struct survey *survey, enum outcome outcome, const char *head,
                          int64_t most) {
    int64_t count = 0;
    char text[DIVERGENCE_BYTES];
    for (int64_t i = 0; i < survey->total; i++) {
        const struct survey_point *point = &survey->point[i];
        if (point->outcome != outcome || count++ >= most) continue;
        if (count == 1) fprintf(out, "%s\n", head);
        fprintf(out, "  %s: %s\n", survey->row[i].label,
                point->reason ? point->reason : survey_divergence(point, text));
    }
    print_more(out, least(count, most), count);
}

void survey_print(FILE *out, const struct survey *survey, const struct survey_page *page) {
    print_counts(out, survey);
    print_bar(out, survey, page);
    if (survey->runs.going_on)
        print_runs(out, survey, page);
    else
        print_no_run(out, survey, page);
    print_active(out, survey, page);
    print_slowest(out, survey, page);
    print_outcome(out, survey, OUTCOME_DIVERGED, "diverged", least(page->most, DIVERGED_MOST));
    print_outcome(out, survey, OUTCOME_FAILED, "failed", least(page->most, FAILED_MOST));
}
