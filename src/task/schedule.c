#include "schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "panic.h"

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t sort_unique(int64_t n, int64_t *steps) {
    if (n == 0) return 0;
    qsort(steps, (size_t)n, sizeof *steps, compare);
    int64_t kept = 1;
    for (int64_t i = 1; i < n; i++)
        if (steps[i] != steps[kept - 1]) steps[kept++] = steps[i];
    return kept;
}

static int64_t spaced_step(const struct config *config, int64_t i) {
    double last = (double)config->training.steps, count = (double)config->measure.recorded_steps;
    if (config->measure.spacing == SPACING_LINEAR) return (int64_t)llround(last * (double)i / (count - 1));
    if (i == 0 || last == 0) return 0;
    return count <= 2 ? (int64_t)last : (int64_t)llround(exp(log(last) * (double)(i - 1) / (count - 2)));
}

static int64_t *allocate(int64_t n) {
    int64_t *steps = malloc(sizeof *steps * (size_t)(n > 0 ? n : 1));
    CHECK(steps);
    return steps;
}

struct schedule schedule_create(const struct config *config) {
    const struct count_list *list = &config->measure.kernel_steps_list;
    int kind = config->measure.kernel_steps;
    int64_t spaced = config->measure.recorded_steps, listed = kind == KERNEL_STEPS_LIST ? list->count : 0;
    struct schedule schedule = {.step = allocate(spaced + listed + 1)};
    for (int64_t i = 0; i < spaced; i++) schedule.step[i] = spaced_step(config, i);
    for (int64_t i = 0; i < listed; i++) schedule.step[spaced + i] = list->item[i];
    schedule.step[spaced + listed] = config->training.steps;
    schedule.count = sort_unique(spaced + listed + 1, schedule.step);
    schedule.kernel_step = allocate(schedule.count);
    if (kind == KERNEL_STEPS_LAST && config->training.steps > 0)
        schedule.kernel_step[schedule.kernel_count++] = config->training.steps;
    for (int64_t i = 0; i < listed; i++) schedule.kernel_step[i] = list->item[i];
    if (kind == KERNEL_STEPS_LIST) schedule.kernel_count = sort_unique(listed, schedule.kernel_step);
    if (kind == KERNEL_STEPS_ALL) {
        memcpy(schedule.kernel_step, schedule.step, sizeof *schedule.step * (size_t)schedule.count);
        schedule.kernel_count = schedule.count;
    }
    return schedule;
}

void schedule_free(struct schedule *schedule) {
    free(schedule->step);
    free(schedule->kernel_step);
    *schedule = (struct schedule){0};
}

int64_t schedule_index(int64_t n, const int64_t *steps, int64_t step) {
    for (int64_t i = 0; i < n; i++)
        if (steps[i] == step) return i;
    return -1;
}
