/* One point while it runs. Private to task; task.h is the front. Not collective. */
#ifndef POINT_H
#define POINT_H

#include "empirical.h"
#include "problem.h"
#include "schedule.h"
#include "task.h"
#include "trainer.h"
#include "twin.h"
#include "variants.h"

#define point_create     REAL_NAME(point_create)
#define point_free       REAL_NAME(point_free)
#define point_lay_out    REAL_NAME(point_lay_out)
#define point_cost       REAL_NAME(point_cost)
#define point_run        REAL_NAME(point_run)
#define measure_declare  REAL_NAME(measure_declare)
#define measure_step     REAL_NAME(measure_step)
#define measure_kernel   REAL_NAME(measure_kernel)
#define measure_change   REAL_NAME(measure_change)
#define measure_infinite REAL_NAME(measure_infinite)
#define measure_end      REAL_NAME(measure_end)
#define measure_bytes    REAL_NAME(measure_bytes)

struct point {
    const struct config *config;
    const struct dataset *data;     /* its shape alone where the point does not run */
    const struct record *reference; /* NULL: none */
    struct task_hooks hooks;
    struct record *record;
    struct schedule schedule;

    struct problem problem;
    struct trainer trainer;
    struct twin twin;
    real *theta, *theta0;
    int in_parameters, with_kernel;
    size_t kept_mark; /* of the arena: below it what outlives the training: theta, theta0, last outputs */
    real *f_test_last, *f_test_linear_last;
    struct ntk_kernels kernel; /* at theta_0 */
    struct ntk_kernels moved;  /* at a later step */
    int64_t kernel_room;       /* what computing them may take for itself */
    double *spectrum;          /* eigenvalues of Theta_0 [N k] and its copy [N k, N k]: one scratch */

    double *prediction; /* with Theta_inf, at the last step [test, k]; behind it 2 [train, k] of scratch */

    double eta;
    double first_loss, first_loss_linear;
    int64_t diverged, diverged_linear; /* the step, or -1 */
    double seconds_setup, seconds_kernel, seconds_training, seconds_recording;
};

/* Sizes and choices; no memory of the arena yet. */
struct point point_create(const struct config *config, const struct dataset *data);
void point_free(struct point *point);
/* Takes everything but what phases take and give back; a counting arena then also counts those. */
void point_lay_out(struct arena *arena, struct point *point);

/* What is measured, into the record. */
void measure_declare(struct point *point);
/* Recorded step number `index`; models that have diverged leave NaN. */
void measure_step(struct point *point, int64_t index);
/* Trace and extreme eigenvalues of Theta_0, its distance from infinite width. */
status measure_kernel(struct point *point);
/* Changes of the kernels at kernel step number `index`. */
void measure_change(struct point *point, int64_t index);
/* The last step against discrete steps with Theta_inf from this network's f_0 [test, k] and [train, k]. */
void measure_infinite(struct point *point, const real *f0_train, const real *f0_test);
void measure_end(struct point *point);
/* Bytes of the record's arrays. */
double measure_bytes(const struct point *point);

#endif
