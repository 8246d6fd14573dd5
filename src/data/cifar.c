#include "cifar.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

enum { SIDE = 32, CHANNELS = 3, PLANES = CHANNELS * SIDE * SIDE };

static size_t record_bytes(const struct cifar *cifar) { return (size_t)cifar->labels + PLANES; }

status cifar_append(const struct cifar *cifar, const struct labels *labels, const char *folder, const char *name,
                    struct bytes *file) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t before = file->size, record = record_bytes(cifar);
    TRY(bytes_append_file(file, path, SIZE_MAX));
    size_t size = file->size - before;
    if (size == 0 || size % record != 0)
        FAIL(ERROR_INPUT, "%s: holds %zu bytes; expected a whole number of %s records of %zu bytes", path, size,
             cifar->name, record);
    return images_check_labels(labels, path, file->data + before + cifar->label, record, (int64_t)(size / record));
}

void cifar_point(const struct cifar *cifar, struct images *images) {
    const struct bytes *file = &images->file[0];
    images->label_stride = images->pixel_stride = record_bytes(cifar);
    images->count = (int64_t)(file->size / record_bytes(cifar));
    images->rows = images->columns = SIDE;
    images->channels = CHANNELS;
    images->label = file->data + cifar->label;
    images->pixel = file->data + cifar->labels;
}
