/* The tasks of a run among those of other runs on the same DIR: which it holds, and what it has seen of those that
 * others hold. Files only, no HDF5: for the server's thread. Not collective. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include "work.h"

struct claims;

enum claims_answer {
    CLAIMS_OURS,      /* claimed for this run: claims_renew and claims_release are due */
    CLAIMS_FREE,      /* nobody holds it, or only somebody who is dead */
    CLAIMS_RECORDED,  /* another run has recorded it */
    CLAIMS_FAILED,    /* another run has tried it since this one began, and failed */
    CLAIMS_ELSEWHERE, /* another run holds it */
    CLAIMS_DISK       /* no claim can be written: status_message() */
};

/* Borrows both. A claim that has not changed for `patience` seconds of this process's clock is taken over, one whose
 * owner is known to be gone at once. */
struct claims *claims_create(const char *dir, const struct work *work, double patience);
void claims_free(struct claims *claims);
/* How a task stands: FREE, RECORDED or ELSEWHERE. To be asked now and then for those that are ELSEWHERE: patience
 * counts from the first time. */
enum claims_answer claims_look(struct claims *claims, int64_t task);
/* The same, and where it is FREE claims it: OURS, RECORDED, FAILED, ELSEWHERE or DISK. */
enum claims_answer claims_take(struct claims *claims, int64_t task);
/* To be called every 30 s for each task that is OURS. False: the claim is gone, or another run's. */
bool claims_renew(const struct claims *claims, int64_t task);
void claims_release(const struct claims *claims, int64_t task);
/* Of a task that was ELSEWHERE when it was last looked at: has its owner shown that it lives, by renewing after
 * `since` (on the clock) or by being seen? */
bool claims_is_alive(const struct claims *claims, int64_t task, double since);
/* Who holds it, for messages. */
void claims_words(const struct claims *claims, int64_t task, size_t size, char *out);

#endif
