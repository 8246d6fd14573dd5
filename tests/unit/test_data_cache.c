/* Which data a task of a sweep gets: those of the largest training set where sets are nested, its own where they are not. */
#include "study_files.h"

#include "data_cache.h"

static struct study *study_of(const char *source) {
    char text[256];
    snprintf(text, sizeof text,
             "data: { source: %s }\n"
             "training: { learning_rate: { absolute: 1 }, steps: 1 }\n"
             "sweep: { width: 1, train_size: [4, 2] }\n",
             source);
    return read_text(text, NULL, NULL);
}

/* Of the study's point, from the cache as the tasks before it have left it. */
static const struct dataset *dataset_of(const struct study *study, int64_t point, struct data_cache *cache) {
    struct config config = study_point(study, point);
    assert_int_equal(data_cache_select(cache, &config), OK);
    return cache->dataset;
}

static void test_nested(void **state) {
    (void)state;
    struct study *study = study_of("gaussian, dimension: 1");
    struct data_cache cache = data_cache_create(study);
    const struct dataset *all = dataset_of(study, 0, &cache);
    unsigned char digest[16];
    memcpy(digest, cache.digest, sizeof digest);
    assert_int_equal(all->shape.train, 4);
    assert_ptr_equal(dataset_of(study, 1, &cache), all);
    assert_memory_not_equal(cache.digest, digest, sizeof digest);
    data_cache_free(&cache);
    study_free(study);
}

static void test_apart(void **state) {
    (void)state;
    static const int64_t points[] = {0, 1, 1, 0}, sizes[] = {4, 2};
    static const double first[] = {-0.75, -0.5}; /* midpoint of the first of four parts of [-1, 1], of two */
    struct study *study = study_of("function");
    struct data_cache cache = data_cache_create(study);
    for (int i = 0; i < 4; i++) {
        const struct dataset *set = dataset_of(study, points[i], &cache);
        assert_int_equal(set->shape.train, sizes[points[i]]);
        assert_true(set->x_train[0] == first[points[i]]);
    }
    data_cache_free(&cache);
    study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nested), cmocka_unit_test(test_apart)};
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
