/* What the sources of data have: the one table that keys, checks, data and tasks read. Not collective. */
#ifndef SOURCES_H
#define SOURCES_H

#include "config.h"

enum source_trait {
    SOURCE_FILES = 1,   /* read from data.path */
    SOURCE_PIXELS = 2,  /* images of bytes, which data.resize can shrink */
    SOURCE_IMAGES = 4,  /* examples are images, or may be */
    SOURCE_CLASSES = 8, /* targets are classes, or may be */
    SOURCE_DRAWN = 16   /* drawn, data.dimension inputs an example */
};

/* Has the source one of these traits? */
int source_has(int source, unsigned traits);

#endif
