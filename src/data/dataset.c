#include "data.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "data_keys.h"
#include "help.h"
#include "panic.h"
#include "source.h"
#include "sources.h"

#define LOADER(NAME, name, traits, meaning) [SOURCE_##NAME] = &source_##name,
static const struct source *const source_table[] = {SOURCE_LIST(LOADER)};

/* What the data cannot do, seen in them alone. */
static status check_use(const struct config *config, const struct dataset *set) {
    if (config_needs_images(config) && !set->shape.is_image)
        FAIL(ERROR_INPUT, "network.family: %s needs images; the examples of %s are not",
             config_word("network.family", config->network.family), config_word("data.source", config->data.source));
    if (config->training.loss == LOSS_CROSS_ENTROPY && !set->shape.has_classes)
        FAIL(ERROR_INPUT, "training.loss: cross_entropy needs classes; the targets of %s are real",
             config_word("data.source", config->data.source));
    return OK;
}

static status load(const struct config *config, bool keep, struct dataset *set) {
    if (source_has(config->data.source, SOURCE_FILES) && !config->data.path)
        FAIL(ERROR_INPUT, "data.path: not given; expected the data's folder");
    TRY(source_table[config->data.source]->load(config, keep, set));
    return check_use(config, set);
}

status dataset_load(const struct config *config, int64_t train, struct dataset **dataset) {
    struct dataset *set = calloc(1, sizeof *set);
    if (!set) FAIL(ERROR_MEMORY, "memory for data could not be had");
    set->shape.train = train;
    set->shape.test = config->data.test_size;
    status result = load(config, true, set);
    if (result == OK)
        *dataset = set;
    else
        dataset_free(set);
    return result;
}

status dataset_check(const struct config *config, int64_t train, struct data_shape *shape) {
    struct dataset set = {.shape = {.train = train, .test = config->data.test_size}};
    status result = load(config, false, &set);
    *shape = set.shape;
    return result;
}

static void digest_array(XXH3_state_t *state, int64_t rows, int64_t columns, const double *array) {
    XXH3_128bits_update(state, array, (size_t)(rows * columns) * sizeof *array);
}

void dataset_digest(const struct dataset *set, int64_t train, unsigned char digest[16]) {
    CHECK(train <= set->shape.train);
    const int64_t image[] = {set->shape.rows, set->shape.columns, set->shape.channels}, none[] = {0, 0, 0};
    const int64_t sizes[] = {train, set->shape.test, set->shape.inputs, set->shape.outputs};
    const double scaling[] = {set->mean, set->deviation};
    const int has_classes = set->shape.has_classes; /* of the size that digests have always had */
    XXH3_state_t *state = XXH3_createState();
    CHECK(state);
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, sizes, sizeof sizes);
    XXH3_128bits_update(state, set->shape.is_image ? image : none, sizeof image);
    XXH3_128bits_update(state, scaling, sizeof scaling);
    if (set->shape.has_classes != set->shape.is_image) XXH3_128bits_update(state, &has_classes, sizeof has_classes);
    digest_array(state, train, set->shape.inputs, set->x_train);
    digest_array(state, train, set->shape.outputs, set->y_train);
    digest_array(state, set->shape.test, set->shape.inputs, set->x_test);
    digest_array(state, set->shape.test, set->shape.outputs, set->y_test);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(digest, canonical.digest, sizeof canonical.digest);
    XXH3_freeState(state);
}

/* Two classes have targets that depend on the loss. */
static bool may_have_two_classes(const struct config *config) {
    bool is_usual = source_has(config->data.source, SOURCE_PIXELS) && config->data.files.count == 0;
    return config->data.classes.count == 2 || (config->data.classes.count == 0 && !is_usual);
}

static bool has_cross_entropy(const struct config *config) { return config->training.loss == LOSS_CROSS_ENTROPY; }

bool dataset_same(const struct config *a, const struct config *b) {
    return config_same_data(a, b) && (has_cross_entropy(a) == has_cross_entropy(b) || !may_have_two_classes(a));
}
