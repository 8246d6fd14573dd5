/* Where a member lies in a zip archive (PKWARE's APPNOTE 6.3.10), also beyond 4 GB (zip64). Not collective. */
#ifndef ZIP_H
#define ZIP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "status.h"

struct zip_member {
    int64_t packed; /* bytes in the file */
    bool is_deflated;
    uint32_t sum; /* CRC-32 of its contents */
};

/* Leaves the file at the member's first byte; *found 0: there is none of this name. Stored and deflated members
 * only. */
status zip_find(FILE *file, const char *name, struct zip_member *member, bool *found);

#endif
