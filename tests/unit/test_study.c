/* Studies that are read: values, defaults, overrides, axes and their points, help. */
#include "study_files.h"

#include <glob.h>
#include "grid.h"
#include "help.h"
#include "keys.h"
#include "metric.h"
#include "study_text.h"
#include "text.h"

static void test_values(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, NULL, NULL);
    const struct config *config = &study->config;
    char path[256];
    snprintf(path, sizeof path, "%s/files", folder);
    assert_string_equal(config->title, "a test");
    assert_int_equal(config->data.source, SOURCE_CIFAR10);
    assert_string_equal(config->data.path, path);
    assert_int_equal(config->data.classes.count, 2);
    assert_string_equal(config->data.classes.item[1], "horse");
    assert_int_equal(config->data.test_size, 64);
    assert_int_equal(config->network.activation, ACTIVATION_ERF);
    assert_true(config->network.sigma_b2 == 0.3);
    assert_int_equal(config->training.learning_rate.form, RATE_CRITICAL_FRACTION);
    assert_true(config->training.learning_rate.value == 0.5);
    assert_int_equal(config->measure.kernel_steps, KERNEL_STEPS_LIST);
    assert_int_equal(config->measure.kernel_steps_list.count, 2);
    assert_int_equal(config->measure.kernel_steps_list.item[0], 10);
    assert_int_equal(config->measure.keep, KEEP_INPUTS | KEEP_KERNELS);
    assert_int_equal(config->run.memory, INT64_C(1536) << 20);
    study_free(study);
}

static void test_defaults(void **state) {
    (void)state;
    struct study *study = read_text("data: { source: gaussian, dimension: 11 }\n"
                                    "training: { learning_rate: { absolute: .25 }, steps: 9 }\n"
                                    "sweep: { width: 5, train_size: 3 }\n",
                                    NULL, NULL);
    struct config config = study_point(study, 0);
    assert_int_equal(study->points, 1);
    assert_int_equal(config.data.outputs, 1);
    assert_int_equal(config.data.test_size, 128);
    assert_null(config.data.path);
    assert_int_equal(config.network.depth, 3);
    assert_int_equal(config.network.activation, ACTIVATION_RELU);
    assert_true(config.network.sigma_w2 == 2 && config.network.sigma_b2 == 0.1);
    assert_true(config.training.learning_rate.value == 0.25);
    assert_int_equal(config.training.learning_rate.form, RATE_ABSOLUTE);
    assert_int_equal(config.measure.kernel_steps, KERNEL_STEPS_LAST);
    assert_int_equal(config.measure.recorded_steps, 48);
    assert_int_equal(config.run.precision, PRECISION_F64);
    assert_int_equal(config.run.memory, INT64_C(2) << 30);
    assert_true(config.run.checkpoint_minutes == 10);
    assert_true(config.network.output_scale == 1 && config.training.momentum == 0);
    assert_int_equal(config.training.loss, LOSS_MSE);
    assert_int_equal(config.training.optimizer, OPTIMIZER_SGD);
    assert_int_equal(config.training.batch_size, BATCH_SIZE_FULL);
    assert_int_equal(config_batch(&config), 3);
    assert_int_equal(config.training.layers, LAYERS_ALL);
    assert_int_equal(config.training.centred + config.measure.predictions, 0);
    assert_int_equal(config.seed, 0);
    assert_int_equal(config.width, 5);
    study_free(study);
}

/* What the families have when nothing is said, and what their axes are called. */
static void test_families(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, "network.family=conv", NULL);
    assert_int_equal(study->config.network.family, FAMILY_CONV);
    assert_int_equal(study->config.network.depth, 2);
    assert_int_equal(study->config.network.kernel_size, 3);
    assert_int_equal(study->config.network.pooling, POOLING_GLOBAL);
    assert_int_equal(study->config.data.resize, 1);
    study_free(study);
    study = read_text("data: { source: cifar10, path: x }\n"
                      "network: { family: wrn }\n"
                      "training: { learning_rate: { absolute: .25 }, steps: 9 }\n"
                      "sweep: { resize: [4, 2], width: 5, train_size: 3 }\n",
                      NULL, NULL);
    assert_int_equal(study->config.network.family, FAMILY_WRN);
    assert_int_equal(study->config.network.blocks, 1);
    assert_string_equal(study->axis[0].name, "resize");
    assert_int_equal(study_point(study, 0).data.resize, 4);
    study_free(study);
}

static void test_family_axes(void **state) {
    (void)state;
    struct study *study = read_text(
        "data: { source: cifar10, path: x, resize: 2 }\n"
        "network: { family: conv, activation: tanh }\n"
        "training: { learning_rate: { absolute: .25 }, steps: 9 }\n"
        "sweep: { depth: [1, 4], kernel_size: [3, 5], pooling: [flatten, global], width: 5, train_size: 3 }\n",
        NULL, NULL);
    static const char *const names[] = {"depth", "kernel_size", "pooling"};
    for (int a = 0; a < 3; a++) assert_string_equal(study->axis[a].name, names[a]);
    struct config config = study_point(study, 6);
    assert_int_equal(config.network.depth, 4);
    assert_int_equal(config.network.kernel_size, 5);
    assert_int_equal(config.network.pooling, POOLING_FLATTEN);
    assert_int_equal(config.data.resize, 2);
    study_free(study);
}

/* The study that the design shows, as it stands there. */
static void test_example_of_the_design(void **state) {
    (void)state;
    struct study *study = read_text(
        "title: RMSE against width, fully connected, CIFAR-2\n"
        "data:     { source: cifar10, path: ../data/cifar-10-batches-bin, classes: [airplane, horse], test_size: 128 "
        "}\n"
        "network:  { family: fc, depth: 3, activation: relu, sigma_w2: 2.0, sigma_b2: 0.1, parameterization: ntk }\n"
        "training: { loss: mse, optimizer: sgd, momentum: 0, batch_size: full, learning_rate: { critical_fraction: 0.5 "
        "}, "
        "steps: 8192 }\n"
        "measure:  { recorded_steps: 48, spacing: log, kernel_steps: last, probes: 4, outputs: probes, keep: [] }\n"
        "sweep:    { width: [32, 64, 128, 256, 512, 1024, 2048], train_size: [32, 128, 512], seed: { count: 5, first: "
        "0 } "
        "}\n"
        "run:      { precision: f64, memory: 2G }\n",
        NULL, NULL);
    assert_int_equal(study->points, 7 * 3 * 5);
    study_free(study);
}

static void test_dynamics(void **state) {
    (void)state;
    struct study *study = read_text("data: { source: mnist, path: x }\n"
                                    "network: { output_scale: 16 }\n"
                                    "training: { loss: cross_entropy, momentum: 0.9, batch_size: 17, layers: readout, "
                                    "centred: true, learning_rate: { absolute: .25 }, steps: 9 }\n"
                                    "measure: { predictions: false }\n"
                                    "sweep: { width: 5, train_size: 31 }\n"
                                    "run: { checkpoint_minutes: 0.5 }\n",
                                    NULL, NULL);
    struct config config = study_point(study, 0);
    assert_true(config.network.output_scale == 16);
    assert_int_equal(config.training.loss, LOSS_CROSS_ENTROPY);
    assert_int_equal(config.training.optimizer, OPTIMIZER_SGD);
    assert_true(config.training.momentum == 0.9);
    assert_int_equal(config.training.batch_size, 17);
    assert_int_equal(config_batch(&config), 17);
    assert_int_equal(config.training.layers, LAYERS_READOUT);
    assert_int_equal(config.training.centred, 1);
    assert_int_equal(config.measure.predictions, 0);
    assert_true(config.run.checkpoint_minutes == 0.5);
    study_free(study);
    study = read_text(study_of_files, "measure.predictions=true", "training.loss=cross_entropy");
    config = study_point(study, 0);
    assert_int_equal(config.measure.predictions, 1);
    assert_int_equal(config.training.loss, LOSS_CROSS_ENTROPY);
    assert_int_equal(config_batch(&config), 31);
    study_free(study);
}

/* An axis of batch sizes has words, as one of a choice. */
static void test_dynamics_axes(void **state) {
    (void)state;
    struct study *study = read_text("data: { source: mnist, path: x }\n"
                                    "training: { learning_rate: { absolute: .25 }, steps: 9 }\n"
                                    "sweep: { centred: [false, true], layers: [all, readout], batch_size: [8, full], "
                                    "momentum: [0, 0.5], loss: [mse, cross_entropy], output_scale: [1, 4], width: 5, "
                                    "train_size: 31 }\n",
                                    NULL, NULL);
    static const char *const names[] = {"output_scale", "loss", "momentum", "batch_size", "layers", "centred"};
    char label[256];
    for (int a = 0; a < 6; a++) assert_string_equal(study->axis[a].name, names[a]);
    assert_true(study->axis[3].is_choice && !study->axis[3].is_count);
    assert_string_equal(study->axis[3].text[0], "8");
    assert_string_equal(study->axis[3].text[1], "full");
    assert_string_equal(study->axis[5].text[1], "true");
    study_point_label(study, 53, sizeof label, label);
    assert_string_equal(label, "output_scale=4 loss=cross_entropy momentum=0 batch_size=full layers=all centred=true "
                               "train_size=31 width=5 seed=0");
    struct config config = study_point(study, 53);
    assert_int_equal(config.training.batch_size, BATCH_SIZE_FULL);
    assert_int_equal(config.training.centred, 1);
    assert_true(config.network.output_scale == 4 && config.training.momentum == 0);
    study_free(study);
}

/* Other axes in the order of the table, then train_size, width, seed; the last one is the fastest. */
static void test_axes(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, "sweep.activation=[tanh, relu]",
                                    "sweep.training.learning_rate={absolute: [0.5, 1e-3]}");
    static const char *const names[] = {"activation", "learning_rate", "train_size", "width", "seed"};
    char label[256];
    int64_t index[AXES_MAX];
    assert_int_equal(study->axes, 5);
    for (int a = 0; a < 5; a++) assert_string_equal(study->axis[a].name, names[a]);
    assert_string_equal(study->axis[0].key, "network.activation");
    assert_string_equal(study->axis[0].text[1], "relu");
    assert_int_equal(study->points, 2 * 2 * 2 * 3 * 3);
    int64_t point = (((1 * 2 + 1) * 2 + 1) * 3 + 2) * 3 + 1;
    struct config config = study_point(study, point);
    assert_int_equal(config.network.activation, ACTIVATION_RELU);
    assert_int_equal(config.training.learning_rate.form, RATE_ABSOLUTE);
    assert_true(config.training.learning_rate.value == 1e-3);
    assert_int_equal(config.train_size, 7);
    assert_int_equal(config.width, 17);
    assert_int_equal(config.seed, 3);
    study_point_index(study, point, index);
    assert_int_equal(index[0] * 10000 + index[1] * 1000 + index[2] * 100 + index[3] * 10 + index[4], 11121);
    study_point_label(study, point, sizeof label, label);
    assert_string_equal(label, "activation=relu learning_rate=0.001 train_size=7 width=17 seed=3");
    study_point_label(study, point, 16, label);
    assert_string_equal(label, "activation=relu");
    study_free(study);
}

/* { form: [..] } and [{ form: .. }, ..] are one axis. */
static void test_rate_axes(void **state) {
    (void)state;
    static const char *const ways[] = {"sweep.learning_rate={empirical_fraction: [0.5, 0.25]}",
                                       "sweep.learning_rate=[{empirical_fraction: 0.5}, {empirical_fraction: 0.25}]"};
    for (int i = 0; i < 2; i++) {
        struct study *study = read_text(study_of_files, ways[i], NULL);
        const struct axis *axis = &study->axis[0];
        assert_string_equal(axis->name, "learning_rate");
        assert_string_equal(axis->form, "empirical_fraction");
        assert_string_equal(axis->meaning, "learning rate / empirical critical");
        assert_int_equal(axis->count, 2);
        assert_true(axis->number[0] == 0.5 && axis->number[1] == 0.25);
        assert_int_equal(study_point(study, 0).training.learning_rate.form, RATE_EMPIRICAL_FRACTION);
        study_free(study);
    }
}

static void test_axis_forms(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, "sweep.data_seed={count: 2}", "sweep.precision=f32");
    assert_string_equal(study->axis[0].name, "data_seed");
    assert_int_equal(study->axis[0].count, 2);
    assert_int_equal(study->axis[1].count, 1);
    struct config config = study_point(study, study->points - 1);
    assert_int_equal(config.data.seed, 1);
    assert_int_equal(config.run.precision, PRECISION_F32);
    study_free(study);
}

static void test_overrides(void **state) {
    (void)state;
    struct study *study = read_text(study_of_files, "sweep.depth=[1, 2]", "network.depth=0");
    assert_int_equal(study->axes, 3);
    assert_int_equal(study->config.network.depth, 0);
    study_free(study);
    study = read_text(study_of_files, "sweep.width=[8]", "training.learning_rate={absolute: 0.1}");
    assert_int_equal(study->points, 1 * 2 * 3);
    assert_int_equal(study->config.training.learning_rate.form, RATE_ABSOLUTE);
    study_free(study);
}

/* A text is read as the file that holds it, and no file is needed. */
static void test_from_text(void **state) {
    (void)state;
    static const struct override depth = {"network.depth=2"};
    struct study *of_file = read_text(study_of_files, depth.text, NULL), *of_text, *again;
    assert_int_equal(unlink("study.yaml"), 0);
    assert_int_equal(study_read_text("study.yaml", study_of_files, 1, &depth, NULL, &of_text), OK);
    char *written = study_text(of_file), *read = study_text(of_text);
    assert_string_equal(read, written);
    assert_int_equal(study_read_frozen_text("frozen.yaml", written, &again), OK);
    assert_string_equal(again->file, "frozen.yaml");
    assert_int_equal(study_extends(of_file, again), OK);
    assert_int_equal(study_read_text("some.yaml", "network: { dept: 1 }\n", 0, NULL, NULL, &again), ERROR_INPUT);
    assert_string_equal(status_message(), "some.yaml:1:12: network.dept: unknown key; did you mean network.depth?");
    free(written);
    free(read);
    study_free(of_file);
    study_free(of_text);
    study_free(again);
}

static void test_data_option(void **state) {
    (void)state;
    struct study *study = NULL;
    char path[256];
    write_study(study_of_files, strlen(study_of_files));
    assert_int_equal(study_read("study.yaml", 0, NULL, "/a: b # [c", &study), OK);
    assert_string_equal(study->config.data.path, "/a: b # [c");
    study_free(study);
    /* A file's path is relative to its folder, an option's to the working directory. */
    snprintf(path, sizeof path, "%s/study.yaml", folder);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(study_read(path, 0, NULL, NULL, &study), OK);
    snprintf(path, sizeof path, "%s/files", folder);
    assert_string_equal(study->config.data.path, path);
    study_free(study);
    snprintf(path, sizeof path, "%s/study.yaml", folder + 1);
    assert_int_equal(study_read(path, 0, NULL, NULL, &study), OK);
    snprintf(path, sizeof path, "/%s/files", folder + 1);
    assert_string_equal(study->config.data.path + 1, path);
    study_free(study);
    assert_int_equal(study_read(path, 0, NULL, NULL, &study), ERROR_INPUT);
    assert_int_equal(chdir(folder), 0);
}

static void test_bytes(void **state) {
    (void)state;
    assert_int_equal(text_bytes("4G"), INT64_C(4) << 30);
    assert_int_equal(text_bytes("3K"), 3072);
    assert_int_equal(text_bytes("17"), 17);
    static const char *const bad[] = {"", "G", "-1", "1.5G", "2GB", "2g", "010", "0x10", "99999999999G", "1e3", " 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (text_bytes(bad[i]) != -1) fail_msg("%s was taken", bad[i]);
}

/* No dimension of results.h5 may bear the name of another, of a metric or of an inner dimension. */
static void test_axis_names(void **state) {
    (void)state;
    for (const struct key *key = key_table; key->name; key++) {
        if (!key->axis) continue;
        assert_ptr_equal(key_find_axis(key->axis), key);
        for (int m = 0; m < METRICS; m++) assert_string_not_equal(key->axis, metric_table[m].name);
        for (int d = DIM_NONE + 1; d < DIMENSIONS; d++) assert_string_not_equal(key->axis, dimension_name[d]);
    }
}

/* Help names every key, its default and its meaning, and ends with a study that can be read. */
static void test_help(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    study_help(out);
    fclose(out);
    for (const struct key *key = key_table; key->name; key++) {
        char start[64];
        snprintf(start, sizeof start, "\n  %-20s", key_bare(key->name));
        assert_non_null(strstr(text, start));
        assert_non_null(strstr(text, key->meaning));
    }
    struct study *study = read_text(strstr(text, "# An example"), NULL, NULL);
    assert_int_equal(study->points, 5 * 2 * 5);
    study_free(study);
    free(text);
}

/* What stands in jobs/studies can be read, has a title and, where weights are drawn, several seeds. */
static void assert_shipped(const char *file) {
    struct study *study = NULL;
    if (study_read(file, 0, NULL, NULL, &study) != OK) fail_msg("%s", status_message());
    const struct axis *seed = &study->axis[study->axes - 1];
    assert_true(strlen(study->config.title) > 0);
    bool is_drawn = study->config.network.draw != DRAW_ONES;
    assert_true(!is_drawn || (strcmp(seed->name, "seed") == 0 && seed->count >= 2));
    study_free(study);
}

static void test_shipped_studies(void **state) {
    (void)state;
    glob_t found;
    assert_int_equal(glob(TEST_DATA "/../../jobs/studies/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 10);
    for (size_t i = 0; i < found.gl_pathc; i++) assert_shipped(found.gl_pathv[i]);
    globfree(&found);
}

static void test_words(void **state) {
    (void)state;
    assert_string_equal(config_word("network.family", FAMILY_CONV), "conv");
    assert_string_equal(config_word("network.family", FAMILY_WRN), "wrn");
    assert_string_equal(config_word("network.pooling", POOLING_FLATTEN), "flatten");
    assert_string_equal(config_word("network.activation", ACTIVATION_IDENTITY), "identity");
    assert_string_equal(config_word("training.linearization", LINEARIZATION_PARAMETER), "parameter");
    assert_string_equal(config_word("run.precision", PRECISION_F64), "f64");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_rate_axes),
        cmocka_unit_test(test_axis_forms),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_from_text),
        cmocka_unit_test(test_data_option),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_axis_names),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_family_axes),
        cmocka_unit_test(test_shipped_studies),
        cmocka_unit_test(test_example_of_the_design),
        cmocka_unit_test(test_dynamics),
        cmocka_unit_test(test_dynamics_axes),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
