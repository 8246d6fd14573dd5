#include "problem.h"

#include <stdlib.h>

#include "matrix.h"
#include "operator.h"
#include "panic.h"

struct problem problem_create(const struct config *config, const struct dataset *shape) {
    struct problem problem = {.network = malloc(sizeof *problem.network)};
    CHECK(problem.network);
    int matched = config->network.parameterization == PARAMETERIZATION_STANDARD &&
                  config->training.learning_rate.form == RATE_CRITICAL_FRACTION;
    network_create(config, (struct shape){shape->rows, shape->columns, shape->channels}, shape->outputs,
                   matched ? RATES_MATCHED : RATES_UNIFORM, problem.network);
    problem.points = (struct points){.train = config->train_size,
                                     .test = config->data.test_size,
                                     .inputs = shape->inputs,
                                     .outputs = shape->outputs};
    return problem;
}

void problem_free(struct problem *problem) { free(problem->network); }

int problem_has_gram(const struct problem *problem) { return problem->network->op[0].kind->head != NULL; }

void problem_lay_out(struct arena *arena, struct problem *problem) {
    struct points *points = &problem->points;
    int64_t all = points->train + points->test;
    points->x = problem->x = ARENA_TAKE(arena, all * points->inputs, real);
    points->y = problem->y = ARENA_TAKE(arena, all * points->outputs, real);
    if (problem_has_gram(problem)) points->gram = problem->gram = ARENA_TAKE(arena, all * points->train, real);
}

void problem_fill(const struct dataset *data, struct problem *problem) {
    const struct points *points = &problem->points;
    int64_t train = points->train, test = points->test, d = points->inputs, k = points->outputs;
    la_from_double(train * d, data->x_train, problem->x);
    la_from_double(test * d, data->x_test, problem->x + train * d);
    la_from_double(train * k, data->y_train, problem->y);
    la_from_double(test * k, data->y_test, problem->y + train * k);
    if (problem_has_gram(problem))
        la_gemm(LA_PLAIN, LA_TRANSPOSED, train + test, train, d, 1, points->x, d, points->x, d, 0, problem->gram,
                train);
}

double problem_fill_flops(const struct problem *problem) {
    const struct points *points = &problem->points;
    double pairs = (double)(points->train + points->test) * (double)points->train;
    return problem_has_gram(problem) ? 2 * pairs * (double)points->inputs : 0;
}
