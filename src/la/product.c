#include "product.h"

#include <stddef.h>

#include "core.h"
#include "matrix.h"
#include "order.h"

enum { DEPTH = 32, COLUMNS = 64 / sizeof(real), KERNELS = 3 };

/* c[rows, COLUMNS] = a[rows, count] b[count, COLUMNS] (+ c) */
typedef void kernel(const struct la_product *p, int64_t count, const real *a, const real *b, bool is_added, real *c);

#define KERNEL(name, isa, bytes, rows)                                                                                 \
    isa static void name(const struct la_product *p, int64_t count, const real *a, const real *b, bool is_added,       \
                         real *c) {                                                                                    \
        typedef real lanes __attribute__((vector_size(bytes), aligned(sizeof(real)), may_alias));                      \
        enum { VECTORS = 64 / (bytes) };                                                                               \
        lanes sum[rows][VECTORS];                                                                                      \
        for (int r = 0; r < (rows); r++)                                                                               \
            for (int v = 0; v < VECTORS; v++) sum[r][v] = (lanes){0};                                                  \
        for (int64_t l = 0; l < count; l++, a += p->a_column, b += p->b_row)                                           \
            for (int r = 0; r < (rows); r++)                                                                           \
                for (int v = 0; v < VECTORS; v++) sum[r][v] += a[r * p->a_row] * ((const lanes *)b)[v];                \
        for (int r = 0; r < (rows); r++, c += p->c_row)                                                                \
            for (int v = 0; v < VECTORS; v++) {                                                                        \
                if (is_added) sum[r][v] += ((lanes *)c)[v];                                                            \
                ((lanes *)c)[v] = sum[r][v];                                                                           \
            }                                                                                                          \
    }

/* As many rows as there are registers for, and what is left; NULL: there is none. */
struct kernels {
    int64_t rows[KERNELS];
    kernel *run[KERNELS];
};

#ifdef __x86_64__
#define AVX512 __attribute__((target("avx512f,fma")))
#define AVX2   __attribute__((target("avx2,fma")))
KERNEL(avx512_12, AVX512, 64, 12)
KERNEL(avx512_4, AVX512, 64, 4)
KERNEL(avx512_1, AVX512, 64, 1)
KERNEL(avx2_6, AVX2, 32, 6)
KERNEL(avx2_4, AVX2, 32, 4)
KERNEL(avx2_1, AVX2, 32, 1)

static const struct kernels *kernels_of(const char *core) {
    static const struct kernels avx512 = {{12, 4, 1}, {avx512_12, avx512_4, avx512_1}},
                                avx2 = {{6, 4, 1}, {avx2_6, avx2_4, avx2_1}};
    if (la_core_is_like(core, "SkylakeX")) return &avx512;
    return la_core_is_like(core, "Haswell") ? &avx2 : NULL;
}
#else
static const struct kernels *kernels_of(const char *core) {
    (void)core;
    return NULL;
}
#endif

/* All rows of COLUMNS columns. */
static void multiply_rows(const struct kernels *kernels, const struct la_product *p, int64_t count, const real *a,
                          const real *b, bool is_added, real *c) {
    for (int64_t i = 0; i < p->m;) {
        int which = 0;
        while (kernels->rows[which] > p->m - i) which++;
        kernels->run[which](p, count, a + i * p->a_row, b, is_added, c + i * p->c_row);
        i += kernels->rows[which];
    }
}

void la_product(const struct la_product *p, const real *a, const real *b, real *c) {
    const struct kernels *unpacked = p->n % COLUMNS == 0 ? kernels_of(la_core_name()) : NULL;
    bool is_plain = p->a_column == 1;
    for (int64_t from = 0; from < p->k; from += DEPTH) {
        int64_t count = least(DEPTH, p->k - from);
        bool is_added = p->is_added || from > 0;
        const real *a_from = a + from * p->a_column, *b_from = b + from * p->b_row;
        for (int64_t j = 0; unpacked && j < p->n; j += COLUMNS)
            multiply_rows(unpacked, p, count, a_from, b_from + j, is_added, c + j);
        if (!unpacked)
            la_gemm(is_plain ? LA_PLAIN : LA_TRANSPOSED, LA_PLAIN, p->m, p->n, count, 1, a_from,
                    is_plain ? p->a_row : p->a_column, b_from, p->b_row, is_added, c, p->c_row);
    }
}
