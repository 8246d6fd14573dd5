/* The CPU as BLAS sees it. Not collective. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>

/* OpenBLAS's version line; of another BLAS the name of its file. */
void la_blas_version(size_t size, char *out);
void la_set_threads(int threads);
/* GFLOP/s that independent fused multiply-adds in registers reach, of floats (bits = 32) or doubles (64): what vector
 * width and clock allow one thread. Takes about 10 ms. */
double la_peak_rate(int bits);
/* GFLOP/s of gemm at n = 768 in each precision (matrix.h). */
double la_gemm_rate_f32(void);
double la_gemm_rate_f64(void);

#endif
