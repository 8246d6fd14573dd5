"""The points of Lee et al. 2019 (arXiv:1902.06720v3, Fig. S5) for the families that are compared with them: final RMSE
against channels with 128 training points, read off the figure (error about 0.02 in log2)."""

from pathlib import Path

import numpy as np

from .curves import Curve
from .load import load_reference

FILE = Path(__file__).resolve().parents[1] / "lee2019.csv"
SOURCE = "Lee et al. 2019"
PANELS = {"S5: CNN |D|=128": "conv", "S5: WRN |D|=128": "wrn"}
KINDS = {"conv": "CNN", "wrn": "WRN"}


def paper_curves(families):
    """All depths of the families, with one seed each; the file is not read for others."""
    if not set(families) & set(KINDS):
        return []
    found = [series for series in load_reference(FILE) if PANELS.get(series.panel) in families]
    return [paper_curve(series, order) for order, series in enumerate(found)]


def paper_curve(series, order):
    """series.name is L=DEPTH."""
    family, depth, samples = PANELS[series.panel], int(series.name[2:]), series.y[:, None]
    where, source = {"train_size": 128, "depth": depth}, f"{SOURCE}, {KINDS[family]}"
    data = series.width, samples, np.zeros_like(samples)
    return Curve("rmse_test", "width", *data, where, source, order, family, depth)


def beside(paper, curves):
    """For each architecture among the curves the paper's of its family that is nearest in depth, each once."""
    networks = sorted({(curve.family, curve.depth) for curve in curves if np.isfinite(curve.depth)})
    nearest = [min(of_family(paper, family), key=distance(depth), default=None) for family, depth in networks]
    return [curve for curve in dict.fromkeys(nearest) if curve]


def of_family(paper, family):
    return [curve for curve in paper if curve.family == family]


def distance(depth):
    return lambda curve: abs(np.log(curve.depth / depth))


def overall(paper, family):
    """The mean over depths of the fitted exponents."""
    return float(np.mean([curve.fit.exponent for curve in of_family(paper, family)]))
