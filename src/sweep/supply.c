#include "supply.h"

#include <string.h>

struct supply supply_create(const struct study *study) {
    struct supply supply = {.train = study->config.train_size};
    for (int a = 0; a < study->axes; a++) {
        const struct axis *axis = &study->axis[a];
        if (strcmp(axis->key, "sweep.train_size") != 0) continue;
        for (int64_t i = 0; i < axis->count; i++)
            if ((int64_t)axis->number[i] > supply.train) supply.train = (int64_t)axis->number[i];
    }
    return supply;
}

void supply_free(struct supply *supply) {
    if (supply->is_known) dataset_free(supply->dataset);
    *supply = (struct supply){.train = supply->train};
}

static status load(struct supply *supply, const struct config *config) {
    if (supply->is_known && dataset_same(&supply->config, config)) return OK;
    supply_free(supply);
    TRY(dataset_load(config, supply->train, &supply->dataset));
    supply->config = *config;
    supply->is_known = 1;
    return OK;
}

status supply_select(struct supply *supply, const struct config *config) {
    TRY(load(supply, config));
    if (supply->digest_train == config->train_size) return OK;
    dataset_digest(supply->dataset, config->train_size, supply->digest);
    supply->digest_train = config->train_size;
    return OK;
}
