/* The study file: YAML read by libyaml into a config and axes, checked against the table of keys.
 *
 * Errors are ERROR_INPUT in one line, "FILE:LINE:COLUMN: section.key: VALUE is not ...". Not collective. */
#ifndef STUDY_H
#define STUDY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "config.h"
#include "status.h"

/* AXES_MAX: HDF5's 32 dimensions of an array, less the inner ones of a metric. */
enum { AXES_MAX = 28, KEY_BYTES = 33, AXIS_NAME_BYTES = 32 };

/* One axis of the grid. Numbers in `number`; an axis over a choice (activation, precision, ...) has words in `text`, as
 * has that of batch sizes ("32", "full"). */
struct axis {
    char key[64];               /* "sweep.width", "network.depth", "training.learning_rate" */
    char name[AXIS_NAME_BYTES]; /* dimension in results.h5: "width", "depth", "data_seed", "learning_rate" */
    const char *unit;           /* "1" for a pure number or count */
    const char *meaning;        /* long_name */
    const char *form;           /* of a learning rate: "absolute", "critical_fraction", ...; else NULL */
    int64_t count;
    int is_choice;     /* values are words: `number` is the enum, or the size of a batch; `text` its word */
    int is_count;      /* whole numbers */
    double *number;    /* [count], in the order of the study file */
    const char **text; /* [count], NULL unless is_choice */
};

struct study {
    char *file;           /* as the user named it */
    struct config config; /* every value that is no axis; those that are stay 0 (but the form of the learning rate) */
    int axes;
    struct axis
        axis[AXES_MAX]; /* train_size, width, seed last (fastest); before them other axes in the table's order */
    int64_t points;     /* product of the axes' counts */
    void *memory;       /* owns every text and list */
};

/* One `--set KEY=VALUE`: VALUE is YAML (`training.steps=100`, `sweep.width=[32,64]`). */
struct override {
    const char *text; /* "KEY=VALUE" */
};

/* Reads, overrides, resolves and checks the file. An override replaces the file's value or axis, the last one wins; its
 * errors name `--set KEY`. `data_path` (may be NULL; --data) replaces data.path, which comes out absolute: it is relative
 * to the study file, in an override to the working directory. Owned by the caller, ended by study_free. Every mistake
 * of the user is refused in one line. */
status study_read(const char *file, int overrides, const struct override *override, const char *data_path,
                  struct study **study);
/* The same of a frozen copy (DIR/study.yaml), also one of a program before this: keys that it could not know get the value that was meant. */
status study_read_frozen(const char *file, struct study **study);
void study_free(struct study *study);

/* The config of cell `point` (0 .. points-1, row-major over the axes, last axis fastest). Borrows from the study. */
struct config study_point(const struct study *study, int64_t point);
/* The cell's index on each axis: index[axes]. */
void study_point_index(const struct study *study, int64_t point, int64_t *index);

/* The study as YAML text that study_read reads back to the same values (resolved, with absolute data.path and every
 * axis): the frozen copy. Ends with a newline. Owned by the caller, free(). */
char *study_text(const struct study *study);

/* OK if `next` is `old` with the same or more axis values (any order; a single value is an axis of one) and at most
 * differences that cannot change a record (title, data.path, run.memory, run.checkpoint_minutes); otherwise
 * ERROR_INPUT naming the first key that differs. */
status study_extends(const struct study *old, const struct study *next);

/* The record's name: 32 hex digits of a 128-bit hash (XXH3) of the sorted `section.key=value` pairs that can change the
 * record (numbers as %.17g; keys at their default left out; of data, the digest alone) and the numerical version.
 * An axis of one value and the value itself give the same name. */
void config_key(const struct config *config, const unsigned char data_digest[16], char key[KEY_BYTES]);
/* The same for a reference: only what infinite-width kernels of (data, train_size) depend on, which width and
 * parameterization are not, and how much of their test-test part they have (config_test_columns). */
void config_reference_key(const struct config *config, const unsigned char data_digest[16], char key[KEY_BYTES]);
/* The version of the numbers in a point's record, or its reference's: raised for the kinds alone whose numbers have changed. */
int config_numerical_version(const struct config *config, int is_reference);
/* "depth=3 train_size=32 width=64 seed=0", the axes' values of a point, for messages. out[size], cut if need be. */
void study_point_label(const struct study *study, int64_t point, size_t size, char *out);

/* The pairs `section.key=value` that a record depends on (all with an effect), also defaults and keys of data, one a line, as YAML writes values: the attributes of records. free(). */
char *config_pairs(const struct config *config);
/* Bytes in "4G", "512M", "1048576" (K, M, G: powers of 1024), or -1. */
int64_t study_parse_bytes(const char *text);

/* The name of a choice: config_word("network.activation", ACTIVATION_RELU) is "relu". */
const char *config_word(const char *key, int value);
/* `ntksweep help study`: every key: type, bounds, default, meaning. */
void study_help(FILE *out);
/* A section; keys, by name or last word; metrics. 0: there is none. The known key that is nearest to a name, or NULL. */
int study_help_section(FILE *out, const char *name);
int study_help_key(FILE *out, const char *name);
int study_help_metric(FILE *out, const char *name);
const char *study_help_nearest(const char *name);
/* `ntksweep help metrics`: name, dimensions, meaning, unit. */
void study_help_metrics(FILE *out);

#endif
