/* How signals and gradients come through the depth: the gradient of each layer, the Jacobians between states, and the
 * states themselves (measure.stability, measure.trajectories); of an equilibrium those that its solver goes through.
 *
 * States are measured on the probes at step 0 and, when the training has ended, at the last step: the weights are
 * theta_0 and theta then, whatever is kept in sample space between. */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "jacobian.h"
#include "loss.h"
#include "matrix.h"
#include "measure.h"
#include "orders.h"

static bool has_stability(const struct point *point) { return point->config->measure.stability; }
static bool has_trajectories(const struct point *point) { return point->config->measure.trajectories; }

/* ---- gradients ---- */

/* Values of training points from .. from + n - 1; the first layer's where its weights are old (trainer.h). */
static void forward(const struct point *point, int64_t from, int64_t n, struct tape *tape) {
    const struct points *points = &point->problem.points;
    const struct network *network = point->problem.network;
    int first = trainer_first(&point->training);
    int64_t size = network_value_size(network, first);
    tape->n = n;
    tape->value[points->first] = (real *)points->x + from * points->inputs;
    if (first > points->first)
        memcpy(tape->value[first], trainer_values(point_trainer(point)) + from * size,
               (size_t)(n * size) * sizeof(real));
    network_forward(network, first, point->theta, tape);
}

/* Rates are taken out again; NaN of a layer that is not trained. */
static double layer_rms(const struct network *network, int layer, const real *gradient) {
    const int tensors[] = {network->layer[layer].weight, network->layer[layer].bias};
    double squares = 0, numbers = 0;
    for (int t = 0; t < 2; t++) {
        const struct tensor *tensor = &network->tensor[tensors[t]];
        if (!tensor->is_active || tensor->offset < network->trained_from) continue;
        squares += la_distance_squares(tensor->size, gradient + tensor->offset, NULL) /
                   ((double)tensor->rate * (double)tensor->rate);
        numbers += (double)tensor->size;
    }
    return sqrt(squares / numbers);
}

static void gradient_rms(const struct point *point, const struct model *model, double *out) {
    const struct points *points = &point->problem.points;
    const struct network *network = point->problem.network;
    struct stability own = point->stability;
    int64_t k = points->outputs;
    memset(own.gradient, 0, (size_t)network->theta * sizeof(real));
    for (int64_t from = 0; from < points->train; from += own.chunk) {
        int64_t n = points_at(from, points->train, own.chunk);
        forward(point, from, n, &own.tape);
        loss_gradient(point->training.descent.loss, points->train, k, n, model->f_train + from * k,
                      points->y + from * k, cotape_value(network, &own.cotape, network->nodes));
        network_vjp(network, points->first, point->theta, &own.tape, &own.cotape, 1, own.gradient);
    }
    for (int layer = 0; layer < network->layers; layer++) out[layer] = layer_rms(network, layer, own.gradient);
}

static void lay_out(struct arena *arena, struct point *point) {
    const struct points *points = &point->problem.points;
    const struct network *network = point->problem.network;
    struct stability *own = &point->stability;
    if (!has_stability(point)) return;
    own->chunk = points_test_chunk(points, network, points->first);
    network_tape(network, points->first, own->chunk, network_work(network, arena), arena, &own->tape);
    network_cotape(network, own->chunk, arena, &own->cotape);
    own->gradient = ARENA_TAKE(arena, network->theta, real);
}

/* ---- states ---- */

static int64_t probes(const struct point *point) { return point->config->measure.probes; }

static struct trajectory trajectory_of(const struct network *network) {
    if (network->states == 0) return network_solver_states(network);
    return (struct trajectory){network->states, network_value_size(network, network->state[0])};
}

static int64_t numbers_of(const struct network *network) {
    return trajectory_of(network).states * trajectory_of(network).size;
}

/* Probes whatever measure.outputs says. */
static void add_trajectories(struct point *point) {
    static const enum dimension dim[] = {DIM_STATE_STEP, DIM_PROBE, DIM_STATE, DIM_UNIT};
    const struct trajectory way = trajectory_of(point->problem.network);
    const int64_t size[] = {schedule_ends(&point->schedule), probes(point), way.states, way.size};
    (void)record_add_shaped(point->record, METRIC_TRAJECTORIES, 0, 4, dim, size);
}

static void declare(struct point *point) {
    if (!has_stability(point) && !has_trajectories(point)) return;
    double *step = measure_add(point, METRIC_STATE_STEP);
    step[0] = 0;
    step[schedule_ends(&point->schedule) - 1] = (double)point->config->training.steps;
    if (has_stability(point)) (void)measure_add(point, METRIC_JACOBIAN_MAX);
    if (has_stability(point)) (void)measure_add(point, METRIC_JACOBIAN_MIN);
    if (has_trajectories(point)) add_trajectories(point);
}

/* Scratch for one probe. */
struct scratch {
    real *x, *way;     /* way: of a solver */
    struct ends *ends; /* [states] */
    struct jacobian jacobian;
    struct tape tape;
};

static struct scratch lay_out_scratch(const struct point *point, struct arena *arena) {
    const struct network *network = point->problem.network;
    struct scratch scratch = {.x = ARENA_TAKE(arena, point->problem.inputs, real)};
    scratch.ends = ARENA_TAKE(arena, network->states, struct ends);
    if (has_stability(point)) jacobian_lay_out(network, JACOBIAN_MOST, arena, &scratch.jacobian);
    if (has_trajectories(point)) network_tape(network, 0, 1, network_work(network, arena), arena, &scratch.tape);
    if (has_trajectories(point) && network->states == 0) scratch.way = ARENA_TAKE(arena, numbers_of(network), real);
    return scratch;
}

static void count(struct arena *arena, struct point *point) {
    if (has_stability(point) || has_trajectories(point)) (void)lay_out_scratch(point, arena);
}

/* H_L = 1 and the others, a mean over probes. */
static bool add_jacobians(struct point *point, int64_t index, const real *theta, const struct host *host,
                          struct scratch *scratch) {
    double *largest = measure_row(point, METRIC_JACOBIAN_MAX, index);
    double *smallest = measure_row(point, METRIC_JACOBIAN_MIN, index);
    if (jacobian_extremes(&scratch->jacobian, theta, scratch->x, host, scratch->ends)) return true;
    for (int l = 0; l < point->problem.network->states; l++) {
        largest[l] += scratch->ends[l].largest / (double)probes(point);
        smallest[l] += scratch->ends[l].smallest / (double)probes(point);
    }
    return false;
}

static void keep_states(struct point *point, int64_t index, int64_t probe, const real *theta, struct scratch *scratch) {
    const struct network *network = point->problem.network;
    const struct trajectory way = trajectory_of(network);
    double *out = measure_row(point, METRIC_TRAJECTORIES, index) + probe * way.states * way.size;
    scratch->tape.value[0] = scratch->x;
    network_forward(network, 0, theta, &scratch->tape);
    for (int l = 0; l < network->states; l++)
        la_to_double(way.size, scratch->tape.value[network->state[l]], out + l * way.size);
    if (network->states > 0) return;
    network_solve(network, theta, &scratch->tape, scratch->way);
    la_to_double(way.states * way.size, scratch->way, out);
}

static void begin_means(struct point *point, int64_t index) {
    static const enum metric_id means[] = {METRIC_JACOBIAN_MAX, METRIC_JACOBIAN_MIN};
    for (int i = 0; i < 2; i++)
        memset(measure_row(point, means[i], index), 0, (size_t)point->problem.network->states * sizeof(double));
}

static status measure_states(struct point *point, struct arena *arena, int64_t index, const real *theta,
                             const struct host *host) {
    int64_t inputs = point->problem.inputs;
    struct scratch scratch = lay_out_scratch(point, arena);
    if (has_stability(point)) begin_means(point, index);
    for (int64_t probe = 0; probe < probes(point); probe++) {
        la_from_double(inputs, point->data->x_test + probe * inputs, scratch.x);
        if (has_trajectories(point)) keep_states(point, index, probe, theta, &scratch);
        if (has_stability(point) && add_jacobians(point, index, theta, host, &scratch))
            FAIL(ERROR_INTERRUPTED, "stopped in the Jacobians of step %lld",
                 (long long)(index > 0 ? point->config->training.steps : 0));
    }
    return OK;
}

static status at_start(struct point *point, struct arena *arena) {
    const struct host host = task_host(&point->hooks);
    double begin = clock_seconds();
    if (!has_stability(point) && !has_trajectories(point)) return OK;
    status result = measure_states(point, arena, 0, point->theta0, &host);
    point->progress.seconds_recording += clock_seconds() - begin;
    return result;
}

/* Where the network has not diverged, and has taken a step. */
static status after(struct point *point, struct arena *arena) {
    const struct task_hooks hooks = point_hooks_at_end(point);
    const struct host host = task_host(&hooks);
    bool is_wanted = has_stability(point) || has_trajectories(point);
    if (!is_wanted || !point_has(point, MODEL_NETWORK) || schedule_ends(&point->schedule) == 1) return OK;
    arena_release(arena, point->kept_mark);
    return measure_states(point, arena, 1, point->theta, &host);
}

/* ---- cost ---- */

static void add_gradients(const struct point *point, struct task_cost *cost) {
    const struct points *points = &point->problem.points;
    double recorded = (double)point->schedule.count;
    cost->flops += recorded * 3 * network_flops(point->problem.network, points->first, points->train);
    cost->elementwise +=
        recorded * (2 * (double)points->train * point_values(point) + 2 * (double)point->problem.network->theta);
}

static void add_states(const struct point *point, struct task_cost *cost) {
    const struct network *network = point->problem.network;
    double ends = (double)schedule_ends(&point->schedule), times = ends * (double)probes(point);
    cost->record_bytes += sizeof(double) * ends;
    if (has_stability(point)) {
        cost->flops += times * jacobian_flops(network, JACOBIAN_MOST);
        cost->elementwise += times * jacobian_elementwise(network, JACOBIAN_MOST);
        cost->record_bytes += sizeof(double) * 2 * measure_numbers(point, METRIC_JACOBIAN_MAX);
    }
    if (has_trajectories(point)) {
        cost->flops += times * network_flops(network, 0, 1) * (network->states > 0 ? 1 : 2);
        cost->record_bytes += sizeof(double) * times * (double)numbers_of(network);
    }
}

static void cost(const struct point *point, struct task_cost *cost) {
    if (has_stability(point)) add_gradients(point, cost);
    if (has_stability(point) || has_trajectories(point)) add_states(point, cost);
}

static const struct measurement measurements[] = {{METRIC_GRADIENT_RMS, gradient_rms, has_stability}, {0}};

const struct element measure_stability = {.name = "stability",
                                          .measurements = measurements,
                                          .declare = declare,
                                          .lay_out = lay_out,
                                          .count = count,
                                          .at_start = at_start,
                                          .after = after,
                                          .cost = cost};
