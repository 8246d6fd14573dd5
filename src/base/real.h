/* The precision of a module that is built twice. Such a module's headers begin with one rename line per external
 * function: `#define network_forward REAL_NAME(network_forward)`, so that code and grep read plainly. libm's functions are
 * named REAL_MATH(sqrt). */
#ifndef REAL_H
#define REAL_H

#include <float.h>
#include <stdint.h>

#ifndef REAL_BITS
#error "a module that includes real.h is built for REAL_BITS 32 or 64"
#elif REAL_BITS == 32
typedef float real;
typedef int32_t real_int; /* as wide as a real */
#define REAL_NAME(name) name##_f32
#define REAL_MATH(name) name##f
#define REAL_EPSILON    FLT_EPSILON
#define REAL_MIN        FLT_MIN
#define REAL_MAX        FLT_MAX
#else
typedef double real;
typedef int64_t real_int;
#define REAL_NAME(name) name##_f64
#define REAL_MATH(name) name
#define REAL_EPSILON    DBL_EPSILON
#define REAL_MIN        DBL_MIN
#define REAL_MAX        DBL_MAX
#endif

#endif
