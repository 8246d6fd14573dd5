/* What closed forms of pairs share, whichever way they lie. Private to dual*.c. Cannot fail. Not collective. */
#ifndef DUAL_FORMS_H
#define DUAL_FORMS_H

#include "activation_dual.h"
#include "dual_kind.h"

#define dual_run_extreme REAL_NAME(dual_run_extreme)

enum { DUAL_BLOCK = ACTIVATION_BLOCK };

/* dual.c: some places whose variances' products are out of range; entry j is of own place j/span. */
void dual_run_extreme(const struct dual *dual, const real *own, int64_t span, const real *other, int64_t count, real *k,
                      real *theta);
static inline bool dual_has_root(const struct dual *dual) { return dual->activation->scaling != SCALING_NONE; }
/* s, activation_dual.h */
static inline real dual_shift(const struct dual *dual) {
    return dual->activation->scaling == SCALING_ROOT ? (real)0.5 : 0;
}

#endif
