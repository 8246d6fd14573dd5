/* One resolved setting of every key of the study file: plain values, filled by the table of keys (keys.c).
 *
 * A study holds one `struct config` and its axes; a point is the same struct with the values of its cell in place.
 * Every member that a row of the table names has one of the types below. Texts and lists are borrowed from the study.
 * Adding a key: a member here, a row in keys.c. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "activation_list.h"
#include "family_list.h"
#include "rate_schedule.h"
#include "source_list.h"

/* SOURCE_MNIST, ...: source_list.h. */
#define SOURCE_NUMBER(NAME, name, traits, meaning) SOURCE_##NAME,
enum data_source { SOURCE_LIST(SOURCE_NUMBER) DATA_SOURCES };
#undef SOURCE_NUMBER
enum data_order { ORDER_SHUFFLED, ORDER_FILE };
enum data_labels { LABELS_FINE, LABELS_COARSE };
enum data_channels { CHANNELS_LAST, CHANNELS_FIRST };
enum data_function { FUNCTION_SIN, FUNCTION_LINEAR, FUNCTION_NEGATE, FUNCTION_ABS };
enum data_scale { SCALE_GLOBAL, SCALE_FEATURE, SCALE_NONE };
#define FAMILY_NUMBER(NAME, name, images, meaning) FAMILY_##NAME,
enum family { FAMILY_LIST(FAMILY_NUMBER) FAMILIES };
#undef FAMILY_NUMBER
enum cell { CELL_PRE, CELL_POST, CELL_TWO, CELL_ONE };
enum weights { WEIGHTS_INDEPENDENT, WEIGHTS_SHARED, WEIGHTS_KNOTS };
enum step { STEP_ONE, STEP_TIME, STEP_ROOT };
enum solver { SOLVER_EULER, SOLVER_MIDPOINT, SOLVER_HEUN, SOLVER_RK4, SOLVER_PICARD, SOLVER_ANDERSON, SOLVER_ODE };
enum state_kind { STATE_WIDTH, STATE_INPUT };
enum readout { READOUT_DENSE, READOUT_NONE };
enum example { EXAMPLE_1, EXAMPLE_2, EXAMPLE_3 };
enum reading { READING_INPUT, READING_STATE };
enum pooling { POOLING_GLOBAL, POOLING_FLATTEN };
#define ACTIVATION_NUMBER(NAME, name) ACTIVATION_##NAME,
/* Behind the list, which is of functions: the operator with a weight. */
enum activation_kind { ACTIVATION_LIST(ACTIVATION_NUMBER) ACTIVATIONS, ACTIVATION_PRELU = ACTIVATIONS };
#undef ACTIVATION_NUMBER
enum draw { DRAW_NORMAL, DRAW_UNIFORM, DRAW_ONES };
enum parameterization { PARAMETERIZATION_NTK, PARAMETERIZATION_STANDARD };
enum loss { LOSS_MSE, LOSS_CROSS_ENTROPY };
enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAM };
enum layers { LAYERS_ALL, LAYERS_READOUT };
enum { BATCH_SIZE_FULL = 0 };
enum rate_form { RATE_NONE, RATE_ABSOLUTE, RATE_CRITICAL_FRACTION, RATE_EMPIRICAL_FRACTION };
enum rates { RATES_UNIFORM, RATES_MATCHED };
enum linearization { LINEARIZATION_AUTO, LINEARIZATION_FUNCTION, LINEARIZATION_PARAMETER };
/* What a point trains: the network always, and what training.models names, in the order of its words. */
enum model_id { MODEL_NETWORK, MODEL_LINEAR, MODELS };
enum spacing { SPACING_LOG, SPACING_LINEAR };
enum kernel_steps { KERNEL_STEPS_NONE, KERNEL_STEPS_LAST, KERNEL_STEPS_ALL, KERNEL_STEPS_LIST };
enum outputs { OUTPUTS_NONE, OUTPUTS_PROBES, OUTPUTS_ALL };
enum keep { KEEP_INPUTS = 1, KEEP_OUTPUTS = 2, KEEP_PARAMETERS = 4, KEEP_KERNELS = 8 };
enum precision { PRECISION_F32, PRECISION_F64 };

struct text_list {
    int64_t count;
    const char *const *item;
};
struct count_list {
    int64_t count;
    const int64_t *item;
};
/* `{ absolute: x }`, or the share of a largest stable rate: `{ critical_fraction: c }` of that of the infinitely wide
 * network, `{ empirical_fraction: c }` of that of this network. Momentum and the rest of the optimizer stand beside it. */
struct learning_rate {
    int form; /* enum rate_form; RATE_NONE: not given */
    double value;
};

struct interval {
    double from, to;
};

struct config {
    const char *title;
    struct {
        int source;             /* enum data_source */
        const char *path;       /* folder or file, absolute; NULL where data are drawn */
        struct text_list files; /* mnist: training images and labels, test images and labels; empty: the usual names */
        struct text_list classes;   /* empty: all */
        const char *class_names;    /* file, absolute; "" or NULL: none */
        int labels;                 /* cifar100: enum data_labels */
        int channels;               /* arrays: enum data_channels */
        int scale, target_scale;    /* arrays: enum data_scale */
        int64_t dimension, outputs; /* drawn data; gaussian */
        int64_t degree;             /* sphere */
        double mean;                /* clusters: distance of their centres from 0 */
        int function;               /* function: enum data_function */
        double slope;               /* of the linear one */
        struct interval interval;   /* function: where its inputs lie */
        double noise;               /* spirals: deviation in each input */
        double time;                /* spiral_flow */
        int64_t resize;             /* images: squares of resize x resize pixels become one, their mean */
        int64_t test_size, seed;
        int order; /* enum data_order */
    } data;
    struct {
        int family;
        int64_t depth;        /* fc, conv, residual */
        int64_t blocks;       /* wrn: in each of the three groups; depth is 6 blocks + 4 */
        int64_t kernel_size;  /* conv */
        int pooling;          /* conv: enum pooling */
        int cell, weights;    /* residual, and cell of deq: enum cell, weights */
        int64_t knots;        /* of weights, WEIGHTS_KNOTS */
        int step;             /* residual: enum step */
        double time;          /* T; closed too */
        int solver;           /* STEP_TIME, and deq: enum solver */
        int time_input;       /* STEP_TIME, truth: cells read the time too */
        int state, readout;   /* residual, deq: enum state_kind, readout */
        int64_t augment;      /* STATE_INPUT: zeros after the input */
        int inject;           /* residual, truth: cells read the input too */
        int example, reading; /* closed: enum example, reading */
        int activation;
        double slope; /* leaky_relu; prelu, at first */
        int draw;     /* enum draw */
        double sigma_w2, sigma_b2;
        int parameterization;
        double feedback_w2;  /* deq: variance of the cell's weights times fan-in */
        int64_t expansion;   /* deq, cell two: hidden units over the state's */
        double tolerance;    /* deq: of the relative residual; 0: config_tolerance */
        int64_t iterations;  /* deq: of the solver, at most */
        double output_scale; /* alpha: F = alpha f is trained, at the rate of alpha = 1 over alpha^2 */
    } network;
    struct {
        int loss, optimizer;
        double momentum;    /* sgd */
        double contraction; /* deq: norm that the cell is held to; 0: it is not */
        int64_t batch_size; /* BATCH_SIZE_FULL, or examples of a step */
        double clip;        /* the largest norm of a gradient; 0: any */
        int layers;         /* enum layers: which are trained */
        int centred;        /* truth: f - f_0 is trained */
        struct learning_rate learning_rate;
        int schedule; /* enum rate_schedule_kind: of the rate */
        int rates; /* enum rates, of the standard parameterization: one for all tensors, or matched to the NTK one's */
        int64_t steps;
        double stop_loss; /* the training loss at which it ends; 0: none */
        int models;       /* bits of the words of training.models: config_trains */
        int linearization;
    } training;
    struct {
        int64_t recorded_steps;
        int spacing;
        int kernel_steps;                    /* enum kernel_steps */
        struct count_list kernel_steps_list; /* for KERNEL_STEPS_LIST */
        int64_t probes;
        int outputs;
        int predictions;             /* truth */
        int stability, trajectories; /* truths */
        int keep;                    /* bits of enum keep */
    } measure;
    int64_t width, train_size, seed; /* of the point; 0 in a study's own config */
    struct {
        int precision, limit_precision; /* enum precision; of pairs of points at infinite width */
        int64_t memory;                 /* bytes a rank, bounds tiles and chunks */
        int64_t threads;
        double checkpoint_minutes; /* wall time between checkpoints of a point */
    } run;
};

/* Test points whose outputs are recorded: the probes, or all. */
static inline int64_t config_shown_points(const struct config *config) {
    switch (config->measure.outputs) {
    case OUTPUTS_PROBES:
        return config->measure.probes;
    case OUTPUTS_ALL:
        return config->data.test_size;
    default:
        return 0;
    }
}

/* Test points, the first ones, whose kernel with all test points a reference holds: those of the ensemble's bands (mean
 * squared error), all where kernels are kept. The reference's name says so. */
static inline int64_t config_test_columns(const struct config *config) {
    if (config->measure.keep & KEEP_KERNELS) return config->data.test_size;
    return config->training.loss == LOSS_MSE ? config_shown_points(config) : 0;
}

/* Does the family need images? */
static inline bool config_needs_images(const struct config *config) {
#define FAMILY_IMAGES(NAME, name, images, meaning) | (images) << FAMILY_##NAME
    return (0 FAMILY_LIST(FAMILY_IMAGES)) >> config->network.family & 1;
#undef FAMILY_IMAGES
}

/* Has each tensor a rate of its own, so that the standard parameterization follows the trajectory of the NTK one? */
static inline bool config_has_matched_rates(const struct config *config) {
    return config->network.parameterization == PARAMETERIZATION_STANDARD && config->training.rates == RATES_MATCHED;
}

/* Is a limit of infinite width known of the network? Learned slopes keep a share of Theta that depends on the draw; the
 * first layer is Gaussian for normal weights alone; of cells it is where only layers read what an activation makes, and
 * nothing of a fixed size stands beside what is wide; of equilibria, where the cell has one layer. */
static inline bool config_has_limit(const struct config *config) {
    int family = config->network.family, cell = config->network.cell;
    if (config->network.activation == ACTIVATION_PRELU || config->network.draw != DRAW_NORMAL) return false;
    if (family == FAMILY_CLOSED) return false;
    if (family != FAMILY_RESIDUAL && family != FAMILY_DEQ) return true;
    return (family == FAMILY_DEQ ? cell == CELL_ONE : cell != CELL_POST) && config->network.state == STATE_WIDTH &&
           config->network.readout == READOUT_DENSE && !config->network.time_input;
}

/* Has the network parameters? */
static inline bool config_has_parameters(const struct config *config) {
    return config->network.family != FAMILY_CLOSED || config->network.example != EXAMPLE_3;
}

/* Have weights and biases the rates of the NTK parameterization? */
static inline bool config_has_ntk_rates(const struct config *config) {
    return config->network.parameterization == PARAMETERIZATION_NTK || config_has_matched_rates(config);
}

/* Do infinite-width kernels belong to the network's Theta_0? Not where all tensors move at one rate in the standard
 * parameterization. */
static inline bool config_has_infinite_width(const struct config *config) {
    return config_has_limit(config) && config_has_ntk_rates(config);
}

/* Has a point a reference? Kept kernels may be of any rates. */
static inline bool config_needs_reference(const struct config *config) {
    return config_has_infinite_width(config) || ((config->measure.keep & KEEP_KERNELS) && config_has_limit(config));
}

/* Has the limit to be there? Critical rates and predictions are of its kernel; an equilibrium may have none. */
static inline bool config_needs_limit(const struct config *config) {
    return config_needs_reference(config) &&
           (config->training.learning_rate.form == RATE_CRITICAL_FRACTION || config->measure.predictions);
}

/* Does a point train this model? */
static inline bool config_trains(const struct config *config, enum model_id model) {
    return model == MODEL_NETWORK || (config->training.models >> (model - 1) & 1) != 0;
}

/* A rounding of run.precision. */
static inline double config_rounding(const struct config *config) {
    return config->run.precision == PRECISION_F32 ? 1.1920928955078125e-07 : 2.220446049250313e-16;
}

/* The relative residual at which an equilibrium rests. */
static inline double config_tolerance(const struct config *config) {
    if (config->network.tolerance > 0) return config->network.tolerance;
    return config->run.precision == PRECISION_F32 ? 1e-5 : 1e-11;
}

/* Examples of a step of training. */
static inline int64_t config_batch(const struct config *config) {
    return config->training.batch_size == BATCH_SIZE_FULL ? config->train_size : config->training.batch_size;
}

/* Batches of all examples are full ones. */
static inline bool config_is_full_batch(const struct config *config) {
    return config_batch(config) == config->train_size;
}

static inline struct rate_schedule config_rate_schedule(const struct config *config) {
    return (struct rate_schedule){config->training.schedule, config->training.steps};
}

/* Has the linearization a closed form? The mean squared error does, going down by full-batch steps that are not
 * clipped, with momentum or without, at any schedule of rates. */
static inline bool config_has_closed_form(const struct config *config) {
    return config->training.loss == LOSS_MSE && config->training.optimizer == OPTIMIZER_SGD &&
           config->training.clip == 0 && config_is_full_batch(config);
}

/* Is there a gradient flow that its steps discretize? That of full batches at one rate, without momentum. */
static inline bool config_has_flow(const struct config *config) {
    return config->training.optimizer == OPTIMIZER_SGD && config_is_full_batch(config) && config->training.clip == 0 &&
           config->training.schedule == SCHEDULE_CONSTANT && config->training.momentum == 0;
}

#endif
