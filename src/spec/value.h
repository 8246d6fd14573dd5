/* Values of keys: YAML to struct config and back, one row of functions a type. Private to spec. Not collective.
 *
 * An axis keeps its values as double (choices: the number of the word), which is exact: counts stay below 2^53. */
#ifndef VALUE_H
#define VALUE_H

#include <stdio.h>
#include "keys.h"
#include "yaml_source.h"
#include "study.h"

/* Memory that lives as long as the study, zeroed. */
void *study_take(struct study *study, size_t bytes);

/* Reads the key's value into `config`; texts and lists are owned by the source's study. Fails with ERROR_INPUT, naming
 * the place. */
status value_read(const struct key *key, struct place place, struct config *config);
/* One item of an axis: as value_read, but the bare number for a learning rate. */
status value_read_item(const struct key *key, struct place place, struct config *config);
/* The two parts of { absolute: x }: the form goes to *form (enum rate_form), x to *inner. */
status value_open_rate(const struct key *key, struct place place, int *form, struct place *inner);
/* The first of n items, each of `size` bytes, that is equal to an earlier one; -1: none. Sorts a copy, since lists may be long. */
int64_t value_first_repeat(int64_t n, size_t size, const void *items, int (*compare)(const void *a, const void *b));
int value_compare_numbers(const void *a, const void *b); /* of doubles */
/* Is it a strict whole number within the key's bounds? *value is then set. */
int value_is_whole(const struct key *key, struct place place, int64_t *value);
/* The same, or ERROR_INPUT. */
status value_read_whole(const struct key *key, struct place place, int64_t *value);

/* Numbers as %.17g (for hashing) or as the shortest decimal that reads back the same (in YAML). */
enum value_style { STYLE_YAML, STYLE_HASH };
struct pen {
    FILE *out;
    enum value_style style;
};
void value_write(const struct key *key, const struct config *config, struct pen pen);
void value_write_item(const struct key *key, const struct config *config, struct pen pen);
/* value_write as a text; free(). */
char *value_format(const struct key *key, const struct config *config, enum value_style style);
/* "absolute" of a learning rate's form. */
const char *value_rate_word(int form);
/* "learning rate / critical": what its numbers are, for an axis over them. */
const char *value_rate_meaning(int form);

/* The number of a count, real, choice or learning rate. */
double value_get(const struct key *key, const struct config *config);
void value_put(const struct key *key, double value, struct config *config);

/* "a whole number >= 0": what the key takes. */
void value_expected(const struct key *key, size_t size, char *out);

#endif
