/* The folder DIR on disk: where its files lie, how they come and go. What is in them: record_file.h, checkpoint.h,
 * results.h, frozen.h, manifest.h, failure.h, claim.h.
 *
 * DIR/study.yaml, DIR/points.tsv, DIR/results.h5; a folder for each kind of file that is named by a task's key, and
 * DIR/runs/HOST~SPACE~PID.json (one a run that is going on, snapshot_file.h). Each file is written under a temporary
 * name (host and pid in it), synced and renamed: whole or absent. What is damaged is renamed to NAME.unreadable, so
 * that it is computed again. Not collective; any process may write any file. Errors: ERROR_INPUT for a DIR that cannot
 * be used, ERROR_DISK for a file that cannot be written or read back. */
#ifndef STORE_H
#define STORE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include "status.h"

struct stat;

/* The kinds of files that are named by a task's key, and runs', which are named by their process. */
enum store_kind {
    STORE_POINT,      /* points/ab/KEY.h5 */
    STORE_REFERENCE,  /* references/KEY.h5 */
    STORE_CHECKPOINT, /* checkpoints/KEY.h5 */
    STORE_FAILURE,    /* failed/KEY */
    STORE_CLAIM,      /* claims/KEY */
    STORE_RUN,        /* runs/NAME.json */
    STORE_KINDS
};
enum { STORE_NAME_BYTES = 256 };
/* Its name below DIR, and with DIR. */
void store_name(enum store_kind kind, const char *key, char name[STORE_NAME_BYTES]);
void store_path(const char *dir, enum store_kind kind, const char *key, char path[PATH_MAX]);

/* Makes DIR and its folders if they are not there and checks that a file can be written. Others need this first. */
status store_open(const char *dir);
/* Writes text to DIR/name, whole or not at all. */
status store_write_text(const char *dir, const char *name, const char *text);
/* The same for a text that is replaced every second or so: not synced. */
status store_write_passing_text(const char *dir, const char *name, const char *text);
/* Reads DIR/name as text; *text = NULL and OK if it is not there. Owned by the caller, free(). */
status store_read_text(const char *dir, const char *name, char **text);

/* Is it there, a regular file? One look at the folder, for large grids, and a second one where it is absent: it
 * sees what another host wrote and closed before (the folder is opened anew, so NFS asks its server). From any thread.
 */
bool store_exists(const char *dir, enum store_kind kind, const char *key);
void store_remove(const char *dir, enum store_kind kind, const char *key);
/* Renames a damaged file, which had this inode, to FILE.unreadable. False: it cannot be, or another file stands
 * there now, and stays. */
bool store_put_aside(const char *path, ino_t damaged);
/* Was the file last written before this process's last store_open, by the clock of the file system? */
bool store_is_older(const struct stat *info);

/* At the beginning of a run. Removes temporary files of dead processes of this host, and those of other hosts that
 * are older than a day; checkpoints of points that have a record; claims of tasks that have one. */
void store_clean(const char *dir);
/* At the end of a run, where every point is recorded and no other run is known: removes also the temporary files
 * that are older than this process's last store_open, whoever left them. */
void store_clean_rest(const char *dir);

#endif
