/* One point from config to record, in one process and without files of data: stopped anywhere and resumed it gives the
 * same record to the bit; the memory counted beforehand is enough; rates are those of the formulas. */
#include <malloc.h>
#include <math.h>

#include "grid.h"
#include "panic.h"
#include "random.h"
#include "singular.h"
#include "study_files.h"
#include "task.h"

/* ---- subjects ---- */

/* Small, and odd: 9 training points of 108 inputs, which keeps a dense first operator in sample space; 3 outputs. */
static const char base[] = "data: { source: cifar10, path: nowhere, test_size: 7 }\n"
                           "network: { activation: tanh, sigma_w2: 1.7, sigma_b2: 0.3 }\n"
                           "training: { learning_rate: { critical_fraction: 0.5 }, steps: 11 }\n"
                           "measure: { recorded_steps: 5, kernel_steps: all, probes: 3, outputs: probes }\n"
                           "sweep: { width: 13, train_size: 9, seed: 3 }\n"
                           "run: { precision: f64 }\n";
enum { SETTINGS = 12, SIDE = 6, CHANNELS = 3, OUTPUTS = 3 };

#define RATE(value)     "training.learning_rate={ " value " }"
#define F32             "run.precision=f32"
#define RELU            "network.activation=relu"
#define CONV            RELU, "network.family=conv"
#define LARGE_CONV      CONV, STANDARD, RATE("absolute: 0.0385"), "network.depth=1", "data.test_size=3"
#define WRN             RELU, "network.family=wrn", "sweep.width=3"
#define ADAM            "training.optimizer=adam", RATE("absolute: 0.0385")
#define ENTROPY         "training.loss=cross_entropy"
#define MOMENTUM        "training.momentum=0.83"
#define BATCHES         "training.batch_size=4"
#define READOUT         "training.layers=readout"
#define CENTRED         "training.centred=true"
#define SCALE           "network.output_scale=2.385"
#define STANDARD        "network.parameterization=standard"
#define TIGHT           "run.memory=1M"
#define PREDICTIONS     "measure.predictions=true"
#define KEEP_ALL        "measure.keep=[inputs, outputs, parameters, kernels]", "measure.outputs=all"
#define FUNCTION_SPACE  "training.linearization=function"
#define PARAMETER_SPACE "training.linearization=parameter"
#define ALONE           "training.models=[]"
#define NO_CHANGE       "measure.kernel_steps=none"
#define STABILITY       "measure.stability=true", "measure.trajectories=true"
#define DEQ             "network.family=deq", "network.cell=one"
#define COSINE          "training.schedule=cosine"
#define CLIP            ALONE, "training.clip=0.0385"
#define STOP            "training.stop_loss=0.2385"

/* What a point differs in from `base`. */
struct recipe {
    const char *name, *set[SETTINGS];
    int64_t side; /* of an image */
};
#define POINT_OF(side, name, ...)                                                                                      \
    { name, {__VA_ARGS__}, side }
#define POINT(name, ...) POINT_OF(SIDE, name, __VA_ARGS__)

struct subject {
    struct study *study;
    struct config config; /* of its only point */
    struct dataset data;
    struct record *reference; /* NULL where it needs none */
};

static struct study *read_recipe(const struct recipe *recipe) {
    struct override override[SETTINGS];
    struct study *study = NULL;
    int count = 0;
    for (; count < SETTINGS && recipe->set[count]; count++) override[count].text = recipe->set[count];
    write_study(base, strlen(base));
    if (study_read("study.yaml", count, override, NULL, &study) != OK) fail_msg("%s", status_message());
    assert_int_equal(study->points, 1);
    return study;
}

static double *random_images(uint64_t stream, int64_t count) {
    double *images = malloc((size_t)count * sizeof *images);
    assert_non_null(images);
    random_normal(2385, RANDOM_TEST, stream, 0, count, images);
    return images;
}

/* One-hot. */
static double *targets(int64_t examples) {
    double *y = calloc((size_t)(examples * OUTPUTS), sizeof *y);
    assert_non_null(y);
    for (int64_t i = 0; i < examples; i++) y[i * OUTPUTS + i % OUTPUTS] = 1;
    return y;
}

static struct dataset random_data(const struct recipe *recipe, const struct config *config) {
    int64_t train = config->train_size, test = config->data.test_size, inputs = recipe->side * recipe->side * CHANNELS;
    return (struct dataset){.shape.train = train,
                            .shape.test = test,
                            .shape.inputs = inputs,
                            .shape.outputs = OUTPUTS,
                            .shape.has_classes = 1,
                            .shape.is_image = 1,
                            .shape.rows = recipe->side,
                            .shape.columns = recipe->side,
                            .shape.channels = CHANNELS,
                            .deviation = 1,
                            .x_train = random_images(0, train * inputs),
                            .y_train = targets(train),
                            .x_test = random_images(1, test * inputs),
                            .y_test = targets(test)};
}

static void create_subject(const struct recipe *recipe, struct subject *subject) {
    const struct task_hooks none = {0};
    *subject = (struct subject){.study = read_recipe(recipe)};
    subject->config = study_point(subject->study, 0);
    subject->data = random_data(recipe, &subject->config);
    struct task_plan plan;
    assert_int_equal(task_plan(&subject->config, &subject->data.shape, &plan), OK);
    subject->config.training.linearization = plan.linearization;
    if (plan.needs_reference)
        assert_int_equal(task_reference(&subject->config, &subject->data, none, &subject->reference), OK);
}

static void free_subject(struct subject *subject) {
    double *arrays[] = {subject->data.x_train, subject->data.y_train, subject->data.x_test, subject->data.y_test};
    for (int i = 0; i < 4; i++) free(arrays[i]);
    record_free(subject->reference);
    study_free(subject->study);
}

static struct record *run_with(const struct subject *subject, struct task_hooks hooks) {
    struct record *record = NULL;
    if (task_point(&subject->config, &subject->data, subject->reference, hooks, &record) != OK)
        fail_msg("%s", status_message());
    return record;
}

static struct record *run(const struct subject *subject) { return run_with(subject, (struct task_hooks){0}); }

static struct record *run_recipe(const struct recipe *recipe) {
    struct subject subject;
    create_subject(recipe, &subject);
    struct record *record = run(&subject);
    free_subject(&subject);
    return record;
}

/* ---- equal records ---- */

static int64_t count_steady(const struct record *record) {
    int64_t count = 0;
    for (int i = 0; i < record->count; i++) count += !metric_table[record->array[i].metric].varies;
    return count;
}

static int same_shape(const struct array *a, const struct array *b) {
    if (a->ndim != b->ndim || !a->text != !b->text) return 0;
    for (int i = 0; i < a->ndim; i++)
        if (a->size[i] != b->size[i] || a->dim[i] != b->dim[i]) return 0;
    return 1;
}

static int same_array(const struct array *a, const struct array *b) {
    if (!b || !same_shape(a, b)) return 0;
    if (a->text) return strcmp(a->text, b->text) == 0;
    return memcmp(a->value, b->value, (size_t)array_length(a) * sizeof *a->value) == 0;
}

/* All arrays but those that may vary between equal runs, bit by bit. */
static void assert_same_record(const struct record *a, const struct record *b, const char *what, int64_t at) {
    for (int i = 0; i < a->count; i++) {
        const struct array *array = &a->array[i];
        if (metric_table[array->metric].varies) continue;
        if (!same_array(array, record_find(b, array->metric, array->number)))
            fail_msg("%s, order %lld: %s (%d) differs", what, (long long)at, metric_table[array->metric].name,
                     array->number);
    }
    assert_int_equal(count_steady(a), count_steady(b));
}

/* ---- a place for checkpoints ---- */

struct keeper {
    int64_t asked, at; /* orders asked for so far; number of the one that is not to go on */
    enum task_order order;
    struct record *record; /* a copy of what was saved, or NULL */
    struct state state;    /* its arrays are copies too */
};

static enum task_order give_order(void *context) {
    struct keeper *keeper = context;
    return ++keeper->asked == keeper->at ? keeper->order : TASK_GO_ON;
}

static struct record *copy_record(const struct record *record) {
    struct record *copy = record_create();
    for (int i = 0; i < record->count; i++) {
        const struct array *a = &record->array[i];
        if (a->text)
            record_text(copy, a->metric, a->text);
        else
            memcpy(record_add_shaped(copy, a->metric, a->number, a->ndim, a->dim, a->size), a->value,
                   (size_t)array_length(a) * sizeof *a->value);
    }
    return copy;
}

static void free_kept(struct keeper *keeper) {
    record_free(keeper->record);
    for (int i = 0; i < keeper->state.count; i++) free(keeper->state.array[i].value);
    keeper->record = NULL;
    keeper->state = (struct state){0};
}

static size_t state_bytes(const struct state *state, int i) {
    return (size_t)state->array[i].size * (size_t)state->array[i].bits / 8;
}

static status save(void *context, const struct record *record, const struct state *state) {
    struct keeper *keeper = context;
    free_kept(keeper);
    keeper->record = copy_record(record);
    for (int i = 0; i < state->count; i++) {
        void *copy = malloc(state_bytes(state, i));
        assert_non_null(copy);
        memcpy(copy, state->array[i].value, state_bytes(state, i));
        state_add(&keeper->state, state->array[i].name, state->array[i].bits, state->array[i].size, copy);
    }
    return OK;
}

static int find_array(const struct state *state, const char *name) {
    for (int i = 0; i < state->count; i++)
        if (strcmp(state->array[i].name, name) == 0) return i;
    return -1;
}

/* Everything that was saved has its place. */
static status load(void *context, struct record **record, const struct state *state) {
    struct keeper *keeper = context;
    if (!keeper->record) return OK;
    for (int i = 0; i < keeper->state.count; i++) {
        int to = find_array(state, keeper->state.array[i].name);
        assert_true(to >= 0);
        assert_int_equal(state->array[to].bits, keeper->state.array[i].bits);
        assert_int_equal(state->array[to].size, keeper->state.array[i].size);
        memcpy(state->array[to].value, keeper->state.array[i].value, state_bytes(state, to));
    }
    *record = copy_record(keeper->record);
    return OK;
}

static struct task_hooks hooks_of(struct keeper *keeper) { return (struct task_hooks){give_order, save, load, keeper}; }

/* ---- resumed points ---- */

/* `array` must be in a state: what the point is there for. */
struct resumed {
    struct recipe recipe;
    const char *array;
    int diverges; /* enum status_bits */
};

struct resumption {
    const struct resumed *resumed;
    struct subject subject;
    struct record *whole; /* uninterrupted */
    int64_t orders;       /* asked for in that */
    int64_t checkpoints;
    int has_array; /* one of them */
};

static void begin(const struct resumed *resumed, struct resumption *own) {
    struct keeper keeper = {0};
    *own = (struct resumption){.resumed = resumed};
    create_subject(&resumed->recipe, &own->subject);
    own->whole = run_with(&own->subject, hooks_of(&keeper));
    own->orders = keeper.asked;
    assert_true(record_value(own->whole, METRIC_STATUS) == resumed->diverges);
}

static void end(struct resumption *own) {
    print_message("  %-44s %3lld orders, %3lld checkpoints\n", own->resumed->recipe.name, (long long)own->orders,
                  (long long)own->checkpoints);
    assert_true(own->has_array);
    record_free(own->whole);
    free_subject(&own->subject);
}

/* One that was told to save goes on to the same end; one that was told to stop does not. */
static void interrupt(struct resumption *own, struct keeper *keeper) {
    const struct subject *subject = &own->subject;
    struct record *record = NULL;
    status result = task_point(&subject->config, &subject->data, subject->reference, hooks_of(keeper), &record);
    assert_int_equal(result, keeper->order == TASK_STOP ? ERROR_INTERRUPTED : OK);
    if (result == OK) assert_same_record(own->whole, record, own->resumed->recipe.name, keeper->at);
    record_free(record);
    own->checkpoints += keeper->record != NULL;
    own->has_array |= find_array(&keeper->state, own->resumed->array) >= 0;
}

static void check_order(struct resumption *own, int64_t at, enum task_order order) {
    struct keeper keeper = {.at = at, .order = order};
    interrupt(own, &keeper);
    struct keeper next = {.record = keeper.record, .state = keeper.state};
    struct record *record = run_with(&own->subject, hooks_of(&next));
    assert_same_record(own->whole, record, own->resumed->recipe.name, at);
    record_free(record);
    free_kept(&next);
}

/* At each of the last orders, of which there may be very many. */
static void check_resumed(const struct resumed *resumed) {
    enum { MOST = 50 };
    struct resumption own;
    begin(resumed, &own);
    for (int64_t at = own.orders > MOST ? own.orders - MOST + 1 : 1; at <= own.orders; at++) {
        check_order(&own, at, TASK_SAVE);
        check_order(&own, at, TASK_STOP);
    }
    end(&own);
}

static const struct resumed resumed_points[] = {
    {POINT("full", FUNCTION_SPACE), "delta_sum", 0},
    {POINT("full, momentum", MOMENTUM, FUNCTION_SPACE), "delta_velocity", 0},
    {POINT("full, momentum, f32", F32, MOMENTUM, FUNCTION_SPACE), "h", 0},
    {POINT("full, momentum, parameters, f32", F32, MOMENTUM, PARAMETER_SPACE), "omega_velocity", 0},
    {POINT("batches, entropy, momentum", BATCHES, ENTROPY, MOMENTUM, FUNCTION_SPACE), "linear_g_velocity", 0},
    {POINT("batches, momentum, f32", F32, BATCHES, MOMENTUM, FUNCTION_SPACE), "theta_velocity", 0},
    {POINT("adam, batches", ADAM, BATCHES), "omega_square", 0},
    {POINT("adam, f32", F32, ADAM), "theta_mean", 0},
    {POINT("conv, batches, momentum", CONV, MOMENTUM, BATCHES), "theta_velocity", 0},
    {POINT("wrn, readout, f32", F32, WRN, READOUT, FUNCTION_SPACE), "f_test_linear_last", 0},
    {POINT("centred, output_scale, momentum", CENTRED, SCALE, MOMENTUM), "linear_velocity", 0},
    {POINT("centred, output_scale, batches, f32", F32, CENTRED, SCALE, BATCHES), "theta_last", 0},
    {POINT("the network alone, momentum, f32", ALONE, F32, MOMENTUM), "delta_velocity", 0},
    {POINT("cosine, momentum, f32", F32, COSINE, MOMENTUM, FUNCTION_SPACE), "linear_g_sum", 0},
    {POINT("cosine, batches, parameters", COSINE, BATCHES, PARAMETER_SPACE), "omega", 0},
    {POINT("cosine, adam, clipped, f32", F32, COSINE, ADAM, CLIP), "theta_mean", 0},
    {POINT("clipped, momentum", CLIP, MOMENTUM), "theta_velocity", 0},
    {POINT("stops, f32", F32, STOP, FUNCTION_SPACE), "f_test_linear_last", 0},
    {POINT("stops, batches, momentum", STOP, BATCHES, MOMENTUM), "theta", 0},
    {POINT("predictions", PREDICTIONS), "h", 0},
#if HAS_SUNDIALS
    {POINT("predictions, entropy, f32", F32, PREDICTIONS, ENTROPY), "linear_g_sum", 0},
#endif
    {POINT("all kept, batches", KEEP_ALL, BATCHES), "theta", 0},
    {POINT("stability", STABILITY), "theta_last", 0},
    {POINT("stability, wrn, batches, f32", F32, WRN, BATCHES, STABILITY), "theta_last", 0},
    {POINT("stability, the network diverges", STABILITY, RATE("critical_fraction: 38.5"), RELU, ENTROPY),
     "linear_f_train", 1},
    {POINT("equilibria, momentum", DEQ, MOMENTUM, FUNCTION_SPACE, "measure.trajectories=true"), "theta_velocity", 0},
    {POINT("equilibria, batches, f32", F32, DEQ, BATCHES, PARAMETER_SPACE), "omega", 0},
    {POINT("equilibria held, batches", DEQ, ALONE, BATCHES, "training.contraction=0.3"), "theta", 0},
    {POINT("both diverge", RATE("critical_fraction: 2.385")), "linear_f_train", 3},
    {POINT("the network diverges, f32", F32, RATE("critical_fraction: 38.5"), RELU, ENTROPY), "linear_f_train", 1},
};

static void test_resumed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof resumed_points / sizeof *resumed_points; i++) check_resumed(&resumed_points[i]);
}

/* Its 12 training points go through the network in two chunks: values and cotangents of more than 10 hold over 2^25 numbers. */
static void test_resumed_in_chunks(void **state) {
    (void)state;
    static const struct resumed resumed = {POINT_OF(256, "conv in chunks, f32", F32, LARGE_CONV, MOMENTUM,
                                                    PARAMETER_SPACE, "sweep.train_size=12", "training.steps=2",
                                                    "measure.kernel_steps=none"),
                                           "omega_velocity", 0};
    struct resumption own;
    begin(&resumed, &own);
    check_order(&own, own.orders - 1, TASK_STOP);
    end(&own);
}

/* ---- memory ---- */

/* Points whose phases take more than their training does, each in its own way. */
#define DEEP_READOUT                                                                                                   \
    READOUT, RELU, "network.depth=8", "sweep.width=512", "sweep.train_size=8", "data.test_size=256", "training.steps=2"
static const struct recipe memory_points[] = {
    POINT_OF(2, "deep readout", DEEP_READOUT),
    POINT_OF(2, "deep readout, f32", DEEP_READOUT, F32),
    POINT("little memory", TIGHT, "sweep.width=385", "sweep.train_size=83"),
    POINT("little memory, f32", TIGHT, "sweep.width=385", "sweep.train_size=83", F32),
    POINT_OF(2, "predictions, few test points", PREDICTIONS, "sweep.train_size=83", "sweep.width=3"),
    POINT_OF(2, "predictions, many test points", PREDICTIONS, "data.test_size=238", "sweep.width=3"),
#if HAS_SUNDIALS
    POINT_OF(2, "flow, parameters", PREDICTIONS, ENTROPY, PARAMETER_SPACE, "sweep.train_size=38"),
#endif
    POINT("stability", STABILITY, "sweep.width=385"),
    POINT("equilibria", DEQ, "sweep.width=385"),
    POINT("equilibria, anderson, f32", DEQ, F32, "network.solver=anderson", "sweep.width=38", PARAMETER_SPACE),
    POINT("steps of the solver, f32", DEQ, F32, "measure.trajectories=true", "network.iterations=5000",
          "sweep.train_size=2"),
    POINT("stability by products, f32", STABILITY, F32, CONV, "network.depth=2", "sweep.width=64", ALONE, NO_CHANGE),
    POINT_OF(2, "clipped", CLIP, NO_CHANGE, "sweep.width=385"),
    POINT_OF(2, "rounding, centred", F32, CENTRED, "sweep.width=3", "sweep.train_size=83"),
    /* Of 9 points 5 go through at once for the kernels at theta_0, of the 6 training points all for those that moved. */
    POINT_OF(256, "moved kernels in larger chunks", LARGE_CONV, "sweep.train_size=6", "training.steps=1"),
};

static void check_memory(const struct recipe *recipe) {
    struct subject subject;
    struct task_plan plan;
    create_subject(recipe, &subject);
    assert_int_equal(task_plan(&subject.config, &subject.data.shape, &plan), OK);
    struct record *record = run(&subject);
    print_message("  %-44s %.1f MB\n", recipe->name, plan.cost.arena_bytes / 1e6);
    assert_true(record_value(record, METRIC_ARENA_BYTES) <= plan.cost.arena_bytes);
    assert_true(record_value(record, METRIC_STATUS) == 0);
    record_free(record);
    free_subject(&subject);
}

static void test_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof memory_points / sizeof *memory_points; i++) check_memory(&memory_points[i]);
}

/* ---- the room of a record ---- */

/* What the elements count beforehand is what they fill: but for single numbers, all of it. */
static void check_record(const struct recipe *recipe) {
    enum { SCALARS = 40 };
    struct subject subject;
    struct task_plan plan;
    create_subject(recipe, &subject);
    assert_int_equal(task_plan(&subject.config, &subject.data.shape, &plan), OK);
    struct record *record = run(&subject);
    double numbers = 0, scalars = 0;
    for (int i = 0; i < record->count; i++) {
        const struct array *array = &record->array[i];
        if (array->text) continue;
        *(array->ndim ? &numbers : &scalars) += (double)array_length(array);
    }
    print_message("  %-44s %.0f numbers\n", recipe->name, numbers);
    assert_true(plan.cost.record_bytes == sizeof(double) * (numbers + SCALARS) && scalars <= SCALARS);
    record_free(record);
    free_subject(&subject);
}

static void test_record(void **state) {
    (void)state;
    static const struct recipe points[] = {
        POINT("plain", NULL),
        POINT("batches, all kept, f32", F32, BATCHES, KEEP_ALL),
        POINT("predictions, all kept", PREDICTIONS, KEEP_ALL),
        POINT("no outputs, no change", "measure.outputs=none", NO_CHANGE),
        POINT("wrn, parameters", WRN, PARAMETER_SPACE),
        POINT("stability, all outputs", STABILITY, "measure.outputs=all"),
        POINT("stability, wrn, f32", F32, WRN, STABILITY),
        POINT("gradients alone", "measure.stability=true", "measure.outputs=none"),
        POINT("the network alone, all kept", ALONE, KEEP_ALL),
        POINT("no steps, batches, all kept, f32", F32, BATCHES, KEEP_ALL, "training.steps=0"),
        POINT("the network alone, no change, f32", ALONE, F32, NO_CHANGE),
        POINT("stops, clipped, all kept", CLIP, STOP, KEEP_ALL),
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) check_record(&points[i]);
}

/* ---- gradients and states ---- */

#define ONE_RATE STABILITY, NO_CHANGE, "measure.keep=[parameters]", "measure.recorded_steps=2", "training.steps=1"

static const struct stepped {
    struct recipe first, second; /* of one step, of two */
    int from;                    /* layers before it do not move */
    int is_matched;              /* rates of tensors: their variance over their fan-in */
} stepped_points[] = {
    {POINT("gradient, sample space", ONE_RATE, RATE("absolute: 0.385")),
     POINT("", ONE_RATE, "training.steps=2", RATE("absolute: 0.385")), 0, 0},
    {POINT("gradient, matched, entropy, centred", ONE_RATE, RATE("critical_fraction: 0.1"), STANDARD,
           "training.rates=matched", ENTROPY, CENTRED),
     POINT("", ONE_RATE, "training.steps=2", RATE("critical_fraction: 0.1"), STANDARD, "training.rates=matched",
           ENTROPY, CENTRED),
     0, 1},
    {POINT("gradient, wrn, output_scale", ONE_RATE, RATE("absolute: 0.0385"), WRN, SCALE),
     POINT("", ONE_RATE, "training.steps=2", RATE("absolute: 0.0385"), WRN, SCALE), 0, 0},
    {POINT("gradient, readout", ONE_RATE, RATE("absolute: 0.385"), READOUT),
     POINT("", ONE_RATE, "training.steps=2", RATE("absolute: 0.385"), READOUT), 3, 0},
};

static double rate_of(const struct array *tensor, bool is_matched) {
    double fan_in = (double)array_length(tensor) / (double)tensor->size[tensor->ndim - 1];
    bool is_bias = tensor->number % 2 != 0;
    return !is_matched ? 1 : is_bias ? 0.3 : 1.7 / fan_in;
}

/* What a step of plain descent has moved a layer by, over the rate. */
static double moved_rms(const struct record *before, const struct record *after, enum metric_id begin, int layer,
                        bool is_matched) {
    double eta = record_value(after, METRIC_LEARNING_RATE_USED), squares = 0, numbers = 0;
    for (int number = 2 * layer; number < 2 * layer + 2; number++) {
        const struct array *a = record_find(before, begin, number);
        const struct array *b = record_find(after, METRIC_KEPT_PARAMETERS_FINAL, number);
        for (int64_t i = 0; i < array_length(a); i++)
            squares += pow((b->value[i] - a->value[i]) / (eta * rate_of(a, is_matched)), 2);
        numbers += (double)array_length(a);
    }
    return sqrt(squares / numbers);
}

static void check_stepped(const struct stepped *stepped) {
    struct record *one = run_recipe(&stepped->first), *two = run_recipe(&stepped->second);
    const struct array *rms = record_find(one, METRIC_GRADIENT_RMS, 0);
    int layers = (int)rms->size[1];
    double error = 0;
    for (int layer = 0; layer < layers; layer++) {
        const double expected[] = {moved_rms(one, one, METRIC_KEPT_PARAMETERS, layer, stepped->is_matched),
                                   moved_rms(one, two, METRIC_KEPT_PARAMETERS_FINAL, layer, stepped->is_matched)};
        for (int step = 0; step < 2; step++) {
            double own = rms->value[step * layers + layer];
            assert_true(isnan(own) == (layer < stepped->from));
            if (layer >= stepped->from) error = fmax(error, fabs(own / expected[step] - 1));
        }
    }
    print_message("  %-44s %.1e  (limit 1e-9)\n", stepped->first.name, error);
    assert_true(error <= 1e-9);
    record_free(one);
    record_free(two);
}

/* Gradients at both steps, also where the first layer's weights are old at that time. */
static void test_gradients(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof stepped_points / sizeof *stepped_points; i++) check_stepped(&stepped_points[i]);
}

/* A fully connected network of tanh: states [probe, l] at the first or the last step, and the tensors there. */
enum { PROBES_OF_BASE = 3, WIDTH_OF_BASE = 13 };

static const double *state_of(const struct record *record, int end, int probe, int l) {
    const struct array *states = record_find(record, METRIC_TRAJECTORIES, 0);
    return states->value + ((end * states->size[1] + probe) * states->size[2] + l) * states->size[3];
}

static const double *tensor_of(const struct record *record, int end, int number) {
    return record_find(record, end ? METRIC_KEPT_PARAMETERS_FINAL : METRIC_KEPT_PARAMETERS, number)->value;
}

/* phi(h_l) W + b in the NTK parameterization */
static double unit_of(const struct record *record, int end, int probe, int l, int layer, int j, int columns) {
    const double *h = state_of(record, end, probe, l), *w = tensor_of(record, end, 2 * layer);
    double sum = sqrt(0.3) * tensor_of(record, end, 2 * layer + 1)[j];
    for (int i = 0; i < WIDTH_OF_BASE; i++) sum += sqrt(1.7 / WIDTH_OF_BASE) * tanh(h[i]) * w[i * columns + j];
    return sum;
}

static void singular_values(const struct record *record, int end, int probe, int l, double *value) {
    enum { N = WIDTH_OF_BASE };
    double matrix[N * N], work[N * 100];
    const double *h = state_of(record, end, probe, l), *w = tensor_of(record, end, 2 * (l + 1));
    assert_true(la_singular_work(N) <= N * 100);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) matrix[i * N + j] = sqrt(1.7 / N) * (1 - tanh(h[i]) * tanh(h[i])) * w[i * N + j];
    assert_true(la_singular(N, matrix, value, work));
}

/* Each state follows from the one before it, the outputs from the last; the last but one has the Jacobian of one layer. */
static void test_states(void **state) {
    (void)state;
    static const struct recipe recipe =
        POINT("states, batches", STABILITY, BATCHES, NO_CHANGE, "network.depth=3", "measure.keep=[parameters]");
    enum { L = 2, N = WIDTH_OF_BASE };
    struct record *record = run_recipe(&recipe);
    const struct array *outputs = record_find(record, METRIC_OUTPUTS, 0);
    const double *largest = record_values(record, METRIC_JACOBIAN_MAX),
                 *smallest = record_values(record, METRIC_JACOBIAN_MIN);
    double error = 0;
    for (int end = 0; end < 2; end++) {
        double mean[2] = {0, 0}, value[N];
        for (int probe = 0; probe < PROBES_OF_BASE; probe++) {
            for (int l = 0; l < L; l++)
                for (int j = 0; j < N; j++)
                    error = fmax(error, fabs(unit_of(record, end, probe, l, l + 1, j, N) -
                                             state_of(record, end, probe, l + 1)[j]));
            int64_t step = end ? outputs->size[0] - 1 : 0;
            for (int j = 0; j < OUTPUTS; j++)
                error = fmax(error, fabs(unit_of(record, end, probe, L, L + 1, j, OUTPUTS) -
                                         outputs->value[(step * PROBES_OF_BASE + probe) * OUTPUTS + j]));
            singular_values(record, end, probe, L - 1, value);
            mean[0] += value[0] / PROBES_OF_BASE;
            mean[1] += value[N - 1] / PROBES_OF_BASE;
        }
        error = fmax(error, fabs(largest[end * (L + 1) + L - 1] - mean[0]));
        error = fmax(error, fabs(smallest[end * (L + 1) + L - 1] - mean[1]));
        assert_true(largest[end * (L + 1) + L] == 1 && smallest[end * (L + 1) + L] == 1);
    }
    print_message("  %-44s %.1e  (limit 1e-12)\n", recipe.name, error);
    assert_true(error <= 1e-12);
    record_free(record);
}

/* F(z_l) of the cell, whose input u is atanh(z_1): F(0) = tanh(u). */
static double cell_of(const struct record *record, int end, int probe, int l, int j) {
    const double *z = state_of(record, end, probe, l), *w = tensor_of(record, end, 2);
    double sum = atanh(state_of(record, end, probe, 1)[j]);
    for (int i = 0; i < WIDTH_OF_BASE; i++) sum += sqrt(0.2 / WIDTH_OF_BASE) * z[i] * w[i * WIDTH_OF_BASE + j];
    return tanh(sum);
}

static double readout_of(const struct record *record, int end, int probe, int l, int j) {
    const double *z = state_of(record, end, probe, l), *w = tensor_of(record, end, 4);
    double sum = sqrt(0.3) * tensor_of(record, end, 5)[j];
    for (int i = 0; i < WIDTH_OF_BASE; i++) sum += sqrt(1.7 / WIDTH_OF_BASE) * z[i] * w[i * OUTPUTS + j];
    return sum;
}

/* How many states there are before the rest, behind which is nothing. */
static int steps_of(const struct record *record, int end, int probe) {
    const struct array *states = record_find(record, METRIC_TRAJECTORIES, 0);
    int steps = 0;
    while (steps + 1 < states->size[2] && isfinite(state_of(record, end, probe, steps + 1)[0])) steps++;
    for (int l = steps + 1; l < states->size[2]; l++) assert_true(isnan(state_of(record, end, probe, l)[0]));
    return steps;
}

/* The last `checked` states are F of those before them. */
static double check_way(const struct record *record, int end, int probe, int checked) {
    const struct array *outputs = record_find(record, METRIC_OUTPUTS, 0);
    int steps = steps_of(record, end, probe);
    int64_t step = end ? outputs->size[0] - 1 : 0;
    double error = 0;
    assert_true(steps > 1 && state_of(record, end, probe, 0)[0] == 0);
    for (int j = 0; j < WIDTH_OF_BASE; j++)
        for (int l = checked < steps ? steps - checked : 0; l < steps; l++)
            error = fmax(error, fabs(cell_of(record, end, probe, l, j) - state_of(record, end, probe, l + 1)[j]));
    for (int j = 0; j < OUTPUTS; j++)
        error = fmax(error, fabs(readout_of(record, end, probe, steps, j) -
                                 outputs->value[(step * PROBES_OF_BASE + probe) * OUTPUTS + j]));
    return error;
}

/* The way of each solver begins at 0 and ends where the outputs are read; Picard's goes from z to F(z), Anderson's in its first
 * and its last step. */
static void test_solver_states(void **state) {
    (void)state;
#define WAY(solver)                                                                                                    \
    POINT("states of " solver, DEQ, "network.solver=" solver, "network.tolerance=1e-14", "measure.trajectories=true",  \
          "measure.keep=[parameters]", NO_CHANGE)
    static const struct recipe ways[] = {WAY("picard"), WAY("anderson"), WAY("ode")};
    static const int checked[] = {500, 1, 0};
    for (int i = 0; i < 3; i++) {
        struct record *record = run_recipe(&ways[i]);
        double error = 0;
        for (int end = 0; end < 2; end++)
            for (int probe = 0; probe < PROBES_OF_BASE; probe++)
                error = fmax(error, check_way(record, end, probe, checked[i]));
        print_message("  %-44s %.1e  (limit 1e-12)\n", ways[i].name, error);
        assert_true(error <= 1e-12);
        record_free(record);
    }
}

/* A solver that is stopped before the rest has as many states, those of the whole way. */
static void test_solver_states_cut(void **state) {
    (void)state;
#define CUT(solver, most)                                                                                              \
    POINT("", DEQ, "network.solver=" solver, "network.tolerance=1e-14", "network.iterations=" most,                    \
          "measure.trajectories=true", NO_CHANGE)
    static const struct recipe ways[][2] = {{CUT("picard", "3"), CUT("picard", "500")},
                                            {CUT("anderson", "3"), CUT("anderson", "500")},
                                            {CUT("ode", "3"), CUT("ode", "500")}};
    for (int i = 0; i < 3; i++) {
        struct record *cut = run_recipe(&ways[i][0]), *whole = run_recipe(&ways[i][1]);
        assert_true(record_find(cut, METRIC_TRAJECTORIES, 0)->size[2] == 4);
        for (int probe = 0; probe < PROBES_OF_BASE; probe++)
            assert_memory_equal(state_of(cut, 0, probe, 0), state_of(whole, 0, probe, 0),
                                4 * WIDTH_OF_BASE * sizeof(double));
        record_free(cut);
        record_free(whole);
    }
}

static void test_no_states(void **state) {
    (void)state;
    static const struct recipe recipe = POINT("no states", "measure.trajectories=true", "network.depth=0");
    struct study *study = read_recipe(&recipe);
    struct config config = study_point(study, 0);
    struct dataset data = random_data(&recipe, &config);
    struct task_plan plan;
    assert_int_equal(task_plan(&config, &data.shape, &plan), ERROR_INPUT);
    assert_string_equal(status_message(),
                        "measure.trajectories: this network has no hidden states; false was expected");
    double *arrays[] = {data.x_train, data.y_train, data.x_test, data.y_test};
    for (int i = 0; i < 4; i++) free(arrays[i]);
    study_free(study);
}

/* ---- equal and odd points ---- */

static void test_batch_of_all(void **state) {
    (void)state;
    static const struct recipe pairs[][2] = {
        {POINT("full batch", MOMENTUM), POINT("", MOMENTUM, "training.batch_size=9")},
        {POINT("full batch, f32", F32, ENTROPY), POINT("", F32, ENTROPY, "training.batch_size=9")},
        {POINT("full batch, parameters", PARAMETER_SPACE), POINT("", PARAMETER_SPACE, "training.batch_size=9")}};
    for (int i = 0; i < 3; i++) {
        struct record *full = run_recipe(&pairs[i][0]), *batch = run_recipe(&pairs[i][1]);
        assert_same_record(full, batch, pairs[i][0].name, 0);
        record_free(full);
        record_free(batch);
    }
}

/* ---- the network alone ---- */

/* What is measured of it is the same to the bit as beside its linearization, whose numbers are not there. */
static void check_alone(const struct record *alone, const struct record *both, int has_kernel) {
    const unsigned linear = 1u << MODEL_LINEAR;
    for (int i = 0; i < both->count; i++) {
        const struct array *array = &both->array[i], *own = record_find(alone, array->metric, array->number);
        const struct metric *metric = &metric_table[array->metric];
        if (metric->models & linear && own) fail_msg("%s is there", metric->name);
        if (metric->varies || metric->models & linear || array->metric == METRIC_STATUS || (!own && !has_kernel))
            continue;
        if (!own || !same_array(array, own)) fail_msg("%s differs", metric->name);
    }
    assert_true(((int)record_value(both, METRIC_STATUS) & STATUS_NETWORK_DIVERGED) ==
                record_value(alone, METRIC_STATUS));
    assert_true((record_find(alone, METRIC_LAMBDA_MAX, 0) != NULL) == has_kernel);
}

static void test_alone(void **state) {
    (void)state;
    static const struct {
        struct recipe alone, both;
        int has_kernel;
    } points[] = {
        {POINT("full", ALONE), POINT("", FUNCTION_SPACE), 1},
        {POINT("momentum", ALONE, MOMENTUM, NO_CHANGE), POINT("", MOMENTUM, PARAMETER_SPACE, NO_CHANGE), 0},
        {POINT("adam, batches, f32", ALONE, F32, ADAM, BATCHES, NO_CHANGE), POINT("", F32, ADAM, BATCHES, NO_CHANGE),
         0},
        {POINT("wrn, entropy", ALONE, WRN, ENTROPY), POINT("", WRN, ENTROPY), 1},
        {POINT("kept, predictions, f32", ALONE, F32, KEEP_ALL, PREDICTIONS), POINT("", F32, KEEP_ALL, PREDICTIONS), 1},
        {POINT("own rate", ALONE, RATE("empirical_fraction: 0.5"), NO_CHANGE),
         POINT("", RATE("empirical_fraction: 0.5"), NO_CHANGE), 1},
        {POINT("diverges", ALONE, RATE("critical_fraction: 38.5"), RELU),
         POINT("", RATE("critical_fraction: 38.5"), RELU), 1},
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *alone = run_recipe(&points[i].alone), *both = run_recipe(&points[i].both);
        print_message("  %s\n", points[i].alone.name);
        check_alone(alone, both, points[i].has_kernel);
        record_free(alone);
        record_free(both);
    }
}

/* ---- no steps ---- */

/* At every step that is recorded, step 0, what a longer training records there; nothing is a change of a kernel. */
static void check_no_steps(const struct record *none, const struct record *some) {
    for (int i = 0; i < none->count; i++) {
        const struct array *own = &none->array[i], *array = record_find(some, own->metric, own->number);
        if (own->ndim == 0 || own->dim[0] != DIM_STEP) continue;
        assert_true(own->size[0] == 1 && array && array->size[0] == 5);
        size_t numbers = (size_t)array_length(own);
        if (memcmp(own->value, array->value, numbers * sizeof *own->value) != 0)
            fail_msg("%s differs", metric_table[own->metric].name);
    }
    assert_true(record_value(none, METRIC_STATUS) == 0 && !record_find(none, METRIC_NTK_CHANGE, 0));
}

static void test_no_steps(void **state) {
    (void)state;
#define NO_STEPS "training.steps=0", "measure.kernel_steps=last"
    static const struct recipe points[][2] = {
        {POINT("plain", NO_STEPS), POINT("", NULL)},
        {POINT("adam, batches, all kept, f32", NO_STEPS, ADAM, F32, BATCHES, KEEP_ALL),
         POINT("", ADAM, F32, BATCHES, KEEP_ALL)},
        {POINT("predictions, linear, centred", NO_STEPS, PREDICTIONS, CENTRED, "measure.spacing=linear"),
         POINT("", PREDICTIONS, CENTRED, "measure.spacing=linear")},
#if HAS_SUNDIALS
        {POINT("predictions, entropy, f32", NO_STEPS, F32, PREDICTIONS, ENTROPY), POINT("", F32, PREDICTIONS, ENTROPY)},
#endif
        {POINT("the network alone", NO_STEPS, ALONE), POINT("", ALONE)},
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *none = run_recipe(&points[i][0]), *some = run_recipe(&points[i][1]);
        print_message("  %s\n", points[i][0].name);
        check_no_steps(none, some);
        record_free(none);
        record_free(some);
    }
}

/* ---- rates that go down ---- */

/* A network that is linear in its parameters goes as the closed form says, by Theta_0 and by that of infinite width,
 * which is the same; so does its linearization, whichever its space. */
static void test_cosine(void **state) {
    (void)state;
#define LINEAR_NETWORK COSINE, PREDICTIONS, "network.depth=0", "training.steps=40", RATE("critical_fraction: 0.9")
    static const struct recipe points[] = {
        POINT("function", LINEAR_NETWORK, FUNCTION_SPACE),
        POINT("parameters", LINEAR_NETWORK, PARAMETER_SPACE),
        POINT("momentum, function", LINEAR_NETWORK, MOMENTUM, FUNCTION_SPACE),
        POINT("momentum, parameters", LINEAR_NETWORK, MOMENTUM, PARAMETER_SPACE),
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *record = run_recipe(&points[i]);
        static const enum metric_id metrics[] = {METRIC_RMSE_TEST, METRIC_RMSE_TEST_DISCRETE,
                                                 METRIC_RMSE_TEST_DISCRETE_INFINITE};
        double largest = record_value(record, METRIC_RMSE_TEST_INFINITE);
        for (int m = 0; m < 3; m++)
            for (int step = 0; step < 5; step++) largest = fmax(largest, record_values(record, metrics[m])[step]);
        print_message("  %-44s %.1e  (limit 1e-12)\n", points[i].name, largest);
        assert_true(largest <= 1e-12 && record_values(record, METRIC_F_RMS)[4] > 0.1);
        assert_null(record_find(record, METRIC_RMSE_TEST_FLOW, 0));
        record_free(record);
    }
}

/* The linearization is repeated in double at the same rates, as many steps as there were. */
static void test_repeated(void **state) {
    (void)state;
    static const struct recipe points[] = {POINT("cosine", F32, COSINE, FUNCTION_SPACE),
                                           POINT("cosine, momentum, batches", F32, COSINE, MOMENTUM, BATCHES),
                                           POINT("stops", F32, STOP, FUNCTION_SPACE)};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *record = run_recipe(&points[i]);
        double rounding = record_value(record, METRIC_RMSE_ROUNDING_LINEAR);
        print_message("  %-44s %.1e  (limit 1e-5)\n", points[i].name, rounding);
        assert_true(rounding > 0 && rounding <= 1e-5);
        record_free(record);
    }
}

/* By derivatives it is not, and says nothing of it. */
static void test_not_repeated(void **state) {
    (void)state;
    static const struct recipe recipe = POINT("", F32, ADAM, BATCHES);
    struct record *record = run_recipe(&recipe);
    assert_true(record_value(record, METRIC_RMSE_ROUNDING) > 0);
    assert_null(record_find(record, METRIC_RMSE_ROUNDING_LINEAR, 0));
    record_free(record);
}

/* ---- a loss that ends the training ---- */

/* What is recorded up to then is that of the whole training, to the bit; later there is nothing. */
static void check_stopped(const struct record *whole, const struct record *own, int64_t last) {
    for (int i = 0; i < own->count; i++) {
        const struct array *array = &own->array[i], *all = record_find(whole, array->metric, array->number);
        if (array->ndim == 0 || array->dim[0] != DIM_STEP || array->metric == METRIC_STEP) continue;
        int64_t each = array_length(array) / array->size[0];
        assert_non_null(all);
        if (memcmp(array->value, all->value, (size_t)((last + 1) * each) * sizeof *all->value) != 0)
            fail_msg("%s differs", metric_table[array->metric].name);
        for (int64_t at = (last + 1) * each; at < array_length(array); at++) assert_true(isnan(array->value[at]));
    }
    double step = record_values(whole, METRIC_STEP)[last];
    assert_true(record_value(own, METRIC_STATUS) == 0 && record_value(own, METRIC_STOPPED_STEP) == step);
}

static void test_stopped(void **state) {
    (void)state;
    static const struct recipe points[] = {
        POINT("full", KEEP_ALL),
        POINT("momentum, parameters, f32", F32, MOMENTUM, PARAMETER_SPACE),
        POINT("batches, alone", ALONE, BATCHES, NO_CHANGE),
        POINT("adam, entropy", ADAM, ENTROPY),
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *whole = run_recipe(&points[i]);
        const double *loss = record_values(whole, METRIC_LOSS_TRAIN);
        for (int64_t last = 0; last < 5; last += 2) {
            struct recipe stopped = points[i];
            char goal[64];
            int count = 0;
            while (stopped.set[count]) count++;
            snprintf(goal, sizeof goal, "training.stop_loss=%.17g", loss[last]);
            stopped.set[count] = goal;
            for (int64_t before = 0; before < last; before++) assert_true(loss[before] > loss[last]);
            struct record *own = run_recipe(&stopped);
            check_stopped(whole, own, last);
            record_free(own);
        }
        assert_null(record_find(whole, METRIC_STOPPED_STEP, 0));
        record_free(whole);
    }
    static const struct recipe never = POINT("never", "training.stop_loss=1e-300");
    struct record *record = run_recipe(&never);
    assert_true(record_find(record, METRIC_STOPPED_STEP, 0) && isnan(record_value(record, METRIC_STOPPED_STEP)));
    record_free(record);
}

/* ---- clipped gradients ---- */

/* Where no gradient is as long it changes roundings alone; where every one is, steps of sgd are as long as they may be:
 * of one step from theta_0, |d theta| = eta c over all layers. */
static void test_clipped(void **state) {
    (void)state;
#define ONE_STEP ALONE, RATE("absolute: 0.5"), "training.steps=1", "measure.keep=[parameters]"
    static const struct recipe free = POINT("", ALONE), loose = POINT("", ALONE, "training.clip=1e6"),
                               tight = POINT("", ONE_STEP, "training.clip=1e-3"),
                               standard = POINT("", ONE_STEP, STANDARD, "training.clip=1e-3");
    struct record *own = run_recipe(&free), *other = run_recipe(&loose);
    for (int step = 0; step < 5; step++)
        assert_true(fabs(record_values(own, METRIC_LOSS_TRAIN)[step] / record_values(other, METRIC_LOSS_TRAIN)[step] -
                         1) < 1e-12);
    record_free(own);
    record_free(other);
    for (int i = 0; i < 2; i++) {
        double squares = 0;
        own = run_recipe(i ? &standard : &tight);
        for (int t = 0; record_find(own, METRIC_KEPT_PARAMETERS, t); t++) {
            const struct array *first = record_find(own, METRIC_KEPT_PARAMETERS, t),
                               *last = record_find(own, METRIC_KEPT_PARAMETERS_FINAL, t);
            for (int64_t p = 0; p < array_length(first); p++) squares += pow(last->value[p] - first->value[p], 2);
        }
        print_message("  |d theta|/(eta c) - 1 = %.1e  (limit 1e-9)\n", sqrt(squares) / (0.5 * 1e-3) - 1);
        assert_true(fabs(sqrt(squares) / (0.5 * 1e-3) - 1) < 1e-9);
        record_free(own);
    }
}

/* ---- equilibria ---- */

static double at_first(const struct record *record, enum metric_id metric) { return record_values(record, metric)[0]; }

/* How many rest, in how many steps; where none does, both have diverged at step 0, and what asks for the kernel of
 * infinite width is refused. */
static void test_equilibria(void **state) {
    (void)state;
    enum { EXAMPLES = 9 + 7 };
#define RESTLESS DEQ, RELU, "network.feedback_w2=9", "sweep.width=64"
    static const struct recipe restful = POINT("", DEQ, "network.feedback_w2=0.09", "sweep.width=64"),
                               restless = POINT("", RESTLESS, RATE("absolute: 0.1")),
                               refused = POINT("", DEQ, "network.activation=tanh", "network.feedback_w2=9");
    struct record *record = run_recipe(&restful);
    assert_true(record_value(record, METRIC_STATUS) == 0);
    assert_true(at_first(record, METRIC_SOLVER_UNCONVERGED) == 0);
    assert_true(at_first(record, METRIC_SOLVER_ITERATIONS) > 10 && at_first(record, METRIC_SOLVER_ITERATIONS_MAX) < 25);
    assert_true(at_first(record, METRIC_CONTRACTION) > 0.1 && at_first(record, METRIC_CONTRACTION) < 0.35);
    record_free(record);
    record = run_recipe(&restless);
    assert_true(record_value(record, METRIC_STATUS) == 3 && record_value(record, METRIC_DIVERGED_STEP) == 0);
    assert_true(at_first(record, METRIC_SOLVER_UNCONVERGED) == EXAMPLES);
    assert_true(record_value(record, METRIC_DIVERGED_OF) == DIVERGED_OF_REST);
    assert_true(record_value(record, METRIC_DIVERGED_UNCONVERGED) == EXAMPLES);
    record_free(record);
    struct subject subject;
    create_subject(&refused, &subject);
    assert_int_equal(task_point(&subject.config, &subject.data, subject.reference, (struct task_hooks){0}, &record),
                     ERROR_INPUT);
    assert_non_null(strstr(status_message(), "network.feedback_w2 = 9"));
    free_subject(&subject);
}

/* What a network diverged of is told at a step that is not recorded, and where the cell is not trained. */
static void test_diverged_of(void **state) {
    (void)state;
#define BETWEEN "training.steps=60", "measure.recorded_steps=2", "measure.kernel_steps=none"
    static const struct {
        struct recipe recipe;
        enum divergence of;
    } cases[] = {
        {POINT("rest", DEQ, BETWEEN, "network.feedback_w2=1.2", "sweep.width=64", RATE("absolute: 30")),
         DIVERGED_OF_REST},
        {POINT("rest, readout", DEQ, READOUT, "network.feedback_w2=9", "sweep.width=64", RATE("absolute: 0.1")),
         DIVERGED_OF_REST},
        {POINT("loss", BETWEEN, RATE("absolute: 1e9")), DIVERGED_OF_LOSS},
        {POINT("gradient", BETWEEN, RATE("absolute: 1e308"), "network.sigma_w2=1e6"), DIVERGED_OF_GRADIENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record *record = run_recipe(&cases[i].recipe);
        print_message("  %s: step %g, of %g, %g without rest\n", cases[i].recipe.name,
                      record_value(record, METRIC_DIVERGED_STEP), record_value(record, METRIC_DIVERGED_OF),
                      record_value(record, METRIC_DIVERGED_UNCONVERGED));
        assert_true(record_value(record, METRIC_DIVERGED_STEP) < 60);
        assert_true(record_value(record, METRIC_DIVERGED_OF) == (double)cases[i].of);
        assert_true((record_value(record, METRIC_DIVERGED_UNCONVERGED) > 0) == (cases[i].of == DIVERGED_OF_REST));
        record_free(record);
    }
}

/* Diverged where it begins is a result too. */
static void test_infinite_start(void **state) {
    (void)state;
#define OVERFLOWING F32, RELU, "network.sigma_w2=256", "network.depth=40", "sweep.width=32", "sweep.train_size=8"
    static const struct recipe points[] = {
        POINT("", F32, RELU, "network.sigma_w2=1e30", "network.depth=3"),
        POINT("", F32, RELU, "network.sigma_w2=1e30", "network.depth=3", PREDICTIONS),
        POINT_OF(2, "", OVERFLOWING, "sweep.seed=0"),
        POINT_OF(2, "", OVERFLOWING, "sweep.seed=1"),
        POINT_OF(2, "", OVERFLOWING, "sweep.seed=2"),
        POINT_OF(2, "", OVERFLOWING, PARAMETER_SPACE, BATCHES),
        POINT_OF(2, "", OVERFLOWING, RATE("empirical_fraction: 0.5")),
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct record *record = run_recipe(&points[i]);
        assert_true(record_value(record, METRIC_STATUS) == 3);
        assert_true(record_value(record, METRIC_DIVERGED_STEP) == 0);
        assert_non_null(record_find(record, METRIC_LAMBDA_MAX, 0));
        assert_true(isnan(record_value(record, METRIC_LAMBDA_MAX)));
        record_free(record);
    }
}

/* A chain of 60 relu layers at half of the critical rate: the first step makes weights of 1e20 and hidden values that are not finite; gradient
 * descent written out (tests/replay.py) has the loss NaN from step 1 on. */
static void test_blown_up(void **state) {
    (void)state;
#define CHAIN                                                                                                          \
    RELU, "network.depth=60", "network.sigma_w2=0.5", "network.sigma_b2=0", "sweep.width=32", "sweep.train_size=8",    \
        "measure.kernel_steps=none", KEEP_ALL
    static const struct recipe points[] = {
        POINT_OF(2, "", CHAIN, "sweep.seed=0"),          POINT_OF(2, "", CHAIN, "sweep.seed=1"),
        POINT_OF(2, "", CHAIN, "sweep.seed=2"),          POINT_OF(2, "", CHAIN, "sweep.seed=0", PARAMETER_SPACE),
        POINT_OF(2, "", CHAIN, "sweep.seed=1", BATCHES),
    };
    for (int i = 0; i < 5; i++) {
        struct record *record = run_recipe(&points[i]);
        const double *loss = record_values(record, METRIC_LOSS_TRAIN);
        assert_true((int)record_value(record, METRIC_STATUS) & STATUS_NETWORK_DIVERGED);
        assert_true(record_value(record, METRIC_DIVERGED_STEP) == 1);
        assert_true(isfinite(loss[0]) && isnan(loss[1]) && isnan(loss[4]));
        assert_null(record_find(record, METRIC_KEPT_PARAMETERS_FINAL, 0));
        record_free(record);
    }
}

/* Kernel 1e35, residual 1e16, rate 1e-35: all numbers of single precision, but not the kernel times the residual. */
static void test_large_kernel(void **state) {
    (void)state;
#define LARGE RELU, "network.sigma_w2=256", "network.depth=15", "sweep.width=64", RATE("critical_fraction: 0.1")
    static const struct recipe points[][2] = {
        {POINT("full", F32, LARGE, FUNCTION_SPACE), POINT("", LARGE, FUNCTION_SPACE)},
        {POINT("momentum", F32, LARGE, MOMENTUM, FUNCTION_SPACE), POINT("", LARGE, MOMENTUM, FUNCTION_SPACE)},
        {POINT("batches", F32, LARGE, BATCHES, FUNCTION_SPACE), POINT("", LARGE, BATCHES, FUNCTION_SPACE)},
    };
    for (int i = 0; i < 3; i++) {
        struct record *single = run_recipe(&points[i][0]), *twice = run_recipe(&points[i][1]);
        const struct array *loss = record_find(single, METRIC_LOSS_TEST_LINEAR, 0);
        const double *exact = record_values(twice, METRIC_LOSS_TEST_LINEAR);
        assert_true(record_value(single, METRIC_STATUS) == 0);
        assert_true(record_value(single, METRIC_LAMBDA_MAX) > 1e33 && exact[0] > 1e29);
        for (int64_t s = 0; s < loss->size[0]; s++) assert_true(fabs(loss->value[s] / exact[s] - 1) < 1e-3);
        record_free(single);
        record_free(twice);
    }
}

/* At 1.5 times the largest stable rate the linearization diverges, and the network catapults into a flatter place and converges. */
static void test_catapult(void **state) {
    (void)state;
    static const struct recipe point = {"catapult",
                                        {RELU, "network.depth=1", "network.sigma_b2=0", "sweep.width=512",
                                         RATE("empirical_fraction: 1.5"), "training.steps=400",
                                         "measure.kernel_steps=last"},
                                        2};
    struct record *record = run_recipe(&point);
    const struct array *loss = record_find(record, METRIC_LOSS_TRAIN, 0);
    const double *linear = record_values(record, METRIC_LOSS_TRAIN_LINEAR);
    assert_true(record_value(record, METRIC_STATUS) == STATUS_LINEARIZATION_DIVERGED);
    assert_true(loss->value[loss->size[0] - 1] < loss->value[0] && isnan(linear[loss->size[0] - 1]));
    assert_true(isfinite(record_value(record, METRIC_NTK_CHANGE)));
    record_free(record);
}

/* No record, but words. */
static void test_no_rate(void **state) {
    (void)state;
#define VANISHING RELU, "network.depth=600", "network.sigma_w2=0.5", "network.sigma_b2=0"
    static const struct {
        struct recipe recipe;
        const char *words;
    } cases[] = {
        {POINT("zero", VANISHING), "the kernel of the training set is 0: no critical rate"},
        {POINT("zero", VANISHING, RATE("empirical_fraction: 0.5")),
         "the kernel of the training set is 0: no critical rate"},
        {POINT("zero in f32", F32, VANISHING, RATE("empirical_fraction: 0.5")),
         "the kernel of the training set is 0 in run.precision: f32: no critical rate"},
        {POINT("zero of an f32 limit", RELU, "network.depth=100", "network.sigma_w2=0.5", "network.sigma_b2=0",
               "run.limit_precision=f32"),
         "the kernel of the training set is 0 in run.limit_precision: f32: no critical rate"},
        {POINT("too small", F32, RATE("absolute: 1e-60")),
         "the learning rate 1e-60 is 0 in single precision; run.precision: f64 was expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct subject subject;
        struct record *record = NULL;
        create_subject(&cases[i].recipe, &subject);
        assert_int_equal(task_point(&subject.config, &subject.data, subject.reference, (struct task_hooks){0}, &record),
                         ERROR_INPUT);
        assert_string_equal(status_message(), cases[i].words);
        assert_null(record);
        free_subject(&subject);
    }
}

/* ---- rates ---- */

enum { N = 9, NO_KERNEL = METRICS, OWN_KERNEL };

#define OWN RATE("empirical_fraction: 0.5"), "measure.keep=[kernels]"

/* Largest eigenvalue of a positive kernel [n, n] by power iteration. */
static double largest_eigenvalue(int n, const double *kernel) {
    enum { MOST = N * OUTPUTS };
    double v[MOST], next[MOST], norm = 1;
    assert_true(n <= MOST);
    for (int i = 0; i < n; i++) v[i] = 1 + 0.1 * i;
    for (int step = 0; step < 20000; step++) {
        double squares = 0;
        for (int i = 0; i < n; i++) {
            next[i] = 0;
            for (int j = 0; j < n; j++) next[i] += kernel[i * n + j] * v[j] / norm;
            squares += next[i] * next[i];
        }
        norm = sqrt(squares);
        memcpy(v, next, sizeof v);
    }
    return norm;
}

/* With 3 outputs the rate is `factor` over the largest eigenvalue of the kernel (OWN_KERNEL: the kept one at step 0), or `factor` where there is
 * none. */
static const struct rate {
    struct recipe recipe;
    int kernel; /* enum metric_id */
    double factor;
} rates[] = {
    {POINT("mse", NULL), METRIC_REFERENCE_NTK_TRAIN_TRAIN, 0.5 * 2 * N * 3},
    {POINT("entropy", ENTROPY), METRIC_REFERENCE_NTK_TRAIN_TRAIN, 0.5 * 4 * N},
    {POINT("momentum", MOMENTUM), METRIC_REFERENCE_NTK_TRAIN_TRAIN, 0.5 * 2 * 1.83 * N * 3},
    {POINT("entropy, momentum, batches", ENTROPY, MOMENTUM, BATCHES), METRIC_REFERENCE_NTK_TRAIN_TRAIN,
     0.5 * 4 * 1.83 * N},
    {POINT("output_scale", SCALE), METRIC_REFERENCE_NTK_TRAIN_TRAIN, 0.5 * 2 * N * 3 / (2.385 * 2.385)},
    {POINT("readout", READOUT), METRIC_REFERENCE_NNGP_TRAIN_TRAIN, 0.5 * 2 * N * 3},
    {POINT("readout, entropy, output_scale", READOUT, ENTROPY, SCALE), METRIC_REFERENCE_NNGP_TRAIN_TRAIN,
     0.5 * 4 * N / (2.385 * 2.385)},
    {POINT("standard, matched", STANDARD, "training.rates=matched"), METRIC_REFERENCE_NTK_TRAIN_TRAIN, 0.5 * 2 * N * 3},
    {POINT("own", OWN), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("own, f32, parameters", OWN, F32, PARAMETER_SPACE), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("own, momentum, entropy, batches", OWN, MOMENTUM, ENTROPY, BATCHES), OWN_KERNEL, 0.5 * 4 * 1.83 * N},
    {POINT("own, standard", OWN, STANDARD), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("own, standard, matched, scale", OWN, STANDARD, SCALE, "training.rates=matched"), OWN_KERNEL,
     0.5 * 2 * N * 3},
    {POINT("own, centred, scale", OWN, CENTRED, SCALE), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("own, wrn, readout", OWN, WRN, READOUT), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("own, conv, predictions", OWN, CONV, PREDICTIONS), OWN_KERNEL, 0.5 * 2 * N * 3},
    {POINT("absolute", RATE("absolute: 0.385"), SCALE, MOMENTUM), NO_KERNEL, 0.385 / (2.385 * 2.385)},
};

static double expected_rate(const struct rate *rate, const struct record *reference, const struct record *record) {
    if (rate->kernel == NO_KERNEL) return rate->factor;
    if (rate->kernel == OWN_KERNEL)
        return rate->factor / largest_eigenvalue(N * OUTPUTS, record_values(record, METRIC_KEPT_NTK_TRAIN_TRAIN));
    return rate->factor / largest_eigenvalue(N, record_values(reference, (enum metric_id)rate->kernel));
}

static void test_rates(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct subject subject;
        create_subject(&rates[i].recipe, &subject);
        struct record *record = run(&subject);
        double expected = expected_rate(&rates[i], subject.reference, record);
        double error = fabs(record_value(record, METRIC_LEARNING_RATE_USED) / expected - 1);
        print_message("  %-44s %.1e  (limit 1e-12)\n", rates[i].recipe.name, error);
        assert_true(error <= 1e-12);
        record_free(record);
        free_subject(&subject);
    }
}

static void panicked(void) { fail_msg("panic"); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_resumed_in_chunks),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_batch_of_all),
        cmocka_unit_test(test_infinite_start),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_blown_up),
        cmocka_unit_test(test_large_kernel),
        cmocka_unit_test(test_catapult),
        cmocka_unit_test(test_no_rate),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_no_steps),
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_not_repeated),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_clipped),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_no_states),
        cmocka_unit_test(test_solver_states),
        cmocka_unit_test(test_solver_states_cut),
        cmocka_unit_test(test_equilibria),
        cmocka_unit_test(test_diverged_of),
    };
    mallopt(M_PERTURB, 1); /* no numbers of the point before in fresh memory */
    panic_set_hook(panicked);
    task_set_threads(1);
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
