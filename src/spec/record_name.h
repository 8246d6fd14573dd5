/* What a record is called, and what it says of its settings. Not collective. */
#ifndef RECORD_NAME_H
#define RECORD_NAME_H

#include <stdbool.h>
#include "config.h"

enum { DIGEST_BYTES = 16, KEY_BYTES = 2 * DIGEST_BYTES + 1 };

/* The record's name: 32 hex digits of a 128-bit hash (XXH3) of the sorted `section.key=value` pairs that can change the
 * record (numbers as %.17g; keys at their default left out; of data, the digest alone) and the numerical version.
 * An axis of one value and the value itself give the same name. */
void config_key(const struct config *config, const unsigned char data_digest[DIGEST_BYTES], char key[KEY_BYTES]);
/* The same for a reference: only what infinite-width kernels of (data, train_size) depend on, which width and
 * parameterization are not, and how much of their test-test part they have (config_test_columns). */
void config_reference_key(const struct config *config, const unsigned char data_digest[DIGEST_BYTES],
                          char key[KEY_BYTES]);
/* The version of the numbers in a point's record, or its reference's: raised for the kinds alone whose numbers have
 * changed. */
int config_numerical_version(const struct config *config, bool is_reference);
/* The pairs `section.key=value` that a record depends on (all with an effect), also defaults and keys of data, one a
 * line, as YAML writes values: the attributes of records. free(). */
char *config_pairs(const struct config *config);

#endif
