"""A curve: one metric over one axis, everything else held fixed, with all its seeds."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import xarray as xr

from . import statistics
from .load import ABSENT, GRID
from .words import MODELS, diverged_text, metric_label, models_of, value_text, where_text

PRE_ASYMPTOTIC = ("conv", "wrn")
PHASES = ("setup", "kernel", "training", "recording", "total")


@dataclass(frozen=True, eq=False)
class Curve:
    metric: str
    x_name: str
    x: np.ndarray  # [X], ascending
    samples: np.ndarray  # [X, seed], NaN where nothing was measured
    status: np.ndarray  # [X, seed]
    where: dict  # the other dimensions: name -> value
    source: str  # label of the study
    order: int  # of the study
    family: str = "fc"
    depth: float = np.nan  # of the network
    loss: str = "mse"
    is_plain: bool = True  # trained as the paper's networks were
    values: tuple = ()  # [X], the axis's own where they are words: "full" of batches
    labels: tuple = ()  # (axis, its long name)
    said: dict = field(default_factory=dict)  # what results.h5 says of the metric

    @property
    def label(self):
        return metric_label(self.metric, self.said)

    @property
    def models(self):
        """Those on whose training it depends, as bits."""
        return models_of(self.metric, self.said)

    @cached_property
    def level(self):
        return statistics.level(self.samples)

    @cached_property
    def median(self):
        return statistics.median(self.samples, self.lost)

    @cached_property
    def fit(self):
        return statistics.fit(self.x, self.samples)

    @cached_property
    def slopes(self):
        return statistics.local_slopes(self.x, self.samples)

    @property
    def is_local(self):
        """RMSE against width of a family that is still pre-asymptotic: its local slopes say more than a fitted one."""
        return self.family in PRE_ASYMPTOTIC and (self.metric, self.x_name) == ("rmse_test", "width")

    @property
    def place(self):
        """Everything that is held fixed, in words."""
        return where_text(self.where, self.labels)

    @property
    def lost(self):
        """Seeds without a value because a model on which it depends diverged [X, seed]."""
        return self.has_diverged(self.models) & np.isnan(self.samples)

    def has_diverged(self, models):
        return (self.status > 0) & (self.status & models > 0)

    @property
    def diverged(self):
        return np.sum(self.lost, axis=1)

    def diverged_of(self, model):
        """Of the lost seeds those of which this model diverged [X]."""
        return np.sum(self.lost & self.has_diverged(model), axis=1)

    def diverged_text(self, i=...):
        """Which of the models on which it depends diverged, of how many, at x[i] or in all."""
        needed = [model for model in MODELS if model & self.models]
        counts = {model: int(np.sum(self.diverged_of(model)[i])) for model in needed}
        return diverged_text(counts, int(np.sum(self.status[i] >= 0)))

    @property
    def absent(self):
        return np.sum(self.status == ABSENT, axis=1)


@lru_cache(maxsize=None)
def final(study, metric):
    """The metric at the last recorded step of the training, on the axes and perhaps `layer`; nothing there of points
    where a model on which it depends diverged."""
    array = at_stop(study, study.data[metric])
    last = {name: -1 for name in ("step", "kernel_step") if name in array.dims}
    return array.isel(last).where((study.data["status"] & models_of(metric, study.said(metric))) == 0)


def at_stop(study, array):
    """Of points that training.stop_loss ended that step, of others the last."""
    if "step" not in array.dims or not study.has("stopped_step"):
        return array
    return array.sel(step=study.data["stopped_step"].fillna(array["step"][-1])).drop_vars("step")


def every_step(study, metric):
    return study.data[metric]


def phases(study):
    """seconds_PHASE side by side along a dimension `phase`; None where there are none."""
    found = [
        name[len("seconds_") :] for name in map(str, study.data) if name.startswith("seconds_") and study.has(name)
    ]
    labels = sorted(found, key=lambda name: (PHASES + (name,)).index(name))
    return side_by_side({label: study.data[f"seconds_{label}"] for label in labels}, "phase", "seconds")


def side_by_side(arrays, dimension, metric):
    """label -> array, along a new dimension; None where there are none."""
    if not arrays:
        return None
    labels = xr.IndexVariable(dimension, list(arrays))
    return xr.concat(list(arrays.values()), labels, combine_attrs="drop").rename(metric)


def curves_of(studies, metric, x_name, pick=final):
    """Every curve of the metric in the studies that have the axis, without those that were not measured."""
    return [
        curve
        for order, study in enumerate(studies)
        if study.has(metric) and x_name in study.data[metric].dims
        for curve in split(study, order, pick(study, metric), x_name)
    ]


def split(study, order, array, x_name, with_lost=False):
    """The curves of one array [axes, ...], the last of the other dimensions fastest. with_lost: also those of which all
    values are lost."""
    names = [name for name in array.dims if name not in (x_name, "seed")]
    status = study.data["status"]
    single = {name: status[name].values[0] for name in status.dims if name not in array.dims}
    status = status.isel({name: 0 for name in single}).broadcast_like(array).transpose(*names, x_name, "seed").values
    values = np.asarray(array.transpose(*names, x_name, "seed").values, float)
    own, places = coordinate(array, x_name), [coordinate(array, name) for name in names]
    labels, said = tuple(study.labels.items()), study.said(array.name)
    found = []
    for index in np.ndindex(values.shape[:-2]):
        there = status[index] >= 0 if with_lost else ~np.isnan(values[index])
        if there.any():
            where = {**single, **{name: place[i] for name, place, i in zip(names, places, index)}}
            x = axis_numbers(own, where)
            up = np.argsort(x, kind="stable")
            data = x[up], values[index][up], status[index][up]
            network = study.family, study.depth(where), study.loss(where), study.is_plain(where)
            words = tuple(own[up]) if x is not own else ()
            found.append(Curve(array.name, x_name, *data, where, study.label, order, *network, words, labels, said))
    return found


def clock(study, at):
    """Name of the time axis and the time of a step at `at` (axis -> value): learning rate, with momentum its root; the
    step where the rate changes."""
    return clock_at(study, tuple(at.items()))


@lru_cache(maxsize=None)
def clock_at(study, at):
    rate = final(study, "learning_rate_used").sel(dict(at)).values if study.has("learning_rate_used") else np.nan
    if not np.isfinite(rate).any() or not study.has_one_rate(dict(at)):
        return "step", 1
    return ("time_momentum", np.sqrt(np.nanmean(rate))) if study.momentum(dict(at)) else ("time", np.nanmean(rate))


def axis_numbers(values, where):
    """The values as numbers; a full batch has the size of the training set."""
    if is_numeric(values):
        return values
    return np.array([float(where["train_size"] if text == "full" else text) for text in map(value_text, values)])


def is_numeric(values):
    return np.issubdtype(np.asarray(values).dtype, np.number)


def numeric_axes(studies):
    """Names of axes with several values against which something can be drawn: not those of GRID, nor of data seeds."""
    names = dict.fromkeys(name for study in studies for name in study.axes if name not in (*GRID, "data_seed"))
    return [name for name in names if any(has_numbers(study, name) for study in studies)]


def has_numbers(study, name, least=2):
    return study.data.sizes.get(name, 0) >= least and (name == "batch_size" or is_numeric(study.data[name].values))


def coordinate(array, name):
    return array[name].values if name in array.coords else np.arange(array.sizes[name])


def reference_curve(series, order):
    """A line of the reference file as a curve with one seed."""
    samples = series.y[:, None]
    where = {"panel": series.panel, "series": series.name}
    return Curve("rmse_test", "width", series.width, samples, np.zeros(samples.shape, int), where, "reference", order)
