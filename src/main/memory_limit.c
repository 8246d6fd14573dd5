#include "memory_limit.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "task.h"

static const char THREADS[] = "OPENBLAS_NUM_THREADS";

static bool is_limited(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* The study says how many there are. */
void memory_limit_spare_threads(char **argv) {
    if (!is_limited() || getenv(THREADS)) return;
    setenv(THREADS, "1", 1);
    execv("/proc/self/exe", argv);
}

/* Addresses that glibc sets aside for each thread of MPI count too. */
status memory_limit_check(void) {
    if (!is_limited()) return OK;
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
    return task_take_buffer();
}
