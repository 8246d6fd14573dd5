/* What is measured at a point: a list of elements, a file each, with their arrays of the record and what they cost.
 * Private to task. Not collective. Adding a metric: a row in spec/metric.c, a function and a row in the element that it
 * belongs to. Adding an element: a file, a line below, a line in elements.c. */
#ifndef MEASURE_H
#define MEASURE_H

#include "cost.h"
#include "metric.h"
#include "point.h"

#define measure_is_of         REAL_NAME(measure_is_of)
#define measure_numbers       REAL_NAME(measure_numbers)
#define measure_add           REAL_NAME(measure_add)
#define measure_row           REAL_NAME(measure_row)
#define measure_model         REAL_NAME(measure_model)
#define measure_circumstances REAL_NAME(measure_circumstances)
#define measure_losses        REAL_NAME(measure_losses)
#define measure_differences   REAL_NAME(measure_differences)
#define measure_outputs       REAL_NAME(measure_outputs)
#define measure_layers        REAL_NAME(measure_layers)
#define measure_kernels       REAL_NAME(measure_kernels)
#define measure_predictions   REAL_NAME(measure_predictions)
#define measure_stability     REAL_NAME(measure_stability)
#define measure_kept          REAL_NAME(measure_kept)
#define measure_rounding      REAL_NAME(measure_rounding)
#define measure_equilibria    REAL_NAME(measure_equilibria)

/* A metric [step, ...] with a row for each recorded step. It is there where the models are trained that it is of (its
 * row in spec/metric.c), and NaN from the step on at which one of them has diverged. */
struct measurement {
    enum metric_id metric;
    /* Its numbers at this step; model: the last of those that it is of. The models have gone forward and not yet stepped:
     * what their passes hold (model.h) is not to be touched, but as trainer.h allows. */
    void (*fill)(const struct point *point, const struct model *model, double *out);
    bool (*is_wanted)(const struct point *point); /* NULL: always */
};

/* Each member but the name may be NULL. */
struct element {
    const char *name;
    const struct measurement *measurements; /* ended by one without `fill` */
    /* Its other arrays, before the first step; the learning rate is known, and Theta_0 where there is one. */
    void (*declare)(struct point *point);
    /* What it holds as long as the training takes. */
    void (*lay_out)(struct arena *arena, struct point *point);
    /* On a counting arena: what it takes and gives back at other times. */
    void (*count)(struct arena *arena, struct point *point);
    /* At step 0, when the network's outputs are there; scratch from the arena. ERROR_MEMORY, ERROR_INTERRUPTED. */
    status (*at_start)(struct point *point, struct arena *arena);
    /* At recorded step number `index`, beside its measurements, and as them. What has to go through the network goes before
     * the forward pass, as kernels_move does (run.c). */
    void (*at_step)(struct point *point, int64_t index);
    /* When the training has ended. */
    void (*at_end)(struct point *point);
    /* After that, in the place of the training's memory; a point that is resumed at its end begins here.
     * ERROR_INTERRUPTED. */
    status (*after)(struct point *point, struct arena *arena);
    /* Adds to flops, elementwise and record_bytes what it takes beside its measurements; outside_bytes: at least so
     * many. */
    void (*cost)(const struct point *point, struct task_cost *cost);
};
extern const struct element measure_circumstances, measure_losses, measure_differences, measure_outputs, measure_layers,
    measure_kernels, measure_predictions, measure_stability, measure_kept, measure_rounding, measure_equilibria;

/* Are all models trained that it is of, and has none of them diverged? */
bool measure_is_of(const struct point *point, enum metric_id metric);
/* Numbers of its array, by the dimensions of its row (DIM_PROBE: as measure.outputs says). */
double measure_numbers(const struct point *point, enum metric_id metric);
/* Adds that array, NaN at first; once. */
double *measure_add(struct point *point, enum metric_id metric);
/* Row `index` of an array [step, ...]; NULL where it is not recorded. */
double *measure_row(const struct point *point, enum metric_id metric, int64_t index);
/* The last of the models that it is of. */
const struct model *measure_model(const struct point *point, enum metric_id metric);

#endif
