#include "array_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 1 << 15, MESSAGE_BYTES = 512 };

/* In memory that both processes see. */
struct report {
    status result;
    char message[MESSAGE_BYTES]; /* if it is not OK */
    struct array_stream stream;  /* its shape; state: not NULL where there is an array */
};

struct apart {
    struct report *report;
    pid_t child;
    int numbers; /* the end of the pipe to read from */
};

/* ---- in the child ---- */

static void write_all(int file, const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        ssize_t put = write(file, at, size);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) _exit(1);
        at += put;
        size -= (size_t)put;
    }
}

/* What the library does when it breaks down stays here: no handlers, no core, no words. */
static void stand_apart(void) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGUSR1, SIGPIPE};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

/* As many whole rows at once as are stored together. */
static int64_t piece_of(const struct array_stream *stream, int64_t width) {
    int64_t rows = PIECE / width > 0 ? PIECE / width : 1;
    int64_t block = stream->block > 0 && stream->block <= PIECE * 16 / width ? stream->block : 1;
    return (rows + block - 1) / block * block;
}

static status send_numbers(struct array_stream *stream, int out) {
    int64_t width = 1;
    for (int i = 1; i < stream->ndim; i++) width *= stream->size[i];
    int64_t piece = piece_of(stream, width);
    double *number = malloc((size_t)(piece * width) * sizeof *number);
    if (!number) FAIL(ERROR_MEMORY, "memory for a piece of an array could not be had");
    for (int64_t row = 0; row < stream->size[0]; row += piece) {
        int64_t rows = stream->size[0] - row < piece ? stream->size[0] - row : piece;
        TRY(stream->read(stream, rows * width, number));
        write_all(out, number, (size_t)(rows * width) * sizeof *number);
    }
    return OK;
}

static _Noreturn void serve(array_open *open_array, const char *path, const char *name, struct report *report,
                            int out) {
    struct array_stream stream = {0};
    stand_apart();
    status result = open_array(path, name, &stream);
    report->stream = stream;
    report->result = result;
    snprintf(report->message, sizeof report->message, "%s", result == OK ? "" : status_message());
    write_all(out, "", 1);
    if (result != OK || !stream.state || stream.ndim == 0) _exit(0);
    result = send_numbers(&stream, out);
    snprintf(report->message, sizeof report->message, "%s", result == OK ? "" : status_message());
    report->result = result;
    _exit(0);
}

/* ---- in the parent ---- */

static void close_apart(struct array_stream *stream) {
    struct apart *apart = stream->state;
    if (apart->child > 0) {
        kill(apart->child, SIGKILL);
        while (waitpid(apart->child, NULL, 0) < 0 && errno == EINTR) continue;
    }
    if (apart->numbers >= 0) close(apart->numbers);
    if (apart->report) munmap(apart->report, sizeof *apart->report);
    free(apart);
}

/* The child ended before it had sent all: it says why, or has broken down. */
static status take_failure(struct apart *apart) {
    int end = 0;
    while (waitpid(apart->child, &end, 0) < 0 && errno == EINTR) continue;
    apart->child = 0;
    apart->report->message[MESSAGE_BYTES - 1] = '\0';
    if (WIFEXITED(end) && WEXITSTATUS(end) == 0 && apart->report->result != OK)
        FAIL(apart->report->result, "%s", apart->report->message);
    FAIL(ERROR_INPUT, "the library that reads it breaks down; the file is damaged");
}

static status receive(struct apart *apart, void *bytes, size_t size) {
    for (char *at = bytes; size > 0;) {
        ssize_t got = read(apart->numbers, at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return take_failure(apart);
        at += got;
        size -= (size_t)got;
    }
    return OK;
}

static status read_apart(struct array_stream *stream, int64_t count, double *out) {
    return receive(stream->state, out, (size_t)count * sizeof *out);
}

static status begin(array_open *open_array, const char *path, const char *name, struct apart *apart) {
    int end[2];
    apart->report = mmap(NULL, sizeof *apart->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (apart->report == MAP_FAILED) apart->report = NULL;
    if (!apart->report || pipe2(end, O_CLOEXEC) != 0) FAIL(ERROR_MEMORY, "%s", strerror(errno));
    apart->child = fork();
    if (apart->child == 0) {
        close(end[0]);
        serve(open_array, path, name, apart->report, end[1]);
    }
    close(end[1]);
    apart->numbers = end[0];
    if (apart->child < 0) FAIL(ERROR_MEMORY, "no process to read it could be had: %s", strerror(errno));
    return OK;
}

static status take_shape(struct apart *apart, struct array_stream *stream) {
    char ready;
    const struct report *report = apart->report;
    TRY(receive(apart, &ready, 1));
    if (report->result != OK) FAIL(report->result, "%.*s", MESSAGE_BYTES, report->message);
    if (!report->stream.state) {
        array_stream_close(stream);
        return OK;
    }
    stream->is_integer = report->stream.is_integer;
    return array_stream_shape(stream, report->stream.ndim, report->stream.size);
}

status array_apart_open(array_open *open_array, const char *path, const char *name, struct array_stream *stream) {
    struct apart *apart = calloc(1, sizeof *apart);
    if (!apart) FAIL(ERROR_MEMORY, "memory for reading arrays could not be had");
    apart->numbers = -1;
    *stream = (struct array_stream){.state = apart, .read = read_apart, .close = close_apart};
    TRY(begin(open_array, path, name, apart));
    return take_shape(apart, stream);
}
