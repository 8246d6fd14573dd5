/* Own arrays: every format and variant gives the same data; shapes, scaling, labels, the choice of examples. */
#include "array_files.h"

#include <float.h>
#include <malloc.h>
#include <sys/wait.h>

#include "random.h"

enum { N = 90, M = 40, D = 12, K = 2 }; /* of x and y; D is 2 x 3 x 2 too */

static char *folder;
static double x[N * D], y[N * K], label[N];

/* Number 0 of example i is i. */
static double number_of(int64_t i, int64_t j) { return (double)(j == 0 ? i : (31 * i + 17 * j + i * j % 7) % 100); }

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < D; j++) x[i * D + j] = number_of(i, j);
        for (int64_t j = 0; j < K; j++) y[i * K + j] = (double)((13 * i + 5 * j) % 64);
        label[i] = (double)((7 * i + i / 11) % 3 * 5 - 4); /* -4, 1, 6 */
    }
    arrays_set_hdf5(array_file_open);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct sample_array inputs(const char *type) {
    return (struct sample_array){.name = "x", .ndim = 2, .size = {N, D}, .value = x, .type = type};
}

static struct sample_array targets(const char *type) {
    return (struct sample_array){.name = "y", .ndim = 2, .size = {N, K}, .value = y, .type = type};
}

static struct sample_array labels(const char *type) {
    return (struct sample_array){.name = "y", .ndim = 1, .size = {N}, .value = label, .type = type};
}

static void digest_of(const struct config *config, int64_t train, unsigned char digest[16]) {
    struct dataset *set = load(config, train);
    dataset_digest(set, train, digest);
    dataset_free(set);
}

/* Of the arrays as doubles in .npy files. */
static void plain_digest(unsigned char digest[16]) {
    struct sample_array a = inputs("<f8"), b = targets("<f8");
    struct config config = array_config(folder);
    write_npy(folder, &a);
    write_npy(folder, &b);
    digest_of(&config, 33, digest);
}

static void assert_digest(const char *path, const unsigned char wanted[16], const char *what) {
    unsigned char digest[16];
    struct config config = array_config(path);
    digest_of(&config, 33, digest);
    if (memcmp(digest, wanted, 16) != 0) fail_msg("%s: other data", what);
}

/* --- formats --- */

static void test_every_type_order_and_version(void **state) {
    (void)state;
    static const char *const type[] = {"|i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "|u1", "<u2", ">u2", "<u4",
                                       ">u4", "<u8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<f16"};
    const size_t types = sizeof type / sizeof *type - (LDBL_MANT_DIG != 64); /* the last one is x86's */
    unsigned char wanted[16];
    plain_digest(wanted);
    for (size_t t = 0; t < types; t++)
        for (int version = 1; version <= 3; version++)
            for (int fortran = 0; fortran < 2; fortran++) {
                struct sample_array a = inputs(type[t]), b = targets(type[types - 1 - t]);
                a.version = b.version = version;
                a.is_fortran = fortran;
                b.is_fortran = !fortran;
                write_npy(folder, &a);
                write_npy(folder, &b);
                assert_digest(folder, wanted, type[t]);
            }
}

static void test_every_format(void **state) {
    (void)state;
    unsigned char wanted[16];
    plain_digest(wanted);
    char path[1024];
    struct sample_array array[] = {inputs(">f8"), targets("<f4")};
    for (int variant = 0; variant < 4; variant++) {
        array[0].is_fortran = variant / 2;
        write_npz(folder, "a.npz", 2, array, variant % 2 ? 8 : 0, variant % 2 != variant / 2);
        snprintf(path, sizeof path, "%s/a.npz", folder);
        assert_digest(path, wanted, "npz");
    }
    for (int64_t chunk = 0; chunk < 200; chunk += 7 + chunk) {
        write_h5(folder, "a.h5", 2, array, chunk);
        snprintf(path, sizeof path, "%s/a.h5", folder);
        assert_digest(path, wanted, "h5");
    }
    write_csv(folder, "a.csv", &array[0], &array[1]);
    snprintf(path, sizeof path, "%s/a.csv", folder);
    assert_digest(path, wanted, "csv");
}

/* Another program's HDF5 file may begin with a block of its own, and be reached by a link. */
static void test_foreign_h5(void **state) {
    (void)state;
    char block[512] = "MATLAB 7.3 MAT-file", path[1024];
    unsigned char wanted[16];
    plain_digest(wanted);
    struct sample_array array[] = {inputs("<f8"), targets("<f8")};
    write_h5(folder, "a.h5", 2, array, 7);
    struct buffer file = {0};
    put(&file, block, sizeof block);
    FILE *in = fopen(path_in(folder, "a.h5"), "rb");
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;) put(&file, block, got);
    fclose(in);
    save(folder, "b.h5", &file);
    free(file.data);
    assert_int_equal(symlink("b.h5", path_in(folder, "link.h5")), 0);
    snprintf(path, sizeof path, "%s/link.h5", folder);
    assert_digest(path, wanted, "a link to a file with a block");
}

static void test_labels_in_every_format(void **state) {
    (void)state;
    char path[1024];
    unsigned char wanted[16];
    struct sample_array array[] = {inputs("<f8"), labels("|i1")};
    struct config config = array_config(folder);
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    struct dataset *set = load(&config, 9);
    assert_int_equal(set->shape.has_classes, 1);
    assert_int_equal(set->shape.outputs, 3);
    dataset_free(set);
    digest_of(&config, 33, wanted);
    array[1].type = "<i4";
    write_h5(folder, "a.h5", 2, array, 0);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    assert_digest(path, wanted, "h5");
    write_csv(folder, "a.csv", &array[0], &array[1]);
    snprintf(path, sizeof path, "%s/a.csv", folder);
    assert_digest(path, wanted, "csv");
}

/* Arrays of their own for training and test. */
static void test_four_arrays(void **state) {
    (void)state;
    struct sample_array array[] = {inputs("<f8"), targets("<f8"), inputs("<f4"), targets(">f4")};
    static const char *const name[] = {"x_train", "y_train", "x_test", "y_test"};
    for (int i = 0; i < 4; i++) {
        array[i].name = name[i];
        array[i].size[0] = i < 2 ? N - M : M;
        if (i >= 2) array[i].value += (N - M) * array[i].size[1];
        write_npy(folder, &array[i]);
    }
    struct config config = array_config(folder);
    config.data.scale = SCALE_NONE;
    config.data.test_size = 7;
    struct dataset *set = load(&config, 50);
    assert_int_equal(set->shape.has_classes, 0);
    for (int i = 0; i < 50 * D; i++) ASSERT_CLOSE(set->x_train[i], x[i], 0);
    for (int i = 0; i < 50 * K; i++) ASSERT_CLOSE(set->y_train[i], y[i], 0);
    for (int i = 0; i < 7 * D; i++) ASSERT_CLOSE(set->x_test[i], x[50 * D + i], 0);
    for (int i = 0; i < 7 * K; i++) ASSERT_CLOSE(set->y_test[i], y[50 * K + i], 0);
    dataset_free(set);
}

/* --- shapes --- */

/* [row, column, channel] of 2 x 3 x 2, and the same numbers [channel, row, column]. */
static void test_channels(void **state) {
    (void)state;
    double first[N * D];
    for (int64_t i = 0; i < N * D; i++) {
        int64_t j = i % D, channel = j % 2, place = j / 2;
        first[i / D * D + channel * 6 + place] = x[i];
    }
    struct sample_array array[] = {inputs("<f8"), labels("<i2")};
    array[0].ndim = 4;
    memcpy(array[0].size, (int64_t[]){N, 2, 3, 2}, 4 * sizeof(int64_t));
    unsigned char wanted[16], digest[16];
    struct config config = array_config(folder);
    write_npy(folder, &array[1]);
    write_npy(folder, &array[0]);
    digest_of(&config, 20, wanted);
    struct dataset *set = load(&config, 20);
    assert_int_equal(set->shape.is_image * 1000 + set->shape.rows * 100 + set->shape.columns * 10 + set->shape.channels,
                     1232);
    dataset_free(set);
    memcpy(array[0].size, (int64_t[]){N, 2, 2, 3}, 4 * sizeof(int64_t));
    array[0].value = first;
    config.data.channels = CHANNELS_FIRST;
    for (int fortran = 0; fortran < 2; fortran++) {
        array[0].is_fortran = fortran;
        write_npy(folder, &array[0]);
        digest_of(&config, 20, digest);
        assert_memory_equal(digest, wanted, 16);
    }
}

static void test_two_dimensions_are_one_channel(void **state) {
    (void)state;
    struct sample_array array[] = {inputs("<f8"), targets("<f8")};
    array[0].ndim = 3;
    memcpy(array[0].size, (int64_t[]){N, 4, 3}, 3 * sizeof(int64_t));
    write_npz(folder, "a.npz", 2, array, 8, 0);
    char path[1024];
    snprintf(path, sizeof path, "%s/a.npz", folder);
    struct config config = array_config(path);
    struct dataset *set = load(&config, 20);
    assert_int_equal(set->shape.is_image * 1000 + set->shape.rows * 100 + set->shape.columns * 10 + set->shape.channels,
                     1431);
    dataset_free(set);
}

/* --- scaling --- */

static double mean_over(int64_t count, const double *value, int64_t first, int64_t step, double *deviation) {
    double mean = 0, squares = 0;
    int64_t numbers = 0;
    for (int64_t i = first; i < count; i += step, numbers++) mean += value[i];
    mean /= (double)numbers;
    for (int64_t i = first; i < count; i += step) squares += (value[i] - mean) * (value[i] - mean);
    *deviation = sqrt(squares / (double)numbers);
    return mean;
}

/* In the files' order the last five are the test: all others set the scale, whatever is trained on. */
static void test_scaling(void **state) {
    (void)state;
    const int64_t left = N - 5;
    double deviation, other, mean = mean_over(left * D, x, 0, 1, &deviation);
    struct sample_array array[] = {inputs("<f8"), targets("<f8")};
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    struct config config = array_config(folder);
    config.data.target_scale = SCALE_GLOBAL;
    struct dataset *set = load(&config, 11);
    ASSERT_CLOSE(set->mean, mean, 1e-12 * fabs(mean));
    ASSERT_CLOSE(set->deviation, deviation, 1e-12 * deviation);
    for (int64_t i = 0; i < 5 * D; i++) ASSERT_CLOSE(set->x_test[i], (x[left * D + i] - mean) / deviation, 1e-12);
    mean = mean_over(left * K, y, 0, 1, &deviation);
    for (int64_t i = 0; i < 11 * K; i++) ASSERT_CLOSE(set->y_train[i], (y[i] - mean) / deviation, 1e-12);
    dataset_free(set);
    config.data.scale = config.data.target_scale = SCALE_FEATURE;
    set = load(&config, 11);
    assert_true(isnan(set->mean) && isnan(set->deviation));
    for (int64_t i = 0; i < 11 * D; i++) {
        mean = mean_over(left * D, x, i % D, D, &other);
        ASSERT_CLOSE(set->x_train[i], (x[i] - mean) / other, 1e-12);
    }
    for (int64_t i = 0; i < 5 * K; i++) {
        mean = mean_over(left * K, y, i % K, K, &other);
        ASSERT_CLOSE(set->y_test[i], (y[left * K + i] - mean) / other, 1e-12);
    }
    dataset_free(set);
}

/* A large mean costs no digits, and what never changes becomes 0. */
static void test_scaling_of_hard_numbers(void **state) {
    (void)state;
    double far[N * D];
    for (int64_t i = 0; i < N * D; i++) far[i] = i % D == 3 ? 77 : 1e9 + x[i] / 64;
    struct sample_array array[] = {inputs("<f8"), targets("<f8")};
    array[0].value = far;
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    struct config config = array_config(folder);
    config.data.scale = SCALE_FEATURE;
    struct dataset *set = load(&config, 11);
    for (int64_t i = 0; i < 11 * D; i++) {
        double deviation, mean = mean_over((N - 5) * D, x, i % D, D, &deviation);
        ASSERT_CLOSE(set->x_train[i], i % D == 3 ? 0 : (x[i] - mean) / deviation, 1e-11);
    }
    dataset_free(set);
}

/* --- the choice of examples --- */

static int64_t example_at(const double *inputs_of_set, int64_t i) { return (int64_t)inputs_of_set[i * D]; }

static struct config chosen(int is_labelled, int order, int64_t seed) {
    struct sample_array array[] = {inputs("<f8"), is_labelled ? labels("<i8") : targets("<f8")};
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    struct config config = array_config(folder);
    config.data.scale = SCALE_NONE;
    config.data.order = order;
    config.data.seed = seed;
    config.data.test_size = 20;
    return config;
}

/* No example is in both; the test set is the same for all seeds and sizes; training sets are nested. */
static void test_parts_of_one_array(void **state) {
    (void)state;
    for (int is_labelled = 0; is_labelled < 2; is_labelled++)
        for (int order = 0; order < 2; order++) {
            struct config config = chosen(is_labelled, order, 3), other = chosen(is_labelled, order, 4);
            struct dataset *large = load(&config, 54), *small = load(&other, 22), *nested = load(&config, 22);
            int used[N] = {0};
            for (int64_t i = 0; i < 54; i++) used[example_at(large->x_train, i)]++;
            for (int64_t i = 0; i < 20; i++) used[example_at(large->x_test, i)]++;
            for (int64_t i = 0; i < N; i++) assert_true(used[i] <= 1);
            assert_memory_equal(large->x_test, small->x_test, 20 * D * sizeof(double));
            assert_memory_equal(large->y_test, small->y_test, 20 * (size_t)large->shape.outputs * sizeof(double));
            assert_memory_equal(large->x_train, nested->x_train, 22 * D * sizeof(double));
            int same = memcmp(small->x_train, nested->x_train, 22 * D * sizeof(double)) == 0;
            assert_int_equal(same, order == ORDER_FILE);
            dataset_free(large);
            dataset_free(small);
            dataset_free(nested);
        }
}

static void test_labels_are_balanced(void **state) {
    (void)state;
    static const double value[] = {-4, 1, 6};
    for (int order = 0; order < 2; order++) {
        struct config config = chosen(1, order, 0);
        struct dataset *set = load(&config, 44);
        int64_t last[3] = {-1, -1, -1};
        for (int64_t i = 0; i < 44; i++) {
            int64_t example = example_at(set->x_train, i);
            ASSERT_CLOSE(label[example], value[i % 3], 0);
            for (int64_t c = 0; c < 3; c++) ASSERT_CLOSE(set->y_train[3 * i + c], c == i % 3, 0);
            if (order == ORDER_FILE) assert_true(example > last[i % 3]);
            last[i % 3] = example;
        }
        for (int64_t i = 0; i < 20; i++) {
            int64_t example = example_at(set->x_test, i);
            ASSERT_CLOSE(label[example], value[i % 3], 0);
            if (order == ORDER_FILE) assert_true(example > last[i % 3]); /* the end of the files is the test */
        }
        dataset_free(set);
    }
}

/* The same permutations as images have: of the training split from data.seed, of the test from seed 0. */
static void test_shuffles_are_those_of_images(void **state) {
    (void)state;
    struct config config = chosen(0, ORDER_SHUFFLED, 3);
    struct dataset *set = load(&config, 30);
    int64_t place[N], rest[N], count = 0;
    random_permutation(0, RANDOM_TEST, 0, N, place);
    for (int64_t i = 0; i < 20; i++) assert_int_equal(example_at(set->x_test, i), place[i]);
    for (int64_t i = 0; i < N; i++) {
        int is_test = 0;
        for (int64_t j = 0; j < 20; j++) is_test |= place[j] == i;
        if (!is_test) rest[count++] = i;
    }
    random_permutation(3, RANDOM_SPLIT, 0, count, place);
    for (int64_t i = 0; i < 30; i++) assert_int_equal(example_at(set->x_train, i), rest[place[i]]);
    dataset_free(set);
}

/* --- names of classes --- */

static void assert_classes(const struct config *config, int64_t outputs, const double *wanted) {
    struct dataset *set = load(config, 12);
    assert_int_equal(set->shape.outputs, outputs);
    int64_t count = outputs == 1 ? 2 : outputs;
    for (int64_t i = 0; i < 12; i++) {
        ASSERT_CLOSE(label[example_at(set->x_train, i)], wanted[i % count], 0);
        if (outputs == 1) ASSERT_CLOSE(set->y_train[i], i % 2 ? -1 : 1, 0);
    }
    dataset_free(set);
}

static void test_classes(void **state) {
    (void)state;
    static const char *const number[] = {"6", "-4"}, *const word[] = {"low", "middle", "high"},
                             *const named[] = {"high", "low"};
    static const char names[] = "-4 is no number here\n", file[] = "0 zero\n6 high up\n1, middle\n\n";
    struct config config = chosen(1, ORDER_SHUFFLED, 0);
    name_classes(&config, 2, number);
    assert_classes(&config, 1, (const double[]){6, -4});
    name_classes(&config, 3, word);
    assert_classes(&config, 3, (const double[]){-4, 1, 6});
    struct dataset *set = NULL;
    name_classes(&config, 2, named);
    assert_int_equal(dataset_load(&config, 12, &set), ERROR_INPUT);
    assert_non_null(strstr(status_message(), "data.classes: 2 names"));
    write_file(folder, "names.txt", names, sizeof names - 1);
    char path[1024];
    snprintf(path, sizeof path, "%s/names.txt", folder);
    config.data.class_names = path;
    assert_int_equal(dataset_load(&config, 12, &set), ERROR_INPUT);
    assert_non_null(strstr(status_message(), "names.txt: 1 names of classes"));
    for (int64_t i = 0; i < N; i++)
        if (label[i] < 0) label[i] = 0;
    config = chosen(1, ORDER_SHUFFLED, 0);
    write_file(folder, "names.txt", file, sizeof file - 1);
    config.data.class_names = path;
    static const char *const two[] = {"high up", "zero"};
    name_classes(&config, 2, two);
    assert_classes(&config, 1, (const double[]){6, 0});
    config.training.loss = LOSS_CROSS_ENTROPY;
    assert_classes(&config, 2, (const double[]){6, 0});
}

/* Targets of +1 and -1 that are labels, and such that are not, have names of their own: accuracy belongs to the first. */
static void test_labels_and_numbers_differ(void **state) {
    (void)state;
    double sign[N];
    unsigned char digest[2][16];
    for (int64_t i = 0; i < N; i++) sign[i] = i % 2 ? 1 : -1; /* class 0 is -1, whose target is +1 */
    struct sample_array array[] = {inputs("<f8"), labels("<i4")};
    array[1].value = sign;
    struct config config = array_config(folder);
    config.data.test_size = 4;
    config.data.order = ORDER_FILE;
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    digest_of(&config, 20, digest[0]);
    for (int64_t i = 0; i < N; i++) sign[i] = -sign[i];
    array[1].type = "<f8";
    write_npy(folder, &array[1]);
    digest_of(&config, 20, digest[1]);
    struct dataset *set = load(&config, 20);
    for (int64_t i = 0; i < 20; i++) ASSERT_CLOSE(set->y_train[i], i % 2 ? -1 : 1, 0);
    assert_int_equal(set->shape.has_classes, 0);
    dataset_free(set);
    assert_memory_not_equal(digest[0], digest[1], 16);
}

static void test_a_check_is_a_load_without_examples(void **state) {
    (void)state;
    struct config config = chosen(1, ORDER_SHUFFLED, 0);
    config.data.scale = SCALE_GLOBAL;
    struct data_shape shape;
    struct dataset *set = load(&config, 30);
    assert_int_equal(dataset_check(&config, 30, &shape), OK);
    assert_int_equal(shape.inputs, set->shape.inputs);
    assert_int_equal(shape.outputs, set->shape.outputs);
    assert_int_equal(shape.has_classes, 1);
    dataset_free(set);
}

/* --- memory --- */

static double resident(const char *word) {
    char line[256];
    double kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, word, strlen(word)) == 0) kilobytes = strtod(line + strlen(word), NULL);
    fclose(file);
    return 1024 * kilobytes;
}

/* In a child: how far loading all examples raises its peak, over 8 bytes a number of the dataset. */
static double peak_of_loading(const struct config *config, int64_t train) {
    int end[2];
    double ratio = 0;
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        malloc_trim(0); /* what tests before freed is not for use again */
        double before = resident("VmRSS:");
        struct dataset *set = load(config, train);
        double numbers =
            (double)(set->shape.train + set->shape.test) * (double)(set->shape.inputs + set->shape.outputs);
        ratio = (resident("VmHWM:") - before) / (8 * numbers);
        _exit(write(end[1], &ratio, sizeof ratio) != sizeof ratio);
    }
    assert_int_equal(read(end[0], &ratio, sizeof ratio), sizeof ratio);
    waitpid(child, NULL, 0);
    close(end[0]);
    close(end[1]);
    return ratio;
}

/* Loading takes at most 1.3 times the dataset, in every format; what reads HDF5 stands apart and is not counted. */
static void test_memory(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip();
#endif
    enum { MANY = 12000, WIDE = 400 };
    static const char *const file[] = {"", "/a.npz", "/a.h5", "/a.csv"};
    double *large = malloc(sizeof(double) * MANY * WIDE), *class = malloc(sizeof(double) * MANY);
    for (int64_t i = 0; i < MANY * WIDE; i++) large[i] = (double)(i * 7 % 1013 % 64);
    for (int64_t i = 0; i < MANY; i++) class[i] = (double)(i % 2);
    struct sample_array array[] = {{.name = "x", .ndim = 2, .size = {MANY, WIDE}, .value = large, .type = "<f8"},
                                   {.name = "y", .ndim = 1, .size = {MANY}, .value = class, .type = "|i1"}};
    write_npy(folder, &array[0]);
    write_npy(folder, &array[1]);
    write_csv(folder, "a.csv", &array[0], &array[1]);
    array[0].is_fortran = 1;
    write_npz(folder, "a.npz", 2, array, 8, 0);
    write_h5(folder, "a.h5", 2, array, 100);
    for (int i = 0; i < 4; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s%s", folder, file[i]);
        struct config config = array_config(path);
        config.data.test_size = 1000;
        double ratio = peak_of_loading(&config, MANY - 1000);
        print_message("%-8s peak %.3f of one copy (limit 1.3)\n", *file[i] ? file[i] + 1 : ".npy", ratio);
        assert_true(ratio < 1.3);
    }
    free(large);
    free(class);
}

#define EACH_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH_TEST(test_every_type_order_and_version),
        EACH_TEST(test_every_format),
        EACH_TEST(test_foreign_h5),
        EACH_TEST(test_labels_in_every_format),
        EACH_TEST(test_four_arrays),
        EACH_TEST(test_channels),
        EACH_TEST(test_two_dimensions_are_one_channel),
        EACH_TEST(test_scaling),
        EACH_TEST(test_scaling_of_hard_numbers),
        EACH_TEST(test_parts_of_one_array),
        EACH_TEST(test_labels_are_balanced),
        EACH_TEST(test_shuffles_are_those_of_images),
        EACH_TEST(test_classes),
        EACH_TEST(test_labels_and_numbers_differ),
        EACH_TEST(test_a_check_is_a_load_without_examples),
        EACH_TEST(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
