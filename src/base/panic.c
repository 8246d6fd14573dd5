#include "panic.h"

#include <stdio.h>
#include <stdlib.h>

static void (*end_program)(void);

void panic_set_hook(void (*hook)(void)) { end_program = hook; }

_Noreturn void panic(const char *file, int line, const char *what) {
    fprintf(stderr, "ntksweep: internal error at %s:%d: %s does not hold\n", file, line, what);
    if (end_program) end_program();
    abort();
}
