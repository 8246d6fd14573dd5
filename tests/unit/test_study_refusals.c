/* What study_read refuses, with the exact line. Most cases replace one line of a sound study. */
#include "study_files.h"

static const char *const sound[] = {
    "title: a test",
    "data: { source: cifar10, path: files, classes: [airplane, horse], test_size: 64 }",
    "network: { depth: 2, activation: erf }",
    "training: { learning_rate: { critical_fraction: 0.5 }, steps: 1000 }",
    "measure: { probes: 4 }",
    "sweep: { width: [33, 65], train_size: [31], seed: 2 }",
    "run: { memory: 2G }",
};
enum { LINES = sizeof sound / sizeof *sound };

static void assert_refused(const char *text, size_t length, const char *set, const char *message) {
    const struct override override = {set};
    struct study *study = NULL;
    write_study(text, length);
    if (study_read("study.yaml", set != NULL, &override, NULL, &study) != ERROR_INPUT)
        fail_msg("not refused; wanted \"%s\"", message);
    if (strcmp(status_message(), message) != 0) fail_msg("\"%s\"\nis not \"%s\"", status_message(), message);
    assert_null(study);
}

struct replaced {
    int line; /* from 1 */
    const char *text, *message;
};

static void assert_replaced_refused(struct replaced replaced) {
    char text[2048] = "";
    for (int i = 0; i < LINES; i++) {
        strcat(text, i + 1 == replaced.line ? replaced.text : sound[i]);
        strcat(text, "\n");
    }
    assert_refused(text, strlen(text), NULL, replaced.message);
}

#define EACH(cases, check)                                                                                             \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++) check((cases)[i])

static void test_numbers(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {3, "network:  { depth: 2.5 }", "study.yaml:3:20: network.depth: 2.5 is not a whole number >= 0"},
        {3, "network: { depth: 1e1 }", "study.yaml:3:19: network.depth: 1e1 is not a whole number >= 0"},
        {3, "network: { depth: -1 }", "study.yaml:3:19: network.depth: -1 is not a whole number >= 0"},
        {3, "network: { depth: +1 }", "study.yaml:3:19: network.depth: +1 is not a whole number >= 0"},
        {3, "network: { depth: 0x1 }", "study.yaml:3:19: network.depth: 0x1 is not a whole number >= 0"},
        {3, "network: { depth: 010 }", "study.yaml:3:19: network.depth: 010 is not a whole number >= 0"},
        {3, "network: { depth: 1_0 }", "study.yaml:3:19: network.depth: 1_0 is not a whole number >= 0"},
        {3, "network: { depth: '2' }", "study.yaml:3:19: network.depth: \"2\" is not a whole number >= 0"},
        {3, "network: { depth: two }", "study.yaml:3:19: network.depth: two is not a whole number >= 0"},
        {3, "network: { depth: }", "study.yaml:3:19: network.depth: nothing is not a whole number >= 0"},
        {3, "network: { depth: {} }", "study.yaml:3:19: network.depth: an empty mapping is not a whole number >= 0"},
        {3, "network: { depth: 1001 }", "study.yaml:3:19: network.depth: 1001 is not a whole number <= 1000"},
        {3, "network: { depth: [1, 2] }",
         "study.yaml:3:19: network.depth: a list is not a whole number >= 0; an axis stands in section sweep, as "
         "depth: [...]"},
        {6, "sweep: { width: 99999999999999999999, train_size: 1 }",
         "study.yaml:6:17: sweep.width: 99999999999999999999 is not a whole number <= 2147483647"},
        {3, "network: { sigma_w2: 0 }", "study.yaml:3:22: network.sigma_w2: 0 is not a number > 0"},
        {3, "network: { sigma_w2: 0.1ms }", "study.yaml:3:22: network.sigma_w2: 0.1ms is not a number > 0"},
        {3, "network: { sigma_w2: .nan }", "study.yaml:3:22: network.sigma_w2: .nan is not a number > 0"},
        {3, "network: { sigma_w2: inf }", "study.yaml:3:22: network.sigma_w2: inf is not a number > 0"},
        {3, "network: { sigma_w2: 1e999 }", "study.yaml:3:22: network.sigma_w2: 1e999 is not a number > 0"},
        {3, "network: { sigma_w2: 0x1p3 }", "study.yaml:3:22: network.sigma_w2: 0x1p3 is not a number > 0"},
        {3, "network: { sigma_w2: 1e }", "study.yaml:3:22: network.sigma_w2: 1e is not a number > 0"},
        {3, "network: { sigma_w2: . }", "study.yaml:3:22: network.sigma_w2: . is not a number > 0"},
        {3, "network: { sigma_b2: -0.1 }", "study.yaml:3:22: network.sigma_b2: -0.1 is not a number >= 0"},
        {7, "run: { memory: 2GB }",
         "study.yaml:7:16: run.memory: 2GB is not a number of bytes such as 512M or 2G, at least 1M"},
        {7, "run: { memory: 1023K }",
         "study.yaml:7:16: run.memory: 1023K is not a number of bytes such as 512M or 2G, at least 1M"},
        {7, "run: { threads: 0 }", "study.yaml:7:17: run.threads: 0 is not a whole number >= 1"},
        {2, "data: { source: mnist, path: x, resize: 0 }",
         "study.yaml:2:41: data.resize: 0 is not a whole number >= 1"},
        {2, "data: { source: mnist, path: x, resize: 65 }",
         "study.yaml:2:41: data.resize: 65 is not a whole number <= 64"},
        {3, "network: { family: conv, kernel_size: 4 }",
         "study.yaml:3:39: network.kernel_size: 4 is not an odd number >= 1"},
        {3, "network: { family: conv, kernel_size: -3 }",
         "study.yaml:3:39: network.kernel_size: -3 is not an odd number >= 1"},
        {3, "network: { family: conv, kernel_size: 1001 }",
         "study.yaml:3:39: network.kernel_size: 1001 is not an odd number <= 999"},
        {3, "network: { family: wrn, blocks: 0 }", "study.yaml:3:33: network.blocks: 0 is not a whole number >= 1"},
        {3, "network: { output_scale: 0 }", "study.yaml:3:26: network.output_scale: 0 is not a number > 0"},
        {4, "training: { momentum: 1 }", "study.yaml:4:23: training.momentum: 1 is not a number >= 0 and < 1"},
        {4, "training: { momentum: -0.1 }", "study.yaml:4:23: training.momentum: -0.1 is not a number >= 0 and < 1"},
        {7, "run: { checkpoint_minutes: 0 }", "study.yaml:7:28: run.checkpoint_minutes: 0 is not a number > 0"},
        {5, "measure: { recorded_steps: 1 }", "study.yaml:5:28: measure.recorded_steps: 1 is not a whole number >= 2"},
    };
    EACH(cases, assert_replaced_refused);
}

static void test_words(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {1, "title: [a]", "study.yaml:1:8: title: a list is not a text of one line"},
        {1, "title: \"a\\nb\"", "study.yaml:1:8: title: \"a\\nb\" is not a text of one line"},
        {2, "data: { source: imagenet }",
         "study.yaml:2:17: data.source: imagenet is not one of mnist, cifar10, gaussian, cifar100, arrays, sphere, "
         "clusters, function, spheres, spirals, spiral_flow"},
        {2, "data: { source: function, interval: 1 }",
         "study.yaml:2:37: data.interval: 1 is not an interval [a, b] with -1e+06 <= a < b <= 1e+06"},
        {2, "data: { source: function, interval: [1, 1] }",
         "study.yaml:2:37: data.interval: a list is not an interval [a, b] with -1e+06 <= a < b <= 1e+06"},
        {2, "data: { source: function, interval: [0, 1, 2] }",
         "study.yaml:2:37: data.interval: a list is not an interval [a, b] with -1e+06 <= a < b <= 1e+06"},
        {2, "data: { source: function, interval: [0, inf] }",
         "study.yaml:2:37: data.interval: a list is not an interval [a, b] with -1e+06 <= a < b <= 1e+06"},
        {2, "data: { source: function, interval: [0, 1e308] }",
         "study.yaml:2:37: data.interval: a list is not an interval [a, b] with -1e+06 <= a < b <= 1e+06"},
        {2, "data: { source: function, function: linear, slope: steep }",
         "study.yaml:2:52: data.slope: steep is not a number >= -1e+06 and <= 1e+06"},
        {2, "data: { source: function, slope: 2 }",
         "study.yaml:2:34: data.slope: not used here; it stands only where data.function is linear"},
        {2, "data: { source: spiral_flow, time: 101 }",
         "study.yaml:2:36: data.time: 101 is not a number >= 0 and <= 100"},
        {2, "data: { source: mnist, path: '' }", "study.yaml:2:30: data.path: \"\" is not a path of one line"},
        {2, "data: { source: mnist, path: x, classes: [1] }",
         "study.yaml:2:42: data.classes: a list is not a list of at least two names or numbers, or []"},
        {2, "data: { source: mnist, path: x, classes: 1 }",
         "study.yaml:2:42: data.classes: 1 is not a list of at least two names or numbers, or []"},
        {2, "data: { source: mnist, path: x, classes: [1, [2]] }",
         "study.yaml:2:46: data.classes: a list is not a name or number"},
        {2, "data: { source: mnist, path: x, classes: [1, 7, 1] }",
         "study.yaml:2:49: data.classes: 1 is not a new name; it is in the list already"},
        {3, "network: { family: resnet }",
         "study.yaml:3:20: network.family: resnet is not one of fc, conv, wrn, residual, closed, deq"},
        {3, "network: { family: conv, pooling: max }",
         "study.yaml:3:35: network.pooling: max is not one of global, flatten"},
        {3, "network: { family: mlp }",
         "study.yaml:3:20: network.family: mlp is not one of fc, conv, wrn, residual, closed, deq"},
        {4, "training: { batch_size: half }",
         "study.yaml:4:25: training.batch_size: half is not full or a whole number from 1 to 2147483647"},
        {4, "training: { batch_size: 0 }",
         "study.yaml:4:25: training.batch_size: 0 is not full or a whole number from 1 to 2147483647"},
        {4, "training: { batch_size: 8.0 }",
         "study.yaml:4:25: training.batch_size: 8.0 is not full or a whole number from 1 to 2147483647"},
        {4, "training: { batch_size: 2147483648 }",
         "study.yaml:4:25: training.batch_size: 2147483648 is not full or a whole number from 1 to 2147483647"},
        {4, "training: { batch_size: [8, full] }",
         "study.yaml:4:25: training.batch_size: a list is not full or a whole number from 1 to 2147483647; an axis "
         "stands in section sweep, as batch_size: [...]"},
        {4, "training: { loss: hinge }", "study.yaml:4:19: training.loss: hinge is not one of mse, cross_entropy"},
        {4, "training: { optimizer: rmsprop }", "study.yaml:4:24: training.optimizer: rmsprop is not one of sgd, adam"},
        {4, "training: { layers: last, learning_rate: { absolute: 1 }, steps: 1000 }",
         "study.yaml:4:21: training.layers: last is not one of all, readout"},
        {4, "training: { centred: yes, learning_rate: { absolute: 1 }, steps: 1000 }",
         "study.yaml:4:22: training.centred: yes is not one of false, true"},
        {5, "measure: { predictions: 1 }", "study.yaml:5:25: measure.predictions: 1 is not one of false, true"},
        {5, "measure: { stability: yes }", "study.yaml:5:23: measure.stability: yes is not one of false, true"},
        {5, "measure: { keep: [input] }",
         "study.yaml:5:19: measure.keep: input is not one of inputs, outputs, parameters, kernels; did you mean "
         "inputs?"},
        {5, "measure: { keep: [inputs, inputs] }",
         "study.yaml:5:27: measure.keep: inputs is not a new word; it is in the list already"},
        {5, "measure: { kernel_steps: first }",
         "study.yaml:5:26: measure.kernel_steps: first is not one of none, last, all, or a list of steps"},
        {5, "measure: { kernel_steps: [] }",
         "study.yaml:5:26: measure.kernel_steps: an empty list is not one of none, last, all, or a list of steps"},
        {5, "measure: { kernel_steps: [1, 2, 1] }",
         "study.yaml:5:33: measure.kernel_steps: 1 is not a new step; it is in the list already"},
        {5, "measure: { kernel_steps: [1, 2.5] }",
         "study.yaml:5:30: measure.kernel_steps: 2.5 is not a whole number >= 0"},
        {5, "measure: { kernel_steps: [1001, 1] }",
         "study.yaml:5:26: measure.kernel_steps: [1, 1001] does not go with training.steps: 1000; no step after "
         "training.steps was expected"},
        {5, "measure: { probes: 65 }",
         "study.yaml:5:20: measure.probes: 65 does not go with data.test_size: 64; at most data.test_size was "
         "expected"},
        {2, "data: { source: gaussian, dimension: 3, test_size: 2 }",
         "study.yaml:5:20: measure.probes: 4 does not go with data.test_size: 2; at most data.test_size was expected"},
    };
    EACH(cases, assert_replaced_refused);
}

static void test_learning_rate(void **state) {
    (void)state;
    static const char form[] = "one of { absolute: x }, { critical_fraction: c }, { empirical_fraction: c }";
    char message[160];
    static const struct replaced cases[] = {
        {4, "training: { steps: 1, learning_rate: { absolute: 1, critical_fraction: 1 } }",
         "study.yaml:4:38: training.learning_rate: more than one form is not %s"},
        {4, "training: { steps: 1, learning_rate: {} }",
         "study.yaml:4:38: training.learning_rate: an empty mapping is not %s"},
        {4, "training: { steps: 1, learning_rate: 0.1 }", "study.yaml:4:38: training.learning_rate: 0.1 is not %s"},
        {4, "training: { steps: 1 }", "study.yaml: training.learning_rate: missing; %s was expected"},
        {4, "training: { steps: 1, learning_rate: { rate: 1 } }",
         "study.yaml:4:40: training.learning_rate: rate is not absolute, critical_fraction or empirical_fraction"},
        {4, "training: { steps: 1, learning_rate: { absolute: 0 } }",
         "study.yaml:4:50: training.learning_rate: 0 is not a number > 0"},
        {4, "training: { steps: 1, learning_rate: { absolute: [1, 2] } }",
         "study.yaml:4:50: training.learning_rate: a list is not a number > 0; an axis stands in section sweep, as "
         "learning_rate: [...]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *hole = strstr(cases[i].message, "%s");
        int length = hole ? (int)(hole - cases[i].message) : (int)strlen(cases[i].message);
        snprintf(message, sizeof message, "%.*s%s%s", length, cases[i].message, hole ? form : "", hole ? hole + 2 : "");
        assert_replaced_refused((struct replaced){cases[i].line, cases[i].text, message});
    }
}

static void test_keys(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {3, "network: { dept: 3 }", "study.yaml:3:12: network.dept: unknown key; did you mean network.depth?"},
        {3, "network: { steps: 3 }", "study.yaml:3:12: network.steps: unknown key; did you mean training.steps?"},
        {3, "network: { colour: 3 }", "study.yaml:3:12: network.colour: unknown key; see ntksweep help study"},
        {3, "netwrok: { depth: 3 }", "study.yaml:3:1: netwrok: unknown key; did you mean network?"},
        {3, "depth: 3", "study.yaml:3:1: depth: unknown key; did you mean network.depth?"},
        {3, "network.depth: 3", "study.yaml:3:1: network.depth is not a section or the key title"},
        {3, "network: { depth: 3, depth: 3 }", "study.yaml:3:22: network.depth: a second time; line 3 has it already"},
        {3, "title: again", "study.yaml:3:1: title: a second time; line 1 has it already"},
        {3, "run: {}", "study.yaml:7:1: run: a second time; line 3 has it already"},
        {3, "network: [depth]", "study.yaml:3:10: network: a list is not a section of `key: value`"},
        {3, "network:", "study.yaml:3:9: network: nothing is not a section of `key: value`"},
        {3, "network: { [1]: 3 }", "study.yaml:3:12: network: a list is not the name of a key"},
        {4, "training: { learning_rate: { absolute: 1 } }",
         "study.yaml: training.steps: missing; a whole number >= 0 was expected"},
        {2, "data: { path: x }",
         "study.yaml: data.source: missing; one of mnist, cifar10, gaussian, cifar100, arrays, sphere, clusters, "
         "function, spheres, spirals, spiral_flow was expected"},
        {2, "data: { source: mnist }", "study.yaml: data.path: missing; a path of one line was expected"},
        {2, "data: { source: gaussian }", "study.yaml: data.dimension: missing; a whole number >= 1 was expected"},
        {2, "data: { source: gaussian, path: x, dimension: 3 }",
         "study.yaml:2:33: data.path: not used here; it stands only where data.source is mnist, cifar10, cifar100 or "
         "arrays"},
        {2, "data: { source: gaussian, classes: [1, 2], dimension: 3 }",
         "study.yaml:2:36: data.classes: not used here; it stands only where data.source is mnist, cifar10, cifar100 "
         "or arrays"},
        {2, "data: { source: mnist, path: x, outputs: 3 }",
         "study.yaml:2:42: data.outputs: not used here; it stands only where data.source is gaussian"},
        {6, "sweep: { train_size: 3 }", "study.yaml: sweep.width: missing; a whole number >= 1 was expected"},
    };
    EACH(cases, assert_replaced_refused);
}

/* Keys that belong to another family, bounds of a family, data that are no images. */
static void test_families(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {3, "network: { family: wrn, depth: 10 }",
         "study.yaml:3:32: network.depth: not used here; it stands only where network.family is fc, conv or residual "
         "(wrn has "
         "blocks)"},
        {6, "sweep: { width: 8, train_size: 1, blocks: [1, 2] }",
         "study.yaml:6:43: network.blocks: not used here; it stands only where network.family is wrn"},
        {3, "network: { family: conv, blocks: 1 }",
         "study.yaml:3:34: network.blocks: not used here; it stands only where network.family is wrn"},
        {3, "network: { kernel_size: 3 }",
         "study.yaml:3:25: network.kernel_size: not used here; it stands only where network.family is conv"},
        {3, "network: { family: wrn, kernel_size: 3 }",
         "study.yaml:3:38: network.kernel_size: not used here; it stands only where network.family is conv"},
        {3, "network: { pooling: global }",
         "study.yaml:3:21: network.pooling: not used here; it stands only where network.family is conv"},
        {3, "network: { family: conv, depth: 0 }",
         "study.yaml:3:33: network.depth: 0 does not go with network.family: conv; a whole number >= 1 was expected"},
        {3, "network: { family: deq, cell: pre }",
         "study.yaml:3:31: network.cell: pre does not go with network.family: deq; one or two was expected"},
        {3, "network: { family: residual, cell: one }",
         "study.yaml:3:36: network.cell: one does not go with network.family: residual; pre, post or two was "
         "expected"},
        {3, "network: { family: residual, step: time, solver: ode }",
         "study.yaml:3:50: network.solver: ode does not go with network.family: residual; euler, midpoint, heun or rk4 "
         "was expected"},
        {3, "network: { family: deq, cell: one, solver: rk4 }",
         "study.yaml:3:44: network.solver: rk4 does not go with network.family: deq; euler, picard, anderson or "
         "ode was expected"},
        {3, "network: { family: deq, cell: one, tolerance: 1e-15 }",
         "study.yaml:3:47: network.tolerance: 1e-15 does not go with run.precision: f64; 0, or at least 8 roundings "
         "(1.8e-15, in f32 9.6e-7), was expected"},
        {3, "network: { family: deq, cell: one, depth: 2 }",
         "study.yaml:3:43: network.depth: not used here; it stands only where network.family is fc, conv or residual "
         "(wrn has blocks)"},
        {3, "network: { solver: ode }",
         "study.yaml:3:20: network.solver: not used here; it stands only where network.step is time, or network.family "
         "is deq"},
        {2, "data: { source: gaussian, dimension: 3, resize: 2 }",
         "study.yaml:2:49: data.resize: not used here; it stands only where data.source is mnist, cifar10 or cifar100"},
    };
    EACH(cases, assert_replaced_refused);
}

static void test_families_and_options(void **state) {
    (void)state;
    static const char gaussian[] = "data: { source: gaussian, dimension: 3 }\n"
                                   "network: { family: wrn }\n"
                                   "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                   "sweep: { width: 1, train_size: 1 }\n";
    static const char conv[] = "data: { source: mnist, path: x }\n"
                               "network: { family: conv }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { width: 1, train_size: 1, depth: [2, 0], kernel_size: [3, 5] }\n";
    assert_refused(
        gaussian, strlen(gaussian), NULL,
        "study.yaml:2:20: network.family: wrn does not go with data.source: gaussian; fc, or data of images, "
        "was expected");
    assert_refused(gaussian, strlen(gaussian), "network.family=conv",
                   "--set network.family: conv does not go with data.source: gaussian; fc, or data of images, was "
                   "expected");
    assert_refused(conv, strlen(conv), NULL,
                   "study.yaml:4:46: network.depth: 0 does not go with network.family: conv; a whole number >= 1 was "
                   "expected");
    assert_refused(conv, strlen(conv), "network.depth=0",
                   "--set network.depth: 0 does not go with network.family: conv; a whole number >= 1 was expected");
    assert_refused(conv, strlen(conv), "sweep.depth=0",
                   "--set sweep.depth: 0 does not go with network.family: conv; a whole number >= 1 was expected");
    assert_refused(conv, strlen(conv), "sweep.kernel_size=[1, 2]",
                   "--set sweep.kernel_size: 2 is not an odd number >= 1");
}

/* An equilibrium is one state, a flow in closed form has none that are seen. */
static void test_one_state(void **state) {
    (void)state;
    static const char deq[] = "data: { source: gaussian, dimension: 3 }\n"
                              "network: { family: deq }\n"
                              "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                              "measure: { stability: true, trajectories: false }\n"
                              "sweep: { width: 1, train_size: 1 }\n";
    static const char closed[] = "data: { source: gaussian, dimension: 3 }\n"
                                 "network: { family: closed }\n"
                                 "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                 "measure: { trajectories: true }\n"
                                 "sweep: { train_size: 1 }\n";
    assert_refused(deq, strlen(deq), NULL,
                   "study.yaml:4:23: measure.stability: true does not go with network.family: deq; false, since it has "
                   "no states over depth, was expected");
    assert_refused(closed, strlen(closed), NULL,
                   "study.yaml:4:26: measure.trajectories: true does not go with network.family: closed; false, since "
                   "it has no states over depth, was expected");
}

/* A wide cell of a homogeneous activation contracts at any input, or at none. */
static void test_limits(void **state) {
    (void)state;
#define DEQ(rate, predictions)                                                                                         \
    "data: { source: gaussian, dimension: 3 }\nnetwork: { family: deq, feedback_w2: 2 }\n"                             \
    "training: { learning_rate: { " rate " }, steps: 1 }\nmeasure: { predictions: " predictions " }\n"                 \
    "sweep: { width: 1, train_size: 1 }\n"
    static const char critical[] = DEQ("critical_fraction: 0.5", "false"), predicted[] = DEQ("absolute: 1", "true"),
                      plain[] = DEQ("absolute: 1", "false");
    static const struct {
        const char *text, *set, *place, *activation;
    } refused[] = {
        {critical, NULL, "study.yaml:2:38: network.feedback_w2: 2", "relu"},
        {predicted, NULL, "study.yaml:2:38: network.feedback_w2: 2", "relu"},
        {critical, "network.feedback_w2=2.5", "--set network.feedback_w2: 2.5", "relu"},
        {critical, "sweep.feedback_w2=[1.99, 2]", "--set sweep.feedback_w2: 2", "relu"},
        {critical, "network.activation=leaky_relu", "study.yaml:2:38: network.feedback_w2: 2", "leaky_relu"},
        {critical, "sweep.activation=[tanh, identity]", "study.yaml:2:38: network.feedback_w2: 2", "identity"},
        {predicted, "sweep.cell=[two, one]", "study.yaml:2:38: network.feedback_w2: 2", "relu"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char message[512];
        snprintf(message, sizeof message,
                 "%s does not go with network.activation: %s; less than 2 (relu), 2/(1 + slope^2) (leaky_relu) or 1 "
                 "(identity), as the limit of infinite width needs, or training.learning_rate: { absolute: x } or "
                 "{ empirical_fraction: c } and "
                 "measure.predictions: false, was expected",
                 refused[i].place, refused[i].activation);
        assert_refused(refused[i].text, strlen(refused[i].text), refused[i].set, message);
    }
    static const struct {
        const char *text, *set;
    } taken[] = {
        {plain, NULL},
        {critical, "network.feedback_w2=1.99"},
        {critical, "network.activation=tanh"},
        {critical, "training.learning_rate={ empirical_fraction: 1 }"},
        {predicted, "network.cell=two"},
        {predicted, "network.parameterization=standard"}, /* whose kernel has no limit */
    };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) study_free(read_text(taken[i].text, taken[i].set, NULL));
    struct study *study = NULL; /* what has been computed can be read */
    write_study(critical, strlen(critical));
    assert_int_equal(study_read_frozen("study.yaml", &study), OK);
    study_free(study);
}

/* Values that no point depends on. */
static void test_idle(void **state) {
    (void)state;
#define CELLS(network)                                                                                                 \
    "data: { source: gaussian, dimension: 3 }\nnetwork: { " network " }\n"                                             \
    "training: { learning_rate: { empirical_fraction: 1 }, steps: 1 }\nsweep: { width: [4, 8], train_size: 1 }\n"
#define ONE_WIDTH "one value, which nothing depends on, was expected"
    static const char deq[] = CELLS("family: deq"), input[] = CELLS("family: deq, cell: two, state: input"),
                      residual[] = CELLS("family: residual, state: input"), two[] = CELLS("family: deq, cell: two"),
                      learned[] = CELLS("family: fc, activation: prelu");
    static const struct {
        const char *text, *set, *message;
    } refused[] = {
        {deq, "network.expansion=2",
         "--set network.expansion: 2 does not go with network.cell: one; 1, or network.cell: two, was expected"},
        {deq, "sweep.expansion=[1, 3]",
         "--set sweep.expansion: 3 does not go with network.cell: one; 1, or network.cell: two, was expected"},
        {deq, "network.state=input",
         "study.yaml:4:21: sweep.width: 8 does not go with network.state: input; " ONE_WIDTH},
        {input, NULL, "study.yaml:4:21: sweep.width: 8 does not go with network.state: input; " ONE_WIDTH},
        {residual, NULL, "study.yaml:4:21: sweep.width: 8 does not go with network.state: input; " ONE_WIDTH},
        {two, "run.limit_precision=f32",
         "--set run.limit_precision: f32 does not go with network.family: deq; f64, since no kernels of infinite width "
         "are computed, was expected"},
        {learned, "sweep.limit_precision=[f64, f32]",
         "--set sweep.limit_precision: f32 does not go with network.family: fc; f64, since no kernels of infinite "
         "width "
         "are computed, was expected"},
        {residual, "sweep.cell=[pre, post]",
         "study.yaml:4:21: sweep.width: 8 does not go with network.state: input; " ONE_WIDTH},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_refused(refused[i].text, strlen(refused[i].text), refused[i].set, refused[i].message);
    study_free(read_text(deq, "sweep.cell=[one, two]", "sweep.expansion=[2, 3]"));
    study_free(read_text(deq, "sweep.state=[input, width]", NULL));
    study_free(read_text(input, "sweep.width=8", NULL));
    study_free(read_text(residual, "sweep.cell=[post, two]", NULL));
    study_free(read_text(learned, "sweep.activation=[prelu, relu]", "run.limit_precision=f32"));
    struct study *study = NULL; /* what has been computed can be read */
    write_study(input, strlen(input));
    assert_int_equal(study_read_frozen("study.yaml", &study), OK);
    study_free(study);
}

#define UNIFORM_WORDS                                                                                                  \
    "rates: matched (network.parameterization: standard has no limit of infinite width at one rate for all tensors) "  \
    "or "                                                                                                              \
    "{ empirical_fraction: c } was expected"

/* What others call things, and how they write them. */
static void test_other_words(void **state) {
    (void)state;
    static const char plain[] = "data: { source: gaussian, dimension: 3 }\n"
                                "training: { learning_rate: { absolute: 1 }, steps: 9 }\n"
                                "sweep: { width: 1, train_size: 8 }\n";
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"network.family=FC",
         "--set network.family: FC is not one of fc, conv, wrn, residual, closed, deq; did you mean fc?"},
        {"training.loss=MSE", "--set training.loss: MSE is not one of mse, cross_entropy; did you mean mse?"},
        {"network.activation=tnh", "--set network.activation: tnh is not one of relu, erf, tanh, identity, leaky_relu, "
                                   "cos, prelu; did you mean tanh?"},
        {"network.family=mlp", "--set network.family: mlp is not one of fc, conv, wrn, residual, closed, deq"},
        {"training.lr=1", "--set training.lr: unknown key; did you mean training.learning_rate?"},
        {"sweep.n_train=1", "--set sweep.n_train: unknown key; did you mean sweep.train_size?"},
        {"training.epochs=1", "--set training.epochs: unknown key; did you mean training.steps?"},
        {"network.act=relu", "--set network.act: unknown key; did you mean network.activation?"},
        {"network.hidden=1", "--set network.hidden: unknown key; did you mean sweep.width?"},
        {"sweep.width=64,128", "--set sweep.width: 64,128 is not a whole number >= 1; a list is written [64, 128]"},
        {"sweep.128=", "--set sweep.128: unknown key; a list is written [64, 128]"},
        {"measure.keep=input",
         "--set measure.keep: input is not one of inputs, outputs, parameters, kernels; did you mean "
         "inputs?"},
        {"title='\xef\xbf\xbe'", "--set title: not YAML: control characters are not allowed"},
        {"title=\"\\uFFFE\"", "--set title: \"\\xef\\xbf\\xbe\" is not a text of one line"},
        {"title=\"\\x9b\"", "--set title: \"\\xc2\\x9b\" is not a text of one line"},
        {"network.a\nb=1", "--set network.a\\nb: unknown key; see ntksweep help study"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(plain, strlen(plain), cases[i].set, cases[i].message);
    struct study *study = read_text(plain, "measure.keep=inputs", NULL); /* one word is a list of one */
    assert_int_equal(study->config.measure.keep, KEEP_INPUTS);
    study_free(study);
}

/* Small files that would take minutes. */
static void test_bounds(void **state) {
    (void)state;
    enum { MANY = 100000 };
    static const char head[] = "data: { source: gaussian, dimension: 3 }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 9 }\n";
    char *text = malloc(sizeof head + 16 * MANY), *end = text + sprintf(text, "%s", head);
    assert_non_null(text);
    end += sprintf(end, "network: ");
    memset(end, '[', MANY), end[MANY] = '\0';
    assert_refused(text, strlen(text), NULL, "study.yaml:3: nested more than 32 deep; a study was expected");
    end = text + sprintf(text, "%snetwork: [", head);
    for (int i = 0; i < MANY; i++) end += sprintf(end, "&a%d 1,", i);
    assert_refused(text, strlen(text), NULL, "study.yaml:3: more than 1000 anchors; a study was expected");
    end = text + sprintf(text, "%ssweep: { train_size: 8, width: [", head);
    for (int i = 1; i <= MANY; i++) end += sprintf(end, "%d, ", i);
    sprintf(end, "1] }\n");
    assert_refused(text, strlen(text), NULL, "study.yaml:3:32: sweep.width: 100001 values are not <= 10000");
    end = text + sprintf(text, "%ssweep: { train_size: 8, width: [", head);
    for (int i = 1; i < 10000; i++) end += sprintf(end, "%d, ", i);
    sprintf(end, "9999] }\n");
    char message[128];
    snprintf(message, sizeof message,
             "study.yaml:3:%d: sweep.width: 9999 is not a new value; it is in the list already",
             (int)(end - strstr(text, "sweep:")) + 1);
    assert_refused(text, strlen(text), NULL, message);
    sprintf(text, "%ssweep: { train_size: [1, 2], width: [1, 2], seed: { count: 62501 } }\n", head);
    assert_refused(text, strlen(text), NULL, "study.yaml: sweep: 250004 points are not <= 250000");
    free(text);
}

/* An axis of learning rates by a list of forms. */
static void test_forms(void **state) {
    (void)state;
    static const char plain[] = "data: { source: gaussian, dimension: 3 }\n"
                                "training: { steps: 9 }\n"
                                "sweep: { width: 1, train_size: 8 }\n";
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"sweep.learning_rate=[{ absolute: 1 }, { critical_fraction: 1 }]",
         "--set sweep.learning_rate: critical_fraction after absolute; forms of one kind were expected"},
        {"sweep.learning_rate=[]", "--set sweep.learning_rate: an empty list is not at least one form"},
        {"sweep.learning_rate=[1, 2]",
         "--set sweep.learning_rate: 1 is not one of { absolute: x }, { critical_fraction: c }, "
         "{ empirical_fraction: c }"},
        {"sweep.learning_rate=[{ absolute: 1 }, { absolute: 0 }]", "--set sweep.learning_rate: 0 is not a number > 0"},
        {"sweep.learning_rate=[{ absolute: 1 }, { absolute: 1.0 }]",
         "--set sweep.learning_rate: 1.0 is not a new value; it is in the list already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(plain, strlen(plain), cases[i].set, cases[i].message);
}

/* Values of training and measure that do not go together, alone and as axes. */
static void test_dynamics(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {4, "training: { optimizer: adam, momentum: 0, learning_rate: { absolute: 1 }, steps: 1000 }",
         "study.yaml:4:40: training.momentum: not used here; it stands only where training.optimizer is sgd"},
        {3, "network: { activation: prelu }",
         "study.yaml:4:28: training.learning_rate: {critical_fraction: 0.5} does not go with network.activation: "
         "prelu; "
         "{ empirical_fraction: c }, since no limit of infinite width is known, was expected"},
        {3, "network: { draw: uniform }",
         "study.yaml:4:28: training.learning_rate: {critical_fraction: 0.5} does not go with network.draw: uniform; "
         "{ empirical_fraction: c }, since no limit of infinite width is known, was expected"},
        {3, "network: { family: closed }",
         "study.yaml:4:28: training.learning_rate: {critical_fraction: 0.5} does not go with network.family: closed; "
         "{ empirical_fraction: c }, since no limit of infinite width is known, was expected"},
        {3, "network: { family: closed, example: 3, reading: state }",
         "study.yaml:3:49: network.reading: not used here; it stands only where network.example is 1 or 2"},
        {3, "network: { family: closed, activation: erf }",
         "study.yaml:3:40: network.activation: not used here; it stands only where network.family is not closed"},
        {3, "network: { slope: 0.1 }",
         "study.yaml:3:19: network.slope: not used here; it stands only where network.activation is leaky_relu or "
         "prelu"},
        {4, "training: { optimizer: adam, learning_rate: { critical_fraction: 0.5 }, steps: 1000 }",
         "study.yaml:4:45: training.learning_rate: {critical_fraction: 0.5} does not go with training.optimizer: adam; "
         "{ absolute: x } was expected"},
        {4, "training: { optimizer: adam, learning_rate: { empirical_fraction: 0.5 }, steps: 1000 }",
         "study.yaml:4:45: training.learning_rate: {empirical_fraction: 0.5} does not go with training.optimizer: "
         "adam; "
         "{ absolute: x } was expected"},
        {3, "network: { depth: 2, parameterization: standard }",
         "study.yaml:4:28: training.learning_rate: {critical_fraction: 0.5} does not go with training.rates: "
         "uniform; " UNIFORM_WORDS},
        {6, "sweep: { width: 3, train_size: 9, parameterization: [ntk, standard], rates: [matched, uniform] }",
         "study.yaml:4:28: training.learning_rate: {critical_fraction: 0.5} does not go with training.rates: "
         "uniform; " UNIFORM_WORDS},
        {4, "training: { rates: matched, learning_rate: { absolute: 1 }, steps: 1000 }",
         "study.yaml:4:20: training.rates: not used here; it stands only where network.parameterization is standard"},
        {6, "sweep: { width: 3, train_size: 9, rates: [matched, uniform] }",
         "study.yaml:6:42: training.rates: not used here; it stands only where network.parameterization is standard"},
        {4, "training: { models: [], learning_rate: { absolute: 1 }, linearization: function, steps: 1000 }",
         "study.yaml:4:72: training.linearization: not used here; it stands only where training.models has linear"},
        {4, "training: { optimizer: adam, learning_rate: { absolute: 1 }, linearization: function, steps: 1000 }",
         "study.yaml:4:77: training.linearization: function does not go with training.optimizer: adam; auto or "
         "parameter was expected"},
        {4, "training: { batch_size: 32, learning_rate: { absolute: 1 }, steps: 1000 }",
         "study.yaml:4:25: training.batch_size: 32 does not go with sweep.train_size: 31; full, or at most "
         "sweep.train_size, was expected"},
        {6, "sweep: { width: 3, train_size: [31, 8, 9], batch_size: [full, 8, 9, 31] }",
         "study.yaml:6:66: training.batch_size: 9 does not go with sweep.train_size: 8; full, or at most "
         "sweep.train_size, was expected"},
        {6, "sweep: { width: 3, train_size: 9, batch_size: [full, 8, full] }",
         "study.yaml:6:57: training.batch_size: full is not a new value; it is in the list already"},
        {6, "sweep: { width: 3, train_size: 9, momentum: [0, 0.9, 1.0] }",
         "study.yaml:6:54: training.momentum: 1.0 is not a number >= 0 and < 1"},
        {6, "sweep: { width: 3, train_size: 9, training.optimizer: [sgd, adam] }",
         "study.yaml:6:35: training.optimizer: cannot be an axis"},
        {6, "sweep: { width: 3, train_size: 9, measure.predictions: [false, true] }",
         "study.yaml:6:35: measure.predictions: cannot be an axis"},
        {6, "sweep: { width: 3, train_size: 9, layers: all, training.layers: readout }",
         "study.yaml:6:48: sweep.training.layers: a second time; line 6 has it already"},
    };
    EACH(cases, assert_replaced_refused);
}

static void test_dynamics_and_options(void **state) {
    (void)state;
    static const char adam[] = "data: { source: gaussian, dimension: 3 }\n"
                               "training: { optimizer: adam, learning_rate: { absolute: 1 }, steps: 9 }\n"
                               "measure: { predictions: false }\n"
                               "sweep: { width: 1, train_size: 8 }\n";
    static const char batches[] = "data: { source: gaussian, dimension: 3 }\n"
                                  "training: { learning_rate: { absolute: 1 }, steps: 9 }\n"
                                  "measure: { predictions: true }\n"
                                  "sweep: { width: 1, train_size: 8, batch_size: [full, 7] }\n";
    static const char flow[] = "data: { source: mnist, path: x }\n"
                               "training: { loss: cross_entropy, learning_rate: { absolute: 1 }, steps: 9 }\n"
                               "measure: { predictions: true }\n"
                               "sweep: { width: 1, train_size: 8 }\n";
    static const char clipped[] = "data: { source: gaussian, dimension: 3 }\n"
                                  "training: { models: [], optimizer: sgd, clip: 0.5, learning_rate: { absolute: 1 }, "
                                  "steps: 9 }\n"
                                  "measure: { predictions: true }\n"
                                  "sweep: { width: 1, train_size: 8 }\n";
    static const char without[] = "data: { source: gaussian, dimension: 1 }\n"
                                  "network: { family: closed, example: 3 }\n"
                                  "training: { models: [], learning_rate: { absolute: 1 }, steps: 0 }\n"
                                  "sweep: { train_size: 8 }\n";
    static const struct {
        const char *text, *set, *message;
    } cases[] = {
        {without, "training.steps=3",
         "--set training.steps: 3 does not go with network.example: 3; 0, since there are no parameters, was expected"},
        {without, "training.models=[linear]",
         "--set training.models: [linear] does not go with network.example: 3; [], since there are no parameters, was "
         "expected"},
        {without, "training.learning_rate={empirical_fraction: 1}",
         "--set training.learning_rate: {empirical_fraction: 1} does not go with network.example: 3; { absolute: x } "
         "and measure.predictions: false, since there are no parameters, was expected"},
        {without, "sweep.width=[1, 2]",
         "--set sweep.width: 2 does not go with network.family: closed; 1, or nothing, was expected"},
        {adam, "sweep.learning_rate={critical_fraction: [0.25, 0.5]}",
         "--set sweep.learning_rate: {critical_fraction: 0.25} does not go with training.optimizer: adam; "
         "{ absolute: x } was expected"},
        {adam, "sweep.linearization=[auto, function]",
         "--set sweep.linearization: function does not go with training.optimizer: adam; auto or parameter was "
         "expected"},
        {adam, "sweep.momentum=[0]",
         "--set sweep.momentum: not used here; it stands only where training.optimizer is sgd"},
        {adam, "measure.predictions=true",
         "--set measure.predictions: true does not go with training.optimizer: adam; false, or training.optimizer: "
         "sgd, was expected"},
        {adam, "sweep.loss=[mse, cross_entropy]",
         "--set sweep.loss: cross_entropy does not go with data.source: gaussian; mse, or data with classes, was "
         "expected"},
        {adam, "training.loss=cross_entropy",
         "--set training.loss: cross_entropy does not go with data.source: gaussian; mse, or data with classes, was "
         "expected"},
        {batches, NULL,
         "study.yaml:4:54: training.batch_size: 7 does not go with sweep.train_size: 8; full, or measure.predictions: "
         "false, was expected"},
        {batches, "sweep.train_size=[8, 6]",
         "study.yaml:4:54: training.batch_size: 7 does not go with sweep.train_size: 6; full, or at most "
         "sweep.train_size, was expected"},
        {flow, "training.schedule=cosine",
         "--set training.schedule: cosine does not go with training.loss: cross_entropy; constant, or "
         "measure.predictions: false, was expected"},
        {adam, "training.clip=0.5",
         "--set training.clip: 0.5 does not go with training.models: [linear]; 0, or training.models: [], was "
         "expected"},
        {adam, "sweep.clip=[0, 0.5]",
         "--set sweep.clip: 0.5 does not go with training.models: [linear]; 0, or training.models: [], was "
         "expected"},
        {clipped, NULL,
         "study.yaml:2:47: training.clip: 0.5 does not go with measure.predictions: true; 0, or measure.predictions: "
         "false, was expected"},
        {adam, "training.clip=-1", "--set training.clip: -1 is not a number >= 0"},
        {adam, "training.schedule=step", "--set training.schedule: step is not one of constant, cosine"},
        {adam, "training.stop_loss=low", "--set training.stop_loss: low is not a number >= 0"},
        {flow, "training.momentum=0.5",
         "--set training.momentum: 0.5 does not go with training.loss: cross_entropy; 0, or measure.predictions: "
         "false, was expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].set, cases[i].message);
}

static void test_axes(void **state) {
    (void)state;
    static const struct replaced cases[] = {
        {6, "sweep: { width: [], train_size: 1 }",
         "study.yaml:6:17: sweep.width: an empty list is not at least one value"},
        {6, "sweep: { width: [8, 9, 8], train_size: 1 }",
         "study.yaml:6:24: sweep.width: 8 is not a new value; it is in the list already"},
        {6, "sweep: { width: [8, 0], train_size: 1 }", "study.yaml:6:21: sweep.width: 0 is not a whole number >= 1"},
        {6, "sweep: { width: { count: 3 }, train_size: 1 }",
         "study.yaml:6:17: sweep.width: a mapping is not a whole number >= 1"},
        {6, "sweep: { width: 8, train_size: 1, seed: { first: 3 } }",
         "study.yaml:6:41: sweep.seed: count is missing; { count: 5, first: 0 } was expected"},
        {6, "sweep: { width: 8, train_size: 1, seed: { count: 0 } }",
         "study.yaml:6:50: sweep.seed: 0 is not a whole number >= 1"},
        {6, "sweep: { width: 8, train_size: 1, seed: { count: 1, count: 2 } }",
         "study.yaml:6:53: sweep.seed: count a second time"},
        {6, "sweep: { width: 8, train_size: 1, seed: { count: 1, step: 2 } }",
         "study.yaml:6:53: sweep.seed: step is not count or first"},
        {6, "sweep: { width: 8, train_size: 1, depth: [1, 2] }",
         "study.yaml:6:42: network.depth: an axis, but line 3 has a value; one of them was expected"},
        {6, "sweep: { width: 8, train_size: 1, sigma_w2: [1, 1.0] }",
         "study.yaml:6:49: network.sigma_w2: 1.0 is not a new value; it is in the list already"},
        {6, "sweep: { width: 8, train_size: 1, order: [file, file] }",
         "study.yaml:6:49: data.order: file is not a new value; it is in the list already"},
        {6, "sweep: { width: 8, train_size: 1, order: [sorted] }",
         "study.yaml:6:43: data.order: sorted is not one of shuffled, file"},
        {6, "sweep: { width: 8, train_size: 1, sigma_w2: 1, network.sigma_w2: 2 }",
         "study.yaml:6:48: sweep.network.sigma_w2: a second time; line 6 has it already"},
        {6, "sweep: { width: 8, train_size: 1, training.steps: [1, 2] }",
         "study.yaml:6:35: training.steps: cannot be an axis"},
        {6, "sweep: { width: 8, train_size: 1, optimizer: [sgd, adam] }",
         "study.yaml:6:35: training.optimizer: cannot be an axis"},
        {6, "sweep: { width: 8, train_size: 1, network.family: [fc] }",
         "study.yaml:6:35: network.family: cannot be an axis"},
        {6, "sweep: { width: 8, train_size: 1, data.test_size: [1, 2] }",
         "study.yaml:6:35: data.test_size: cannot be an axis"},
        {6, "sweep: { width: 8, train_size: 1, dept: [1, 2] }",
         "study.yaml:6:35: sweep.dept: unknown key; did you mean network.depth?"},
        {6, "sweep: { width: 8, train_size: 1, dimension: [1, 2] }",
         "study.yaml:6:46: data.dimension: not used here; it stands only where data.source is gaussian, sphere, "
         "clusters or spheres"},
        {6, "sweep: { width: 8, train_size: 1, seed: { count: 1000000 }, data_seed: { count: 11 } }",
         "study.yaml: sweep: 11000000 points are not <= 250000"},
    };
    EACH(cases, assert_replaced_refused);
}

static void test_files(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length; /* 0: of the text */
        const char *message;
    } cases[] = {
        {"", 0, "study.yaml: empty; a study was expected (see ntksweep help study)"},
        {"# only a comment\n", 0, "study.yaml: empty; a study was expected (see ntksweep help study)"},
        {"a text\n", 0, "study.yaml:1:1: a text is not a study: sections of `key: value`"},
        {"- 1\n", 0, "study.yaml:1:1: a list is not a study: sections of `key: value`"},
        {"title: a\n---\ntitle: b\n", 0, "study.yaml:3:1: a second document; one was expected"},
        {"title: a\nrun: { threads: 1\n", 0,
         "study.yaml:3:1: not YAML: did not find expected ',' or '}' while parsing a flow mapping"},
        {"title: a\n\tb: c\n", 0,
         "study.yaml:2:1: not YAML: found a tab character that violates indentation while scanning a plain scalar"},
        {"title: a\0\nrun: {}\n", 18, "study.yaml:1:9: not YAML: control characters are not allowed"},
        {"title: a\nrun: \xff\xfe\n", 0, "study.yaml:2:6: not YAML: invalid leading UTF-8 octet"},
        {"title: *nowhere\n", 0, "study.yaml:1:8: not YAML: found undefined alias"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, cases[i].length ? cases[i].length : strlen(cases[i].text), NULL,
                       cases[i].message);
}

static void test_missing_files(void **state) {
    (void)state;
    struct study *study = NULL;
    assert_int_equal(study_read("nowhere.yaml", 0, NULL, NULL, &study), ERROR_INPUT);
    assert_string_equal(status_message(), "nowhere.yaml: No such file or directory; a study file was expected");
    assert_int_equal(study_read(".", 0, NULL, NULL, &study), ERROR_INPUT);
    assert_string_equal(status_message(), ".: Is a directory; a study file was expected");
    int end[2];
    char pipe_name[64];
    assert_int_equal(pipe(end), 0);
    snprintf(pipe_name, sizeof pipe_name, "/proc/self/fd/%d", end[0]);
    assert_int_equal(study_read(pipe_name, 0, NULL, NULL, &study), ERROR_INPUT);
    assert_non_null(strstr(status_message(), ": Is a pipe; a study file was expected"));
    close(end[0]), close(end[1]);
}

static void test_options(void **state) {
    (void)state;
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"network.depth=2.5", "--set network.depth: 2.5 is not a whole number >= 0"},
        {"network.depth=", "--set network.depth: nothing is not a value"},
        {"network.depth", "--set network.depth: KEY=VALUE was expected"},
        {"=3", "--set : KEY=VALUE was expected"},
        {"network.depth=[1, 2]",
         "--set network.depth: a list is not a whole number >= 0; an axis stands in section sweep, as depth: [...]"},
        {"network.dept=3", "--set network.dept: unknown key; did you mean network.depth?"},
        {"network={depth: 3}", "--set network: unknown key; see ntksweep help study"},
        {"width=[1, 2]", "--set width: unknown key; did you mean sweep.width?"},
        {"sweep.width=[1, 1]", "--set sweep.width: 1 is not a new value; it is in the list already"},
        {"sweep.width=[1, 2", "--set sweep.width: not YAML: did not find expected ',' or ']'"},
        {"training.steps=1\n---\n2", "--set training.steps: a second document; one was expected"},
        {"training.learning_rate=0.1",
         "--set training.learning_rate: 0.1 is not one of { absolute: x }, { critical_fraction: c }, "
         "{ empirical_fraction: c }"},
        {"measure.probes=65",
         "--set measure.probes: 65 does not go with data.test_size: 64; at most data.test_size was "
         "expected"},
    };
    char text[1024] = "";
    for (int i = 0; i < LINES; i++) strcat(strcat(text, sound[i]), "\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(text, strlen(text), cases[i].set, cases[i].message);
}

static void test_data_option(void **state) {
    (void)state;
    static const char text[] = "data: { source: gaussian, dimension: 3 }\n";
    struct study *study = NULL;
    write_study(text, strlen(text));
    assert_int_equal(study_read("study.yaml", 0, NULL, "files", &study), ERROR_INPUT);
    assert_string_equal(
        status_message(),
        "--data: not used here; it stands only where data.source is mnist, cifar10, cifar100 or arrays");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_learning_rate), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_other_words),   cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_families),      cmocka_unit_test(test_families_and_options),
        cmocka_unit_test(test_one_state),     cmocka_unit_test(test_keys),
        cmocka_unit_test(test_dynamics),      cmocka_unit_test(test_dynamics_and_options),
        cmocka_unit_test(test_axes),          cmocka_unit_test(test_files),
        cmocka_unit_test(test_missing_files), cmocka_unit_test(test_options),
        cmocka_unit_test(test_data_option),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
