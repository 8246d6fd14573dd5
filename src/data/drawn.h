/* What drawn data share: inputs of data.dimension numbers, a stream of training inputs from data.seed, fixed test
 * inputs and teachers. Not collective. */
#ifndef DRAWN_H
#define DRAWN_H

#include "data.h"

/* Sets the sizes; no scaling. */
void drawn_shape(const struct config *config, int64_t outputs, struct dataset *dataset);
/* x ~ N(0, 1) of both sets, which are allocated. */
void drawn_inputs(const struct config *config, struct dataset *dataset);
/* direction[dimension]: uniform on the unit sphere, the same for all studies. */
void drawn_direction(int64_t dimension, double *direction);

#endif
