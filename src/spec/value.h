/* Values of keys: YAML to struct config and back, whatever their type. Private to spec. Not collective.
 *
 * An axis keeps its values as double (choices: the number of the word), which is exact: counts stay below 2^53. */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include "value_type.h"

/* Reads the key's value into `config`; texts and lists are in the source's memory. Fails with ERROR_INPUT, naming
 * the place. */
status value_read(const struct key *key, struct place place, struct config *config);
/* One item of an axis: as value_read, but the bare number for a learning rate. */
status value_read_item(const struct key *key, struct place place, struct config *config);

void value_write(const struct key *key, const struct config *config, struct pen pen);
void value_write_item(const struct key *key, const struct config *config, struct pen pen);
/* value_write as a text; free(). */
char *value_format(const struct key *key, const struct config *config, enum value_style style);

/* The number of a count, real, choice or learning rate. */
double value_get(const struct key *key, const struct config *config);
void value_put(const struct key *key, double value, struct config *config);

/* Have both the same value of the key? */
bool value_same(const struct key *key, const struct config *a, const struct config *b);

/* "a whole number >= 0": what the key takes. */
void value_expected(const struct key *key, size_t size, char *out);

#endif
