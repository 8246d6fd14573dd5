/* One record in one HDF5 file. Not collective.
 *
 * Root: every array of PLACE_COORDINATE and PLACE_RECORD (or PLACE_REFERENCE) under its metric's name, with the scales of all
 * dimensions; kept arrays in the group `kept`, packed; label, settings, provenance as attributes; `key` is written last. Arrays
 * without elements are left out. */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <limits.h>
#include <sys/types.h>
#include "hdf.h"
#include "store.h"

/* The members of struct provenance as attributes. */
struct provenance_field {
    const char *name;
    size_t offset, size;
    int decides; /* the last bits of what is computed */
};
enum { PROVENANCE_FIELDS = 7 };
extern const struct provenance_field provenance_field[PROVENANCE_FIELDS];

/* DIR/points/ab/KEY.h5 or DIR/references/KEY.h5. */
void record_file_path(const char *dir, enum record_kind kind, const char *key, char path[PATH_MAX]);
/* store_read_record, and the provenance unless NULL. */
status record_file_read(const char *dir, enum record_kind kind, const char *key, int kept, struct record **record,
                        struct provenance *provenance);

/* Renames a damaged file, which had this inode, to FILE.unreadable. 1: done; 0: it cannot be, or another file stands there now,
 * and stays. */
int record_file_put_aside(const char *path, ino_t damaged);

/* The pieces, for a file that holds more than a record. */
struct record_contents {
    const char *key, *label, *settings; /* settings NULL: none */
    const struct provenance *provenance;
    const struct record *record;
    int unpacked; /* kept arrays too, to write them fast */
};
/* All but the key. */
status record_file_put(hid_t file, const struct record_contents *contents);
/* The key: the last to be written, and says that the file is whole. */
status record_file_seal(hid_t file, const char *key);
/* Checks the key and reads the rest into `record`, and the provenance unless NULL. */
status record_file_take(hid_t file, enum record_kind kind, const char *key, int kept, struct record *record,
                        struct provenance *provenance);

#endif
