#include "scripts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

status scripts_execute(const char *script, char **argv) {
    char program[PATH_MAX], place[2 * PATH_MAX], path[PATH_MAX];
    if (!realpath("/proc/self/exe", program)) FAIL(ERROR_INPUT, "/proc/self/exe: %s", strerror(errno));
    int folder = (int)(strrchr(program, '/') - program);
    snprintf(place, sizeof place, "%.*s/" NTKSWEEP_SHARE "/%s", folder, program, script);
    if (access(place, X_OK) != 0) snprintf(place, sizeof place, NTKSWEEP_CHECKOUT "/%s", script);
    if (!realpath(place, path)) FAIL(ERROR_INPUT, "%s: %s", place, strerror(errno));
    setenv("NTKSWEEP_SELF", program, 1);
    argv[0] = path;
    execv(path, argv);
    FAIL(ERROR_INPUT, "%s: %s", path, strerror(errno));
}
