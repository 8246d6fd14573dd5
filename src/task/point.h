/* What a point is while it runs. What makes it: point_plan.h; what it goes through: run.c. Private to task; task.h is the
 * front. Not collective. */
#ifndef POINT_H
#define POINT_H

#include <stdbool.h>
#include "batches.h"
#include "empirical.h"
#include "hooks.h"
#include "linear.h"
#include "prediction.h"
#include "problem.h"
#include "schedule.h"
#include "stability.h"
#include "trainer.h"

/* What the future of a point depends on beside the arrays of its models. Doubles, so that it is an array of the
 * state. */
struct progress {
    double step;             /* the next one to be measured */
    double is_trained;       /* all that follows the last step is left */
    double diverged[MODELS]; /* the step, or -1 */
    double first_loss[MODELS];
    double seconds_setup, seconds_kernel, seconds_training, seconds_recording;
};

/* kernels.h */
struct kernels {
    bool is_there, is_finite; /* is_finite: at theta_0 */
    struct ntk_kernels first; /* at theta_0 */
    struct ntk_kernels moved; /* at a later step, of the training points */
    int64_t room;             /* what computing them may take for itself */
};

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

struct point {
    const struct config *config;
    const struct data_shape *shape;
    const struct dataset *data;     /* of that shape; NULL where the point does not run */
    const struct record *reference; /* NULL: none */
    struct task_hooks hooks;
    struct record *record;

    struct schedule schedule;
    struct problem problem;
    struct training training;
    struct batches batches;
    double eta;
    real *theta, *theta0;
    const struct model_kind *kind[MODELS]; /* NULL: not trained */
    struct model *model[MODELS];           /* owned */
    real *f_test_last[MODELS];
    size_t kept_mark; /* of the arena: below it what outlives the training: theta, theta0, last outputs */

    struct progress progress;
    int64_t stopped; /* step at which the loss that ends the training was reached, or -1 */
    struct kernels kernels;
    struct predictions predictions;
    struct stability stability;
    bool is_saved_at_end; /* a checkpoint of the end is written */
};

/* Is it trained, and has it not diverged? */
static inline bool point_has(const struct point *point, enum model_id model) {
    return point->kind[model] && point->progress.diverged[model] < 0;
}
static inline int64_t point_step(const struct point *point) { return (int64_t)point->progress.step; }
static inline struct trainer *point_trainer(const struct point *point) {
    return (struct trainer *)point->model[MODEL_NETWORK];
}
/* The space of the linearization; LINEARIZATION_AUTO: there is none. */
static inline enum linearization point_linearization(const struct point *point) {
    const struct model_kind *kind = point->kind[MODEL_LINEAR];
    if (!kind) return LINEARIZATION_AUTO;
    return kind == &linear_parameters ? LINEARIZATION_PARAMETER : LINEARIZATION_FUNCTION;
}
/* Numbers of an example's values, from the first that a model computes on. */
static inline double point_values(const struct point *point) {
    const struct network *network = point->problem.network;
    double numbers = 0;
    for (int v = point->problem.points.first + 1; v <= network->nodes; v++)
        numbers += (double)network_value_size(network, v);
    return numbers;
}

#endif
