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
    """Begins at the cube of Wilson and Hilferty."""

    def tail(x):
        return mpmath.gammainc(freedom / 2, x / 2, regularized=True)

    part = 2 / (9 * freedom)
    return solve(tail, 1 - p, freedom * max(1 - part + normal(p) * sqrt(part), 0.05) ** 3)


def solve(tail, wanted, start):
    """The x > 0 with tail(x) = wanted, by secants of the logarithms, which are nearly a parabola; their last step is below
    1e-8, and its error that of rounding."""
    u = mpmath.findroot(lambda u: mpmath.log(tail(mpmath.exp(u)) / wanted), (log(start), log(start) + 0.01), tol=1e-8)
    return float(mpmath.exp(u))
