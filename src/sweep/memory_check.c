#include "memory_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include "grid.h"
#include "text.h"

/* What makes a point large that would not be without. */
static const char *reason(const struct study *study, const struct work *work, int64_t task) {
    const struct config *config = &study->config;
    if (work_is_reference(work, task)) return "";
    if (config->training.learning_rate.form == RATE_EMPIRICAL_FRACTION)
        return ", for the kernel that training.learning_rate: empirical_fraction is a fraction of";
    return config->measure.trajectories && config->network.family == FAMILY_DEQ
               ? ", with room for network.iterations states of measure.trajectories"
               : "";
}

/* need: of a task, in bytes; least (NULL: the same): what the worst of them would get along with. */
static status fit(const struct study *study, const struct work *work, double limit, memory_need *need,
                  memory_need *least, const void *context, const char *what) {
    int64_t misfits = 0, worst = 0;
    double most = 0;
    for (int64_t task = 0; task < work->count; task++) {
        double needs = need(context, task);
        misfits += needs > limit;
        if (needs > most) {
            most = needs;
            worst = task;
        }
    }
    if (misfits == 0) return OK;
    if (least) most = least(context, worst);
    char label[LABEL_BYTES], has[TEXT_OF_BYTES], wants[TEXT_OF_BYTES];
    work_label(work, study, worst, label);
    FAIL(ERROR_INPUT, "%s: %" PRId64 " of %" PRId64 " tasks do not fit %s %s; %s needs at least %s%s", study->file,
         misfits, work->count, what, text_of_bytes(limit, has), label, text_of_bytes(most, wants),
         reason(study, work, worst));
}

status memory_check_within(const struct study *study, const struct work *work, double limit, memory_need *need,
                           const void *context, const char *what) {
    return fit(study, work, limit, need, NULL, context, what);
}

struct own {
    const struct study *study;
    const struct work *work;
};

static double planned_memory(const void *context, int64_t task) {
    const struct own *own = context;
    const struct task_cost *cost = &own->work->cost[task];
    return cost->arena_bytes + (work_is_reference(own->work, task) ? cost->record_bytes : 0);
}

/* Of a point, what suffices for smaller tiles: it takes long to find. */
static double least_memory(const void *context, int64_t task) {
    const struct own *own = context;
    if (work_is_reference(own->work, task)) return planned_memory(context, task);
    struct config config = study_point(own->study, own->work->task[task].cell);
    double least = task_point_memory(&config, &own->work->shape[task].data);
    return fmax(least, nextafter((double)config.run.memory, (double)INFINITY));
}

status memory_check_run(const struct study *study, const struct work *work) {
    const struct own own = {study, work};
    return fit(study, work, (double)study->config.run.memory, planned_memory, least_memory, &own, "run.memory");
}
