/* Convolutional: depth times (convolution to `width` channels, activation), global average pooling or flattening, then
 * the linear readout (Lee et al. 2019, Table S1). */
#include "build.h"

void REAL_NAME(family_conv)(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    for (int64_t layer = 1; layer <= config->network.depth; layer++) {
        build_convolution(builder, config->width, config->network.kernel_size, 1, "conv_%d", (int)layer);
        build_state(builder);
        build_activation(builder);
    }
    struct shape image = builder->at.shape;
    if (config->network.pooling == POOLING_GLOBAL)
        build_pooling(builder, image.rows, image.columns);
    else
        build_flatten(builder);
    build_dense(builder, outputs, "readout");
}
