/* Does a study fit the memory that it may use? Not collective. */
#ifndef MEMORY_CHECK_H
#define MEMORY_CHECK_H

#include "work.h"

/* Bytes that a task (a point or a reference, by its number) needs at least. */
typedef double memory_need(const void *context, int64_t task);

/* OK if no task needs more than `limit` bytes; else ERROR_INPUT that counts those that do and names the worst and its
 * need. `what` has the limit: "run.memory". */
status memory_check_within(const struct study *study, const struct work *work, double limit, memory_need *need,
                           const void *context, const char *what);
/* The same for run.memory, which bounds the numbers of each task. Called before anything is written. */
status memory_check_run(const struct study *study, const struct work *work);

#endif
