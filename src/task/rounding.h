/* A single-precision point seen in double: how far rounding moves the network's outputs at its last weights, and its
 * whole linearization. What rounding adds up to in the network's own steps is not in it. Double only. Not
 * collective. */
#ifndef ROUNDING_H
#define ROUNDING_H

#include <stdbool.h>
#include "arena.h"
#include "config.h"
#include "data.h"
#include "hooks.h"

struct rounding {
    const float *theta0, *theta;         /* at the first and the last step */
    const float *f_test, *f_test_linear; /* [test, k], at the last step */
    double eta;
    int64_t steps;              /* taken */
    bool repeats_linear;        /* 0: only the network's outputs are compared */
    const struct dataset *data; /* not looked at by a counting arena */
    struct task_hooks hooks;    /* asked after every step of the repetition */
    double rmse, rmse_linear;   /* the answers; NaN where not computed */
};

/* rmse: outputs at `theta` computed in double against f_test. rmse_linear: the function-space linearization repeated in
 * double, from theta_0, against f_test_linear. Scratch from the arena, given back; a counting arena gets the sizes
 * only. ERROR_INTERRUPTED. */
status rounding_measure(const struct config *config, const struct data_shape *shape, struct arena *arena,
                        struct rounding *rounding);
/* Multiply-adds times 2. */
double rounding_flops(const struct config *config, const struct data_shape *shape, bool repeats_linear);

#endif
