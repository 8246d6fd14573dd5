#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "draft.h"
#include "file.h"
#include "store.h"

enum { TAKING_SECONDS = 60 };

/* ---- looking ---- */

/* The line that the file holds; empty if it is not whole. */
static void read_owner(int fd, char owner[OWNER_BYTES]) {
    ssize_t count = pread(fd, owner, OWNER_BYTES - 1, 0);
    owner[count > 0 ? count : 0] = '\0';
    char *end = strchr(owner, '\n');
    *(end ? end : owner) = '\0';
}

/* A file is opened even where only its times are asked for: then NFS asks its server. */
static bool look(const char *path, struct claim_sight *sight) {
    struct stat info;
    const char *why;
    int fd = file_open(path, &why);
    if (fd < 0 && errno == ENOENT) return false;
    bool is_there = (fd < 0 ? stat(path, &info) : fstat(fd, &info)) == 0;
    sight->owner[0] = '\0';
    if (fd >= 0) read_owner(fd, sight->owner);
    if (fd >= 0) close(fd);
    if (!is_there) return false;
    sight->inode = (int64_t)info.st_ino;
    sight->seconds = info.st_mtim.tv_sec;
    sight->nanoseconds = info.st_mtim.tv_nsec;
    return true;
}

bool claim_look(const char *dir, const char *key, struct claim_sight *sight) {
    char path[PATH_MAX];
    store_path(dir, STORE_CLAIM, key, path);
    return look(path, sight);
}

bool claim_is_same(const struct claim_sight *a, const struct claim_sight *b) {
    return a->inode == b->inode && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds &&
           strcmp(a->owner, b->owner) == 0;
}

/* ---- our own ---- */

/* Making and removing files takes a file system longer than links to one. */
static bool own_name(const char *dir, char own[PATH_MAX]) {
    char path[PATH_MAX];
    store_path(dir, STORE_CLAIM, "own", path);
    return draft_name(path, own);
}

/* Not synced: a power cut ends the run too, and what it leaves of the claim, an empty file at worst, is taken over
 * like any other that nobody renews. Closed before it is linked: NFS writes at close. */
static status make_own(const char *dir) {
    char path[PATH_MAX];
    struct draft draft;
    store_path(dir, STORE_CLAIM, "own", path);
    TRY(draft_begin(path, &draft));
    draft_write(&draft, owner_text(), strlen(owner_text()), 0);
    draft_write(&draft, "\n", 1, (off_t)strlen(owner_text()));
    return draft_leave(&draft);
}

/* With a new time, as whoever looks at the claim sees no other sign of life. 0, or errno. */
static int link_own(const char *own, const char *path) {
    return utimensat(AT_FDCWD, own, NULL, 0) == 0 && link(own, path) == 0 ? 0 : errno;
}

/* A link that was made although the reply was lost says EEXIST, so the file is read back. Where there are no links,
 * our own file takes the name itself. */
status claim_take(const char *dir, const char *key, bool *is_ours) {
    char path[PATH_MAX], own[PATH_MAX];
    struct claim_sight sight;
    store_path(dir, STORE_CLAIM, key, path);
    int error = own_name(dir, own) ? link_own(own, path) : ENAMETOOLONG;
    if (error == ENOENT) {
        TRY(make_own(dir));
        error = link_own(own, path);
    }
    if (error && error != EEXIST) error = draft_place(own, path);
    if (error && error != EEXIST) FAIL(ERROR_DISK, "%s: cannot be written: %s", path, strerror(error));
    *is_ours = !error || (look(path, &sight) && strcmp(sight.owner, owner_text()) == 0);
    return OK;
}

void claim_forget(const char *dir) {
    char own[PATH_MAX];
    if (own_name(dir, own)) unlink(own);
}

bool claim_renew(const char *dir, const char *key) {
    char path[PATH_MAX], owner[OWNER_BYTES];
    store_path(dir, STORE_CLAIM, key, path);
    const char *why;
    int fd = file_open(path, &why);
    if (fd < 0) return errno != ENOENT;
    read_owner(fd, owner);
    bool is_lost = *owner && strcmp(owner, owner_text()) != 0;
    if (!is_lost) futimens(fd, NULL);
    close(fd);
    return !is_lost;
}

void claim_release(const char *dir, const char *key) {
    char path[PATH_MAX];
    struct claim_sight sight;
    store_path(dir, STORE_CLAIM, key, path);
    if (look(path, &sight) && strcmp(sight.owner, owner_text()) == 0) unlink(path);
}

/* ---- those of others ---- */

/* Moves the claim aside; 0: there is none any more. What counts is what is there afterwards: a reply may be lost. */
static bool move_aside(const char *path, const char *aside, struct claim_sight *sight) {
    unlink(aside);
    rename(path, aside);
    return look(aside, sight);
}

/* A second look just before it is moved. What is not whole is not put back: where there are no links, its owner is
 * about to replace it. */
static status move_and_take(const char *dir, const char *key, const struct claim_sight *sight, bool *is_ours) {
    char path[PATH_MAX], aside[PATH_MAX];
    struct claim_sight now;
    store_path(dir, STORE_CLAIM, key, path);
    if (!draft_name(path, aside)) FAIL(ERROR_DISK, "%s: cannot be written: %s", path, strerror(ENAMETOOLONG));
    if (!look(path, &now) || !claim_is_same(&now, sight) || !move_aside(path, aside, &now)) return OK;
    bool is_it = claim_is_same(&now, sight);
    if (!is_it && *now.owner) (void)draft_place(aside, path);
    unlink(aside);
    return is_it ? claim_take(dir, key, is_ours) : OK;
}

/* The time of the file system: an attempt to claim gives one to our own file, or, where there are no links, to the
 * folder. */
static bool look_at_clock(const char *dir, struct stat *now) {
    char path[PATH_MAX];
    if (own_name(dir, path) && stat(path, now) == 0) return true;
    store_path(dir, STORE_CLAIM, "", path);
    return stat(path, now) == 0;
}

/* Removes what somebody left who was killed while he took over, which takes no minute. */
static void remove_if_left(const char *dir, const char *over) {
    char path[PATH_MAX];
    struct stat now;
    struct claim_sight sight;
    if (!look_at_clock(dir, &now) || !claim_look(dir, over, &sight)) return;
    if (!owner_is_gone(sight.owner) && now.st_mtim.tv_sec - sight.seconds < TAKING_SECONDS) return;
    store_path(dir, STORE_CLAIM, over, path);
    unlink(path);
}

/* One at a time, by a claim on the taking over: else whoever comes late would move a fresh claim away, and a third
 * one could find none. */
status claim_take_over(const char *dir, const char *key, const struct claim_sight *sight, bool *is_ours) {
    char over[NAME_MAX];
    bool is_alone;
    *is_ours = false;
    snprintf(over, sizeof over, "%s.tmp~over~0", key); /* a draft's name */
    TRY(claim_take(dir, over, &is_alone));
    if (!is_alone) {
        remove_if_left(dir, over);
        return OK;
    }
    status taken = move_and_take(dir, key, sight, is_ours);
    claim_release(dir, over);
    return taken;
}
