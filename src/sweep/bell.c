#include "bell.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include "panic.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rings[BELLS];
static bool has_rung[BELLS];

/* The monotonic clock: the other may be set back while somebody naps. */
static void make_bells(void) {
    pthread_condattr_t kind;
    CHECK(pthread_condattr_init(&kind) == 0 && pthread_condattr_setclock(&kind, CLOCK_MONOTONIC) == 0);
    for (int i = 0; i < BELLS; i++) CHECK(pthread_cond_init(&rings[i], &kind) == 0);
    pthread_condattr_destroy(&kind);
}

static void lock(void) {
    CHECK(pthread_once(&once, make_bells) == 0);
    CHECK(pthread_mutex_lock(&mutex) == 0);
}

void bell_ring(enum bell bell) {
    lock();
    has_rung[bell] = true;
    pthread_cond_signal(&rings[bell]);
    pthread_mutex_unlock(&mutex);
}

static struct timespec time_in(double seconds) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    long nanoseconds = time.tv_nsec + (long)(1e9 * seconds);
    time.tv_sec += nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    return time;
}

void bell_nap(enum bell bell, double seconds) {
    struct timespec end = time_in(seconds);
    lock();
    while (!has_rung[bell] && pthread_cond_timedwait(&rings[bell], &mutex, &end) != ETIMEDOUT) continue;
    has_rung[bell] = false;
    pthread_mutex_unlock(&mutex);
}
