/* Which keys make other data: all of the section `data`. Not collective. */
#ifndef DATA_KEYS_H
#define DATA_KEYS_H

#include <stdbool.h>
#include "config.h"

/* Have both the same value of every key of the section? */
bool config_same_data(const struct config *a, const struct config *b);

#endif
