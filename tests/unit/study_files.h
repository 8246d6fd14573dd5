/* A study file in a temporary folder, which is the working directory while a test runs. */
#ifndef STUDY_FILES_H
#define STUDY_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "grid.h"
#include "record_name.h"
#include "study.h"

static char folder[] = "/tmp/test_study_XXXXXX";

static inline int enter_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state) {
    (void)state;
    unlink("study.yaml");
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static inline void write_study(const char *text, size_t length) {
    FILE *file = fopen("study.yaml", "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The study of `text` with up to two overrides, which must be fine. */
static inline struct study *read_text(const char *text, const char *first, const char *second) {
    const struct override override[] = {{first}, {second}};
    struct study *study = NULL;
    write_study(text, strlen(text));
    if (study_read("study.yaml", (first != NULL) + (second != NULL), override, NULL, &study) != OK)
        fail_msg("%s", status_message());
    return study;
}

/* Names of the form that config_key gives, of every point, free(). */
static inline char (*point_keys(const struct study *study))[KEY_BYTES] {
    static const unsigned char digest[16] = {0xc0, 0xff, 0xee};
    char(*keys)[KEY_BYTES] = calloc((size_t)study->points, sizeof *keys);
    assert_non_null(keys);
    for (int64_t p = 0; p < study->points; p++) {
        struct config config = study_point(study, p);
        config_key(&config, digest, keys[p]);
    }
    return keys;
}

static const char study_of_files[] =
    "title: a test\n"
    "data: { source: cifar10, path: files, classes: [airplane, horse], test_size: 64 }\n"
    "network: { depth: 2, activation: erf, sigma_b2: 0.3 }\n"
    "training: { learning_rate: { critical_fraction: 0.5 }, steps: 1000 }\n"
    "measure: { kernel_steps: [1000, 10], keep: [kernels, inputs] }\n"
    "sweep: { width: [33, 65, 17], train_size: [31, 7], seed: { count: 3, first: 2 } }\n"
    "run: { memory: 1536M }\n";

#endif
