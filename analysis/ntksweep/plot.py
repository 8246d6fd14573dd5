"""Each figure of the report: a function of one Dataset of `ntksweep.open`, or of several, which are drawn in the same
panels.

    figure = ntksweep.plot.rmse_width(ds)                  # a figure of its own, as in the report
    ntksweep.plot.rmse_width(ds, axes=ax)                  # or on your axes, with your rcParams: one for each panel
    ntksweep.plot.save(ntksweep.plot.rmse_width(ds, width=3.4), "rmse.pdf")

`number` is that of the report's file where there are several of a kind (`rmse_time_2`); `width`, in inches, makes a
figure for a paper, in small type and with the legend below. The figure that is returned is matplotlib's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Iterable, Protocol

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import bands, cobwebs, defaults, equilibria, figures, images, predictions, shares, states, style, times
from .context import Context, Section
from .fits import sections as fit_sections
from .load import load_references
from .point import InputError
from .regions import sections as region_sections

__all__ = [
    "cobweb", "cost", "eigenvalues", "ensemble", "ensemble_agreement", "equilibria_time", "fits", "infinite_width",
    "kernel_change", "layer_change", "local_slopes", "loss_share", "loss_time", "metric", "names", "outputs_time",
    "predicted_images", "predictions_time", "predictions_width", "regions", "rmse_axis", "rmse_reference", "rmse_time", "rmse_train_size", "rmse_width",
    "rounding", "save", "trajectories",
]  # fmt: skip


class Plot(Protocol):
    def __call__(
        self,
        *data: xr.Dataset,
        axes: Axes | Iterable[Axes] | None = None,
        number: int = 1,
        width: float | None = None,
        references: Iterable[str] = (),
    ) -> Figure: ...


def plot(kind: str, make: Callable, meaning: str) -> Plot:
    def draw(*data, axes=None, number=1, width=None, references=()):
        return draw_section(chosen(make(context_of(data, references)), kind, number), axes, width)

    draw.__name__ = draw.__qualname__ = kind
    draw.__doc__ = f"{meaning} In the report: {kind}."
    return draw


def context_of(data: tuple[xr.Dataset, ...], references: Iterable[str]) -> Context:
    return Context([part.ntksweep for part in data], load_references(references))


def chosen(sections: Iterable[Section], kind: str, number: int) -> Section:
    found = [section for section in sections if section.kind == kind]
    if not found:
        raise InputError(f"{kind}: nothing to draw; the results have no values for it")
    if not 1 <= number <= len(found):
        raise InputError(f"{kind}: no figure {number}; there are {len(found)}")
    return found[number - 1]


def draw_section(section: Section, axes, width: float | None) -> Figure:
    on: style.Page | style.Given = style.Page(width) if axes is None else style.Given(axes)
    with on.look():
        figure = section.draw(on=on)
        if axes is None:
            style.lay_out(figure)
    return figure


def names(*data: xr.Dataset) -> list[str]:
    """Of all figures that the report has of these results."""
    return [section.name for section in figures.all_sections(context_of(data, ()))]


def rmse_axis(data: xr.Dataset, axis: str, axes=None, number: int = 1, width: float | None = None) -> Figure:
    """RMSE over another axis of the grid that has numbers. In the report: rmse_AXIS."""
    found = figures.rmse_against_axes(context_of((data,), ()))
    return draw_section(chosen(found, f"rmse_{axis}", number), axes, width)


def metric(data: xr.Dataset, name: str, axes=None, number: int = 1, width: float | None = None) -> Figure:
    """Any metric as the program says that it is drawn. In the report, of those without another figure: NAME_AXIS, or
    NAME_time."""
    found = list(defaults.sections(context_of((data,), ()), lambda metric: metric == name))
    return draw_section(chosen(found, found[0].kind if found else name, number), axes, width)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Writes .pdf, .svg (both with text as text) or .png; equal figures give equal bytes."""
    path = Path(path)
    if path.suffix[1:] not in style.WRITERS:
        raise InputError(f"{path}: expected a name that ends in {', '.join(style.WRITERS)}")
    with style.look():
        style.WRITERS[path.suffix[1:]](figure, path)


rmse_width = plot("rmse_width", figures.rmse_against_width, "RMSE of network and linearization against width.")
local_slopes = plot("local_slopes", figures.local_slopes, "Slopes of it between neighbouring widths (conv, wrn).")
rmse_reference = plot("rmse_reference", figures.rmse_and_references, "It over the points of the files `references`.")
rmse_train_size = plot("rmse_train_size", figures.rmse_against_train_size, "It against the training-set size.")
ensemble = plot("ensemble", bands.sections, "Outputs over seeds beside the Gaussian processes of infinite width.")
ensemble_agreement = plot("ensemble_agreement", bands.sections, "How far seeds are from the NTK-GP, over time.")
predictions_time = plot("predictions_time", predictions.against_time, "The network against each prediction, over time.")
predictions_width = plot("predictions_width", predictions.against_widths, "The same at the end, against width.")
rmse_time = plot("rmse_time", times.rmse, "RMSE of network and linearization over time.")
loss_time = plot("loss_time", times.losses, "Losses of both over time.")
outputs_time = plot("outputs_time", times.outputs, "Outputs of both on some test points over time.")
kernel_change = plot("kernel_change", figures.kernel_change, "Relative change of the empirical kernels in training.")
layer_change = plot("layer_change", figures.layer_change, "Relative change of each layer's parameters.")
infinite_width = plot("infinite_width", figures.infinite_width, "Distance from the kernel of infinite width.")
eigenvalues = plot("eigenvalues", figures.eigenvalues, "Eigenvalues and trace of the NTK at initialization.")
rounding = plot("rounding", figures.rounding, "What single precision adds to the RMSE.")
fits = plot("fits", fit_sections, "Outputs over the one input, beside the target.")
loss_share = plot("loss_share", shares.sections, "Share of the seeds below each loss.")
regions = plot("regions", region_sections, "Outputs over two inputs, beside the test points.")
trajectories = plot("trajectories", states.sections, "States of the probes over depth.")
cobweb = plot("cobweb", cobwebs.sections, "Steps of the solver to an equilibrium of one number.")
equilibria_time = plot("equilibria_time", equilibria.sections, "Accuracy, solver's steps and contraction in training.")
predicted_images = plot("predicted_images", images.sections, "Test images with what the network says of them.")
cost = plot("cost", figures.cost, "Seconds of a point by phase.")
