"""Quantiles of the normal distribution, of Student's t and of chi-squared, from the tails that mpmath has. SciPy has them
at once, but on Debian comes with a C++ compiler, Boost and Pythran: 46 MB to download, 300 MB of disk."""

from functools import lru_cache
from math import log, sqrt
from statistics import NormalDist

import mpmath
import numpy as np


def normal(p):
    return NormalDist().inv_cdf(p)


def student(freedom, p):
    """Of Student's t with each number of degrees of freedom [...], p > 1/2."""
    return of_each(student_of, freedom, p)


def chi_squared(freedom, p):
    return of_each(chi_squared_of, freedom, p)


def of_each(quantile, freedom, p):
    """Each number once: most arrays have few. NaN of NaN."""
    values, at = np.unique(np.asarray(freedom, float), return_inverse=True)
    found = [np.nan if np.isnan(value) else quantile(float(value), p) for value in values]
    return np.array(found)[at].reshape(np.shape(freedom))[()]


@lru_cache(maxsize=None)
def student_of(freedom, p):
    """Begins at the first term of Cornish and Fisher."""

    def tail(t):
        return mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + t * t), regularized=True) / 2

    z = normal(p)
    return solve(tail, 1 - p, z + (z**3 + z) / (4 * freedom))


@lru_cache(maxsize=None)
def chi_squared_of(freedom, p):
    """Of the smaller tail; begins at the cube of Wilson and Hilferty."""

    def tail(x):
        ends = (0, x / 2) if p < 0.5 else (x / 2, mpmath.inf)
        return mpmath.gammainc(freedom / 2, *ends, regularized=True)

    part = 2 / (9 * freedom)
    return solve(tail, min(p, 1 - p), freedom * max(1 - part + normal(p) * sqrt(part), 0.05) ** 3)


def solve(tail, wanted, start):
    """The x > 0 with tail(x) = wanted, to 1e-12: the logarithm of a tail is monotone in that of x, and nearly a line or a
    parabola."""

    def excess(u):
        return mpmath.log(tail(mpmath.exp(u)) / wanted)

    low = high = mpmath.log(start)
    step, sign = mpmath.mpf(1) / 64, mpmath.sign(excess(low))
    while mpmath.sign(excess(low)) == mpmath.sign(excess(high)) == sign:
        low, high, step = low - step, high + step, 2 * step
    return float(mpmath.exp(mpmath.findroot(excess, (low, high), solver="anderson", tol=1e-14)))
