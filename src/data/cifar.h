/* What the binary versions of CIFAR-10 and CIFAR-100 share (https://www.cs.toronto.edu/~kriz/cifar.html): records of
 * label bytes and the planes [channel, row, column] of a 32 x 32 image. Not collective. */
#ifndef CIFAR_H
#define CIFAR_H

#include "images.h"

struct cifar {
    const char *name; /* "CIFAR-10" */
    int labels;       /* bytes before the planes */
    int label;        /* the one in use */
};
/* Appends the records of a file, checked. */
status cifar_append(const struct cifar *cifar, const struct labels *labels, const char *folder, const char *name,
                    struct bytes *file);
/* Points the images at the records in images->file[0]. */
void cifar_point(const struct cifar *cifar, struct images *images);

#endif
