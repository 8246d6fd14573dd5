/* The ways down: every loss, optimizer and batch; network and linearization side by side on a sample. */
#ifndef DYNAMICS_H
#define DYNAMICS_H

#include "sample.h"

#include "batches.h"
#include "linear.h"

struct way {
    const char *name;
    enum loss loss;
    enum optimizer_kind optimizer;
    double momentum;
    int64_t batch; /* 0: full */
    int varies;    /* the rate, from step to step */
};

enum { BATCH = 2 };
static const struct way ways[] = {
    {"mse", LOSS_MSE, OPTIMIZER_SGD, 0, 0, 0},
    {"mse momentum", LOSS_MSE, OPTIMIZER_SGD, 0.9, 0, 0},
    {"mse batches", LOSS_MSE, OPTIMIZER_SGD, 0, BATCH, 0},
    {"mse momentum batches", LOSS_MSE, OPTIMIZER_SGD, 0.9, BATCH, 0},
    {"cross_entropy", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0, 0, 0},
    {"cross_entropy momentum", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0.9, 0, 0},
    {"cross_entropy batches", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0, BATCH, 0},
    {"cross_entropy momentum batches", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0.9, BATCH, 0},
    {"mse adam", LOSS_MSE, OPTIMIZER_ADAM, 0, 0, 0},
    {"mse adam batches", LOSS_MSE, OPTIMIZER_ADAM, 0, BATCH, 0},
    {"cross_entropy adam", LOSS_CROSS_ENTROPY, OPTIMIZER_ADAM, 0, 0, 0},
    {"cross_entropy adam batches", LOSS_CROSS_ENTROPY, OPTIMIZER_ADAM, 0, BATCH, 0},
    {"mse, rates", LOSS_MSE, OPTIMIZER_SGD, 0, 0, 1},
    {"mse momentum batches, rates", LOSS_MSE, OPTIMIZER_SGD, 0.9, BATCH, 1},
    {"cross_entropy momentum, rates", LOSS_CROSS_ENTROPY, OPTIMIZER_SGD, 0.9, 0, 1},
    {"mse adam batches, rates", LOSS_MSE, OPTIMIZER_ADAM, 0, BATCH, 1},
};
enum { WAYS = sizeof ways / sizeof ways[0], STEADY = 12 }; /* steady: the first, of one rate */

static inline struct descent way_descent(const struct way *way) {
    return (struct descent){.loss = way->loss, .optimizer = way->optimizer, .momentum = (real)way->momentum};
}

/* Of eta, at a step. */
static inline real way_share(const struct way *way, int64_t step) {
    static const double shares[] = {1, 0.385, 0.7};
    return way->varies ? (real)shares[step % 3] : 1;
}

static inline int way_suits(const struct way *way, const struct sample *sample) {
    return way->loss == LOSS_MSE || sample->recipe.outputs > 1;
}

/* The sample's points as this way takes them; for cross_entropy targets that are positive and sum to 1. */
static inline struct points way_points(const struct way *way, struct sample *sample) {
    struct points points = sample->points;
    int64_t k = points.outputs, rows = (points.train + points.test) * k;
    points.batch = way->batch;
    if (way->loss == LOSS_MSE) return points;
    real *y = sample_take(sample, rows);
    for (int64_t i = 0; i < rows; i += k) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++) sum += exp((double)points.y[i + c]);
        for (int64_t c = 0; c < k; c++) y[i + c] = (real)(exp((double)points.y[i + c]) / sum);
    }
    points.y = y;
    return points;
}

/* A model in the sample's arena. `points` is the caller's. */
static inline struct model *way_model(struct sample *sample, const struct model_kind *kind,
                                      const struct network *network, const struct points *points, const struct way *way,
                                      int is_centred, int is_plain) {
    struct training *training = ARENA_TAKE(&sample->arena, 1, struct training);
    struct model *model = (struct model *)ARENA_TAKE(&sample->arena, (int64_t)kind->bytes, unsigned char);
    *training = (struct training){network, points, way_descent(way), is_centred, is_plain};
    model_create(kind, training, &sample->arena, model);
    return model;
}

static inline struct trainer *way_trainer(struct sample *sample, const struct network *network,
                                          const struct points *points, const struct way *way, int is_centred,
                                          int is_plain) {
    return (struct trainer *)way_model(sample, &trainer_model, network, points, way, is_centred, is_plain);
}

/* Network and linearization on their way. `points` is the caller's. */
struct pair {
    const struct way *way;
    struct batches batches;
    struct trainer *trainer;
    struct model *network, *linear; /* network: the trainer's */
    real *theta;
    int64_t step;
};

struct pair_form {
    int is_plain, in_parameters, is_centred;
};

static inline void pair_start(struct sample *sample, const struct points *points, const struct way *way,
                              struct pair_form form, const struct start *start, real eta, struct pair *pair) {
    const struct network *network = sample->network;
    int in_parameters = form.in_parameters || way->optimizer == OPTIMIZER_ADAM;
    const real *zeros = sample_take(sample, start->train + start->test);
    pair->theta = sample_copy(sample, sample->theta, network->theta);
    pair->step = 0;
    pair->way = way;
    batches_create(sample->recipe.seed, points->train, points_batch(points), &sample->arena, &pair->batches);
    pair->trainer = way_trainer(sample, network, points, way, form.is_centred, form.is_plain);
    pair->network = &pair->trainer->model;
    pair->linear = way_model(sample, in_parameters ? &linear_parameters : &linear_functions, network, points, way,
                             form.is_centred, form.is_plain);
    const struct beginning beginning = {.eta = eta,
                                        .theta = pair->theta,
                                        .theta0 = sample->theta,
                                        .f0_train = form.is_centred ? zeros : start->f_train,
                                        .f0_test = form.is_centred ? zeros : start->f_test,
                                        .train_train = start->train_train,
                                        .test_train = start->test_train};
    model_start(pair->network, &beginning);
    model_start(pair->linear, &beginning);
}

static inline void pair_forward(struct pair *pair) {
    const int64_t *batch = batches_at(&pair->batches, pair->step);
    pair->network->optimizer.share = pair->linear->optimizer.share = way_share(pair->way, pair->step);
    model_forward(pair->network, batch);
    model_forward(pair->linear, batch);
}

static inline void pair_look(struct pair *pair) {
    model_look(pair->network);
    model_look(pair->linear);
    pair_forward(pair);
}

static inline void pair_steps(struct pair *pair, int64_t steps) {
    for (int64_t last = pair->step + steps; pair->step < last; pair->step++) {
        pair_forward(pair);
        model_step(pair->network);
        model_step(pair->linear);
    }
}

static inline struct state pair_state(struct pair *pair) {
    struct state state = {0};
    model_state(pair->network, &state);
    model_state(pair->linear, &state);
    return state;
}

/* A rate at which narrow networks do not run away: where they do, two ways to one number part by more than roundings
 * though both are right. */
static inline real way_rate(const struct way *way, const struct start *start) {
    if (way->optimizer == OPTIMIZER_ADAM) return (real)0.001;
    real eta = start->eta / (way->batch ? 4 : 1) / (way->momentum > 0 ? 8 : 1);
    return eta < 1 ? eta : 1;
}

typedef void way_check(struct sample *sample, const struct way *way, struct tally *tally);

/* For each way that suits the sample, whose memory is given back in between; images, which take long, meet one steady way each, in turn. */
static inline void check_ways(struct sample *sample, struct tally *tally, way_check *check) {
    static int turn = 0;
    int is_long = sample->recipe.family != FAMILY_FC;
    char label[sizeof sample->label];
    memcpy(label, sample->label, sizeof label);
    turn++;
    for (int number = 0; number < WAYS; number++) {
        if (!way_suits(&ways[number], sample) || (is_long && (turn + turn / VARIANTS) % STEADY != number)) continue;
        size_t mark = arena_mark(&sample->arena);
        snprintf(sample->label, sizeof sample->label, "%s, %.150s", ways[number].name, label);
        check(sample, &ways[number], tally);
        arena_release(&sample->arena, mark);
    }
    memcpy(sample->label, label, sizeof label);
}

#endif
