/* What names records: the hash of a point, of a reference; the frozen text; which study extends which. */
#include "study_files.h"

#include "grid.h"
#include "keys.h"
#include "record_name.h"
#include "study_text.h"

static const char every_axis[] = "title: 'quotes \" and \\ and # [colon]: é'\n"
                                 "data: { source: gaussian, dimension: 11, outputs: 3, test_size: 9 }\n"
                                 "training: { steps: 100 }\n"
                                 "measure: { recorded_steps: 7, spacing: linear, kernel_steps: [5, 0, 100], probes: 9, "
                                 "outputs: all, keep: [outputs] }\n"
                                 "sweep:\n"
                                 "  data.seed: { count: 2, first: 7 }\n"
                                 "  order: [file, shuffled]\n"
                                 "  depth: [0, 4]\n"
                                 "  network.activation: [erf, identity]\n"
                                 "  sigma_w2: [0.1, 1.7000000000000002]\n"
                                 "  sigma_b2: [0, 1e-300]\n"
                                 "  parameterization: [standard, ntk]\n"
                                 "  learning_rate: { critical_fraction: [0.3333333333333333, 1.99] }\n"
                                 "  rates: matched\n"
                                 "  linearization: function\n"
                                 "  precision: [f32, f64]\n"
                                 "  width: [33, 7]\n"
                                 "  train_size: 5\n"
                                 "  seed: [9007199254740991, 0]\n"
                                 "run: { memory: 1048577, threads: 2, checkpoint_minutes: 0.5 }\n";

static const char every_image_axis[] = "data: { source: mnist, path: x }\n"
                                       "network: { family: conv }\n"
                                       "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                       "sweep:\n"
                                       "  resize: [7, 1]\n"
                                       "  depth: [1, 1000]\n"
                                       "  kernel_size: [5, 1]\n"
                                       "  network.pooling: [flatten, global]\n"
                                       "  width: [33, 7]\n"
                                       "  train_size: 5\n";

static const char blocks_axis[] = "data: { source: mnist, path: x }\n"
                                  "network: { family: wrn }\n"
                                  "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                  "sweep: { blocks: [3, 1, 100], width: 9, train_size: 5 }\n";

static const char cells_axes[] =
    "data: { source: mnist, path: x }\n"
    "network: { family: residual, weights: knots, step: time, state: input, time_input: true }\n"
    "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
    "sweep:\n"
    "  depth: [12, 6]\n"
    "  cell: [pre, two, post]\n"
    "  knots: [2, 4, 7]\n"
    "  time: [1, 2.5]\n"
    "  solver: [rk4, euler, heun, midpoint]\n"
    "  augment: [0, 3]\n"
    "  readout: [none, dense]\n"
    "  inject: [true, false]\n"
    "  width: 9\n"
    "  train_size: 5\n";

static const char dynamics_axes[] = "data: { source: mnist, path: x }\n"
                                    "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                    "sweep:\n"
                                    "  output_scale: [1, 0.25]\n"
                                    "  loss: [cross_entropy, mse]\n"
                                    "  momentum: [0, 0.9]\n"
                                    "  batch_size: [full, 5, 3]\n"
                                    "  training.layers: [readout, all]\n"
                                    "  centred: [false, true]\n"
                                    "  width: [33, 7]\n"
                                    "  train_size: 5\n";

static const char rates[] = "data: { source: function }\n"
                            "training: { models: [], learning_rate: { absolute: 1 }, steps: 0 }\n"
                            "sweep:\n"
                            "  schedule: [constant, cosine]\n"
                            "  clip: [0, 1.5]\n"
                            "  stop_loss: [1e-4, 0]\n"
                            "  width: 9\n"
                            "  train_size: 5\n";

static const char adam[] = "data: { source: mnist, path: x }\n"
                           "training: { optimizer: adam, learning_rate: { absolute: 1 }, steps: 1 }\n"
                           "measure: { predictions: false }\n"
                           "sweep: { batch_size: 5, width: 9, train_size: 5 }\n";

/* Keys of one source each. */
static const char own_arrays[] = "data: { source: arrays, path: x.npz, channels: first, target_scale: feature }\n"
                                 "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                 "sweep: { scale: [feature, none, global], width: 9, train_size: 5 }\n";
static const char own_idx[] = "data: { source: mnist, path: x, files: [a, b, c, d], class_names: names.txt }\n"
                              "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                              "sweep: { width: 9, train_size: 5 }\n";
static const char cifar100[] = "data: { source: cifar100, path: x, labels: coarse }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { width: 9, train_size: 5 }\n";
static const char sphere[] = "data: { source: sphere, dimension: 7 }\n"
                             "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                             "sweep: { degree: [3, 1], width: 9, train_size: 5 }\n";
static const char clusters[] = "data: { source: clusters, dimension: 7 }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { cluster_mean: [0, 1.5], width: 9, train_size: 5 }\n";

static const char slopes[] = "data: { source: gaussian, dimension: 7 }\n"
                             "network: { activation: leaky_relu }\n"
                             "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                             "sweep: { slope: [0.1, 0, 1], draw: [uniform, normal, ones], width: 9, train_size: 5 }\n";
static const char function[] = "data: { source: function, function: linear, interval: [-2.385, 1e-3] }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { data_slope: [0, -1.5], width: 9, train_size: 5 }\n";
static const char functions[] = "data: { source: function }\n"
                                "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                "sweep: { function: [sin, linear, abs], width: 9, train_size: 5 }\n";
static const char spirals[] = "data: { source: spirals }\n"
                              "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                              "sweep: { noise: [0, 0.25], width: 9, train_size: 5 }\n";
static const char spiral_flow[] = "data: { source: spiral_flow }\n"
                                  "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                                  "sweep: { data_time: [0, 2.385], width: 9, train_size: 5 }\n";
static const char deq_axes[] = "data: { source: mnist, path: x }\n"
                               "network: { family: deq }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep:\n"
                               "  cell: [two, one]\n"
                               "  feedback_w2: [0.2, 2]\n"
                               "  expansion: [5, 1]\n"
                               "  solver: [ode, picard, anderson, euler]\n"
                               "  tolerance: [0, 1e-4]\n"
                               "  iterations: [500, 3]\n"
                               "  state: [width, input]\n"
                               "  readout: [dense, none]\n"
                               "  width: 9\n"
                               "  train_size: 5\n";

static const char closed[] = "data: { source: gaussian, dimension: 1 }\n"
                             "network: { family: closed, reading: state }\n"
                             "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                             "sweep: { example: [1, 2], time: [1, 0.5], train_size: 5 }\n";

static void assert_round_trip(const char *text) {
    struct study *study = read_text(text, NULL, NULL);
    char *once = study_text(study);
    struct study *again = read_text(once, NULL, NULL);
    char *twice = study_text(again);
    assert_string_equal(once, twice);
    assert_string_equal(study->config.title, again->config.title);
    assert_int_equal(study->points, again->points);
    assert_int_equal(study_extends(study, again), OK);
    assert_int_equal(study_extends(again, study), OK);
    char(*keys)[KEY_BYTES] = point_keys(study), (*keys_again)[KEY_BYTES] = point_keys(again);
    for (int64_t p = 0; p < study->points; p++) assert_string_equal(keys[p], keys_again[p]);
    free(keys);
    free(keys_again);
    free(once);
    free(twice);
    study_free(study);
    study_free(again);
}

static void test_round_trip(void **state) {
    (void)state;
    assert_round_trip(study_of_files);
    assert_round_trip(every_axis);
    assert_round_trip(every_image_axis);
    assert_round_trip(blocks_axis);
    assert_round_trip(cells_axes);
    assert_round_trip(deq_axes);
    assert_round_trip(dynamics_axes);
    assert_round_trip(adam);
    assert_round_trip(rates);
    assert_round_trip(own_arrays);
    assert_round_trip(own_idx);
    assert_round_trip(cifar100);
    assert_round_trip(sphere);
    assert_round_trip(clusters);
    assert_round_trip(slopes);
    assert_round_trip(function);
    assert_round_trip(functions);
    assert_round_trip(spirals);
    assert_round_trip(spiral_flow);
    assert_round_trip(closed);
}

/* In the first study where the key applies. */
static void assert_default_is_written(const struct key *key, int studies, struct study *const study[]) {
    int i = 0;
    while (!key_applies(key, &study[i]->config)) assert_true(++i < studies);
    struct config config = study_point(study[i], 0);
    char *pairs = config_pairs(&config), wanted[128];
    snprintf(wanted, sizeof wanted, "%s=%s\n", key->name, key->fallback);
    if (!strstr(pairs, wanted)) fail_msg("%s is not in\n%s", wanted, pairs);
    free(pairs);
}

/* A default is written as value_write writes it: the hash compares texts. */
static void test_canonical_defaults(void **state) {
    (void)state;
    static const char rest[] = "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { width: 1, train_size: 1 }\n";
    static const char *const kind[] = {
        "data: { source: gaussian, dimension: 1 }\n",
        "data: { source: mnist, path: x }\n",
        "data: { source: mnist, path: x }\nnetwork: { parameterization: standard }\n",
        "data: { source: mnist, path: x }\nnetwork: { family: conv }\n",
        "data: { source: mnist, path: x }\nnetwork: { family: wrn }\n",
        "data: { source: mnist, path: x }\nnetwork: { family: residual }\n",
        "data: { source: mnist, path: x }\nnetwork: { family: residual, weights: knots, step: time, state: input }\n",
        "data: { source: mnist, path: x }\nnetwork: { family: deq, cell: one }\n",
        "data: { source: cifar100, path: x }\n",
        "data: { source: arrays, path: x }\n",
        "data: { source: sphere, dimension: 2 }\n",
        "data: { source: clusters, dimension: 1 }\n",
        "data: { source: gaussian, dimension: 1 }\nnetwork: { activation: leaky_relu }\n",
        "data: { source: gaussian, dimension: 1 }\nnetwork: { family: closed }\n",
        "data: { source: function }\n",
        "data: { source: function, function: linear }\n",
        "data: { source: spirals }\n",
        "data: { source: spiral_flow }\n"};
    enum { KINDS = sizeof kind / sizeof *kind };
    struct study *study[KINDS];
    for (int i = 0; i < KINDS; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s", kind[i], rest);
        study[i] = read_text(text, NULL, NULL);
    }
    for (const struct key *key = key_table; key->name; key++)
        if (key->fallback && key->effect != EFFECT_NONE) assert_default_is_written(key, KINDS, study);
    for (int i = 0; i < KINDS; i++) study_free(study[i]);
}

static int64_t key_position(const struct study *study, const char *wanted) {
    char(*keys)[KEY_BYTES] = point_keys(study);
    int64_t p = 0;
    while (p < study->points && strcmp(keys[p], wanted) != 0) p++;
    free(keys);
    return p < study->points ? p : -1;
}

/* All points differ, and a point's name stays when axes grow, when a value becomes an axis, and back. */
static void test_names_of_points(void **state) {
    (void)state;
    struct study *small = read_text(study_of_files, NULL, NULL);
    struct study *large = read_text(study_of_files, "sweep.width=[129, 65, 33, 17]", "sweep.network.depth=[1, 2]");
    char(*keys)[KEY_BYTES] = point_keys(small);
    for (int64_t p = 0; p < small->points; p++) {
        assert_int_equal(strlen(keys[p]), KEY_BYTES - 1);
        assert_int_equal(key_position(small, keys[p]), p);
        assert_true(key_position(large, keys[p]) >= 0);
    }
    free(keys);
    study_free(small);
    study_free(large);
}

static void names_in(const char *text, const char *set, char point[KEY_BYTES], char reference[KEY_BYTES]) {
    static const unsigned char digest[16] = {7};
    struct study *study = read_text(text, set, NULL);
    struct config config = study_point(study, 0);
    config_key(&config, digest, point);
    config_reference_key(&config, digest, reference);
    study_free(study);
}

static void names(const char *set, char point[KEY_BYTES], char reference[KEY_BYTES]) {
    names_in(study_of_files, set, point, reference);
}

/* What a setting changes of the names of a study's first point and of its reference. */
struct renaming {
    const char *set;
    int point, reference;
};

static void assert_renamings(const char *text, const struct renaming *cases, size_t count) {
    char point[2][KEY_BYTES], reference[2][KEY_BYTES];
    names_in(text, NULL, point[0], reference[0]);
    for (size_t i = 0; i < count; i++) {
        names_in(text, cases[i].set, point[1], reference[1]);
        if ((strcmp(point[0], point[1]) != 0) != cases[i].point) fail_msg("%s: point", cases[i].set);
        if ((strcmp(reference[0], reference[1]) != 0) != cases[i].reference) fail_msg("%s: reference", cases[i].set);
    }
}

/* A default of a family, written or not, is one point. */
static void test_defaults_of_families(void **state) {
    (void)state;
    static const char deq[] = "data: { source: gaussian, dimension: 1 }\n"
                              "network: { family: deq }\n"
                              "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                              "sweep: { width: 1, train_size: 1 }\n";
    static const struct renaming cases[] = {{"network.cell=one", 0, 0}, {"network.cell=two", 1, 1}};
    struct study *study = read_text(deq, NULL, NULL);
    assert_int_equal(study->config.network.cell, CELL_ONE);
    study_free(study);
    assert_renamings(deq, cases, 2);
}

static void test_what_names_depend_on(void **state) {
    (void)state;
    static const struct renaming cases[] = {
        {"title=other", 0, 0},
        {"data.path=elsewhere", 0, 0},
        {"data.seed=5", 0, 0}, /* the digest stands for data */
        {"run.memory=3G", 0, 0},
        {"measure.keep=[inputs, kernels]", 0, 0},
        {"measure.kernel_steps=[10, 1000]", 0, 0},
        {"network.family=fc", 0, 0},
        {"training.batch_size=full", 0, 0},
        {"training.loss=mse", 0, 0},
        {"training.optimizer=sgd", 0, 0},
        {"training.momentum=0", 0, 0},
        {"training.layers=all", 0, 0},
        {"training.centred=false", 0, 0},
        {"network.output_scale=1.0", 0, 0},
        {"measure.predictions=false", 0, 0},
        {"measure.stability=false", 0, 0},
        {"measure.trajectories=false", 0, 0},
        {"run.checkpoint_minutes=3", 0, 0},
        {"sweep.batch_size=[full]", 0, 0},
        {"training.schedule=constant", 0, 0},
        {"training.stop_loss=0", 0, 0},
        {"training.clip=0", 0, 0},
        {"training.schedule=cosine", 1, 0},
        {"training.stop_loss=0.1", 1, 0},
        {"training.batch_size=7", 1, 0},
        {"training.loss=cross_entropy", 1, 0},
        {"training.momentum=0.9", 1, 0},
        {"training.layers=readout", 1, 1}, /* the kernel is then NNGP's */
        {"training.centred=true", 1, 0},
        {"network.output_scale=2", 1, 0},
        {"measure.predictions=true", 1, 0},
        {"measure.stability=true", 1, 0},
        {"measure.trajectories=true", 1, 0},
        {"run.threads=2", 1, 0},
        {"run.precision=f32", 1, 0},
        {"run.limit_precision=f32", 1, 1},
        {"measure.keep=[kernels]", 1, 0},
        {"measure.keep=[inputs]", 1, 1}, /* without kernels a reference has the test-test part of what is shown only */
        {"measure.kernel_steps=all", 1, 0},
        {"measure.probes=3", 1, 0},
        {"measure.recorded_steps=47", 1, 0},
        {"measure.spacing=linear", 1, 0},
        {"measure.outputs=all", 1, 0},
        {"training.linearization=parameter", 1, 0},
        {"training.steps=1001", 1, 0},
        {"training.learning_rate={absolute: 0.5}", 1, 0},
        {"training.learning_rate={critical_fraction: 0.50000000000000011}", 1, 0},
        {"training.learning_rate={empirical_fraction: 0.5}", 1, 0},
        {"sweep.width=34", 1, 0},
        {"sweep.seed=1", 1, 0},
        {"sweep.train_size=30", 1, 1},
        {"network.depth=3", 1, 1},
        {"network.activation=tanh", 1, 1},
        {"network.sigma_w2=2.1", 1, 1},
        {"network.sigma_b2=0", 1, 1},
        {"network.family=conv", 1, 1},
        {"data.resize=1", 0, 0},
        {"data.resize=2", 0, 0}, /* the digest stands for data */
    };
    assert_renamings(study_of_files, cases, sizeof cases / sizeof *cases);
}

/* The same for the keys of other families. */
static void test_names_of_families(void **state) {
    (void)state;
    static const struct renaming conv[] = {
        {"network.kernel_size=3", 0, 0},   {"network.kernel_size=5", 1, 1}, {"network.pooling=global", 0, 0},
        {"network.pooling=flatten", 1, 1}, {"network.depth=3", 0, 0},       {"network.depth=1", 1, 1},
    };
    static const struct renaming wrn[] = {{"network.blocks=1", 0, 0}, {"network.blocks=2", 1, 1}};
    static const char rest[] = "data: { source: mnist, path: x }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { width: 1, train_size: 1 }\n";
    char text[512];
    snprintf(text, sizeof text, "network: { family: conv }\n%s", rest);
    assert_renamings(text, conv, sizeof conv / sizeof *conv);
    snprintf(text, sizeof text, "network: { family: wrn }\n%s", rest);
    assert_renamings(text, wrn, sizeof wrn / sizeof *wrn);
}

/* A reference has the kernel between the test points that are shown and all of them, where the loss has Gaussian processes. */
static void test_names_of_references(void **state) {
    (void)state;
    static const struct renaming cross_entropy[] = {{"measure.probes=3", 1, 0}, {"measure.keep=[kernels]", 1, 1}};
    static const struct renaming cases[] = {
        {"measure.outputs=probes", 0, 0}, {"measure.probes=3", 1, 1},       {"measure.outputs=none", 1, 1},
        {"measure.outputs=all", 1, 1},    {"measure.keep=[kernels]", 1, 1}, {"measure.keep=[inputs]", 1, 0},
    };
    assert_renamings(adam, cases, sizeof cases / sizeof *cases);
    assert_renamings(dynamics_axes, cross_entropy, sizeof cross_entropy / sizeof *cross_entropy);
}

/* Rates of the standard parameterization. */
static void test_names_of_rates(void **state) {
    (void)state;
    static const char text[] = "data: { source: gaussian, dimension: 3 }\n"
                               "network: { parameterization: standard }\n"
                               "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
                               "sweep: { width: 1, train_size: 1 }\n";
    static const struct renaming cases[] = {{"training.rates=uniform", 0, 0},
                                            {"sweep.rates=[uniform]", 0, 0},
                                            {"training.rates=matched", 1, 0},
                                            {"network.parameterization=ntk", 1, 0}};
    assert_renamings(text, cases, sizeof cases / sizeof *cases);
}

/* One number, one name, however it is written. */
static void test_spelling(void **state) {
    (void)state;
    char point[2][KEY_BYTES], reference[2][KEY_BYTES];
    static const char *const cases[][2] = {{"network.sigma_b2=0", "network.sigma_b2=-0.0"},
                                           {"network.sigma_w2=.125", "network.sigma_w2=1.25e-01"},
                                           {"run.memory=1G", "run.memory=1048576K"},
                                           {"network.activation=erf", "network.activation='erf'"},
                                           {"sweep.seed=[5, 6]", "sweep.seed={count: 1, first: 5}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int j = 0; j < 2; j++) names(cases[i][j], point[j], reference[j]);
        assert_string_equal(point[0], point[1]);
    }
}

/* A stored name: what is on users' disks must be found again. Change it only with the numerical version. */
static void test_stored_name(void **state) {
    (void)state;
    char point[KEY_BYTES], reference[KEY_BYTES];
    names(NULL, point, reference);
    assert_string_equal(point, "e34b52563eb7205f4697a0000b8790d4");
    assert_string_equal(reference, "9dfdf7dbf920d9dc8ca6656f24db8727");
}

/* A copy that a program before `training.rates` has frozen: its critical fractions were of matched rates. */
static void test_frozen_before(void **state) {
    (void)state;
    static const char before[] = "data: { source: gaussian, dimension: 3 }\n"
                                 "network: { parameterization: standard }\n"
                                 "training: { learning_rate: { critical_fraction: 0.5 }, steps: 1 }\n"
                                 "sweep: { width: 1, train_size: 1 }\n";
    struct study *study;
    write_study(before, strlen(before));
    assert_int_equal(study_read("study.yaml", 0, NULL, NULL, &study), ERROR_INPUT);
    assert_int_equal(study_read_frozen("study.yaml", &study), OK);
    assert_int_equal(study->config.training.rates, RATES_MATCHED);
    struct study *next = read_text(before, "training.rates=matched", NULL);
    assert_int_equal(study_extends(study, next), OK);
    study_free(study);
    study_free(next);
    study = read_text(before, "training.learning_rate={absolute: 1}", NULL);
    assert_int_equal(study->config.training.rates, RATES_UNIFORM);
    study_free(study);
}

/* Records that version 3 of the numbers got wrong have other names now: of relu; of infinite-width kernels far from 1; and points
 * whose rounding is another: with 3x3 filters of 16 channels or more. */
static void test_numerical_versions(void **state) {
    (void)state;
    static const struct {
        const char *first, *second;
        int is_point_new, is_reference_new;
    } cases[] = {
        {"network.activation=erf", NULL, 0, 0},
        {"network.activation=tanh", NULL, 0, 0},
        {"network.activation=identity", "network.sigma_w2=1e9", 0, 0},
        {"network.activation=relu", NULL, 1, 0},
        {"network.activation=relu", "network.depth=0", 0, 0},
        {"network.depth=999", "network.sigma_w2=0.5", 1, 1}, /* erf */
        {"network.activation=tanh", "network.sigma_w2=1e-5", 1, 1},
        {"network.family=conv", NULL, 1, 0},
        {"network.family=conv", "sweep.width=15", 0, 0},
        {"network.family=conv", "network.kernel_size=5", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct study *study = read_text(study_of_files, cases[i].first, cases[i].second);
        struct config config = study_point(study, 0);
        assert_int_equal(config_numerical_version(&config, false) > 3, cases[i].is_point_new);
        assert_int_equal(config_numerical_version(&config, true) > 3, cases[i].is_reference_new);
        study_free(study);
    }
}

static void test_digest_names(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, NULL, NULL);
    struct config config = study_point(study, 0);
    unsigned char digest[16] = {0};
    char keys[2][KEY_BYTES];
    config_key(&config, digest, keys[0]);
    digest[15] = 1;
    config_key(&config, digest, keys[1]);
    assert_string_not_equal(keys[0], keys[1]);
    study_free(study);
}

static void test_extends(void **state) {
    (void)state;
    static const struct {
        const char *set, *refused; /* NULL: extends */
    } cases[] = {
        {"sweep.width=[65, 17, 129, 33]", NULL},
        {"sweep.depth=[2, 9]", NULL},
        {"sweep.depth=2", NULL},
        {"title=other", NULL},
        {"data.path=/elsewhere", NULL},
        {"run.memory=3G", NULL},
        {"sweep.width=[33, 65]", "study.yaml: sweep.width: 17 is gone"},
        {"sweep.depth=[3, 9]", "study.yaml: network.depth: 2 is gone"},
        {"data.seed=1", "study.yaml: data.seed is 1, but "},
        {"sweep.resize=[2, 1]", NULL},
        {"data.resize=2", "study.yaml: data.resize is 2, but "},
        {"network.family=conv", "study.yaml: network.family is conv, but "},
        {"data.classes=[horse, airplane]", "study.yaml: data.classes is [\"horse\", \"airplane\"], but "},
        {"training.learning_rate={absolute: 0.5}", "study.yaml: training.learning_rate is "},
    };
    struct study *old = read_text(study_of_files, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct study *next = read_text(study_of_files, cases[i].set, NULL);
        status outcome = study_extends(old, next);
        if ((outcome == OK) != !cases[i].refused) fail_msg("%s", cases[i].set);
        if (cases[i].refused && !strstr(status_message(), cases[i].refused)) fail_msg("%s", status_message());
        study_free(next);
    }
    study_free(old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_canonical_defaults),
        cmocka_unit_test(test_defaults_of_families),
        cmocka_unit_test(test_names_of_points),
        cmocka_unit_test(test_what_names_depend_on),
        cmocka_unit_test(test_names_of_families),
        cmocka_unit_test(test_names_of_references),
        cmocka_unit_test(test_names_of_rates),
        cmocka_unit_test(test_numerical_versions),
        cmocka_unit_test(test_frozen_before),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_stored_name),
        cmocka_unit_test(test_digest_names),
        cmocka_unit_test(test_extends),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
