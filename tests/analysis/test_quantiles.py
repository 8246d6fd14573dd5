"""Quantiles against what is known in closed form of their distributions."""

import numpy as np
import pytest
from ntksweep.quantiles import chi_squared, normal, student


@pytest.mark.parametrize("freedom", [3, 5, 9, 29])
@pytest.mark.parametrize("p", [0.6, 0.975, 1 - 1e-4])
def test_student_of_odd_degrees_is_a_sum_of_powers(freedom, p):
    """Abramowitz and Stegun 1964, 26.7.3."""
    angle = np.arctan(student(freedom, p) / np.sqrt(freedom))
    term, total = np.cos(angle), 0.0
    for odd in range(1, freedom - 1, 2):
        total, term = total + term, term * (odd + 1) / (odd + 2) * np.cos(angle) ** 2
    assert (angle + np.sin(angle) * total) / np.pi + 0.5 == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("p", [0.6, 0.975, 1 - 1e-4, 1 - 1e-7])
def test_student_of_one_and_two_degrees_is_in_closed_form(p):
    q = 1 - p
    cauchy, two = 1 / np.tan(np.pi * q), (2 * p - 1) / np.sqrt(2 * p * q)
    assert student([1, 2], p) == pytest.approx([cauchy, two], rel=1e-12)


@pytest.mark.parametrize("p", [0.025, 0.5, 0.975])
def test_chi_squared_of_two_degrees_is_exponential(p):
    assert chi_squared(2, p) == pytest.approx(-2 * np.log1p(-p), rel=1e-12)
    assert chi_squared(1, p) == pytest.approx(normal((1 + p) / 2) ** 2, rel=1e-12)


def test_many_degrees_are_normal():
    """To the second term of the series in 1 over their number."""
    z = normal(0.975)
    assert z == pytest.approx(1.959963984540054, rel=1e-14)
    f = 10.0 ** np.arange(3, 7)
    assert student(f, 0.975) == pytest.approx(z + (z**3 + z) / (4 * f), abs=10 / f[0] ** 2)
    assert chi_squared(f, 0.975) / f == pytest.approx(1 + z * np.sqrt(2 / f) + 2 * (z * z - 1) / (3 * f), abs=1e-4)


def test_shapes_and_what_is_not_there():
    assert student(5, 0.975).shape == () and student(np.full((2, 3), 4), 0.975).shape == (2, 3)
    assert np.isnan(chi_squared([np.nan, 2.5], 0.5)).tolist() == [True, False]


@pytest.mark.parametrize("p", [0.025, 0.975])
def test_more_degrees_have_larger_quantiles(p):
    """Also where they are few, and not whole."""
    assert np.all(np.diff(chi_squared(np.linspace(0.3, 4, 75), p)) > 0)
