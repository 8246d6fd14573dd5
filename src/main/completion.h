/* Completion for shells, from the tables of commands, options and keys. Not collective. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stdio.h>
#include "arguments.h"

/* commands: NULL after the last. */
void completion_bash(FILE *out, const struct command *const *commands);
void completion_zsh(FILE *out, const struct command *const *commands);

#endif
