/* Files to read. Not collective. */
#ifndef FILE_H
#define FILE_H

#include <stdio.h>

/* Opens a regular file, itself or behind symbolic links: a pipe or a device could let the reader wait for ever. Never
 * waits. Returns the descriptor; or -1, and *why in words, with errno (0: it is there, and no regular file). */
int file_open(const char *path, const char **why);
/* The same as a stream; NULL as -1. */
FILE *file_open_stream(const char *path, const char **why);

#endif
