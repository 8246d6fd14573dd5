/* The sources of data: one file and one row of the table in dataset.c each. Not collective. */
#ifndef SOURCE_H
#define SOURCE_H

#include "data.h"

/* `load` finds train and test set; it sets the sizes, reads and checks everything there is, and with `keep` sets the rest: it allocates
 * only when it knows that the files hold as much. */
struct source {
    status (*load)(const struct config *config, int keep, struct dataset *dataset);
};

extern const struct source source_mnist, source_cifar10, source_cifar100, source_arrays, source_gaussian, source_sphere,
    source_clusters;

/* Allocates the four arrays, filled with zeros. Fails with ERROR_MEMORY; what is allocated is ended by dataset_free. */
status dataset_allocate(struct dataset *dataset);

/* Test examples (and the teacher) are the same for all values of data.seed. */
enum { TEST_SEED = 0 };

#endif
