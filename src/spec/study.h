/* The study file: YAML read by libyaml into a config and axes, checked against the table of keys.
 *
 * Errors are ERROR_INPUT in one line, "FILE:LINE:COLUMN: section.key: VALUE is not ...". Not collective. */
#ifndef STUDY_H
#define STUDY_H

#include "grid.h"
#include "status.h"

/* One `--set KEY=VALUE`: VALUE is YAML (`training.steps=100`, `sweep.width=[32,64]`). */
struct override {
    const char *text; /* "KEY=VALUE" */
};

/* Reads, overrides, resolves and checks the file. An override replaces the file's value or axis, the last one wins; its
 * errors name `--set KEY`. `data_path` (may be NULL; --data) replaces data.path, which comes out absolute: it is
 * relative to the study file, in an override to the working directory. Owned by the caller, ended by study_free. Every
 * mistake of the user is refused in one line. */
status study_read(const char *file, int overrides, const struct override *override, const char *data_path,
                  struct study **study);
/* The same of a text, which errors call `name`; no file is read. */
status study_read_text(const char *name, const char *text, int overrides, const struct override *override,
                       const char *data_path, struct study **study);
/* Both of a frozen copy (DIR/study.yaml), also one of a program before this: keys that it could not know get the value
 * that was meant. */
status study_read_frozen(const char *file, struct study **study);
status study_read_frozen_text(const char *name, const char *text, struct study **study);

#endif
