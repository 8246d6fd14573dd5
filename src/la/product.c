#include "product.h"

#include "core.h"
#include "order.h"

/* c [rows, LA_PANEL] = a [rows, k] b [k, LA_PANEL] (+ c); every LA_PANEL columns of a stand `hop` apart. */
typedef void kernel(const struct la_product *p, int64_t hop, const real *a, const real *b, real *c);

/* As many rows as there are registers for, and what is left. */
enum { SIZES = 3 };
struct kernels {
    int64_t rows[SIZES];
    kernel *plain[SIZES];
    int64_t turned_rows; /* a divisor of LA_PANEL */
    kernel *turned;
};

/* a(i, l) = a[i row + l column] */
#define KERNEL(name, isa, bytes, rows, row, column)                                                                    \
    isa static void name(const struct la_product *p, int64_t hop, const real *a, const real *b, real *c) {             \
        typedef real lanes __attribute__((vector_size(bytes), aligned(sizeof(real)), may_alias));                      \
        enum { VECTORS = 64 / (bytes) };                                                                               \
        lanes total[rows][VECTORS], sum[rows][VECTORS];                                                                \
        for (int r = 0; r < (rows); r++)                                                                               \
            for (int v = 0; v < VECTORS; v++) total[r][v] = (lanes){0};                                                \
        for (int64_t from = 0; from < p->k; from += LA_DEPTH) {                                                        \
            int64_t end = least(from + LA_DEPTH, p->k);                                                                \
            for (int r = 0; r < (rows); r++)                                                                           \
                for (int v = 0; v < VECTORS; v++) sum[r][v] = (lanes){0};                                              \
            for (int64_t panel = from; panel < end; panel += LA_PANEL, a += hop)                                       \
                for (int64_t l = 0; l < least(LA_PANEL, end - panel); l++, b += LA_PANEL)                              \
                    for (int r = 0; r < (rows); r++)                                                                   \
                        for (int v = 0; v < VECTORS; v++)                                                              \
                            sum[r][v] += a[r * (row) + l * (column)] * ((const lanes *)b)[v];                          \
            for (int r = 0; r < (rows); r++)                                                                           \
                for (int v = 0; v < VECTORS; v++) total[r][v] += sum[r][v];                                            \
        }                                                                                                              \
        for (int r = 0; r < (rows); r++)                                                                               \
            for (int v = 0; v < VECTORS; v++) {                                                                        \
                lanes *to = (lanes *)(c + r * LA_PANEL) + v;                                                           \
                if (p->is_added) total[r][v] += *to;                                                                   \
                *to = total[r][v];                                                                                     \
            }                                                                                                          \
    }
#define KERNELS(name, isa, bytes, most, more, turned)                                                                  \
    KERNEL(name##_most, isa, bytes, most, LA_PANEL, 1)                                                                 \
    KERNEL(name##_more, isa, bytes, more, LA_PANEL, 1)                                                                 \
    KERNEL(name##_one, isa, bytes, 1, LA_PANEL, 1)                                                                     \
    KERNEL(name##_turned, isa, bytes, turned, 1, LA_PANEL)                                                             \
    static const struct kernels name = {{most, more, 1}, {name##_most, name##_more, name##_one}, turned, name##_turned};

KERNELS(any, , 16, 2, 1, 2)

#ifdef __x86_64__
KERNELS(avx, __attribute__((target("avx"))), 32, 6, 3, 4)
KERNELS(avx2, __attribute__((target("avx2,fma"))), 32, 6, 3, 4)
KERNELS(avx512, __attribute__((target("avx512f,fma"))), 64, 12, 4, 8)

static const struct kernels *kernels_of(const char *core) {
    if (la_core_is_like(core, "SkylakeX")) return &avx512;
    if (la_core_is_like(core, "Haswell")) return &avx2;
    return la_core_is_like(core, "Sandybridge") ? &avx : &any;
}
#else
static const struct kernels *kernels_of(const char *core) {
    (void)core;
    return &any;
}
#endif

/* Blocks of rows, under one panel of b. */
static void multiply(const struct kernels *kernels, const struct la_product *p, const real *a, const real *b, real *c) {
    for (int64_t i = 0, which = 0; i < p->m; i += kernels->rows[which]) {
        while (kernels->rows[which] > p->m - i) which++;
        kernels->plain[which](p, p->a.panel, a + i * LA_PANEL, b, c + i * LA_PANEL);
    }
}

static void multiply_turned(const struct kernels *kernels, const struct la_product *p, const real *a, const real *b,
                            real *c) {
    for (int64_t i = 0; i < la_panels(p->m) * LA_PANEL; i += kernels->turned_rows)
        kernels->turned(p, LA_PANEL * LA_PANEL, a + i / LA_PANEL * p->a.panel + i % LA_PANEL, b, c + i * LA_PANEL);
}

typedef void under_panel(const struct kernels *kernels, const struct la_product *p, const real *a, const real *b,
                         real *c);

static void for_panels(const struct la_product *p, const real *a, const real *b, real *c, under_panel *call) {
    const struct kernels *kernels = kernels_of(la_core_vectors());
    for (int64_t i = 0; i < p->count; i++)
        for (int64_t j = 0; j < la_panels(p->n); j++)
            call(kernels, p, a + i * p->a.apart, b + i * p->b.apart + j * p->b.panel,
                 c + i * p->c.apart + j * p->c.panel);
}

void la_product(const struct la_product *p, const real *a, const real *b, real *c) { for_panels(p, a, b, c, multiply); }

void la_product_turned(const struct la_product *p, const real *a, const real *b, real *c) {
    for_panels(p, a, b, c, multiply_turned);
}
