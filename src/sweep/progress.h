/* Messages on stderr: one line at a time, beginning with the program's name; a live line where stderr is a terminal.
 * Used by rank 0 only, from one thread at a time. Not collective. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "snapshot.h"

/* "ntksweep: ..." and a newline, on a line of its own also while a live line stands. */
void progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Every line of `text`, so. */
void progress_say_lines(const char *text);
/* Renews the live line; without a terminal a line a minute. To be called about twice a second. */
void progress_show(const struct snapshot *snapshot);
/* Points, wall time and busy share per rank at the end. */
void progress_summarize(const struct snapshot *snapshot);
/* 93784 -> "1d 2h", 75 -> "1m 15s", 3.25 -> "3.2s", 0.0125 -> "12ms", NaN -> "unknown". */
enum { DURATION_BYTES = 32, PROGRESS_BYTES = 256 };
const char *progress_duration(double seconds, char out[DURATION_BYTES]);
/* "3m 20s to go", "soon done", "time to go unknown". */
const char *progress_to_go(double seconds, char out[PROGRESS_BYTES]);
/* "97 % 96 %", or of many ranks "96 % on average, least 71 % (rank 13), 75 % (rank 40), 80 % (rank 2)". */
const char *progress_busy(int ranks, const double *busy, char out[PROGRESS_BYTES]);

#endif
