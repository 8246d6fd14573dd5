/* Bytes one after the other: of a file, or of a member of a zip archive, inflated by zlib. Not collective. */
#ifndef BYTE_STREAM_H
#define BYTE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>
#include "status.h"

enum { PACKED_BYTES = 1 << 16 };

/* Begins as {0}, ended by byte_stream_close, also after a failure. */
struct byte_stream {
    FILE *file;
    int64_t stored; /* bytes of the member that are still in the file */
    bool is_member, is_deflated, is_at_end;
    uint32_t sum, expected_sum; /* CRC-32 of a member */
    z_stream inflate;
    unsigned char packed[PACKED_BYTES];
};

status byte_stream_open(const char *path, struct byte_stream *stream);
/* Of a zip archive; *found 0: there is no such member. */
status byte_stream_open_member(const char *path, const char *member, struct byte_stream *stream, bool *found);
/* Up to `size` bytes; *got is less only at the end, where a member's sum is checked. */
status byte_stream_read(struct byte_stream *stream, size_t size, void *out, size_t *got);
void byte_stream_close(struct byte_stream *stream);

#endif
