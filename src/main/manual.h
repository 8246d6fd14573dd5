/* The help as manual pages, and completion for shells, from the same tables. Not collective. */
#ifndef MANUAL_H
#define MANUAL_H

#include <stdio.h>
#include "arguments.h"

/* ntksweep(1): `usage` (the text of `ntksweep help`) and each of the commands, NULL after the last. */
void manual_program(FILE *out, const char *usage, const struct command *const *commands);
/* ntksweep-study(5), from the texts of `ntksweep help study` and `ntksweep help metrics`. */
void manual_study(FILE *out, const char *study, const char *metrics);

#endif
