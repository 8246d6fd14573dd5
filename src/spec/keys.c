#include "keys.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "order.h"
#include "sources.h"

#define AT(member)  offsetof(struct config, member)
#define WORDS(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define ANY_COUNT   INT_MAX            /* what BLAS counts */
#define EXACT_COUNT 9007199254740992.0 /* 2^53: whole numbers that a double holds */
/* Lists of some 2000 nodes: about 2 a layer and 15 a block. */
#define LAYERS_MOST 1000
#define BLOCKS_MOST 100
#define DRAWN_MOST  1e6 /* kernels of drawn data stay finite, in f32 too */
#define SHRINK_MOST 64  /* sums of squares of so many pixels stay exact: data/images.h */

/* Of sources by what they have, or one alone. */
static const struct key_condition with_files = {AT(data.source), 0, NULL, SOURCE_FILES},
                                  with_pixels = {AT(data.source), 0, NULL, SOURCE_PIXELS},
                                  with_drawn = {AT(data.source), 0, NULL, SOURCE_DRAWN};
#define WITH_SOURCE(NAME) (&(const struct key_condition){AT(data.source), 1u << SOURCE_##NAME, NULL, 0})
static const struct key_condition with_linear_function = {AT(data.function), 1u << FUNCTION_LINEAR, NULL, 0};
static const struct key_condition with_depth = {AT(network.family),
                                                1u << FAMILY_FC | 1u << FAMILY_CONV | 1u << FAMILY_RESIDUAL,
                                                "network.family is fc, conv or residual (wrn has blocks)", 0};
static const struct key_condition with_conv = {AT(network.family), 1u << FAMILY_CONV, NULL, 0};
static const struct key_condition with_wrn = {AT(network.family), 1u << FAMILY_WRN, NULL, 0};
static const struct key_condition with_deq = {AT(network.family), 1u << FAMILY_DEQ, NULL, 0};
static const struct key_condition with_residual = {AT(network.family), 1u << FAMILY_RESIDUAL, NULL, 0};
static const struct key_condition with_cells = {AT(network.family), 1u << FAMILY_RESIDUAL | 1u << FAMILY_DEQ, NULL, 0};
static const struct key_condition with_knots = {AT(network.weights), 1u << WEIGHTS_KNOTS, NULL, 0};
static const struct key_condition with_steps_of_time = {AT(network.step), 1u << STEP_TIME, NULL, 0};
static const struct key_condition with_closed = {AT(network.family), 1u << FAMILY_CLOSED, NULL, 0};
static const struct key_condition with_examples = {AT(network.example), 1u << EXAMPLE_1 | 1u << EXAMPLE_2, NULL, 0};
static const struct key_condition without_closed = {AT(network.family), ~(1u << FAMILY_CLOSED),
                                                    "network.family is not closed", 0};
static const struct key_condition with_time = {AT(network.step), 1u << STEP_TIME | 1u << STEP_ROOT, NULL, 0};
static const struct key_condition with_input_as_state = {AT(network.state), 1u << STATE_INPUT, NULL, 0};
static const struct key_condition with_standard = {AT(network.parameterization), 1u << PARAMETERIZATION_STANDARD, NULL,
                                                   0};
static const struct key_condition with_slope = {AT(network.activation),
                                                1u << ACTIVATION_LEAKY_RELU | 1u << ACTIVATION_PRELU, NULL, 0};
static const struct key_condition with_sgd = {AT(training.optimizer), 1u << OPTIMIZER_SGD, NULL, 0};

#define ACTIVATION_WORD(NAME, name)                 #name,
#define FAMILY_WORD(NAME, name, images, meaning)    #name,
#define FAMILY_MEANING(NAME, name, images, meaning) "; " #name ": " meaning
#define SOURCE_WORD(NAME, name, traits, meaning)    #name,
#define SOURCE_MEANING(NAME, name, traits, meaning) "; " #name ": " meaning

static const struct key_condition with_linear = {AT(training.models), 1u << 1, "training.models has linear", 0};

const struct key_section keys_section_table[] = {
    {"data", "what is learned"},
    {"network", "what learns it"},
    {"training", "how"},
    {"measure", "what is recorded at a point"},
    {"run", "with which means"},
    {"sweep", "the axes of the grid, a value or a list each; also other keys, as `depth: [1, 2]`"},
    {NULL, NULL}};

const struct key key_table[] = {
    {"title", TYPE_TEXT, AT(title), .fallback = "\"\"", .unit = "", .meaning = "heads the report"},

    {"data.source", TYPE_CHOICE, AT(data.source), .choice = (const char *const[]){SOURCE_LIST(SOURCE_WORD) NULL},
     .effect = EFFECT_DATA, .unit = "1", .meaning = "read from files or drawn" SOURCE_LIST(SOURCE_MEANING)},
    {"data.path", TYPE_PATH, AT(data.path), .when = &with_files, .unit = "",
     .meaning = "folder of the files, for arrays also one file; relative to the study file, on the command line to the "
                "working directory"},
    {"data.files", TYPE_TEXTS, AT(data.files), .fallback = "[]", .effect = EFFECT_DATA, .when = WITH_SOURCE(MNIST),
     .unit = "",
     .meaning = "names of other IDX files: training images, training labels, test images, test labels; their classes "
                "are the labels of the training file; []: MNIST's names and its labels, 0 to 9"},
    {"data.classes", TYPE_TEXTS, AT(data.classes), .fallback = "[]", .effect = EFFECT_DATA, .when = &with_files,
     .unit = "",
     .meaning = "names or numbers; two give one output, +1 for the first and -1 for the second (cross_entropy: two "
                "outputs); []: all"},
    {"data.class_names", TYPE_PATH, AT(data.class_names), .fallback = "\"\"", .when = &with_files, .unit = "",
     .meaning = "file of the names that data.classes may use: one class a line, the first is label 0, or LABEL NAME in "
                "every line; other labels are refused; \"\": the source's own names"},
    {"data.labels", TYPE_CHOICE, AT(data.labels), .choice = WORDS("fine", "coarse"), .fallback = "fine",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(CIFAR100), .unit = "1",
     .meaning = "the 100 classes, or the 20 superclasses"},
    {"data.channels", TYPE_CHOICE, AT(data.channels), .choice = WORDS("last", "first"), .fallback = "last",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(ARRAYS), .unit = "1",
     .meaning = "examples of three dimensions are [row, column, channel], or [channel, row, column]"},
    {"data.scale", TYPE_CHOICE, AT(data.scale), .choice = WORDS("global", "feature", "none"), .fallback = "global",
     .axis = "scale", .effect = EFFECT_DATA, .when = WITH_SOURCE(ARRAYS), .unit = "1",
     .meaning =
         "inputs are centred and scaled by one mean and deviation of the training split, by those of each input, "
         "or left as they are"},
    {"data.target_scale", TYPE_CHOICE, AT(data.target_scale), .choice = WORDS("global", "feature", "none"),
     .fallback = "none", .axis = "target_scale", .effect = EFFECT_DATA, .when = WITH_SOURCE(ARRAYS), .unit = "1",
     .meaning = "the same for real targets"},
    {"data.resize", TYPE_COUNT, AT(data.resize), .least = 1, .most = SHRINK_MOST, .fallback = "1", .axis = "resize",
     .effect = EFFECT_DATA, .when = &with_pixels, .unit = "1",
     .meaning = "images shrink by this factor: the mean of each square of so many rows and columns is a pixel"},
    {"data.dimension", TYPE_COUNT, AT(data.dimension), .least = 1, .most = ANY_COUNT, .axis = "dimension",
     .effect = EFFECT_DATA, .when = &with_drawn, .unit = "1",
     .meaning = "inputs of an example; of a sphere at least 2"},
    {"data.outputs", TYPE_COUNT, AT(data.outputs), .least = 1, .most = ANY_COUNT, .fallback = "1",
     .axis = "data_outputs", .effect = EFFECT_DATA, .when = WITH_SOURCE(GAUSSIAN), .unit = "1",
     .meaning = "outputs of the teacher"},
    {"data.degree", TYPE_COUNT, AT(data.degree), .least = 1, .most = 64, .fallback = "2", .axis = "degree",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(SPHERE), .unit = "1",
     .meaning = "of the target, the Gegenbauer polynomial of one direction, with variance 1"},
    {"data.mean", TYPE_REAL, AT(data.mean), .most = DRAWN_MOST, .fallback = "1", .axis = "cluster_mean",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(CLUSTERS), .unit = "1",
     .meaning = "|m|: examples are N(m, 1) with target +1 and N(-m, 1) with -1 in turn"},
    {"data.function", TYPE_CHOICE, AT(data.function), .choice = WORDS("sin", "linear", "negate", "abs"),
     .fallback = "sin", .axis = "function", .effect = EFFECT_DATA, .when = WITH_SOURCE(FUNCTION), .unit = "1",
     .meaning = "sin x, slope x, -x, |x|; inputs are not scaled"},
    {"data.slope", TYPE_REAL, AT(data.slope), .least = -DRAWN_MOST, .most = DRAWN_MOST, .fallback = "1",
     .axis = "data_slope", .effect = EFFECT_DATA, .when = &with_linear_function, .unit = "1",
     .meaning = "of the linear function"},
    {"data.interval", TYPE_INTERVAL, AT(data.interval), .least = -DRAWN_MOST, .most = DRAWN_MOST, .fallback = "[-1, 1]",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(FUNCTION), .unit = "1",
     .meaning = "[a, b]: the N training inputs are a + (b - a)(i + 1/2)/N, i = 0, ..., N - 1, whatever data.seed; the "
                "test inputs likewise"},
    {"data.noise", TYPE_REAL, AT(data.noise), .most = DRAWN_MOST, .fallback = "0", .axis = "noise",
     .effect = EFFECT_DATA, .when = WITH_SOURCE(SPIRALS), .unit = "1",
     .meaning = "deviation of normal noise in each input"},
    {"data.time", TYPE_REAL, AT(data.time), .most = 100, .fallback = "1", .axis = "data_time", .effect = EFFECT_DATA,
     .when = WITH_SOURCE(SPIRAL_FLOW), .unit = "1", .meaning = "for which the flow is followed"},
    {"data.test_size", TYPE_COUNT, AT(data.test_size), .least = 1, .most = ANY_COUNT, .fallback = "128",
     .effect = EFFECT_DATA, .unit = "1", .meaning = "test examples, the same for all points"},
    {"data.seed", TYPE_COUNT, AT(data.seed), .least = 0, .most = EXACT_COUNT, .range = true, .fallback = "0",
     .axis = "data_seed", .effect = EFFECT_DATA, .unit = "1",
     .meaning = "seed of the order of training examples, or of built-in ones; never of test examples"},
    {"data.order", TYPE_CHOICE, AT(data.order), .choice = WORDS("shuffled", "file"), .fallback = "shuffled",
     .axis = "order", .effect = EFFECT_DATA, .unit = "1",
     .meaning = "order of the examples within a class; a training set takes the first ones"},

    {"network.family", TYPE_CHOICE, AT(network.family), .choice = (const char *const[]){FAMILY_LIST(FAMILY_WORD) NULL},
     .fallback = "fc", .effect = EFFECT_REFERENCE, .unit = "1", .meaning = "which network" FAMILY_LIST(FAMILY_MEANING)},
    {"network.depth", TYPE_COUNT, AT(network.depth), .least = 0, .most = LAYERS_MOST, .fallback = "3", .axis = "depth",
     .effect = EFFECT_REFERENCE, .when = &with_depth, .unit = "1",
     .meaning = "hidden layers (fc; 0: the readout alone), convolutions (conv) or blocks (residual), at least 1"},
    {"network.blocks", TYPE_COUNT, AT(network.blocks), .least = 1, .most = BLOCKS_MOST, .fallback = "1",
     .axis = "blocks", .effect = EFFECT_REFERENCE, .when = &with_wrn, .unit = "1",
     .meaning = "residual blocks in each of the three groups; the depth is 6 blocks + 4"},
    {"network.kernel_size", TYPE_COUNT, AT(network.kernel_size), .least = 1, .most = 999, .odd = true, .fallback = "3",
     .axis = "kernel_size", .effect = EFFECT_REFERENCE, .when = &with_conv, .unit = "1",
     .meaning = "rows and columns of a filter"},
    {"network.pooling", TYPE_CHOICE, AT(network.pooling), .choice = WORDS("global", "flatten"), .fallback = "global",
     .axis = "pooling", .effect = EFFECT_REFERENCE, .when = &with_conv, .unit = "1",
     .meaning = "what the readout sees: a channel's mean over all positions, or every position by itself"},
    {"network.cell", TYPE_CHOICE, AT(network.cell), .choice = WORDS("pre", "post", "two", "one"), .fallback = "pre",
     .axis = "cell", .effect = EFFECT_REFERENCE, .when = &with_residual, .or_when = &with_deq, .or_fallback = "one",
     .unit = "1",
     .meaning = "N(h) of a block: pre: dense(phi(h)), and the readout reads phi(h); post: phi(dense(h)); two: "
                "dense(phi(dense(h))), with sweep.width hidden units. Where deq rests, u made of the input: one: z = "
                "phi(W z + u); two: z = dense(phi(dense(z + u)))"},
    {"network.weights", TYPE_CHOICE, AT(network.weights), .choice = WORDS("independent", "shared", "knots"),
     .fallback = "independent", .axis = "weights", .effect = EFFECT_REFERENCE, .when = &with_residual, .unit = "1",
     .meaning = "of a cell: its own in every block; the same in all; linear in time between network.knots"},
    {"network.knots", TYPE_COUNT, AT(network.knots), .least = 2, .most = LAYERS_MOST, .fallback = "2", .axis = "knots",
     .effect = EFFECT_REFERENCE, .when = &with_knots, .unit = "1",
     .meaning = "equidistant times at which a cell has weights; one less divides network.depth"},
    {"network.step", TYPE_CHOICE, AT(network.step), .choice = WORDS("one", "time", "root"), .fallback = "one",
     .axis = "block_step", .effect = EFFECT_REFERENCE, .when = &with_residual, .unit = "1",
     .meaning = "c of a block h <- h + c N(h): 1; T/depth, a step in time of dh/dt = N(h); sqrt(T/depth), which has a "
                "limit in depth for independent weights"},
    {"network.time", TYPE_REAL, AT(network.time), .above = 1, .most = HUGE_VAL, .fallback = "1", .axis = "time",
     .effect = EFFECT_REFERENCE, .when = &with_time, .or_when = &with_closed, .unit = "1",
     .meaning = "T, the time in which h moves"},
    {"network.example", TYPE_CHOICE, AT(network.example), .choice = WORDS("1", "2", "3"), .fallback = "1",
     .axis = "example", .effect = EFFECT_REFERENCE, .when = &with_closed, .unit = "1",
     .meaning =
         "1: df/dt = max(0, u + w1 t + w2); 2: df/dt = max(0, u + t^2 + w1 t + w2); 3: df/dt = max(0, f), f(0) = x, "
         "without parameters. w1 is drawn with sigma_w2, w2 with sigma_b2"},
    {"network.reading", TYPE_CHOICE, AT(network.reading), .choice = WORDS("input", "state"), .fallback = "input",
     .axis = "reading", .effect = EFFECT_REFERENCE, .when = &with_examples, .unit = "1",
     .meaning = "u of the examples: the input x, and f(0) = 0; or f itself, and f(0) = x"},
    {"network.solver", TYPE_CHOICE, AT(network.solver),
     .choice = WORDS("euler", "midpoint", "heun", "rk4", "picard", "anderson", "ode"), .fallback = "euler",
     .axis = "solver", .effect = EFFECT_REFERENCE, .when = &with_steps_of_time, .or_when = &with_deq, .unit = "1",
     .meaning = "Runge-Kutta method of a step, of order 1, 2, 2, 4 (residual). How deq comes to rest, from z = 0: z <- "
                "F(z) (picard; euler, a step of 1 of dz/dt = F(z) - z, is the same); mixed with what the last 5 steps "
                "changed (anderson); steps of 1/2 of dz/dt = F(z) - z of order 4, at 4 times the work (ode). "
                "Derivatives are solved for in the same way, by GMRES where that fails"},
    {"network.time_input", TYPE_CHOICE, AT(network.time_input), .choice = WORDS("false", "true"), .fallback = "false",
     .axis = "time_input", .effect = EFFECT_REFERENCE, .when = &with_steps_of_time, .unit = "1",
     .meaning = "true: the first dense layer of a cell reads the time beside what it reads"},
    {"network.state", TYPE_CHOICE, AT(network.state), .choice = WORDS("width", "input"), .fallback = "width",
     .axis = "state", .effect = EFFECT_REFERENCE, .when = &with_cells, .unit = "1",
     .meaning = "h: of sweep.width components, entered by a dense layer; or the input itself"},
    {"network.augment", TYPE_COUNT, AT(network.augment), .least = 0, .most = 1000000, .fallback = "0",
     .axis = "augment", .effect = EFFECT_REFERENCE, .when = &with_input_as_state, .unit = "1",
     .meaning = "zeros after the input, further components of h"},
    {"network.readout", TYPE_CHOICE, AT(network.readout), .choice = WORDS("dense", "none"), .fallback = "dense",
     .axis = "readout", .effect = EFFECT_REFERENCE, .when = &with_cells, .unit = "1",
     .meaning = "outputs: of a dense layer, or the first components of h"},
    {"network.inject", TYPE_CHOICE, AT(network.inject), .choice = WORDS("false", "true"), .fallback = "false",
     .axis = "inject", .effect = EFFECT_REFERENCE, .when = &with_residual, .unit = "1",
     .meaning = "true: to the first dense layer of a cell another one is added that reads the input"},
    {"network.feedback_w2", TYPE_REAL, AT(network.feedback_w2), .above = 1, .most = HUGE_VAL, .fallback = "0.2",
     .axis = "feedback_w2", .effect = EFFECT_REFERENCE, .when = &with_deq, .unit = "1",
     .meaning = "variance of the cell's weights times fan-in; wide cells of relu rest below 2 (one)"},
    {"network.expansion", TYPE_COUNT, AT(network.expansion), .least = 1, .most = 1024, .fallback = "1",
     .axis = "expansion", .effect = EFFECT_REFERENCE, .when = &with_deq, .unit = "1",
     .meaning = "cell two: hidden units over components of the state"},
    {"network.tolerance", TYPE_REAL, AT(network.tolerance), .most = 1, .below = 1, .fallback = "0", .axis = "tolerance",
     .effect = EFFECT_POINT, .when = &with_deq, .unit = "1",
     .meaning = "at rest |F(z) - z| is at most so much of |F(z)|; 0: 1e-11 in f64, 1e-5 in f32"},
    {"network.iterations", TYPE_COUNT, AT(network.iterations), .least = 1, .most = ANY_COUNT, .fallback = "500",
     .axis = "iterations", .effect = EFFECT_POINT, .when = &with_deq, .unit = "1",
     .meaning = "steps of the solver at most; the outputs of an example without rest are NaN, and its network has "
                "diverged"},
    {"network.activation", TYPE_CHOICE, AT(network.activation),
     .choice = (const char *const[]){ACTIVATION_LIST(ACTIVATION_WORD) "prelu", NULL}, .fallback = "relu",
     .axis = "activation", .effect = EFFECT_REFERENCE, .when = &without_closed, .unit = "1",
     .meaning = "activation of hidden layers; prelu: a leaky_relu whose slope is learned, one for each place"},
    {"network.slope", TYPE_REAL, AT(network.slope), .most = 1, .fallback = "0.25", .axis = "slope",
     .effect = EFFECT_REFERENCE, .when = &with_slope, .unit = "1",
     .meaning = "of leaky_relu left of 0, and of prelu at first"},
    {"network.draw", TYPE_CHOICE, AT(network.draw), .choice = WORDS("normal", "uniform", "ones"), .fallback = "normal",
     .axis = "draw", .effect = EFFECT_POINT, .unit = "1",
     .meaning =
         "what initial weights and biases are drawn from, with the variances below; ones: all weights 1 (times the "
         "deviation of the standard parameterization) and biases 0, for demonstrations"},
    {"network.sigma_w2", TYPE_REAL, AT(network.sigma_w2), .above = true, .most = HUGE_VAL, .fallback = "2",
     .axis = "sigma_w2", .effect = EFFECT_REFERENCE, .unit = "1", .meaning = "variance of weights times fan-in"},
    {"network.sigma_b2", TYPE_REAL, AT(network.sigma_b2), .most = HUGE_VAL, .fallback = "0.1", .axis = "sigma_b2",
     .effect = EFFECT_REFERENCE, .unit = "1", .meaning = "variance of biases"},
    {"network.parameterization", TYPE_CHOICE, AT(network.parameterization), .choice = WORDS("ntk", "standard"),
     .fallback = "ntk", .axis = "parameterization", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "variances as factors in the layer, or in the initial values"},
    {"network.output_scale", TYPE_REAL, AT(network.output_scale), .above = true, .most = HUGE_VAL, .fallback = "1",
     .axis = "output_scale", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "alpha: alpha f is trained, at the rate of alpha = 1 over alpha^2; large and training.centred: lazy, "
                "small: feature learning"},

    {"training.loss", TYPE_CHOICE, AT(training.loss), .choice = WORDS("mse", "cross_entropy"), .fallback = "mse",
     .axis = "loss", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "mse: half the mean over examples and outputs of the squared error; cross_entropy: minus the mean over "
                "examples of the class's log softmax"},
    {"training.optimizer", TYPE_CHOICE, AT(training.optimizer), .choice = WORDS("sgd", "adam"), .fallback = "sgd",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning = "gradient descent; Adam with 0.9, 0.999 and 1e-8, which is linearized in parameter space only"},
    {"training.momentum", TYPE_REAL, AT(training.momentum), .most = 1, .below = true, .fallback = "0",
     .axis = "momentum", .effect = EFFECT_POINT, .when = &with_sgd, .unit = "1",
     .meaning = "heavy ball: the share of the last step that is taken again; not Nesterov's"},
    {"training.contraction", TYPE_REAL, AT(training.contraction), .most = HUGE_VAL, .fallback = "0",
     .axis = "contraction_held", .effect = EFFECT_POINT, .when = &with_deq, .unit = "1",
     .meaning = "after every step the product of the spectral norms of the cell's weights is brought down to this, by "
                "power iteration; 0: they are free. Not linearized: training.models: []"},
    {"training.batch_size", TYPE_BATCH, AT(training.batch_size), .least = 1, .most = ANY_COUNT, .choice = WORDS("full"),
     .fallback = "full", .axis = "batch_size", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "examples of a step: the training set, or so many of its random permutation, a new one every epoch"},
    {"training.learning_rate", TYPE_RATE, AT(training.learning_rate), .above = true, .most = HUGE_VAL,
     .axis = "learning_rate", .effect = EFFECT_POINT, .unit = "1",
     .meaning =
         "the rate; or its share of the largest stable one for the loss and momentum: that of the infinite-width "
         "kernel of the training set (critical_fraction, the same for all widths and seeds), or of this network's "
         "own kernel at step 0 (empirical_fraction). As an axis { critical_fraction: [0.1, 0.5] }, or a list of "
         "forms of one kind"},
    {"training.schedule", TYPE_CHOICE, AT(training.schedule), .choice = WORDS("constant", "cosine"),
     .fallback = "constant", .axis = "schedule", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "cosine: the rate of step t is (1 + cos(pi t/steps))/2 of training.learning_rate, the largest, for "
                "network and linearization alike"},
    {"training.clip", TYPE_REAL, AT(training.clip), .most = HUGE_VAL, .fallback = "0", .axis = "clip",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning = "a gradient, of all parameters together, that is longer than this is shortened to it; for the network "
                "alone (training.models: []); 0: none is"},
    {"training.rates", TYPE_CHOICE, AT(training.rates), .choice = WORDS("uniform", "matched"), .fallback = "uniform",
     .axis = "rates", .effect = EFFECT_POINT, .when = &with_standard, .unit = "1",
     .meaning =
         "uniform: the learning rate for all tensors; matched: times sigma_w2/fan_in for weights and sigma_b2 for "
         "biases, which follows the trajectory of the NTK parameterization. Recorded kernels weigh each tensor by "
         "its rate over the learning rate"},
    {"training.steps", TYPE_COUNT, AT(training.steps), .least = 0, .most = ANY_COUNT, .effect = EFFECT_POINT,
     .unit = "1", .meaning = "steps of training; 0: what there is at step 0 alone"},
    {"training.stop_loss", TYPE_REAL, AT(training.stop_loss), .most = HUGE_VAL, .fallback = "0", .axis = "stop_loss",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning = "training ends at the first recorded step at which the network's training loss is at most this "
                "(stopped_step); what is of later steps is NaN; 0: at training.steps alone"},
    {"training.models", TYPE_FLAGS, AT(training.models), .choice = WORDS("linear"), .fallback = "[linear]",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning =
         "what is trained beside the network: its linearization; []: the network alone. What compares the two is "
         "not recorded then, and no kernel is computed but for measure.kernel_steps (where it has at most 4096 "
         "rows), predictions, kept kernels or empirical_fraction"},
    {"training.linearization", TYPE_CHOICE, AT(training.linearization),
     .choice = WORDS("auto", "function", "parameter"), .fallback = "auto", .axis = "linearization",
     .effect = EFFECT_POINT, .when = &with_linear, .unit = "1",
     .meaning =
         "space in which the linear model is run: on the kernel, or by derivatives; auto: the cheaper that fits"},
    {"training.layers", TYPE_CHOICE, AT(training.layers), .choice = WORDS("all", "readout"), .fallback = "all",
     .axis = "layers", .effect = EFFECT_REFERENCE, .unit = "1",
     .meaning = "layers that are trained; readout: the last one alone, so that network and linearization agree"},
    {"training.centred", TYPE_CHOICE, AT(training.centred), .choice = WORDS("false", "true"), .fallback = "false",
     .axis = "centred", .effect = EFFECT_POINT, .unit = "1", .meaning = "true: f - f_0 is trained, which begins at 0"},

    {"measure.recorded_steps", TYPE_COUNT, AT(measure.recorded_steps), .least = 2, .most = ANY_COUNT, .fallback = "48",
     .effect = EFFECT_POINT, .unit = "1", .meaning = "steps recorded at most; the first and the last are always there"},
    {"measure.spacing", TYPE_CHOICE, AT(measure.spacing), .choice = WORDS("log", "linear"), .fallback = "log",
     .effect = EFFECT_POINT, .unit = "1", .meaning = "spacing of recorded steps"},
    {"measure.kernel_steps", TYPE_STEPS, AT(measure.kernel_steps), .most = ANY_COUNT,
     .choice = WORDS("none", "last", "all"), .fallback = "last", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "recorded steps at which the change of the kernels is measured; of no steps the last is none"},
    {"measure.probes", TYPE_COUNT, AT(measure.probes), .least = 1, .most = ANY_COUNT, .fallback = "4",
     .effect = EFFECT_POINT, .unit = "1", .meaning = "first test examples whose outputs are recorded"},
    {"measure.outputs", TYPE_CHOICE, AT(measure.outputs), .choice = WORDS("none", "probes", "all"),
     .fallback = "probes", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "test examples whose outputs are recorded at every recorded step"},
    {"measure.predictions", TYPE_CHOICE, AT(measure.predictions), .choice = WORDS("false", "true"), .fallback = "false",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning = "true: RMSE of the network from predictions without stepping, by discrete steps and by gradient flow, "
                "with the kernel at initialization and that of infinite width"},
    {"measure.stability", TYPE_CHOICE, AT(measure.stability), .choice = WORDS("false", "true"), .fallback = "false",
     .effect = EFFECT_POINT, .unit = "1",
     .meaning =
         "true: the gradient of each layer at recorded steps and, at the first and the last step, singular values "
         "of the Jacobians of the last state by each state on the probes"},
    {"measure.trajectories", TYPE_CHOICE, AT(measure.trajectories), .choice = WORDS("false", "true"),
     .fallback = "false", .effect = EFFECT_POINT, .unit = "1",
     .meaning =
         "true: the states of the probes over depth, at the first and the last step; of an equilibrium those that its "
         "solver goes through"},
    {"measure.keep", TYPE_FLAGS, AT(measure.keep), .choice = WORDS("inputs", "outputs", "parameters", "kernels"),
     .fallback = "[]", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "arrays kept in the record, to replay a point elsewhere"},

    {"run.precision", TYPE_CHOICE, AT(run.precision), .choice = WORDS("f32", "f64"), .fallback = "f64",
     .axis = "precision", .effect = EFFECT_POINT, .unit = "1",
     .meaning = "floating-point numbers of networks and kernels"},
    {"run.limit_precision", TYPE_CHOICE, AT(run.limit_precision), .choice = WORDS("f32", "f64"), .fallback = "f64",
     .axis = "limit_precision", .effect = EFFECT_REFERENCE, .unit = "1",
     .meaning = "floating-point numbers of kernels of infinite width: f32 takes about half the time; what it adds is "
                "measured on the pairs of 8 points"},
    {"run.memory", TYPE_BYTES, AT(run.memory), .least = 1048576, .most = EXACT_COUNT, .fallback = "2G", .unit = "B",
     .meaning = "memory of a rank, which bounds tiles and chunks; K, M, G are powers of 1024"},
    {"run.threads", TYPE_COUNT, AT(run.threads), .least = 1, .most = 1024, .fallback = "1", .effect = EFFECT_POINT,
     .unit = "1", .meaning = "BLAS threads of a rank"},
    {"run.checkpoint_minutes", TYPE_REAL, AT(run.checkpoint_minutes), .above = true, .most = HUGE_VAL, .fallback = "10",
     .unit = "min", .meaning = "wall time between checkpoints of a point in training"},

    {"sweep.train_size", TYPE_COUNT, AT(train_size), .least = 1, .most = ANY_COUNT, .axis = "train_size",
     .effect = EFFECT_REFERENCE, .unit = "1", .meaning = "training examples"},
    {"sweep.width", TYPE_COUNT, AT(width), .least = 1, .most = ANY_COUNT, .axis = "width", .effect = EFFECT_POINT,
     .or_when = &with_closed, .or_fallback = "1", .unit = "1",
     .meaning = "units of a hidden layer (fc) or channels of a convolution (conv, wrn); closed has none, nor has "
                "network.state: input, but for what is hidden in residual's cell two"},
    {"sweep.seed", TYPE_COUNT, AT(seed), .least = 0, .most = EXACT_COUNT, .range = true, .fallback = "0",
     .axis = "seed", .effect = EFFECT_POINT, .unit = "1", .meaning = "seed of the initial parameters"},
    {.name = NULL}};

int keys_count(void) { return (int)(sizeof key_table / sizeof *key_table) - 1; }

const char *key_bare(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

bool key_same_section(const char *a, const char *b) {
    size_t length = (size_t)(key_bare(a) - a);
    return (size_t)(key_bare(b) - b) == length && strncmp(a, b, length) == 0;
}

const struct key *key_find(const char *name) {
    for (const struct key *key = key_table; key->name; key++)
        if (strcmp(key->name, name) == 0) return key;
    return NULL;
}

const struct key *key_find_axis(const char *name) {
    for (const struct key *key = key_table; key->name; key++)
        if (key->axis && strcmp(key->axis, name) == 0) return key;
    for (const struct key *key = key_table; key->name; key++)
        if (!key->axis && strcmp(key_bare(key->name), name) == 0) return key;
    const struct key *key = key_find(name);
    return key && !key_is_swept(key) ? key : NULL;
}

bool keys_section_exists(const char *name) {
    for (const struct key_section *section = keys_section_table; section->name; section++)
        if (strcmp(section->name, name) == 0) return true;
    return false;
}

bool key_is_swept(const struct key *key) { return strncmp(key->name, "sweep.", 6) == 0; }

static int choice_of(const struct config *config, size_t offset) {
    return *(const int *)(const void *)((const char *)config + offset);
}

static unsigned values_of(const struct key_condition *when) {
    return when->traits ? sources_with(when->traits) : when->values;
}

static bool is_met(const struct key_condition *when, const struct config *config) {
    return values_of(when) >> choice_of(config, when->offset) & 1u;
}

bool key_applies(const struct key *key, const struct config *config) {
    return !key->when || is_met(key->when, config) || (key->or_when && is_met(key->or_when, config));
}

const char *key_fallback(const struct key *key, const struct config *config) {
    return key->or_fallback && is_met(key->or_when, config) ? key->or_fallback : key->fallback;
}

static const struct key *choice_at(size_t offset) {
    const struct key *key = key_table;
    while (key->type != TYPE_CHOICE || key->offset != offset) key++;
    return key;
}

/* "data.source is A, B or C" */
static void choice_words(const struct key_condition *when, size_t size, char *out) {
    const struct key *choice = choice_at(when->offset);
    unsigned left = values_of(when);
    size_t used = (size_t)snprintf(out, size, "%s is ", choice->name);
    const char *between = "";
    for (int value = 0; left && used < size; value++) {
        if (!(left >> value & 1u)) continue;
        left &= ~(1u << value);
        used += (size_t)snprintf(out + used, size - used, "%s%s", left || !*between ? between : " or ",
                                 choice->choice[value]);
        between = ", ";
    }
}

void key_condition_words(const struct key_condition *when, size_t size, char *out) {
    if (when->words)
        snprintf(out, size, "%s", when->words);
    else
        choice_words(when, size, out);
}

void key_when_words(const struct key *key, size_t size, char *out) {
    key_condition_words(key->when, size, out);
    size_t used = strlen(out);
    if (!key->or_when) return;
    snprintf(out + used, size - used, ", or ");
    used = strlen(out);
    key_condition_words(key->or_when, size - used, out + used);
}

/* Levenshtein's; one row of the table at a time. */
int key_distance(const char *a, const char *b) {
    enum { LONGEST = 64 };
    int row[LONGEST + 1], length = (int)strlen(b);
    if (length > LONGEST || strlen(a) > LONGEST) return LONGEST;
    for (int j = 0; j <= length; j++) row[j] = j;
    for (int i = 0; a[i]; i++) {
        int corner = row[0];
        row[0] = i + 1;
        for (int j = 0; j < length; j++) {
            int above = row[j + 1];
            row[j + 1] = (int)least(least(above + 1, row[j] + 1), corner + (a[i] != b[j]));
            corner = above;
        }
    }
    return row[length];
}

/* Twice the distance of the last words, one more where the sections differ; far where they are equal. */
static int name_distance(const char *a, const char *b) {
    if (strcmp(a, b) == 0) return INT_MAX;
    return 2 * key_distance(key_bare(a), key_bare(b)) + !key_same_section(a, b);
}

/* What others call keys, by their last words. */
static const struct synonym {
    const char *word, *key;
} synonyms[] = {
    {"lr", "training.learning_rate"},
    {"eta", "training.learning_rate"},
    {"step_size", "training.learning_rate"},
    {"epochs", "training.steps"},
    {"iterations", "training.steps"},
    {"n_steps", "training.steps"},
    {"act", "network.activation"},
    {"nonlinearity", "network.activation"},
    {"hidden", "sweep.width"},
    {"hidden_size", "sweep.width"},
    {"units", "sweep.width"},
    {"channels", "sweep.width"},
    {"n_train", "sweep.train_size"},
    {"num_train", "sweep.train_size"},
    {"train", "sweep.train_size"},
    {"n_test", "data.test_size"},
    {"num_test", "data.test_size"},
    {"dataset", "data.source"},
    {"layers", "network.depth"},
    {"n_layers", "network.depth"},
    {"num_layers", "network.depth"},
    {"batch", "training.batch_size"},
    {"bs", "training.batch_size"},
    {"model", "network.family"},
    {"arch", "network.family"},
    {"w_std", "network.sigma_w2"},
    {"sigma_w", "network.sigma_w2"},
    {"b_std", "network.sigma_b2"},
    {"sigma_b", "network.sigma_b2"},
    {"dtype", "run.precision"},
    {"seeds", "sweep.seed"},
    {"beta", "training.momentum"},
    {"opt", "training.optimizer"},
    {"nthreads", "run.threads"},
};

static const char *key_meant(const char *name) {
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcasecmp(synonyms[i].word, key_bare(name)) == 0 && strcmp(synonyms[i].key, name) != 0)
            return synonyms[i].key;
    return NULL;
}

const char *key_nearest(const char *name) {
    if (key_meant(name)) return key_meant(name);
    size_t half = strlen(key_bare(name)) / 2;
    int best = 2 * (half < 2 ? (int)half : 2) + 2;
    const char *nearest = NULL;
    for (const struct key_section *section = keys_section_table; section->name; section++) {
        int distance = name_distance(name, section->name);
        if (distance < best) {
            best = distance;
            nearest = section->name;
        }
    }
    for (const struct key *key = key_table; key->name; key++) {
        int distance = name_distance(name, key->name);
        if (distance < best) {
            best = distance;
            nearest = key->name;
        }
    }
    return nearest;
}
