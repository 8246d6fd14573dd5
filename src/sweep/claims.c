#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "claim.h"
#include "clock.h"
#include "failure.h"
#include "store.h"

/* What has been seen of a task in others' hands. */
struct watch {
    struct claim_sight sight;
    double since; /* on the clock: seen so, and no other way */
    bool has_changed;
};

struct claims {
    const char *dir;
    const struct work *work;
    double patience;
    struct watch **watch; /* [work->count], NULL: nobody else has been seen at it */
};

struct claims *claims_create(const char *dir, const struct work *work, double patience) {
    struct claims *claims = allocate_zeroed(1, sizeof *claims);
    *claims = (struct claims){.dir = dir, .work = work, .patience = patience};
    claims->watch = allocate_zeroed(work->count, sizeof *claims->watch);
    claim_forget(dir);
    return claims;
}

static void forget(struct claims *claims, int64_t task) {
    free(claims->watch[task]);
    claims->watch[task] = NULL;
}

void claims_free(struct claims *claims) {
    claim_forget(claims->dir);
    for (int64_t task = 0; task < claims->work->count; task++) free(claims->watch[task]);
    free(claims->watch);
    free(claims);
}

static const char *key_of(const struct claims *claims, int64_t task) { return claims->work->task[task].key; }

static bool is_recorded(const struct claims *claims, int64_t task) {
    return store_exists(claims->dir, work_kind(claims->work, task), key_of(claims, task));
}

static void watch_sight(struct claims *claims, int64_t task, const struct claim_sight *sight) {
    struct watch *watch = claims->watch[task];
    if (watch && claim_is_same(&watch->sight, sight)) return;
    bool has_changed = watch != NULL;
    if (!watch) watch = claims->watch[task] = allocate_zeroed(1, sizeof *watch);
    *watch = (struct watch){*sight, clock_seconds(), has_changed};
}

static bool is_dead(const struct claims *claims, int64_t task) {
    const struct watch *watch = claims->watch[task];
    return owner_is_gone(watch->sight.owner) || clock_seconds() - watch->since > claims->patience;
}

/* A record may stand beside a claim that is about to be released, or whose owner was killed in between. */
enum claims_answer claims_look(struct claims *claims, int64_t task) {
    struct claim_sight sight;
    bool is_claimed = claim_look(claims->dir, key_of(claims, task), &sight);
    if (is_claimed)
        watch_sight(claims, task, &sight);
    else
        forget(claims, task);
    if (is_recorded(claims, task)) return CLAIMS_RECORDED;
    return is_claimed && !is_dead(claims, task) ? CLAIMS_ELSEWHERE : CLAIMS_FREE;
}

/* From nobody, or from the dead owner who was seen at it. */
static status claim(struct claims *claims, int64_t task, bool *is_ours) {
    const char *key = key_of(claims, task);
    const struct watch *dead = claims->watch[task];
    return dead ? claim_take_over(claims->dir, key, &dead->sight, is_ours) : claim_take(claims->dir, key, is_ours);
}

/* Mostly nobody else is there: so it is claimed first, and looked at where that fails. */
enum claims_answer claims_take(struct claims *claims, int64_t task) {
    bool is_ours = false;
    if (!claims->watch[task] && claim(claims, task, &is_ours) != OK) return CLAIMS_DISK;
    if (!is_ours) {
        enum claims_answer answer = claims_look(claims, task);
        if (answer != CLAIMS_FREE) return answer;
        if (claim(claims, task, &is_ours) != OK) return CLAIMS_DISK;
        if (!is_ours) return CLAIMS_ELSEWHERE;
    }
    forget(claims, task);
    bool is_done = is_recorded(claims, task);
    if (!is_done && !failure_is_new(claims->dir, key_of(claims, task))) return CLAIMS_OURS;
    claims_release(claims, task);
    return is_done ? CLAIMS_RECORDED : CLAIMS_FAILED;
}

bool claims_renew(const struct claims *claims, int64_t task) { return claim_renew(claims->dir, key_of(claims, task)); }

void claims_release(const struct claims *claims, int64_t task) { claim_release(claims->dir, key_of(claims, task)); }

bool claims_is_alive(const struct claims *claims, int64_t task, double since) {
    const struct watch *watch = claims->watch[task];
    return watch && ((watch->has_changed && watch->since > since) || owner_is_seen(watch->sight.owner));
}

void claims_words(const struct claims *claims, int64_t task, size_t size, char *out) {
    const struct watch *watch = claims->watch[task];
    owner_words(watch ? watch->sight.owner : "", size, out);
}
