/* results.h5 over a grid with holes, with records of different inner sizes.
 * `test_results FOLDER` only leaves such results in the folder, for tests/results_test.py. */
#include "frozen.h"
#include "grid.h"
#include "layout.h"
#include "record_file.h"
#include "results.h"
#include "store_sample.h"

#include <hdf5.h>
#include <hdf5_hl.h>

static const char study_yaml[] =
    "title: holes\n"
    "data: { source: gaussian, dimension: 5, outputs: 2, test_size: 4 }\n"
    "network: { sigma_w2: 1.7 }\n"
    "training: { learning_rate: { critical_fraction: 0.5 }, steps: 27 }\n"
    "sweep: { activation: [relu, erf], depth: [1, 3], width: [16, 33], train_size: 6, seed: 11 }\n";
enum { POINTS = 8, STEPS = 4, LAYERS = 4 };

struct grid {
    char *dir;
    struct study *study;
    const struct results_reducer *reducer;
    char keys[POINTS][KEY_BYTES];
};

static void grid_fill(struct grid *grid, const char *yaml) {
    char path[PATH_MAX];
    assert_ok(store_write_text(grid->dir, "given.yaml", yaml));
    snprintf(path, sizeof path, "%s/given.yaml", grid->dir);
    assert_ok(study_read(path, 0, NULL, NULL, &grid->study));
    assert_int_equal(grid->study->points, POINTS);
    for (int i = 0; i < POINTS; i++) sample_key(i, grid->keys[i]);
}

static int grid_begin(void **state) {
    struct grid *grid = calloc(1, sizeof *grid);
    folder_begin((void **)&grid->dir);
    grid_fill(grid, study_yaml);
    *state = grid;
    return 0;
}

/* So little memory that some records are held and some read again. */
static int small_begin(void **state) {
    grid_begin(state);
    ((struct grid *)*state)->study->config.run.memory = 32 * 16000;
    return 0;
}

static int grid_end(void **state) {
    struct grid *grid = *state;
    study_free(grid->study);
    folder_end((void **)&grid->dir);
    free(grid);
    return 0;
}

/* The records differ in layers (by depth), in steps and in outputs; points 2 and 5 are missing, 3 diverged. */
static int is_missing(int64_t point) { return point == 2 || point == 5; }
static int is_deep(const struct grid *grid, int64_t point) {
    return study_point(grid->study, point).network.depth == 3;
}

static struct record *grid_record(const struct grid *grid, int64_t point) {
    static const double steps[2][3] = {{0, 5, 27}, {0, 9, 27}};
    int deep = is_deep(grid, point);
    struct record *record = deep ? sample_point(3, steps[1], 4, "dense_1\ndense_2\ndense_3\nreadout")
                                 : sample_point(3, steps[0], 2, "dense_1\nreadout");
    const int64_t shape[] = {3, deep ? 2 : 3, 2};
    fill(record_add(record, METRIC_OUTPUTS, shape), METRIC_OUTPUTS, (int)point, 3 * shape[1] * 2);
    record_scalar(record, METRIC_LAMBDA_MAX, sample_value(METRIC_LAMBDA_MAX, (int)point, 0));
    if (point == 3) {
        record_scalar(record, METRIC_STATUS, 1);
        record_scalar(record, METRIC_DIVERGED_STEP, 5);
    }
    return record;
}

static void write_grid(const struct grid *grid) {
    for (int64_t point = 0; point < POINTS; point++) {
        if (is_missing(point)) continue;
        struct provenance provenance = sample_provenance;
        struct record *record = grid_record(grid, point);
        if (point == 7) strcpy(provenance.core, "SkylakeX");
        assert_ok(record_file_write(grid->dir, STORE_POINT, grid->keys[point], "", NULL, &provenance, record));
        record_free(record);
    }
}

static status collect_status(const struct grid *grid, char **notes) {
    return results_build(grid->dir, grid->study, (const char(*)[KEY_BYTES])grid->keys, grid->reducer,
                         &sample_provenance, notes, &(int64_t){0});
}

static hid_t collect(const struct grid *grid, char **notes) {
    char path[PATH_MAX];
    assert_ok(collect_status(grid, notes));
    snprintf(path, sizeof path, "%s/results.h5", grid->dir);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void assert_shape(hid_t file, const char *name, int ndim, const hsize_t *size) {
    hsize_t found[32];
    int found_ndim;
    assert_true(H5LTget_dataset_ndims(file, name, &found_ndim) >= 0);
    assert_int_equal(found_ndim, ndim);
    assert_true(H5LTget_dataset_info(file, name, found, NULL, NULL) >= 0);
    assert_memory_equal(found, size, (size_t)ndim * sizeof *size);
}

static void read_doubles(hid_t file, const char *name, double *out) {
    assert_true(H5LTread_dataset_double(file, name, out) >= 0);
}

static void assert_text_attribute(hid_t file, const char *name, const char *text) {
    char found[256] = {0}; /* comes without its end */
    assert_true(H5LTget_attribute_string(file, "/", name, found) >= 0);
    assert_string_equal(found, text);
}

static void test_coordinates(void **state) {
    struct grid *grid = *state;
    char *notes, *layer[LAYERS], *activation[2];
    double step[STEPS], width[2];
    write_grid(grid);
    hid_t file = collect(grid, &notes);
    read_doubles(file, "step", step);
    assert_memory_equal(step, ((const double[]){0, 5, 9, 27}), sizeof step);
    read_doubles(file, "width", width);
    assert_memory_equal(width, ((const double[]){16, 33}), sizeof width);
    assert_shape(file, "layer", 1, (const hsize_t[]){LAYERS});
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    assert_true(H5LTread_dataset(file, "layer", type, layer) >= 0);
    assert_string_equal(layer[2], "dense_3");
    assert_string_equal(layer[3], "readout");
    assert_true(H5LTread_dataset(file, "activation", type, activation) >= 0);
    assert_string_equal(activation[1], "erf");
    for (int i = 0; i < LAYERS; i++) H5free_memory(layer[i]);
    for (int i = 0; i < 2; i++) H5free_memory(activation[i]);
    H5Tclose(type);
    H5Fclose(file);
    free(notes);
}

/* Of networks of which none has all layers: the order of each is kept, the readout's at the end too. */
static void test_order_of_layers(void **state) {
    (void)state;
    static const char *const layers[] = {"input\nblock1\nreadout", "input\nblock1_a\nblock1_b\nreadout",
                                         "block1\nblock2\nreadout\nscale"};
    const double step = 0;
    struct layout *layout = layout_create();
    for (int i = 0; i < 3; i++) {
        struct record *record = sample_point(1, &step, i == 0 ? 3 : 4, layers[i]);
        layout_add(layout, record, &sample_provenance);
        record_free(record);
    }
    char *names = text_set_join(&layout->inner[DIM_LAYER].name, " ");
    assert_string_equal(names, "input block1_a block1_b block1 block2 readout scale");
    free(names);
    layout_free(layout);
}

/* Where value `i` of a record with these steps and layers stands. */
static void assert_change(const double *found, int deep) {
    static const int step_of[2][STEPS] = {{0, 1, -1, 2}, {0, -1, 1, 2}},
                     layer_of[2][LAYERS] = {{0, -1, -1, 1}, {0, 1, 2, 3}};
    for (int s = 0; s < STEPS; s++) {
        for (int l = 0; l < LAYERS; l++) {
            int from = step_of[deep][s], layer = layer_of[deep][l];
            double value = found[s * LAYERS + l];
            if (from < 0 || layer < 0) {
                assert_true(isnan(value));
            } else {
                assert_true(value == sample_value(METRIC_PARAMETER_CHANGE, 0, from * (deep ? 4 : 2) + layer));
            }
        }
    }
}

static void test_values(void **state) {
    struct grid *grid = *state;
    char *notes;
    double change[POINTS][STEPS * LAYERS], lambda[POINTS], outputs[POINTS][STEPS * 3 * 2];
    write_grid(grid);
    hid_t file = collect(grid, &notes);
    assert_shape(file, "parameter_change", 7, (const hsize_t[]){2, 2, 1, 2, 1, STEPS, LAYERS});
    assert_shape(file, "outputs", 8, (const hsize_t[]){2, 2, 1, 2, 1, STEPS, 3, 2});
    assert_int_equal(H5Lexists(file, "ntk_change", H5P_DEFAULT), 0);
    read_doubles(file, "parameter_change", *change);
    read_doubles(file, "outputs", *outputs);
    read_doubles(file, "lambda_max", lambda);
    for (int point = 0; point < POINTS; point++) {
        if (is_missing(point)) {
            assert_true(isnan(lambda[point]) && isnan(change[point][0]) && isnan(outputs[point][7]));
            continue;
        }
        int deep = is_deep(grid, point);
        assert_true(lambda[point] == sample_value(METRIC_LAMBDA_MAX, point, 0));
        assert_change(change[point], deep);
        double probe_2 = outputs[point][3 * 6 + 2 * 2 + 1]; /* last step, probe 2, output 1 */
        assert_true(deep ? isnan(probe_2) : probe_2 == sample_value(METRIC_OUTPUTS, point, 2 * 6 + 2 * 2 + 1));
        assert_true(outputs[point][3 * 6 + 2] == sample_value(METRIC_OUTPUTS, point, 2 * (deep ? 4 : 6) + 2));
    }
    H5Fclose(file);
    free(notes);
}

static void test_status(void **state) {
    struct grid *grid = *state;
    char *notes;
    signed char found[POINTS];
    int varies = 0;
    write_grid(grid);
    hid_t file = collect(grid, &notes);
    assert_true(H5LTread_dataset_char(file, "status", (char *)found) >= 0);
    for (int i = 0; i < POINTS; i++) assert_int_equal(found[i], is_missing(i) ? -1 : i == 3);
    assert_true(H5LTget_attribute_int(file, "seconds_total", "varies", &varies) >= 0);
    assert_int_equal(varies, 1);
    assert_text_attribute(file, "title", "holes");
    assert_text_attribute(file, "core", "Haswell-ish; SkylakeX");
    assert_text_attribute(file, "hosts", "node-ü1");
    assert_text_attribute(file, "precision", "f64");
    assert_non_null(strstr(notes, "Haswell-ish, SkylakeX"));
    H5Fclose(file);
    free(notes);
}

/* A record outside the grid and one that is damaged are named; the rest is collected. */
static void test_notes(void **state) {
    struct grid *grid = *state;
    char *notes, key[KEY_BYTES], path[PATH_MAX];
    signed char found[POINTS];
    write_grid(grid);
    sample_key(400, key);
    struct record *record = grid_record(grid, 0);
    assert_ok(record_file_write(grid->dir, STORE_POINT, key, "", NULL, &sample_provenance, record));
    record_free(record);
    snprintf(path, sizeof path, "%s/points/%.2s/%s.h5", grid->dir, grid->keys[6], grid->keys[6]);
    assert_int_equal(truncate(path, 1000), 0);
    hid_t file = collect(grid, &notes);
    assert_true(H5LTread_dataset_char(file, "status", (char *)found) >= 0);
    assert_int_equal(found[6], -1);
    assert_int_equal(found[7], 0);
    assert_non_null(strstr(notes, key));
    assert_non_null(strstr(notes, "left out: 1 "));
    assert_non_null(strstr(notes, path));
    H5Fclose(file);
    free(notes);
    strcat(path, ".unreadable");
    assert_int_equal(access(path, F_OK), 0);
}

/* Numbers in results.h5 carry sums: a flipped bit does not come out as another number. */
static void test_flipped_results(void **state) {
    struct grid *grid = *state;
    char *notes, path[PATH_MAX];
    double change[POINTS * STEPS * LAYERS];
    haddr_t offset;
    hsize_t size;
    write_grid(grid);
    hid_t file = collect(grid, &notes);
    free(notes);
    hid_t set = H5Dopen2(file, "parameter_change", H5P_DEFAULT), step = H5Dopen2(file, "step", H5P_DEFAULT);
    assert_true(H5Dget_storage_size(step) == STEPS * 8 + 4);
    assert_true(H5Dget_chunk_info_by_coord(set, (const hsize_t[H5S_MAX_RANK]){0}, NULL, &offset, &size) >= 0);
    H5Dclose(step);
    H5Dclose(set);
    H5Fclose(file);
    snprintf(path, sizeof path, "%s/results.h5", grid->dir);
    for (int bit = 0; bit < 8; bit++) {
        flip(path, (long)offset + 103 * bit, bit);
        file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        herr_t read;
        H5E_BEGIN_TRY { read = H5LTread_dataset_double(file, "parameter_change", change); }
        H5E_END_TRY
        assert_true(read < 0);
        H5Fclose(file);
        flip(path, (long)offset + 103 * bit, bit);
    }
}

/* A record with an axis that nothing names any more is named, and the rest is collected. */
static void test_nameless_axis(void **state) {
    struct grid *grid = *state;
    char *notes, path[PATH_MAX];
    write_grid(grid);
    snprintf(path, sizeof path, "%s/points/%.2s/%s.h5", grid->dir, grid->keys[6], grid->keys[6]);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t outputs = H5Dopen2(file, "outputs", H5P_DEFAULT), probe = H5Dopen2(file, "probe", H5P_DEFAULT);
    assert_true(H5DSdetach_scale(outputs, probe, 1) >= 0);
    H5Dclose(probe);
    H5Dclose(outputs);
    H5Fclose(file);
    make_old(path);
    H5Fclose(collect(grid, &notes));
    assert_non_null(strstr(notes, path));
    assert_non_null(strstr(notes, "outputs has an axis without a name"));
    free(notes);
}

static void test_nothing_yet(void **state) {
    struct grid *grid = *state;
    char *notes;
    signed char found[POINTS];
    hid_t file = collect(grid, &notes);
    assert_true(H5LTread_dataset_char(file, "status", (char *)found) >= 0);
    for (int i = 0; i < POINTS; i++) assert_int_equal(found[i], -1);
    assert_string_equal(notes, "");
    H5Fclose(file);
    free(notes);
}

/* A wider grid replaces the frozen study and the old one stays; another study is refused. */
static void test_freeze(void **state) {
    struct grid *grid = *state;
    struct study *wider, *other;
    char path[PATH_MAX], *first, *kept;
    const struct override more = {"sweep.width=[16,33,64]"}, different = {"training.steps=28"};
    snprintf(path, sizeof path, "%s/given.yaml", grid->dir);
    assert_ok(study_read(path, 1, &more, NULL, &wider));
    assert_ok(study_read(path, 1, &different, NULL, &other));
    assert_ok(frozen_write(grid->dir, grid->study));
    assert_ok(store_read_text(grid->dir, "study.yaml", &first));
    assert_ok(frozen_write(grid->dir, grid->study));
    assert_int_equal(frozen_write(grid->dir, other), ERROR_INPUT);
    assert_ok(store_read_text(grid->dir, "study.1.yaml", &kept));
    assert_null(kept);
    assert_ok(frozen_write(grid->dir, wider));
    assert_ok(store_read_text(grid->dir, "study.1.yaml", &kept));
    assert_string_equal(kept, first);
    free(kept);
    free(first);
    study_free(wider);
    study_free(other);
}

/* Wherever the disk ends, what stood there before stays. */
static void test_disk_full(void **state) {
    struct grid *grid = *state;
    char *notes, path[PATH_MAX];
    struct stat before, after;
    write_grid(grid);
    H5Fclose(collect(grid, &notes));
    free(notes);
    snprintf(path, sizeof path, "%s/results.h5", grid->dir);
    assert_int_equal(stat(path, &before), 0);
    int files = count_files(grid->dir);
    for (off_t size = 0; size < before.st_size; size += 1 + before.st_size / 23) {
        limit_files((rlim_t)size);
        status result = results_build(grid->dir, grid->study, (const char(*)[KEY_BYTES])grid->keys, NULL,
                                      &sample_provenance, &notes, &(int64_t){0});
        limit_files(RLIM_INFINITY);
        free(notes);
        assert_int_equal(result, ERROR_DISK);
        assert_non_null(strstr(status_message(), strerror(EFBIG)));
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_int_equal(count_files(grid->dir), files);
    }
}

/* ---- metrics reduced over seed ---- */

static const char ensemble_yaml[] = "data: { source: gaussian, dimension: 5, outputs: 2, test_size: 4 }\n"
                                    "network: { depth: 1, sigma_w2: 1.7 }\n"
                                    "training: { learning_rate: { critical_fraction: 0.5 }, steps: 27 }\n"
                                    "sweep: { width: [16, 33], train_size: 6, seed: { count: 4, first: 2 } }\n";
enum { SEEDS = 4, CELLS = POINTS / SEEDS };

/* Sums the outputs up; what belongs to a record is not for results. */
static void add_sum(const struct record *record, struct record *reduced) {
    const struct array *step = record_find(record, METRIC_STEP, 0), *outputs = record_find(record, METRIC_OUTPUTS, 0);
    int is_first = reduced->count == 0;
    double *sum = record_add(reduced, METRIC_OUTPUTS_MEAN, outputs->size);
    add_steps(reduced, METRIC_STEP, step->size[0], step->value);
    record_scalar(reduced, METRIC_LEARNING_RATE_USED, 77);
    for (int64_t i = 0; i < array_length(outputs); i++) sum[i] = (is_first ? 0 : sum[i]) + outputs->value[i];
}

/* What only the last cell has, on axes that nothing else has; the first one cannot be ended. */
static status end_sum(void *context, int64_t point, struct record *reduced) {
    const struct array *sum = record_find(reduced, METRIC_OUTPUTS_MEAN, 0);
    const int64_t size[] = {sum->size[0], sum->size[1], sum->size[1]};
    assert_ptr_equal(context, ensemble_yaml);
    assert_int_equal(point % SEEDS, 0);
    if (point == 0) FAIL(ERROR_DISK, "cell 0 was not ended");
    fill(record_add(reduced, METRIC_NTK_GP_COVARIANCE, size), METRIC_NTK_GP_COVARIANCE, 0, size[0] * size[1] * size[2]);
    return OK;
}
static const struct results_reducer sums = {add_sum, end_sum, NULL, (void *)(uintptr_t)ensemble_yaml};

static int ensemble_begin(void **state) {
    struct grid *grid = calloc(1, sizeof *grid);
    folder_begin((void **)&grid->dir);
    grid_fill(grid, ensemble_yaml);
    grid->reducer = &sums;
    *state = grid;
    return 0;
}

/* The sum of a cell's records at recorded step s of 3, probe p, output k. */
static double expected_sum(int cell, int s, int p, int k) {
    double sum = 0;
    for (int point = cell * SEEDS; point < (cell + 1) * SEEDS; point++) {
        if (!is_missing(point)) sum += sample_value(METRIC_OUTPUTS, point, (s * 3 + p) * 2 + k);
    }
    return sum;
}

/* Cell 0 lacks seed 2, cell 1 seed 1. */
static void test_reduced(void **state) {
    struct grid *grid = *state;
    char *notes;
    double sum[CELLS][3 * 3 * 2], covariance[CELLS][3 * 3 * 3], columns[3], rate[POINTS];
    write_grid(grid);
    hid_t file = collect(grid, &notes);
    assert_shape(file, "outputs_mean", 5, (const hsize_t[]){1, 2, 3, 3, 2});
    assert_shape(file, "ntk_gp_covariance", 5, (const hsize_t[]){1, 2, 3, 3, 3});
    read_doubles(file, "outputs_mean", *sum);
    read_doubles(file, "ntk_gp_covariance", *covariance);
    read_doubles(file, "probe_2", columns);
    read_doubles(file, "learning_rate_used", rate);
    assert_true(columns[2] == 2 && rate[0] == 0.2385);
    for (int cell = 0; cell < CELLS; cell++) {
        for (int i = 0; i < 3 * 3 * 2; i++) assert_true(sum[cell][i] == expected_sum(cell, i / 6, i / 2 % 3, i % 2));
        for (int i = 0; i < 27; i++) {
            double expected = sample_value(METRIC_NTK_GP_COVARIANCE, 0, i);
            assert_true(cell == 0 ? isnan(covariance[cell][i]) : covariance[cell][i] == expected);
        }
    }
    assert_non_null(strstr(notes, "cell 0 was not ended"));
    H5Fclose(file);
    free(notes);
}

/* Told to stop at the `left`-th record from now, it leaves what is there. */
static bool stop_after(void *context) {
    int *left = context;
    return (*left)-- <= 0;
}

static status end_nothing(void *context, int64_t point, struct record *reduced) {
    (void)context, (void)point, (void)reduced;
    return OK;
}

static void test_stopped(void **state) {
    struct grid *grid = *state;
    char *notes = NULL, path[PATH_MAX];
    int left = POINTS + 3;
    const struct host host = {stop_after, &left};
    const struct results_reducer stopping = {add_sum, end_nothing, &host, NULL};
    write_grid(grid);
    grid->reducer = &stopping;
    snprintf(path, sizeof path, "%s/results.h5", grid->dir);
    assert_ok(store_write_text(grid->dir, "results.h5", "as it was"));
    assert_int_equal(collect_status(grid, &notes), ERROR_INTERRUPTED);
    assert_non_null(strstr(status_message(), "results.h5"));
    free(notes);
    char *text;
    assert_ok(store_read_text(grid->dir, "results.h5", &text));
    assert_string_equal(text, "as it was");
    free(text);
}

/* ---- a folder for Python ---- */

static void leave_grid(char *dir, const char *yaml, const struct results_reducer *reducer) {
    struct grid grid = {.dir = dir, .reducer = reducer};
    char *notes;
    assert_ok(store_open(dir));
    grid_fill(&grid, yaml);
    write_grid(&grid);
    H5Fclose(collect(&grid, &notes));
    free(notes);
    study_free(grid.study);
}

static int leave_results(char *dir) {
    char path[PATH_MAX];
    leave_grid(dir, study_yaml, NULL);
    snprintf(path, sizeof path, "%s/ensemble", dir);
    leave_grid(path, ensemble_yaml, &sums);
    return 0;
}

#define ON_GRID(test) cmocka_unit_test_setup_teardown(test, grid_begin, grid_end)

int main(int argc, char **argv) {
    if (argc == 2) return leave_results(argv[1]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_of_layers),
                                       ON_GRID(test_coordinates),
                                       ON_GRID(test_values),
                                       cmocka_unit_test_setup_teardown(test_values, small_begin, grid_end),
                                       ON_GRID(test_status),
                                       ON_GRID(test_notes),
                                       ON_GRID(test_flipped_results),
                                       ON_GRID(test_nameless_axis),
                                       ON_GRID(test_nothing_yet),
                                       ON_GRID(test_freeze),
                                       ON_GRID(test_disk_full),
                                       cmocka_unit_test_setup_teardown(test_reduced, ensemble_begin, grid_end),
                                       cmocka_unit_test_setup_teardown(test_stopped, ensemble_begin, grid_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
