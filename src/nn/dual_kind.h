/* What dual.c asks of one kind of activation; private to dual*.c. */
#ifndef DUAL_KIND_H
#define DUAL_KIND_H

#include "dual.h"

enum { DUAL_BLOCK = 64 };

struct moments {
    double t, tdot;
};

/* Takes and fills the arrays of the layer. */
typedef void dual_fill(struct dual *dual, struct arena *arena);
/* At most DUAL_BLOCK entries of row i: k holds K12 and becomes T; tdot[count] is written. */
typedef void dual_block(const struct dual *dual, int64_t i, int64_t first, int64_t count, double *restrict k,
                        double *restrict tdot);
typedef struct moments dual_self(const struct dual *dual, int64_t i);

dual_fill dual_tanh_fill;
dual_block dual_tanh_block;
dual_self dual_tanh_self;

#endif
