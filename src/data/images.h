/* What the sources of labelled images share: reading, the choice of examples, scaling, targets.
 *
 * Classes, targets and the choice of examples are those of labels.h. A pixel p, the mean of a square of data.resize^2
 * bytes, becomes (p - mean) / deviation, with the mean and population deviation of all pixels of the training split.
 * All sums are of integers, exact in any order (data.resize <= 64: also those of squares, up to 2^36 bytes of images).
 * Not collective. */
#ifndef IMAGES_H
#define IMAGES_H

#include <stdbool.h>
#include "bytes.h"
#include "data.h"
#include "labels.h"

enum split { SPLIT_TRAIN, SPLIT_TEST, SPLITS };

/* A split as its files hold it: image i is the planes [channel, row, column] at pixel + i * pixel_stride, of class
 * label[i * label_stride]. */
struct images {
    int64_t count, rows, columns, channels;
    const unsigned char *pixel, *label;
    size_t pixel_stride, label_stride;
    struct bytes file[2]; /* what pixel and label point into */
};

struct image_source {
    const char *name;
    int64_t classes;
    const char *const *class_name; /* [classes] of the labels 0 .. classes-1; NULL: the labels of the training split */
    /* Reads and checks every file of the split; the caller frees images->file also on failure. `labels` are those that
     * may be there, count 0: any. */
    status (*read)(const struct config *config, const struct labels *labels, enum split split, struct images *images);
};

/* The `load` of a source of images. */
status images_load(const struct config *config, const struct image_source *source, bool keep, struct dataset *dataset);
/* Refuses a label that is none of `labels`; `path` is the file, `label` its first one. */
status images_check_labels(const struct labels *labels, const char *path, const unsigned char *label, size_t stride,
                           int64_t count);

#endif
