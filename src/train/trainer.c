#include "trainer.h"

#include <string.h>

static struct trainer *own(struct model *model) { return (struct trainer *)model; }
static const struct network *network_of(const struct trainer *trainer) { return trainer->model.training->network; }
static const struct points *points_of(const struct trainer *trainer) { return trainer->model.training->points; }
static real eta_of(const struct trainer *trainer) { return trainer->model.optimizer.descent.eta; }

int trainer_first(const struct training *training) {
    bool suits = sample_space_suits(training->network, training->points, &training->descent);
    return suits && !training->is_plain ? 1 : training->points->first;
}

static bool begins_later(const struct training *training) { return trainer_first(training) > training->points->first; }
static bool has_sample_space(const struct trainer *trainer) { return trainer->first > points_of(trainer)->first; }

/* ---- memory ---- */

/* Numbers of theta that no step of the optimizer changes: what is not trained, what is kept in sample space. */
static int64_t stepped_from(const struct trainer *trainer) {
    const struct network *network = network_of(trainer);
    return has_sample_space(trainer) ? sample_space_after(network) : network->trained_from;
}

static void lay_out_sample_space(struct arena *arena, struct trainer *trainer) {
    const struct model *model = &trainer->model;
    trainer->space = (struct sample_space){
        .network = network_of(trainer), .points = points_of(trainer), .test_chunk = model->test_chunk};
    sample_space_create(&model->training->descent, model_has_several_chunks(model), arena, &trainer->space);
}

static void lay_out(struct arena *arena, struct model *model) {
    struct trainer *trainer = own(model);
    const struct network *network = network_of(trainer);
    const struct points *points = points_of(trainer);
    trainer->first = trainer_first(model->training);
    model->chunk = points_chunk(points, network, trainer->first);
    model->test_chunk = points_test_chunk(points, network, trainer->first);
    int64_t rows = model->chunk > model->test_chunk ? model->chunk : model->test_chunk;
    network_tape(network, trainer->first, rows, network_work(network, arena), arena, &trainer->tape);
    network_cotape(network, model->chunk, arena, &trainer->cotape);
    if (has_sample_space(trainer)) lay_out_sample_space(arena, trainer);
    optimizer_create(&model->training->descent, stepped_from(trainer), network->theta,
                     model_has_several_chunks(model) || network_is_tied(network), arena, &model->optimizer);
    if (model->training->is_centred)
        trainer->origin = ARENA_TAKE(arena, (points->train + points->test) * points->outputs, real);
}

/* ---- there and back ---- */

/* Outputs of n points; centred, f holds their origin. */
static void pass(struct trainer *trainer, int64_t n, const real *value, real *f) {
    const real *theta = trainer->model.parameters;
    const real *outputs = points_forward(network_of(trainer), trainer->first, theta, n, value, &trainer->tape);
    network_rests(network_of(trainer), trainer->first, &trainer->tape, n, &trainer->rests);
    for (int64_t i = 0; i < n * points_of(trainer)->outputs; i++) f[i] = outputs[i] - (trainer->origin ? f[i] : 0);
}

static void forward(struct model *model, int64_t from, int64_t n) {
    struct trainer *trainer = own(model);
    const struct points *points = points_of(trainer);
    real *f = model->batch.f + from * points->outputs;
    if (trainer->origin) batch_gather(&model->batch, from, n, points->outputs, trainer->origin, f);
    pass(trainer, n,
         has_sample_space(trainer) ? sample_space_train(&trainer->space, from)
                                   : batch_x(points, from, n, &model->batch),
         f);
}

/* Where a backward pass leaves the cotangent of the layer in sample space. */
static real *delta(const struct trainer *trainer) { return cotape_value(network_of(trainer), &trainer->cotape, 1); }

static void backward(struct model *model, int64_t from, int64_t n, real *gathered) {
    struct trainer *trainer = own(model);
    const struct network *network = network_of(trainer);
    model_gradient(model, from, n, cotape_value(network, &trainer->cotape, network->nodes));
    network_vjp(network, trainer->first, model->parameters, &trainer->tape, &trainer->cotape,
                optimizer_alpha(&model->optimizer), gathered);
    if (trainer->space.gathered) sample_space_gather(&trainer->space, from, n, delta(trainer));
}

static void step(struct model *model) {
    struct trainer *trainer = own(model);
    real most = model->optimizer.descent.contraction;
    if (most > 0) network_contract(network_of(trainer), most, model->parameters, trainer->tape.work);
    if (has_sample_space(trainer)) sample_space_step(&trainer->space, &model->optimizer.descent, delta(trainer));
}

/* In sample space they are test points. */
static void look(struct model *model, int64_t begin, int64_t count, real *f) {
    struct trainer *trainer = own(model);
    const struct points *points = points_of(trainer);
    int64_t k = points->outputs;
    if (begin == points->train) trainer->rests = (struct rests){0};
    if (trainer->origin) memcpy(f, trainer->origin + begin * k, (size_t)(count * k) * sizeof *f);
    for (int64_t from = 0; from < count; from += model->test_chunk) {
        int64_t n = points_at(from, count, model->test_chunk);
        pass(trainer, n,
             has_sample_space(trainer) ? sample_space_test(&trainer->space, eta_of(trainer), from, n)
                                       : points->x + (begin + from) * points->inputs,
             f + from * k);
    }
}

/* ---- beginning and end ---- */

/* f_0, in the chunks that f_train and f_test will come in, so that they begin with zeros. */
static void start_origin(struct trainer *trainer) {
    struct model *model = &trainer->model;
    const struct points *points = points_of(trainer);
    size_t train = (size_t)(points->train * points->outputs), test = (size_t)(points->test * points->outputs);
    memset(trainer->origin, 0, (train + test) * sizeof(real));
    model_look(model);
    if (!points_are_in_batches(points)) model_forward(model, NULL);
    memcpy(trainer->origin, model->f_train, train * sizeof(real));
    memcpy(trainer->origin + train, model->f_test, test * sizeof(real));
}

static void start(struct model *model, const struct beginning *beginning) {
    struct trainer *trainer = own(model);
    model->parameters = beginning->theta;
    if (has_sample_space(trainer)) sample_space_start(model->parameters, trainer->tape.work, &trainer->space);
    if (trainer->origin) start_origin(trainer);
}

void trainer_settle(struct trainer *trainer) {
    if (has_sample_space(trainer))
        sample_space_settle(&trainer->space, eta_of(trainer), trainer->model.parameters, trainer->tape.work);
}

static void state(struct model *model, struct state *state) {
    struct trainer *trainer = own(model);
    if (has_sample_space(trainer)) sample_space_state(&trainer->space, state);
}

/* ---- distances and sizes ---- */

double trainer_layer_distance(struct trainer *trainer, int layer, const real *theta0, double *norm) {
    double distance = network_layer_distance(network_of(trainer), layer, trainer->model.parameters, theta0, norm);
    if (!has_sample_space(trainer) || layer > 0) return distance;
    return sample_space_distance(&trainer->space, eta_of(trainer), trainer->model.chunk, delta(trainer));
}

const real *trainer_values(const struct trainer *trainer) {
    return has_sample_space(trainer) ? sample_space_train(&trainer->space, 0) : points_of(trainer)->x;
}

/* Nothing goes back to what the first trained operator reads. */
static double step_flops(const struct training *training) {
    const struct network *network = training->network;
    int first = trainer_first(training), back = first > network->first_trained ? first : network->first_trained + 1;
    int64_t n = points_batch(training->points);
    double space = begins_later(training) ? sample_space_step_flops(network, training->points) : 0;
    return network_flops(network, first, n) + network_flops_weights(network, first, n) +
           network_flops(network, back, n) + space;
}

static double look_flops(const struct training *training) {
    const struct points *points = training->points;
    int64_t n = points->test + (points_are_in_batches(points) ? points->train : 0);
    double space = begins_later(training) ? sample_space_look_flops(training->network, points) : 0;
    return network_flops(training->network, trainer_first(training), n) + space;
}

static double state_numbers(const struct training *training) {
    const struct network *network = training->network;
    int64_t kept = optimizer_arrays(&training->descent), layer = training->points->train * sample_space_size(network);
    return (double)((network->theta - network->trained_from) * kept) +
           (begins_later(training) ? (double)(layer * (1 + kept)) : 0);
}

static const char *const names[] = {"theta", "theta_velocity", "theta_mean", "theta_square", "theta_steps"};

const struct model_kind trainer_model = {
    .name = "network",
    .bytes = sizeof(struct trainer),
    .lay_out = lay_out,
    .start = start,
    .look = look,
    .forward = forward,
    .backward = backward,
    .step = step,
    .state = state,
    .names = names,
    .passes = true,
    .step_flops = step_flops,
    .look_flops = look_flops,
    .state_numbers = state_numbers,
};
