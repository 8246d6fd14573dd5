/* OpenBLAS's core types, and which of them this CPU can run. Not collective. */
#ifndef CORE_H
#define CORE_H

#include <stdbool.h>
#include "status.h"

/* The core type that OpenBLAS took ("SkylakeX"); "unknown" where another library is the BLAS. */
const char *la_core_name(void);
/* The core type whose vectors products of our own use: the same, or the widest that this CPU can run where it is not
 * known what OpenBLAS's needs. */
const char *la_core_vectors(void);
/* ERROR_INPUT, before anything has reached BLAS, if this CPU would die of an instruction that it lacks; or if `asked`,
 * the value of OPENBLAS_CORETYPE (NULL or empty: nothing), is no core type of this OpenBLAS, which then takes another
 * without a word. */
status la_core_check(const char *asked);
/* What to set instead: where OpenBLAS took kernels with narrower vectors than the CPU has (Debian 12's 0.3.21 falls
 * back to SSE3 on models newer than itself: OpenBLAS #4267), or that it cannot run (a virtual machine may call itself
 * an Opteron without being one); NULL where its choice is right, or BLAS is not OpenBLAS. */
const char *la_better_core(void);
/* The core types of which it is known what they need, number 0 first; NULL after the last. */
const char *la_core_known(int number);
/* One core type of each width of vectors (every build of OpenBLAS for many CPUs has these), number 0 the widest that
 * this CPU can run; NULL after the last. */
const char *la_core_runnable(int number);
/* Do the kernels of both use vectors of the same width? */
bool la_core_is_like(const char *core, const char *other);

#endif
