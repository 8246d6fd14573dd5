#include "array_stream.h"

#include <stddef.h>

void array_stream_close(struct array_stream *stream) {
    if (stream->state) stream->close(stream);
    stream->state = NULL;
}

status array_stream_shape(struct array_stream *stream, int ndim, const int64_t *size) {
    enum { LARGEST_NUMBER = 16 };
    int64_t bytes = LARGEST_NUMBER;
    stream->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        if (size[i] <= 0) FAIL(ERROR_INPUT, "has the size %jd in dimension %d", (intmax_t)size[i], i + 1);
        if (__builtin_mul_overflow(bytes, size[i], &bytes))
            FAIL(ERROR_INPUT, "is larger than any memory: its dimension %d is %jd", i + 1, (intmax_t)size[i]);
        stream->size[i] = size[i];
    }
    return OK;
}
