/* A record in an open HDF5 file. Not collective.
 *
 * Root: every array of PLACE_COORDINATE and PLACE_RECORD (or PLACE_REFERENCE) under its metric's name, with the scales
 * of all dimensions; kept arrays in the group `kept`, packed; label, settings, provenance as attributes; `key` is
 * written last. Arrays without elements are left out. */
#ifndef HDF_RECORD_H
#define HDF_RECORD_H

#include <stdbool.h>
#include "hdf.h"
#include "provenance.h"
#include "record.h"

struct record_contents {
    const char *key, *label, *settings; /* settings NULL: none */
    const struct provenance *provenance;
    const struct record *record;
    bool unpacked; /* kept arrays too, to write them fast */
};
/* All but the key. */
status hdf_put_record(hid_t file, const struct record_contents *contents);
/* The key: the last to be written, and says that the file is whole. */
status hdf_seal_record(hid_t file, const char *key);
/* Checks the key and reads arrays of `place` (PLACE_RECORD or PLACE_REFERENCE), their coordinates, with `kept` those of
 * PLACE_KEPT into `record`; the provenance unless NULL. numbers: single ones, which HDF5 need not be asked for
 * (summary.h), or NULL. */
status hdf_take_record(hid_t file, const char *key, enum metric_place place, bool kept, const char *numbers,
                       struct record *record, struct provenance *provenance);
/* value[i]: the scalar metric[i], NaN where it is not there. Checks the key. */
status hdf_take_scalars(hid_t file, const char *key, int count, const enum metric_id *metric, double *value);

#endif
