/* Other IDX sets, CIFAR-100, names of classes from a file, and data without files: a sphere, clusters, functions,
 * spheres, spirals. */
#include "data_files.h"

static char *folder;

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static void assert_refused(const struct config *config, const char *words) {
    struct data_shape shape;
    assert_int_equal(dataset_check(config, 5, &shape), ERROR_INPUT);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" has no \"%s\"", status_message(), words);
}

/* --- IDX files of other names and labels --- */

/* The tests' images with labels 1 to 26 in turn, under names as EMNIST's. */
enum { LETTERS = 26, LETTER_TRAIN = 104, LETTER_TEST = 52 };

static const char *const letter_file[] = {"letters-train-images.gz", "letters-train-labels.gz", "letters-test-images",
                                          "letters-test-labels"};

static void write_letters(const char *name, int count) {
    unsigned char bytes[8 + LETTER_TRAIN];
    put_number(bytes, 0x801);
    put_number(bytes + 4, (uint32_t)count);
    for (int i = 0; i < count; i++) bytes[8 + i] = (unsigned char)(i % LETTERS + 1);
    write_file(folder, name, bytes, (size_t)(8 + count));
}

static struct config letters(void) {
    struct config config = image_config(SOURCE_MNIST, folder);
    write_idx_images(folder, letter_file[0], LETTER_TRAIN, ROWS, COLUMNS);
    write_letters(letter_file[1], LETTER_TRAIN);
    write_idx_images(folder, letter_file[2], LETTER_TEST, ROWS, COLUMNS);
    write_letters(letter_file[3], LETTER_TEST);
    config.data.files = (struct text_list){4, letter_file};
    config.data.test_size = 2;
    return config;
}

static int64_t image_at(const struct dataset *set, const double *x, int64_t example) {
    return (int64_t)lround(x[example * set->shape.inputs] * set->deviation + set->mean);
}

static void test_letters(void **state) {
    (void)state;
    static const char *const pair[] = {"26", "1"};
    struct config config = letters();
    struct dataset *set = load(&config, 30);
    assert_int_equal(set->shape.outputs, LETTERS);
    for (int64_t i = 0; i < 30; i++) {
        assert_int_equal(image_at(set, set->x_train, i), i);
        for (int64_t k = 0; k < LETTERS; k++) ASSERT_CLOSE(set->y_train[i * LETTERS + k], k == i % LETTERS, 0);
    }
    dataset_free(set);
    name_classes(&config, 2, pair);
    set = load(&config, 4);
    assert_int_equal(set->shape.outputs, 1);
    assert_int_equal(image_at(set, set->x_train, 0), 25);
    assert_int_equal(image_at(set, set->x_train, 1), 0);
    dataset_free(set);
}

/* EMNIST's mapping: label, then codes of letters; these name the classes. */
static void test_class_names(void **state) {
    (void)state;
    static const char lines[] = "1 A\n2 B\r\n26 Z\n3 C\n", few[] = "zero\none\n";
    static const char *const pair[] = {"Z", "2"};
    char path[1024], mapping[1024] = "";
    struct config config = letters();
    snprintf(path, sizeof path, "%s/names.txt", folder);
    config.data.class_names = path;
    write_file(folder, "names.txt", lines, sizeof lines - 1);
    assert_refused(&config, "letters-train-labels.gz: record 3 (the first is 0) has label 4");
    for (int i = 1; i <= LETTERS; i++) snprintf(mapping + strlen(mapping), 64, "%d %c\n", i, 'A' + i - 1);
    write_file(folder, "names.txt", mapping, strlen(mapping));
    name_classes(&config, 2, pair);
    struct dataset *set = load(&config, 4);
    assert_int_equal(image_at(set, set->x_train, 0), 25);
    assert_int_equal(image_at(set, set->x_train, 1), 1);
    dataset_free(set);
    write_file(folder, "names.txt", few, sizeof few - 1);
    assert_refused(&config, "data.classes: mnist has no class 'Z'; its classes are zero one");
    write_file(folder, "names.txt", "1 A\n1 B\n", 8);
    assert_refused(&config, "names.txt: the label 1 stands there twice");
}

static void test_other_files_are_refused(void **state) {
    (void)state;
    struct config config = letters();
    config.data.files.count = 3;
    assert_refused(&config, "data.files: 3 names; four were expected");
    config.data.files.count = 4;
    write_letters(letter_file[3], LETTER_TEST - 1);
    assert_refused(&config, "letters-test-labels: 51 labels;");
    unsigned char bytes[8 + LETTER_TEST] = {0, 0, 8, 1, 0, 0, 0, LETTER_TEST};
    memset(bytes + 8, 27, LETTER_TEST);
    write_file(folder, letter_file[3], bytes, sizeof bytes);
    assert_refused(&config, "letters-test-labels: record 0 (the first is 0) has label 27; expected 1 to 26");
}

/* --- CIFAR-100 --- */

enum { RECORD = 3074 };

/* Image i has superclass i mod 20 and class i mod 100. */
static void write_hundred(const char *name, int count) {
    unsigned char *bytes = malloc((size_t)count * RECORD);
    for (int i = 0; i < count; i++) {
        unsigned char *record = bytes + (size_t)i * RECORD;
        record[0] = (unsigned char)(i % 20);
        record[1] = (unsigned char)(i % 100);
        for (int j = 0; j < RECORD - 2; j++) record[2 + j] = pixel_of(i, j);
    }
    write_file(folder, name, bytes, (size_t)count * RECORD);
    free(bytes);
}

static void test_cifar100(void **state) {
    (void)state;
    static const char *const fine[] = {"worm", "apple", "crocodile"}, *const coarse[] = {"vehicles_2", "fish"};
    write_hundred("train.bin", 200);
    write_hundred("test.bin", 100);
    struct config config = image_config(SOURCE_CIFAR100, folder);
    struct dataset *set = load(&config, 7);
    assert_int_equal(set->shape.outputs, 100);
    assert_int_equal(set->shape.rows * 10000 + set->shape.columns * 100 + set->shape.channels, 323203);
    dataset_free(set);
    config.data.test_size = 3;
    name_classes(&config, 3, fine);
    set = load(&config, 6);
    static const int64_t wanted[] = {99, 0, 27, 199, 100, 127};
    for (int64_t i = 0; i < 6; i++) assert_int_equal(image_at(set, set->x_train, i), wanted[i]);
    ASSERT_CLOSE(set->x_train[1] * set->deviation + set->mean, pixel_of(99, 1024), 1e-10);
    dataset_free(set);
    config.data.labels = LABELS_COARSE;
    assert_refused(&config, "cifar100 has no class 'worm'");
    name_classes(&config, 2, coarse);
    set = load(&config, 4);
    for (int64_t i = 0; i < 4; i++) assert_int_equal(image_at(set, set->x_train, i) % 20, i % 2 ? 1 : 19);
    dataset_free(set);
    write_file(folder, "test.bin", "12345", 5);
    assert_refused(&config, "test.bin: holds 5 bytes; expected a whole number of CIFAR-100 records of 3074 bytes");
}

/* --- drawn data --- */

static struct config drawn(int source, int64_t dimension) {
    struct config config = {0};
    config.data.source = source;
    config.data.dimension = dimension;
    config.data.degree = 1;
    config.data.test_size = 500;
    config.data.seed = 3;
    return config;
}

static double moment(int64_t count, const double *y, const double *z) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += y[i] * z[i];
    return sum / (double)count;
}

/* Inputs have the radius sqrt(d). In three dimensions the targets are Legendre polynomials of t = the target of degree 1
 * over sqrt(3): sqrt(2 l + 1) P_l(t). */
static void test_sphere(void **state) {
    (void)state;
    struct config config = drawn(SOURCE_SPHERE, 3);
    struct dataset *linear = load(&config, 400);
    for (int64_t i = 0; i < 400; i++)
        ASSERT_CLOSE(moment(3, linear->x_train + 3 * i, linear->x_train + 3 * i), 1, 1e-14);
    for (int64_t degree = 2; degree <= 3; degree++) {
        config.data.degree = degree;
        struct dataset *set = load(&config, 400);
        for (int64_t i = 0; i < 400; i++) {
            double t = linear->y_train[i] / sqrt(3);
            ASSERT_CLOSE(set->y_train[i],
                         degree == 2 ? sqrt(5) * (1.5 * t * t - 0.5) : sqrt(7) * (2.5 * t * t * t - 1.5 * t), 1e-13);
        }
        dataset_free(set);
    }
    dataset_free(linear);
}

/* Polynomials of different degrees are orthogonal, each of variance 1, in any dimension; 30000 draws: the spread of a mean is
 * 1/sqrt(30000) times the deviation of the products, at most about 10 here. */
static void test_sphere_targets_are_harmonics(void **state) {
    (void)state;
    static const int64_t dimensions[] = {2, 5, 40};
    enum { DRAWS = 30000 };
    for (int d = 0; d < 3; d++) {
        struct config config = drawn(SOURCE_SPHERE, dimensions[d]);
        struct dataset *set[3];
        for (int64_t l = 1; l <= 3; l++) {
            config.data.degree = l;
            set[l - 1] = load(&config, DRAWS);
        }
        for (int a = 0; a < 3; a++)
            for (int b = 0; b <= a; b++) ASSERT_CLOSE(moment(DRAWS, set[a]->y_train, set[b]->y_train), a == b, 0.25);
        for (int a = 0; a < 3; a++) dataset_free(set[a]);
    }
}

/* Two clusters 2 |m| apart: x - y m is standard normal, for one and the same m. */
static void test_clusters(void **state) {
    (void)state;
    enum { D = 7, DRAWS = 20000 };
    struct config config = drawn(SOURCE_CLUSTERS, D);
    config.data.mean = 1.5;
    struct dataset *set = load(&config, DRAWS);
    double m[D] = {0}, length = 0;
    assert_int_equal(set->shape.outputs * 10 + set->shape.has_classes, 11);
    for (int64_t i = 0; i < DRAWS; i++) {
        ASSERT_CLOSE(set->y_train[i], i % 2 ? -1 : 1, 0);
        for (int j = 0; j < D; j++) m[j] += set->y_train[i] * set->x_train[i * D + j] / DRAWS;
    }
    for (int j = 0; j < D; j++) length += m[j] * m[j];
    ASSERT_CLOSE(sqrt(length), 1.5, 6 / sqrt(DRAWS));
    for (int j = 0; j < D; j++) {
        double squares = 0;
        for (int64_t i = 0; i < DRAWS; i++) squares += pow(set->x_train[i * D + j] - set->y_train[i] * m[j], 2) / DRAWS;
        ASSERT_CLOSE(squares, 1, 6 * sqrt(2.0 / DRAWS));
    }
    config.training.loss = LOSS_CROSS_ENTROPY;
    assert_false(dataset_same(&config, &(struct config){.data = config.data}));
    struct dataset *two = load(&config, 50);
    assert_int_equal(two->shape.outputs, 2);
    for (int64_t i = 0; i < 50 * D; i++) ASSERT_CLOSE(two->x_train[i], set->x_train[i], 0);
    for (int64_t i = 0; i < 100; i++) ASSERT_CLOSE(two->y_train[i], (i / 2 + i) % 2 == 0, 0);
    dataset_free(two);
    dataset_free(set);
}

/* Midpoints, of the training set and of the test set; each size is a set of its own. */
static void test_function(void **state) {
    (void)state;
    struct config config = drawn(SOURCE_FUNCTION, 0);
    config.data.interval = (struct interval){0.5, 10.5};
    config.data.slope = 2;
    for (config.data.function = FUNCTION_SIN; config.data.function <= FUNCTION_ABS; config.data.function++) {
        struct dataset *set = load(&config, 10);
        assert_int_equal(set->shape.inputs * 100 + set->shape.outputs * 10 + set->shape.has_classes, 110);
        for (int64_t i = 0; i < 10; i++) {
            double x = (double)(i + 1); /* 1, ..., 10, exactly */
            const double y[] = {sin(x), 2 * x, -x, x};
            ASSERT_CLOSE(set->x_train[i], x, 0);
            ASSERT_CLOSE(set->y_train[i], y[config.data.function], 0);
        }
        for (int64_t i = 0; i < 500; i++) ASSERT_CLOSE(set->x_test[i], 0.5 + 0.02 * ((double)i + 0.5), 1e-14);
        dataset_free(set);
    }
    config.data.interval = (struct interval){-3, 1};
    config.data.function = FUNCTION_ABS;
    struct dataset *set = load(&config, 2);
    assert_true(set->x_train[0] == -2 && set->x_train[1] == 0 && set->y_train[0] == 2);
    dataset_free(set);
}

/* A ball and a shell, in turn: (2 (r - i mod 2))^d is uniform, directions are those of normal numbers, which have no
 * mean. */
static void test_spheres(void **state) {
    (void)state;
    static const int64_t dimensions[] = {1, 2, 5};
    enum { DRAWS = 20000 };
    for (int at = 0; at < 3; at++) {
        int64_t d = dimensions[at];
        struct config config = drawn(SOURCE_SPHERES, d);
        struct dataset *set = load(&config, DRAWS);
        double sum = 0, squares = 0, centre = 0;
        assert_int_equal(set->shape.inputs * 100 + set->shape.outputs * 10 + set->shape.has_classes, d * 100 + 11);
        for (int64_t i = 0; i < DRAWS; i++) {
            const double *x = set->x_train + d * i;
            double r = sqrt(moment(d, x, x) * (double)d), u = pow(2 * (r - (double)(i % 2)), (double)d);
            assert_true(u > 0 && u < 1 + 1e-12 && set->y_train[i] == (i % 2 ? -1 : 1));
            sum += u / DRAWS;
            squares += u * u / DRAWS;
            centre += x[0] / r / DRAWS;
        }
        ASSERT_CLOSE(sum, 0.5, 6 * sqrt(1.0 / 12 / DRAWS));
        ASSERT_CLOSE(squares, 1.0 / 3, 6 * sqrt(4.0 / 45 / DRAWS));
        ASSERT_CLOSE(centre, 0, 6 * sqrt(1.0 / (double)d / DRAWS));
        dataset_free(set);
    }
}

/* Without noise radius and angle give the same u, of mean 1/2 and variance 1/12; noise is what is added, of variance
 * noise^2; the two spirals are one turned by pi. */
static void test_spirals(void **state) {
    (void)state;
    enum { DRAWS = 20000 };
    const double c = sqrt(338.0 / 61), pi = acos(-1);
    struct config config = drawn(SOURCE_SPIRALS, 0);
    struct dataset *set = load(&config, DRAWS);
    config.data.noise = 0.25;
    struct dataset *noisy = load(&config, DRAWS);
    double sum = 0, squares = 0, noise = 0;
    assert_int_equal(set->shape.inputs * 100 + set->shape.outputs * 10 + set->shape.has_classes, 211);
    for (int64_t i = 0; i < DRAWS; i++) {
        const double *x = set->x_train + 2 * i, *other = noisy->x_train + 2 * i, y = i % 2 ? -1 : 1;
        double u = (13 * hypot(x[0], x[1]) / c - 1) / 12;
        assert_true(u >= 0 && u <= 1 && set->y_train[i] == y);
        ASSERT_CLOSE(hypot(y * x[0] - c * (1 + 12 * u) / 13 * cos(6 * pi * u),
                           y * x[1] - c * (1 + 12 * u) / 13 * sin(6 * pi * u)),
                     0, 1e-12);
        sum += u / DRAWS;
        squares += (x[0] * x[0] + x[1] * x[1]) / DRAWS;
        noise += (pow(other[0] - x[0], 2) + pow(other[1] - x[1], 2)) / (2 * DRAWS);
    }
    ASSERT_CLOSE(sum, 0.5, 6 * sqrt(1.0 / 12 / DRAWS));
    ASSERT_CLOSE(squares, 2, 12 / sqrt(DRAWS));
    ASSERT_CLOSE(noise / (0.25 * 0.25), 1, 6 * sqrt(1.0 / DRAWS));
    dataset_free(noisy);
    dataset_free(set);
}

static void field(const double *x, double *rate) {
    double p = x[0] * x[0] * x[0], q = x[1] * x[1] * x[1];
    rate[0] = -0.1 * p + 2 * q;
    rate[1] = -2 * p - 0.1 * q;
}

/* One step of the classical Runge-Kutta method. */
static void runge_kutta(double h, double x[2]) {
    static const double node[4] = {0, 0.5, 0.5, 1}, weight[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
    double k[2] = {0}, sum[2] = {0};
    for (int stage = 0; stage < 4; stage++) {
        const double at[2] = {x[0] + h * node[stage] * k[0], x[1] + h * node[stage] * k[1]};
        field(at, k);
        for (int i = 0; i < 2; i++) sum[i] += h * weight[stage] * k[i];
    }
    for (int i = 0; i < 2; i++) x[i] += sum[i];
}

/* Against 20000 Runge-Kutta steps, of whose fourth power the error is, and their rounding. */
static void test_spiral_flow(void **state) {
    (void)state;
    struct config config = drawn(SOURCE_SPIRAL_FLOW, 0);
    config.data.time = 2.385;
    struct dataset *set = load(&config, 40);
    assert_int_equal(set->shape.inputs * 100 + set->shape.outputs * 10 + set->shape.has_classes, 220);
    for (int64_t i = 0; i < 40; i++) {
        double x[2] = {set->x_train[2 * i], set->x_train[2 * i + 1]};
        assert_true(fabs(x[0]) < 1 && fabs(x[1]) < 1);
        for (int step = 0; step < 20000; step++) runge_kutta(config.data.time / 20000, x);
        ASSERT_CLOSE(hypot(x[0] - set->y_train[2 * i], x[1] - set->y_train[2 * i + 1]), 0, 1e-12);
    }
    dataset_free(set);
    config.data.time = 0;
    set = load(&config, 40);
    assert_memory_equal(set->x_train, set->y_train, 80 * sizeof(double));
    dataset_free(set);
}

static void test_drawn_sets_are_nested_and_seeded(void **state) {
    (void)state;
    static const int sources[] = {SOURCE_SPHERE, SOURCE_CLUSTERS, SOURCE_SPHERES, SOURCE_SPIRALS, SOURCE_SPIRAL_FLOW};
    for (int s = 0; s < 5; s++) {
        struct config config = drawn(sources[s], 6);
        struct dataset *large = load(&config, 90), *small = load(&config, 31);
        config.data.seed = 4;
        struct dataset *other = load(&config, 31);
        size_t example = (size_t)small->shape.inputs * sizeof(double);
        assert_memory_equal(large->x_train, small->x_train, 31 * example);
        assert_memory_equal(large->y_train, small->y_train, 31 * sizeof(double));
        assert_memory_not_equal(other->x_train, small->x_train, 31 * example);
        assert_memory_equal(other->x_test, small->x_test, 500 * example);
        dataset_free(large);
        dataset_free(small);
        dataset_free(other);
    }
}

#define EACH_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH_TEST(test_letters),
        EACH_TEST(test_class_names),
        EACH_TEST(test_other_files_are_refused),
        EACH_TEST(test_cifar100),
        cmocka_unit_test(test_sphere),
        cmocka_unit_test(test_sphere_targets_are_harmonics),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_function),
        cmocka_unit_test(test_spheres),
        cmocka_unit_test(test_spirals),
        cmocka_unit_test(test_spiral_flow),
        cmocka_unit_test(test_drawn_sets_are_nested_and_seeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
