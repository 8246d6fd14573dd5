/* A file being written: under a temporary name, then synced and renamed, so it is whole or absent. Not collective.
 *
 * The temporary name is NAME.tmp~HOST~PID beside the file. A write that fails (disk full, quota, file-size limit) keeps
 * its errno in `error`, and draft_commit tells. */
#ifndef DRAFT_H
#define DRAFT_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>
#include "status.h"

struct draft {
    char path[PATH_MAX], temporary[PATH_MAX];
    int fd, error;
};

/* Opens the draft of `path`, and makes its folder (one level) if it is not there. ERROR_DISK. */
status draft_begin(const char *path, struct draft *draft);
/* Nothing is written any more after the first failure. */
void draft_write(struct draft *draft, const void *bytes, size_t count, off_t offset);
/* What was not written reads as zeros. */
void draft_read(struct draft *draft, void *bytes, size_t count, off_t offset);
/* Ends the draft: the file stands under its name and is on disk, or ERROR_DISK and nothing is left. */
status draft_commit(struct draft *draft);
/* Ends the draft and leaves nothing. */
void draft_abort(struct draft *draft);
/* A whole small file. */
status draft_write_file(const char *path, const void *bytes, size_t count);

/* Nonzero for the name of a draft whose process is dead (on this host) or that is older than a day (on another). */
int draft_is_stale(const char *folder, const char *name);

#endif
