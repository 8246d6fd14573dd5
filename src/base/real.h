/* The precision of a module that is built twice. Such a module's headers begin with one rename line per external
 * function: `#define network_forward REAL_NAME(network_forward)`, so that code and grep read plainly. */
#ifndef REAL_H
#define REAL_H

#include <float.h>

#ifndef REAL_BITS
#error "a module that includes real.h is built for REAL_BITS 32 or 64"
#elif REAL_BITS == 32
typedef float real;
#define REAL_NAME(name) name##_f32
#define REAL_EPSILON    FLT_EPSILON
#else
typedef double real;
#define REAL_NAME(name) name##_f64
#define REAL_EPSILON    DBL_EPSILON
#endif

#endif
