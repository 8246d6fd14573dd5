/* What dataset_load refuses: each case damages one file of a well-formed set, or asks for what it does not hold. */
#include "data_files.h"

#include <sys/stat.h>

static char *folder;

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    write_mnist(folder, "-", "");
    write_cifar(folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static void assert_refused(const struct config *config, int64_t train, const char *where, const char *what) {
    struct dataset *set = NULL;
    if (dataset_load(config, train, &set) != ERROR_INPUT) fail_msg("not refused: %s%s", where, what);
    const char *message = status_message();
    if (strncmp(message, where, strlen(where)) != 0 || !strstr(message, what) || strchr(message, '\n'))
        fail_msg("\"%s\" is not \"%s ... %s\"", message, where, what);
    if (strstr(message, "gzip") && !strstr(what, "gzip")) fail_msg("\"%s\" blames gzip", message);
    assert_null(set);
}

/* --- damaged files --- */

typedef void damage(const char *name, long number, int byte);

static FILE *open_file(const char *name) {
    FILE *file = fopen(path_in(folder, name), "rb+");
    assert_non_null(file);
    return file;
}

/* Makes the file longer by `number` bytes. */
static void extend(const char *name, long number, int byte) {
    (void)byte;
    FILE *file = open_file(name);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_int_equal(ftruncate(fileno(file), ftell(file) + number), 0);
    fclose(file);
}

static void cut_to(const char *name, long number, int byte) {
    (void)byte;
    assert_int_equal(truncate(path_in(folder, name), number), 0);
}

/* 8 bytes from `number` on become `byte`. */
static void overwrite(const char *name, long number, int byte) {
    FILE *file = open_file(name);
    assert_int_equal(fseek(file, number, SEEK_SET), 0);
    for (int i = 0; i < 8; i++) assert_int_equal(fputc(byte, file), byte);
    fclose(file);
}

static void poke(const char *name, long number, int byte) {
    FILE *file = open_file(name);
    assert_int_equal(fseek(file, number, SEEK_SET), 0);
    assert_int_equal(fputc(byte, file), byte);
    fclose(file);
}

static void take_away(const char *name, long number, int byte) {
    (void)number, (void)byte;
    assert_int_equal(unlink(path_in(folder, name)), 0);
}

static void make_a_folder(const char *name, long number, int byte) {
    take_away(name, number, byte);
    assert_int_equal(mkdir(path_in(folder, name), 0700), 0);
}

static void put_labels(const char *name, long number, int byte) {
    (void)byte;
    write_idx_labels(folder, name, (int)number);
}

static void transpose_images(const char *name, long number, int byte) {
    (void)byte;
    write_idx_images(folder, name, (int)number, COLUMNS, ROWS);
}

static void all_pixels(const char *name, long number, int byte) {
    for (long i = 0; i < number * ROWS * COLUMNS; i++) poke(name, 16 + i, byte);
}

static void no_batches(const char *name, long number, int byte) {
    take_away(name, number, byte);
    take_away("data_batch_2.bin", number, byte);
}

#define TRAIN_IMAGES "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"
#define TEST_IMAGES  "t10k-images-idx3-ubyte"
#define TEST_LABELS  "t10k-labels-idx1-ubyte"

static const struct damaged_file {
    int source; /* enum data_source */
    damage *damage;
    const char *name;
    long number;
    int byte;
    int names_file; /* the message begins with the file, not with its folder */
    const char *what;
} damaged_table[] = {
    {SOURCE_MNIST, take_away, TEST_LABELS, 0, 0, 0, ": there is no file " TEST_LABELS},
    {SOURCE_MNIST, make_a_folder, TRAIN_LABELS, 0, 0, 1, "Is a directory"},
    {SOURCE_MNIST, extend, TRAIN_IMAGES, -1, 0, 1, "truncated; 1799 bytes follow the header, which promises 1800"},
    {SOURCE_MNIST, extend, TRAIN_LABELS, 1, 0, 1, "too long; more than the 120 bytes"},
    {SOURCE_MNIST, cut_to, TEST_IMAGES, 11, 0, 1, "ends after 11 bytes"},
    {SOURCE_MNIST, cut_to, TEST_LABELS, 0, 0, 1, "ends after 0 bytes"},
    {SOURCE_MNIST, put_labels, TRAIN_IMAGES, IDX_TRAIN, 0, 1, "00000801; an IDX file of images has 00000803"},
    {SOURCE_MNIST, poke, TRAIN_IMAGES, 15, 0, 1, "dimension 3 the size 0"},
    {SOURCE_MNIST, overwrite, TRAIN_IMAGES, 4, 0xfe, 1, "dimension 2 the size"},
    {SOURCE_MNIST, put_labels, TEST_LABELS, IDX_TEST - 1, 0, 1, ": 49 labels; "},
    {SOURCE_MNIST, transpose_images, TEST_IMAGES, IDX_TEST, 0, 0, "test images are 3 x 5 pixels; the training images"},
    {SOURCE_MNIST, poke, TRAIN_LABELS, 8 + 17, 10, 1, "record 17 (the first is 0) has label 10; expected 0 to 9"},
    {SOURCE_MNIST, all_pixels, TRAIN_IMAGES, IDX_TRAIN, 77, 0, "all pixels of the training images are equal"},
    {SOURCE_MNIST, extend, TRAIN_IMAGES ".gz", -100, 0, 1, "gzip stream is broken"},
    {SOURCE_MNIST, extend, TRAIN_IMAGES ".gz", -3, 0, 1, "gzip stream is broken"},
    {SOURCE_MNIST, overwrite, TRAIN_IMAGES ".gz", 300, 0xa5, 1, "gzip stream is broken"},
    {SOURCE_CIFAR10, no_batches, "data_batch_10.bin", 0, 0, 0, ": there is no data_batch_1.bin"},
    {SOURCE_CIFAR10, take_away, "test_batch.bin", 0, 0, 1, "No such file"},
    {SOURCE_CIFAR10, extend, "data_batch_10.bin", -1, 0, 1, "122919 bytes; expected a whole number of"},
    {SOURCE_CIFAR10, cut_to, "test_batch.bin", 0, 0, 1, "holds 0 bytes"},
    {SOURCE_CIFAR10, poke, "data_batch_10.bin", 5 * CIFAR_RECORD, 44, 1, "record 5 (the first is 0) has label 44"},
};

static void assert_damage_refused(const struct damaged_file *file) {
    setup(NULL);
    if (strstr(file->name, ".gz")) {
        write_idx_images(folder, file->name, IDX_TRAIN, ROWS, COLUMNS);
        take_away(TRAIN_IMAGES, 0, 0);
    }
    struct config config = image_config(file->source, folder);
    dataset_free(load(&config, 40));
    file->damage(file->name, file->number, file->byte);
    assert_refused(&config, 40, file->names_file ? path_in(folder, file->name) : folder, file->what);
    teardown(NULL);
}

static void test_damaged_files(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damaged_table / sizeof *damaged_table; i++) assert_damage_refused(&damaged_table[i]);
}

/* --- requests --- */

static void test_folders(void **state) {
    (void)state;
    static const char *const nowhere = "/nowhere/at/all";
    struct config config = image_config(SOURCE_MNIST, nowhere);
    assert_refused(&config, 5, nowhere, "there is no file");
    config.data.source = SOURCE_CIFAR10;
    assert_refused(&config, 5, nowhere, "No such file or directory");
    config.data.path = NULL;
    assert_refused(&config, 5, "data.path: ", "not given");
}

static void test_sizes(void **state) {
    (void)state;
    static const char *const two[] = {"8", "3"}; /* 8 and 6 of them in the batches */
    struct config config = image_config(SOURCE_CIFAR10, folder);
    name_classes(&config, 2, two);
    config.data.test_size = 4;
    dataset_free(load(&config, 13));
    assert_refused(&config, 14, folder, "sweep.train_size is 14; the files hold 13 training examples");
    assert_refused(&config, 1000000000000, folder, "hold 13 training");
    config = image_config(SOURCE_MNIST, folder);
    config.data.test_size = 51;
    assert_refused(&config, 7, folder, "data.test_size is 51; the files hold 41 test examples");
}

static void test_classes(void **state) {
    (void)state;
    static const char *const word[] = {"horse", "zebra"}, *const twice[] = {"horse", "frog", "7"};
    struct config config = image_config(SOURCE_CIFAR10, folder);
    name_classes(&config, 2, word);
    assert_refused(&config, 5, "data.classes: ", "no class 'zebra'; its classes are airplane automobile");
    config.data.source = SOURCE_MNIST;
    assert_refused(&config, 5, "data.classes: ", "no class 'horse'; its classes are 0 1 2 3 4 5 6 7 8 9");
    config.data.source = SOURCE_CIFAR10;
    name_classes(&config, 1, word);
    assert_refused(&config, 5, "data.classes: ", "name two or more");
    name_classes(&config, 3, twice);
    assert_refused(&config, 5, "data.classes: ", "'7' is named twice");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_folders),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_classes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
