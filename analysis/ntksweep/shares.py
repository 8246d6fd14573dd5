"""Figures of many seeds, as many as make an ensemble: which share of them got below a loss."""

from functools import partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .context import Section
from .curves import curves_of, has_numbers
from .ensembles import LARGE
from .scaling import families_of, members_of, panel_title, panels_of, study_line, varying
from .times import source_handles
from .words import axis_label, value_text

AXES = ("depth", "width")  # the first that is an axis has the colours


def sections(context):
    studies = [study for study in context.studies if study.data.sizes["seed"] >= LARGE]
    axis = next((name for name in AXES if any(has_numbers(study, name) for study in studies)), "width")
    curves = curves_of(studies, "loss_train", axis)
    caption = (
        f"Share of the seeds whose training loss at the last step is at most so large; a colour for each {axis}. What "
        "diverged never is."
    )
    chunks = style.chunks(list(panels_of(curves, varying(curves)).items()))
    for number, chunk in enumerate(chunks, start=1):
        draw, rows = partial(share_figure, chunk, axis), partial(share_rows, chunk)
        yield Section("loss_share", "Seeds below a loss", caption, draw, [], number, len(chunks), rows=rows)


def share_figure(chunk, axis, on=style.PAGE):
    figure, axes = on.grid(len(chunk))
    curves = members_of(chunk)
    palette, ends = style.colours(sorted({x for curve in curves for x in curve.x.tolist()})), ends_of(curves)
    for panel, ((_, place), members) in zip(axes, chunk):
        for curve in members:
            draw_steps(panel, curve, palette, ends[1])
        panel.set_title(panel_title(place, True, members) if len(chunk) > 1 else "")
        dress(panel, curves[0], *ends)
    handles = [Line2D([], [], color=colour, label=value_text(value)) for value, colour in palette.items()]
    style.legend_beside(axes, handles + source_handles(curves, lined=True, marked=False), axis_label(axis, families_of(curves)))
    return figure


def steps_of(curve):
    """Yields (x, losses in order, share of the recorded seeds that are at most there)."""
    for x, samples, status in zip(curve.x.tolist(), curve.samples, curve.status):
        losses = np.sort(samples[np.isfinite(samples)])
        if len(losses):
            yield x, losses, (np.arange(len(losses)) + 1) / np.sum(status >= 0)


def share_rows(chunk):
    for curve in members_of(chunk):
        for x, losses, heights in steps_of(curve):
            head = {"study": curve.source, **curve.where, curve.x_name: x, "metric": curve.metric}
            pairs = zip(losses.tolist(), heights.tolist())
            yield from ({**head, "loss": loss, "share": share} for loss, share in pairs)


def draw_steps(panel, curve, palette, end):
    for x, losses, heights in steps_of(curve):
        places, shares = np.r_[losses[0], losses, end], np.r_[0, heights, heights[-1]]
        panel.step(places, shares, where="post", color=palette[x], linestyle=study_line(curve.order))


def ends_of(curves):
    """A little around the losses above 0."""
    losses = np.concatenate([curve.samples.ravel() for curve in curves])
    losses = losses[np.isfinite(losses) & (losses > 0)]
    return (losses.min() / 1.5, losses.max() * 1.5) if len(losses) else (0.1, 1.0)


def dress(panel, curve, low, high):
    style.log_axis(panel.xaxis, min(low, high / 10), high)
    panel.set_ylim(-0.02, 1.02)
    panel.set_xlabel(curve.label)
    if style.is_first(panel):
        panel.set_ylabel("share of seeds")
