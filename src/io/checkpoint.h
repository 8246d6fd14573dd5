/* DIR/checkpoints/KEY.h5: a point's unfinished record (kept arrays too, unpacked) and, in the group `state`, its state;
 * replaced by the next one, removed by record_file_write of the same key. Calls HDF5. Not collective. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include <stdbool.h>
#include "provenance.h"
#include "record.h"
#include "state.h"
#include "status.h"

/* ERROR_DISK. */
status checkpoint_write(const char *dir, const char *key, const char *label, const struct provenance *provenance,
                        const struct record *record, const struct state *state);
/* Fills the arrays of `state` that the file has; the others stay. *record (record_free) stays NULL where there is no
 * file, and where it fails. ERROR_INPUT, naming the file, nothing filled: it is not whole, holds arrays that are not
 * those of `state` in type and size, or was made by a program, compiler, BLAS or core type other than those of
 * `provenance`, so that last bits would differ. ERROR_DISK: the disk failed while the arrays were read; what they
 * hold is undefined. */
status checkpoint_read(const char *dir, const char *key, const struct provenance *provenance, struct record **record,
                       const struct state *state);
bool checkpoint_exists(const char *dir, const char *key);

#endif
