/* Where z = M(z) + b rests, for a block of rows; M is nonlinear (b = 0) or linear. Each row has a solver of its own: it
 * mixes, stops and fails by itself, and rides along, frozen, until the last one is done. So no row depends on another,
 * and all products have the same rows to the end.
 *
 *     picard     z <- M(z) + b
 *     anderson   the same, less the combination of the last 5 steps' changes that makes the residual least (type II;
 *                Walker & Ni 2011); a residual that grows tenfold forgets them
 *     ode        a step h = 1/2 of dz/dt = M(z) + b - z by the classical Runge-Kutta method: rests also where
 *                eigenvalues of dM/dz are outside the unit circle, if their real parts are below 1
 *
 * At rest: |M(z) + b - z| <= tolerance |M(z) + b|, which is at most 1e12, times |b| where M is linear. A row that finds
 * none is NaN; where M is linear GMRES (Saad & Schultz 1986, restarted) is tried first. Cannot fail. Not collective. */
#ifndef FIXED_POINT_H
#define FIXED_POINT_H

#include <stdint.h>
#include "config.h"
#include "real.h"

#define fixed_point_solve    REAL_NAME(fixed_point_solve)
#define fixed_point_work     REAL_NAME(fixed_point_work)
#define fixed_point_products REAL_NAME(fixed_point_products)

enum { FIXED_POINT_ROWS = 256 }; /* at most in a block */

struct fixed_point {
    enum solver solver;
    real tolerance;
    int64_t iterations; /* at most */
};

struct fixed_point_map {
    /* out = M(in) for the rows from .. from + rows - 1 */
    void (*apply)(const void *context, int64_t from, int64_t rows, const real *in, real *out);
    const void *context;
    int64_t rows, size;
    const real *shift; /* b [rows, size]: M is linear; NULL: it is not */
    /* Told of z before each step, 0 first, and after the last one; NULL: not wanted */
    void (*tell)(const void *context, int64_t step, const real *z);
};

/* What is told of a row. */
struct fixed_point_found {
    real iterations;  /* steps of the solver; infinite where it found no rest */
    real contraction; /* by which the residual fell a step, of the last 8 or fewer; with picard about the spectral
                       * radius of dM/dz. NaN where one step was enough */
};

/* z[rows, size], from 0. work: of fixed_point_work. found[rows] may be NULL. */
void fixed_point_solve(const struct fixed_point *how, const struct fixed_point_map *map, real *z,
                       struct fixed_point_found *found, real *work);
/* Reals, for FIXED_POINT_ROWS rows. */
int64_t fixed_point_work(enum solver solver, int64_t size);
/* Products with M that a step takes. */
int fixed_point_products(enum solver solver);

#endif
