#include "progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

static const double FIRST_LINE_SECONDS = 10, LINE_SECONDS = 60;
static int live_columns; /* of the live line that stands on the terminal */

static void clear_live_line(void) {
    if (live_columns) fputs("\r\033[K", stderr);
    live_columns = 0;
}

void progress_say(const char *format, ...) {
    char words[4096], line[sizeof words];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    text_make_line(words, sizeof line, line);
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

const char *progress_to_go(double seconds, char out[PROGRESS_BYTES]) {
    char text[DURATION_BYTES];
    if (isnan(seconds)) return strcpy(out, "time to go unknown");
    if (seconds < 1) return strcpy(out, "soon done");
    snprintf(out, PROGRESS_BYTES, "%s to go", progress_duration(seconds, text));
    return out;
}

static void format_line(const struct snapshot *now, size_t size, char *line) {
    char to_go[PROGRESS_BYTES], elsewhere[64] = "";
    if (now->elsewhere) snprintf(elsewhere, sizeof elsewhere, ", %lld in other runs", (long long)now->elsewhere);
    snprintf(line, size, "%lld/%lld points, %d running%s, %lld failed, %lld diverged, %.3g points/min, %s%s",
             (long long)now->done, (long long)now->total, now->running, elsewhere, (long long)now->failed,
             (long long)now->diverged, now->elapsed > 0 ? 60 * (double)now->computed / now->elapsed : 0,
             progress_to_go(now->eta, to_go), now->is_stopping ? ", stopping" : "");
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
    bool is_due = next > 0 && clock_seconds() >= next;
    if (is_due) progress_say("%s", line);
    if (is_due || !(next > 0)) next = clock_seconds() + (is_due ? LINE_SECONDS : FIRST_LINE_SECONDS);
}

static void list_busy(int ranks, const double *busy, char out[PROGRESS_BYTES]) {
    size_t used = 0;
    for (int rank = 0; rank < ranks; rank++)
        used += (size_t)snprintf(out + used, PROGRESS_BYTES - used, "%s%.0f %%", rank ? " " : "", 100 * busy[rank]);
}

/* The rank that is the least busy of those that are more so than `last`, or as busy and come later; -1: none. */
static int next_busy(int ranks, const double *busy, int last) {
    int found = -1;
    for (int rank = 0; rank < ranks; rank++) {
        bool is_after = last < 0 || busy[rank] > busy[last] || (rank > last && !(busy[rank] < busy[last]));
        if (is_after && (found < 0 || busy[rank] < busy[found])) found = rank;
    }
    return found;
}

const char *progress_busy(int ranks, const double *busy, char out[PROGRESS_BYTES]) {
    enum { FEW = 16, NAMED = 3 };
    double sum = 0;
    out[0] = '\0';
    if (ranks <= FEW) {
        list_busy(ranks, busy, out);
        return out;
    }
    for (int rank = 0; rank < ranks; rank++) sum += busy[rank];
    size_t used = (size_t)snprintf(out, PROGRESS_BYTES, "%.0f %% on average, least", 100 * sum / ranks);
    for (int i = 0, rank = -1; i < NAMED; i++) {
        rank = next_busy(ranks, busy, rank);
        used += (size_t)snprintf(out + used, PROGRESS_BYTES - used, "%s %.0f %% (rank %d)", i ? "," : "",
                                 100 * busy[rank], rank);
    }
    return out;
}

void progress_summarize(const struct snapshot *end) {
    char wall[DURATION_BYTES], busy[PROGRESS_BYTES], elsewhere[64] = "";
    if (end->elsewhere)
        snprintf(elsewhere, sizeof elsewhere, ", %lld in the hands of other runs", (long long)end->elsewhere);
    progress_say("%lld of %lld points recorded (%lld diverged), %lld failed%s; %s on %d rank%s, busy %s",
                 (long long)end->done, (long long)end->total, (long long)end->diverged, (long long)end->failed,
                 elsewhere, progress_duration(end->elapsed, wall), end->ranks, end->ranks == 1 ? "" : "s",
                 progress_busy(end->ranks, end->busy, busy));
}
