#include "machine.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blas.h"
#include "clock.h"

/* Name and version of the file that has BLAS: "libblas.so.3.11.0". */
static void file_version(size_t size, char *out) {
    Dl_info about = {0};
    void *symbol = dlsym(RTLD_DEFAULT, "cblas_dgemm");
    char *file = symbol && dladdr(symbol, &about) ? realpath(about.dli_fname, NULL) : NULL;
    snprintf(out, size, "%s", file ? strrchr(file, '/') + 1 : "unknown BLAS");
    free(file);
}

void la_blas_version(size_t size, char *out) {
    if (!blas_is_openblas()) {
        file_version(size, out);
        return;
    }
    snprintf(out, size, "%s", openblas_get_config());
    for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; end--) out[end - 1] = '\0';
}

/* Calls of MKL, BLIS (AOCL), FlexiBLAS, and of OpenMP, which the others go by. */
void MKL_Set_Num_Threads(int threads) __attribute__((weak));
void bli_thread_set_num_threads(int64_t threads) __attribute__((weak));
void flexiblas_set_num_threads(int threads) __attribute__((weak));
void omp_set_num_threads(int threads) __attribute__((weak));

void la_set_threads(int threads) {
    if (blas_is_openblas()) openblas_set_num_threads(threads);
    if (MKL_Set_Num_Threads) MKL_Set_Num_Threads(threads);
    if (bli_thread_set_num_threads) bli_thread_set_num_threads(threads);
    if (flexiblas_set_num_threads) flexiblas_set_num_threads(threads);
    if (omp_set_num_threads) omp_set_num_threads(threads);
}

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
