/* What a study asks for: its points and the references they need, with keys and predicted costs. Not collective.
 *
 * Tasks 0 .. points-1 are the points, in the order of the grid; then come the references. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>
#include "data_cache.h"
#include "queue.h"
#include "record_name.h"
#include "store.h"
#include "study.h"
#include "task.h"

/* Sent to other ranks as it is. */
struct work_task {
    char key[KEY_BYTES];
    int64_t cell;         /* of the grid; for a reference that of the first point that needs it */
    int linearization;    /* of a point: as task_plan says */
    bool needs_reference; /* the same */
};

/* Of a point's data: sizes, and the digest that stands for them in names. */
struct work_shape {
    struct data_shape data;
    unsigned char digest[16];
};

struct work {
    int64_t points, count;    /* count: with references */
    struct work_task *task;   /* [count] */
    struct queue_task *queue; /* [count], seconds at a nominal rate, so that the order is the same on every machine */
    struct task_cost *cost;   /* [count] */
    struct work_shape *shape; /* [points] */
};

/* Loads every dataset of the study once and resolves the keys; all that can be wrong with data, and points that cannot
 * be computed at all (task_plan), are found here. */
status work_resolve(const struct study *study, struct work *work);
/* The same without keeping examples, or drawing any: keys stand for nothing but equality. */
status work_estimate(const struct study *study, struct work *work);
void work_free(struct work *work);

static inline bool work_is_reference(const struct work *work, int64_t task) { return task >= work->points; }
static inline enum store_kind work_kind(const struct work *work, int64_t task) {
    return work_is_reference(work, task) ? STORE_REFERENCE : STORE_POINT;
}
enum { LABEL_BYTES = 256 };
/* "width=64 train_size=32 seed=0", or "reference of ...", for messages. */
void work_label(const struct work *work, const struct study *study, int64_t task, char label[LABEL_BYTES]);

#endif
