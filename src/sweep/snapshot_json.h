/* A run in JSON: a flat object, a member a line, that libyaml reads back. Not collective. */
#ifndef SNAPSHOT_JSON_H
#define SNAPSHOT_JSON_H

#include <stdbool.h>
#include <stdio.h>
#include "owner.h"
#include "snapshot.h"

/* A run as others know it. */
struct snapshot_run {
    char owner[OWNER_BYTES]; /* owner_words says it to people */
    double renewed;          /* seconds since 1970 on the clock of its host */
    struct snapshot snapshot;
};

void snapshot_json_print(FILE *out, const struct snapshot_run *run);
/* False: it is no such text; `run` is empty then. Else its snapshot is owned, snapshot_free. */
bool snapshot_json_read(const char *text, struct snapshot_run *run);

/* "text" with what JSON wants escaped. */
void snapshot_json_string(FILE *out, const char *text);
/* With three decimals; null for what is not finite. */
void snapshot_json_number(FILE *out, double value);
/* [0.9412, 0.8706] */
void snapshot_json_shares(FILE *out, int count, const double *share);

#endif
