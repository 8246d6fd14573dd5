/* Wide residual (Lee et al. 2019, Table S1; Zagoruyko & Komodakis 2016 without batch normalization): a 3x3 convolution
 * to `width` channels; three groups of `blocks` blocks of constant width, groups 2 and 3 beginning with stride 2;
 * global average pooling; linear readout. A block: x + conv(phi(conv(phi(x)))); where groups 2 and 3 begin the
 * shortcut is a 1x1 convolution of stride 2 of x itself, before its activation. Depth 6 blocks + 4. */
#include "build.h"

static void block(struct builder *builder, int group, int number, int64_t stride) {
    int64_t width = builder->config->width;
    struct cursor shortcut = builder->at;
    build_activation(builder);
    build_convolution(builder, width, 3, stride, "group%d_block%d_conv1", group, number);
    build_activation(builder);
    build_convolution(builder, width, 3, 1, "group%d_block%d_conv2", group, number);
    struct cursor end = builder->at;
    if (stride > 1) {
        builder->at = shortcut;
        build_convolution(builder, width, 1, stride, "group%d_block%d_shortcut", group, number);
        shortcut = builder->at;
        builder->at = end;
    }
    build_sum(builder, shortcut, 1);
    build_state(builder);
}

void REAL_NAME(family_wrn)(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    build_convolution(builder, config->width, 3, 1, "conv_1");
    build_state(builder);
    for (int group = 1; group <= 3; group++)
        for (int number = 1; number <= config->network.blocks; number++)
            block(builder, group, number, group > 1 && number == 1 ? 2 : 1);
    build_pooling(builder, builder->at.shape.rows, builder->at.shape.columns);
    build_dense(builder, outputs, "readout");
}
