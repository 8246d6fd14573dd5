/* One number that flows in time, by its closed form (closed.h): two parameters, or none. */
#include "build.h"
#include "closed.h"

void REAL_NAME(family_closed)(struct builder *builder, int64_t outputs) {
    const struct config *config = builder->config;
    const struct closed closed = {config->network.example, config->network.reading, config->network.time};
    if (shape_size(builder->at.shape) != 1 || outputs != 1)
        build_refuse(builder, "network.family: closed: data of %lld inputs and %lld outputs; one of each was expected",
                     (long long)shape_size(builder->at.shape), (long long)outputs);
    build_closed(builder, &closed);
    build_components(builder, 1, 0);
}
