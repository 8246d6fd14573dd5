/* Does a study fit the memory that it may use? Not collective. */
#ifndef FITS_H
#define FITS_H

#include "work.h"

/* Bytes that a task (a point or a reference, by its number) needs at least. */
typedef double fits_need(const void *context, int64_t task);

/* OK if no task needs more than `limit` bytes; else ERROR_INPUT that counts those that do and names the worst and its
 * need. `what` has the limit: "run.memory". */
status fits_within(const struct study *study, const struct work *work, double limit, fits_need *need,
                   const void *context, const char *what);
/* The same for run.memory, which bounds the numbers of each task. Called before anything is written. */
status fits_run_memory(const struct study *study, const struct work *work);

/* In the study file's own form, rounded up: "1.21G". */
enum { BYTES_BYTES = 32 };
const char *fits_bytes(double bytes, char out[BYTES_BYTES]);

#endif
