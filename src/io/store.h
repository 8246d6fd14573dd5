/* DIR on disk: frozen study, records, references, checkpoints, failures, results. HDF5 stays inside this module, and
 * is called by one thread of a process only.
 *
 * DIR/study.yaml, DIR/points/ab/KEY.h5, DIR/references/KEY.h5, DIR/checkpoints/KEY.h5, DIR/failed/KEY,
 * DIR/claims/KEY (claim.h), DIR/runs/HOST~SPACE~PID.json (one a run that is going on, snapshot_file.h),
 * DIR/results.h5. Each file is written under a temporary name (host and pid in it), synced and renamed: whole or
 * absent. Not collective; any process may write any file. Errors: ERROR_INPUT for a DIR that cannot be used,
 * ERROR_DISK for a file that cannot be written or read back. */
#ifndef STORE_H
#define STORE_H

#include "host.h"
#include "record.h"
#include "state.h"
#include "status.h"
#include "study.h"

/* Makes DIR and its folders if they are not there and checks that a file can be written. Others need this first. */
status store_open(const char *dir);
/* Writes text to DIR/name, whole or not at all. */
status store_write_text(const char *dir, const char *name, const char *text);
/* The same for a text that is replaced every second or so: not synced. */
status store_write_passing_text(const char *dir, const char *name, const char *text);
/* Reads DIR/name as text; *text = NULL and OK if it is not there. Owned by the caller, free(). */
status store_read_text(const char *dir, const char *name, char **text);
/* Freezes the study in DIR/study.yaml. If one is there and `study` extends it, the old one stays as study.1.yaml
 * (.2., ...); if it is any other study, ERROR_INPUT naming the key. */
status store_freeze(const char *dir, const struct study *study);
/* At the beginning of a run. Removes temporary files of dead processes of this host, and those of other hosts that
 * are older than a day; checkpoints of points that have a record; claims of tasks that have one. */
void store_clean(const char *dir);
/* At the end of a run, where every point is recorded and no other run is known: removes also the temporary files
 * that are older than this process's last store_open, whoever left them, by the clock of the file system. */
void store_clean_rest(const char *dir);

/* What was true of the run that made a record: root attributes of record and results. */
struct provenance {
    char version[64], commit[64], compiler[128], blas[128], core[64], mpi[128], hdf5[64];
};

enum record_kind { RECORD_POINT, RECORD_REFERENCE };
/* Writes the record with its label, settings (the config's resolved `key=value` pairs, a line each; NULL: none) and
 * provenance as root attributes. Also removes DIR/failed/KEY and the checkpoint. A point's record has a
 * METRIC_STATUS. */
status store_write_record(const char *dir, enum record_kind kind, const char *key, const char *label,
                          const char *settings, const struct provenance *provenance, const struct record *record);
/* Reads a record back (kept arrays only if `kept`). The sum over the whole file is checked before, here and below. A file that
 * is not whole is ERROR_DISK, one that cannot be opened (permission, memory) ERROR_INPUT; both name it. */
status store_read_record(const char *dir, enum record_kind kind, const char *key, int kept, struct record **record);
/* 1: there and readable; 0: absent; -1: there but not readable (status_message() names it). Opens the file. */
int store_has_record(const char *dir, enum record_kind kind, const char *key);
/* 1: there, a regular file; 0: absent. One look at the folder, for large grids, and a second one where it is absent: it sees what
 * another host wrote and closed before (the folder is opened anew, so NFS asks its server). No HDF5: from any
 * thread. */
int store_record_exists(const char *dir, enum record_kind kind, const char *key);
/* Reads a record again, and if it is damaged renames it to KEY.h5.unreadable, so that it is computed again: from any host, also
 * while another process does the same, or has just put a good one in its place, which stays. 1: done, status_message() names
 * it; 0: nothing was done. */
int store_put_aside(const char *dir, enum record_kind kind, const char *key);
/* value[i]: the scalar metric[i] of a record, NaN if that is not in it; in one opening, without the arrays. 1:
 * there; 0: absent; -1: there but not readable (status_message() names it), or no regular file. */
int store_read_scalars(const char *dir, enum record_kind kind, const char *key, int count, const enum metric_id *metric,
                       double *value);
/* A point's METRIC_STATUS (enum status_bits), -1: absent, -2: there but not readable. */
int store_point_status(const char *dir, const char *key);

/* DIR/checkpoints/KEY.h5: a point's unfinished record (kept arrays too, unpacked) and, in the group `state`, its
 * state; replaced by the next one, removed by store_write_record of the same key. */
status store_write_checkpoint(const char *dir, const char *key, const char *label, const struct provenance *provenance,
                              const struct record *record, const struct state *state);
/* Fills the arrays of `state` that the file has; the others stay. *record (record_free) stays NULL where there is no
 * file, and where it fails. ERROR_INPUT, naming the file, nothing filled: it is not whole, holds arrays that are not
 * those of `state` in type and size, or was made by a program, compiler, BLAS or core type other than those of
 * `provenance`, so that last bits would differ. ERROR_DISK: the disk failed while the arrays were read; what they
 * hold is undefined. */
status store_read_checkpoint(const char *dir, const char *key, const struct provenance *provenance,
                             struct record **record, const struct state *state);
/* 1: there; 0: absent. */
int store_has_checkpoint(const char *dir, const char *key);

/* DIR/points.tsv: what the run resolved, so that status, collect and report need neither data nor machine: a line a
 * point (in the order of the grid): key, key of its reference, predicted seconds, label. */
struct manifest_row {
    char key[KEY_BYTES], reference[KEY_BYTES];
    double seconds;
    char label[256];
};
status store_write_manifest(const char *dir, int64_t count, const struct manifest_row *row);
/* *row owned by the caller, free(). ERROR_INPUT if DIR holds no study. */
status store_read_manifest(const char *dir, int64_t *count, struct manifest_row **row);

/* One line in DIR/failed/KEY. */
status store_write_failure(const char *dir, const char *key, const char *label, const char *reason);
/* 1: it was written after this process's store_open, by the file system's clock: by another run that goes on beside. */
int store_has_new_failure(const char *dir, const char *key);
/* The line, or NULL. free(). */
char *store_read_failure(const char *dir, const char *key);

/* Makes the PLACE_REDUCED metrics of a cell of the grid without its seed axis, which is the last one. */
struct store_reducer {
    /* Takes one more of the cell's records, in the order of seeds, into `reduced`, empty at first. */
    void (*add)(const struct record *record, struct record *reduced);
    /* There are no more; `point`: the first of the cell. Not asked where `reduced` is empty. What fails here is
     * noted, but ERROR_INTERRUPTED ends all. */
    status (*end)(void *context, int64_t point, struct record *reduced);
    /* Asked before every record: ends all with ERROR_INTERRUPTED, and results.h5 stays as it was. */
    const struct host *host;
    void *context;
};
/* (Re)builds DIR/results.h5 from the records of the study's points. keys[study->points]. Without a reducer (NULL)
 * nothing is reduced. Memory: one record and what one cell is reduced to. Notes (records outside the grid,
 * unreadable ones, mixed BLAS cores, cells that could not be reduced) come out as lines in *notes, free(). *damaged: records
 * that could not be read; what is damaged is put aside. */
status store_collect(const char *dir, const struct study *study, const char (*keys)[KEY_BYTES],
                     const struct store_reducer *reducer, const struct provenance *provenance, char **notes,
                     int64_t *damaged);

#endif
