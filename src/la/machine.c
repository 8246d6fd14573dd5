#include "machine.h"

#include <cblas.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

void la_blas_version(size_t size, char *out) {
    snprintf(out, size, "%s", openblas_get_config());
    for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; end--) out[end - 1] = '\0';
}

void la_set_threads(int threads) { openblas_set_num_threads(threads); }

/* CHAINS independent chains x = x * a + b of the widest vectors, for each instruction set. */
enum { CHAINS = 12, ROUNDS = 4096 };

#define FMA_LOOP(name, isa, type, bytes)                                                                               \
    isa static double name(void) {                                                                                     \
        typedef type lanes __attribute__((vector_size(bytes)));                                                        \
        lanes x[CHAINS], a = {0}, b = {0};                                                                             \
        a += (type)0.999;                                                                                              \
        b += (type)0.001;                                                                                              \
        for (int c = 0; c < CHAINS; c++) x[c] = a * (type)c;                                                           \
        for (int r = 0; r < ROUNDS; r++)                                                                               \
            for (int c = 0; c < CHAINS; c++) x[c] = x[c] * a + b;                                                      \
        for (int c = 1; c < CHAINS; c++) x[0] += x[c];                                                                 \
        volatile type kept = x[0][0]; /* so that the loop is not left out */                                           \
        (void)kept;                                                                                                    \
        return 2.0 * CHAINS * ROUNDS * (double)(bytes / sizeof(type));                                                 \
    }

#ifdef __x86_64__
#define ISA(names) __attribute__((target(names), optimize("fp-contract=fast", "unroll-loops")))
#if defined __clang__
#undef ISA
#define ISA(names) __attribute__((target(names)))
#pragma STDC FP_CONTRACT ON
#endif
FMA_LOOP(fma_wide_f32, ISA("avx512f"), float, 64)
FMA_LOOP(fma_wide_f64, ISA("avx512f"), double, 64)
FMA_LOOP(fma_fused_f32, ISA("avx2,fma"), float, 32)
FMA_LOOP(fma_fused_f64, ISA("avx2,fma"), double, 32)
#endif
FMA_LOOP(fma_plain_f32, , float, 16)
FMA_LOOP(fma_plain_f64, , double, 16)

typedef double fma_loop(void);

static double best_rate(fma_loop *loop) {
    double best = 0, begin = clock_seconds();
    while (clock_seconds() - begin < 0.005) {
        double start = clock_seconds(), flops = loop(), rate = flops / (clock_seconds() - start) / 1e9;
        if (rate > best) best = rate;
    }
    return best;
}

double la_peak_rate(int bits) {
    int f32 = bits == 32;
    double best = best_rate(f32 ? fma_plain_f32 : fma_plain_f64);
#ifdef __x86_64__
    __builtin_cpu_init();
    double rate = 0;
    if (__builtin_cpu_supports("avx512f")) rate = best_rate(f32 ? fma_wide_f32 : fma_wide_f64);
    best = rate > best ? rate : best;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        rate = best_rate(f32 ? fma_fused_f32 : fma_fused_f64);
    best = rate > best ? rate : best;
#endif
    return best;
}
