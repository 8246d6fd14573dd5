"""Figures of metrics against width or training-set size, on logarithmic axes, with intervals over seeds.

Of the dimensions that vary, one is told by colour (the training-set size, or the layer); the others, and the metric,
each make a panel. Several studies share the panels and are told apart by marker and line.
"""

import numbers
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .paper import beside
from .words import SYMBOLS, axis_label, exponent, interval, legend_text, named_value, plain_name, power_text, where_text

WORDS_MAX = 6  # places of a panel where it is said in words that seeds diverged
COLOURED = ("phase", "prediction", "layer", "train_size", "width")


@dataclass(frozen=True)
class Guide:
    """A line x^exponent, at the given level, or above the curve that it is nearest to."""

    exponent: float
    label: str
    level: float = 0.0


def guide_of(axis, slope):
    base = SYMBOLS.get(axis) or rf"\mathrm{{{plain_name(axis)}}}".replace(" ", r"\ ")
    return Guide(slope, f"${base}^{{{power_text(slope)}}}$")


INVERSE, ROOT, LAZY = guide_of("width", -1), guide_of("width", -0.5), guide_of("output_scale", -1)


def varying(curves):
    """Names of dimensions with several values, in the curves' order."""
    values = {}
    for curve in curves:
        for name, value in curve.where.items():
            values.setdefault(name, set()).add(value)
    return [name for name, found in values.items() if len(found) > 1]


def coloured_dimension(names):
    return next((name for name in (*COLOURED, *names) if name in names), None)


def panels_of(curves, names):
    """(metric, ((name, value), ...)) -> curves, numbers in order. A study without one of the names has panels of its
    own."""
    panels, metrics = {}, unique(curve.metric for curve in curves)
    for curve in curves:
        place = tuple((name, curve.where[name]) for name in names if name in curve.where)
        panels.setdefault((curve.metric, place), []).append(curve)

    def order(key):
        metric, place = key
        return metrics.index(metric), [value if isinstance(value, numbers.Real) else 0 for _, value in place]

    return {key: panels[key] for key in sorted(panels, key=order)}


def against_width(curves):
    """The curves, if one of them has two points at least."""
    return curves if any(np.sum(curve.level.count > 0) > 1 for curve in curves) else []


def layout_of(curves, given=None):
    """Name of the coloured dimension (None without one), value -> colour (as given, if it is), and chunks of panels,
    one a figure."""
    names = varying(curves)
    colour_name = coloured_dimension(names)
    values = unique(curve.where[colour_name] for curve in curves if colour_name in curve.where)
    palette = {value: given[value] for value in values} if given else style.colours(values)
    panels = panels_of(curves, [name for name in names if name != colour_name])
    return colour_name, palette, style.chunks(list(panels.items()))


def scaling_figures(curves, guides=(), unfitted=None, title="", paper=(), palette=None):
    """Yields (what draws a figure, its curves) of at most PANELS_MAX panels each. unfitted: function of a curve -> [X],
    drawn open. paper: curves of which those nearest to a panel's own are drawn in it. palette: value -> colour."""
    curves = [curve for curve in curves if is_seen(curve)]
    if not curves:
        return
    colour_name, palette, chunks = layout_of(curves, palette)
    for chunk in chunks:
        drawn = members_of(chunk)
        yield partial(scaling_figure, chunk, colour_name, palette, guides, unfitted, title, paper), drawn


def is_seen(curve):
    """On logarithmic axes: it is not 0 everywhere, as what compares with step 0 is at step 0."""
    return bool(np.any(np.isnan(curve.samples) | (curve.samples > 0)))


def members_of(chunk):
    return [curve for _, members in chunk for curve in members]


def scaling_figure(chunk, colour_name, palette, guides, unfitted, title, paper, on=style.PAGE):
    one_metric = len({metric for (metric, _), _ in chunk}) == 1
    figure, axes = on.grid(len(chunk), share_y=one_metric)
    drawn = members_of(chunk)
    given = beside(paper, drawn)
    shared = y_limits(drawn + given) if one_metric else None
    for panel, ((_, place), members) in zip(axes, chunk):
        near = beside(paper, members)
        draw_panel(panel, members, palette, colour_name, guides, unfitted)
        for curve in near:
            panel.plot(curve.x, curve.level.mean, **paper_style(curve))
        dress_panel(panel, members + near, shared or y_limits(members))
        panel.set_title(panel_title(place, one_metric, members) if len(chunk) > 1 else "")
    label_axes(axes, drawn, drawn[0].label if one_metric else "")
    crowded = any(is_crowded(members) for _, members in chunk)
    handles = legend_handles(drawn, palette, colour_name, guides, len(chunk) == 1, unfitted, crowded)
    add_legend(axes, handles + paper_handles(given), colour_name, palette, drawn)
    on.head(figure, title)
    return figure


def paper_style(curve):
    marker = style.HOLLOW[curve.order % len(style.HOLLOW)]
    return {"color": style.GREY, "linestyle": "--", "linewidth": 1, "marker": marker, "markerfacecolor": "none"}


def paper_handles(curves):
    names = [f"{curve.source},\n{where_text(curve.where)}" for curve in curves]
    return [Line2D([], [], **paper_style(curve), label=name) for curve, name in zip(curves, names)]


def add_legend(axes, handles, colour_name, palette, curves):
    """Beside the panels; colours in a bar where they are many."""
    title = axis_label(colour_name, families_of(curves), curves[0].labels) if colour_name else None
    if palette and style.needs_bar(palette):
        style.colour_bar(axes, palette, [legend_text(colour_name, value) for value in palette], title)
        title = None
    style.legend_beside(axes, handles, title)


def families_of(curves):
    return {curve.family for curve in curves}


def unique(values):
    return list(dict.fromkeys(values))


def panel_title(place, one_metric, curves):
    """Of one of several panels; a study that has none of their axes is named."""
    sources = ", ".join(unique(curve.source for curve in curves)) * one_metric
    words = where_text(dict(place), curves[0].labels) or sources
    return ", ".join(filter(None, ["" if one_metric else curves[0].label, words]))


def y_limits(curves):
    """Room for the levels, and for intervals as far as a factor of 3 beyond them."""
    level = np.concatenate([curve.level.mean for curve in curves])
    low = np.concatenate([curve.level.low for curve in curves])
    high = np.concatenate([curve.level.high for curve in curves])
    good = np.isfinite(level) & (level > 0)
    if not good.any():
        return None
    bottom, top = level[good].min(), level[good].max()
    bottom = max(bottom / 3, min(bottom, np.nanmin(np.append(low[good], bottom))))
    top = min(top * 3, max(top, np.nanmax(np.append(high[good], top))))
    return bottom / 1.3, top * 1.3


def draw_panel(panel, curves, palette, colour_name, guides, unfitted):
    for curve, shift in zip(curves, shifts(curves)):
        colour = colour_of(curve, palette, colour_name)
        draw_curve(panel, curve, colour, unfitted(curve) if unfitted else None, shift, is_crowded(curves))
    for guide, line in zip(guides, style.LINES[2:]):
        draw_guide(panel, curves, guide, line)


def shifts(curves):
    """Factors on x that keep the intervals of neighbouring curves apart: 0.8 % of the axis each, 5 % in all."""
    x = np.concatenate([curve.x for curve in curves])
    if x.min() <= 0:
        return np.ones(len(curves))
    step = min(0.008, 0.05 / len(curves)) * np.log(x.max() / x.min())
    return np.exp(step * (np.arange(len(curves)) - (len(curves) - 1) / 2))


def colour_of(curve, palette, colour_name):
    return palette.get(curve.where.get(colour_name), style.OKABE_ITO[curve.order % len(style.OKABE_ITO)])


def draw_curve(panel, curve, colour, open_points=None, shift=1.0, crowded=False):
    """open_points [X], or None: markers that are drawn open. crowded: whether there is no room for words."""
    x = curve.x * shift
    mean, low, high = (
        np.where(part > 0, part, np.nan) for part in (curve.level.mean, curve.level.low, curve.level.high)
    )
    line, marker = line_style(curve)
    errors = np.nan_to_num(np.array([mean - low, high - mean]), nan=0.0)
    panel.errorbar(x, mean, errors, color=colour, linestyle=line, capsize=2.5, elinewidth=1)
    is_open = np.zeros(len(mean), bool) if open_points is None else open_points
    for points, face in ((~is_open, colour), (is_open, "white")):
        panel.plot(x[points], mean[points], marker, color=colour, markerfacecolor=face)
    mark_diverged(panel, x, curve, colour, crowded)


def is_crowded(curves):
    """Whether seeds diverged at more places of a panel than there is room for words on each."""
    return sum(np.count_nonzero(curve.diverged) for curve in curves) > WORDS_MAX


def mark_diverged(panel, x, curve, colour, crowded):
    """Where seeds diverged: how many, of which model (crowded: that is left to the tables), beside the median over all,
    or the survivors' mean where that is infinite. A cross at the upper edge where none is left."""
    for i in np.flatnonzero(curve.diverged):
        if not np.isfinite(curve.level.mean[i]):
            panel.plot(x[i], 0.97, "x", color=colour, transform=panel.get_xaxis_transform(), zorder=9)
            continue
        if np.isfinite(curve.median[i]):
            panel.plot(x[i], curve.median[i], "_", color=colour, markersize=14, markeredgewidth=2)
        y = curve.median[i] if np.isfinite(curve.median[i]) else curve.level.mean[i]
        text = f"{curve.diverged[i]}/{np.sum(curve.status[i] >= 0)}" if crowded else curve.diverged_text(i)
        write_diverged(panel, x[i], y, text, colour, to_the_left=i == len(x) - 1)


def write_diverged(panel, x, y, text, colour, to_the_left):
    words = text.replace(", ", "\n").replace(" diverged", "\ndiverged")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.3, "alpha": 0.7}
    side = {"xytext": (-9, 0), "ha": "right"} if to_the_left else {"xytext": (9, 0), "ha": "left"}
    panel.annotate(words, (x, y), **side, textcoords="offset points", va="center", fontsize=7, color=colour, bbox=box)


def all_diverged(curve):
    """Whether at some x none is left."""
    return bool(np.any((curve.diverged > 0) & ~np.isfinite(curve.level.mean)))


def study_line(order):
    return style.LINES[order % len(style.LINES)]


def study_marker(order):
    return style.MARKERS[order % len(style.MARKERS)]


def line_style(curve):
    return study_line(curve.order), study_marker(curve.order)


def draw_guide(panel, curves, guide, line):
    """Ends a little above the last point of the uppermost curve among those that fall most nearly as the guide."""
    x = np.unique(np.concatenate([curve.x for curve in curves])).astype(float)
    end = guide.level or 1.5 * max((last_level(curve, x[-1], guide) for curve in nearest(curves, guide)), default=0)
    if len(x) > 1 and end > 0:
        y = end * (x / x[-1]) ** guide.exponent
        panel.plot(x, y, color=style.GREY, linestyle=line, linewidth=1.2, zorder=1)


def nearest(curves, guide):
    fitted = [curve for curve in curves if curve.fit]
    distance = [abs(curve.fit.exponent - guide.exponent) for curve in fitted]
    return [curve for curve, away in zip(fitted, distance) if away < min(distance) + 0.2]


def last_level(curve, end, guide):
    """The level at the end of the axis, along the guide from the curve's own last value."""
    good = np.flatnonzero(np.isfinite(curve.level.mean))
    return curve.level.mean[good[-1]] * (end / curve.x[good[-1]]) ** guide.exponent if len(good) else 0


def dress_panel(panel, curves, limits):
    if limits:
        style.log_axis(panel.yaxis, *limits)
    style.values_axis(panel.xaxis, np.concatenate([curve.x for curve in curves]))


def label_axes(axes, curves, y_label):
    for panel in axes:
        panel.set_xlabel(axis_label(curves[0].x_name, families_of(curves), curves[0].labels))
        if style.is_first(panel):
            panel.set_ylabel(y_label)


def legend_handles(curves, palette, colour_name, guides, alone, unfitted, crowded=False):
    """In a figure of one panel a line for each curve, with its exponent; else, or where colours are in a bar, one for
    each colour and study."""
    guide_lines = [
        Line2D([], [], color=style.GREY, linestyle=line, linewidth=1.2, label=guide.label)
        for guide, line in zip(guides, style.LINES[2:])
    ]
    if unfitted and any(np.any(unfitted(curve)) for curve in curves):
        guide_lines.append(
            Line2D([], [], color=style.GREY, linestyle="", marker="o", markerfacecolor="white", label="not yet fitted")
        )
    if crowded:
        label = "median; a/b: of b seeds a diverged"
        guide_lines.append(Line2D([], [], color=style.GREY, linestyle="", marker="_", markersize=14, label=label))
    if any(map(all_diverged, curves)):
        guide_lines.append(Line2D([], [], color=style.GREY, linestyle="", marker="x", label="all seeds diverged"))
    bar = palette and style.needs_bar(palette)
    if alone and not bar:
        return [
            curve_handle(curve, colour_of(curve, palette, colour_name), colour_name, curves) for curve in curves
        ] + guide_lines
    sources = {curve.source: curve for curve in curves}
    shown = {} if bar else palette
    colour_lines = [
        Line2D([], [], color=colour, label=legend_text(colour_name, value)) for value, colour in shown.items()
    ]
    source_lines = [study_handle(curve, palette) for curve in sources.values()] if len(sources) > 1 else []
    return colour_lines + source_lines + guide_lines


def study_handle(curve, palette):
    line, marker = line_style(curve)
    colour = style.GREY if palette else style.OKABE_ITO[curve.order % len(style.OKABE_ITO)]
    return Line2D([], [], color=colour, linestyle=line, marker=marker, label=curve.source)


def curve_handle(curve, colour, colour_name, curves):
    line, marker = line_style(curve)
    several = len({other.source for other in curves}) > 1
    names = [curve.source] if several else []
    if colour_name in curve.where:
        names.append(legend_text(colour_name, curve.where[colour_name]))
    text = ": ".join(filter(None, [", ".join(names), fit_text(curve)]))
    text = text or named_value(*next(iter(curve.where.items())), curve.labels)
    return Line2D([], [], color=colour, linestyle=line, marker=marker, label=text)


def fit_text(curve):
    if curve.x_name not in SYMBOLS or curve.fit is None or curve.is_local:
        return ""
    power = exponent(curve.fit.exponent).replace("\N{MINUS SIGN}", "-")
    return f"${SYMBOLS[curve.x_name]}^{{{power}}}$ {interval(curve.fit)}".strip()
