/* The reference task. Private to task; task.h is the front. Double only. Not collective. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "cost.h"
#include "data.h"
#include "hooks.h"

/* As task_plan_reference. */
status reference_plan(const struct config *config, const struct data_shape *shape, struct task_cost *cost);
status reference_run(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                     struct record *record);

/* Has every pair of examples a kernel of infinite width? Of an equilibrium not, where its cell does not contract; all
 * arrays but the targets are NaN then. */
bool reference_has_limit(const struct record *reference);

#endif
