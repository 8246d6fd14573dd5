/* Philox is Random123's; the normal numbers are Box and Muller's in double. */
#include "random.h"

#include <math.h>
#include <Random123/philox.h>

#include "panic.h"

static const double TWO_PI = 6.283185307179586476925;

static philox4x64_ctr_t block(uint64_t seed, enum random_purpose purpose, uint64_t stream, uint64_t index) {
    philox4x64_ctr_t counter = {{stream, index, 0, 0}};
    philox4x64_key_t key = {{seed, (uint64_t)purpose}};
    return philox4x64(counter, key);
}

/* Uniform in (0, 1]: 53 random bits and a half, so that 0, whose logarithm there is none of, is not met. */
static double uniform(uint64_t bits) { return ((double)(bits >> 11) + 0.5) * 0x1p-53; }

typedef void four_of(philox4x64_ctr_t bits, double out[4]);

static void four_normals(philox4x64_ctr_t bits, double out[4]) {
    for (int pair = 0; pair < 2; pair++) {
        double radius = sqrt(-2.0 * log(uniform(bits.v[2 * pair])));
        double angle = TWO_PI * uniform(bits.v[2 * pair + 1]);
        out[2 * pair] = radius * cos(angle);
        out[2 * pair + 1] = radius * sin(angle);
    }
}

static void four_uniforms(philox4x64_ctr_t bits, double out[4]) {
    for (int i = 0; i < 4; i++) out[i] = sqrt(3) * (2 * uniform(bits.v[i]) - 1);
}

static void draw(four_of *make, uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t first,
                 int64_t count, double *out) {
    ASSERT(first >= 0 && count >= 0);
    double four[4] = {0};
    for (int64_t i = 0; i < count; i++) {
        int64_t index = first + i;
        if (i == 0 || index % 4 == 0) make(block(seed, purpose, stream, (uint64_t)(index / 4)), four);
        out[i] = four[index % 4];
    }
}

void random_normal(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t first, int64_t count,
                   double *out) {
    draw(four_normals, seed, purpose, stream, first, count, out);
}

void random_uniform(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t first, int64_t count,
                    double *out) {
    draw(four_uniforms, seed, purpose, stream, first, count, out);
}

/* Uniform in 0 .. bound-1, without bias: draws above the largest multiple of bound are drawn again. */
static uint64_t below(uint64_t seed, enum random_purpose purpose, uint64_t stream, uint64_t index, uint64_t bound) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    philox4x64_ctr_t bits = block(seed, purpose, stream, index);
    for (uint64_t round = 1;; round++) {
        for (int i = 0; i < 4; i++)
            if (bits.v[i] < limit) return bits.v[i] % bound;
        philox4x64_ctr_t counter = {{stream, index, round, 0}};
        philox4x64_key_t key = {{seed, (uint64_t)purpose}};
        bits = philox4x64(counter, key);
    }
}

void random_permutation(uint64_t seed, enum random_purpose purpose, uint64_t stream, int64_t count,
                        int64_t *permutation) {
    for (int64_t i = 0; i < count; i++) permutation[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)below(seed, purpose, stream, (uint64_t)i, (uint64_t)i + 1);
        int64_t held = permutation[i];
        permutation[i] = permutation[j];
        permutation[j] = held;
    }
}
