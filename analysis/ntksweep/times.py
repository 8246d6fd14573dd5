"""Figures against time (learning rate times step; with momentum its square root): one for each value of the other axes,
of the RMSE with all studies in it, of the others for each study."""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .context import Section
from .curves import clock, curves_of
from .load import EXAMPLES, GRID
from .scaling import families_of, study_line
from .words import axis_label, loss_label, named_value, value_text, where_text


def rmse(context):
    for number, of, place, curves in figures_of(context, ["rmse_test"], together=True):
        caption = "RMSE on the test points against time; a colour for each width, bands: 95 % interval over seeds."
        panels = grouped(curves, lambda curve: curve.where["train_size"])
        draw = partial(time_figure, panels, columns=3, draw=draw_study)
        yield Section("rmse_time", title("RMSE against time", place), caption, draw, curves, number, of)


def losses(context):
    metrics = ["loss_train", "loss_train_linear", "loss_test", "loss_test_linear"]
    for number, of, place, curves in figures_of(context, metrics):
        sizes = spread(sorted({curve.where["train_size"] for curve in curves}), 3)
        shown = [curve for curve in curves if curve.where["train_size"] in sizes]
        caption = "Losses of the network (solid) and of its linearization (dashed), geometric mean over seeds."
        panels = grouped(shown, lambda curve: (curve.metric.replace("_linear", ""), curve.where["train_size"]))
        draw = partial(time_figure, panels, len(sizes), draw=draw_line)
        yield Section("loss_time", title("Losses against time", place), caption, draw, shown, number, of)


def outputs(context):
    for number, of, place, curves in figures_of(context, ["outputs", "outputs_linear"]):
        sizes = spread(sorted({curve.where["train_size"] for curve in curves}), 2)
        widths = spread(sorted({curve.where["width"] for curve in curves}), 3)
        shown = [curve for curve in curves if curve.where["train_size"] in sizes and curve.where["width"] in widths]
        caption = (
            "Outputs of the network (solid) and of its linearization (dashed) on the first test points, of the first "
            "seed; a colour for each test point. With several outputs: the one that is largest at the end."
        )
        panels = grouped(largest_output(shown), lambda curve: (curve.where["train_size"], curve.where["width"]))
        draw = partial(output_figure, panels, len(widths))
        yield Section("outputs_time", title("Outputs against time", place), caption, draw, [], number, of)


def title(words, place):
    return ": ".join(filter(None, [words, place]))


def figures_of(context, metrics, wanted=lambda study: True, together=False):
    """Yields (number, of how many, place, curves) for each wanted study (or for all together, where they have the same
    clock) and value of its other axes."""
    groups = {}
    for order, study in enumerate(context.studies):
        if not wanted(study):
            continue
        names = [study.label] * (len(context.studies) > 1 and not together)
        curves = [curve for metric in metrics for curve in time_curves(study, order, metric)]
        for where, members in grouped(curves, lambda curve: other_axes(curve.where)).items():
            place = ", ".join(filter(None, names + [where_text(dict(where), study.labels)]))
            groups.setdefault((place, members[0].x_name), []).extend(members)
    for number, ((place, _), members) in enumerate(groups.items(), start=1):
        if together and len(context.studies) > len({curve.source for curve in members}) == 1:
            place = ", ".join(filter(None, [members[0].source, place]))
        yield number, len(groups), place, members


def other_axes(where):
    return tuple((name, value) for name, value in where.items() if name not in (*GRID, *EXAMPLES, "output"))


def time_curves(study, order, metric):
    """Ordered by training-set size and width."""
    curves = curves_of([study], metric, "step", pick=few_points)
    curves.sort(key=lambda curve: (curve.where["train_size"], curve.where["width"]))
    return [in_time(study, replace(curve, order=order)) for curve in curves]


def few_points(study, metric):
    """The metric; of outputs those of the first few test points."""
    array = study.data[metric]
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
    """panels: (metric, train_size) or train_size -> curves, a colour for each width."""
    keys = list(panels)
    widths = sorted({curve.where["width"] for curves in panels.values() for curve in curves})
    palette = style.colours(widths)
    figure, axes = on.grid(len(keys), columns=columns, share_y="row")
    for panel, key in zip(axes, keys):
        for curve in panels[key]:
            draw(panel, curve, palette[curve.where["width"]])
        metric = panels[key][0].metric
        style.log_axis(
            panel.yaxis, *positive_range([c for k in keys for c in panels[k] if panels[k][0].metric == metric])
        )
        dress_time(panel, panels[key])
        panel.set_title(named_value("train_size", panels[key][0].where["train_size"]))
        if style.is_first(panel):
            panel.set_ylabel(loss_label(metric, panels[key][0].loss))
    families = families_of(curve for curves in panels.values() for curve in curves)
    handles = [colour_handle(palette[width], value_text(width)) for width in widths]
    orders = {curve.source: curve.order for curves in panels.values() for curve in curves}
    if len(orders) > 1:
        handles += [Line2D([], [], color=style.GREY, linestyle=study_line(i), label=name) for name, i in orders.items()]
    style.legend_beside(axes, handles, axis_label("width", families))
    return figure


def positive_range(curves):
    """Of the levels that are seen: on a logarithmic axis step 0 is not."""
    levels = np.concatenate([curve.level.mean[curve.x > 0 if is_log(curve.x) else ...] for curve in curves])
    levels = levels[np.isfinite(levels) & (levels > 0)]
    if not len(levels):
        return 0.1, 1.0
    return max(levels.min(), levels.max() * 1e-8) / 1.4, levels.max() * 1.4


def is_log(x):
    """Whether recorded steps are spaced by factors."""
    return len(x) > 3 and np.median(x) < 0.25 * x[-1]


def dress_time(panel, curves):
    x = np.concatenate([curve.x for curve in curves])
    if all(is_log(curve.x) for curve in curves):
        style.log_axis(panel.xaxis, x[x > 0].min() / 1.2, x.max() * 1.3)
    panel.set_xlabel(axis_label(curves[0].x_name))


def draw_line(panel, curve, colour, line=None):
    mean = np.where(curve.level.mean > 0, curve.level.mean, np.nan)
    panel.plot(curve.x, mean, color=colour, linestyle=line or model_line(curve), linewidth=1.3)


def model_line(curve):
    return "--" if curve.metric.endswith("_linear") else "-"


def draw_band(panel, curve, colour, line=None):
    draw_line(panel, curve, colour, line)
    panel.fill_between(curve.x, curve.level.low, curve.level.high, color=colour, alpha=0.15, linewidth=0)


def draw_study(panel, curve, colour):
    draw_band(panel, curve, colour, study_line(curve.order))


def largest_output(curves):
    """Of each test point only the output that is largest at the end, in the last network (largest set, widest)."""
    if not any("output" in curve.where for curve in curves):
        return curves
    ends = {}
    for curve in curves:
        if curve.metric == "outputs":
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
    figure, axes = on.grid(len(panels), columns=columns)
    probes = sorted({probe_of(curve) for curves in panels.values() for curve in curves})
    palette = dict(zip(probes, style.OKABE_ITO))
    for panel, (key, curves) in zip(axes, panels.items()):
        for curve in curves:
            colour = palette[probe_of(curve)]
            panel.plot(curve.x, first_seed(curve), color=colour, linestyle=model_line(curve), linewidth=1.3)
        dress_time(panel, curves)
        panel.set_title(", ".join(named_value(name, value) for name, value in zip(("train_size", "width"), key)))
        if style.is_first(panel):
            panel.set_ylabel("output")
    style.legend_beside(axes, [colour_handle(palette[probe], value_text(probe)) for probe in probes], "test point")
    return figure


def colour_handle(colour, label):
    return Line2D([], [], color=colour, label=label)
