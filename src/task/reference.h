/* The reference task. Private to task; task.h is the front. Double only. Not collective. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "task.h"

void reference_cost(const struct config *config, const struct dataset *shape, struct task_cost *cost);
/* A network without a limit of infinite width: ERROR_INPUT. Before the others. */
status reference_check(const struct config *config, const struct dataset *shape);
status reference_run(const struct config *config, const struct dataset *data, struct task_hooks hooks,
                     struct record *record);

#endif
