/* What a running point is told, and its state that it hands over then. Private to task. Not collective. */
#ifndef ORDERS_H
#define ORDERS_H

#include "point.h"

#define orders_obey        REAL_NAME(orders_obey)
#define orders_stop        REAL_NAME(orders_stop)
#define orders_resume      REAL_NAME(orders_resume)
#define point_hooks_at_end REAL_NAME(point_hooks_at_end)

/* Asks, at a step of which nothing is measured yet, and does so: OK, or as orders_stop. */
status orders_obey(struct point *point);
/* Hands over its state; ERROR_INTERRUPTED, or what fails. */
status orders_stop(struct point *point);
/* Takes up what an interrupted point has left, if anything: then the record is its record. */
status orders_resume(struct point *point);
/* For what follows the training: orders to save write one checkpoint, for nothing changes any more. */
struct task_hooks point_hooks_at_end(struct point *point);

#endif
