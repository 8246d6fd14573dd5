#include "byte_stream.h"

#include <errno.h>
#include <string.h>

#include "file.h"
#include "zip.h"

status byte_stream_open(const char *path, struct byte_stream *stream) {
    const char *why;
    stream->file = file_open_stream(path, &why);
    if (!stream->file) FAIL(ERROR_INPUT, "%s", why);
    stream->stored = INT64_MAX;
    return OK;
}

status byte_stream_open_member(const char *path, const char *member, struct byte_stream *stream, bool *found) {
    struct zip_member place = {0};
    TRY(byte_stream_open(path, stream));
    TRY(zip_find(stream->file, member, &place, found));
    if (!*found) return OK;
    stream->stored = place.packed;
    stream->is_member = true;
    stream->expected_sum = place.sum;
    if (place.is_deflated && inflateInit2(&stream->inflate, -MAX_WBITS) != Z_OK)
        FAIL(ERROR_MEMORY, "memory for zlib could not be had");
    stream->is_deflated = place.is_deflated;
    return OK;
}

/* Of what is in the file. */
static status read_stored(struct byte_stream *stream, size_t size, void *out, size_t *got) {
    size_t most = (int64_t)size < stream->stored ? size : (size_t)stream->stored;
    *got = fread(out, 1, most, stream->file);
    stream->stored -= (int64_t)*got;
    if (ferror(stream->file)) FAIL(ERROR_INPUT, "%s", strerror(errno));
    if (*got < most && stream->is_member) FAIL(ERROR_INPUT, "the archive is truncated");
    stream->is_at_end = *got < size;
    return OK;
}

static status refill(struct byte_stream *stream) {
    size_t got;
    if (stream->inflate.avail_in > 0) return OK;
    TRY(read_stored(stream, sizeof stream->packed, stream->packed, &got));
    stream->is_at_end = false;
    stream->inflate.next_in = stream->packed;
    stream->inflate.avail_in = (unsigned)got;
    return OK;
}

static status read_deflated(struct byte_stream *stream, size_t size, void *out, size_t *got) {
    enum { PIECE = 1 << 30 };
    stream->inflate.next_out = out;
    for (*got = 0; *got < size && !stream->is_at_end; *got = (size_t)(stream->inflate.next_out - (Bytef *)out)) {
        size_t left = size - *got;
        TRY(refill(stream));
        stream->inflate.avail_out = left < PIECE ? (unsigned)left : PIECE;
        int code = inflate(&stream->inflate, Z_NO_FLUSH);
        stream->is_at_end = code == Z_STREAM_END;
        if (code == Z_MEM_ERROR) FAIL(ERROR_MEMORY, "memory for zlib could not be had");
        if (code != Z_OK && code != Z_STREAM_END) FAIL(ERROR_INPUT, "the compressed bytes are broken");
    }
    return OK;
}

status byte_stream_read(struct byte_stream *stream, size_t size, void *out, size_t *got) {
    *got = 0;
    if (stream->is_at_end) return OK;
    TRY((stream->is_deflated ? read_deflated : read_stored)(stream, size, out, got));
    if (!stream->is_member) return OK;
    stream->sum = (uint32_t)crc32_z(stream->sum, out, *got);
    if (stream->is_at_end && stream->sum != stream->expected_sum)
        FAIL(ERROR_INPUT, "the bytes are not those that the archive's sum is of");
    return OK;
}

void byte_stream_close(struct byte_stream *stream) {
    if (stream->is_deflated) inflateEnd(&stream->inflate);
    if (stream->file) fclose(stream->file);
    stream->file = NULL;
    stream->is_deflated = false;
}
