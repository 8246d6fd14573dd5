"""What every figure is made from, and what it makes."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable

from . import style
from .curves import curves_of, reference_curve
from .ensembles import ensembles_of
from .load import with_shared_axes
from .paper import paper_curves
from .summary import summary_rows
from .words import SYMBOLS, width_word


class Context:
    """The studies, the reference series and those of the paper (as curves) and the summary's rows."""

    def __init__(self, studies, references):
        self.studies = with_shared_axes(studies)
        self.references = [reference_curve(series, order) for order, series in enumerate(references)]
        self.families = list(dict.fromkeys(study.family for study in self.studies))
        self.paper = paper_curves({curve.family for curve in self.rmse if curve.is_plain})
        self.rows = summary_rows(self.studies)

    @property
    def title(self):
        return " \N{MIDDLE DOT} ".join(dict.fromkeys(study.title for study in self.studies))

    @property
    def width(self):
        """width, or channels."""
        return width_word(self.families)

    @cached_property
    def rmse(self):
        return self.curves(["rmse_test"])

    @cached_property
    def ensembles(self):
        return [ensemble for study in self.studies for ensemble in ensembles_of(study)]

    def curves(self, metrics, x_name="width"):
        return [curve for metric in metrics for curve in curves_of(self.studies, metric, x_name)]


@dataclass
class Section:
    kind: str
    title: str
    caption: str
    draw: Callable[..., Any]  # makes the figure, on a Page or the axes of style
    curves: list = field(default_factory=list)  # for the tables
    number: int = 1  # of several of its kind: the page folds in those after the first
    of: int = 1
    table: tuple = ()  # header and rows, below the figure
    rows: Callable = tuple  # makes what is drawn as dictionaries, of no curves, for tables/KIND.csv

    @property
    def name(self):
        """Of the files."""
        return f"{self.kind}_{self.number}" if self.of > 1 else self.kind

    @cached_property
    def figure(self):
        with style.look():
            return self.draw()

    @property
    def scaling(self):
        """The curves that have an exponent."""
        return [curve for curve in self.curves if curve.x_name in SYMBOLS]


def sections_of(kind, title, caption, figures):
    """One section for each (what draws a figure, curves), numbered."""
    figures = list(figures)
    for number, (draw, curves) in enumerate(figures, start=1):
        yield Section(kind, title, caption, draw, curves, number, len(figures))
