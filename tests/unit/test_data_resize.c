/* data.resize: what images, their scaling, shapes and names become; sources that are no images. */
#include "data_files.h"

/* An IDX set of 6 x 9 pixels, of which resize: 3 makes 2 x 3. */
enum { TALL = 6, WIDE = 9, FACTOR = 3, SMALL_ROWS = 2, SMALL_COLUMNS = 3, SMALL = SMALL_ROWS * SMALL_COLUMNS };

static char *folder;

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    write_mnist(folder, "-", "");
    write_idx_images(folder, "train-images-idx3-ubyte", IDX_TRAIN, TALL, WIDE);
    write_idx_images(folder, "t10k-images-idx3-ubyte", IDX_TEST, TALL, WIDE);
    write_cifar(folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct config resized(int source, int64_t factor) {
    struct config config = image_config(source, folder);
    config.data.resize = factor;
    return config;
}

/* The mean of the square (row, column) of a plane `wide` bytes wide that begins at byte `first` of the image. */
static double mean_of_square(int64_t image, int64_t first, int64_t wide, int64_t factor, int64_t row, int64_t column) {
    double sum = 0;
    for (int64_t y = 0; y < factor; y++)
        for (int64_t x = 0; x < factor; x++)
            sum += pixel_of(image, first + (row * factor + y) * wide + column * factor + x);
    return sum / (double)(factor * factor);
}

static double unscaled(const struct dataset *set, const double *x, int64_t i) {
    return x[i] * set->deviation + set->mean;
}

static void test_pixels_are_means_of_squares(void **state) {
    (void)state;
    struct config config = resized(SOURCE_MNIST, FACTOR);
    struct dataset *set = load(&config, 31);
    assert_int_equal(set->shape.rows * 100 + set->shape.columns * 10 + set->shape.channels,
                     100 * SMALL_ROWS + 10 * SMALL_COLUMNS + 1);
    assert_int_equal(set->shape.inputs, SMALL);
    for (int64_t i = 0; i < 31 * SMALL; i++) {
        int64_t example = i / SMALL, row = i % SMALL / SMALL_COLUMNS, column = i % SMALL_COLUMNS;
        int64_t image = image_of_class((int)(example % 10), example / 10, 0);
        ASSERT_CLOSE(unscaled(set, set->x_train, i), mean_of_square(image, 0, WIDE, FACTOR, row, column), 1e-10);
    }
    dataset_free(set);
}

/* A square stays within its channel, and channels come last. */
static void test_channels_stay_apart(void **state) {
    (void)state;
    struct config config = resized(SOURCE_CIFAR10, 8);
    struct dataset *set = load(&config, 11);
    assert_int_equal(set->shape.rows * 100 + set->shape.columns * 10 + set->shape.channels, 443);
    for (int64_t i = 0; i < 5 * 48; i++) {
        int64_t example = i / 48, place = i % 48 / 3, channel = i % 3;
        int64_t image = image_of_class((int)example, 0, 70);
        ASSERT_CLOSE(unscaled(set, set->x_test, i), mean_of_square(image, 1024 * channel, 32, 8, place / 4, place % 4),
                     1e-10);
    }
    dataset_free(set);
}

/* One pixel a channel is as small as an image gets; it still is one. */
static void test_one_pixel(void **state) {
    (void)state;
    struct config config = resized(SOURCE_CIFAR10, 32);
    struct dataset *set = load(&config, 2);
    assert_int_equal(set->shape.inputs, 3);
    assert_int_equal(set->shape.is_image, 1);
    ASSERT_CLOSE(unscaled(set, set->x_test, 1), mean_of_square(image_of_class(0, 0, 70), 1024, 32, 32, 0, 0), 1e-10);
    dataset_free(set);
}

/* Of the resized images, so that a whole training split has mean 0 and deviation 1. */
static void test_scaling_is_of_resized_images(void **state) {
    (void)state;
    struct config config = resized(SOURCE_MNIST, FACTOR);
    struct dataset *set = load(&config, 7);
    double mean = 0, squares = 0;
    const int64_t count = IDX_TRAIN * SMALL;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++) {
            double pixel = mean_of_square(i / SMALL, 0, WIDE, FACTOR, i % SMALL / SMALL_COLUMNS, i % SMALL_COLUMNS);
            if (pass == 0) mean += pixel / (double)count;
            if (pass == 1) squares += (pixel - mean) * (pixel - mean);
        }
    ASSERT_CLOSE(set->mean, mean, 1e-12);
    ASSERT_CLOSE(set->deviation, sqrt(squares / (double)count), 1e-11);
    dataset_free(set);
}

static void assert_shape(const struct config *config) {
    struct data_shape shape;
    struct dataset *set = load(config, 3);
    assert_int_equal(dataset_check(config, 3, &shape), OK);
    assert_int_equal(shape.rows, set->shape.rows);
    assert_int_equal(shape.columns, set->shape.columns);
    assert_int_equal(shape.channels, set->shape.channels);
    assert_int_equal(shape.inputs, set->shape.inputs);
    assert_int_equal(shape.inputs, shape.rows * shape.columns * shape.channels);
    assert_int_equal(shape.outputs, set->shape.outputs);
    assert_int_equal(shape.is_image, set->shape.is_image);
    dataset_free(set);
}

static void test_shapes_are_known_without_examples(void **state) {
    (void)state;
    struct config plain = resized(SOURCE_MNIST, 1), mnist = resized(SOURCE_MNIST, 3),
                  cifar = resized(SOURCE_CIFAR10, 2);
    assert_shape(&plain);
    assert_shape(&mnist);
    assert_shape(&cifar);
}

static void test_gaussian_is_no_image(void **state) {
    (void)state;
    struct config config = {.data = {.source = SOURCE_GAUSSIAN, .dimension = 19, .outputs = 3, .test_size = 2}};
    struct data_shape shape;
    assert_int_equal(dataset_check(&config, 2, &shape), OK);
    assert_int_equal(shape.is_image, 0);
    assert_int_equal(shape.rows * 1000 + shape.columns * 100 + shape.channels, 1119);
    assert_shape(&config);
}

static void assert_refused(status outcome, const char *message) {
    assert_int_equal(outcome, ERROR_INPUT);
    assert_string_equal(status_message(), message);
}

static void test_a_factor_that_does_not_divide_is_refused(void **state) {
    (void)state;
    struct data_shape shape;
    struct dataset *set = NULL;
    struct config config = resized(SOURCE_CIFAR10, 5);
    static const char cifar[] = "data.resize: 5 does not divide the 32 x 32 pixels of the images of cifar10";
    assert_refused(dataset_check(&config, 2, &shape), cifar);
    assert_refused(dataset_load(&config, 3, &set), cifar);
    config = resized(SOURCE_MNIST, 2);
    assert_refused(dataset_check(&config, 2, &shape),
                   "data.resize: 2 does not divide the 6 x 9 pixels of the images of mnist");
    config = resized(SOURCE_MNIST, 6);
    assert_refused(dataset_load(&config, 3, &set),
                   "data.resize: 6 does not divide the 6 x 9 pixels of the images of mnist");
    assert_null(set);
}

/* Sizes are told as the files have them. */
static void test_other_test_images_are_refused(void **state) {
    (void)state;
    struct dataset *set = NULL;
    struct config config = resized(SOURCE_MNIST, FACTOR);
    char message[600];
    write_idx_images(folder, "t10k-images-idx3-ubyte", IDX_TEST, WIDE, TALL);
    snprintf(message, sizeof message, "%s: the test images are 9 x 6 pixels; the training images are 6 x 9", folder);
    assert_refused(dataset_load(&config, 3, &set), message);
}

/* ---- names ---- */

static void digest_of(const struct config *config, int64_t train, unsigned char digest[16]) {
    struct dataset *set = load(config, train);
    dataset_digest(set, train, digest);
    dataset_free(set);
}

static void test_resize_is_another_dataset(void **state) {
    (void)state;
    struct config plain = resized(SOURCE_CIFAR10, 1), half = resized(SOURCE_CIFAR10, 2);
    unsigned char digest[2][16];
    assert_false(dataset_same(&plain, &half));
    digest_of(&plain, 12, digest[0]);
    digest_of(&half, 12, digest[1]);
    assert_memory_not_equal(digest[0], digest[1], 16);
}

/* The names of records on users' disks hang on these digests, taken before there was data.resize. */
static void test_stored_digests(void **state) {
    (void)state;
    static const unsigned char mnist[] = {0xaf, 0x93, 0x60, 0xf5, 0x3f, 0xc6, 0x03, 0x5b,
                                          0x6f, 0xba, 0x4f, 0x45, 0xe0, 0x64, 0xc8, 0x5c};
    static const unsigned char cifar[] = {0x39, 0x08, 0x72, 0xac, 0x37, 0x8b, 0x28, 0x34,
                                          0x6d, 0x16, 0x9b, 0x92, 0x8d, 0xbd, 0x46, 0xb9};
    unsigned char digest[16];
    write_mnist(folder, "-", "");
    struct config config = resized(SOURCE_MNIST, 1);
    digest_of(&config, 33, digest);
    assert_memory_equal(digest, mnist, 16);
    config = resized(SOURCE_CIFAR10, 1);
    digest_of(&config, 33, digest);
    assert_memory_equal(digest, cifar, 16);
}

/* As above; exact numbers in place of drawn ones, which the C library's logarithm makes. */
static void test_stored_digest_without_images(void **state) {
    (void)state;
    static const unsigned char stored[] = {0x73, 0xd4, 0xbc, 0x19, 0x2a, 0x5d, 0x54, 0x27,
                                           0xb8, 0x5e, 0x74, 0x87, 0x4f, 0x4c, 0x91, 0xf8};
    struct config config = {.data = {.source = SOURCE_GAUSSIAN, .dimension = 3, .outputs = 1, .test_size = 2}};
    struct dataset *set = load(&config, 2);
    unsigned char digest[16];
    for (int i = 0; i < 6; i++) set->x_train[i] = 0.5 * i, set->x_test[i] = 0.25 * i;
    for (int i = 0; i < 2; i++) set->y_train[i] = set->y_test[i] = i + 0.75;
    dataset_digest(set, 2, digest);
    assert_memory_equal(digest, stored, 16);
    dataset_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pixels_are_means_of_squares, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels_stay_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_pixel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scaling_is_of_resized_images, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shapes_are_known_without_examples, setup, teardown),
        cmocka_unit_test(test_gaussian_is_no_image),
        cmocka_unit_test_setup_teardown(test_a_factor_that_does_not_divide_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_test_images_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resize_is_another_dataset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stored_digests, setup, teardown),
        cmocka_unit_test(test_stored_digest_without_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
