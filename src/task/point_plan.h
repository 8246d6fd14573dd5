/* A point before it runs: its choices, its memory, what it costs. Private to task. Not collective. */
#ifndef POINT_PLAN_H
#define POINT_PLAN_H

#include "cost.h"
#include "point.h"

#define point_create   REAL_NAME(point_create)
#define point_free     REAL_NAME(point_free)
#define point_lay_out  REAL_NAME(point_lay_out)
#define point_add_cost REAL_NAME(point_add_cost)

/* Sizes and choices; no memory of the arena yet. Ended by point_free, also where it fails: ERROR_INPUT, a network that
 * cannot be. */
status point_create(const struct config *config, const struct data_shape *shape, struct point *point);
void point_free(struct point *point);
/* Takes everything but what phases take and give back; a counting arena then also counts those. */
void point_lay_out(struct arena *arena, struct point *point);
/* All but the arena's bytes, which are known once it is laid out. */
void point_add_cost(struct point *point, struct task_cost *cost);

#endif
