/* Arrays of users' HDF5 files, for module data: an array_open (array_stream.h), which main lends it. Not collective. */
#ifndef ARRAY_FILE_H
#define ARRAY_FILE_H

#include "array_stream.h"

/* A data set at the root of the file, whole: numbers that are stored elsewhere (links, external files, virtual data
 * sets) and parts that were never written are refused, no filter is loaded from outside the HDF5 library, and what
 * breaks the library down is refused too: it is read in a process of its own. */
array_open array_file_open;

#endif
