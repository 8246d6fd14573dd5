/* What is allowed in a study but seldom meant. Not collective. */
#ifndef REMARKS_H
#define REMARKS_H

#include <stdio.h>

#include "study.h"

/* A line each, "remark: ...", of the study and of running it on `ranks` ranks. Nothing where there is none. */
void remarks_print(FILE *out, const struct study *study, int ranks);

#endif
