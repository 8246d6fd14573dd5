/* The single numbers of a record as a line of text behind the HDF5 of its file, so that `status` opens ten thousand
 * files without HDF5, and whoever reads a record asks HDF5 for the rest alone. HDF5 passes over what lies behind its
 * end; the sum at the head (sum.h) holds for the line too. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdbool.h>
#include "metric.h"
#include "record.h"

/* The line, "\nntksweep: KEY NAME=VALUE ... \n", all digits of each number; those that are not there are left out. Owned
 * by the caller, free(). */
char *summary_line(const char *key, const struct record *record);
/* What summary_number finds numbers in; owned by the caller, free(). NULL: there is no file, no sum (of an earlier
 * program), no line of this key, or the file is damaged: then HDF5 and its messages are asked. */
char *summary_numbers(const char *path, const char *key);
/* NaN if it is not there. */
double summary_number(const char *numbers, enum metric_id metric);
/* value[i]: the number metric[i], NaN if it is not in the record. False: as NULL. */
bool summary_read(const char *path, const char *key, int count, const enum metric_id *metric, double *value);

#endif
