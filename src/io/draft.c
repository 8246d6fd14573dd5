#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOST_BYTES = 65, DAY_SECONDS = 86400 };
static const char mark[] = ".tmp~";

static const char *host_name(void) {
    static _Thread_local char host[HOST_BYTES];
    if (gethostname(host, sizeof host) != 0) strcpy(host, "localhost");
    host[HOST_BYTES - 1] = '\0';
    return host;
}

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

status draft_begin(const char *path, struct draft *draft) {
    draft->error = make_folder(path);
    int room = snprintf(draft->path, PATH_MAX, "%s", path);
    int length = snprintf(draft->temporary, PATH_MAX, "%s%s%s~%ld", path, mark, host_name(), (long)getpid());
    if (room >= PATH_MAX || length >= PATH_MAX) draft->error = ENAMETOOLONG;
    draft->fd = draft->error ? -1 : open(draft->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (draft->fd < 0) {
        FAIL(ERROR_DISK, "%s: cannot be written: %s", path, strerror(draft->error ? draft->error : errno));
    }
    return OK;
}

void draft_write(struct draft *draft, const void *bytes, size_t count, off_t offset) {
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

void draft_read(struct draft *draft, void *bytes, size_t count, off_t offset) {
    char *next = bytes;
    memset(bytes, 0, count);
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

/* The first error of the whole end: a full disk may show only in fsync or close. */
static int finish(struct draft *draft) {
    int error = draft->error;
    if (!error && fsync(draft->fd) != 0) error = errno;
    if (close(draft->fd) != 0 && !error) error = errno;
    if (!error && rename(draft->temporary, draft->path) != 0) error = errno;
    if (error) {
        unlink(draft->temporary);
        return error;
    }
    return sync_folder(draft->path);
}

status draft_commit(struct draft *draft) {
    int error = finish(draft);
    if (error) FAIL(ERROR_DISK, "%s: cannot be written: %s", draft->path, strerror(error));
    return OK;
}

void draft_abort(struct draft *draft) {
    close(draft->fd);
    unlink(draft->temporary);
}

status draft_write_file(const char *path, const void *bytes, size_t count) {
    struct draft draft;
    TRY(draft_begin(path, &draft));
    draft_write(&draft, bytes, count, 0);
    return draft_commit(&draft);
}

static int older_than_a_day(const char *folder, const char *name) {
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length < PATH_MAX && stat(path, &info) == 0 && time(NULL) - info.st_mtime > DAY_SECONDS;
}

int draft_is_stale(const char *folder, const char *name) {
    const char *host = host_name();
    const char *owner = strstr(name, mark);
    const char *process = strrchr(name, '~');
    if (!owner) return 0;
    owner += strlen(mark);
    if (process < owner) return 0;
    int is_ours = strlen(host) == (size_t)(process - owner) && strncmp(owner, host, strlen(host)) == 0;
    if (!is_ours) return older_than_a_day(folder, name);
    long id = strtol(process + 1, NULL, 10);
    return id > 0 && kill((pid_t)id, 0) != 0 && errno == ESRCH;
}
