/* Training of the network: the step, chunks, mini-batches, the sample-space form, both parameterizations. */
#include "dynamics.h"

#include "loss.h"
#include "matrix.h"

enum { STEPS = 150, FEW = 20, SHORT = 5 }; /* few: narrow networks on images amplify roundings */

struct run {
    const struct network *network;
    struct batches batches;
    struct trainer *trainer;
    struct model *model; /* the trainer's */
    real *theta;
    int64_t step;
    const struct way *way;
};

/* Where the kernel is small, by pooling or padding, half the linearization's largest stable rate is far too large for the
 * network: then 1. */
static real rate_of(struct sample *sample) {
    struct start start = sample_start(sample);
    return way_rate(&ways[0], &start);
}

static struct run run_start_on(struct sample *sample, const struct points *points, const struct network *network,
                               const struct way *way, int plain, real eta, const real *theta0) {
    struct run run = {.network = network, .way = way, .theta = sample_copy(sample, theta0, network->theta)};
    batches_create(sample->recipe.seed, points->train, points_batch(points), &sample->arena, &run.batches);
    run.trainer = way_trainer(sample, network, points, way, 0, plain);
    run.model = &run.trainer->model;
    model_start(run.model, &(struct beginning){.eta = eta, .theta = run.theta});
    return run;
}

static struct run run_start(struct sample *sample, const struct network *network, int plain, real eta,
                            const real *theta0) {
    return run_start_on(sample, &sample->points, network, &ways[0], plain, eta, theta0);
}

static void run_steps(struct run *run, int64_t steps) {
    for (int64_t last = run->step + steps; run->step < last; run->step++) {
        run->model->optimizer.share = way_share(run->way, run->step);
        model_forward(run->model, batches_at(&run->batches, run->step));
        model_step(run->model);
    }
    model_look(run->model);
    model_forward(run->model, batches_at(&run->batches, run->step));
}

static void tally_outputs(struct tally *tally, const struct sample *sample, const struct run *a, const struct run *b) {
    const struct points *points = &sample->points;
    tally_arrays(tally, sample->label, points->train * points->outputs, a->model->f_train, b->model->f_train);
    tally_arrays(tally, sample->label, points->test * points->outputs, a->model->f_test, b->model->f_test);
}

static void tally_distances(struct tally *tally, const struct sample *sample, struct run *a, struct run *b) {
    for (int layer = 0; layer < sample->network->layers; layer++) {
        double norm, b_norm, distance = trainer_layer_distance(a->trainer, layer, sample->theta, &norm);
        tally_numbers(tally, sample->label, distance,
                      trainer_layer_distance(b->trainer, layer, sample->theta, &b_norm));
        tally_numbers(tally, sample->label, norm, b_norm);
    }
}

/* One step is theta - eta rate_t J_t' (f - y)/(N k), and outputs are those of the weights. */
static void check_step(struct sample *sample, struct tally *tally) {
    real eta = rate_of(sample);
    const struct points *points = &sample->points;
    int64_t rows = points->train * points->outputs, all = points->train + points->test;
    struct tape tape = sample_forward(sample, 0, sample->theta, points->train, sample->x);
    real *g = sample_take(sample, rows), *expected = sample_copy(sample, sample->theta, sample->network->theta);
    for (int64_t i = 0; i < rows; i++) g[i] = (tape_outputs(sample, &tape)[i] - sample->y[i]) / (real)rows;
    la_axpy(sample->network->theta, -eta, sample_gradient(sample, &tape, g), expected);
    struct run run = run_start(sample, sample->network, 1, eta, sample->theta);
    run_steps(&run, 1);
    trainer_settle(run.trainer);
    tally_arrays(tally, sample->label, sample->network->theta, run.theta, expected);
    struct tape after = sample_forward(sample, 0, expected, all, sample->x);
    tally_arrays(tally, sample->label, rows, run.model->f_train, tape_outputs(sample, &after));
    tally_arrays(tally, sample->label, points->test * points->outputs, run.model->f_test,
                 tape_outputs(sample, &after) + rows);
}

static void test_step(void **state) {
    (void)state;
    check_all("one step = theta - eta J' g", roundings(2 * PASS), check_step);
}

/* After many steps roundings decide on which side of a kink a value lies: met here of prelu, and in f32 of leaky_relu. */
static bool is_at_kinks(const struct sample *sample) {
    int kind = (int)sample->recipe.activation;
    return kind == ACTIVATION_PRELU || (REAL_BITS == 32 && kind == ACTIVATION_LEAKY_RELU);
}

/* The first layer kept in sample space gives the plain outputs, weights and distances, and goes on when settled. */
static void check_sample_space_of(struct sample *sample, const struct way *way, struct tally *tally) {
    const struct points points = way_points(way, sample);
    struct start start = sample_start(sample);
    real eta = way_rate(way, &start);
    struct run plain = run_start_on(sample, &points, sample->network, way, 1, eta, sample->theta);
    struct run kept = run_start_on(sample, &points, sample->network, way, 0, eta, sample->theta);
    assert_int_equal(plain.trainer->first, 0);
    assert_int_equal(kept.trainer->first, 1);
    for (int piece = 0; piece < 2; piece++) {
        run_steps(&plain, STEPS / 2);
        run_steps(&kept, STEPS / 2);
        tally_outputs(tally, sample, &kept, &plain);
        tally_distances(tally, sample, &kept, &plain);
    }
    trainer_settle(kept.trainer);
    tally_arrays(tally, sample->label, sample->network->theta, kept.theta, plain.theta);
    run_steps(&plain, STEPS / 2);
    run_steps(&kept, STEPS / 2);
    tally_outputs(tally, sample, &kept, &plain);
}

static void check_sample_space_of_full(struct sample *sample, const struct way *way, struct tally *tally) {
    if (is_at_kinks(sample)) return;
    if (way->optimizer == OPTIMIZER_SGD && !way->batch) check_sample_space_of(sample, way, tally);
}

static void check_sample_space(struct sample *sample, struct tally *tally) {
    check_ways(sample, tally, check_sample_space_of_full);
}

static void test_sample_space(void **state) {
    (void)state;
    check_fc("first layer in sample space = in its weights", roundings(500), check_sample_space);
}

/* Points one at a time or in threes: the same steps, also where the first layer is in sample space. Adam makes steps even of gradients
 * that are roundings, as deep networks have them. */
static void check_chunks_of(struct sample *sample, const struct way *way, struct tally *tally) {
    if (is_at_kinks(sample) || (way->optimizer == OPTIMIZER_ADAM && sample->recipe.family != FAMILY_FC)) return;
    struct start start = sample_start(sample);
    real eta = way_rate(way, &start);
    const struct points points = way_points(way, sample);
    struct points pieces = points;
    pieces.chunk = way->batch ? 1 : 3;
    for (int plain = 0; plain < 2; plain++) {
        struct run one = run_start_on(sample, &points, sample->network, way, plain, eta, sample->theta);
        struct run several = run_start_on(sample, &pieces, sample->network, way, plain, eta, sample->theta);
        assert_true(several.model->chunk == pieces.chunk && one.model->chunk == points_batch(&points));
        for (int piece = 0; piece < 2; piece++) {
            run_steps(&one, SHORT);
            run_steps(&several, SHORT);
            tally_outputs(tally, sample, &several, &one);
            tally_distances(tally, sample, &several, &one);
            trainer_settle(one.trainer);
            trainer_settle(several.trainer);
            tally_arrays(tally, sample->label, sample->network->theta, several.theta, one.theta);
        }
    }
}

static void check_chunks(struct sample *sample, struct tally *tally) { check_ways(sample, tally, check_chunks_of); }

static void test_chunks(void **state) {
    (void)state;
    check_all("several chunks of points = one", roundings(2 * PASS * 2 * SHORT), check_chunks);
}

/* A step on a mini-batch is a full-batch step on its examples alone, whose outputs are those of the weights. */
static void check_batch_of(struct sample *sample, const struct way *way, struct tally *tally) {
    enum { PART = 3 };
    static const int64_t rows[PART] = {0, 2, 4};
    struct start start = sample_start(sample);
    real eta = way_rate(way, &start);
    struct points batches = way_points(way, sample), part = batches;
    batches.batch = PART;
    part.batch = 0;
    part.train = PART;
    part.test = 2; /* no matter which */
    real *x = sample_take(sample, (PART + part.test) * part.inputs), *y = sample_take(sample, PART * part.outputs);
    points_gather(PART, rows, part.inputs, batches.x, x);
    points_gather(PART, rows, part.outputs, batches.y, y);
    part.x = x;
    part.y = y;
    struct run full = run_start_on(sample, &part, sample->network, way, 1, eta, sample->theta);
    real *theta = sample_copy(sample, sample->theta, sample->network->theta);
    struct model *mini = way_model(sample, &trainer_model, sample->network, &batches, way, 0, 0);
    model_start(mini, &(struct beginning){.eta = eta, .theta = theta});
    for (int64_t step = 0; step < 3; step++) {
        mini->optimizer.share = way_share(way, step);
        model_forward(mini, rows);
        tally_numbers(tally, sample->label, model_loss(mini),
                      loss_value(way->loss, PART, part.outputs, mini->batch.f, y));
        model_step(mini);
        run_steps(&full, 1);
        tally_arrays(tally, sample->label, sample->network->theta, theta, full.theta);
    }
    model_look(mini);
    struct tape tape = sample_forward(sample, 0, theta, sample->recipe.train + sample->recipe.test, sample->x);
    tally_arrays(tally, sample->label, start.train, mini->f_train, tape_outputs(sample, &tape));
    tally_arrays(tally, sample->label, start.test, mini->f_test, tape_outputs(sample, &tape) + start.train);
}

static void check_batch_of_full(struct sample *sample, const struct way *way, struct tally *tally) {
    if (!way->batch) check_batch_of(sample, way, tally);
}

static void check_batch(struct sample *sample, struct tally *tally) { check_ways(sample, tally, check_batch_of_full); }

static void test_batch(void **state) {
    (void)state;
    check_all("mini-batch = full batch of its examples", roundings(2 * PASS), check_batch);
}

/* Never more than 256 test points go through at once. */
static void test_test_chunks(void **state) {
    (void)state;
    struct tally tally = {"chunks of test points", roundings(200), 0};
    struct recipe recipe = small_recipe;
    recipe.test = 530;
    struct sample sample;
    sample_create(recipe, &sample);
    real eta = rate_of(&sample);
    struct run plain = run_start(&sample, sample.network, 1, eta, sample.theta);
    struct run kept = run_start(&sample, sample.network, 0, eta, sample.theta);
    run_steps(&plain, 9);
    run_steps(&kept, 9);
    struct tape tape = sample_forward(&sample, 0, plain.theta, recipe.train + recipe.test, sample.x);
    const real *f_test = tape_outputs(&sample, &tape) + recipe.train * recipe.outputs;
    tally_arrays(&tally, "plain", recipe.test * recipe.outputs, plain.model->f_test, f_test);
    tally_arrays(&tally, "sample space", recipe.test * recipe.outputs, kept.model->f_test, f_test);
    trainer_settle(kept.trainer);
    model_look(kept.model);
    tally_arrays(&tally, "settled", recipe.test * recipe.outputs, kept.model->f_test, f_test);
    tally_end(&tally);
    sample_free(&sample);
}

/* Standard parameterization at matched rates follows the NTK parameterization: theta = sqrt(variance) theta_ntk. */
static void check_parameterizations(struct sample *sample, struct tally *tally) {
    if (sample->recipe.rates != RATES_MATCHED) return;
    real eta = rate_of(sample);
    const struct network *standard = sample->network;
    const struct network *ntk = sample_network(sample, PARAMETERIZATION_NTK, RATES_UNIFORM);
    real *theta = sample_take(sample, ntk->theta);
    network_initialize(ntk, sample->recipe.seed, theta);
    struct run a = run_start(sample, standard, 1, eta, sample->theta), b = run_start(sample, ntk, 1, eta, theta);
    run_steps(&a, FEW);
    run_steps(&b, FEW);
    tally_outputs(tally, sample, &a, &b);
    for (int t = 0; t < ntk->tensors; t++) {
        const struct tensor *tensor = &ntk->tensor[t];
        real *scaled = sample_take(sample, tensor->size);
        if (tensor->is_active) la_axpy(tensor->size, tensor->scale, b.theta + tensor->offset, scaled);
        tally_arrays(tally, sample->label, tensor->size, a.theta + tensor->offset, scaled);
    }
}

static void test_parameterizations(void **state) {
    (void)state;
    check_all("standard with matched rates = NTK-parameterized trajectory", roundings(2 * PASS * FEW),
              check_parameterizations);
}

/* Biases with sigma_b^2 = 0 stay as they were drawn, everything else moves. */
static void check_idle_biases(struct sample *sample, struct tally *tally) {
    real eta = rate_of(sample);
    for (int plain = 0; plain < 2; plain++) {
        struct run run = run_start(sample, sample->network, plain, eta, sample->theta);
        run_steps(&run, 3);
        trainer_settle(run.trainer);
        for (int t = 0; t < run.network->tensors; t++) {
            const struct tensor *tensor = &run.network->tensor[t];
            double moved =
                la_distance_squares(tensor->size, run.theta + tensor->offset, sample->theta + tensor->offset);
            if (tensor->is_active != (moved > 0)) tally_error(tally, sample->label, 1);
        }
    }
}

static void test_idle_biases(void **state) {
    (void)state;
    check_all("trained tensors move, idle biases stay", 0, check_idle_biases);
}

/* Counted flops against the GEMMs of a step, written out. */
static void test_flops(void **state) {
    (void)state;
    struct sample sample;
    sample_create(small_recipe, &sample);
    real eta = (real)0.1;
    struct run plain = run_start(&sample, sample.network, 1, eta, sample.theta);
    struct run kept = run_start(&sample, sample.network, 0, eta, sample.theta);
    double first = 2.0 * 5 * 7 * 13, later = 2.0 * 5 * (13 * 13 + 13 * 3), head = 2.0 * 5 * 5 * 13;
    assert_true(trainer_model.step_flops(plain.model->training) == 2 * first + 3 * later);
    assert_true(trainer_model.step_flops(kept.model->training) == 3 * later + head);
    assert_true(trainer_model.look_flops(plain.model->training) == (first + later) * 4 / 5);
    assert_true(trainer_model.look_flops(kept.model->training) == (later + head) * 4 / 5);
    struct points batches = sample.points;
    batches.batch = 3;
    struct run mini = run_start_on(&sample, &batches, sample.network, &ways[0], 0, eta, sample.theta);
    assert_true(trainer_model.step_flops(mini.model->training) == (2 * first + 3 * later) * 3 / 5);
    assert_true(trainer_model.look_flops(mini.model->training) == (first + later) * 9 / 5);
    sample_free(&sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step),        cmocka_unit_test(test_sample_space),
        cmocka_unit_test(test_chunks),      cmocka_unit_test(test_batch),
        cmocka_unit_test(test_test_chunks), cmocka_unit_test(test_parameterizations),
        cmocka_unit_test(test_idle_biases), cmocka_unit_test(test_flops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
