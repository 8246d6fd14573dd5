/* Activations: one row each of the table in activation.c. Adding one: a row, its two maps in la/vector.c, its dual. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include "config.h"
#include "vector.h"

struct activation {
    la_map *map;
    la_map_backward *backward;
};

#define activation_of REAL_NAME(activation_of)
const struct activation *activation_of(enum activation_kind kind);

#endif
