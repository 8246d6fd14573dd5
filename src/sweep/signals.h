/* SIGUSR1, SIGTERM, SIGHUP (unless it is ignored: nohup) and SIGINT ask for a clean stop: they set a flag. A second
 * SIGINT ends the process. Not collective. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* Keeps them back until signals_install, also over an execv. */
void signals_hold(void);
void signals_install(void);
/* Who no longer reads what is said does not end the process. */
void signals_ignore_pipes(void);
bool signals_caught(void);

#endif
