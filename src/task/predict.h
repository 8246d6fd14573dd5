/* The network against predictions without stepping (measure.predictions; the closed form of infinite width also
 * without): by two kernels, in discrete steps and as gradient flow. Private to task. Not collective. */
#ifndef PREDICT_H
#define PREDICT_H

#include <stdbool.h>
#include "arena.h"
#include "prediction.h"
#include "real.h"
#include "status.h"

#define predict_choose    REAL_NAME(predict_choose)
#define predict_empirical REAL_NAME(predict_empirical)
#define predict_nothing   REAL_NAME(predict_nothing)

struct point;

/* Predictions are made with the empirical kernel and with the infinite-width one. */
enum predictor { PREDICTOR_EMPIRICAL, PREDICTOR_INFINITE, PREDICTORS };

/* In which way each predicts: a closed form at every step asked for, or cross-entropy's flow, integrated once. */
struct predictor_state {
    bool is_closed, is_flow;
    double rate;              /* eta/(N k), eta/N for cross-entropy; for the infinite kernel times alpha^2 */
    struct prediction closed; /* is_closed */
    double *lambda;           /* empirical, is_closed: eigenvalues [N k] */
    double *flow;             /* is_flow: [recorded steps, test, k] */
};

struct predictions {
    struct predictor_state of[PREDICTORS];
    double *at_step; /* of one predictor at one step [test, k] */
};

/* Which there are: from config and reference alone. */
void predict_choose(struct point *point);
/* Begins at the outputs of step 0 that the network holds; scratch from the arena (a counting one: sizes only). Takes
 * Theta_0 in double [N k, N k], which is used up, and leaves its eigenvalues, ascending, in lambda [N k]. ERROR_MEMORY,
 * ERROR_INTERRUPTED. */
status predict_empirical(struct point *point, struct arena *arena, double *theta, double *lambda);
/* In its place, where Theta_0 is not finite: no prediction, lambda NaN. */
void predict_nothing(struct point *point, double *lambda);

#endif
