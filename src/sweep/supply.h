/* The data of the task at hand: loaded when a task needs them, the last dataset kept. Not collective. */
#ifndef SUPPLY_H
#define SUPPLY_H

#include <stdint.h>
#include "data.h"
#include "study.h"

struct supply {
    int64_t train;        /* examples to hold: the largest train_size of the study */
    int is_known;         /* the members below are set */
    struct config config; /* whose data are held; texts borrowed from the study */
    struct dataset *dataset;
    int64_t digest_train; /* the size that `digest` is of; 0: none */
    unsigned char digest[16];
};

/* An empty supply for the study's points. */
struct supply supply_create(const struct study *study);
void supply_free(struct supply *supply);
/* Makes supply->dataset the config's dataset, and supply->digest that of its first train_size examples. */
status supply_select(struct supply *supply, const struct config *config);

#endif
