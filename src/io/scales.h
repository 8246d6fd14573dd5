/* What H5DSattach_scale writes (HDF5 Dimension Scale Specification), each list once: H5DSattach_scale writes those of
 * an array and of a scale again at every axis. One file at a time; false: HDF5 failed. Not collective. */
#ifndef SCALES_H
#define SCALES_H

#include <hdf5.h>
#include <stdbool.h>

/* A new file: no scale is attached. */
void scales_begin(void);
/* Attaches to the axes of `set` the scales dimension[ndim], which are at the root of `file`. */
bool scales_attach(hid_t file, hid_t set, int ndim, const char *const *dimension);
/* Writes into every scale of the file which axes have it. Once, when all is attached. */
bool scales_end(hid_t file);

#endif
