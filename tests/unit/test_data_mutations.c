/* Damaged arrays: each file, with a few bytes changed, cut or put in at random places, is read right or refused in one line.
 * usage: test_data_mutations [MUTATIONS of each file, 40] */
#include "array_files.h"

enum { N = 24, D = 6, HEAD = 600 };

static int mutations = 40;
static char *folder;
static double x[N * D], y[N];

static int setup(void **state) {
    (void)state;
    folder = make_folder();
    for (int i = 0; i < N * D; i++) x[i] = (i * 7 + i % 13) % 61 / 4.0;
    for (int i = 0; i < N; i++) y[i] = i % 3;
    arrays_set_hdf5(array_file_open);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

/* --- damage: a function of the seed --- */

static uint64_t next(uint64_t *seed) { /* splitmix64 */
    uint64_t z = (*seed += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void change(struct buffer *file, uint64_t *seed) {
    static const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '(', ')', ',', '\'', '9', '-'};
    size_t at = next(seed) % file->size;
    switch (next(seed) % 6) {
    case 0:
        file->data[at] = (unsigned char)next(seed);
        break;
    case 1:
        file->data[at] ^= (unsigned char)(1u << next(seed) % 8);
        break;
    case 2:
        file->data[at] = odd[next(seed) % sizeof odd];
        break;
    case 3: /* a word of ones */
        for (size_t i = at; i < at + 8 && i < file->size; i++) file->data[i] = 0xff;
        break;
    case 4: /* a few are gone */
        if (at + 4 > file->size) break;
        memmove(file->data + at, file->data + at + 3, file->size - at - 3);
        file->size -= 3;
        break;
    default: /* the end is gone */
        file->size = at + 1;
    }
}

static struct buffer read_back(const char *name) {
    struct buffer buffer = {0};
    unsigned char bytes[4096];
    FILE *file = fopen(path_in(folder, name), "rb");
    assert_non_null(file);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;) put(&buffer, bytes, got);
    fclose(file);
    return buffer;
}

/* Half of the damage is to the beginning, where the headers are. */
static void damage(struct buffer *file, uint64_t seed) {
    int changes = 1 + (int)(next(&seed) % 3);
    for (int i = 0; i < changes; i++) {
        int is_head = next(&seed) % 2 && file->size > HEAD;
        struct buffer piece = {file->data, is_head ? HEAD : file->size};
        change(&piece, &seed);
        if (!is_head || piece.size < HEAD) file->size = piece.size;
    }
}

/* --- what comes of it --- */

static int is_line(const char *message) {
    for (; *message; message++)
        if ((unsigned char)*message < ' ' || *message == 127) return 0;
    return 1;
}

static void try_one(const struct config *config, const char *file, uint64_t seed, int *refused) {
    struct dataset *set = NULL;
    status result = dataset_load(config, 6, &set);
    if (result != OK && (result != ERROR_INPUT || !is_line(status_message()) || !*status_message()))
        fail_msg("%s, mutation %ju: %s", file, (uintmax_t)seed, status_message());
    for (int64_t i = 0; set && i < 6 * set->shape.inputs; i++)
        if (!isfinite(set->x_train[i])) fail_msg("%s, mutation %ju: a number is not finite", file, (uintmax_t)seed);
    *refused += result != OK;
    dataset_free(set);
}

/* The file `name` in the folder is damaged again and again; `path` is what the study names. */
static void mutate(const char *path, const char *name) {
    char full[1024];
    int refused = 0;
    snprintf(full, sizeof full, "%s%s%s", folder, *path ? "/" : "", path);
    struct config config = array_config(full);
    config.data.test_size = 3;
    struct buffer whole = read_back(name);
    dataset_free(load(&config, 6));
    for (int i = 0; i < mutations; i++) {
        struct buffer copy = {0};
        put(&copy, whole.data, whole.size);
        damage(&copy, (uint64_t)i);
        save(folder, name, &copy);
        free(copy.data);
        try_one(&config, name, (uint64_t)i, &refused);
    }
    print_message("%s: %d of %d refused\n", name, refused, mutations);
    assert_true(refused > mutations / 8);
    save(folder, name, &whole);
    free(whole.data);
}

static struct sample_array inputs(void) {
    return (struct sample_array){.name = "x", .ndim = 2, .size = {N, D}, .value = x, .type = ">f4"};
}

static struct sample_array targets(void) {
    return (struct sample_array){.name = "y", .ndim = 1, .size = {N}, .value = y, .type = "<i4"};
}

static void test_npy(void **state) {
    (void)state;
    struct sample_array a = inputs(), b = targets();
    write_npy(folder, &a);
    write_npy(folder, &b);
    mutate("", "x.npy");
    mutate("", "y.npy");
}

static void test_npz(void **state) {
    (void)state;
    struct sample_array array[] = {inputs(), targets()};
    write_npz(folder, "stored.npz", 2, array, 0, 0);
    write_npz(folder, "packed.npz", 2, array, 8, 1);
    mutate("stored.npz", "stored.npz");
    mutate("packed.npz", "packed.npz");
}

static void test_csv(void **state) {
    (void)state;
    struct sample_array a = inputs(), b = targets();
    write_csv(folder, "a.csv", &a, &b);
    mutate("a.csv", "a.csv");
}

static void test_h5(void **state) {
    (void)state;
    struct sample_array array[] = {inputs(), targets()};
    array[0].type = "<f4";
    write_h5(folder, "whole.h5", 2, array, 0);
    write_h5(folder, "chunks.h5", 2, array, 5);
    mutate("whole.h5", "whole.h5");
    mutate("chunks.h5", "chunks.h5");
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_npy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_npz, setup, teardown),
        cmocka_unit_test_setup_teardown(test_csv, setup, teardown),
        cmocka_unit_test_setup_teardown(test_h5, setup, teardown),
    };
    if (argc > 1) mutations = atoi(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
