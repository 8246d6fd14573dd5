/* A file being written: under a temporary name, then synced and renamed, so it is whole or absent. Not collective.
 *
 * The temporary name is NAME.tmp~HOST~SPACE~PID (owner_name) beside the file. A write that fails (disk full, quota,
 * file-size limit) keeps its errno in `error`, and draft_commit tells. What is written lies in memory until it is more
 * than DRAFT_HELD bytes or the draft is settled: a small file costs the disk one write. */
#ifndef DRAFT_H
#define DRAFT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "status.h"

enum { DRAFT_HELD = 1 << 22 };

struct draft {
    char path[PATH_MAX], temporary[PATH_MAX];
    int fd, error;
    off_t end; /* of what is written */
    bool is_held;
    char *held; /* the first `room` bytes, zeros from `end` on */
    size_t room;
    bool is_passing; /* may be set after draft_begin: the file is replaced soon, and need not survive a power cut */
};

/* Opens the draft of `path`, a new file whatever stood under the temporary name, and makes its folder (one level) if it
 * is not there. ERROR_DISK. */
status draft_begin(const char *path, struct draft *draft);
/* Nothing is written any more after the first failure. */
void draft_write(struct draft *draft, const void *bytes, size_t count, off_t offset);
/* What was not written reads as zeros. */
void draft_read(struct draft *draft, void *bytes, size_t count, off_t offset);
/* Cuts the file, or lengthens it with zeros. */
void draft_set_end(struct draft *draft, off_t end);
/* What was written is in the file `fd` from now on, and so is what will be. */
void draft_settle(struct draft *draft);
/* Ends the draft: the file stands under its name and is on disk, or ERROR_DISK and nothing is left. */
status draft_commit(struct draft *draft);
/* Ends the draft, unsynced: the file stands under its temporary name, or ERROR_DISK and nothing is left. */
status draft_leave(struct draft *draft);
/* Ends the draft and leaves nothing. */
void draft_abort(struct draft *draft);
/* The temporary name for `path`; false if it is too long. */
bool draft_name(const char *path, char temporary[PATH_MAX]);
/* Moves a whole file from its temporary name to `path`, unless a file stands there: 0, or errno (EEXIST); the
 * temporary name is gone in any case. */
int draft_place(const char *temporary, const char *path);
/* A whole small file. */
status draft_write_file(const char *path, const void *bytes, size_t count, bool is_passing);

/* Is it the name of a draft? */
bool draft_is_name(const char *name);
/* The name of a draft whose process is dead (on this host) or that is older than a day (on another)? */
bool draft_is_stale(const char *folder, const char *name);

#endif
