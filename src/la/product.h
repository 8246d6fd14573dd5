/* Products of matrices too small, or used too seldom, to be packed: most of OpenBLAS's time for a product of some
 * dozen rows goes there, but on one core type. Sums run over l in order, by fused multiply-adds, DEPTH of them at a
 * time, which are then added up: a number has the same bits whatever the other rows and columns are, on all CPUs whose
 * core type has AVX2 or AVX-512. Where it has neither, BLAS is not OpenBLAS, or rows are not whole vectors of 64 bytes:
 * by la_gemm. Cannot fail. Not collective. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include <stdbool.h>
#include <stdint.h>
#include "real.h"

#define la_product REAL_NAME(la_product)

/* Entry (i, l) of a[m, k] is a[i a_row + l a_column], one of the two being 1; those of b[k, n] and c[m, n] are b[l b_row
 * + j], c[i c_row + j]. */
struct la_product {
    int64_t m, n, k, a_row, a_column, b_row, c_row;
    bool is_added;
};

/* c = a b, added to what is there where is_added. */
void la_product(const struct la_product *p, const real *a, const real *b, real *c);

#endif
