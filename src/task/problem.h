/* What a point and its repetition in double both begin with: the network, and the points in one precision.
 * Not collective. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <stdbool.h>
#include "data.h"
#include "points.h"

#define problem_create     REAL_NAME(problem_create)
#define problem_count_fill REAL_NAME(problem_count_fill)
#define problem_free       REAL_NAME(problem_free)
#define problem_lay_out    REAL_NAME(problem_lay_out)
#define problem_fill       REAL_NAME(problem_fill)
#define problem_has_gram   REAL_NAME(problem_has_gram)
#define problem_fill_flops REAL_NAME(problem_fill_flops)

struct problem {
    struct network *network; /* owned */
    struct points points;
    real *x, *y, *gram; /* the points' arrays, to be filled; gram NULL: none */
    struct rests rests; /* of examples at layers that are not trained */
    int64_t inputs;     /* numbers of an example; points.inputs where all layers are trained */
};

/* The network of the config on the data's shape; rates are matched where the standard parameterization meets
 * critical_fraction. Ended by problem_free, also where it fails: ERROR_INPUT, a network that cannot be. */
status problem_create(const struct config *config, const struct data_shape *shape, struct problem *problem);
void problem_free(struct problem *problem);
void problem_lay_out(struct arena *arena, struct problem *problem);
/* What problem_fill takes and gives back, on a counting arena. */
void problem_count_fill(struct arena *arena, const struct problem *problem);
/* x, y in this precision, and the gram matrix of inner products where it is of use: where the first operator has a
 * head. Where layers are frozen, x is what the first trained operator reads, at theta0; scratch from the arena. */
void problem_fill(const struct dataset *data, const real *theta0, struct arena *arena, struct problem *problem);
bool problem_has_gram(const struct problem *problem);
/* Multiply-adds times 2 of problem_fill. */
double problem_fill_flops(const struct problem *problem);

#endif
