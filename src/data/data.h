/* The data of a study: files read, checked, centred, scaled and ordered; or drawn.
 *
 * Images of bytes shrink first: the mean of each square of data.resize x data.resize pixels is a pixel, per channel.
 * Then inputs, in double, are scaled by one mean and one population deviation over the whole training split so shrunk
 * (all classes, pixels, channels); arrays as data.scale says. Images are channels-last [example, row, column, channel].
 * Example i has class i mod C, so training sets are balanced and nested: the set of size N is the first N rows. Two
 * classes have one target, +1 or -1, for cross-entropy two; more are one-hot. Test examples do not depend on data.seed.
 * Not collective. */
#ifndef DATA_H
#define DATA_H

#include <stdbool.h>
#include <stdint.h>
#include "config.h"
#include "status.h"

/* The sizes of a dataset, without its examples: all that plans and costs depend on. */
struct data_shape {
    int64_t train, test;             /* examples held */
    int64_t inputs, outputs;         /* d, k */
    bool has_classes;                /* targets are classes; if not, real numbers */
    bool is_image;                   /* what an example is; if not, it is one pixel of d channels */
    int64_t rows, columns, channels; /* of an example, resized; their product is d */
};

struct dataset {
    struct data_shape shape;
    double mean, deviation;    /* used for scaling, of pixels from 0 to 255; 0 and 1: none; NaN: one for each input */
    double *x_train, *y_train; /* [train, d], [train, k] */
    double *x_test, *y_test;   /* [test, d], [test, k] */
};

/* Loads the first `train` training examples and config->data.test_size test examples. All files are read and checked
 * whole: what is wrong with them, or with the sizes and classes asked of them, is ERROR_INPUT in one line that names
 * the file or key. Owned by the caller, ended by dataset_free. Memory: 8 (train + test) (d + k) bytes, and while
 * loading the files' own bytes. */
status dataset_load(const struct config *config, int64_t train, struct dataset **dataset);
void dataset_free(struct dataset *dataset);
/* The same without keeping examples, for plan: all is read and checked, nothing is allocated by the sizes asked for. Fails
 * as dataset_load does. Drawn data are not drawn. */
status dataset_check(const struct config *config, int64_t train, struct data_shape *shape);
/* Digest (XXH3, 128 bits) of the first `train` training examples, all test examples, targets and scaling. */
void dataset_digest(const struct dataset *dataset, int64_t train, unsigned char digest[16]);
/* Two configs load the same dataset: the same keys of the section data, and targets that suit both losses. */
bool dataset_same(const struct config *a, const struct config *b);

#endif
