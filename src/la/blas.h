/* BLAS and LAPACK by their C interfaces, from whatever library has them; and what OpenBLAS alone has: NULL in another, also where it takes
 * OpenBLAS's place when the program is started. */
#ifndef BLAS_H
#define BLAS_H

#if __has_include(<cblas.h>)
#include <cblas.h>
#include <lapacke.h>
#else
#include <mkl_cblas.h>
#include <mkl_lapacke.h>
#endif

char *openblas_get_config(void) __attribute__((weak));
char *openblas_get_corename(void) __attribute__((weak));
int openblas_get_num_threads(void) __attribute__((weak));
void openblas_set_num_threads(int threads) __attribute__((weak));

#endif
