#include "problem.h"

#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "panic.h"

status problem_create(const struct config *config, const struct data_shape *shape, struct problem *problem) {
    *problem = (struct problem){.network = calloc(1, sizeof *problem->network), .inputs = shape->inputs};
    CHECK(problem->network);
    const struct shape input = {shape->rows, shape->columns, shape->channels};
    TRY(network_create(config, input, shape->outputs, problem->network));
    int first = problem->network->first_trained;
    problem->points = (struct points){.train = config->train_size,
                                      .test = config->data.test_size,
                                      .inputs = network_value_size(problem->network, first),
                                      .outputs = shape->outputs,
                                      .batch = config_is_full_batch(config) ? 0 : config_batch(config),
                                      .first = first};
    return OK;
}

void problem_free(struct problem *problem) {
    network_free(problem->network);
    free(problem->network);
}

bool problem_has_gram(const struct problem *problem) {
    return problem->network->first_trained == 0 && network_has_head(problem->network);
}

/* ---- features: what the first trained operator reads ---- */

struct features {
    int64_t chunk; /* examples at once */
    real *x;       /* [chunk, inputs] */
    struct tape tape;
};

static struct features lay_out_features(struct arena *arena, const struct problem *problem) {
    struct features features = {.chunk = points_test_chunk(&problem->points, problem->network, 0)};
    features.x = ARENA_TAKE(arena, features.chunk * problem->inputs, real);
    network_tape(problem->network, 0, features.chunk, network_work(problem->network, arena), arena, &features.tape);
    return features;
}

static void fill_features(const double *x, int64_t n, const real *theta0, struct features *features,
                          struct problem *problem, real *out) {
    const struct points *points = &problem->points;
    for (int64_t from = 0; from < n; from += features->chunk) {
        int64_t count = points_at(from, n, features->chunk);
        la_from_double(count * problem->inputs, x + from * problem->inputs, features->x);
        (void)points_forward(problem->network, 0, theta0, count, features->x, &features->tape);
        network_rests(problem->network, 0, &features->tape, count, &problem->rests);
        memcpy(out + from * points->inputs, features->tape.value[points->first],
               (size_t)(count * points->inputs) * sizeof *out);
    }
}

/* ---- all arrays ---- */

void problem_lay_out(struct arena *arena, struct problem *problem) {
    struct points *points = &problem->points;
    int64_t all = points->train + points->test;
    points->x = problem->x = ARENA_TAKE(arena, all * points->inputs, real);
    points->y = problem->y = ARENA_TAKE(arena, all * points->outputs, real);
    if (problem_has_gram(problem)) points->gram = problem->gram = ARENA_TAKE(arena, all * points->train, real);
}

void problem_count_fill(struct arena *arena, const struct problem *problem) {
    if (problem->points.first == 0) return;
    size_t mark = arena_mark(arena);
    (void)lay_out_features(arena, problem);
    arena_release(arena, mark);
}

static void fill_inputs(const struct dataset *data, const real *theta0, struct arena *arena, struct problem *problem) {
    const struct points *points = &problem->points;
    int64_t train = points->train, test = points->test, d = points->inputs;
    if (points->first == 0) {
        la_from_double(train * d, data->x_train, problem->x);
        la_from_double(test * d, data->x_test, problem->x + train * d);
        return;
    }
    size_t mark = arena_mark(arena);
    struct features features = lay_out_features(arena, problem);
    problem->rests = (struct rests){0};
    fill_features(data->x_train, train, theta0, &features, problem, problem->x);
    fill_features(data->x_test, test, theta0, &features, problem, problem->x + train * d);
    arena_release(arena, mark);
}

void problem_fill(const struct dataset *data, const real *theta0, struct arena *arena, struct problem *problem) {
    const struct points *points = &problem->points;
    int64_t train = points->train, test = points->test, d = points->inputs, k = points->outputs;
    fill_inputs(data, theta0, arena, problem);
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
