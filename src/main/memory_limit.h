/* Limits of memory (ulimit -v) that OpenBLAS does not get along with. Not collective. */
#ifndef MEMORY_LIMIT_H
#define MEMORY_LIMIT_H

#include "status.h"

/* Before anything else: where addresses are limited, executes the program again with OpenBLAS's threads unmade, each of
 * which would ask for a buffer of its own; then it does not return. */
void memory_limit_spare_threads(char **argv);
/* For a command that needs BLAS, before MPI_Init: ERROR_MEMORY where it would ask for its buffer for ever. */
status memory_limit_check(void);

#endif
