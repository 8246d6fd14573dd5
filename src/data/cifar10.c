/* CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and the planes
 * [channel, row, column] of a 32 x 32 image, training records in data_batch_1.bin, data_batch_2.bin, ... */
#include "images.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, CHANNELS = 3, RECORD = 1 + CHANNELS * SIDE * SIDE };

static status append_records(const struct image_source *source, const char *folder, const char *name,
                             struct bytes *file) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t before = file->size;
    TRY(bytes_append_file(file, path, SIZE_MAX));
    size_t size = file->size - before;
    if (size == 0 || size % RECORD != 0)
        FAIL(ERROR_INPUT, "%s: holds %zu bytes; expected a whole number of CIFAR-10 records of %d bytes", path, size,
             RECORD);
    return images_check_labels(source, path, file->data + before, RECORD, (int64_t)(size / RECORD));
}

static int is_batch(const struct dirent *entry) {
    static const char prefix[] = "data_batch_";
    if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0) return 0;
    const char *number = entry->d_name + sizeof prefix - 1;
    size_t digits = strspn(number, "0123456789");
    return digits > 0 && strcmp(number + digits, ".bin") == 0;
}

static status append_batches(const struct image_source *source, const char *folder, struct bytes *file) {
    struct dirent **batch;
    int batches = scandir(folder, &batch, is_batch, versionsort);
    if (batches < 0) FAIL(ERROR_INPUT, "%s: %s", folder, strerror(errno));
    status result = OK;
    for (int i = 0; i < batches; i++) {
        if (result == OK) result = append_records(source, folder, batch[i]->d_name, file);
        free(batch[i]);
    }
    free(batch);
    if (batches == 0) FAIL(ERROR_INPUT, "%s: there is no data_batch_1.bin; expected CIFAR-10's binary version", folder);
    return result;
}

static status read_split(const struct image_source *source, const char *folder, enum split split,
                         struct images *images) {
    struct bytes *file = &images->file[0];
    if (split == SPLIT_TRAIN) TRY(append_batches(source, folder, file));
    if (split == SPLIT_TEST) TRY(append_records(source, folder, "test_batch.bin", file));
    images->count = (int64_t)(file->size / RECORD);
    images->rows = images->columns = SIDE;
    images->channels = CHANNELS;
    images->label = file->data;
    images->pixel = file->data + 1;
    images->label_stride = images->pixel_stride = RECORD;
    return OK;
}

static const char *const class_name[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                         "dog",      "frog",       "horse", "ship", "truck"};
static const struct image_source cifar10 = {"cifar10", 10, class_name, read_split};

static status shape(const struct config *config, struct dataset *dataset) {
    return images_shape(config, &cifar10, SIDE, SIDE, CHANNELS, dataset);
}

static status load(const struct config *config, struct dataset *dataset) {
    return images_load(config, &cifar10, dataset);
}

const struct source source_cifar10 = {.reads_files = 1, .shape = shape, .load = load};
