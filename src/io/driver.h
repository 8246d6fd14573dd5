/* An HDF5 file driver that writes into a draft (H5FDpublic.h): HDF5 sees no failing write. Not collective. */
#ifndef DRIVER_H
#define DRIVER_H

#include <hdf5.h>
#include "draft.h"

/* Makes files of the access list go into `draft`, which must stay open until the file is closed. */
herr_t driver_set(hid_t access_list, struct draft *draft);

#endif
