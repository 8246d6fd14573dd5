/* What a family writes its list of operators with. Private to nn. */
#ifndef BUILD_H
#define BUILD_H

#include "network.h"

#define build_dense       REAL_NAME(build_dense)
#define build_convolution REAL_NAME(build_convolution)
#define build_activation  REAL_NAME(build_activation)
#define build_pooling     REAL_NAME(build_pooling)
#define build_flatten     REAL_NAME(build_flatten)
#define build_join        REAL_NAME(build_join)
#define build_finish      REAL_NAME(build_finish)
#define family_fc         REAL_NAME(family_fc)
#define family_conv       REAL_NAME(family_conv)
#define family_wrn        REAL_NAME(family_wrn)

/* A value that the next operator may read. */
struct cursor {
    int value;
    struct shape shape;
};

/* A network in the making: where it has come to, and what every layer shares. */
struct builder {
    struct network *network;
    const struct config *config;
    struct cursor at; /* the last operator's value; set it back to begin a branch */
};

/* Each appends one operator that reads the value `at`, and moves on to its own. The two with tensors are a layer, named so (printf). */
void build_dense(struct builder *builder, int64_t fan_out, const char *name, ...) __attribute__((format(printf, 3, 4)));
/* size x size filters to `channels`, "same" zero padding: ceil(rows/stride) rows. */
void build_convolution(struct builder *builder, int64_t channels, int64_t size, int64_t stride, const char *name, ...)
    __attribute__((format(printf, 5, 6)));
void build_activation(struct builder *builder);
/* The mean over windows of rows x columns pixels, which tile the image. */
void build_pooling(struct builder *builder, int64_t rows, int64_t columns);
void build_flatten(struct builder *builder);
/* The sum of this value and another of its shape. */
void build_join(struct builder *builder, struct cursor other);
/* Ends the list: the last layer is the readout, and every value gets its cotangent buffer. */
void build_finish(struct builder *builder);

/* A family: writes the list. One line in the table of build.c. */
typedef void family(struct builder *builder, int64_t outputs);
family family_fc, family_conv, family_wrn;

#endif
