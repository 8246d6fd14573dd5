#include "signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void note(int signal) {
    (void)signal;
    caught = 1;
}

static const struct {
    int signal, flags;
} asked[] = {
    {SIGUSR1, SA_RESTART}, {SIGTERM, SA_RESTART}, {SIGHUP, SA_RESTART}, {SIGINT, (int)(SA_RESTART | SA_RESETHAND)}};
enum { ASKED = sizeof asked / sizeof *asked };

static void mask(int how) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < ASKED; i++) sigaddset(&set, asked[i].signal);
    sigprocmask(how, &set, NULL);
}

void signals_hold(void) { mask(SIG_BLOCK); }

/* As nohup leaves SIGHUP. */
static bool is_ignored(int signal) {
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void signals_install(void) {
    for (int i = 0; i < ASKED; i++) {
        if (asked[i].signal == SIGHUP && is_ignored(SIGHUP)) continue;
        struct sigaction action = {.sa_handler = note, .sa_flags = asked[i].flags};
        sigemptyset(&action.sa_mask);
        sigaction(asked[i].signal, &action, NULL);
    }
    mask(SIG_UNBLOCK);
}

void signals_ignore_pipes(void) { signal(SIGPIPE, SIG_IGN); }

bool signals_caught(void) { return caught; }
