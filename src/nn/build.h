/* What a family writes its list of operators with. Private to nn. */
#ifndef BUILD_H
#define BUILD_H

#include "network.h"

#define build_dense      REAL_NAME(build_dense)
#define build_activation REAL_NAME(build_activation)
#define build_finish     REAL_NAME(build_finish)
#define family_fc        REAL_NAME(family_fc)

/* A network in the making: the last value's shape, and what every layer shares. */
struct builder {
    struct network *network;
    const struct config *config;
    enum network_rates rates;
    struct shape shape; /* of the last value */
};

/* Each appends one operator that reads the last value. */
void build_dense(struct builder *builder, int64_t fan_out);
void build_activation(struct builder *builder);
/* Gives every value its cotangent buffer. */
void build_finish(struct builder *builder);

/* A family: writes the list. One line in the table of build.c. */
typedef void family(struct builder *builder, int64_t outputs);
family family_fc;

#endif
