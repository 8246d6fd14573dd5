#include "hooks.h"

static bool is_told_to_stop(void *context) {
    const struct task_hooks *hooks = context;
    return hooks->order && hooks->order(hooks->context) == TASK_STOP;
}

struct host task_host(const struct task_hooks *hooks) {
    return (struct host){is_told_to_stop, (void *)hooks};
}
