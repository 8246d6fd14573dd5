/* The families, which are presets of lists of nodes. */
#include "build.h"

#define FAMILY_WRITES(NAME, name, images, meaning) REAL_NAME(family_##name),
static family *const families[] = {FAMILY_LIST(FAMILY_WRITES)};

status network_create(const struct config *config, struct shape input, int64_t outputs, struct network *network) {
    struct shape first = config_needs_images(config) ? input : (struct shape){1, 1, shape_size(input)};
    return build_network(config, families[config->network.family], first, outputs, network);
}
