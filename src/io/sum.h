/* One sum over a whole HDF5 file, so that damage is seen before HDF5 looks at it. Not collective.
 *
 * The file begins with a user block (HDF5 file format specification, II.A) of SUM_BYTES: a line with the XXH3 hash (128
 * bits) and the number of the bytes that follow it, then zeros. HDF5, h5py and their tools pass over it. A file of
 * earlier versions begins with the signature of HDF5 and has no sum. Anything else at the beginning is damage: no few
 * bits turn one into the other. */
#ifndef SUM_H
#define SUM_H

#include <stdbool.h>
#include "draft.h"

enum { SUM_BYTES = 512 };

/* Fills the block of a draft that is otherwise complete; what fails is in draft->error. */
void sum_write(struct draft *draft);
/* Does the file begin as one with a sum does? */
bool sum_is_there(int fd);
/* OK: the file is as it was written, or has no sum. ERROR_DISK, without the file's name: it is damaged, or cannot be
 * read. */
status sum_check(int fd);

#endif
