#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "owner.h"

enum { DAY_SECONDS = 86400, HELD_LEAST = 1 << 16 };
static const char mark[] = ".tmp~";

/* out: the folder of `path`. */
static void folder_of(const char *path, char out[PATH_MAX]) {
    const char *slash = strrchr(path, '/');
    snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

/* Puts a folder's entries on disk. Some file systems cannot sync a folder, and need not: EINVAL. */
static int sync_folder(const char *path) {
    char folder[PATH_MAX];
    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return error;
}

static int make_folder(const char *path) {
    char folder[PATH_MAX];
    folder_of(path, folder);
    if (mkdir(folder, 0777) != 0) return errno == EEXIST ? 0 : errno;
    return sync_folder(folder);
}

bool draft_name(const char *path, char temporary[PATH_MAX]) {
    return snprintf(temporary, PATH_MAX, "%s%s%s", path, mark, owner_name()) < PATH_MAX;
}

static int create(const char *path) { return open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666); }

/* Never what stands there, a link to somewhere else least of all. */
static int create_anew(const char *path) {
    int fd = create(path);
    return fd < 0 && errno == EEXIST && unlink(path) == 0 ? create(path) : fd;
}

/* Its folder is mostly there. */
static int create_in_folder(const char *path) {
    int fd = create_anew(path);
    if (fd >= 0 || errno != ENOENT) return fd;
    errno = make_folder(path);
    return errno ? -1 : create_anew(path);
}

status draft_begin(const char *path, struct draft *draft) {
    *draft = (struct draft){.fd = -1, .is_held = true};
    snprintf(draft->path, PATH_MAX, "%s", path);
    errno = ENAMETOOLONG;
    if (draft_name(path, draft->temporary)) draft->fd = create_in_folder(draft->temporary);
    if (draft->fd < 0) FAIL(ERROR_DISK, "%s: cannot be written: %s", path, strerror(errno));
    return OK;
}

/* ---- its bytes ---- */

static void write_through(struct draft *draft, const void *bytes, size_t count, off_t offset) {
    const char *next = bytes;
    while (count > 0 && !draft->error) {
        ssize_t done = pwrite(draft->fd, next, count, offset);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            draft->error = done < 0 ? errno : ENOSPC;
            return;
        }
        next += done;
        offset += done;
        count -= (size_t)done;
    }
}

static void read_through(struct draft *draft, void *bytes, size_t count, off_t offset) {
    char *next = bytes;
    while (count > 0) {
        ssize_t done = pread(draft->fd, next, count, offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && !draft->error) draft->error = errno;
        if (done <= 0) return;
        next += done;
        offset += done;
        count -= (size_t)done;
    }
}

static bool grow(struct draft *draft, size_t size) {
    size_t room = draft->room ? draft->room : HELD_LEAST;
    while (room < size) room *= 2;
    char *held = room > draft->room ? realloc(draft->held, room) : draft->held;
    if (!held) return false;
    memset(held + draft->room, 0, room - draft->room);
    draft->held = held;
    draft->room = room;
    return true;
}

/* Are the bytes before `end` in memory? */
static bool holds(struct draft *draft, off_t end) {
    if (draft->is_held && (end > DRAFT_HELD || !grow(draft, (size_t)end))) draft_settle(draft);
    return draft->is_held;
}

static void let_go(struct draft *draft) {
    free(draft->held);
    draft->held = NULL;
    draft->is_held = false;
}

void draft_settle(struct draft *draft) {
    if (draft->held) write_through(draft, draft->held, (size_t)draft->end, 0);
    let_go(draft);
}

void draft_write(struct draft *draft, const void *bytes, size_t count, off_t offset) {
    off_t end = offset + (off_t)count;
    if (holds(draft, end))
        memcpy(draft->held + offset, bytes, count);
    else
        write_through(draft, bytes, count, offset);
    if (end > draft->end) draft->end = end;
}

void draft_read(struct draft *draft, void *bytes, size_t count, off_t offset) {
    memset(bytes, 0, count);
    if (!draft->is_held)
        read_through(draft, bytes, count, offset);
    else if (offset < draft->end)
        memcpy(bytes, draft->held + offset, offset + (off_t)count < draft->end ? count : (size_t)(draft->end - offset));
}

void draft_set_end(struct draft *draft, off_t end) {
    if (!holds(draft, end)) {
        if (!draft->error && ftruncate(draft->fd, end) != 0) draft->error = errno;
    } else if (end < draft->end) {
        memset(draft->held + end, 0, (size_t)(draft->end - end));
    }
    draft->end = end;
}

/* ---- its end ---- */

/* Its first error: a full disk may show only in fsync or close. */
static int end_writing(struct draft *draft, bool is_synced) {
    draft_settle(draft);
    int error = draft->error;
    if (!error && is_synced && fsync(draft->fd) != 0) error = errno;
    if (close(draft->fd) != 0 && !error) error = errno;
    return error;
}

static int finish(struct draft *draft) {
    int error = end_writing(draft, !draft->is_passing);
    if (!error && rename(draft->temporary, draft->path) != 0) error = errno;
    if (error) {
        unlink(draft->temporary);
        return error;
    }
    return draft->is_passing ? 0 : sync_folder(draft->path);
}

status draft_commit(struct draft *draft) {
    int error = finish(draft);
    if (error) FAIL(ERROR_DISK, "%s: cannot be written: %s", draft->path, strerror(error));
    return OK;
}

/* File systems without links (FAT, some FUSE): an empty file takes the name and is replaced. */
static int place_without_link(const char *temporary, const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return errno;
    close(fd);
    if (rename(temporary, path) == 0) return 0;
    int error = errno;
    unlink(path);
    return error;
}

static int place(const char *temporary, const char *path) {
    if (link(temporary, path) == 0) return 0;
    int error = errno;
    bool has_no_links = error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EMLINK;
    return has_no_links ? place_without_link(temporary, path) : error;
}

int draft_place(const char *temporary, const char *path) {
    int error = place(temporary, path);
    unlink(temporary);
    return error;
}

status draft_leave(struct draft *draft) {
    int error = end_writing(draft, false);
    if (!error) return OK;
    unlink(draft->temporary);
    FAIL(ERROR_DISK, "%s: cannot be written: %s", draft->path, strerror(error));
}

void draft_abort(struct draft *draft) {
    let_go(draft);
    close(draft->fd);
    unlink(draft->temporary);
}

status draft_write_file(const char *path, const void *bytes, size_t count, bool is_passing) {
    struct draft draft;
    TRY(draft_begin(path, &draft));
    draft.is_passing = is_passing;
    draft_write(&draft, bytes, count, 0);
    return draft_commit(&draft);
}

static bool older_than_a_day(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length < PATH_MAX && stat(path, &info) == 0 && time(NULL) - info.st_mtime > DAY_SECONDS;
}

bool draft_is_name(const char *name) { return strstr(name, mark) != NULL; }

bool draft_is_stale(const char *folder, const char *name) {
    const char *owner = strstr(name, mark), *us = owner_name(), *process = strrchr(name, '~');
    if (!owner) return false;
    owner += strlen(mark);
    if (process < owner) return false;
    size_t length = (size_t)(process + 1 - owner); /* of "HOST~SPACE~" */
    if (strncmp(owner, us, length) != 0) return older_than_a_day(folder, name);
    return owner_pid_is_gone((pid_t)strtol(process + 1, NULL, 10));
}
