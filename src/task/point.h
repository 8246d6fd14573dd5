/* One point while it runs. Private to task; task.h is the front. Not collective. */
#ifndef POINT_H
#define POINT_H

#include "batches.h"
#include "empirical.h"
#include "linear.h"
#include "prediction.h"
#include "problem.h"
#include "schedule.h"
#include "task.h"
#include "trainer.h"
#include "variants.h"

#define point_create        REAL_NAME(point_create)
#define point_free          REAL_NAME(point_free)
#define point_lay_out       REAL_NAME(point_lay_out)
#define point_linearization REAL_NAME(point_linearization)
#define point_kernel_rows   REAL_NAME(point_kernel_rows)
#define point_kernel_points REAL_NAME(point_kernel_points)
#define point_is_rounded    REAL_NAME(point_is_rounded)
#define point_rounding      REAL_NAME(point_rounding)
#define point_state         REAL_NAME(point_state)
#define point_flops         REAL_NAME(point_flops)
#define point_cost          REAL_NAME(point_cost)
#define point_check         REAL_NAME(point_check)
#define point_run           REAL_NAME(point_run)
#define measure_declare     REAL_NAME(measure_declare)
#define measure_step        REAL_NAME(measure_step)
#define measure_kernel      REAL_NAME(measure_kernel)
#define measure_change      REAL_NAME(measure_change)
#define measure_end         REAL_NAME(measure_end)
#define measure_bytes       REAL_NAME(measure_bytes)
#define predict_choose      REAL_NAME(predict_choose)
#define predict_lay_out     REAL_NAME(predict_lay_out)
#define predict_empirical   REAL_NAME(predict_empirical)
#define predict_infinite    REAL_NAME(predict_infinite)
#define predict_nothing     REAL_NAME(predict_nothing)
#define predict_step        REAL_NAME(predict_step)
#define predict_outside     REAL_NAME(predict_outside)

/* Predictions are made with the empirical kernel and with the infinite-width one. */
enum predictor { PREDICTOR_EMPIRICAL, PREDICTOR_INFINITE, PREDICTORS };

/* In which way each predicts: a closed form at every step asked for, or cross-entropy's flow, integrated once. */
struct predictor_state {
    int is_closed, is_flow;
    double rate;              /* eta/(N k), eta/N for cross-entropy; for the infinite kernel times alpha^2 */
    struct prediction closed; /* is_closed */
    double *lambda;           /* empirical, is_closed: eigenvalues [N k] */
    double *flow;             /* is_flow: [recorded steps, test, k] */
};

/* What the future of a point depends on beside the arrays of its models. Doubles, so that it is an array of the state. */
struct progress {
    double step;             /* the next one to be measured */
    double is_trained;       /* all that follows the last step is left */
    double diverged[MODELS]; /* the step, or -1 */
    double first_loss[MODELS];
    double seconds_setup, seconds_kernel, seconds_training, seconds_recording;
};

struct point {
    const struct config *config;
    const struct dataset *data;     /* its shape alone where the point does not run */
    const struct record *reference; /* NULL: none */
    struct task_hooks hooks;
    struct record *record;
    struct schedule schedule;

    struct problem problem;
    struct training training;
    struct batches batches;
    const struct model_kind *kind[MODELS]; /* NULL: not trained */
    struct model *model[MODELS];           /* owned */
    real *theta, *theta0;
    int with_kernel;
    int kernel_is_finite; /* at theta_0 */
    size_t kept_mark;     /* of the arena: below it what outlives the training: theta, theta0, last outputs */
    real *f_test_last[MODELS];
    struct ntk_kernels kernel; /* at theta_0 */
    struct ntk_kernels moved;  /* at a later step */
    int64_t kernel_room;       /* what computing them may take for itself */

    struct predictor_state predictor[PREDICTORS];
    double *prediction; /* of one predictor at one step [test, k] */

    double eta;
    struct progress progress;
    int is_saved_at_end; /* a checkpoint of the end is written */
};

/* Sizes and choices; no memory of the arena yet. */
void point_create(const struct config *config, const struct dataset *data, struct point *point);
void point_free(struct point *point);
/* Takes everything but what phases take and give back; a counting arena then also counts those. */
void point_lay_out(struct arena *arena, struct point *point);
/* N k */
int64_t point_kernel_rows(const struct point *point);
/* The points as the empirical kernel takes them: sizes alone where it is not laid out. */
struct ntk_points point_kernel_points(const struct point *point);
/* Is it trained, and has it not diverged? */
static inline int point_has(const struct point *point, enum model_id model) {
    return point->kind[model] && point->progress.diverged[model] < 0;
}
static inline struct trainer *point_trainer(const struct point *point) {
    return (struct trainer *)point->model[MODEL_NETWORK];
}
/* The space of the linearization; LINEARIZATION_AUTO: there is none. */
enum linearization point_linearization(const struct point *point);
/* Is the point repeated in double at its end, and how? */
int point_is_rounded(const struct point *point);
struct rounding point_rounding(const struct point *point);
/* What a checkpoint holds: of a point in training, of one at its end; both where it is not known yet which of them will be read. */
struct state point_state(struct point *point, int in_training, int at_end);
double point_flops(const struct point *point);

/* What is measured, into the record. */
void measure_declare(struct point *point);
/* Recorded step number `index`; models that have diverged leave NaN. */
void measure_step(struct point *point, int64_t index);
/* Trace of Theta_0, its distance from infinite width, its extreme eigenvalues; kernels that are kept. lambda[N k] ascending. */
void measure_kernel(struct point *point, const double *lambda);
/* Changes of the kernels at kernel step number `index`. */
void measure_change(struct point *point, int64_t index);
void measure_end(struct point *point);
/* Bytes of the record's arrays. */
double measure_bytes(const struct point *point);

/* Predictions (measure.predictions; the infinite closed form also without). Which there are: from config and reference alone. */
void predict_choose(struct point *point);
void predict_lay_out(struct arena *arena, struct point *point);
/* Both begin at the outputs of step 0 that the network holds; scratch from the arena (a counting one: sizes only). The first takes Theta_0 in
 * double [N k, N k], which is used up, and leaves its eigenvalues, ascending, in lambda [N k]. ERROR_MEMORY, ERROR_INTERRUPTED. */
status predict_empirical(struct point *point, struct arena *arena, double *theta, double *lambda);
status predict_infinite(struct point *point, struct arena *arena);
/* In the place of the first, where Theta_0 is not finite: no prediction, lambda NaN. */
void predict_nothing(struct point *point, double *lambda);
/* RMSE of the network against each at recorded step number `index`. */
void predict_step(struct point *point, int64_t index);
/* Bytes that eigenproblems and integrations take outside of the arena. */
double predict_outside(const struct point *point);

#endif
