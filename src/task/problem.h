/* What a point and its repetition in double both begin with: the network, and the points in one precision.
 * Not collective. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "data.h"
#include "trainer.h"

#define problem_create  REAL_NAME(problem_create)
#define problem_free    REAL_NAME(problem_free)
#define problem_lay_out REAL_NAME(problem_lay_out)
#define problem_fill    REAL_NAME(problem_fill)

struct problem {
    struct network *network; /* owned */
    struct points points;
    real *x, *y, *gram; /* the points' arrays, to be filled */
};

/* The network of the config; rates are matched where the standard parameterization meets critical_fraction. */
struct problem problem_create(const struct config *config, int64_t inputs, int64_t outputs);
void problem_free(struct problem *problem);
void problem_lay_out(struct arena *arena, struct problem *problem);
/* x, y in this precision, and the gram matrix of inner products. */
void problem_fill(const struct dataset *data, struct problem *problem);

#endif
