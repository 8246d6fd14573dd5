/* An array read by a process of its own, for libraries that damaged files can bring down: then the file is refused, and
 * the program goes on. Not collective. */
#ifndef ARRAY_APART_H
#define ARRAY_APART_H

#include "array_stream.h"

/* As `open` does, which with all reading is done in a child; its numbers come through a pipe. */
status array_apart_open(array_open *open, const char *path, const char *name, struct array_stream *stream);

#endif
