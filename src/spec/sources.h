/* What the sources of data have (source_list.h), which keys, checks and data ask. Not collective. */
#ifndef SOURCES_H
#define SOURCES_H

#include <stdbool.h>
#include "config.h"

enum source_trait {
    SOURCE_FILES = 1,   /* read from data.path */
    SOURCE_PIXELS = 2,  /* images of bytes, which data.resize can shrink */
    SOURCE_IMAGES = 4,  /* examples are images, or may be */
    SOURCE_CLASSES = 8, /* targets are classes, or may be */
    SOURCE_DRAWN = 16,  /* drawn, data.dimension inputs an example: has that key; others know how many they have */
    SOURCE_APART = 32,  /* training sets of different sizes have no examples in common: they are not nested */
    SOURCE_LABELLED_IMAGES = SOURCE_FILES | SOURCE_PIXELS | SOURCE_IMAGES | SOURCE_CLASSES
};

/* Has the source one of these traits? */
bool source_has(int source, unsigned traits);
/* Those that have one of them: bit s for source s. */
unsigned sources_with(unsigned traits);

#endif
