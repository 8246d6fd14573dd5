/* results.h5 over a grid with holes, with records of different inner sizes.
 * `test_results FOLDER` only leaves such results in the folder, for tests/results_test.py. */
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
    char keys[POINTS][KEY_BYTES];
};

static void grid_fill(struct grid *grid) {
    char path[PATH_MAX];
    assert_ok(store_write_text(grid->dir, "given.yaml", study_yaml));
    snprintf(path, sizeof path, "%s/given.yaml", grid->dir);
    assert_ok(study_read(path, 0, NULL, NULL, &grid->study));
    assert_int_equal(grid->study->points, POINTS);
    for (int i = 0; i < POINTS; i++) sample_key(i, grid->keys[i]);
}

static int grid_begin(void **state) {
    struct grid *grid = calloc(1, sizeof *grid);
    folder_begin((void **)&grid->dir);
    grid_fill(grid);
    *state = grid;
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
        assert_ok(store_write_record(grid->dir, RECORD_POINT, grid->keys[point], "", NULL, &provenance, record));
        record_free(record);
    }
}

static hid_t collect(const struct grid *grid, char **notes) {
    char path[PATH_MAX];
    assert_ok(store_collect(grid->dir, grid->study, (const char(*)[KEY_BYTES])grid->keys, &sample_provenance, notes));
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
    assert_ok(store_write_record(grid->dir, RECORD_POINT, key, "", NULL, &sample_provenance, record));
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
    assert_ok(store_freeze(grid->dir, grid->study));
    assert_ok(store_read_text(grid->dir, "study.yaml", &first));
    assert_ok(store_freeze(grid->dir, grid->study));
    assert_int_equal(store_freeze(grid->dir, other), ERROR_INPUT);
    assert_ok(store_read_text(grid->dir, "study.1.yaml", &kept));
    assert_null(kept);
    assert_ok(store_freeze(grid->dir, wider));
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
        status result =
            store_collect(grid->dir, grid->study, (const char(*)[KEY_BYTES])grid->keys, &sample_provenance, &notes);
        limit_files(RLIM_INFINITY);
        free(notes);
        assert_int_equal(result, ERROR_DISK);
        assert_non_null(strstr(status_message(), strerror(EFBIG)));
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_ino, before.st_ino);
        assert_int_equal(count_files(grid->dir), files);
    }
}

static int leave_results(char *dir) {
    struct grid grid = {.dir = dir};
    char *notes;
    assert_ok(store_open(dir));
    grid_fill(&grid);
    write_grid(&grid);
    H5Fclose(collect(&grid, &notes));
    free(notes);
    study_free(grid.study);
    return 0;
}

#define ON_GRID(test) cmocka_unit_test_setup_teardown(test, grid_begin, grid_end)

int main(int argc, char **argv) {
    if (argc == 2) return leave_results(argv[1]);
    const struct CMUnitTest tests[] = {ON_GRID(test_coordinates), ON_GRID(test_values),      ON_GRID(test_status),
                                       ON_GRID(test_notes),       ON_GRID(test_nothing_yet), ON_GRID(test_freeze),
                                       ON_GRID(test_disk_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
