"""The studies' RMSE over the points of a reference file."""

from matplotlib.lines import Line2D

from . import style
from .scaling import draw_curve, dress_panel, fit_text, y_limits
from .words import axis_label


def reference_figure(own, given, on=style.PAGE):
    """One panel for each panel of the reference, with its series (small marks) and every curve of `own`."""
    titles = list(dict.fromkeys(curve.where["panel"] for curve in given))
    figure, axes = on.grid(len(titles), columns=2)
    for panel, title in zip(axes, titles):
        members = [curve for curve in given if curve.where["panel"] == title]
        draw_series(panel, members)
        for curve in own:
            draw_curve(panel, curve, own_colour(own, curve))
        dress_panel(panel, own + members, y_limits(own + given))
        panel.set_title(title)
        panel.set_xlabel(axis_label("width", ("fc", "conv")))
        if style.is_first(panel):
            panel.set_ylabel((own + given)[0].label)
    style.legend_beside(axes, [own_handle(own, curve) for curve in own], "this study")
    return figure


def draw_series(panel, curves):
    shades = style.colours(range(len(curves)))
    for i, curve in enumerate(curves):
        panel.plot(
            curve.x,
            curve.level.mean,
            color=shades[i],
            marker=".",
            linewidth=1,
            markersize=4,
            label=f"{curve.where['series']}  {fit_text(curve)}",
        )
    panel.legend(loc="lower left", fontsize=6.5, handlelength=1.2, labelspacing=0.2)


def own_colour(own, curve):
    return style.OKABE_ITO[own.index(curve) % len(style.OKABE_ITO)]


def own_handle(own, curve):
    names = [curve.source] if len({other.source for other in own}) > 1 else []
    text = f"{', '.join(names + [curve.place])}  {fit_text(curve)}".rstrip()
    return Line2D(
        [], [], color=own_colour(own, curve), marker=style.MARKERS[curve.order % len(style.MARKERS)], label=text
    )
