/* Bounds between keys of a study that is read. Private to spec. Not collective. */
#ifndef CHECKS_H
#define CHECKS_H

#include "grid.h"
#include "value.h"

/* Where values stand, by row of the table; node = NULL: not given. */
struct slots {
    struct place *own;   /* [keys] in the key's own section */
    struct place *swept; /* [keys] in section sweep */
};

/* ERROR_INPUT where a value of a key, or of its axis, does not go with a value of another one:
 * "FILE:LINE:COLUMN: KEY: VALUE does not go with OTHER: VALUE; ... was expected". */
status checks_between_keys(const struct study *study, const struct slots *slots);
/* The same of what would be begun in vain; results of it can be read. */
status checks_of_runs(const struct study *study, const struct slots *slots);

#endif
