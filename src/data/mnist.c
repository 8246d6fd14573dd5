/* MNIST in its IDX files, plain or gzip (http://yann.lecun.com/exdb/mnist: a magic number, the sizes, the bytes; all
 * numbers big-endian). Sets of other images in files of these names and ten classes (Fashion-MNIST) read as well,
 * others by data.files. */
#include "images.h"
#include "source.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { IMAGE_DIMENSIONS = 3, LABEL_DIMENSIONS = 1 };

static const char *const stem[] = {[SPLIT_TRAIN] = "train", [SPLIT_TEST] = "t10k"};
static const char *const content[] = {[IMAGE_DIMENSIONS] = "images", [LABEL_DIMENSIONS] = "labels"};

static uint32_t big_endian(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

/* Tries the spellings that people have: -idx3-ubyte, .idx3-ubyte, then both with .gz. */
static status find_usual_file(const char *folder, enum split split, int dimensions, char path[PATH_MAX]) {
    for (int i = 0; i < 4; i++) {
        snprintf(path, PATH_MAX, "%s/%s-%s%cidx%d-ubyte%s", folder, stem[split], content[dimensions], "-."[i % 2],
                 dimensions, i < 2 ? "" : ".gz");
        if (access(path, F_OK) == 0) return OK;
    }
    FAIL(ERROR_INPUT, "%s: there is no file %s-%s-idx%d-ubyte, plain or .gz", folder, stem[split], content[dimensions],
         dimensions);
}

/* data.files: images and labels of the training set, then of the test set. */
static status find_file(const struct config *config, enum split split, int dimensions, char path[PATH_MAX]) {
    const struct text_list *files = &config->data.files;
    if (files->count == 0) return find_usual_file(config->data.path, split, dimensions, path);
    if (files->count != 4)
        FAIL(ERROR_INPUT,
             "data.files: %jd names; four were expected: training images, training labels, test images, test labels",
             (intmax_t)files->count);
    snprintf(path, PATH_MAX, "%s/%s", config->data.path,
             files->item[2 * (int)split + (dimensions == LABEL_DIMENSIONS)]);
    return OK;
}

/* size[dimensions] and the number of bytes that follow the header. */
static status read_header(const char *path, const struct bytes *file, int dimensions, int64_t *size, int64_t *payload) {
    size_t header = 4 + 4 * (size_t)dimensions;
    if (file->size < header) FAIL(ERROR_INPUT, "%s: ends after %zu bytes, inside the IDX header", path, file->size);
    uint32_t magic = big_endian(file->data), expected = 0x800u + (uint32_t)dimensions;
    if (magic != expected)
        FAIL(ERROR_INPUT, "%s: the magic number is %08x; an IDX file of %s has %08x", path, magic, content[dimensions],
             expected);
    *payload = 1;
    for (int i = 0; i < dimensions; i++) {
        size[i] = big_endian(file->data + 4 + 4 * i);
        if (size[i] == 0 || __builtin_mul_overflow(*payload, size[i], payload))
            FAIL(ERROR_INPUT, "%s: the header gives dimension %d the size %jd", path, i + 1, (intmax_t)size[i]);
    }
    return OK;
}

/* The header first: no more is unpacked than it promises, and a byte to see whether there is more. */
static status read_idx(const char *path, struct bytes *file, int dimensions, int64_t *size) {
    const int64_t header = 4 + 4 * dimensions;
    int64_t payload = 0;
    TRY(bytes_append_file(file, path, (size_t)header));
    TRY(read_header(path, file, dimensions, size, &payload));
    file->size = 0;
    TRY(bytes_append_file(file, path, (size_t)header + (size_t)payload + 1));
    int64_t held = (int64_t)file->size - header;
    if (held > payload)
        FAIL(ERROR_INPUT, "%s: the file is too long; more than the %jd bytes that its header promises", path,
             (intmax_t)payload);
    if (held < payload)
        FAIL(ERROR_INPUT, "%s: the file is truncated; %jd bytes follow the header, which promises %jd", path,
             (intmax_t)held, (intmax_t)payload);
    return OK;
}

static status read_split(const struct config *config, const struct labels *labels, enum split split,
                         struct images *images) {
    char image_path[PATH_MAX], label_path[PATH_MAX];
    int64_t size[IMAGE_DIMENSIONS] = {0}, count = 0;
    TRY(find_file(config, split, IMAGE_DIMENSIONS, image_path));
    TRY(find_file(config, split, LABEL_DIMENSIONS, label_path));
    TRY(read_idx(image_path, &images->file[0], IMAGE_DIMENSIONS, size));
    TRY(read_idx(label_path, &images->file[1], LABEL_DIMENSIONS, &count));
    if (count != size[0])
        FAIL(ERROR_INPUT, "%s: %jd labels; %s has %jd images", label_path, (intmax_t)count, image_path,
             (intmax_t)size[0]);
    images->count = size[0];
    images->rows = size[1];
    images->columns = size[2];
    images->channels = 1;
    images->pixel = images->file[0].data + 4 + 4 * IMAGE_DIMENSIONS;
    images->pixel_stride = (size_t)(size[1] * size[2]);
    images->label = images->file[1].data + 4 + 4 * LABEL_DIMENSIONS;
    images->label_stride = 1;
    return images_check_labels(labels, label_path, images->label, 1, count);
}

static const char *const class_name[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
static const struct image_source mnist = {"mnist", 10, class_name, read_split};

static status load(const struct config *config, bool keep, struct dataset *dataset) {
    return images_load(config, &mnist, keep, dataset);
}

const struct source source_mnist = {load};
