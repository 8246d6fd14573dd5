"""Local slopes: the exponent of RMSE between neighbouring widths. They are the headline of families that are still
pre-asymptotic, where one exponent fitted over all widths misleads; beside them the paper's."""

from functools import partial

import numpy as np

from . import style
from .paper import beside
from .scaling import (
    Guide, add_legend, colour_of, label_axes, layout_of, legend_handles, line_style, members_of, panel_title,
    paper_handles, paper_style, shifts,
)  # fmt: skip
from .words import exponent, interval, number, value_text

LIMIT = Guide(-1, "limit of large width")
REACH = 0.75  # how far beyond its slope an interval is shown


def local_curves(context):
    """The curves of the studies whose local slopes are shown."""
    return [curve for curve in context.rmse if curve.is_local and curve.fit]


def slope_table(context):
    """Header and rows: a row for each curve and each of the paper's, a column for each pair of neighbouring widths. A
    cell holds the slope, its interval, and the levels at both widths."""
    own = local_curves(context)
    curves = own + [curve for curve in context.paper if own]
    pairs = sorted({pair for curve in curves for pair in pairs_of(curve)})
    header = [f"{context.width} n", *map(pair_text, pairs), "fitted over all"]
    several = len({curve.source for curve in own}) > 1
    rows = []
    for curve in curves:
        names = [curve.source] * (several or curve not in own) + [curve.place]
        cells = dict(zip(pairs_of(curve), slope_cells(curve)))
        rows.append([",\n".join(filter(None, names)), *(cells.get(pair, "") for pair in pairs), fit_cell(curve.fit)])
    return header, rows


def pairs_of(curve):
    return list(zip(curve.x.tolist(), curve.x[1:].tolist()))


def pair_text(pair):
    return "\N{EN DASH}".join(map(value_text, pair))


def slope_cells(curve):
    levels = [number(level) for level in curve.level.mean]
    steps = [f"{a} \N{RIGHTWARDS ARROW} {b}" for a, b in zip(levels, levels[1:])]
    return [f"{fit_cell(fit)}\n{step}" if fit else "" for fit, step in zip(curve.slopes, steps)]


def fit_cell(fit):
    return "\n".join(filter(None, [exponent(fit.exponent), interval(fit)]))


def slope_figures(curves, paper):
    """Yields (what draws a figure, the paper's curves): local slopes over the geometric mean of their two widths; the
    paper's, at the nearest depth, open."""
    if not curves:
        return
    colour_name, palette, chunks = layout_of(curves)
    for chunk in chunks:
        yield partial(slope_figure, chunk, colour_name, palette, paper), paper


def slope_figure(chunk, colour_name, palette, paper, on=style.PAGE):
    figure, axes = on.grid(len(chunk))
    drawn = members_of(chunk)
    given = beside(paper, drawn)
    for panel, ((_, place), members) in zip(axes, chunk):
        near = beside(paper, members)
        draw_panel(panel, members, near, palette, colour_name)
        panel.set_title(panel_title(place, True, members) if len(chunk) > 1 else "")
        panel.set_ylim(slope_limits(drawn + given))
        widths = np.concatenate([curve.x for curve in members + near])
        style.values_axis(panel.xaxis, widths)
        panel.set_xlim(widths.min() / 1.1, widths.max() * 1.1)
    label_axes(axes, drawn, "local slope of the RMSE")
    handles = legend_handles(drawn, palette, colour_name, [LIMIT], alone=len(chunk) == 1, unfitted=None)
    add_legend(axes, handles + paper_handles(given), colour_name, palette, drawn)
    return figure


def draw_panel(panel, curves, near, palette, colour_name):
    panel.axhline(LIMIT.exponent, color=style.GREY, linestyle=style.LINES[2], linewidth=1.2, zorder=1)
    for curve in near:
        x, y, _ = slope_points(curve)
        panel.plot(x, y, **paper_style(curve))
    for curve, shift in zip(curves, shifts(curves)):
        x, y, errors = slope_points(curve)
        line, marker = line_style(curve)
        look = {"linestyle": line, "marker": marker, "capsize": 2.5, "elinewidth": 1}
        panel.errorbar(x * shift, y, errors, color=colour_of(curve, palette, colour_name), **look)


def slope_points(curve):
    """Places, slopes and lengths of the intervals [2, X] below and above, 0 without one."""
    there = [i for i, fit in enumerate(curve.slopes) if fit]
    fits = [curve.slopes[i] for i in there]
    x = np.sqrt(curve.x[:-1].astype(float) * curve.x[1:])[there]
    y, low, high = (np.array([getattr(fit, name) for fit in fits]) for name in ("exponent", "low", "high"))
    return x, y, np.nan_to_num(np.array([y - low, high - y]))


def slope_limits(curves):
    """Room for the slopes, the limit, and intervals as far as REACH beyond their slopes."""
    points = [slope_points(curve)[1:] for curve in curves]
    slopes = np.concatenate([y for y, _ in points])
    errors = np.minimum(np.concatenate([errors for _, errors in points], axis=1), REACH)
    return min(LIMIT.exponent, np.min(slopes - errors[0])) - 0.06, max(0.0, np.max(slopes + errors[1])) + 0.06
