/* A study as text, and whether one study extends another. Not collective. */
#ifndef STUDY_TEXT_H
#define STUDY_TEXT_H

#include "grid.h"
#include "status.h"

/* The study as YAML text that study_read reads back to the same values (resolved, with absolute data.path and every
 * axis): the frozen copy. Ends with a newline. Owned by the caller, free(). */
char *study_text(const struct study *study);

/* OK if `next` is `old` with the same or more axis values (any order; a single value is an axis of one) and at most
 * differences that cannot change a record (title, data.path, run.memory, run.checkpoint_minutes); otherwise
 * ERROR_INPUT naming the first key that differs. */
status study_extends(const struct study *old, const struct study *next);

#endif
