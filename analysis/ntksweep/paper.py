"""The points of Lee et al. 2019 (arXiv:1902.06720v3, Fig. S5) for the families that are compared with them: final RMSE
against channels with 128 training points, read off the figure (error about 0.02 in log2)."""

from pathlib import Path

import numpy as np

from .curves import Curve
from .load import load_reference

FILE = Path(__file__).resolve().with_name("lee2019.csv")
SOURCE = "Lee et al. 2019"
PANELS = {"S5: CNN |D|=128": "conv", "S5: WRN |D|=128": "wrn"}
# Fig. 3: relu, 5 hidden layers of 2048, 256 points of two classes of CIFAR-10, full batches of the squared error: final
# RMSE of the network against the linear model with its own kernel and with that of infinite width.
FIGURE_3 = {
    "study": {
        "data.source": "cifar10",
        "network.family": "fc",
        "network.depth": "5",
        "network.activation": "relu",
        "network.sigma_w2": "2",
        "network.sigma_b2": "0.1",
        "training.batch_size": "full",
    },
    "at": {"width": 2048, "train_size": 256},
    "final": (0.121, 0.247),
}
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
    data = series.width, samples, np.zeros(samples.shape, int)
    return Curve("rmse_test", "width", *data, where, source, order, family, depth)


def beside(paper, curves):
    """For each architecture among the curves the paper's of its family that is nearest in depth, each once."""
    networks = sorted({(curve.family, curve.depth) for curve in curves if curve.is_plain and np.isfinite(curve.depth)})
    nearest = [min(of_family(paper, family), key=distance(depth), default=None) for family, depth in networks]
    return [curve for curve in dict.fromkeys(nearest) if curve]


def is_figure_3(study, where):
    """Whether the network at `where` is trained as that of Fig. 3 was, on one output."""
    texts = [study.choice(*name.split("."), where).removesuffix(".0") for name in FIGURE_3["study"]]
    same = texts == list(FIGURE_3["study"].values()) and study.is_plain(where)
    at = all(where.get(name) == value for name, value in FIGURE_3["at"].items())
    return same and at and study.data.sizes.get("output") == 1


def of_family(paper, family):
    return [curve for curve in paper if curve.family == family]


def distance(depth):
    return lambda curve: abs(np.log(curve.depth / depth))


def overall(paper, family):
    """The mean over depths of the fitted exponents; NaN without any."""
    exponents = [curve.fit.exponent for curve in of_family(paper, family)]
    return float(np.mean(exponents)) if exponents else np.nan
