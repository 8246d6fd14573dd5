/* What own arrays are refused for: one line that names file, array and place. */
#include "array_files.h"

#include <sys/stat.h>
#include <sys/time.h>

enum { N = 30, D = 6 };

static char *folder;
static double x[2 * N * D], y[2 * N];

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    for (int i = 0; i < 2 * N * D; i++) x[i] = i % 101 + i % 7;
    for (int i = 0; i < 2 * N; i++) y[i] = i % 3;
    arrays_set_hdf5(array_file_open);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

/* The message begins with the path and then reads `what`. */
static void assert_refused(const struct config *config, const char *what) {
    struct dataset *set = NULL;
    struct data_shape shape;
    for (int keep = 0; keep < 2; keep++) {
        status result = keep ? dataset_load(config, 9, &set) : dataset_check(config, 9, &shape);
        const char *message = status_message();
        size_t length = strlen(config->data.path);
        if (result != ERROR_INPUT) fail_msg("not refused: %s", what);
        if (strncmp(message, config->data.path, length) != 0 || strncmp(message + length, what, strlen(what)) != 0)
            fail_msg("\"%s\"\nis not \"%s%s\"", message, config->data.path, what);
        assert_null(strchr(message, '\n'));
        assert_null(set);
    }
}

/* --- shapes, lengths, types, numbers --- */

static const struct refused {
    struct sample_array x, y;
    const char *what;
} table[] = {
    {{.ndim = 1, .size = {N}}, {.ndim = 1, .size = {N}}, ": array x: 1 dimension; 2 to 4 were expected"},
    {{.ndim = 5, .size = {N, 1, 2, 3, 1}}, {.ndim = 1, .size = {N}}, ": array x: 5 dimensions; 2 to 4 were expected"},
    {{.ndim = 2, .size = {N, D}}, {.ndim = 3, .size = {N, 1, 1}}, ": array y: 3 dimensions; 1 or 2 were expected"},
    {{.ndim = 2, .size = {N, D}}, {.ndim = 0}, ": array y: 0 dimensions; 1 or 2 were expected"},
    {{.ndim = 2, .size = {N, D}}, {.ndim = 1, .size = {N - 1}}, ": array y: 29 examples; x has 30"},
    {{.ndim = 2, .size = {N, 0}}, {.ndim = 1, .size = {N}}, ": array x: has the size 0 in dimension 2"},
    {{.ndim = 2, .size = {N, D}, .type = "|O8"}, {.ndim = 1, .size = {N}}, ": array x: holds Python objects"},
    {{.ndim = 2, .size = {N, D}, .type = "<c8"}, {.ndim = 1, .size = {N}}, ": array x: has the type '<c8'"},
    {{.ndim = 2, .size = {N, D}}, {.ndim = 1, .size = {N}, .type = "<U3"}, ": array y: has the type '<U3'"},
    {{.ndim = 2, .size = {N, D}, .version = 4}, {.ndim = 1, .size = {N}}, ": array x: is of version 4"},
    {{.ndim = 2, .size = {3, D}}, {.ndim = 1, .size = {3}}, ": data.test_size is 5; there are 3 test examples"},
};

static void test_shapes_and_types(void **state) {
    (void)state;
    struct config config = array_config(folder);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sample_array array[] = {table[i].x, table[i].y};
        for (int a = 0; a < 2; a++) {
            array[a].name = a ? "y" : "x";
            array[a].value = a ? y : x;
            if (!array[a].type) array[a].type = "<f8";
            write_npy(folder, &array[a]);
        }
        assert_refused(&config, table[i].what);
    }
}

static struct sample_array inputs(void) {
    return (struct sample_array){.name = "x", .ndim = 3, .size = {N, 2, 3}, .value = x, .type = "<f4"};
}

static struct sample_array targets(const char *type) {
    return (struct sample_array){.name = "y", .ndim = 1, .size = {N}, .value = y, .type = type};
}

static void test_numbers_that_are_none(void **state) {
    (void)state;
    struct config config = array_config(folder);
    struct sample_array a = inputs(), b = targets("<f8");
    write_npy(folder, &b);
    x[17 * D + 4] = (double)NAN;
    for (int fortran = 0; fortran < 2; fortran++) {
        a.is_fortran = fortran;
        write_npy(folder, &a);
        assert_refused(&config, ": array x: [17, 1, 1] is nan; finite numbers were expected");
    }
    x[17 * D + 4] = -HUGE_VAL;
    write_npy(folder, &a);
    assert_refused(&config, ": array x: [17, 1, 1] is -inf");
    x[17 * D + 4] = 1;
    write_npy(folder, &a);
    y[29] = (double)NAN;
    write_npy(folder, &b);
    assert_refused(&config, ": array y: [29] is nan");
}

static void test_arrays_that_are_not_there(void **state) {
    (void)state;
    struct config config = array_config(folder);
    assert_refused(&config, ": there is no array x; x_train, y_train, x_test and y_test, or x and y, were expected");
    struct sample_array a = inputs(), b = targets("<f8");
    write_npy(folder, &a);
    assert_refused(&config, ": there is no array y;");
    a.name = "x_train";
    write_npy(folder, &a);
    b.name = "y_train";
    write_npy(folder, &b);
    assert_refused(&config, ": there is no array x_test;");
    a.name = "x_test";
    a.size[2] = 2;
    write_npy(folder, &a);
    b.name = "y_test";
    write_npy(folder, &b);
    assert_refused(&config, ": array x_test: its examples have another shape than those of x_train");
    a.size[2] = 3;
    write_npy(folder, &a);
    b.type = "<i4";
    write_npy(folder, &b);
    assert_refused(&config, ": array y_test: labels; y_train has real targets");
    b.type = "<f8";
    b.ndim = 2;
    b.size[1] = 2;
    write_npy(folder, &b);
    assert_refused(&config, ": array y_test: 2 outputs; y_train has 1");
}

static void test_training_size_beside_the_test_set(void **state) {
    (void)state;
    struct sample_array a = inputs(), b = targets("<i4");
    struct config config = array_config(folder);
    struct data_shape shape;
    write_npy(folder, &a);
    write_npy(folder, &b);
    config.data.test_size = 12;
    for (int64_t size = 19; size < 40; size += 12) {
        assert_int_equal(dataset_check(&config, size, &shape), ERROR_INPUT);
        assert_non_null(
            strstr(status_message(), "; the files hold 18 training examples with the 3 classes in balance"));
    }
}

static void test_labels(void **state) {
    (void)state;
    struct sample_array a = inputs(), b = targets("<i4");
    struct config config = array_config(folder);
    write_npy(folder, &a);
    a.name = "x_train";
    write_npy(folder, &a);
    a.name = "x_test";
    write_npy(folder, &a);
    b.name = "y_train";
    write_npy(folder, &b);
    b.name = "y_test";
    y[11] = 8;
    write_npy(folder, &b);
    assert_refused(&config, ": array y_test: example 11 (the first is 0) has label 8, which is none of the 3 classes");
    y[11] = 2;
    write_npy(folder, &b);
    config.data.test_size = 31;
    assert_refused(&config, ": data.test_size is 31; the files hold 30 test examples with the 3 classes in balance");
}

/* --- uses that the data do not suit --- */

static void assert_unsuited(const struct config *config, const char *message) {
    struct data_shape shape;
    assert_int_equal(dataset_check(config, 9, &shape), ERROR_INPUT);
    if (strncmp(status_message(), message, strlen(message)) != 0)
        fail_msg("\"%s\"\nis not \"%s\"", status_message(), message);
}

static void test_uses(void **state) {
    (void)state;
    static const char *const class[] = {"0", "1"};
    struct sample_array a = inputs(), b = targets("<f8");
    struct config config = array_config(folder);
    write_npy(folder, &b);
    write_npy(folder, &a);
    config.training.loss = LOSS_CROSS_ENTROPY;
    assert_unsuited(&config, "training.loss: cross_entropy needs classes; the targets of arrays are real");
    config.training.loss = LOSS_MSE;
    name_classes(&config, 2, class);
    assert_unsuited(&config, "data.classes: the targets of ");
    config.data.classes.count = 0;
    config.data.channels = CHANNELS_FIRST;
    assert_refused(&config, ": array x: 3 dimensions; with data.channels: first 4 were expected");
    config.data.channels = CHANNELS_LAST;
    a.ndim = 2;
    write_npy(folder, &a);
    config.network.family = FAMILY_CONV;
    assert_unsuited(&config, "network.family: conv needs images; the examples of arrays are not");
    config.network.family = FAMILY_FC;
    b.type = "|u1";
    write_npy(folder, &b);
    config.data.target_scale = SCALE_GLOBAL;
    assert_unsuited(&config, "data.target_scale: global; labels, as ");
}

static void test_paths(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s/none", folder);
    struct config config = array_config(path);
    assert_refused(&config, ": No such file or directory");
    write_file(folder, "a.txt", "1", 1);
    snprintf(path, sizeof path, "%s/a.txt", folder);
    assert_refused(&config, ": a folder of .npy files, or one file .npz, .h5, .hdf5 or .csv, was expected");
    write_file(folder, "a.npz", "not a zip archive", 17);
    snprintf(path, sizeof path, "%s/a.npz", folder);
    assert_refused(&config, ": array x_train: is no whole zip archive");
    write_file(folder, "a.h5", "not HDF5", 8);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    assert_refused(&config, ": array x_train: HDF5: ");
}

/* --- tables --- */

static void test_tables(void **state) {
    (void)state;
    static const char *const row[][2] = {
        {"", ": array x: is empty"},
        {"1,2,3\n4,5,6\n", ": array x: a column has no name"},
        {"a,b,c\n1,2,3\n", ": array y: there is no column of targets"},
        {"y,y_2\n1,2\n", ": array x: there is no column of inputs"},
        {"a,y\n1,2\n3\n", ": array x: line 3 has 1 fields; the first line has 2"},
        {"a,y\n1,2\n\n3,4,5\n", ": array x: line 4 has 3 fields; the first line has 2"},
        {"a,y\n1,2\nnan,4\n", ": array x: line 3, column 1: 'nan' is not a number"},
        {"a,y\n1,2\n0x1,4\n", ": array x: line 3, column 1: '0x1' is not a number"},
        {"a,y\n1,2\n3,\n", ": array y: line 3, column 2: '' is not a number"},
        {"a,y\n1,2\n1e999,4.5\n", ": array x: [1, 0] is inf"},
        {"a,y\n", ": array x: has the size 0 in dimension 1"},
    };
    char path[1024];
    snprintf(path, sizeof path, "%s/a.csv", folder);
    struct config config = array_config(path);
    config.data.test_size = 1;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        write_file(folder, "a.csv", row[i][0], strlen(row[i][0]));
        struct data_shape shape;
        if (strstr(row[i][1], "inf")) {
            assert_int_equal(dataset_check(&config, 1, &shape), ERROR_INPUT);
            assert_non_null(strstr(status_message(), row[i][1]));
        } else {
            assert_refused(&config, row[i][1]);
        }
    }
}

/* --- files that promise other than they hold --- */

/* After what its header promises, a member of an archive goes on for ever so long, and its end is damaged: no more is unpacked than
 * one byte, so that the damage is not met. */
static void test_bombs(void **state) {
    (void)state;
    static const char *const name[] = {"x.npy", "y.npy"};
    enum { ZEROS = 1 << 24, DAMAGED = 300 };
    struct sample_array array[] = {inputs(), targets("<f8")};
    struct buffer content[2] = {{0}};
    unsigned char *zeros = calloc(ZEROS, 1);
    for (int i = 0; i < 2; i++) put_npy(&content[i], &array[i]);
    put(&content[0], zeros, ZEROS);
    struct buffer archive = make_archive(2, name, content, 8, 0);
    assert_true(archive.size < ZEROS / 500);
    memset(archive.data + archive.size - 8000, 0xa5, DAMAGED);
    char path[1024];
    snprintf(path, sizeof path, "%s/a.npz", folder);
    struct config config = array_config(path);
    save(folder, "a.npz", &archive);
    assert_refused(&config, ": array x: is too long: more follows than its header promises");
    free(zeros);
    free(content[0].data);
    free(content[1].data);
    free(archive.data);
}

/* As above: images whose file goes on. */
static void test_images_that_go_on(void **state) {
    (void)state;
    enum { ZEROS = 1 << 24 };
    struct config config = image_config(SOURCE_MNIST, folder);
    write_mnist(folder, "-", ".gz");
    unsigned char *zeros = calloc(ZEROS, 1);
    gzFile file = gzopen(path_in(folder, "train-images-idx3-ubyte.gz"), "ab9"); /* a second member of the stream */
    assert_int_equal(gzwrite(file, zeros, ZEROS), ZEROS);
    gzclose(file);
    free(zeros);
    struct stat about;
    assert_int_equal(stat(path_in(folder, "train-images-idx3-ubyte.gz"), &about), 0);
    FILE *damaged = fopen(path_in(folder, "train-images-idx3-ubyte.gz"), "r+b");
    assert_int_equal(fseek(damaged, about.st_size - 4000, SEEK_SET), 0);
    for (int i = 0; i < 300; i++) fputc(0xa5, damaged);
    fclose(damaged);
    assert_refused(&config, "/train-images-idx3-ubyte.gz: the file is too long; more than the 1800 bytes");
}

static void test_headers(void **state) {
    (void)state;
    static const char *const header[][2] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 2)", "the header is none of NumPy's"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (4, 2), }", "the header is none of NumPy's"},
        {"{'descr': '<f8', 'shape': (4, 2), }", "the header is none of NumPy's"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (4, 2), }",
         "the header is none of NumPy's"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (4, 2), }", "holds records of several fields"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-4, 2), }", "the header is none of NumPy's"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
         "is larger than any memory"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (40, 2), }", "is truncated"},
        {"__import__('os').system('true')", "the header is none of NumPy's"},
    };
    struct config config = array_config(folder);
    struct sample_array b = targets("<f8");
    b.size[0] = 40;
    write_npy(folder, &b);
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
        struct buffer buffer = {0};
        char what[128];
        put(&buffer, "\x93NUMPY\1\0", 8);
        put_little(&buffer, strlen(header[i][0]), 2);
        put(&buffer, header[i][0], strlen(header[i][0]));
        save(folder, "x.npy", &buffer);
        snprintf(what, sizeof what, ": array x: %s", header[i][1]);
        assert_refused(&config, what);
        free(buffer.data);
    }
}

/* --- HDF5 --- */

static hid_t begin_h5(void) {
    struct sample_array b = targets("<f8");
    write_h5(folder, "a.h5", 1, &b, 0);
    return H5Fopen(path_in(folder, "a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
}

static void put_set(hid_t file, hid_t type, hsize_t rows, hid_t list) {
    hid_t space = H5Screate_simple(2, (const hsize_t[]){rows, D}, NULL);
    H5Dclose(H5Dcreate2(file, "x", type, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(file);
}

static void test_h5(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s/a.h5", folder);
    struct config config = array_config(path);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    put_set(begin_h5(), H5T_NATIVE_FLOAT, N, H5P_DEFAULT);
    assert_refused(&config, ": array x: was never written");
    assert_true(H5Pset_external(list, "/etc/passwd", 0, N * D * sizeof(float)) >= 0);
    put_set(begin_h5(), H5T_NATIVE_FLOAT, N, list);
    assert_refused(&config, ": array x: has its numbers in other files");
    H5Pclose(list);
    list = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Pset_chunk(list, 2, (const hsize_t[]){10, D}) >= 0);
    put_set(begin_h5(), H5T_NATIVE_FLOAT, (hsize_t)1 << 40, list);
    assert_refused(&config, ": array x: has parts that were never written");
    H5Pclose(list);
    hid_t text = H5Tcopy(H5T_C_S1);
    put_set(begin_h5(), text, N, H5P_DEFAULT);
    assert_refused(&config, ": array x: does not hold integers or real numbers");
    H5Tclose(text);
    hid_t file = begin_h5();
    assert_true(H5Lcreate_external("/etc/passwd", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    assert_refused(&config, ": array x: is a link; the data set itself was expected");
}

#define EACH_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH_TEST(test_shapes_and_types),
        EACH_TEST(test_numbers_that_are_none),
        EACH_TEST(test_training_size_beside_the_test_set),
        EACH_TEST(test_labels),
        EACH_TEST(test_arrays_that_are_not_there),
        EACH_TEST(test_uses),
        EACH_TEST(test_paths),
        EACH_TEST(test_tables),
        EACH_TEST(test_bombs),
        EACH_TEST(test_images_that_go_on),
        EACH_TEST(test_headers),
        EACH_TEST(test_h5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
