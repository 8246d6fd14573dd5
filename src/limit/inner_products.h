/* Inner products of inputs, as the kernels of infinite width begin with them. Double only. Cannot fail. Not collective. */
#ifndef INNER_PRODUCTS_H
#define INNER_PRODUCTS_H

#include <stdint.h>

/* k[count, count] = <x, x'>/size of x[count, size]; the lower triangle. */
void inner_products(int64_t count, int64_t size, const double *x, double *k);

#endif
