/* The sources of data: one file here, and one row of spec/source_list.h each. Not collective. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include "data.h"

/* `load` finds train and test set; it sets the sizes, reads and checks everything there is, and with `keep` sets the
 * rest: it allocates only when it knows that the files hold as much. */
struct source {
    status (*load)(const struct config *config, bool keep, struct dataset *dataset);
};

#define SOURCE_DECLARE(NAME, name, traits, meaning) extern const struct source source_##name;
SOURCE_LIST(SOURCE_DECLARE)
#undef SOURCE_DECLARE

/* Allocates the four arrays, filled with zeros. Fails with ERROR_MEMORY; what is allocated is ended by dataset_free. */
status dataset_allocate(struct dataset *dataset);

/* Test examples (and the teacher) are the same for all values of data.seed. */
enum { TEST_SEED = 0 };

#endif
