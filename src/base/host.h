/* Who asked for a long computation, and may end it. Passed as `const struct host *host`; NULL: nobody asks. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>

struct host {
    bool (*stop)(void *context); /* asked between pieces of the work; true ends it. NULL: never */
    void *context;
};

static inline bool host_stops(const struct host *host) {
    return host != NULL && host->stop != NULL && host->stop(host->context);
}

#endif
