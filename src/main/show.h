/* `ntksweep status`: what stands in DIR on standard output, once or again and again. Nothing is written to DIR. Not
 * collective. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include "status.h"

/* ERROR_INPUT if DIR holds no study. */
status show_status(const char *dir, bool json);
/* Renewed every two seconds until no run is going on and no point is left, or a signal asks for the end: OK then
 * too. Redrawn in place on a terminal; elsewhere, where something has changed, a block a minute, or an object a
 * minute with `json` (on a terminal one every two seconds). The last state is always printed in full. */
status show_watch(const char *dir, bool json);

#endif
