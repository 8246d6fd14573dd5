#include "checks.h"

#include <stdlib.h>
#include "axes.h"
#include "sources.h"

/* ---- what does not go together ---- */

static bool is_without_images(const struct config *config) {
    return config_needs_images(config) && !source_has(config->data.source, SOURCE_IMAGES);
}

static bool is_without_layers(const struct config *config) {
    return (config->network.family == FAMILY_CONV || config->network.family == FAMILY_RESIDUAL) &&
           config->network.depth < 1;
}

static bool are_knots_between_blocks(const struct config *config) {
    return config->network.family == FAMILY_RESIDUAL && config->network.weights == WEIGHTS_KNOTS &&
           config->network.depth % (config->network.knots - 1) != 0;
}

static bool is_without_classes(const struct config *config) {
    return config->training.loss == LOSS_CROSS_ENTROPY && !source_has(config->data.source, SOURCE_CLASSES);
}

static bool is_sphere_of_two_points(const struct config *config) {
    return config->data.source == SOURCE_SPHERE && config->data.dimension < 2;
}

static bool is_batch_too_large(const struct config *config) { return config_batch(config) > config->train_size; }

static bool is_adam(const struct config *config) { return config->training.optimizer == OPTIMIZER_ADAM; }

static bool is_adam_at_critical_rate(const struct config *config) {
    return is_adam(config) && config->training.learning_rate.form != RATE_ABSOLUTE;
}

/* Of a kernel without a limit of infinite width: a parameterization's, and each of a network's reasons
 * (config_has_limit). */
static bool is_at_critical_rate(const struct config *config) {
    return config->training.learning_rate.form == RATE_CRITICAL_FRACTION;
}
static bool is_critical_rate_unknown(const struct config *config) {
    return is_at_critical_rate(config) && !config_has_ntk_rates(config);
}
static bool is_critical_of_cell(const struct config *config) {
    bool is_deq = config->network.family == FAMILY_DEQ;
    return is_at_critical_rate(config) && config->network.cell == (is_deq ? CELL_TWO : CELL_POST);
}
static bool is_critical_of_input(const struct config *config) {
    return is_at_critical_rate(config) && config->network.state == STATE_INPUT;
}
static bool is_critical_of_state(const struct config *config) {
    return is_at_critical_rate(config) && config->network.readout == READOUT_NONE;
}
static bool is_critical_of_time(const struct config *config) {
    return is_at_critical_rate(config) && config->network.time_input;
}
static bool is_critical_of_prelu(const struct config *config) {
    return is_at_critical_rate(config) && config->network.activation == ACTIVATION_PRELU;
}
static bool is_critical_of_closed(const struct config *config) {
    return is_at_critical_rate(config) && config->network.family == FAMILY_CLOSED;
}
static bool is_critical_of_draw(const struct config *config) {
    return is_at_critical_rate(config) && config->network.draw != DRAW_NORMAL;
}

static bool is_wide_without_width(const struct config *config) {
    return config->network.family == FAMILY_CLOSED && config->width != 1;
}

static bool is_training_without_parameters(const struct config *config) {
    return !config_has_parameters(config) && config->training.steps > 0;
}

static bool is_linear_without_parameters(const struct config *config) {
    return !config_has_parameters(config) && config_trains(config, MODEL_LINEAR);
}

/* A kernel of nothing. */
static bool is_kernel_without_parameters(const struct config *config) {
    return !config_has_parameters(config) &&
           (config->measure.predictions || config->training.learning_rate.form == RATE_EMPIRICAL_FRACTION);
}

static bool is_adam_in_function_space(const struct config *config) {
    return is_adam(config) && config->training.linearization == LINEARIZATION_FUNCTION;
}

static bool is_predicted_with_adam(const struct config *config) {
    return is_adam(config) && config->measure.predictions;
}

static bool is_predicted_in_batches(const struct config *config) {
    return config->measure.predictions && !config_is_full_batch(config);
}

static bool is_flow_with_momentum(const struct config *config) {
    return config->measure.predictions && config->training.loss == LOSS_CROSS_ENTROPY && config->training.momentum > 0;
}

static bool is_flow_at_many_rates(const struct config *config) {
    return config->measure.predictions && config->training.loss == LOSS_CROSS_ENTROPY &&
           config->training.schedule != SCHEDULE_CONSTANT;
}

static bool is_clipped_beside_another(const struct config *config) {
    return config->training.clip > 0 && config->training.models != 0;
}

static bool is_predicted_clipped(const struct config *config) {
    return config->training.clip > 0 && config->measure.predictions;
}

#ifdef NTKSWEEP_WITHOUT_SUNDIALS
/* Gradient flow of cross-entropy is integrated. */
static bool is_flow_without_sundials(const struct config *config) {
    return config->measure.predictions && config->training.loss == LOSS_CROSS_ENTROPY;
}
#endif

static bool has_probes_too_many(const struct config *config) { return config->measure.probes > config->data.test_size; }

static bool has_kernels_too_late(const struct config *config) {
    const struct count_list *steps = &config->measure.kernel_steps_list;
    return steps->count > 0 && steps->item[steps->count - 1] > config->training.steps;
}

static bool has_family(const struct config *config, enum family family) {
    return config->network.family == (int)family;
}
static bool has_cell(const struct config *config, unsigned cells) { return cells >> config->network.cell & 1u; }
static bool has_solver(const struct config *config, unsigned solvers) { return solvers >> config->network.solver & 1u; }

static bool is_cell_of_residual(const struct config *config) {
    return has_family(config, FAMILY_DEQ) && has_cell(config, 1u << CELL_PRE | 1u << CELL_POST);
}
static bool is_cell_of_deq(const struct config *config) {
    return has_family(config, FAMILY_RESIDUAL) && has_cell(config, 1u << CELL_ONE);
}
static bool is_solver_of_residual(const struct config *config) {
    return has_family(config, FAMILY_DEQ) &&
           has_solver(config, 1u << SOLVER_MIDPOINT | 1u << SOLVER_HEUN | 1u << SOLVER_RK4);
}
static bool is_solver_of_deq(const struct config *config) {
    return has_family(config, FAMILY_RESIDUAL) &&
           has_solver(config, 1u << SOLVER_PICARD | 1u << SOLVER_ANDERSON | 1u << SOLVER_ODE);
}

static bool is_stability_of_one_state(const struct config *config) {
    return (has_family(config, FAMILY_DEQ) || has_family(config, FAMILY_CLOSED)) && config->measure.stability;
}
/* Of an equilibrium they are those of its solver. */
static bool is_trajectory_of_closed(const struct config *config) {
    return has_family(config, FAMILY_CLOSED) && config->measure.trajectories;
}

static bool is_held_while_frozen(const struct config *config) {
    return config->network.family == FAMILY_DEQ && config->training.contraction > 0 &&
           config->training.layers == LAYERS_READOUT;
}

static bool is_held_beside_linearization(const struct config *config) {
    return config->network.family == FAMILY_DEQ && config->training.contraction > 0 &&
           config_trains(config, MODEL_LINEAR);
}

/* Below what roundings let a residual come to. */
static bool is_below_roundings(const struct config *config) {
    return config->network.family == FAMILY_DEQ && config->network.tolerance > 0 &&
           config->network.tolerance < 8 * config_rounding(config);
}

/* E phi'^2 of what is homogeneous, at any input; 0: of others. */
static double squared_slope(const struct config *config) {
    double left = config->network.slope;
    switch (config->network.activation) {
    case ACTIVATION_RELU:
        return 0.5;
    case ACTIVATION_LEAKY_RELU:
        return (1 + left * left) / 2;
    case ACTIVATION_IDENTITY:
        return 1;
    default:
        return 0;
    }
}

/* The cell of infinite width does not contract. Whether another one's does is for the run to find out
 * (limit/infinite_equilibrium.c). */
static bool is_limit_without_rest(const struct config *config) {
    return has_family(config, FAMILY_DEQ) && config_needs_limit(config) &&
           config->network.feedback_w2 * squared_slope(config) >= 1;
}

/* Are points with this value other ones than those with another? */
static bool is_expansion_used(const struct config *config) {
    return !has_family(config, FAMILY_DEQ) || has_cell(config, 1u << CELL_TWO) || config->network.expansion == 1;
}
static bool is_limit_precision_used(const struct config *config) {
    return config_needs_reference(config) || config->run.limit_precision == PRECISION_F64;
}
static bool is_width_used(const struct config *config) {
    bool has_state = has_family(config, FAMILY_RESIDUAL) || has_family(config, FAMILY_DEQ);
    bool is_wide_inside = has_family(config, FAMILY_RESIDUAL) && has_cell(config, 1u << CELL_TWO);
    return !has_state || is_wide_inside || config->network.state == STATE_WIDTH;
}

#define WORDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define WITHOUT_LIMIT "{ empirical_fraction: c }, since no limit of infinite width is known,"

/* The value of `key` is to blame. Only these keys of the config are looked at, and what is no axis:
 * measure.predictions, training.models, the form of the learning rate. */
static const struct conflict {
    const char *key, *other;
    bool (*is_there)(const struct config *config);
    const char *expected;
    const char *const *also; /* the rest of what is looked at and may be an axis; NULL: nothing */
} conflict_table[] = {
    {"network.family", "data.source", is_without_images, "fc, or data of images,", NULL},
    {"network.depth", "network.family", is_without_layers, "a whole number >= 1", NULL},
    {"network.knots", "network.depth", are_knots_between_blocks, "one more than a divisor of the depth", NULL},
    {"network.cell", "network.family", is_cell_of_residual, "one or two", NULL},
    {"network.cell", "network.family", is_cell_of_deq, "pre, post or two", NULL},
    {"network.solver", "network.family", is_solver_of_residual, "euler, picard, anderson or ode", NULL},
    {"network.solver", "network.family", is_solver_of_deq, "euler, midpoint, heun or rk4", NULL},
    {"network.tolerance", "run.precision", is_below_roundings, "0, or at least 8 roundings (1.8e-15, in f32 9.6e-7),",
     NULL},
    {"training.contraction", "training.layers", is_held_while_frozen, "0, or training.layers: all,", NULL},
    {"training.contraction", "training.models", is_held_beside_linearization, "0, or training.models: [],", NULL},
    {"training.loss", "data.source", is_without_classes, "mse, or data with classes,", NULL},
    {"data.dimension", "data.source", is_sphere_of_two_points, "a whole number >= 2", NULL},
    {"training.batch_size", "sweep.train_size", is_batch_too_large, "full, or at most sweep.train_size,", NULL},
    {"training.learning_rate", "training.optimizer", is_adam_at_critical_rate, "{ absolute: x }", NULL},
    {"training.learning_rate", "training.rates", is_critical_rate_unknown,
     "rates: matched (network.parameterization: standard has no limit of infinite width at one rate for all tensors) "
     "or "
     "{ empirical_fraction: c }",
     WORDS("network.parameterization")},
    {"training.learning_rate", "network.cell", is_critical_of_cell, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.state", is_critical_of_input, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.readout", is_critical_of_state, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.time_input", is_critical_of_time, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.activation", is_critical_of_prelu, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.draw", is_critical_of_draw, WITHOUT_LIMIT, NULL},
    {"training.learning_rate", "network.family", is_critical_of_closed, WITHOUT_LIMIT, NULL},
    {"sweep.width", "network.family", is_wide_without_width, "1, or nothing,", NULL},
    {"training.steps", "network.example", is_training_without_parameters, "0, since there are no parameters,", NULL},
    {"training.models", "network.example", is_linear_without_parameters, "[], since there are no parameters,", NULL},
    {"training.learning_rate", "network.example", is_kernel_without_parameters,
     "{ absolute: x } and measure.predictions: false, since there are no parameters,", NULL},
    {"training.linearization", "training.optimizer", is_adam_in_function_space, "auto or parameter", NULL},
    {"measure.predictions", "training.optimizer", is_predicted_with_adam, "false, or training.optimizer: sgd,", NULL},
    {"training.batch_size", "sweep.train_size", is_predicted_in_batches, "full, or measure.predictions: false,", NULL},
    {"training.momentum", "training.loss", is_flow_with_momentum, "0, or measure.predictions: false,", NULL},
    {"training.schedule", "training.loss", is_flow_at_many_rates, "constant, or measure.predictions: false,", NULL},
    {"training.clip", "training.models", is_clipped_beside_another, "0, or training.models: [],", NULL},
    {"training.clip", "measure.predictions", is_predicted_clipped, "0, or measure.predictions: false,", NULL},
    {"measure.stability", "network.family", is_stability_of_one_state, "false, since it has no states over depth,",
     NULL},
    {"measure.trajectories", "network.family", is_trajectory_of_closed, "false, since it has no states over depth,",
     NULL},
    {"measure.probes", "data.test_size", has_probes_too_many, "at most data.test_size", NULL},
    {"measure.kernel_steps", "training.steps", has_kernels_too_late, "no step after training.steps", NULL},
};

/* What would be begun in vain, though results of it can be read: another build's, or an older program's. */
static const struct conflict vain_table[] = {
#ifdef NTKSWEEP_WITHOUT_SUNDIALS
    {"measure.predictions", "training.loss", is_flow_without_sundials, "false, or a build with SUNDIALS,", NULL},
#endif
    {"network.feedback_w2", "network.activation", is_limit_without_rest,
     "less than 2 (relu), 2/(1 + slope^2) (leaky_relu) or 1 (identity), as the limit of infinite width needs, or "
     "training.learning_rate: { absolute: x } or { empirical_fraction: c } and measure.predictions: false,",
     WORDS("network.slope", "network.cell", "network.state", "network.readout", "network.draw",
           "network.parameterization", "training.rates")},
};

/* What does nothing: where `is_there` says of no values of the others that it does. */
static const struct conflict idle_table[] = {
    {"network.expansion", "network.cell", is_expansion_used, "1, or network.cell: two,", NULL},
    {"sweep.width", "network.state", is_width_used, "one value, which nothing depends on,", WORDS("network.cell")},
    {"run.limit_precision", "network.family", is_limit_precision_used,
     "f64, since no kernels of infinite width are computed,",
     WORDS("network.cell", "network.state", "network.readout", "network.time_input", "network.activation",
           "network.draw", "network.parameterization", "training.rates")},
};

/* ---- every value of the one with every value of the other ---- */

static int64_t count_values(const struct study *study, const struct key *key) {
    const struct axis *axis = axis_find(study, key);
    return axis ? axis->count : 1;
}

/* Where value i of the key stands, an axis or not. */
static struct place value_place(const struct slots *slots, const struct key *key, int64_t i) {
    struct place swept = slots->swept[key - key_table];
    if (!swept.node) return slots->own[key - key_table];
    return place_is_list(swept) ? place_item(swept, (int)i) : swept;
}

static status refuse(const struct conflict *conflict, const struct config *config, struct place place) {
    char *value = value_format(key_find(conflict->key), config, STYLE_YAML);
    char *other = value_format(key_find(conflict->other), config, STYLE_YAML);
    status refused = place_fail(place, conflict->key, "%s does not go with %s: %s; %s was expected", value,
                                conflict->other, other, conflict->expected);
    free(value);
    free(other);
    return refused;
}

/* Is it there with some value of `other` and of all in `also`? Those are then in the config. */
static bool is_with(const struct study *study, const struct conflict *conflict, const struct key *other,
                    const char *const *also, struct config *config) {
    const struct axis *axis = axis_find(study, other);
    for (int64_t i = 0; i < count_values(study, other); i++) {
        if (axis) value_put(other, axis->number[i], config);
        bool is_last = !also || !*also;
        if (is_last ? conflict->is_there(config) : is_with(study, conflict, key_find(*also), also + 1, config))
            return true;
    }
    return false;
}

static status check(const struct study *study, const struct slots *slots, const struct conflict *conflict) {
    const struct key *key = key_find(conflict->key), *other = key_find(conflict->other);
    for (int64_t i = 0; i < count_values(study, key); i++) {
        struct config config = axis_config(study, key, i);
        if (is_with(study, conflict, other, conflict->also, &config))
            return refuse(conflict, &config, value_place(slots, key, i));
    }
    return OK;
}

/* A key that must be given has one value at least. */
static status check_idle(const struct study *study, const struct slots *slots, const struct conflict *idle) {
    const struct key *key = key_find(idle->key), *other = key_find(idle->other);
    for (int64_t i = key_is_swept(key); i < count_values(study, key); i++) {
        struct config config = axis_config(study, key, i);
        if (!is_with(study, idle, other, idle->also, &config)) return refuse(idle, &config, value_place(slots, key, i));
    }
    return OK;
}

status checks_between_keys(const struct study *study, const struct slots *slots) {
    for (size_t c = 0; c < sizeof conflict_table / sizeof *conflict_table; c++)
        TRY(check(study, slots, &conflict_table[c]));
    return OK;
}

status checks_of_runs(const struct study *study, const struct slots *slots) {
    for (size_t c = 0; c < sizeof vain_table / sizeof *vain_table; c++) TRY(check(study, slots, &vain_table[c]));
    for (size_t c = 0; c < sizeof idle_table / sizeof *idle_table; c++) TRY(check_idle(study, slots, &idle_table[c]));
    return OK;
}
