/* Products of matrices too small, or used too seldom, to be packed: they stand in panels from the start, which go from
 * memory to registers in the order in which they lie. Sums run over l in order, by fused multiply-adds where the core
 * type has them, LA_DEPTH of them at a time, which are then added up: a number has the same bits whatever the other rows
 * and columns are, and on all core types with AVX2 or AVX-512. Cannot fail. Not collective. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include <stdbool.h>
#include <stdint.h>
#include "real.h"

#define la_product        REAL_NAME(la_product)
#define la_product_turned REAL_NAME(la_product_turned)

/* A matrix [rows, columns] in panels of LA_PANEL columns, the last one filled up: entry (i, j) is
 * x[j / LA_PANEL * panel + i LA_PANEL + j % LA_PANEL]. */
enum { LA_PANEL = 64 / sizeof(real), LA_DEPTH = 16 };

static inline int64_t la_panels(int64_t columns) { return (columns + LA_PANEL - 1) / LA_PANEL; }

/* `count` products of one size. panel: reals from panel to panel; apart: from product to product. */
struct la_product {
    int64_t count, m, n, k;
    struct {
        int64_t panel, apart;
    } a, b, c;
    bool is_added;
};

/* c [m, n] = a [m, k] b [k, n], added to what is there where is_added. What fills up panels of b does so in those of c;
 * of a it is not read. */
void la_product(const struct la_product *p, const real *a, const real *b, real *c);
/* c = a' b, a [k, m]; c has as many rows as the panels of a have columns. */
void la_product_turned(const struct la_product *p, const real *a, const real *b, real *c);

#endif
