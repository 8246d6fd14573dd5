#include "core.h"

#include <stdio.h>
#include <string.h>

#include "blas.h"

const char *la_core_name(void) { return blas_is_openblas() ? openblas_get_corename() : "unknown"; }

#ifdef __x86_64__
#include <cpuid.h>

/* Sets of instructions, and what comes with them. */
enum {
    SSE3 = 1 << 0,
    SSSE3 = 1 << 1,
    SSE4_1 = 1 << 2,
    SSE4_2 = 1 << 3,
    AVX = 1 << 4,
    AVX2 = 1 << 5,   /* with FMA */
    AVX512 = 1 << 6, /* F, CD, BW, DQ and VL */
    AVX512_BF16 = 1 << 7,
    AMX_BF16 = 1 << 8,
    FMA4 = 1 << 9,
    AMD_3DNOW = 1 << 10,
    VECTORS = AVX | AVX2 | AVX512,
    UP_TO_SSE4 = SSE3 | SSSE3 | SSE4_1 | SSE4_2,
    UP_TO_AVX2 = UP_TO_SSE4 | AVX | AVX2,
    UP_TO_AVX512 = UP_TO_AVX2 | AVX512
};
static const char *const instructions[] = {"SSE3",    "SSSE3",       "SSE4.1",   "SSE4.2", "AVX",   "AVX2 with FMA",
                                           "AVX-512", "AVX512_BF16", "AMX_BF16", "FMA4",   "3DNow!"};
enum { INSTRUCTIONS = sizeof instructions / sizeof *instructions };

/* What the kernels of each core type need: OpenBLAS, Makefile.x86_64 and driver/others/dynamic.c. One that is not here
 * is taken to run. */
static const struct core {
    const char *name;
    unsigned needs;
} cores[] = {
    {"SapphireRapids", UP_TO_AVX512 | AVX512_BF16 | AMX_BF16},
    {"Cooperlake", UP_TO_AVX512 | AVX512_BF16},
    {"SkylakeX", UP_TO_AVX512},
    {"Haswell", UP_TO_AVX2},
    {"Zen", UP_TO_AVX2},
    {"Excavator", UP_TO_AVX2 | FMA4},
    {"Steamroller", UP_TO_SSE4 | AVX | FMA4},
    {"Piledriver", UP_TO_SSE4 | AVX | FMA4},
    {"Bulldozer", UP_TO_SSE4 | AVX | FMA4},
    {"Sandybridge", UP_TO_SSE4 | AVX},
    {"Nehalem", UP_TO_SSE4},
    {"Dunnington", SSE3 | SSSE3 | SSE4_1},
    {"Penryn", SSE3 | SSSE3 | SSE4_1},
    {"Atom", SSE3 | SSSE3},
    {"Bobcat", SSE3 | SSSE3},
    {"Core2", SSE3 | SSSE3},
    {"Nano", SSE3 | SSSE3},
    {"Barcelona", SSE3},
    {"Opteron", AMD_3DNOW},
    {"Opteron_SSE3", SSE3 | AMD_3DNOW},
    {"Prescott", SSE3},
};
enum { CORES = sizeof cores / sizeof *cores };
static const char *const widths[] = {"SkylakeX", "Haswell", "Sandybridge", "Prescott", NULL};

static bool has_3dnow(void) {
    unsigned a, b, c, d;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && d >> 31;
}

static bool has_amx_bf16(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1);
}

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

/* Those that the CPU has and the kernel saves. */
static unsigned offered(void) {
    __builtin_cpu_init();
    return (__builtin_cpu_supports("sse3") ? SSE3 : 0) | (__builtin_cpu_supports("ssse3") ? SSSE3 : 0) |
           (__builtin_cpu_supports("sse4.1") ? SSE4_1 : 0) | (__builtin_cpu_supports("sse4.2") ? SSE4_2 : 0) |
           (__builtin_cpu_supports("avx") ? AVX : 0) |
           (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? AVX2 : 0) | (has_avx512() ? AVX512 : 0) |
           (__builtin_cpu_supports("avx512bf16") ? AVX512_BF16 : 0) | (has_amx_bf16() ? AMX_BF16 : 0) |
           (__builtin_cpu_supports("fma4") ? FMA4 : 0) | (has_3dnow() ? AMD_3DNOW : 0);
}

static unsigned needs(const char *name) {
    for (int i = 0; i < CORES; i++)
        if (strcasecmp(cores[i].name, name) == 0) return cores[i].needs;
    return 0;
}

static unsigned lacking(const char *name) { return needs(name) & ~offered(); }

const char *la_core_known(int number) { return number < CORES ? cores[number].name : NULL; }

const char *la_core_runnable(int number) {
    const char *const *name = widths;
    while (*name && (lacking(*name) || number-- > 0)) name++;
    return *name;
}

const char *la_core_vectors(void) { return needs(la_core_name()) ? la_core_name() : la_core_runnable(0); }

bool la_core_is_like(const char *core, const char *other) { return ((needs(core) ^ needs(other)) & VECTORS) == 0; }

const char *la_better_core(void) {
    if (!blas_is_openblas()) return NULL;
    const char *taken = la_core_name(), *widest = la_core_runnable(0);
    bool is_right = !widest || (!lacking(taken) && (needs(taken) & VECTORS) >= (needs(widest) & VECTORS));
    return is_right ? NULL : widest;
}

enum { LINE = 128 };

static void list_runnable(char *out) {
    *out = '\0';
    for (int i = 0; la_core_runnable(i); i++)
        snprintf(out + strlen(out), LINE - strlen(out), "%s%s", i ? ", " : "", la_core_runnable(i));
}

/* A build for one core type alone does not look at the variable; nor does another library. */
static bool is_another(const char *asked, const char *taken) {
    return asked && *asked && strcasecmp(asked, taken) != 0 && blas_is_openblas() &&
           strstr(openblas_get_config(), "DYNAMIC_ARCH");
}

status la_core_check(const char *asked) {
    const char *taken = la_core_name();
    char runnable[LINE];
    list_runnable(runnable);
    if (is_another(asked, taken))
        FAIL(ERROR_INPUT, "OPENBLAS_CORETYPE: this OpenBLAS has no %s and takes %s; unset it, or name one of %s", asked,
             taken, runnable);
    for (int i = 0; i < INSTRUCTIONS; i++)
        if (lacking(taken) >> i & 1)
            FAIL(ERROR_INPUT, "OPENBLAS_CORETYPE: %s needs %s, which this CPU lacks; unset it, or name one of %s",
                 taken, instructions[i], runnable);
    return OK;
}
#else
status la_core_check(const char *asked) {
    (void)asked;
    return OK;
}
const char *la_better_core(void) { return NULL; }
const char *la_core_vectors(void) { return la_core_name(); }
const char *la_core_known(int number) { return la_core_runnable(number); }
const char *la_core_runnable(int number) { return number == 0 ? la_core_name() : NULL; }
bool la_core_is_like(const char *core, const char *other) { return strcasecmp(core, other) == 0; }
#endif
