#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "file.h"

enum { PIECE = 1 << 20 };

static status make_room(struct bytes *bytes, size_t more) {
    if (bytes->capacity - bytes->size >= more) return OK;
    size_t capacity = 2 * bytes->capacity + more;
    unsigned char *data = realloc(bytes->data, capacity);
    if (!data) FAIL(ERROR_MEMORY, "%.1f MB of memory for data files could not be had", (double)capacity / 1e6);
    bytes->data = data;
    bytes->capacity = capacity;
    return OK;
}

status bytes_append(struct bytes *bytes, size_t size, const void *data) {
    TRY(make_room(bytes, size));
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return OK;
}

static status append_stream(struct bytes *bytes, gzFile file, const char *path, size_t limit) {
    int got = 1;
    while (limit > 0 && got > 0) {
        size_t piece = limit < PIECE ? limit : PIECE;
        TRY(make_room(bytes, piece));
        got = gzread(file, bytes->data + bytes->size, (unsigned)piece);
        if (got > 0) bytes->size += (size_t)got;
        if (got > 0) limit -= (size_t)got;
    }
    int code;
    const char *words = gzerror(file, &code), *what = strstr(words, ": "); /* "<fd:N>: what" */
    if (code == Z_ERRNO) FAIL(ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (code != Z_OK && code != Z_STREAM_END)
        FAIL(ERROR_INPUT, "%s%s; the gzip stream is broken", path, what ? what : words);
    return OK;
}

status bytes_append_file(struct bytes *bytes, const char *path, size_t limit) {
    const char *why;
    int fd = file_open(path, &why);
    gzFile file = fd < 0 ? NULL : gzdopen(fd, "rb");
    if (!file) FAIL(ERROR_INPUT, "%s: %s", path, fd < 0 ? why : strerror(errno));
    gzbuffer(file, PIECE / 4);
    status result = append_stream(bytes, file, path, limit);
    gzclose_r(file);
    return result;
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}
