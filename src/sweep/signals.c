#include "signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void note(int signal) {
    (void)signal;
    caught = 1;
}

void signals_install(void) {
    static const struct {
        int signal, flags;
    } asked[] = {{SIGUSR1, SA_RESTART}, {SIGTERM, SA_RESTART}, {SIGINT, (int)(SA_RESTART | SA_RESETHAND)}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct sigaction action = {.sa_handler = note, .sa_flags = asked[i].flags};
        sigemptyset(&action.sa_mask);
        sigaction(asked[i].signal, &action, NULL);
    }
}

int signals_caught(void) { return caught; }
