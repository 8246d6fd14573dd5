#include "images.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* One split on its way into the dataset. */
struct part {
    struct choice choice;
    struct images images;
    int64_t *class;              /* [images.count], owned */
    double *const *x, *const *y; /* where [count, d] and [count, k] will stand */
};

/* --- labels --- */

status images_check_labels(const struct labels *labels, const char *path, const unsigned char *label, size_t stride,
                           int64_t count) {
    if (labels->count == 0) return OK;
    for (int64_t i = 0; i < count; i++)
        if (labels_find(labels, label[(size_t)i * stride]) < 0)
            FAIL(ERROR_INPUT, "%s: record %jd (the first is 0) has label %d; expected %jd to %jd", path, (intmax_t)i,
                 label[(size_t)i * stride], (intmax_t)labels->value[0], (intmax_t)labels->value[labels->count - 1]);
    return OK;
}

/* The labels of the split as numbers. */
static status widen_labels(struct part *part) {
    const struct images *images = &part->images;
    part->class = calloc((size_t)images->count, sizeof *part->class);
    if (!part->class) FAIL(ERROR_MEMORY, "memory for %jd labels could not be had", (intmax_t)images->count);
    for (int64_t i = 0; i < images->count; i++) part->class[i] = images->label[(size_t)i * images->label_stride];
    return OK;
}

/* --- resizing and scaling --- */

/* How pixels are made of bytes. */
struct resize {
    int64_t factor;
    uint32_t *sum; /* [d] of one image: planes of its pixels, times factor^2 */
};

/* sum[channel, row, column] = the bytes of its square; the planes lie one below the other, as one tall image. */
static void pool_bytes(const struct dataset *set, struct resize resize, const unsigned char *planes) {
    memset(resize.sum, 0, (size_t)set->shape.inputs * sizeof *resize.sum);
    for (int64_t y = 0; y < set->shape.channels * set->shape.rows * resize.factor; y++) {
        uint32_t *sum = resize.sum + y / resize.factor * set->shape.columns;
        const unsigned char *row = planes + y * set->shape.columns * resize.factor;
        for (int64_t i = 0; i < resize.factor; i++)
            for (int64_t x = 0; x < set->shape.columns; x++) sum[x] += row[x * resize.factor + i];
    }
}

static status measure_scaling(const char *folder, const struct images *images, struct resize resize,
                              struct dataset *set) {
    uint64_t sum = 0, squares = 0;
    for (int64_t i = 0; i < images->count; i++) {
        pool_bytes(set, resize, images->pixel + (size_t)i * images->pixel_stride);
        for (int64_t j = 0; j < set->shape.inputs; j++) {
            sum += resize.sum[j];
            squares += (uint64_t)resize.sum[j] * resize.sum[j];
        }
    }
    double count = (double)images->count * (double)set->shape.inputs, area = (double)(resize.factor * resize.factor);
    double mean = (double)sum / count;
    set->mean = mean / area;
    set->deviation = sqrt(fmax(0, ((double)squares - mean * (double)sum) / count)) / area;
    if (set->deviation == 0) FAIL(ERROR_INPUT, "%s: all pixels of the training images are equal", folder);
    return OK;
}

/* x[row, column, channel] = scaled sum[channel, row, column] / area */
static void copy_image(const struct dataset *set, struct resize resize, const unsigned char *planes, double *x) {
    int64_t places = set->shape.rows * set->shape.columns;
    double area = (double)(resize.factor * resize.factor);
    pool_bytes(set, resize, planes);
    for (int64_t c = 0; c < set->shape.channels; c++)
        for (int64_t p = 0; p < places; p++)
            x[p * set->shape.channels + c] = (resize.sum[c * places + p] / area - set->mean) / set->deviation;
}

static void copy_part(const struct dataset *set, const struct part *part, const struct classes *classes,
                      struct resize resize, const int64_t *chosen) {
    for (int64_t i = 0; i < part->choice.count; i++) {
        const unsigned char *planes = part->images.pixel + (size_t)chosen[i] * part->images.pixel_stride;
        copy_image(set, resize, planes, *part->x + i * set->shape.inputs);
        classes_target(set->shape.outputs, i % classes->count, *part->y + i * set->shape.outputs);
    }
}

/* --- loading --- */

struct loading {
    const struct config *config;
    const struct image_source *source;
    struct labels labels;
    struct classes classes;
    struct part part[SPLITS];
    struct resize resize;
};

static status set_shape(struct loading *loading, const struct images *images, struct dataset *set) {
    int64_t factor = loading->resize.factor;
    if (images->rows % factor != 0 || images->columns % factor != 0)
        FAIL(ERROR_INPUT, "data.resize: %jd does not divide the %jd x %jd pixels of the images of %s", (intmax_t)factor,
             (intmax_t)images->rows, (intmax_t)images->columns, loading->source->name);
    set->shape.has_classes = set->shape.is_image = true;
    set->shape.rows = images->rows / factor;
    set->shape.columns = images->columns / factor;
    set->shape.channels = images->channels;
    set->shape.inputs = set->shape.rows * set->shape.columns * set->shape.channels;
    set->shape.outputs = classes_outputs(loading->config, loading->classes.count);
    loading->resize.sum = calloc((size_t)set->shape.inputs, sizeof *loading->resize.sum);
    if (!loading->resize.sum)
        FAIL(ERROR_MEMORY, "memory for an image of %jd numbers could not be had", (intmax_t)set->shape.inputs);
    return OK;
}

static status check_test_images(const char *folder, const struct images *train, const struct images *test) {
    if (test->rows == train->rows && test->columns == train->columns) return OK;
    FAIL(ERROR_INPUT, "%s: the test images are %jd x %jd pixels; the training images are %jd x %jd", folder,
         (intmax_t)test->rows, (intmax_t)test->columns, (intmax_t)train->rows, (intmax_t)train->columns);
}

/* Those that are known before the files are read; count 0: none are. */
static status find_labels(struct loading *loading) {
    const char *file = loading->config->data.class_names;
    if (file && *file) return labels_read(file, &loading->labels);
    if (loading->config->data.files.count > 0) return OK;
    return labels_list(loading->source->classes, loading->source->class_name, &loading->labels);
}

static status find_classes(struct loading *loading) {
    const struct part *train = &loading->part[SPLIT_TRAIN];
    if (loading->labels.count == 0) TRY(labels_collect(train->images.count, train->class, &loading->labels));
    return classes_resolve(loading->config, loading->source->name, &loading->labels, &loading->classes);
}

static status read_split(struct loading *loading, enum split split) {
    struct part *part = &loading->part[split];
    TRY(loading->source->read(loading->config, &loading->labels, split, &part->images));
    return widen_labels(part);
}

static status number_and_check(struct loading *loading, enum split split) {
    struct part *part = &loading->part[split];
    TRY(classes_number(&loading->classes, part->images.count, part->class));
    return choice_check(loading->config->data.path, &part->choice, &loading->classes, part->images.count, part->class);
}

static status fill_part(const struct loading *loading, enum split split, const struct dataset *set) {
    const struct part *part = &loading->part[split];
    int64_t *chosen = calloc((size_t)part->choice.count, sizeof *chosen);
    if (!chosen) FAIL(ERROR_MEMORY, "memory for %jd examples could not be had", (intmax_t)part->choice.count);
    status made = choice_make(loading->config, loading->config->data.path, &part->choice, &loading->classes,
                              part->images.count, part->class, chosen);
    if (made == OK) copy_part(set, part, &loading->classes, loading->resize, chosen);
    free(chosen);
    return made;
}

/* All is read and checked before anything is allocated by the sizes that the study asks for. */
static status load_parts(struct loading *loading, bool keep, struct dataset *set) {
    const char *folder = loading->config->data.path;
    TRY(find_labels(loading));
    if (loading->labels.count > 0) TRY(find_classes(loading));
    TRY(read_split(loading, SPLIT_TRAIN));
    if (loading->labels.count == 0) TRY(find_classes(loading));
    const struct images *train = &loading->part[SPLIT_TRAIN].images;
    TRY(set_shape(loading, train, set));
    TRY(number_and_check(loading, SPLIT_TRAIN));
    TRY(read_split(loading, SPLIT_TEST));
    TRY(check_test_images(folder, train, &loading->part[SPLIT_TEST].images));
    TRY(number_and_check(loading, SPLIT_TEST));
    TRY(measure_scaling(folder, train, loading->resize, set));
    if (!keep) return OK;
    TRY(dataset_allocate(set));
    for (int s = 0; s < SPLITS; s++) TRY(fill_part(loading, (enum split)s, set));
    return OK;
}

status images_load(const struct config *config, const struct image_source *source, bool keep, struct dataset *set) {
    struct loading loading = {.config = config, .source = source, .resize = {.factor = config->data.resize}};
    loading.part[SPLIT_TRAIN] =
        (struct part){.choice = choice_of_train(config, set->shape.train), .x = &set->x_train, .y = &set->y_train};
    loading.part[SPLIT_TEST] = (struct part){.choice = choice_of_test(config), .x = &set->x_test, .y = &set->y_test};
    status result = load_parts(&loading, keep, set);
    for (int s = 0; s < SPLITS; s++) {
        for (int i = 0; i < 2; i++) bytes_free(&loading.part[s].images.file[i]);
        free(loading.part[s].class);
    }
    free(loading.resize.sum);
    classes_free(&loading.classes);
    labels_free(&loading.labels);
    return result;
}
