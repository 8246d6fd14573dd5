/* What closed forms of pairs share, whichever way they lie. Private to dual*.c. Cannot fail. Not collective. */
#ifndef DUAL_FORMS_H
#define DUAL_FORMS_H

#include "activation_dual.h"
#include "dual_kind.h"

enum { DUAL_BLOCK = ACTIVATION_BLOCK };

/* dual.c: some places whose variances' products are out of range; entry j is of own place j/span. */
void dual_run_extreme(const struct dual *dual, const double *own, int64_t span, const double *other, int64_t count,
                      double *k, double *theta);
static inline bool dual_has_root(const struct dual *dual) { return dual->activation->scaling != SCALING_NONE; }
/* s, activation_dual.h */
static inline double dual_shift(const struct dual *dual) { return dual->activation->scaling == SCALING_ROOT ? 0.5 : 0; }

#endif
