/* What the tables of keys and metrics say to people. Not collective. */
#ifndef HELP_H
#define HELP_H

#include <stdbool.h>
#include <stdio.h>

/* `ntksweep help study`: every key: type, bounds, default, meaning. */
void study_help(FILE *out);
/* A section; keys, by name or last word; metrics. 0: there is none. The known key that is nearest to a name, or
 * NULL. */
bool study_help_section(FILE *out, const char *name);
bool study_help_key(FILE *out, const char *name);
bool study_help_metric(FILE *out, const char *name);
const char *study_help_nearest(const char *name);
/* `ntksweep help metrics`: name, dimensions, meaning, unit. */
void study_help_metrics(FILE *out);
/* The name of a choice: config_word("network.activation", ACTIVATION_RELU) is "relu". */
const char *config_word(const char *key, int value);

#endif
