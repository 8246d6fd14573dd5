/* The empirical kernels of a point: at theta_0, for linearization, learning rate and measurement, and at later steps
 * for their change. Private to task. Not collective. */
#ifndef KERNELS_H
#define KERNELS_H

#include "point.h"

#define kernels_rows       REAL_NAME(kernels_rows)
#define kernels_are_wanted REAL_NAME(kernels_are_wanted)
#define kernels_in_double  REAL_NAME(kernels_in_double)
#define kernels_bytes      REAL_NAME(kernels_bytes)
#define kernels_flops      REAL_NAME(kernels_flops)
#define kernels_lay_out    REAL_NAME(kernels_lay_out)
#define kernels_count      REAL_NAME(kernels_count)
#define kernels_start      REAL_NAME(kernels_start)
#define kernels_index      REAL_NAME(kernels_index)
#define kernels_move       REAL_NAME(kernels_move)
#define kernels_are_bad    REAL_NAME(kernels_are_bad)

/* N k */
int64_t kernels_rows(const struct point *point);
/* Is one computed though no linearization runs on it? A matter of sizes, not of memory. */
bool kernels_are_wanted(const struct point *point);
/* What they hold, and the multiply-adds times 2 of one computation with `test` test points, which may take `bytes`. */
int64_t kernels_bytes(const struct point *point);
double kernels_flops(const struct point *point, int64_t test, int64_t bytes);
void kernels_lay_out(struct arena *arena, struct point *point);
/* At theta_0, and at the present step where its change is measured. ERROR_INTERRUPTED, then nothing is touched. */
status kernels_start(struct point *point, struct arena *arena);
status kernels_move(struct point *point, struct arena *arena);
/* Number of the kernel step that the present step is, or -1: none, or the network has diverged. */
int64_t kernels_index(const struct point *point);
/* Has a model diverged by the kernel of this step, where one is there: of step 0, which is all models', or a moved one,
 * the network's? */
bool kernels_are_bad(const struct point *point, int model);
/* On a counting arena: what all these take and give back. */
void kernels_count(struct arena *arena, struct point *point);
/* Theta_0 in double [N k, N k], in the arena. */
double *kernels_in_double(const struct point *point, struct arena *arena);

#endif
