"""Results of ntksweep studies in Python, and the report.

    import ntksweep

    ds = ntksweep.open("DIR")                          # an xarray Dataset, as results.h5 has it
    ntksweep.slopes(ds, "rmse_test", over="width")     # the report's fits: exponents with their intervals
    ntksweep.plot.rmse_width(ds)                       # a figure of the report, on your axes if you give them
    point = ds.point(width=128, train_size=32, seed=0) # one point: settings, and the arrays that were kept
    ntksweep.replay(point)                             # its training, again, in NumPy

What has no place in `__all__` may change.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from . import tables
from .curves import Curve, curves_of, every_step, final, has_numbers
from .load import Study, open_results
from .point import InputError, Layer, Point
from .training import Network, replay

if TYPE_CHECKING:
    from . import plot

__all__ = ["InputError", "Layer", "Network", "Point", "Study", "levels", "open", "plot", "replay", "slopes"]


def open(path: str | os.PathLike[str]) -> xr.Dataset:
    """The results of a study: DIR of a run, or its results.h5.

    The axes of the grid are dimensions (`train_size`, `width`, `seed`, ...), and so are `step`, `layer` and the like.
    `status` is -1 where there is no record, and above 0 where a model diverged. Besides what xarray has, the Dataset
    and every selection of it have `.point(width=128, seed=0)`, one point's record, and `.ntksweep`, the Study.
    """
    path = Path(path)
    return open_results(path.parent if path.name == "results.h5" else path)


def slopes(data: xr.Dataset, metric: str, over: str = "width") -> pd.DataFrame:
    """Exponents b of metric ~ over^b at the last recorded step, as the report's tables/slopes.csv has them.

    A row for each series (value of the other axes): `kind` is `fit`, weighted over all values of the axis, or `local`,
    between neighbours. `low` and `high` bound the 95 % interval, a bootstrap over seeds; of fewer than three there is
    none (NaN).
    """
    return pd.DataFrame(tables.slope_rows(series(data, metric, over)))


def levels(data: xr.Dataset, metric: str, over: str = "width") -> pd.DataFrame:
    """Geometric means over seeds with their 95 % intervals, as the report's tables/levels.csv has them: at the last
    recorded step, or over `step` at each. Seeds of which a model diverged are counted, and are not in the mean."""
    return pd.DataFrame(tables.level_rows(series(data, metric, over)))


def series(data: xr.Dataset, metric: str, over: str) -> list[Curve]:
    study = data.ntksweep
    known = [name for name, array in study.data.items() if "seed" in array.dims and array.dtype.kind in "if"]
    if metric not in known:
        raise InputError(f"{study.directory}: no metric `{metric}`; there are {', '.join(known)}")
    dimensions = [name for name in study.data[metric].dims if name != "seed"]
    axes = [name for name in dimensions if name == "step" or name in study.axes and has_numbers(study, name, least=1)]
    if over not in axes:
        raise InputError(f"{study.directory}: {metric} has no axis `{over}` with numbers; it has {', '.join(axes)}")
    return curves_of([study], metric, over, pick=every_step if over == "step" else final)


def __getattr__(name):  # matplotlib is slow to start
    if name == "plot":
        return import_module(".plot", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
