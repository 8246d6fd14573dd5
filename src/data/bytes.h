/* The bytes of files, plain or compressed by gzip: zlib sees which. Not collective. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include "status.h"

/* Begins as {0}, ended by bytes_free. */
struct bytes {
    unsigned char *data;
    size_t size, capacity;
};

/* Appends the first `limit` bytes of the file (all of them: SIZE_MAX), decompressed. Fails with ERROR_INPUT where the
 * file is missing, cannot be read or is a broken gzip stream (truncated, damaged), and with ERROR_MEMORY. */
status bytes_append_file(struct bytes *bytes, const char *path, size_t limit);
/* Appends `size` bytes. */
status bytes_append(struct bytes *bytes, size_t size, const void *data);
void bytes_free(struct bytes *bytes);

#endif
