/* The data of the task at hand: loaded when a task needs them, the last dataset kept. Not collective. */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include "data.h"
#include "study.h"

struct data_cache {
    int64_t train;        /* examples to hold of nested sets: the largest train_size of the study */
    bool is_known;        /* the members below are set */
    struct config config; /* whose data are held; texts borrowed from the study */
    struct dataset *dataset;
    int64_t digest_train; /* the size that `digest` is of; 0: none */
    unsigned char digest[16];
};

/* An empty cache for the study's points. */
struct data_cache data_cache_create(const struct study *study);
void data_cache_free(struct data_cache *cache);
/* Makes cache->dataset the config's dataset, and cache->digest that of its first train_size examples. */
status data_cache_select(struct data_cache *cache, const struct config *config);

#endif
