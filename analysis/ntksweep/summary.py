"""What is compared at the last step: is the set fitted, is rounding small, how many seeds stand behind it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .curves import final, split
from .statistics import level
from .words import MODELS, loss_label, metric_label

FITTED = 0.01  # training loss at the last step, as a share of the one at step 0
ROUNDING = 0.1  # rounding, as a share of the RMSE


@dataclass(frozen=True)
class Row:
    """One cell of the grid without seeds."""

    source: str
    where: dict
    level: tuple  # geometric mean, low, high of rmse_test
    median: float
    seeds: int
    diverged: int
    absent: int
    loss: float
    loss_share: float
    rounding_share: float
    loss_name: str
    loss_label: str
    diverged_of: dict  # model -> how many of its kind
    diverged_text: str
    labels: tuple

    @property
    def is_judged(self):
        """Cross-entropy has no end that it could have reached: its logits grow for ever."""
        return self.loss_name == "mse"

    @property
    def unfitted(self):
        return self.is_judged and self.loss_share > FITTED

    @property
    def rounded(self):
        return self.rounding_share > ROUNDING


def first(study, metric):
    return study.data[metric].isel(step=0)


def summary_rows(studies):
    rows = []
    for study in studies:
        curves = split(study, 0, final(study, "rmse_test"), "width", with_lost=True) if study.has("rmse_test") else []
        for curve in curves:
            rows += [row_at(study, curve, i) for i in range(len(curve.x)) if curve.level.count[i] or curve.diverged[i]]
    return rows


def row_at(study, curve, i):
    where = {**curve.where, "width": curve.x[i]}
    seeds = curve.level
    loss = mean_at(study, "loss_train", where, final)
    start = mean_at(study, "loss_train", where, first)
    rmse = seeds.mean[i]
    rounding = mean_at(study, "rmse_rounding", where, lambda study, _: rounding_share(study))
    return Row(
        curve.source,
        where,
        (rmse, seeds.low[i], seeds.high[i]),
        curve.median[i],
        int(seeds.count[i]),
        int(curve.diverged[i]),
        int(curve.absent[i]),
        loss,
        share(loss, start),
        rounding,
        curve.loss,
        loss_label(metric_label("loss_train", study.said("loss_train")), curve.loss),
        {model: int(curve.diverged_of(model)[i]) for model in MODELS},
        curve.diverged_text(i),
        curve.labels,
    )


@lru_cache(maxsize=None)
def rounding_share(study):
    """The larger of both models' rounding over the RMSE, on the axes."""
    rounding = final(study, "rmse_rounding")
    if study.has("rmse_rounding_linear"):
        rounding = np.fmax(rounding, final(study, "rmse_rounding_linear"))
    return (rounding / final(study, "rmse_test")).rename("rounding_share")


def share(part, whole):
    return part / whole if whole > 0 else np.nan


def mean_at(study, metric, where, pick):
    """Geometric mean over seeds in one cell, NaN where the metric was not measured."""
    if not study.has(metric):
        return np.nan
    array = pick(study, metric)
    at = {
        name: int(np.flatnonzero(array[name].values == value)[0])
        for name, value in where.items()
        if name in array.coords
    }
    return float(level(array.isel(at).values).mean)


def unfitted_points(rows):
    """A function of a curve of RMSE against width or training-set size -> [X], true where the set is not yet fitted."""
    cells = {(row.source, cell(row.where)) for row in rows if row.unfitted}

    def points(curve):
        values = curve.values or curve.x
        return np.array([(curve.source, cell({**curve.where, curve.x_name: value})) in cells for value in values])

    return points


def cell(where):
    return frozenset((name, str(value)) for name, value in where.items())
