/* Which run works on a task, where several runs share DIR: an exclusive file DIR/claims/KEY with the owner's text in
 * it. From any thread. Not collective.
 *
 * Claims save work, they do not guard results: a record is written whole or not at all, and is the same whoever
 * computes it. Of the file system it is assumed that link() and rename() are atomic and fail where they must, that a
 * file that is opened shows what was closed before (close-to-open, as NFS does), and that a renewed time or a removed
 * file is seen elsewhere within a minute or two. Where there is no link(), open() with O_EXCL takes its place. No
 * locks, and no comparison of clocks: an observer only asks whether a claim has changed, and measures how long it has
 * not on its own monotonic clock. */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "owner.h"
#include "status.h"

/* A claim as somebody else saw it. Inode and the time of its renewal, on the file system's clock, are only ever
 * compared for equality. */
struct claim_sight {
    char owner[OWNER_BYTES]; /* empty for a file that cannot be read */
    int64_t inode, seconds, nanoseconds;
};

/* Claims the task unless it is claimed: *is_ours, also where it was ours before. The file appears whole: it is a link
 * to one of this process's own, DIR/claims/own.tmp~HOST~SPACE~PID, made when there is none. ERROR_DISK where none can
 * be written. */
status claim_take(const char *dir, const char *key, bool *is_ours);
/* To be called every 30 s: gives the file a new time, and so every claim of this process. False: it is no longer ours
 * (another took it over, or it was removed), nothing was done. True also where the disk did not answer. */
bool claim_renew(const char *dir, const char *key);
/* Removes it, if it is still ours. */
void claim_release(const char *dir, const char *key);
/* Removes this process's own file: before its first claim, as an earlier process may have had the same pid, and when
 * there are no more. */
void claim_forget(const char *dir);
/* Does somebody's claim stand? *sight. */
bool claim_look(const char *dir, const char *key, struct claim_sight *sight);
bool claim_is_same(const struct claim_sight *a, const struct claim_sight *b);
/* Claims a task whose claim looks as in `sight` and whose owner is taken for dead: renames it away, looks whether it
 * was that one (if not, it is put back), removes it and claims: of several that try, one gets it. ERROR_DISK as
 * claim_take. */
status claim_take_over(const char *dir, const char *key, const struct claim_sight *sight, bool *is_ours);

#endif
