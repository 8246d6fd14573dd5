/* The examples of each step: all of them, or mini-batches. An epoch is a random order of the training set, drawn from
 * (seed, batches, number of the epoch), cut into floor(train/size) batches of `size` examples; the rest of the order is
 * left out in that epoch. A batch is a function of seed, sizes and step alone. Not collective; cannot fail. */
#ifndef BATCHES_H
#define BATCHES_H

#include "arena.h"

struct batches {
    uint64_t seed;
    int64_t train, size, epoch; /* epoch: that of `order`, or -1 */
    int64_t *order, *batch;     /* [train], [size]; NULL: full batches */
};

/* size = train: full batches. Lays out (a counting arena: sizes only). */
void batches_create(uint64_t seed, int64_t train, int64_t size, struct arena *arena, struct batches *batches);
/* Rows of the training examples of step `step` (0: the first), ascending, [size], valid until the next call; NULL: all
 * of them. */
const int64_t *batches_at(struct batches *batches, int64_t step);

#endif
