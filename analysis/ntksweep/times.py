"""Figures against time (learning rate times step; with momentum its square root): one for each value of the other axes,
with all studies in it that have the same clock."""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .context import Section
from .curves import clock, curves_of
from .load import EXAMPLES, GRID
from .scaling import families_of, study_line, study_marker, unique
from .words import axis_label, loss_label, named_value, value_text, where_text

DIVERGED = 1e6  # a loss so many times its first has diverged
MARKED = 5  # points of a line, at least, that have its study's marker
MODELS = (("-", "network"), ("--", "its linearization"))
MARKERS = "A marker for each study."
OVERLAID = 2  # test points of which several studies' outputs are drawn
OUTPUTS = ["outputs", "outputs_linear"]
LOSSES = ["loss_train", "loss_train_linear", "loss_test", "loss_test_linear"]


def rmse(context):
    for number, of, place, curves in figures_of(context, ["rmse_test"]):
        caption = "RMSE on the test points against time; a colour for each width, bands: 95 % interval over seeds."
        draw = partial(time_figure, panels_by(curves, "train_size"), columns=3, draw=draw_study)
        yield Section("rmse_time", title("RMSE against time", place), caption, draw, curves, number, of)


def losses(context):
    for number, of, place, curves in figures_of(context, LOSSES, apart=lambda study, curve: curve.loss):
        sizes = shared(curves, "train_size", 3)
        shown = having(curves, train_size=sizes)
        caption = f"Losses of {models_of(curves)}, geometric mean over seeds."
        few = having(shown, width=shared(curves, "width", 3)) if is_overlay(curves) else shown
        caption += f" {MARKERS} Of the widths that they share at most three." * is_overlay(curves)
        draw = partial(time_figure, loss_panels(few), len(sizes), draw=draw_line)
        yield Section("loss_time", title("Losses against time", place), caption, draw, shown, number, of)


def models_of(curves):
    linear = any(curve.metric.endswith("_linear") for curve in curves)
    return "the network (solid) and of its linearization (dashed)" if linear else "the network"


def loss_panels(curves):
    panels = grouped(curves, lambda curve: (curve.metric.replace("_linear", ""), curve.where["train_size"]))
    return {key: panels[key] for key in sorted(panels, key=lambda key: (LOSSES.index(key[0]), key[1]))}


def outputs(context):
    for number, of, place, curves in figures_of(context, OUTPUTS, apart=output_count):
        sizes, widths = shared(curves, "train_size", 2), shared(curves, "width", 3)
        shown = having(largest_output(curves), train_size=sizes, width=widths)
        caption = (
            f"Outputs of {models_of(curves)} on the first test points, of the first seed; a colour for each test point. "
            "With several outputs: the one that is largest at the end."
        )
        if is_overlay(curves):
            shown = [curve for curve in shown if probe_of(curve) < OVERLAID]
            caption += f" {MARKERS} The same index is the same test point only where they have the same data."
        draw = partial(output_figure, panels_by(shown, "train_size", "width"), len(widths))
        yield Section("outputs_time", title("Outputs against time", place), caption, draw, [], number, of)


def output_count(study, curve):
    return study.data.sizes.get("output", 1)


def title(words, place):
    return ": ".join(filter(None, [words, place]))


def figures_of(context, metrics, wanted=lambda study: True, apart=lambda study, curve: None, x_name="step"):
    """Yields (number, of how many, place, curves) for each value of the other axes. Wanted studies are together where
    they have the same clock, and the same of `apart`; those of a figure that has not all are named. What is of step 0
    alone is not against time."""
    groups = {}
    for order, study in enumerate(context.studies):
        for curve in time_curves(study, order, metrics, x_name) if wanted(study) else []:
            if not curve.x.any():
                continue
            place = where_text(dict(other_axes(curve.where)), study.labels)
            groups.setdefault((place, curve.x_name, apart(study, curve)), []).append(curve)
    for number, ((place, *_), curves) in enumerate(groups.items(), start=1):
        sources = unique(curve.source for curve in curves)
        names = sources * (len(sources) < len(context.studies))
        yield number, len(groups), ", ".join(filter(None, [*names, place])), curves


def is_overlay(curves):
    return len({curve.source for curve in curves}) > 1


def having(curves, **wanted):
    """Those whose place has one of these values on each axis."""
    return [curve for curve in curves if all(curve.where[name] in values for name, values in wanted.items())]


def shared(curves, name, count):
    """At most `count` values of an axis: of those that all studies have, or of all where they share none."""
    values = [{curve.where[name] for curve in members} for members in grouped(curves, lambda c: c.source).values()]
    return spread(sorted(set.intersection(*values) or set.union(*values)), count)


def panels_by(curves, *names):
    """Values of the axes -> curves, in the order of the values."""
    panels = grouped(curves, lambda curve: tuple(curve.where[name] for name in names))
    return {key: panels[key] for key in sorted(panels)}


def other_axes(where):
    return tuple((name, value) for name, value in where.items() if name not in (*GRID, *EXAMPLES, "output"))


def time_curves(study, order, metrics, x_name):
    """x_name: which steps. Of each metric ordered by training-set size and width."""
    curves = [curve for metric in metrics for curve in curves_of([study], metric, x_name, pick=few_points)]
    curves.sort(key=lambda curve: (metrics.index(curve.metric), curve.where["train_size"], curve.where["width"]))
    return [in_time(study, replace(curve, order=order)) for curve in curves]


def few_points(study, metric):
    """The metric; of outputs those of the first few test points."""
    return few_examples(study.data[metric])


def few_examples(array):
    return array.isel({name: slice(len(style.OKABE_ITO)) for name in EXAMPLES if name in array.dims})


def in_time(study, curve):
    """The curve over time, where the rate was recorded."""
    name, unit = clock(study, {name: curve.where[name] for name in study.axes if name in curve.where})
    return replace(curve, x_name=name, x=curve.x * unit)


def grouped(curves, key):
    groups = {}
    for curve in curves:
        groups.setdefault(key(curve), []).append(curve)
    return groups


def spread(values, count):
    """At most `count` of the values, first and last among them."""
    if len(values) <= count:
        return list(values)
    return [values[i] for i in np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))]


def time_figure(panels, columns, draw, on=style.PAGE):
    """panels: anything -> curves of one metric, or of it and that of the linearization, a colour for each width."""
    curves = [curve for members in panels.values() for curve in members]
    widths = sorted({curve.where["width"] for curve in curves})
    palette, marked = style.colours(widths), markers(curves)
    figure, axes = on.grid(len(panels), columns=columns, share_y="row")
    for panel, members in zip(axes, panels.values()):
        for curve in members:
            draw(panel, curve, palette[curve.where["width"]], **marked(curve))
        dress_levels(panel, members, [curve for curve in curves if same_loss(curve, members[0])])
    handles = [colour_handle(palette[width], value_text(width)) for width in widths]
    handles += model_handles(curves) * (draw is draw_line) + source_handles(curves, lined=draw is draw_study)
    style.legend_beside(axes, handles, axis_label("width", families_of(curves)))
    return figure


def same_loss(one, other):
    return one.metric.replace("_linear", "") == other.metric.replace("_linear", "")


def dress_levels(panel, curves, row):
    """row: all curves that share its axis."""
    style.log_axis(panel.yaxis, *positive_range(row))
    dress_time(panel, curves)
    panel.set_title(named_value("train_size", curves[0].where["train_size"]))
    if style.is_first(panel):
        panel.set_ylabel(loss_label(curves[0].label, curves[0].loss))


def markers(curves):
    """A function of a curve -> what tells its study in a line; nothing of one study."""

    def look(curve):
        every = max(1, len(curve.x) // MARKED)
        return {"marker": study_marker(curve.order), "markersize": 4, "markevery": (curve.order % every, every)}

    return look if is_overlay(curves) else lambda curve: {}


def model_handles(curves):
    if not any(curve.metric.endswith("_linear") for curve in curves):
        return []
    return [Line2D([], [], color=style.GREY, linestyle=line, linewidth=1.3, label=name) for line, name in MODELS]


def source_handles(curves, lined=False, marked=True):
    """Of several studies; lined, marked: what tells them."""
    orders = {curve.source: curve.order for curve in curves} if is_overlay(curves) else {}
    lines = {name: study_line(order) if lined else "" for name, order in orders.items()}
    return [
        Line2D([], [], color=style.GREY, label=name, linestyle=lines[name], marker=study_marker(order) * marked)
        for name, order in orders.items()
    ]


def positive_range(curves):
    """Of the levels that are seen: on a logarithmic axis step 0 is not; nor is what has grown to more than DIVERGED
    times the first ones."""
    seen = [curve.level.mean[curve.x > 0 if is_log(curve.x) else ...] for curve in curves]
    seen = [levels[np.isfinite(levels) & (levels > 0)] for levels in seen]
    levels = np.concatenate(seen)
    if not len(levels):
        return 0.1, 1.0
    top = min(levels.max(), DIVERGED * max(part[0] for part in seen if len(part)))
    return max(levels.min(), top * 1e-8) / 1.4, top * 1.4


def is_log(x):
    """Whether recorded steps are spaced by factors."""
    return len(x) > 3 and np.median(x) < 0.25 * x[-1]


def dress_time(panel, curves):
    x = np.concatenate([curve.x for curve in curves])
    if all(is_log(curve.x) for curve in curves):
        style.log_axis(panel.xaxis, x[x > 0].min() / 1.2, x.max() * 1.3)
    panel.set_xlabel(axis_label(curves[0].x_name))


def draw_line(panel, curve, colour, line=None, **marker):
    mean = np.where(curve.level.mean > 0, curve.level.mean, np.nan)
    panel.plot(curve.x, mean, color=colour, linestyle=line or model_line(curve), linewidth=1.3, **marker)


def model_line(curve):
    return MODELS[curve.metric.endswith("_linear")][0]


def draw_band(panel, curve, colour, line=None, **marker):
    draw_line(panel, curve, colour, line, **marker)
    panel.fill_between(curve.x, curve.level.low, curve.level.high, color=colour, alpha=0.15, linewidth=0)


def draw_study(panel, curve, colour, **marker):
    draw_band(panel, curve, colour, study_line(curve.order), **marker)


def largest_output(curves):
    """Of each test point only the output that is largest at the end, in the last network (largest set, widest) of the
    first study."""
    if not any("output" in curve.where for curve in curves):
        return curves
    ends = {}
    for curve in curves:
        if curve.metric == "outputs" and curve.order == curves[0].order:
            ends.setdefault(probe_of(curve), {})[curve.where["output"]] = last_finite(first_seed(curve))
    best = {probe: max(values, key=lambda output: values[output]) for probe, values in ends.items()}
    return [curve for curve in curves if curve.where.get("output") == best.get(probe_of(curve))]


def probe_of(curve):
    return next((curve.where[name] for name in EXAMPLES if name in curve.where), 0)


def first_seed(curve):
    """Values of the first seed that was recorded."""
    return curve.samples[:, int(np.argmax(np.isfinite(curve.samples[0])))]


def last_finite(values):
    good = values[np.isfinite(values)]
    return good[-1] if len(good) else -np.inf


def output_figure(panels, columns, on=style.PAGE):
    """panels: (train_size, width) -> curves, a colour for each of the first test points."""
    curves = [curve for members in panels.values() for curve in members]
    figure, axes = on.grid(len(panels), columns=columns)
    probes = sorted({probe_of(curve) for curve in curves})
    palette, marked = dict(zip(probes, style.OKABE_ITO)), markers(curves)
    values = [np.concatenate([*(first_seed(c) for c in curves if c.metric == name), []]) for name in OUTPUTS]
    for panel, (key, members) in zip(axes, panels.items()):
        for curve in members:
            look = {"color": palette[probe_of(curve)], "linestyle": model_line(curve), "linewidth": 1.3}
            panel.plot(curve.x, first_seed(curve), **look, **marked(curve))
        dress_time(panel, members)
        style.keep_in_view(panel, *values)
        panel.set_title(", ".join(named_value(name, value) for name, value in zip(("train_size", "width"), key)))
        if style.is_first(panel):
            panel.set_ylabel("output")
    handles = [colour_handle(palette[probe], value_text(probe)) for probe in probes]
    style.legend_beside(axes, handles + model_handles(curves) + source_handles(curves), "test point")
    return figure


def colour_handle(colour, label):
    return Line2D([], [], color=colour, label=label)
