#include "inner_products.h"

#include "matrix.h"

void inner_products(int64_t count, int64_t size, const double *x, double *k) {
    la_syrk(count, size, 1 / (double)size, x, 0, k, count);
}
