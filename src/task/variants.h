/* What is built once a precision and chosen by task.c: the front of point_plan.c and run.c. Private to task. */
#ifndef VARIANTS_H
#define VARIANTS_H

#include "cost.h"
#include "data.h"
#include "hooks.h"

#define point_plan REAL_NAME(point_plan)
#define point_run  REAL_NAME(point_run)

status point_plan_f32(const struct config *config, const struct data_shape *shape, struct task_plan *plan);
status point_plan_f64(const struct config *config, const struct data_shape *shape, struct task_plan *plan);
/* Fills the record; ERROR_MEMORY, ERROR_INTERRUPTED. */
status point_run_f32(const struct config *config, const struct dataset *data, const struct record *reference,
                     struct task_hooks hooks, struct record *record);
status point_run_f64(const struct config *config, const struct dataset *data, const struct record *reference,
                     struct task_hooks hooks, struct record *record);

#endif
