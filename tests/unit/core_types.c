/* For tests/check: the core type that OpenBLAS took, and on the lines after it one of each other width of vectors that this CPU can run, the
 * widest first; or, with an argument, every name that there is. Exit 1, with the reason, where OPENBLAS_CORETYPE names one that it cannot run. */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"

static int print_known(void) {
    for (int i = 0; la_core_known(i); i++) puts(la_core_known(i));
    return 0;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return print_known();
    if (la_core_check(getenv("OPENBLAS_CORETYPE")) != OK) {
        puts(status_message());
        return 1;
    }
    puts(la_core_name());
    for (int i = 0; la_core_runnable(i); i++)
        if (!la_core_is_like(la_core_runnable(i), la_core_name())) puts(la_core_runnable(i));
    return 0;
}
