/* Fully connected: depth times (dense of the width, activation), then the linear readout (Lee et al. 2019, eq. 1). */
#include "build.h"

void REAL_NAME(family_fc)(struct builder *builder, int64_t outputs) {
    for (int64_t layer = 1; layer <= builder->config->network.depth; layer++) {
        build_dense(builder, builder->config->width, "dense_%d", (int)layer);
        build_state(builder);
        build_activation(builder);
    }
    build_dense(builder, outputs, "readout");
}
