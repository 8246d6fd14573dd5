/* Random numbers as functions of what they are for: Philox4x64-10 (Salmon et al. 2011), key = (seed, purpose),
 * counter = (stream, index / 4). No state, so nothing depends on rank, order or thread. Not collective. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

enum random_purpose {
    RANDOM_PARAMETERS = 1,
    RANDOM_SPLIT,
    RANDOM_INPUTS,
    RANDOM_TEACHER,
    RANDOM_TEST,
    RANDOM_BATCHES,
    RANDOM_JACOBIAN
};

/* Numbers of variance 1 around 0. */
typedef void random_numbers(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t first, int64_t count,
                            double *out);
/* out[count]: standard normal numbers number `first` to `first + count - 1` of the stream, by Box and Muller in
 * double. */
random_numbers random_normal;
/* out[count]: numbers of U(-sqrt(3), sqrt(3)), at the same places. */
random_numbers random_uniform;
/* permutation[count]: a uniformly drawn order of 0 .. count-1 (Fisher and Yates). */
void random_permutation(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t count,
                        int64_t *permutation);

#endif
