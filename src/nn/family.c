/* The families, which are presets of lists of nodes. */
#include "build.h"

static const struct {
    family *write;
    bool takes_images;
} families[] = {
    [FAMILY_FC] = {family_fc, false}, [FAMILY_CONV] = {family_conv, true}, [FAMILY_WRN] = {family_wrn, true}};

status network_create(const struct config *config, struct shape input, int64_t outputs, struct network *network) {
    int kind = config->network.family;
    struct shape first = families[kind].takes_images ? input : (struct shape){1, 1, shape_size(input)};
    return build_network(config, families[kind].write, first, outputs, network);
}
