/* The axes of a study. Private to spec. Not collective. */
#ifndef AXES_H
#define AXES_H

#include <stdbool.h>
#include "grid.h"
#include "value.h"

/* Adds the axis over `key`: a value, a list, where the key allows it { count: 5, first: 0 }; for a learning rate {
 * absolute: [...] } or a list of forms of one kind, which goes to the study's config. Fails with ERROR_INPUT. */
status axis_read(struct study *study, const struct key *key, struct place place);
/* The axis over `key`, or NULL. */
const struct axis *axis_find(const struct study *study, const struct key *key);
/* Does the key mean something at some point of the study? */
bool axes_use_key(const struct study *study, const struct key *key);
/* Product of the counts, 1 without axes; as double, which cannot overflow. */
double axes_points(const struct study *study);
/* The config with value i of the axis over `key` in place; the study's own if there is none. */
struct config axis_config(const struct study *study, const struct key *key, int64_t i);

#endif
