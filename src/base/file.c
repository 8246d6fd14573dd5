#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return strerror(EISDIR);
    return S_ISFIFO(mode) ? "Is a pipe" : "Is not a regular file";
}

static int refuse(int fd, int error) {
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

/* A socket refuses to be opened. */
int file_open(const char *path, const char **why) {
    struct stat info = {0};
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int error = fd < 0 || fstat(fd, &info) != 0 ? errno : 0;
    *why = error && error != ENXIO ? strerror(error) : kind_of(info.st_mode);
    return !error && S_ISREG(info.st_mode) ? fd : refuse(fd, error == ENXIO ? 0 : error);
}

FILE *file_open_stream(const char *path, const char **why) {
    int fd = file_open(path, why);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file || fd < 0) return file;
    *why = strerror(errno);
    refuse(fd, errno);
    return NULL;
}
