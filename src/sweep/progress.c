#include "progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

static const double LINE_SECONDS = 60;
static int live_columns; /* of the live line that stands on the terminal */

static void clear_live_line(void) {
    if (live_columns) fputs("\r\033[K", stderr);
    live_columns = 0;
}

void progress_say(const char *format, ...) {
    char line[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    clear_live_line();
    fprintf(stderr, "ntksweep: %s\n", line);
}

void progress_say_lines(const char *text) {
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        progress_say("%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

const char *progress_duration(double seconds, char out[DURATION_BYTES]) {
    static const struct {
        double unit;
        const char *name, *part;
        double parts;
    } scale[] = {{86400, "d", "h", 3600}, {3600, "h", "m", 60}, {60, "m", "s", 1}};
    if (isnan(seconds)) return strcpy(out, "unknown");
    snprintf(out, DURATION_BYTES, seconds < 1 ? "%.0fms" : "%.1fs", seconds < 1 ? 1e3 * seconds : seconds);
    for (size_t i = 0; i < sizeof scale / sizeof *scale; i++) {
        double whole = floor(seconds / scale[i].unit);
        if (whole < 1) continue;
        double rest = floor((seconds - whole * scale[i].unit) / scale[i].parts);
        snprintf(out, DURATION_BYTES, "%.0f%s %.0f%s", whole, scale[i].name, rest, scale[i].part);
        break;
    }
    return out;
}

static void format_line(const struct snapshot *now, size_t size, char *line) {
    char eta[DURATION_BYTES];
    snprintf(line, size, "%lld/%lld points, %d running, %lld failed, %lld diverged, %.3g points/min, %s to go%s",
             (long long)now->done, (long long)now->total, now->running, (long long)now->failed,
             (long long)now->diverged, now->elapsed > 0 ? 60 * (double)now->computed / now->elapsed : 0,
             progress_duration(now->eta, eta), now->is_stopping ? ", stopping" : "");
}

void progress_show(const struct snapshot *snapshot) {
    static double next; /* time of the next line, where stderr is no terminal; 0: not known yet */
    char line[256];
    format_line(snapshot, sizeof line, line);
    if (isatty(STDERR_FILENO)) {
        clear_live_line();
        live_columns = fprintf(stderr, "ntksweep: %s", line);
        return;
    }
    int is_due = next > 0 && clock_seconds() >= next;
    if (is_due) progress_say("%s", line);
    if (is_due || !(next > 0)) next = clock_seconds() + LINE_SECONDS;
}

/* "97 % 96 %", or for many ranks "96 % on average, 91 % at least". */
static void format_busy(const struct snapshot *end, size_t size, char *out) {
    enum { FEW = 16 };
    double least = 1, sum = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int rank = 0; rank < end->ranks; rank++) {
        least = fmin(least, end->busy[rank]);
        sum += end->busy[rank];
        if (end->ranks > FEW) continue;
        used += (size_t)snprintf(out + used, size - used, "%s%.0f %%", rank ? " " : "", 100 * end->busy[rank]);
    }
    if (end->ranks > FEW)
        snprintf(out, size, "%.0f %% on average, %.0f %% at least", 100 * sum / end->ranks, 100 * least);
}

void progress_summarize(const struct snapshot *end) {
    char wall[DURATION_BYTES], busy[256];
    format_busy(end, sizeof busy, busy);
    progress_say("%lld of %lld points recorded (%lld diverged), %lld failed; %s on %d rank%s, busy %s",
                 (long long)end->done, (long long)end->total, (long long)end->diverged, (long long)end->failed,
                 progress_duration(end->elapsed, wall), end->ranks, end->ranks == 1 ? "" : "s", busy);
}

void snapshot_free(struct snapshot *snapshot) {
    for (int i = 0; i < snapshot->running; i++) free(snapshot->task[i].label);
    free(snapshot->task);
    free(snapshot->busy);
    *snapshot = (struct snapshot){0};
}
