/* The linearization in parameter space: omega, moved by derivatives of the network at theta_0. */
#include <string.h>

#include "linear.h"
#include "matrix.h"

struct parameters {
    struct model model; /* parameters: omega */
    real *f0;           /* at theta_0 [train + test, k] */
    const real *theta0; /* lent */
    struct tape kept;   /* values of all training points at theta_0, where they are kept; chunks of it are shown */
    struct tape own;    /* values of other points */
    struct tape shown, *tape; /* the points at hand */
    struct tape tangent;
    struct cotape cotape;
};

static struct parameters *own(struct model *model) { return (struct parameters *)model; }
static const struct network *network_of(const struct parameters *linear) { return linear->model.training->network; }
static const struct points *points_of(const struct parameters *linear) { return linear->model.training->points; }
static bool keeps_values(const struct parameters *linear) {
    return points_are_kept(points_of(linear), network_of(linear));
}

static void copy(int64_t n, const real *from, real *to) { memcpy(to, from, (size_t)n * sizeof *to); }

static void lay_out(struct arena *arena, struct model *model) {
    struct parameters *linear = own(model);
    const struct network *network = network_of(linear);
    const struct points *points = points_of(linear);
    int first = points->first;
    model->chunk = points_chunk(points, network, first);
    model->test_chunk = points_test_chunk(points, network, first);
    int64_t rows = model->chunk > model->test_chunk ? model->chunk : model->test_chunk;
    real *work = network_work(network, arena);
    linear->f0 = ARENA_TAKE(arena, (points->train + points->test) * points->outputs, real);
    model->parameters = ARENA_TAKE(arena, network->theta, real);
    optimizer_create(&model->training->descent, network->trained_from, network->theta, model_has_several_chunks(model),
                     arena, &model->optimizer);
    if (keeps_values(linear)) network_tape(network, first, points->train, work, arena, &linear->kept);
    if (keeps_values(linear)) network_tape(network, network->nodes, 0, work, arena, &linear->shown);
    network_tape(network, first, keeps_values(linear) ? model->test_chunk : rows, work, arena, &linear->own);
    network_tape(network, first, rows, NULL, arena, &linear->tangent);
    network_cotape(network, model->chunk, arena, &linear->cotape);
}

/* ---- there and back ---- */

/* The values of n points at theta_0. */
static void forward_at_start(struct parameters *linear, int64_t n, const real *x, struct tape *tape) {
    points_forward(network_of(linear), points_of(linear)->first, linear->theta0, n, x, tape);
    linear->tape = tape;
}

/* Training points from .. from + n - 1 among those whose values are kept. */
static struct tape *kept_tape(struct parameters *linear, int64_t from, int64_t n) {
    const struct points *points = points_of(linear);
    linear->shown.value[points->first] = (real *)points->x + from * points->inputs; /* only read */
    network_tape_view(network_of(linear), points->first, &linear->kept, from, n, &linear->shown);
    return &linear->shown;
}

/* f += J_0 omega on the points of the tape; f holds f_0. */
static void add_tangent(struct parameters *linear, real *f) {
    linear->tangent.n = linear->tape->n;
    network_jvp(network_of(linear), points_of(linear)->first, linear->theta0, linear->model.parameters, linear->tape,
                &linear->tangent);
    la_axpy(linear->tape->n * points_of(linear)->outputs, 1, linear->tangent.value[network_of(linear)->nodes], f);
}

static void forward(struct model *model, int64_t from, int64_t n) {
    struct parameters *linear = own(model);
    const struct points *points = points_of(linear);
    real *f = model->batch.f + from * points->outputs;
    if (keeps_values(linear))
        linear->tape = kept_tape(linear, from, n);
    else
        forward_at_start(linear, n, batch_x(points, from, n, &linear->model.batch), &linear->own);
    batch_gather(&linear->model.batch, from, n, points->outputs, linear->f0, f);
    add_tangent(linear, f);
}

static void backward(struct model *model, int64_t from, int64_t n, real *gathered) {
    struct parameters *linear = own(model);
    const struct network *network = network_of(linear);
    model_gradient(model, from, n, cotape_value(network, &linear->cotape, network->nodes));
    network_vjp(network, points_of(linear)->first, linear->theta0, linear->tape, &linear->cotape,
                optimizer_alpha(&linear->model.optimizer), gathered);
}

static void look(struct model *model, int64_t begin, int64_t count, real *f) {
    struct parameters *linear = own(model);
    const struct points *points = points_of(linear);
    int64_t k = points->outputs;
    copy(count * k, linear->f0 + begin * k, f);
    for (int64_t from = 0; from < count; from += model->test_chunk) {
        int64_t n = points_at(from, count, model->test_chunk);
        forward_at_start(linear, n, points->x + (begin + from) * points->inputs, &linear->own);
        add_tangent(linear, f + from * k);
    }
}

static void start(struct model *model, const struct beginning *beginning) {
    struct parameters *linear = own(model);
    const struct points *points = points_of(linear);
    int64_t train = points->train, k = points->outputs;
    linear->theta0 = beginning->theta0;
    copy(train * k, beginning->f0_train, linear->f0);
    copy(points->test * k, beginning->f0_test, linear->f0 + train * k);
    memset(model->parameters, 0, (size_t)network_of(linear)->theta * sizeof(real));
    for (int64_t from = 0; keeps_values(linear) && from < train; from += model->chunk) {
        int64_t n = points_at(from, train, model->chunk);
        struct tape *tape = kept_tape(linear, from, n);
        forward_at_start(linear, n, tape->value[points->first], tape);
    }
}

/* A JVP and a VJP, each the parameter half and the input half, and the forward pass where it is not kept. */
static double step_flops(const struct training *training) {
    const struct points *points = training->points;
    int64_t n = points_batch(points);
    double all = network_flops(training->network, points->first, n);
    double later = network_flops(training->network, points->first + 1, n);
    double weights = network_flops_weights(training->network, points->first, n);
    return 2 * weights + 2 * later + (points_are_kept(points, training->network) ? 0 : all);
}

static double look_flops(const struct training *training) {
    const struct points *points = training->points;
    int64_t n = points->test + (points_are_in_batches(points) ? points->train : 0);
    return network_flops(training->network, points->first, n) +
           network_flops_weights(training->network, points->first, n) +
           network_flops(training->network, points->first + 1, n);
}

static double state_numbers(const struct training *training) {
    const struct network *network = training->network;
    return (double)((network->theta - network->trained_from) * optimizer_arrays(&training->descent));
}

static const char *const names[] = {"omega", "omega_velocity", "omega_mean", "omega_square", "omega_steps"};

const struct model_kind linear_parameters = {
    .name = "linearization in parameter space",
    .bytes = sizeof(struct parameters),
    .lay_out = lay_out,
    .start = start,
    .look = look,
    .forward = forward,
    .backward = backward,
    .names = names,
    .passes = true,
    .step_flops = step_flops,
    .look_flops = look_flops,
    .state_numbers = state_numbers,
};
