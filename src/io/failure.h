/* DIR/failed/KEY: why a point failed, one line. The next run tries it again. Not collective. */
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>
#include "status.h"

/* ERROR_DISK. */
status failure_write(const char *dir, const char *key, const char *label, const char *reason);
/* Was it written after this process's store_open, by the file system's clock, by another run that goes on beside? */
bool failure_is_new(const char *dir, const char *key);
/* The line, or NULL. free(). */
char *failure_read(const char *dir, const char *key);

#endif
