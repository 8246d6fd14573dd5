/* What dataset_load makes of well-formed files, and the built-in source. */
#include "data_files.h"

#include "random.h"

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

static struct config mnist(void) {
    write_mnist(folder, "-", "");
    return image_config(SOURCE_MNIST, folder);
}

static struct config cifar(void) {
    write_cifar(folder);
    return image_config(SOURCE_CIFAR10, folder);
}

static double byte_at(const struct dataset *set, const double *x, int64_t example, int64_t j) {
    return x[example * set->shape.inputs + j] * set->deviation + set->mean;
}

static int64_t image_at(const struct dataset *set, const double *x, int64_t example) {
    return lround(byte_at(set, x, example, 0));
}

static int equal(const double *a, const double *b, int64_t count) {
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static void digest_of(const struct config *config, int64_t train, int64_t part, unsigned char digest[16]) {
    struct dataset *set = load(config, train);
    dataset_digest(set, part, digest);
    dataset_free(set);
}

/* --- scaling --- */

static double byte_of(int64_t inputs, int64_t i) { return pixel_of(i / inputs, i % inputs); }

static void assert_scaling(const struct dataset *set, int64_t images) {
    double mean = 0, squares = 0, count = (double)(images * set->shape.inputs);
    for (int64_t i = 0; i < images * set->shape.inputs; i++) mean += byte_of(set->shape.inputs, i);
    mean /= count;
    for (int64_t i = 0; i < images * set->shape.inputs; i++) squares += pow(byte_of(set->shape.inputs, i) - mean, 2);
    ASSERT_CLOSE(set->mean, mean, 1e-13);
    ASSERT_CLOSE(set->deviation, sqrt(squares / count), 1e-10);
}

static void test_scaling_is_of_the_whole_training_split(void **state) {
    (void)state;
    static const char *const classes[] = {"3", "8"};
    struct config config = mnist();
    name_classes(&config, 2, classes);
    struct dataset *set = load(&config, 7);
    assert_scaling(set, IDX_TRAIN);
    dataset_free(set);
    config = cifar();
    set = load(&config, 7);
    assert_scaling(set, 70);
    dataset_free(set);
}

/* --- layout --- */

static void test_mnist_pixels(void **state) {
    (void)state;
    struct config config = mnist();
    struct dataset *set = load(&config, 31);
    assert_int_equal(set->shape.rows * 100 + set->shape.columns * 10 + set->shape.channels,
                     100 * ROWS + 10 * COLUMNS + 1);
    for (int64_t i = 0; i < set->shape.train * set->shape.inputs; i++) {
        int64_t example = i / set->shape.inputs, j = i % set->shape.inputs;
        ASSERT_CLOSE(byte_at(set, set->x_train, example, j), pixel_of(image_at(set, set->x_train, example), j), 1e-10);
    }
    dataset_free(set);
}

static void test_cifar_is_channels_last(void **state) {
    (void)state;
    struct config config = cifar();
    struct dataset *set = load(&config, 11);
    assert_int_equal(set->shape.rows * 10000 + set->shape.columns * 100 + set->shape.channels, 323203);
    for (int64_t i = 0; i < set->shape.test * set->shape.inputs; i++) {
        int64_t example = i / set->shape.inputs, j = i % set->shape.inputs, channel = j % 3, place = j / 3;
        ASSERT_CLOSE(byte_at(set, set->x_test, example, j),
                     pixel_of(image_at(set, set->x_test, example), channel * 1024 + place), 1e-10);
    }
    dataset_free(set);
}

static void test_spellings_and_gzip_are_the_same_data(void **state) {
    (void)state;
    static const char *const spelling[][2] = {{"-", ""}, {".", ""}, {"-", ".gz"}, {".", ".gz"}};
    unsigned char digest[4][16];
    for (int i = 0; i < 4; i++) {
        char *own = make_folder();
        write_mnist(own, spelling[i][0], spelling[i][1]);
        struct config config = image_config(SOURCE_MNIST, own);
        digest_of(&config, 33, 33, digest[i]);
        assert_memory_equal(digest[i], digest[0], 16);
        remove_folder(own);
    }
}

/* --- choice and order of examples --- */

static void test_file_order_is_balanced_and_in_order(void **state) {
    (void)state;
    static const char *const classes[] = {"horse", "airplane", "4"};
    static const int label[] = {7, 0, 4};
    struct config config = cifar(); /* batch 2 stands before batch 10 */
    name_classes(&config, 3, classes);
    config.data.test_size = 8;
    struct dataset *set = load(&config, 17);
    for (int64_t i = 0; i < 17; i++)
        assert_int_equal(image_at(set, set->x_train, i), image_of_class(label[i % 3], i / 3, 0));
    for (int64_t i = 0; i < 8; i++)
        assert_int_equal(image_at(set, set->x_test, i), image_of_class(label[i % 3], i / 3, 70));
    dataset_free(set);
}

static void test_two_classes_are_the_first_of_each(void **state) {
    (void)state;
    static const char *const classes[] = {"airplane", "horse"};
    struct config config = cifar();
    name_classes(&config, 2, classes);
    struct dataset *set = load(&config, 10);
    int found[256] = {0};
    for (int64_t i = 0; i < 10; i++) found[image_at(set, set->x_train, i)]++;
    for (int64_t member = 0; member < 5; member++)
        assert_int_equal(found[image_of_class(0, member, 0)] + found[image_of_class(7, member, 0)], 2);
    dataset_free(set);
}

static void test_shuffled_order_takes_each_image_once(void **state) {
    (void)state;
    struct config config = mnist();
    config.data.order = ORDER_SHUFFLED;
    struct dataset *set = load(&config, 100);
    int found[256] = {0}, moved = 0;
    for (int64_t i = 0; i < 100; i++) {
        int64_t image = image_at(set, set->x_train, i);
        assert_int_equal(label_of(image), i % 10);
        assert_int_equal(found[image]++, 0);
        moved += image != image_of_class((int)(i % 10), i / 10, 0);
    }
    assert_true(moved > 50);
    dataset_free(set);
}

/* Whatever other classes there are, and in whatever order. */
static void test_each_class_has_its_own_permutation(void **state) {
    (void)state;
    static const char *const classes[] = {"6", "3"};
    static const int label[] = {6, 3};
    struct config config = mnist();
    name_classes(&config, 2, classes);
    config.data.order = ORDER_SHUFFLED;
    config.data.seed = 17;
    struct dataset *set = load(&config, 20);
    for (int c = 0; c < 2; c++) {
        int64_t held = 0, place[IDX_TRAIN];
        for (int64_t image = 0; image < IDX_TRAIN; image++) held += label_of(image) == label[c];
        random_permutation(17, RANDOM_SPLIT, (uint64_t)label[c], held, place);
        for (int64_t i = c; i < 20; i += 2)
            assert_int_equal(image_at(set, set->x_train, i), image_of_class(label[c], place[i / 2], 0));
    }
    dataset_free(set);
}

static void test_shuffled_sets_are_nested(void **state) {
    (void)state;
    struct config config = mnist();
    config.data.order = ORDER_SHUFFLED;
    config.data.seed = 5;
    struct dataset *large = load(&config, 77), *small = load(&config, 23);
    assert_true(equal(large->x_train, small->x_train, 23 * small->shape.inputs));
    assert_true(equal(large->y_train, small->y_train, 23 * small->shape.outputs));
    unsigned char of_large[16], of_small[16];
    dataset_digest(large, 23, of_large);
    dataset_digest(small, 23, of_small);
    assert_memory_equal(of_large, of_small, 16);
    dataset_free(large);
    dataset_free(small);
}

static void test_data_seed_changes_training_sets_only(void **state) {
    (void)state;
    struct config config = mnist();
    config.data.order = ORDER_SHUFFLED;
    config.data.test_size = 20;
    struct dataset *one = load(&config, 40);
    config.data.seed = 9;
    struct dataset *other = load(&config, 40);
    assert_false(equal(one->x_train, other->x_train, 40 * one->shape.inputs));
    assert_true(equal(one->x_test, other->x_test, 20 * one->shape.inputs));
    assert_true(equal(one->y_test, other->y_test, 20 * one->shape.outputs));
    dataset_free(one);
    dataset_free(other);
}

/* --- targets --- */

static void test_two_classes_have_one_output(void **state) {
    (void)state;
    static const char *const classes[] = {"9", "2"};
    struct config config = mnist();
    name_classes(&config, 2, classes);
    struct dataset *set = load(&config, 15);
    assert_int_equal(set->shape.outputs, 1);
    for (int64_t i = 0; i < 15; i++) {
        int label = label_of(image_at(set, set->x_train, i));
        ASSERT_CLOSE(set->y_train[i], label == 9 ? 1 : -1, 0);
        assert_int_equal(label, i % 2 ? 2 : 9);
    }
    dataset_free(set);
}

/* Cross-entropy: one-hot also for two classes, the first named is output 0; the examples are the same. */
static void test_cross_entropy_has_an_output_per_class(void **state) {
    (void)state;
    static const char *const classes[] = {"9", "2"};
    struct data_shape shape;
    struct config config = mnist();
    config.data.order = ORDER_SHUFFLED;
    name_classes(&config, 2, classes);
    struct dataset *mse = load(&config, 15);
    config.training.loss = LOSS_CROSS_ENTROPY;
    struct dataset *set = load(&config, 15);
    assert_int_equal(set->shape.outputs, 2);
    assert_int_equal(dataset_check(&config, 5, &shape), OK);
    assert_int_equal(shape.outputs, 2);
    assert_true(equal(set->x_train, mse->x_train, 15 * set->shape.inputs));
    for (int64_t i = 0; i < 15 * 2; i++)
        ASSERT_CLOSE(set->y_train[i], label_of(image_at(set, set->x_train, i / 2)) == (i % 2 ? 2 : 9), 0);
    for (int64_t i = 0; i < set->shape.test; i++)
        ASSERT_CLOSE(set->y_test[2 * i] - set->y_test[2 * i + 1], mse->y_test[i], 0);
    unsigned char digest[2][16];
    dataset_digest(mse, 15, digest[0]);
    dataset_digest(set, 15, digest[1]);
    assert_memory_not_equal(digest[0], digest[1], 16);
    dataset_free(mse);
    dataset_free(set);
}

static void test_more_classes_are_one_hot_as_named(void **state) {
    (void)state;
    static const char *const classes[] = {"truck", "bird", "frog"};
    static const int label[] = {9, 2, 6};
    struct config config = cifar();
    name_classes(&config, 3, classes);
    for (int loss = LOSS_MSE; loss <= LOSS_CROSS_ENTROPY; loss++) {
        config.training.loss = loss;
        struct dataset *set = load(&config, 14);
        assert_int_equal(set->shape.outputs, 3);
        for (int64_t i = 0; i < 14 * 3; i++)
            ASSERT_CLOSE(set->y_train[i], label_of(image_at(set, set->x_train, i / 3)) == label[i % 3], 0);
        dataset_free(set);
    }
}

static void test_all_classes_are_the_default(void **state) {
    (void)state;
    struct data_shape shape;
    struct config config = mnist();
    assert_int_equal(dataset_check(&config, 5, &shape), OK);
    assert_int_equal(shape.inputs, ROWS * COLUMNS);
    assert_int_equal(shape.outputs, 10);
}

/* What plan sees is what a run finds; nothing is kept. */
static void test_a_check_knows_the_sizes(void **state) {
    (void)state;
    static const char *const classes[] = {"0", "horse"};
    struct data_shape shape;
    struct config config = cifar();
    name_classes(&config, 2, classes);
    assert_int_equal(dataset_check(&config, 5, &shape), OK);
    assert_int_equal(shape.inputs, 3072);
    assert_int_equal(shape.outputs, 1);
}

/* --- gaussian --- */

static struct config gaussian(void) {
    struct config config = {0};
    config.data.source = SOURCE_GAUSSIAN;
    config.data.dimension = 19;
    config.data.outputs = 3;
    config.data.test_size = 300;
    config.data.seed = 4;
    return config;
}

static double mean_power(int64_t count, const double *x, double power) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += pow(x[i], power);
    return sum / (double)count;
}

static void test_gaussian_inputs_are_standard_normal(void **state) {
    (void)state;
    struct config config = gaussian();
    struct dataset *set = load(&config, 2000);
    int64_t count = 2000 * 19; /* standard errors 0.005, 0.007, 0.05 */
    ASSERT_CLOSE(mean_power(count, set->x_train, 1), 0, 0.025);
    ASSERT_CLOSE(mean_power(count, set->x_train, 2), 1, 0.036);
    ASSERT_CLOSE(mean_power(count, set->x_train, 4), 3, 0.25);
    ASSERT_CLOSE(mean_power(2000 * 3, set->y_train, 2), 0.39, 0.25);
    ASSERT_CLOSE(set->deviation - set->mean, 1, 0);
    dataset_free(set);
}

/* The formula of gaussian.c, again, for one example and output. */
static double taught(const double *x, int64_t output) {
    double w[19 * 32], v[32 * 3], y = 0;
    random_normal(0, RANDOM_TEACHER, 0, 0, 19 * 32, w);
    random_normal(0, RANDOM_TEACHER, 1, 0, 32 * 3, v);
    for (int h = 0; h < 32; h++) {
        double sum = 0;
        for (int j = 0; j < 19; j++) sum += x[j] * w[j * 32 + h];
        y += tanh(sum / sqrt(19)) * v[h * 3 + output] / sqrt(32);
    }
    return y;
}

static void test_gaussian_targets_are_the_teachers(void **state) {
    (void)state;
    struct config config = gaussian();
    struct dataset *set = load(&config, 13);
    for (int64_t i = 0; i < 13 * 3; i++) ASSERT_CLOSE(set->y_train[i], taught(set->x_train + i / 3 * 19, i % 3), 1e-13);
    for (int64_t i = 0; i < 300 * 3; i++) ASSERT_CLOSE(set->y_test[i], taught(set->x_test + i / 3 * 19, i % 3), 1e-13);
    dataset_free(set);
}

static void test_gaussian_sets_are_nested_and_seeded(void **state) {
    (void)state;
    struct config config = gaussian();
    struct dataset *large = load(&config, 150), *small = load(&config, 41);
    config.data.seed = 0;
    struct dataset *other = load(&config, 41);
    assert_true(equal(large->x_train, small->x_train, 41 * 19));
    assert_true(equal(large->y_train, small->y_train, 41 * 3));
    assert_false(equal(other->x_train, small->x_train, 41 * 19));
    assert_true(equal(other->x_test, small->x_test, 300 * 19));
    assert_false(equal(other->x_test, other->x_train, 19));
    dataset_free(large);
    dataset_free(small);
    dataset_free(other);
}

/* --- digest and sameness --- */

static void test_digest_sees_every_part(void **state) {
    (void)state;
    struct config config = gaussian();
    struct dataset *set = load(&config, 12);
    double *const place[] = {set->x_train + 200, set->y_train + 35, set->x_test + 5699,
                             set->y_test + 7,    &set->mean,        &set->deviation};
    unsigned char before[16], after[16];
    dataset_digest(set, 12, before);
    for (int i = 0; i < 6; i++) {
        double held = *place[i];
        *place[i] += 1e-9;
        dataset_digest(set, 12, after);
        assert_memory_not_equal(before, after, 16);
        *place[i] = held;
    }
    dataset_digest(set, 12, after);
    assert_memory_equal(before, after, 16);
    dataset_digest(set, 11, after);
    assert_memory_not_equal(before, after, 16);
    dataset_free(set);
}

static void test_sameness_is_of_the_data_section(void **state) {
    (void)state;
    static const char *const classes[] = {"1", "4"}, *const others[] = {"4", "1"};
    struct config a = image_config(SOURCE_MNIST, "here"), b = a;
    name_classes(&a, 2, classes);
    name_classes(&b, 2, classes);
    b.width = 77;
    b.network.depth = 3;
    assert_true(dataset_same(&a, &b));
    name_classes(&b, 2, others);
    assert_false(dataset_same(&a, &b));
    b = a;
    b.data.seed = 1;
    assert_false(dataset_same(&a, &b));
    b = a;
    b.data.path = "there";
    assert_false(dataset_same(&a, &b));
    b.data.path = NULL;
    assert_false(dataset_same(&a, &b));
}

/* Whatever the type of the key. */
static void test_sameness_is_of_every_key(void **state) {
    (void)state;
    static const char *const files[] = {"a", "b", "c", "d"};
    enum { KEYS = 8 };
    struct config a = image_config(SOURCE_MNIST, "here"), b[KEYS];
    for (int i = 0; i < KEYS; i++) b[i] = a;
    b[0].data.files = (struct text_list){4, files};
    b[1].data.class_names = "names";
    b[2].data.labels = LABELS_COARSE;
    b[3].data.resize = a.data.resize + 1;
    b[4].data.degree = 3;
    b[5].data.mean = 0.37;
    b[6].data.test_size = a.data.test_size + 1;
    b[7].data.target_scale = SCALE_FEATURE;
    for (int i = 0; i < KEYS; i++) {
        assert_true(dataset_same(&b[i], &b[i]));
        assert_false(dataset_same(&a, &b[i]));
    }
}

/* A dataset of two classes is another one for cross-entropy, of more classes the same. */
static void test_sameness_of_targets(void **state) {
    (void)state;
    static const char *const classes[] = {"1", "4", "7"};
    struct config a = image_config(SOURCE_MNIST, "here"), b = a;
    b.training.loss = LOSS_CROSS_ENTROPY;
    assert_true(dataset_same(&a, &b));
    for (int64_t count = 2; count <= 3; count++) {
        name_classes(&a, count, classes);
        name_classes(&b, count, classes);
        assert_int_equal(dataset_same(&a, &b), count == 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scaling_is_of_the_whole_training_split, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mnist_pixels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cifar_is_channels_last, setup, teardown),
        cmocka_unit_test(test_spellings_and_gzip_are_the_same_data),
        cmocka_unit_test_setup_teardown(test_file_order_is_balanced_and_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_classes_are_the_first_of_each, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shuffled_order_takes_each_image_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_class_has_its_own_permutation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shuffled_sets_are_nested, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_seed_changes_training_sets_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_classes_have_one_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cross_entropy_has_an_output_per_class, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_classes_are_one_hot_as_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_classes_are_the_default, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_check_knows_the_sizes, setup, teardown),
        cmocka_unit_test(test_gaussian_inputs_are_standard_normal),
        cmocka_unit_test(test_gaussian_targets_are_the_teachers),
        cmocka_unit_test(test_gaussian_sets_are_nested_and_seeded),
        cmocka_unit_test(test_digest_sees_every_part),
        cmocka_unit_test(test_sameness_is_of_the_data_section),
        cmocka_unit_test(test_sameness_is_of_every_key),
        cmocka_unit_test(test_sameness_of_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
