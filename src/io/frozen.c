#include "frozen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store.h"
#include "study_text.h"

static const char study_name[] = "study.yaml";

status frozen_read(const char *dir, struct study **study) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, study_name);
    return study_read_frozen(path, study);
}

/* Keeps the old text as study.1.yaml, study.2.yaml, ...: the first name that is free. */
static status keep_aside(const char *dir, const char *text) {
    char name[64], path[PATH_MAX];
    for (int i = 1;; i++) {
        snprintf(name, sizeof name, "study.%d.yaml", i);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        if (access(path, F_OK) != 0) return store_write_text(dir, name, text);
    }
}

static status replace_study(const char *dir, const char *old_text, const struct study *study, const char *text) {
    struct study *old;
    TRY(frozen_read(dir, &old));
    status result = study_extends(old, study);
    study_free(old);
    TRY(result);
    TRY(keep_aside(dir, old_text));
    return store_write_text(dir, study_name, text);
}

status frozen_write(const char *dir, const struct study *study) {
    char *old;
    TRY(store_read_text(dir, study_name, &old));
    char *text = study_text(study);
    status result = OK;
    if (!old)
        result = store_write_text(dir, study_name, text);
    else if (strcmp(old, text) != 0)
        result = replace_study(dir, old, study, text);
    free(text);
    free(old);
    return result;
}
