/* Initial value problems dy/dt = f(t, y) of any size, stiff ones too, in double: backward differentiation formulas of
 * variable order and step with matrix-free Newton iterations, GMRES inside (SUNDIALS CVODE: Hindmarsh et al. 2005, ACM
 * TOMS 31, 363).
 *
 * The local error of a step is kept below relative |y_i| + absolute in the root mean square over i. Equal problems
 * give equal bits. Not collective. */
#ifndef ODE_H
#define ODE_H

#include <stddef.h>
#include <stdint.h>
#include "host.h"
#include "status.h"

struct ode {
    int64_t n;
    /* rate[n] = f(t, y[n]). Where it is not finite, a smaller step is tried. */
    void (*rate)(double t, const double *y, double *rate, void *context);
    /* product[n] = (df/dy)(t, y) v, at a y whose f is `rate`. NULL: difference quotients of f. */
    void (*jacobian)(double t, const double *y, const double *rate, const double *v, double *product, void *context);
    /* y at time number i, as soon as it is reached. y is lent for the call. */
    void (*reached)(int64_t i, const double *y, void *context);
    void *context;             /* of all three */
    const struct host *host;   /* asked before every f and product; ends with ERROR_INTERRUPTED */
    double relative, absolute; /* tolerances */
};

/* From y[n] at time `start` through the ascending time[count] >= start. y is overwritten; *done is the number of times
 * reached: fewer than count where f cannot be evaluated, steps become too small or too many (100000 from one time to
 * the next): a result, not an error. Memory of ode_bytes is had from malloc. ERROR_MEMORY, ERROR_INTERRUPTED. */
status ode_integrate(const struct ode *ode, double start, double *y, int64_t count, const double *time, int64_t *done);
size_t ode_bytes(int64_t n);

#endif
