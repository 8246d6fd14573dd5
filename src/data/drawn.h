/* What drawn data share: inputs that are no images, a stream of training inputs from data.seed, fixed test
 * inputs and teachers. Not collective. */
#ifndef DRAWN_H
#define DRAWN_H

#include "data.h"
#include "random.h"

/* Sets the sizes; no scaling. */
void drawn_shape(int64_t inputs, int64_t outputs, struct dataset *dataset);
/* x ~ N(0, 1) of both sets, which are allocated. */
void drawn_inputs(const struct config *config, struct dataset *dataset);
/* u[count], uniform on (0, 1): the distribution function at random normal numbers. */
void drawn_uniform(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t count, double *u);
/* direction[dimension]: uniform on the unit sphere, the same for all studies. */
void drawn_direction(int64_t dimension, double *direction);

#endif
