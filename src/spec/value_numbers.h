/* Values that are numbers, and the forms of a learning rate. Private to spec. Not collective. */
#ifndef VALUE_NUMBERS_H
#define VALUE_NUMBERS_H

#include <stdbool.h>
#include "value_type.h"

/* Is it a strict whole number within the key's bounds? *value is then set. */
bool value_is_whole(const struct key *key, struct place place, int64_t *value);
/* The same, or ERROR_INPUT. */
status value_read_whole(const struct key *key, struct place place, int64_t *value);
int value_compare_numbers(const void *a, const void *b); /* of doubles */

/* The two parts of { absolute: x }: the form goes to *form (enum rate_form), x to *inner. */
status value_open_rate(const struct key *key, struct place place, int *form, struct place *inner);
/* "absolute" of a learning rate's form. */
const char *value_rate_word(int form);
/* "learning rate / critical": what its numbers are, for an axis over them. */
const char *value_rate_meaning(int form);

#endif
