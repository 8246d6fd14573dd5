/* The records in DIR, a file each: DIR/points/ab/KEY.h5 and DIR/references/KEY.h5. `kind`: STORE_POINT or
 * STORE_REFERENCE. Calls HDF5, which one thread of a process only may do. Not collective. */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <stdbool.h>
#include "provenance.h"
#include "record.h"
#include "status.h"
#include "store.h"

/* Writes the record with its label, settings (the config's resolved `key=value` pairs, a line each; NULL: none) and
 * provenance as root attributes. Also removes DIR/failed/KEY and the checkpoint. A point's record has a
 * METRIC_STATUS. ERROR_DISK. */
status record_file_write(const char *dir, enum store_kind kind, const char *key, const char *label,
                         const char *settings, const struct provenance *provenance, const struct record *record);
/* Reads a record back (kept arrays only if `kept`), and its provenance unless NULL. The sum over the whole file is
 * checked before, here and below. A file that is not whole is ERROR_DISK, one that cannot be opened (permission,
 * memory) ERROR_INPUT; both name it. */
status record_file_read(const char *dir, enum store_kind kind, const char *key, bool kept, struct record **record,
                        struct provenance *provenance);
/* 1: there and readable; 0: absent; -1: there but not readable (status_message() names it). Reads the whole file. */
int record_file_check(const char *dir, enum store_kind kind, const char *key);
/* Reads a record again, and if it is damaged puts it aside (store.h): from any host, also while another process does
 * the same, or has just put a good one in its place, which stays. True: done, status_message() names it; false: nothing
 * was done. */
bool record_file_put_aside(const char *dir, enum store_kind kind, const char *key);
/* value[i]: the scalar metric[i] of a record, NaN if that is not in it; from its summary (summary.h), or without one by
 * HDF5. 1: there; 0: absent; -1: there but not readable (status_message() names it), or no regular file. */
int record_file_scalars(const char *dir, enum store_kind kind, const char *key, int count, const enum metric_id *metric,
                        double *value);
/* A point's METRIC_STATUS (enum status_bits), -1: absent, -2: there but not readable. */
int record_file_status(const char *dir, const char *key);

#endif
