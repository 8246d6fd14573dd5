#include "wide.h"

#include <stdlib.h>

#include "panic.h"
#include "problem.h"

struct planned {
    struct wide head;
    struct problem problem;
    struct infinite_plan *plan;
};

static struct infinite_plan *plan_of(const struct wide *wide) { return ((const struct planned *)wide)->plan; }

static status create(const struct config *config, const struct data_shape *shape, struct wide **wide) {
    struct planned *planned = calloc(1, sizeof *planned);
    CHECK(planned);
    *wide = &planned->head;
    TRY(problem_create(config, shape, &planned->problem));
    planned->head.trains_readout_alone = planned->problem.network->first_trained > 0;
    return infinite_plan_create(planned->problem.network, &planned->plan);
}

static void free_wide(struct wide *wide) {
    struct planned *planned = (struct planned *)wide;
    infinite_plan_free(planned->plan);
    problem_free(&planned->problem);
    free(planned);
}

static bool kernels(const struct wide *wide, const struct infinite_points *points, struct arena *arena,
                    const struct host *host) {
    return infinite_kernels(plan_of(wide), points, arena, host);
}

static double work(const struct wide *wide, int64_t points, int64_t columns) {
    return infinite_work(plan_of(wide), points, columns);
}

static size_t bytes(const struct wide *wide) { return infinite_bytes(plan_of(wide)); }

const struct wide_kind REAL_NAME(wide) = {create, free_wide, kernels, work, bytes};
