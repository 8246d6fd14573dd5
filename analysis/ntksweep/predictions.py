"""The network against predictions of its outputs: its own linearization, and the linear model solved without stepping,
with the network's kernel Theta_0 and with that of infinite width, in discrete steps and as gradient flow."""

from functools import partial

from matplotlib.lines import Line2D

from . import style
from .context import Section, sections_of
from .curves import final, side_by_side, split
from .paper import FIGURE_3, is_figure_3
from .statistics import FEWEST
from .scaling import INVERSE, ROOT, against_width, scaling_figures, unique
from .times import (
    MARKERS, dress_time, draw_band, draw_line, figures_of, grouped, having, is_overlay, markers, panels_by,
    positive_range, shared, source_handles, title,
)  # fmt: skip
from .words import level_lines, named_value

THETA_0, THETA_INFINITE = (f"\N{GREEK CAPITAL LETTER THETA}{sign}" for sign in "\N{SUBSCRIPT ZERO}\N{INFINITY}")
LINEAR = "rmse_test"
BANDS = "Bands: 95 % interval over seeds; of fewer than three seeds thin lines."
BLUE, VERMILION, ORANGE, SKY, BLACK = (style.OKABE_ITO[i] for i in (0, 1, 4, 5, 6))
PREDICTIONS = {  # metric: name, colour, line, what the difference from the linearization means
    LINEAR: (
        "its linearization",
        BLACK,
        ":",
        "the network's own linearization, from which only the change of its kernel parts it (linearization)",
    ),
    "rmse_test_discrete": (
        f"discrete steps, {THETA_0}",
        BLUE,
        "-",
        f"the same steps in closed form with {THETA_0}, which fall on the linearization",
    ),
    "rmse_test_flow": (
        f"gradient flow, {THETA_0}",
        SKY,
        "--",
        f"gradient flow with {THETA_0}, which differs from these by discretization of time, at any width",
    ),
    "rmse_test_discrete_infinite": (
        f"discrete steps, {THETA_INFINITE}",
        VERMILION,
        "-",
        f"discrete steps with {THETA_INFINITE}, which differ by finite width, as n^\N{MINUS SIGN}1/2",
    ),
    "rmse_test_flow_infinite": (
        f"gradient flow, {THETA_INFINITE}",
        ORANGE,
        "--",
        f"gradient flow with {THETA_INFINITE}, which has all three errors",
    ),
}


def measured(study):
    """The metrics that the study has, if there is more than the linearization."""
    found = [metric for metric in PREDICTIONS if study.has(metric)]
    return found if set(found) - {LINEAR} else []


def caption(metrics, again):
    words = "; ".join(text for metric, (*_, text) in PREDICTIONS.items() if metric in metrics)
    return f"RMSE on the test points between the network and: {words}. {again}"


def against_time(context):
    for number, of, place, curves in figures_of(context, list(PREDICTIONS), measured):
        sizes, widths = shared(curves, "train_size", 2), shared(curves, "width", 3)
        shown = having(curves, train_size=sizes, width=widths)
        words = caption(unique(curve.metric for curve in curves), f"{BANDS} The table holds the last step.")
        words += f" {MARKERS}" * is_overlay(curves) + paper_words(context.studies, curves)
        draw = partial(time_figure, panels_by(shown, "train_size", "width"), len(widths))
        heading = title("Network and predictions against time", place)
        own = [curve for curve in shown if curve.metric != LINEAR]
        yield Section("predictions_time", heading, words, draw, own, number, of, final_table(curves))


def time_figure(panels, columns, on=style.PAGE):
    """panels: (train_size, width) -> curves, one for each prediction and study."""
    figure, axes = on.grid(len(panels), columns=columns)
    curves = [curve for members in panels.values() for curve in members]
    marked = markers(curves)
    for panel, (key, members) in zip(axes, panels.items()):
        for curve in sorted(members, key=lambda curve: curve.metric == LINEAR):
            draw_seeds(panel, curve, *PREDICTIONS[curve.metric][1:3], **marked(curve))
        style.log_axis(panel.yaxis, *positive_range(curves))
        dress_time(panel, members)
        panel.set_title(", ".join(named_value(name, value) for name, value in zip(("train_size", "width"), key)))
        if style.is_first(panel):
            panel.set_ylabel("RMSE of the network, test")
    looks = [look for metric, look in PREDICTIONS.items() if any(curve.metric == metric for curve in curves)]
    handles = [Line2D([], [], color=colour, linestyle=line, label=name) for name, colour, line, _ in looks]
    style.legend_beside(axes, handles + source_handles(curves), "network against")
    return figure


def draw_seeds(panel, curve, colour, line, **marker):
    """With a band where seeds are enough for one that is narrower than the figure."""
    if curve.samples.shape[1] >= FEWEST:
        draw_band(panel, curve, colour, line, **marker)
        return
    draw_line(panel, curve, colour, line, **marker)
    panel.plot(curve.x, curve.samples, color=colour, linewidth=0.6, alpha=0.6)


def final_table(curves):
    """Header and rows: the levels at the last step with their intervals, a row for each study and cell."""
    metrics = [metric for metric in PREDICTIONS if any(curve.metric == metric for curve in curves)]
    rows = []
    for (source, place), members in grouped(curves, lambda curve: (curve.source, curve.place)).items():
        cells = {curve.metric: level_lines(curve.level, -1) for curve in members}
        names = [source] * is_overlay(curves) + [place]
        rows.append([", ".join(names), *(cells.get(metric, "") for metric in metrics)])
    return ["at the last step", *(PREDICTIONS[metric][0] for metric in metrics)], rows


def paper_words(studies, curves):
    """The paper's numbers where the setting is that of its figure."""
    if not any(is_figure_3(studies[curve.order], curve.where) for curve in curves):
        return ""
    own, infinite = FIGURE_3["final"]
    return (
        f" Lee et al. 2019, Fig. 3, in this setting (width 2048, 256 points): {own} with {THETA_0}, "
        f"{infinite} with {THETA_INFINITE}."
    )


def final_curves(study, order=0):
    """RMSE at the last step against width, with the prediction as a dimension."""
    arrays = {PREDICTIONS[metric][0]: final(study, metric) for metric in measured(study)}
    return split(study, order, side_by_side(arrays, "prediction", "rmse_prediction"), "width") if arrays else []


def against_widths(context):
    """The same at the last step, one colour for each prediction."""
    curves = [curve for order, study in enumerate(context.studies) for curve in final_curves(study, order)]
    metrics = [metric for study in context.studies for metric in measured(study)]
    words = caption(metrics, "At the last step; bars: 95 % interval over seeds.")
    palette = {name: colour for name, colour, *_ in PREDICTIONS.values()}
    figures = scaling_figures(against_width(curves), [INVERSE, ROOT], palette=palette)
    yield from sections_of("predictions_width", f"Network and predictions against {context.width}", words, figures)
