"""What a band may ask of a study's results: a quantity (of each seed), and a kind, which makes one number of its seeds.

A band names both; it is judged at every cell of the axes that are left when `at` has selected and the seeds, and of
slopes and changes the axis `over`, are taken in.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from . import statistics
from .curves import axis_numbers, coordinate, final
from .load import EXAMPLES
from .point import InputError, same
from .words import number, plural, value_text

DIGITS = 4
SIGMAS, ALLOWANCE = 3, 0.01  # of a probability: what chance allows, and what a grid may differ from an interval by


@dataclass(frozen=True)
class Band:
    """A line of the file; bounds that it leaves out are infinite."""

    place: str  # file and line
    name: str
    kind: str
    of: str  # a metric or a quantity
    at: dict = field(default_factory=dict)  # axis, step or layer -> value
    over: str = ""
    start: float = -np.inf  # `from` and `to`: the values that count, or the ends of `over`
    end: float = np.inf
    low: float = -np.inf
    high: float = np.inf
    error: float = np.inf

    @property
    def asked(self):
        """>= 0.0421, <= 1, or both; of slopes with the largest standard error."""
        low, high, error = map(bound_text, (self.low, self.high, self.error))
        text = f"{low} to {high}" if low and high else f">= {low}" * bool(low) + f"<= {high}" * bool(high)
        return text + f", error <= {error}" * bool(error)


def bound_text(bound):
    """As it was given; nothing where there is none."""
    return f"{bound:.15g}".replace("-", "\N{MINUS SIGN}") if np.isfinite(bound) else ""


@dataclass(frozen=True)
class Got:
    value: float
    error: float = np.nan
    widened: float = 0.0  # how far chance may take it beyond the band

    def meets(self, band):
        inside = band.low - self.widened <= self.value <= band.high + self.widened
        return bool(inside and (self.error <= band.error or np.isinf(band.error)))

    def text(self, band):
        error, chance = telling(self.error, [band.error], 2), number(self.widened, 2) if self.widened else ""
        text = telling(self.value, [band.low, band.high], DIGITS) + f" \N{PLUS-MINUS SIGN} {error}" * bool(error)
        return text + f" (chance {chance})" * bool(chance)


def telling(value, bounds, least):
    """With as many digits, and at least so many, as show on which side of the bounds it is."""
    side = lambda x: [np.sign(x - bound) for bound in bounds]
    enough = (n for n in range(least, 17) if np.isnan(value) or side(float(f"{value:.{n}g}")) == side(value))
    return number(value, next(enough, 17))


@dataclass(frozen=True)
class Verdict:
    band: Band
    holds: bool
    got: str


# ---- quantities: functions of a study that give an array on its axes, at the last step that is left ----


def mse(metric):
    """The loss is half the mean square."""
    return lambda study: 2 * final(study, metric)


def span(study):
    """Largest minus smallest output over the test examples: 0 of a constant network."""
    outputs, name = test_outputs(study)
    return outputs.max(name, skipna=False) - outputs.min(name, skipna=False)


def least_rise(study):
    """Smallest difference of neighbouring outputs, in the order of the inputs: above 0 of an increasing network."""
    outputs, name = test_outputs(study)
    return outputs.isel({name: test_order(study)}).diff(name).min(name, skipna=False)


def test_outputs(study):
    """Of the first output on all test examples, and the name of their dimension."""
    if "outputs" not in study.data or "test_example" not in study.data["outputs"].dims:
        raise InputError(f"{study.directory}: no outputs of all test examples; expected `measure.outputs: all`")
    return final(study, "outputs").isel(output=0), "test_example"


def test_order(study):
    """Of the test examples by their first input, from any record: they are the same in all."""
    inputs = any_point(study).arrays.get("x_test")
    if inputs is None:
        raise InputError(f"{study.directory}: no inputs are kept; expected `measure.keep: [inputs]`")
    return np.argsort(inputs.reshape(len(inputs), -1)[:, 0], kind="stable")


def any_point(study):
    status = study.data["status"]
    return study.point(**{name: status[name].values[0] for name in study.axes})


def mean_kernel_distance(study):
    """Relative distance of the mean over seeds of the kept NTK from the infinitely wide one; a single value for all."""
    status = study.data["status"].isel(seed=slice(1))
    found = np.full(status.shape, np.nan)
    for index in np.ndindex(found.shape):
        where = {name: status[name].values[i] for name, i in zip(status.dims, index) if name != "seed"}
        found[index] = distance_of_mean([study.point(**where, seed=seed) for seed in study.data["seed"].values])
    return status.astype(float).copy(data=found)


def distance_of_mean(points):
    kernels = [point.kernels for point in points]
    for point, kept in zip(points, kernels):
        if not {"ntk_train_train", "ntk_infinite_train_train"} <= set(kept):
            raise point.missing("kernels")
    infinite, mean = kernels[0]["ntk_infinite_train_train"], np.mean([kept["ntk_train_train"] for kept in kernels], 0)
    limit = np.kron(infinite, np.eye(len(mean) // len(infinite)))
    return np.linalg.norm(mean - limit) / np.linalg.norm(limit)


QUANTITIES = {
    "mse_train": mse("loss_train"),
    "mse_test": mse("loss_test"),
    "span": span,
    "least_rise": least_rise,
    "mean_kernel_distance": mean_kernel_distance,
}


# ---- kinds: functions of (band, the axis `over` [X], samples [X, seed]); without `over` X = 1 ----


def over_seeds(reduce):
    return lambda band, x, samples: Got(float(reduce(samples[0])))


def share(band, x, samples):
    """Of the seeds whose value is from `from` to `to`."""
    return Got(float(np.mean((samples >= band.start) & (samples <= band.end))))


def probability(band, x, samples):
    """The same beside a probability: as far from it as chance allows is no fault."""
    p = np.clip([band.low, band.high], 0, 1)
    chance = SIGMAS * np.sqrt(p * (1 - p) / samples.size).max()
    return replace(share(band, x, samples), widened=float(chance + ALLOWANCE))


def slope(band, x, samples):
    """Of the logarithm over that of the axis, fitted as in the report, with its standard error."""
    fit = statistics.fit(x, samples)
    return Got(fit.exponent, fit.error) if fit else Got(np.nan)


def change(band, x, samples):
    """Largest relative distance of a level (geometric mean over seeds) from that at the axis' first value."""
    levels = statistics.level(samples).mean
    return Got(float(np.abs(levels / levels[0] - 1).max()))


KINDS = {
    "least": over_seeds(np.min),
    "largest": over_seeds(np.max),
    "median": over_seeds(np.median),
    "mean": over_seeds(np.mean),
    "share": share,
    "probability": probability,
    "slope": slope,
    "change": change,
}
OVER_AXIS = ("slope", "change")


# ---- judging ----


def judge(study, band):
    study = selected(study, band)
    array = quantity(study, band)
    cells = [(where, x, samples) for where, x, samples in cells_of(array, band)]
    lost = sum(int(np.isnan(samples).sum()) for *_, samples in cells)
    if lost:
        return Verdict(band, False, f"{plural(lost, 'seed')} without a value (diverged or not recorded)")
    got = [KINDS[band.kind](band, x, samples) for _, x, samples in cells]
    missed = [place_text(where) for (where, *_), one in zip(cells, got) if not one.meets(band)]
    words = extremes(got, band) + f", not at {'; '.join(missed)}" * bool(missed and len(got) > 1)
    return Verdict(band, not missed, words)


def extremes(got, band):
    ordered = sorted(got, key=lambda one: one.value)
    return " to ".join(dict.fromkeys(one.text(band) for one in (ordered[0], ordered[-1])))


def place_text(where):
    return " ".join(f"{name}={value_text(value)}" for name, value in where.items())


def selected(study, band):
    """The study at the band's values, and of its axis from end to end."""
    data = study.data
    for name, value in band.at.items():
        data = data.isel({name: [place_of(data, name, value, band)]})
    if band.kind in OVER_AXIS:
        ends = [place_of(data, band.over, value, band) for value in (band.start, band.end)]
        data = data.isel({band.over: slice(ends[0], ends[1] + 1)})
    return replace(study, data=data)


def place_of(data, name, value, band):
    if name not in data.dims:
        raise InputError(f"{band.place}: no axis `{name}`; there are {', '.join(data['status'].dims)}")
    known = data[name].values
    found = [i for i, other in enumerate(known) if same(value, other)]
    if not found:
        raise InputError(f"{band.place}: no {name}={value_text(value)}; there are {', '.join(map(value_text, known))}")
    return found[0]


def quantity(study, band):
    if band.of in QUANTITIES:
        return QUANTITIES[band.of](study)
    known = study.data.get(band.of)
    if known is None or "seed" not in known.dims or known.dtype.kind not in "iuf":
        raise InputError(f"{band.place}: no metric `{band.of}` of each seed; there are also {', '.join(QUANTITIES)}")
    array = final(study, band.of)
    inner = [name for name in array.dims if name in (*EXAMPLES, "output") and array.sizes[name] > 1]
    if inner:
        raise InputError(f"{band.place}: {band.of} has a value of each {inner[0]}; expected one of each seed")
    return array.isel({name: 0 for name in array.dims if name in EXAMPLES or name == "output"})


def cells_of(array, band):
    """Yields (where, of the axes with several values; x [X]; samples [X, seed])."""
    over = [band.over] if band.kind in OVER_AXIS else []
    names = [name for name in array.dims if name not in (*over, "seed")]
    values = np.asarray(array.transpose(*names, *over, "seed").values, float)
    for index in np.ndindex(values.shape[: len(names)]):
        where = {name: coordinate(array, name)[i] for name, i in zip(names, index)}
        x = axis_numbers(coordinate(array, band.over), where) if over else np.zeros(1)
        several = {name: value for name, value in where.items() if array.sizes[name] > 1}
        yield several, x, values[index].reshape(len(x), -1)
