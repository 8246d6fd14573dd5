/* Tiny data sets in the formats of the real ones, written into a temporary folder. Byte 0 of image i is i, so that a
 * loaded example tells which image it is; every class is there, in no simple order. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "config.h"
#include "data.h"

enum { ROWS = 5, COLUMNS = 3, IDX_TRAIN = 120, IDX_TEST = 50, CIFAR_RECORD = 3073 };

/* --- folders and files --- */

static inline char *make_folder(void) {
    const char *base = getenv("TMPDIR");
    char *folder = malloc(512);
    snprintf(folder, 512, "%s/ntksweep_data_XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void remove_folder(char *folder) {
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
    free(folder);
}

static inline const char *path_in(const char *folder, const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Compressed if the name says so. */
static inline void write_file(const char *folder, const char *name, const void *bytes, size_t size) {
    gzFile file = gzopen(path_in(folder, name), strstr(name, ".gz") ? "wb9" : "wbT");
    assert_non_null(file);
    if (size) assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

/* --- contents --- */

static inline unsigned char pixel_of(int64_t image, int64_t j) {
    return (unsigned char)(j == 0 ? image : 37 * image + 11 * j + image * j % 13 + 3);
}

static inline int label_of(int64_t image) { return (int)((7 * image + image / 11) % 10); }

/* Number `member` of the images of a class among images first, first + 1, ... */
static inline int64_t image_of_class(int label, int64_t member, int64_t first) {
    int64_t image = first;
    while (label_of(image) != label || member-- > 0) image++;
    return image;
}

static inline void put_number(unsigned char *to, uint32_t number) {
    for (int b = 0; b < 4; b++) to[b] = (unsigned char)(number >> (24 - 8 * b));
}

static inline void write_idx_images(const char *folder, const char *name, int count, int rows, int columns) {
    static unsigned char bytes[16 + 256 * 64];
    int d = rows * columns;
    put_number(bytes, 0x803);
    put_number(bytes + 4, (uint32_t)count);
    put_number(bytes + 8, (uint32_t)rows);
    put_number(bytes + 12, (uint32_t)columns);
    for (int i = 0; i < count * d; i++) bytes[16 + i] = pixel_of(i / d, i % d);
    write_file(folder, name, bytes, (size_t)(16 + count * d));
}

static inline void write_idx_labels(const char *folder, const char *name, int count) {
    unsigned char bytes[8 + 256];
    put_number(bytes, 0x801);
    put_number(bytes + 4, (uint32_t)count);
    for (int i = 0; i < count; i++) bytes[8 + i] = (unsigned char)label_of(i);
    write_file(folder, name, bytes, (size_t)(8 + count));
}

/* separator "-" or ".", suffix "" or ".gz" */
static inline void write_mnist(const char *folder, const char *separator, const char *suffix) {
    static const char *const stem[] = {"train", "t10k"};
    for (int s = 0; s < 2; s++) {
        char name[64];
        snprintf(name, sizeof name, "%s-images%sidx3-ubyte%s", stem[s], separator, suffix);
        write_idx_images(folder, name, s ? IDX_TEST : IDX_TRAIN, ROWS, COLUMNS);
        snprintf(name, sizeof name, "%s-labels%sidx1-ubyte%s", stem[s], separator, suffix);
        write_idx_labels(folder, name, s ? IDX_TEST : IDX_TRAIN);
    }
}

/* Images first, first + 1, ...; the bytes of an image are its planes. */
static inline void write_batch(const char *folder, const char *name, int first, int count) {
    unsigned char *bytes = malloc((size_t)count * CIFAR_RECORD);
    for (int i = 0; i < count; i++) {
        unsigned char *record = bytes + (size_t)i * CIFAR_RECORD;
        record[0] = (unsigned char)label_of(first + i);
        for (int j = 0; j < CIFAR_RECORD - 1; j++) record[1 + j] = pixel_of(first + i, j);
    }
    write_file(folder, name, bytes, (size_t)count * CIFAR_RECORD);
    free(bytes);
}

/* Images 0 to 29, 30 to 69 in the batches 2 and 10, 70 to 99 for the test. */
static inline void write_cifar(const char *folder) {
    write_batch(folder, "data_batch_10.bin", 30, 40);
    write_batch(folder, "data_batch_2.bin", 0, 30);
    write_batch(folder, "test_batch.bin", 70, 30);
}

/* --- loading --- */

#define ASSERT_CLOSE(is, expected, tolerance)                                                                          \
    do {                                                                                                               \
        double is_ = (is), expected_ = (expected);                                                                     \
        if (!(fabs(is_ - expected_) <= (tolerance)))                                                                   \
            fail_msg("%s is %.17g; expected %.17g to %g", #is, is_, expected_, (double)(tolerance));                   \
    } while (0)

static inline struct config image_config(int source, const char *folder) {
    struct config config = {0};
    config.data.source = source;
    config.data.path = folder;
    config.data.order = ORDER_FILE;
    config.data.resize = 1;
    config.data.test_size = 5;
    return config;
}

static inline void name_classes(struct config *config, int64_t count, const char *const *class) {
    config->data.classes = (struct text_list){count, class};
}

static inline struct dataset *load(const struct config *config, int64_t train) {
    struct dataset *set = NULL;
    if (dataset_load(config, train, &set) != OK) fail_msg("%s", status_message());
    return set;
}

#endif
