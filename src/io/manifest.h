/* DIR/points.tsv: what the run resolved, so that status, collect and report need neither data nor machine: a line a
 * point, in the order of the grid. Not collective. */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <stdint.h>
#include "record_name.h"
#include "status.h"
#include "study.h"

struct manifest_row {
    char key[KEY_BYTES], reference[KEY_BYTES]; /* reference: "" where it needs none */
    double seconds;                            /* predicted */
    char label[256];
};
/* ERROR_DISK. */
status manifest_write(const char *dir, int64_t count, const struct manifest_row *row);
/* *row owned by the caller, free(). ERROR_INPUT if DIR holds no study. */
status manifest_read(const char *dir, int64_t *count, struct manifest_row **row);

#endif
