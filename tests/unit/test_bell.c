#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "bell.h"

enum { ROUNDS = 1000, LONG = 3600, PATIENCE = 60 };

/* A ring before the nap ends it, once; without one the time does. */
static void test_before(void **state) {
    (void)state;
    bell_ring(BELL_REPORT);
    bell_ring(BELL_REPORT);
    bell_nap(BELL_REPORT, LONG);
    bell_nap(BELL_REPORT, 1e-3);
    bell_nap(BELL_ORDER, 1.001);
}

static void *answer(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        bell_nap(BELL_REPORT, LONG);
        bell_ring(BELL_ORDER);
    }
    return unused;
}

static void test_both_ways(void **state) {
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        bell_ring(BELL_REPORT);
        bell_nap(BELL_ORDER, LONG);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void) {
    alarm(PATIENCE);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_before), cmocka_unit_test(test_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
