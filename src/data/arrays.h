/* Your own arrays, from files of several formats. Not collective. */
#ifndef ARRAYS_H
#define ARRAYS_H

#include "array_stream.h"

/* The reader of HDF5, which stands above this module: it is lent once, before data are loaded. */
void arrays_set_hdf5(array_open *open);

#endif
