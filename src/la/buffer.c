#include "buffer.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "blas.h"

/* BUFFER_SIZE of its common_x86_64.h, the largest of any kind of CPU, and what malloc adds. */
static const size_t BUFFER_BYTES = (32 << 22) + (1 << 16);
static const size_t REST_BYTES = 64 << 20; /* MPI's threads and what else is there before the first task */
enum { ORDER = 128 };                      /* smaller products need no buffer */

static bool is_granted(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && munmap(memory, bytes) == 0;
}

static status refuse(size_t bytes) {
    FAIL(ERROR_MEMORY,
         "OpenBLAS and MPI need %zu MB of memory before any work begins, and there is less; see ulimit -v",
         bytes >> 20);
}

/* Its threads take one each: those that have theirs already are counted too, since nobody knows. */
status la_take_buffer(void) {
    if (!blas_is_openblas()) return OK;
    size_t bytes = BUFFER_BYTES * (size_t)openblas_get_num_threads() + REST_BYTES;
    if (!is_granted(bytes)) return refuse(bytes);
    double *a = calloc(2 * ORDER * ORDER, sizeof *a);
    if (!a) return refuse(bytes);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ORDER, ORDER, ORDER, 1, a, ORDER, a, ORDER, 0,
                a + ORDER * ORDER, ORDER);
    free(a);
    return OK;
}
