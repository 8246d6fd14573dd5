"""Levels, slopes and fits against formulas written out, planted exponents and counted coverage."""

import numpy as np
import pytest
from ntksweep import statistics

X = 2.0 ** np.arange(5, 11)
NAN = np.nan


def planted(random, exponent, seeds, tilt=0.0, spread=0.2):
    """Samples [X, seed] around X^exponent; with tilt each seed has its own exponent, which correlates widths."""
    own = tilt * random.standard_normal(seeds) * np.log(X / X.mean())[:, None]
    noise = spread * np.linspace(1, 2, len(X))[:, None] * random.standard_normal((len(X), seeds))
    return X[:, None] ** exponent * np.exp(own + noise)


def test_level_is_the_formula():
    samples = np.array([0.031, 0.047, 0.0385, 0.052])
    logs = np.log(samples)
    half = 3.182446305284263 * logs.std(ddof=1) / 2  # t_0.975 with 3 degrees of freedom, from tables
    level = statistics.level(samples)
    assert level.count == 4
    assert np.allclose(
        [level.mean, level.low, level.high], np.exp([logs.mean(), logs.mean() - half, logs.mean() + half]), rtol=1e-12
    )


def test_level_leaves_out_what_is_not_there():
    with_hole = statistics.level(np.array([0.031, NAN, 0.047, 0.0385]))
    without = statistics.level(np.array([0.031, 0.047, 0.0385]))
    assert (with_hole.mean, with_hole.low, with_hole.count) == (without.mean, without.low, 3)


@pytest.mark.parametrize("samples, mean", [([0.031], 0.031), ([0.0, 0.031], 0.0), ([NAN, NAN], NAN)])
def test_no_interval_without_a_spread(samples, mean):
    level = statistics.level(np.array(samples))
    assert np.isclose(level.mean, mean, equal_nan=True)
    assert np.isnan(level.low) and np.isnan(level.high)


def test_interval_covers():
    random = np.random.default_rng(11)
    level = statistics.level(np.exp(0.3 * random.standard_normal((4000, 4)) + 1.7))
    assert abs(np.mean((level.low < np.exp(1.7)) & (np.exp(1.7) < level.high)) - 0.95) < 0.015


def test_median_counts_a_diverged_seed_as_large():
    samples = np.array([[0.3, NAN, 0.2], [0.3, NAN, NAN], [0.3, 0.1, 0.2], [NAN, NAN, NAN]])
    diverged = np.array([[0, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0]], bool)
    assert np.array_equal(statistics.median(samples, diverged), [0.3, np.inf, 0.2, NAN], equal_nan=True)


def test_a_power_law_is_recovered_exactly():
    samples = 0.7 * X[:, None] ** -0.93 * np.array([1.1, 0.8, 1.3])
    fit = statistics.fit(X, samples)
    assert abs(fit.exponent + 0.93) < 1e-12 and abs(fit.low + 0.93) < 1e-12 and abs(fit.high + 0.93) < 1e-12
    assert all(abs(local.exponent + 0.93) < 1e-12 for local in statistics.local_slopes(X, samples))


def test_the_fit_weighs_by_the_spread():
    """A wide scatter at one width moves an unweighted fit more than this one."""
    random = np.random.default_rng(3)
    samples = X[:, None] ** -1.0 * np.exp(0.02 * random.standard_normal((len(X), 5)))
    samples[0] *= np.exp([2.4, -0.9, 1.8, -0.2, 1.1])
    unweighted = np.polyfit(np.log(X), np.log(samples).mean(1), 1)[0]
    assert abs(statistics.fit(X, samples).exponent + 1) < 0.5 * abs(unweighted + 1)


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("tilt", [0.0, 0.2])
def test_the_fits_interval_covers_the_planted_exponent(seeds, tilt, monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)
    random = np.random.default_rng(5)
    fits = [statistics.fit(X, planted(random, -0.93, seeds, tilt)) for _ in range(400)]
    covered = np.mean([fit.low < -0.93 < fit.high for fit in fits])
    assert 0.89 < covered < 0.985, covered
    assert abs(np.mean([fit.exponent for fit in fits]) + 0.93) < 0.02


def test_the_bootstrap_is_reproducible():
    samples = planted(np.random.default_rng(7), -0.9, 5)
    first = statistics.fit(X, samples)
    np.random.seed(1)
    assert statistics.fit(X, samples) == first
    scaled = statistics.fit(X, 3 * samples)
    assert np.allclose([scaled.exponent, scaled.low, scaled.high], [first.exponent, first.low, first.high], rtol=1e-9)


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_fewer_than_three_seeds_have_a_slope_and_no_interval(seeds):
    fit = statistics.fit(X, planted(np.random.default_rng(7), -0.9, seeds))
    assert np.isfinite(fit.exponent) and fit.seeds == seeds
    assert fit.has_interval == np.isfinite(fit.high) == (seeds == 3)


def test_a_lone_seed_a_zero_and_a_hole_are_left_out_of_the_fit():
    samples = planted(np.random.default_rng(7), -0.9, 4)
    rest = statistics.fit(X[2:-1], samples[2:-1])
    samples[0, 1:] = NAN
    samples[1, 2] = 0
    samples[-1] = NAN
    assert statistics.fit(X, samples) == rest
    assert rest.points == len(X) - 3


def test_a_lone_seed_beside_several_gives_a_slope_without_interval():
    fit = statistics.fit(X[:2], np.array([[1.0, 1.0], [0.5, NAN]]))
    assert abs(fit.exponent + 1) < 1e-12 and np.isnan(fit.low)


def test_one_width_has_no_slope():
    assert statistics.fit(X[:1], np.array([[0.1, 0.2]])) is None
    assert statistics.fit(X[:2], np.array([[0.1, 0.2], [NAN, NAN]])) is None


def test_draws_that_leave_one_width_are_dropped():
    """Two widths with different seeds: a draw may miss all seeds of one of them, and has no slope then."""
    samples = np.array([[1.0, 1.1, 1.05, NAN, NAN, NAN], [NAN, NAN, NAN, 0.5, 0.52, 0.51]])
    fit = statistics.fit(X[:2], samples)
    assert fit.low < fit.exponent < fit.high and fit.high - fit.low < 3
