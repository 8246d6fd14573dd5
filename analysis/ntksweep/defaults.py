"""Figures of metrics that have none made by hand: against an axis of the grid, with a guide, over time, or over depth, as
their rows in the program's table say, which stand in results.h5."""

from dataclasses import replace
from functools import partial

import numpy as np

from .context import Section, sections_of
from .curves import curves_of, final, has_numbers
from .load import EXAMPLES
from .scaling import against_width, guide_of, scaling_figures
from .times import draw_study, few_examples, figures_of, panels_by, time_figure, title
from .words import SIGNS, plain_name, plain_text, power_text, where_text

STEPS = ("step", "kernel_step")
DEPTHS = ("layer", "state_index")


def sections(context, wanted):
    """wanted: a function of the metric's name."""
    for metric, against in dict.fromkeys(pair for study in context.studies for pair in figures_said(study)):
        if wanted(metric):
            draw = over_time if against in STEPS else over_depth if against in DEPTHS else over_axis
            yield from draw(context, metric, against)


def figures_said(study):
    """(metric, against what it is drawn) of those that have a value of each seed."""
    names = [name for name, array in study.data.items() if "seed" in array.dims and array.dtype.kind in "if"]
    said = {name: study.said(name).get("figure_against") for name in names}
    return [(name, against) for name, against in said.items() if against and study.has(name)]


def over_axis(context, metric, axis):
    numeric = any(has_numbers(study, axis) for study in context.studies)
    curves = against_width(curves_of(context.studies, metric, axis, pick=few_at_the_end)) if numeric else []
    if not curves:
        return
    study = context.studies[curves[0].order]
    slope = float(curves[0].said.get("guide_slope", 0))
    guides = [guide_of(axis, slope)] if slope else []
    when = ", at the last step" * any(name in study.data[metric].dims for name in STEPS)
    caption = f"Geometric mean over seeds{when}; bars: 95 % interval of the mean.{expected(axis, slope)}"
    against = context.width if axis == "width" else plain_name(axis)
    figures = scaling_figures(curves, guides)
    yield from sections_of(f"{metric}_{axis}", f"{heading(study, metric)} against {against}", caption, figures)


def expected(axis, slope):
    power = power_text(slope).replace("-", "\N{MINUS SIGN}")
    return f" Expected: {SIGNS.get(axis, plain_name(axis))}^{power}." if slope else ""


def few_at_the_end(study, metric):
    return few_examples(final(study, metric))


def over_time(context, metric, steps):
    caption = "Geometric mean over seeds; a colour for each width, bands: 95 % interval of the mean."
    for number, of, place, curves in figures_of(context, [metric], apart=inner_place, x_name=steps):
        study = context.studies[curves[0].order]
        words = ", ".join(filter(None, [place, inner_place(study, curves[0])]))
        draw = partial(time_figure, panels_by(curves, "train_size"), columns=3, draw=draw_study)
        head = title(f"{heading(study, metric)} against time", words)
        yield Section(f"{metric}_time", head, caption, draw, curves, number, of)


def inner_place(study, curve):
    """Which test point and output it is of, where there are several."""
    several = [name for name in (*EXAMPLES, "output") if name in curve.where and study.data.sizes[name] > 1]
    return where_text({name: curve.where[name] for name in several})


def over_depth(context, metric, axis):
    curves = [measured(curve) for curve in curves_of(context.studies, metric, axis, pick=at_both_ends)]
    if not against_width(curves):
        return
    study = context.studies[curves[0].order]
    caption = "At the first and the last step; geometric mean over seeds, bars: 95 % interval of the mean."
    if any(np.any(curve.samples == 0) for curve in curves):
        caption += " What is 0 is left out."
    figures = scaling_figures(curves)
    yield from sections_of(f"{metric}_{axis}", f"{heading(study, metric)} over depth", caption, figures)


def at_both_ends(study, metric):
    array = study.data[metric]
    ends = {name: [0, -1][: array.sizes[name]] for name in (*STEPS, "state_step") if name in array.dims}
    return array.isel(ends).drop_vars([name for name in DEPTHS if name in array.coords])


def measured(curve):
    """By the number of the network's own layer or state, of those that all networks of the study have."""
    there = np.isfinite(curve.samples).any(axis=1)
    x = np.arange(np.count_nonzero(there))
    return replace(curve, x=x, samples=curve.samples[there], status=curve.status[there])


def heading(study, metric):
    """What the program calls it, as a sentence begins."""
    text = plain_text(study.data[metric].attrs.get("long_name", plain_name(metric)))
    return text[:1].upper() + text[1:]
