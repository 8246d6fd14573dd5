"""Figures of how equilibria fare in training: accuracy, steps of the solver, contraction; a colour for each value of the
last axis that has several, a column for those of the others."""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .context import Section
from .curves import curves_of, every_step
from .scaling import varying
from .times import colour_handle, dress_time, draw_band, draw_line, grouped, title
from .words import axis_label, legend_text, where_text

ROWS = {"accuracy_test": "test accuracy", "solver_iterations": "steps of the solver", "contraction": "contraction"}
MOST = "solver_iterations_max"
LINES = {"solver_iterations": ("-", "mean of the examples"), MOST: (":", "most")}
COLUMNS = 4
CAPTION = (
    "Test accuracy, the solver's steps, and the factor by which its last ones reduced the "
    "residual (of the worst example). Geometric mean over seeds; bands: 95 % interval of the mean."
)


def sections(context):
    studies = [study for study in context.studies if study.has("solver_iterations") and study.data["step"].any()]
    parts = [(study, chunk) for study in studies for chunk in style.chunks(columns_of(study), COLUMNS)]
    for number, (study, chunk) in enumerate(parts, start=1):
        curves = [curve for _, members in chunk for curve in members]
        heading = title("Equilibria in training", study.label * (len(context.studies) > 1))
        caption = f"{CAPTION} {lost_text(study)}"
        yield Section("equilibria_time", heading, caption, partial(time_figure, chunk), curves, number, len(parts))


def columns_of(study):
    """[(words, curves)]"""
    metrics = [metric for metric in (*ROWS, MOST) if study.has(metric)]
    curves = [in_epochs(study, curve) for metric in metrics for curve in curves_of([study], metric, "step", every_step)]
    colour = colour_axis(curves)
    columns = grouped(curves, lambda curve: tuple((name, curve.where[name]) for name in varying(curves) if name != colour))
    return [(where_text(dict(place), study.labels), members) for place, members in columns.items()]


def colour_axis(curves):
    return next(reversed(varying(curves)), "width")


def in_epochs(study, curve):
    """Over epochs where there are batches."""
    size = study.choice("training", "batch_size", curve.where, "full")
    if size == "full":
        return curve
    return replace(curve, x_name="epoch", x=curve.x / (curve.where["train_size"] // int(size)))


def lost_text(study):
    lost = study.data["solver_unconverged"]
    count = int((lost > 0).any("step").sum())
    return f"Networks with an example whose rest was not found: {count} of {int((study.data['status'] >= 0).sum())}."


def time_figure(columns, on=style.PAGE):
    curves = [curve for _, members in columns for curve in members]
    rows = [metric for metric in ROWS if any(curve.metric == metric for curve in curves)]
    alone = len(columns) == 1  # then rows stand side by side
    shape = {"columns": len(rows), "share_y": False} if alone else {"columns": len(columns), "share_y": "row"}
    figure, axes = on.grid(len(rows) * len(columns), **shape)
    colour = colour_axis(curves)
    palette = style.colours(dict.fromkeys(curve.where[colour] for curve in curves))
    for i, panel in enumerate(axes):
        metric, (words, members) = rows[i // len(columns)], columns[i % len(columns)]
        shown = [curve for curve in members if curve.metric == metric]
        for curve in shown:
            draw_band(panel, curve, palette[curve.where[colour]])
        for curve in members:
            if curve.metric == MOST and metric == "solver_iterations":
                draw_line(panel, curve, palette[curve.where[colour]], LINES[MOST][0])
        dress(panel, metric, shown, words)
        if alone or style.is_first(panel):
            panel.set_ylabel(ROWS[metric])
    handles = [colour_handle(shade, legend_text(colour, value)) for value, shade in palette.items()]
    handles += [Line2D([], [], color=style.GREY, linestyle=line, label=words) for line, words in LINES.values()]
    style.legend_beside(axes, handles, axis_label(colour, {curves[0].family}, curves[0].labels))
    return figure


def dress(panel, metric, curves, words):
    dress_time(panel, curves)
    panel.set_title(words)
    if metric == "accuracy_test":
        panel.set_ylim(*later_range(curves))


def later_range(curves):
    """Without the first step, which is before training."""
    levels = np.concatenate([curve.level.mean[1:] for curve in curves])
    low = np.nanmin(levels)
    return low - 0.1 * (1 - low), 1.0
