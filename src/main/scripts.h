/* Commands that are scripts, beside an installed program or in the checkout of one that was built. Not collective. */
#ifndef SCRIPTS_H
#define SCRIPTS_H

#include "status.h"

/* Executes `script` ("jobs/submit") with argv[1...], and the program's own name in NTKSWEEP_SELF; then it does not
 * return. ERROR_INPUT. */
status scripts_execute(const char *script, char **argv);

#endif
