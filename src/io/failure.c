#include "failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "panic.h"
#include "store.h"

status failure_write(const char *dir, const char *key, const char *label, const char *reason) {
    char name[STORE_NAME_BYTES], *line = NULL;
    store_name(STORE_FAILURE, key, name);
    CHECK(asprintf(&line, "%s: %s\n", label, reason) >= 0);
    status result = store_write_text(dir, name, line);
    free(line);
    return result;
}

bool failure_is_new(const char *dir, const char *key) {
    char path[PATH_MAX];
    struct stat info;
    store_path(dir, STORE_FAILURE, key, path);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && !store_is_older(&info);
}

char *failure_read(const char *dir, const char *key) {
    char name[STORE_NAME_BYTES], *line;
    store_name(STORE_FAILURE, key, name);
    if (store_read_text(dir, name, &line) != OK || !line) return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line;
}
