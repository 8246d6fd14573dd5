/* CIFAR-10's binary version: one label byte a record, training records in data_batch_1.bin, data_batch_2.bin, ... */
#include "cifar.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cifar format = {"CIFAR-10", 1, 0};

static int is_batch(const struct dirent *entry) {
    static const char prefix[] = "data_batch_";
    if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0) return 0;
    const char *number = entry->d_name + sizeof prefix - 1;
    size_t digits = strspn(number, "0123456789");
    return digits > 0 && strcmp(number + digits, ".bin") == 0;
}

static status append_batches(const struct labels *labels, const char *folder, struct bytes *file) {
    struct dirent **batch;
    int batches = scandir(folder, &batch, is_batch, versionsort);
    if (batches < 0) FAIL(ERROR_INPUT, "%s: %s", folder, strerror(errno));
    status result = OK;
    for (int i = 0; i < batches; i++) {
        if (result == OK) result = cifar_append(&format, labels, folder, batch[i]->d_name, file);
        free(batch[i]);
    }
    free(batch);
    if (batches == 0) FAIL(ERROR_INPUT, "%s: there is no data_batch_1.bin; expected CIFAR-10's binary version", folder);
    return result;
}

static status read_split(const struct config *config, const struct labels *labels, enum split split,
                         struct images *images) {
    const char *folder = config->data.path;
    if (split == SPLIT_TRAIN) TRY(append_batches(labels, folder, &images->file[0]));
    if (split == SPLIT_TEST) TRY(cifar_append(&format, labels, folder, "test_batch.bin", &images->file[0]));
    cifar_point(&format, images);
    return OK;
}

static const char *const class_name[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                         "dog",      "frog",       "horse", "ship", "truck"};
static const struct image_source cifar10 = {"cifar10", 10, class_name, read_split};

static status load(const struct config *config, bool keep, struct dataset *dataset) {
    return images_load(config, &cifar10, keep, dataset);
}

const struct source source_cifar10 = {load};
