/* BLAS and LAPACK by their C interfaces, from whatever library has them; and what OpenBLAS alone has. */
#ifndef BLAS_H
#define BLAS_H

#if __has_include(<cblas.h>)
#include <cblas.h>
#include <lapacke.h>
#else
#include <mkl_cblas.h>
#include <mkl_lapacke.h>
#endif
#include <stdbool.h>

#ifdef BLAS_IS_OPENBLAS
static inline bool blas_is_openblas(void) { return true; }
#else
char *openblas_get_config(void) __attribute__((weak));
char *openblas_get_corename(void) __attribute__((weak));
int openblas_get_num_threads(void) __attribute__((weak));
void openblas_set_num_threads(int threads) __attribute__((weak));
/* Asked before each of its calls: it may take another library's place when the program is started. */
static inline bool blas_is_openblas(void) { return openblas_get_corename != 0; }
#endif

#endif
