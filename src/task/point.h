/* One point while it runs. Private to task; task.h is the front. Not collective. */
#ifndef POINT_H
#define POINT_H

#include <stdbool.h>
#include "batches.h"
#include "kernels.h"
#include "linear.h"
#include "measure.h"
#include "predict.h"
#include "problem.h"
#include "schedule.h"
#include "stability.h"
#include "task.h"
#include "trainer.h"
#include "variants.h"

#define point_create        REAL_NAME(point_create)
#define point_free          REAL_NAME(point_free)
#define point_lay_out       REAL_NAME(point_lay_out)
#define point_linearization REAL_NAME(point_linearization)
#define point_values        REAL_NAME(point_values)
#define point_state         REAL_NAME(point_state)
#define point_hooks_at_end  REAL_NAME(point_hooks_at_end)
#define point_add_cost      REAL_NAME(point_add_cost)
#define point_plan          REAL_NAME(point_plan)
#define point_run           REAL_NAME(point_run)

/* What the future of a point depends on beside the arrays of its models. Doubles, so that it is an array of the
 * state. */
struct progress {
    double step;             /* the next one to be measured */
    double is_trained;       /* all that follows the last step is left */
    double diverged[MODELS]; /* the step, or -1 */
    double first_loss[MODELS];
    double seconds_setup, seconds_kernel, seconds_training, seconds_recording;
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

/* Sizes and choices; no memory of the arena yet. Ended by point_free, also where it fails: ERROR_INPUT, a network that
 * cannot be. */
status point_create(const struct config *config, const struct data_shape *shape, struct point *point);
void point_free(struct point *point);
/* Takes everything but what phases take and give back; a counting arena then also counts those. */
void point_lay_out(struct arena *arena, struct point *point);
/* Is it trained, and has it not diverged? */
static inline bool point_has(const struct point *point, enum model_id model) {
    return point->kind[model] && point->progress.diverged[model] < 0;
}
static inline int64_t point_step(const struct point *point) { return (int64_t)point->progress.step; }
static inline struct trainer *point_trainer(const struct point *point) {
    return (struct trainer *)point->model[MODEL_NETWORK];
}
/* The space of the linearization; LINEARIZATION_AUTO: there is none. */
enum linearization point_linearization(const struct point *point);
/* Numbers of an example's values, from the first that a model computes on. */
double point_values(const struct point *point);
/* What a checkpoint holds: of a point in training, of one at its end; both where it is not known yet which of them will
 * be read. */
struct state point_state(struct point *point, int in_training, int at_end);
/* For what follows the training: orders to save write one checkpoint, for nothing changes any more. */
struct task_hooks point_hooks_at_end(struct point *point);
/* All but the arena's bytes, which are known once it is laid out. */
void point_add_cost(struct point *point, struct task_cost *cost);

#endif
