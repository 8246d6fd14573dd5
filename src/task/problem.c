#include "problem.h"

#include <stdlib.h>

#include "matrix.h"
#include "panic.h"

struct problem problem_create(const struct config *config, int64_t inputs, int64_t outputs) {
    struct problem problem = {.network = malloc(sizeof *problem.network)};
    CHECK(problem.network);
    int matched = config->network.parameterization == PARAMETERIZATION_STANDARD &&
                  config->training.learning_rate.form == RATE_CRITICAL_FRACTION;
    network_create(config, (struct shape){1, 1, inputs}, outputs, matched ? RATES_MATCHED : RATES_UNIFORM,
                   problem.network);
    problem.points = (struct points){
        .train = config->train_size, .test = config->data.test_size, .inputs = inputs, .outputs = outputs};
    return problem;
}

void problem_free(struct problem *problem) { free(problem->network); }

void problem_lay_out(struct arena *arena, struct problem *problem) {
    struct points *points = &problem->points;
    int64_t all = points->train + points->test;
    points->x = problem->x = ARENA_TAKE(arena, all * points->inputs, real);
    points->y = problem->y = ARENA_TAKE(arena, all * points->outputs, real);
    points->gram = problem->gram = ARENA_TAKE(arena, all * points->train, real);
}

void problem_fill(const struct dataset *data, struct problem *problem) {
    const struct points *points = &problem->points;
    int64_t train = points->train, test = points->test, d = points->inputs, k = points->outputs;
    la_from_double(train * d, data->x_train, problem->x);
    la_from_double(test * d, data->x_test, problem->x + train * d);
    la_from_double(train * k, data->y_train, problem->y);
    la_from_double(test * k, data->y_test, problem->y + train * k);
    la_gemm(LA_PLAIN, LA_TRANSPOSED, train + test, train, d, 1, points->x, d, points->x, d, 0, problem->gram, train);
}
