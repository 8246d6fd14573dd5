/* How the learning rate goes down: at step t = 0, ..., steps - 1 it is share_t eta, eta the largest.
 *
 *   constant  share_t = 1
 *   cosine    share_t = (1 + cos(pi t/steps))/2 (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5 without restarts)
 *
 * Not collective; cannot fail. */
#ifndef RATE_SCHEDULE_H
#define RATE_SCHEDULE_H

#include <math.h>
#include <stdint.h>

enum rate_schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_COSINE };

struct rate_schedule {
    int kind;      /* enum rate_schedule_kind */
    int64_t steps; /* of the whole training */
};

/* share_t; after the last step the rate is of no use, and 0. */
static inline double rate_share(const struct rate_schedule *schedule, int64_t step) {
    const double pi = 3.14159265358979323846;
    if (schedule->kind == SCHEDULE_CONSTANT) return 1;
    return step < schedule->steps ? (1 + cos(pi * (double)step / (double)schedule->steps)) / 2 : 0;
}

#endif
