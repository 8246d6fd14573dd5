/* What the sweep lends to a running task, and asks of it. Not collective. */
#ifndef HOOKS_H
#define HOOKS_H

#include "host.h"
#include "record.h"
#include "state.h"
#include "status.h"

/* What a running task is told. */
enum task_order { TASK_GO_ON, TASK_SAVE, TASK_STOP };

/* What the sweep lends to a running task. Each may be NULL. */
struct task_hooks {
    /* Asked between steps of training, and between pieces of long computations. TASK_SAVE: a point in training hands
     * its state to `save` and goes on. TASK_STOP: a point hands over its state if it has one, and the task returns
     * ERROR_INTERRUPTED. */
    enum task_order (*order)(void *context);
    /* A point's unfinished record and its state, both the task's. What fails here ends the task. */
    status (*save)(void *context, const struct record *record, const struct state *state);
    /* Asked once, at the beginning: fills the arrays of `state` from what `save` was given for this point, and *record
     * (owned by the task), which stays NULL where there is nothing, or nothing that fits. Arrays that were not saved
     * stay as they are. */
    status (*load)(void *context, struct record **record, const struct state *state);
    void *context;
};

/* The host of long computations: it stops them where the task is told to stop. Lives as long as the hooks. */
struct host task_host(const struct task_hooks *hooks);

#endif
