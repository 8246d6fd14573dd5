/* What was true of the program and machine that made a record: root attributes of records, checkpoints and results. */
#ifndef PROVENANCE_H
#define PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>

struct provenance {
    char version[64], commit[64], compiler[128], blas[128], core[64], mpi[128], hdf5[64];
};

/* Its members, under the names of the attributes. */
struct provenance_field {
    const char *name;
    size_t offset, size;
    bool decides; /* the last bits of what is computed */
};
enum { PROVENANCE_FIELDS = 7 };
extern const struct provenance_field provenance_field[PROVENANCE_FIELDS];

static inline const char *provenance_text(const struct provenance *provenance, int field) {
    return (const char *)provenance + provenance_field[field].offset;
}

#endif
