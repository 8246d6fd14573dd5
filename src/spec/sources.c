#include "sources.h"

#define TRAITS(NAME, name, traits, meaning) [SOURCE_##NAME] = (traits),
static const unsigned traits_of[DATA_SOURCES] = {SOURCE_LIST(TRAITS)};

bool source_has(int source, unsigned traits) { return (traits_of[source] & traits) != 0; }

unsigned sources_with(unsigned traits) {
    unsigned sources = 0;
    for (int source = 0; source < DATA_SOURCES; source++)
        if (source_has(source, traits)) sources |= 1u << source;
    return sources;
}
