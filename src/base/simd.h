/* Vector speed from a build for any x86-64 CPU.
 *
 * SIMD_CLONES before a function's definition compiles it three times (SSE2, AVX2, AVX-512); the dynamic linker picks
 * one at start (an ifunc). Empty where that cannot be: other CPUs and C libraries, sanitizers (whose runtime is not up
 * when the choice is made), clang 14 (which exports what it makes of static functions, so that the two precisions of a
 * module collide), builds that already name a CPU with AVX2 (-march). For static functions that loop over arrays; what
 * they call must be inline, else it is SSE2 code. Arithmetic without libm has the same bits in all clones, since
 * -ffp-contract=off keeps the compiler from fusing multiply and add.
 * SIMD_FUSED_CLONES: the same (SSE2, FMA, AVX-512) of a file that modules.cmake lets fuse them: each clone has bits of
 * its own (which product of a b + c d is fused is gcc's choice).
 * SIMD_WIDE: of a function by 64-byte vectors (vector_size), for AVX-512 alone; called where simd_is_wide(), which no CPU
 * is where clones are not made. By 32 bytes the same function serves the others, for which gcc takes such vectors apart.
 * Two traps: gcc vectorizes no loop in which it has moved arithmetic into a branch, so write `condition ? a : b` with
 * plain values; clang takes `restrict` only on parameters. */
#ifndef SIMD_H
#define SIMD_H

#include <stdbool.h>

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) ||          \
    __has_feature(undefined_behavior_sanitizer)
#define SIMD_SANITIZED
#endif
#elif defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SIMD_SANITIZED
#endif

#if defined __x86_64__ && defined __gnu_linux__ && !defined __clang__ && !defined __AVX2__ && !defined SIMD_SANITIZED
#define SIMD_CLONES       __attribute__((target_clones("default", "avx2", "avx512f")))
#define SIMD_FUSED_CLONES __attribute__((target_clones("default", "fma", "avx512f")))
#define SIMD_WIDE         __attribute__((target("avx512f")))
static inline bool simd_is_wide(void) { return __builtin_cpu_supports("avx512f"); }
#else
#define SIMD_CLONES
#define SIMD_FUSED_CLONES
#define SIMD_WIDE
static inline bool simd_is_wide(void) { return false; }
#endif

#endif
