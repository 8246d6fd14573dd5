#include "data_cache.h"

#include <string.h>

#include "sources.h"

struct data_cache data_cache_create(const struct study *study) {
    struct data_cache cache = {.train = study->config.train_size};
    for (int a = 0; a < study->axes; a++) {
        const struct axis *axis = &study->axis[a];
        if (strcmp(axis->key, "sweep.train_size") != 0) continue;
        for (int64_t i = 0; i < axis->count; i++)
            if ((int64_t)axis->number[i] > cache.train) cache.train = (int64_t)axis->number[i];
    }
    return cache;
}

void data_cache_free(struct data_cache *cache) {
    if (cache->is_known) dataset_free(cache->dataset);
    *cache = (struct data_cache){.train = cache->train};
}

/* Of sets that are not nested each size is loaded by itself. */
static int64_t examples_for(const struct data_cache *cache, const struct config *config) {
    return source_has(config->data.source, SOURCE_APART) ? config->train_size : cache->train;
}

static bool has_loaded(const struct data_cache *cache, const struct config *config) {
    return cache->is_known && dataset_same(&cache->config, config) &&
           cache->dataset->shape.train == examples_for(cache, config);
}

static status load(struct data_cache *cache, const struct config *config) {
    if (has_loaded(cache, config)) return OK;
    data_cache_free(cache);
    TRY(dataset_load(config, examples_for(cache, config), &cache->dataset));
    cache->config = *config;
    cache->is_known = true;
    return OK;
}

status data_cache_select(struct data_cache *cache, const struct config *config) {
    TRY(load(cache, config));
    if (cache->digest_train == config->train_size) return OK;
    dataset_digest(cache->dataset, config->train_size, cache->digest);
    cache->digest_train = config->train_size;
    return OK;
}
