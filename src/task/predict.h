/* The network against predictions without stepping (measure.predictions; the closed form of infinite width also
 * without): by two kernels, in discrete steps and as gradient flow. Private to task. Not collective. */
#ifndef PREDICT_H
#define PREDICT_H

#include "point.h"

#define predict_choose    REAL_NAME(predict_choose)
#define predict_empirical REAL_NAME(predict_empirical)
#define predict_nothing   REAL_NAME(predict_nothing)

/* Which there are: from config and reference alone. */
void predict_choose(struct point *point);
/* Begins at the outputs of step 0 that the network holds; scratch from the arena (a counting one: sizes only). Takes
 * Theta_0 in double [N k, N k], which is used up, and leaves its eigenvalues, ascending, in lambda [N k]. ERROR_MEMORY,
 * ERROR_INTERRUPTED. */
status predict_empirical(struct point *point, struct arena *arena, double *theta, double *lambda);
/* In its place, where Theta_0 is not finite: no prediction, lambda NaN. */
void predict_nothing(struct point *point, double *lambda);

#endif
