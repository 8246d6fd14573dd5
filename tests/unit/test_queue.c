/* The queue: order, dependencies, failures, and the makespan that it predicts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "makespan.h"
#include "random.h"

static void assert_seconds(double value, double expected, double tolerance) {
    if (fabs(value - expected) > tolerance) fail_msg("%.17g is not %.17g within %g", value, expected, tolerance);
}

/* Points 0..4 need references 5 (slow) and 6; the costs are unequal and two are equal. */
static const struct queue_task tasks[] = {{2.385, 5}, {7.1, 6}, {2.385, 6}, {0.63, 5}, {19.7, 5}, {0.4, -1}, {0.2, -1}};
enum { TASKS = sizeof tasks / sizeof *tasks };

static void test_order(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    assert_int_equal(queue_next(&queue), 5); /* references first, the dearer one before */
    assert_int_equal(queue_next(&queue), 6);
    assert_int_equal(queue_next(&queue), QUEUE_NOTHING); /* points wait */
    queue_finish(&queue, 6, QUEUE_DONE);
    assert_int_equal(queue_next(&queue), 1); /* the largest of those that are ready, not of all */
    queue_finish(&queue, 5, QUEUE_DONE);
    static const int64_t expected[] = {4, 0, 2, 3}; /* equal costs by number */
    for (int i = 0; i < 4; i++) assert_int_equal(queue_next(&queue), expected[i]);
    assert_int_equal(queue_next(&queue), QUEUE_NOTHING);
    assert_int_equal(queue.waiting, 0);
    assert_int_equal(queue.running, 5);
    queue_free(&queue);
}

static void test_references_go_before_points_that_are_ready(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    assert_int_equal(queue_next(&queue), 5);
    queue_finish(&queue, 5, QUEUE_DONE);
    assert_int_equal(queue_next(&queue), 6);
    queue_free(&queue);
}

static void test_tasks_of_other_runs(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    assert_int_equal(queue_next(&queue), 5);
    queue_leave(&queue, 5); /* another run makes it */
    assert_int_equal(queue_next(&queue), 6);
    assert_int_equal(queue.elsewhere, 1);
    assert_int_equal(queue_next(&queue), QUEUE_NOTHING); /* nor do its points come */
    queue_finish(&queue, 6, QUEUE_DONE);
    assert_int_equal(queue_next(&queue), 1);
    queue_finish(&queue, 5, QUEUE_DONE); /* the other run has made it */
    assert_int_equal(queue_next(&queue), 4);
    queue_leave(&queue, 4);
    queue_return(&queue, 4); /* the other run gave it up */
    assert_int_equal(queue_next(&queue), 4);
    assert_int_equal(queue.elsewhere, 0);
    queue_free(&queue);
}

static void test_given_up_elsewhere_without_its_reference(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    assert_int_equal(queue_next(&queue), 5);
    assert_int_equal(queue_next(&queue), 6);
    queue_finish(&queue, 6, QUEUE_DONE);
    assert_int_equal(queue_next(&queue), 1);
    queue_leave(&queue, 1);
    queue.state[6] = QUEUE_RUNNING; /* as if it had to be made again */
    queue_finish(&queue, 6, QUEUE_FAILED);
    queue_return(&queue, 1);
    assert_int_equal(queue.state[1], QUEUE_BLOCKED);
    queue_free(&queue);
}

/* The ready task that goes before all others, by looking at each. */
static int64_t find_next(const struct queue *queue, const unsigned char *leads) {
    int64_t best = QUEUE_NOTHING;
    for (int64_t i = 0; i < queue->count; i++) {
        int64_t needs = queue->task[i].needs;
        if (queue->state[i] != QUEUE_WAITING || (needs >= 0 && queue->state[needs] != QUEUE_DONE)) continue;
        if (best == QUEUE_NOTHING || leads[i] > leads[best] ||
            (leads[i] == leads[best] && queue->task[i].seconds > queue->task[best].seconds))
            best = i;
    }
    return best;
}

/* 300 points on 17 references, many of equal cost, in the course of a run in which tasks come back, are left, found and done. */
static void test_order_of_many(void **state) {
    (void)state;
    enum { POINTS = 300, COUNT = POINTS + 17 };
    struct queue_task many[COUNT];
    unsigned char leads[COUNT] = {0};
    double normal[COUNT];
    random_normal(7, RANDOM_TEST, 1, 0, COUNT, normal);
    for (int i = 0; i < COUNT; i++) {
        many[i] = (struct queue_task){floor(9 * exp(normal[i])), i < POINTS && i % 5 ? POINTS + i % 17 : QUEUE_NOTHING};
        if (many[i].needs != QUEUE_NOTHING) leads[many[i].needs] = 1;
    }
    struct queue queue;
    queue_create(COUNT, many, &queue);
    for (int64_t turn = 0; queue.waiting + queue.running > 0; turn++) {
        int64_t expected = find_next(&queue, leads), task = queue_next(&queue);
        assert_int_equal(task, expected);
        int64_t other = turn * 101 % COUNT;
        if (queue.state[other] == QUEUE_RUNNING) queue_finish(&queue, other, QUEUE_DONE);
        if (turn % 29 == 3 && queue.state[other] == QUEUE_WAITING) queue_finish(&queue, other, QUEUE_DONE);
        if (turn % 7 == 2 && task != QUEUE_NOTHING && queue.state[task] == QUEUE_RUNNING) queue_return(&queue, task);
    }
    for (int i = 0; i < COUNT; i++) assert_int_equal(queue.state[i], QUEUE_DONE);
    queue_free(&queue);
}

static void test_failed_reference_blocks(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    queue_finish(&queue, 3, QUEUE_DONE); /* found on disk */
    assert_int_equal(queue_next(&queue), 5);
    queue_finish(&queue, 5, QUEUE_FAILED);
    static const enum queue_state expected[TASKS] = {QUEUE_BLOCKED, QUEUE_WAITING, QUEUE_WAITING, QUEUE_DONE,
                                                     QUEUE_BLOCKED, QUEUE_FAILED,  QUEUE_WAITING};
    for (int i = 0; i < TASKS; i++) assert_int_equal(queue.state[i], expected[i]);
    assert_int_equal(queue.waiting, 3);
    assert_int_equal(queue_next(&queue), 6);
    queue_free(&queue);
}

static void test_returned_task_comes_again(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    assert_int_equal(queue_next(&queue), 5);
    assert_int_equal(queue_next(&queue), 6);
    queue_return(&queue, 5);
    assert_int_equal(queue.running, 1);
    assert_int_equal(queue_next(&queue), 5);
    queue_free(&queue);
}

/* On one rank: the sum. On many: the longest chain. Between: no less than either, and within the last task of the bound. */
static void test_makespan(void **state) {
    (void)state;
    enum { COUNT = 57 };
    struct queue_task many[COUNT];
    double normal[COUNT], sum = 0, longest = 0;
    random_normal(3, RANDOM_TEST, 1, 0, COUNT, normal);
    for (int i = 0; i < COUNT; i++) {
        many[i] = (struct queue_task){exp(normal[i]), i < COUNT - 2 ? COUNT - 1 - i % 2 : QUEUE_NOTHING};
        sum += many[i].seconds;
    }
    for (int i = 0; i < COUNT - 2; i++) longest = fmax(longest, many[i].seconds + many[many[i].needs].seconds);
    struct queue queue;
    queue_create(COUNT, many, &queue);
    assert_seconds(makespan_seconds(&queue, 1, NULL, 1, NULL), sum, 1e-12 * sum);
    assert_seconds(makespan_seconds(&queue, 1, NULL, 1.7, NULL), 1.7 * sum, 1e-12 * sum);
    assert_seconds(makespan_seconds(&queue, 200, NULL, 1, NULL), longest, 1e-12 * sum);
    for (int ranks = 2; ranks < 20; ranks++) {
        double busy[20], total = 0, wall = makespan_seconds(&queue, ranks, NULL, 1, busy);
        for (int rank = 0; rank < ranks; rank++) total += busy[rank];
        assert_seconds(total, sum, 1e-12 * sum);
        assert_true(wall >= fmax(sum / ranks, longest) * (1 - 1e-12));
        assert_true(wall <= sum / ranks + 2 * longest);
    }
    assert_int_equal(queue.waiting, COUNT); /* the queue itself is as it was */
    queue_free(&queue);
}

static void test_makespan_of_running(void **state) {
    (void)state;
    struct queue queue;
    queue_create(TASKS, tasks, &queue);
    queue_finish(&queue, 6, QUEUE_DONE);
    queue_finish(&queue, 5, QUEUE_DONE);
    assert_int_equal(queue_next(&queue), 4);
    const struct makespan_rank rank[] = {{4, 9.7},
                                         {QUEUE_NOTHING, 0}}; /* 10 s left; beside it 7.1, 2.385, 2.385, then 0.63 */
    assert_seconds(makespan_seconds(&queue, 2, rank, 1, NULL), 7.1 + 2.385 + 2.385, 1e-12);
    const struct makespan_rank late[] = {{4, 100}, {QUEUE_NOTHING, 0}}; /* 80.3 s late: as long again */
    assert_seconds(makespan_seconds(&queue, 2, late, 1, NULL), 80.3, 1e-12);
    queue_free(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_references_go_before_points_that_are_ready),
        cmocka_unit_test(test_tasks_of_other_runs),
        cmocka_unit_test(test_given_up_elsewhere_without_its_reference),
        cmocka_unit_test(test_order_of_many),
        cmocka_unit_test(test_failed_reference_blocks),
        cmocka_unit_test(test_makespan),
        cmocka_unit_test(test_returned_task_comes_again),
        cmocka_unit_test(test_makespan_of_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
