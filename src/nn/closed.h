/* The flow of one number in closed form, df/ds = R(d(s)) with f(0) = 0, the input reading, or df/ds = R(f + d(s)) with
 * f(0) = x, the state reading; R(u) = max(0, u):
 *
 *     example 1    d(s) = w1 s + w2              (x + d(s) where the input is read)
 *     example 2    d(s) = s^2 + w1 s + w2
 *     example 3    d(s) = 0, of the state: no parameters
 *
 * In double. Cannot fail. Not collective. */
#ifndef CLOSED_H
#define CLOSED_H

#include "config.h"

struct closed {
    int example, reading; /* enum example, reading */
    double time;          /* T */
};

/* f at T, and its derivatives. */
struct flow {
    double f, x, w1, w2;
};
struct flow closed_flow(const struct closed *closed, double x, double w1, double w2);

#endif
