/* All elements of what is measured (measure.h), in the order of their list. Private to task. Not collective. */
#ifndef ELEMENTS_H
#define ELEMENTS_H

#include "measure.h"

#define elements_lay_out REAL_NAME(elements_lay_out)
#define elements_count   REAL_NAME(elements_count)
#define elements_declare REAL_NAME(elements_declare)
#define elements_start   REAL_NAME(elements_start)
#define elements_step    REAL_NAME(elements_step)
#define elements_end     REAL_NAME(elements_end)
#define elements_after   REAL_NAME(elements_after)
#define elements_cost    REAL_NAME(elements_cost)

void elements_lay_out(struct arena *arena, struct point *point);
void elements_count(struct arena *arena, struct point *point);
void elements_declare(struct point *point);
status elements_start(struct point *point, struct arena *arena);
void elements_step(struct point *point, int64_t index);
void elements_end(struct point *point);
status elements_after(struct point *point, struct arena *arena);
void elements_cost(struct point *point, struct task_cost *cost);

#endif
