"""Figures of ensembles: outputs of some test points with their bands, and the agreement with the NTK-GP over time."""

from functools import partial

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import style
from .context import Section
from .ensembles import ensemble_table, groups_of, largest
from .times import is_log, title
from .words import axis_label, exponent

POINTS = 4
NETWORKS, PROCESS, POSTERIOR = style.OKABE_ITO[0], style.OKABE_ITO[1], style.OKABE_ITO[2]
DEVIATIONS = 2  # half a band


def sections(context):
    """For each study and cell without width the widest networks: (bands, agreement), and in a table all widths."""
    groups = list(groups_of(context.ensembles))
    for number_, group in enumerate(groups, start=1):
        names = [group[0].source] * (len(context.studies) > 1) + [group[-1].place]
        place = ", ".join(filter(None, names))
        yield bands_section(group, place, number_, len(groups))
        if group[-1].process and group[-1].is_large:
            yield agreement_section(group[-1], place, number_, len(groups))


def bands_section(group, place, number_, of):
    ensemble = group[-1]
    heading = title("Ensemble" + " and Gaussian processes" * bool(ensemble.process or ensemble.posterior), place)
    draw, table = partial(bands_figure, ensemble), ensemble_table(group)
    return Section("ensemble", heading, bands_caption(ensemble), draw, [], number_, of, table)


def bands_caption(ensemble):
    parts = [f"Outputs on some test points over training: {named(ensemble)}"]
    if ensemble.size > 1:
        parts[0] += f" with a band of {DEVIATIONS} standard deviations (dark: {DEVIATIONS} standard errors of the mean)"
    if ensemble.linear:
        parts.append("linearized" if ensemble.size == 1 else "mean of their linearizations")
    if ensemble.process:
        band = "with the same band" if ensemble.process.has_band else "which has no spread or none that is recorded"
        parts.append(f"the NTK Gaussian process of infinitely wide networks, {band}")
    if ensemble.posterior:
        parts.append("at the right edge the NNGP posterior, infinitely wide with the readout alone trained to the end")
    if ensemble.process and ensemble.size > 1:
        parts[-1] += ". Shown are the test point where the mean is most standard errors from the process, and the first"
    return "; ".join(parts) + "."


def named(ensemble):
    return f"mean of {ensemble.size_text} networks" if ensemble.size > 1 else "one network"


def shown_points(ensemble):
    """[(example, output)]: the example with the largest |z| at the last step and the first others; of several outputs
    the one that is largest at the end."""
    scores = np.nan_to_num(np.abs(ensemble.scores(ensemble.networks)[-1])).max(axis=1)
    first = int(np.argmax(scores))
    others = [i for i in range(len(scores)) if i != first]
    outputs = np.argmax(ensemble.networks.mean[-1], axis=1)
    return [(i, int(outputs[i])) for i in sorted([first, *others[: POINTS - 1]])]


def bands_figure(ensemble, on=style.PAGE):
    points = shown_points(ensemble)
    figure, axes = on.grid(len(points))
    scores = ensemble.scores(ensemble.networks)[-1]
    for panel, (example, output) in zip(axes, points):
        draw_bands(panel, ensemble, example, output)
        panel.set_title(point_title(ensemble, example, output, scores[example, output]))
        dress_time(panel, ensemble)
        if style.is_first(panel):
            panel.set_ylabel("output")
    style.legend_beside(axes, handles(ensemble), None)
    return figure


def point_title(ensemble, example, output, score):
    names = [f"test point {ensemble.examples[example]}"]
    names += [f"output {output}"] * (ensemble.networks.mean.shape[-1] > 1)
    names += [f"z = {exponent(score)}"] * bool(ensemble.is_large and np.isfinite(score))
    return ", ".join(names)


def draw_bands(panel, ensemble, example, output):
    seen = seen_steps(ensemble)
    time, at = ensemble.time[seen], (seen, example, output)
    if ensemble.process and ensemble.process.has_band:
        low, high = edges(ensemble.process, at, DEVIATIONS)
        panel.fill_between(time, low, high, facecolor="none", edgecolor=PROCESS, hatch="///", linewidth=1, alpha=0.5)
    if ensemble.size > 1:
        for count, alpha in ((DEVIATIONS, 0.2), (DEVIATIONS / np.sqrt(ensemble.size), 0.35)):
            panel.fill_between(time, *edges(ensemble.networks, at, count), color=NETWORKS, alpha=alpha, linewidth=0)
    panel.plot(time, ensemble.networks.mean[at], color=NETWORKS)
    if ensemble.process:
        panel.plot(time, ensemble.process.mean[at], color=PROCESS, linestyle="--")
    if ensemble.linear:
        panel.plot(time, ensemble.linear.mean[at], color="black", linestyle=":", linewidth=1.3)
    if ensemble.posterior:
        draw_posterior(panel, ensemble, example, output)


def seen_steps(ensemble):
    """On a logarithmic axis not step 0."""
    return ensemble.time > 0 if is_log(ensemble.time) else np.ones(len(ensemble.time), bool)


def edges(spread, at, count):
    half = count * spread.deviation[at]
    return spread.mean[at] - half, spread.mean[at] + half


def draw_posterior(panel, ensemble, example, output):
    end = edge(ensemble.time)
    mean, deviation = (part[0, example, output] for part in (ensemble.posterior.mean, ensemble.posterior.deviation))
    panel.errorbar(end, mean, DEVIATIONS * deviation, color=POSTERIOR, marker="s", markersize=4, capsize=3)


def edge(time):
    """A place a little right of the last step."""
    return time[-1] * (time[-1] / time[time > 0][0]) ** 0.06 if is_log(time) else 1.06 * time[-1]


def dress_time(panel, ensemble):
    time = ensemble.time
    if is_log(time):
        style.log_axis(panel.xaxis, time[time > 0][0] / 1.2, edge(time) * 1.3)
    panel.set_xlabel(axis_label(ensemble.time_name))


def handles(ensemble):
    band = f" \N{PLUS-MINUS SIGN} {DEVIATIONS} sd"
    found = [Line2D([], [], color=NETWORKS, label=named(ensemble))]
    if ensemble.size > 1:
        found.append(Patch(color=NETWORKS, alpha=0.25, linewidth=0, label=f"networks{band}"))
    if ensemble.linear:
        label = "linearized" + ", mean" * (ensemble.size > 1)
        found.append(Line2D([], [], color="black", linestyle=":", label=label))
    if ensemble.process:
        found.append(Line2D([], [], color=PROCESS, linestyle="--", label="NTK-GP, mean"))
    if ensemble.process and ensemble.process.has_band:
        found.append(Patch(facecolor="none", edgecolor=PROCESS, hatch="///", alpha=0.6, label=f"NTK-GP{band}"))
    if ensemble.posterior:
        look = {"color": POSTERIOR, "marker": "s", "markersize": 4, "linestyle": ""}
        found.append(Line2D([], [], **look, label=f"NNGP posterior{band}"))
    return found


def agreement_section(ensemble, place, number_, of):
    caption = (
        "Largest |z| over test points and outputs, z being the mean's distance from the NTK-GP's in standard errors; "
        "if networks were as that process, 95 of 100 ensembles would stay below the grey line. Beside it the variance "
        "summed over test points and outputs, over the NTK-GP's; band: 95 of 100 ensembles of that process."
    )
    heading = title("Agreement of ensemble and NTK-GP", place)
    return Section("ensemble_agreement", heading, caption, partial(agreement_figure, ensemble), [], number_, of)


def agreement_figure(ensemble, on=style.PAGE):
    ratios = ensemble.ratios(ensemble.networks)
    figure, panels = on.grid(1 + bool(np.isfinite(ratios).any()), share_y=False)
    draw_scores(panels[0], ensemble)
    if len(panels) > 1:
        draw_ratios(panels[1], ensemble)
    for panel in panels:
        dress_time(panel, ensemble)
    style.legend_beside(panels, agreement_handles(ensemble, len(panels) > 1), None)
    return figure


def draw_models(panel, ensemble, values):
    """values: function of a spread -> [step]."""
    seen = seen_steps(ensemble)
    for spread, colour, line in ((ensemble.networks, NETWORKS, "-"), (ensemble.linear, "black", ":")):
        panel.plot(ensemble.time[seen], values(spread)[seen], color=colour, linestyle=line)


def draw_scores(panel, ensemble):
    draw_models(panel, ensemble, lambda spread: largest(ensemble.scores(spread)))
    panel.axhline(ensemble.bound, color=style.GREY, linestyle="-.", linewidth=1.2)
    panel.set_ylim(0, 1.05 * panel.get_ylim()[1])
    panel.set_ylabel("largest |z| of the mean")


def draw_ratios(panel, ensemble):
    seen = seen_steps(ensemble)
    draw_models(panel, ensemble, ensemble.ratios)
    panel.axhline(1, color=PROCESS, linestyle="--", linewidth=1.2)
    panel.fill_between(ensemble.time[seen], *ensemble.ratio_limits()[:, seen], color=PROCESS, alpha=0.15, linewidth=0)
    panel.set_ylabel("variance / that of the NTK-GP")


def agreement_handles(ensemble, has_ratios):
    found = [Line2D([], [], color=NETWORKS, label=f"{ensemble.size_text} networks")]
    if ensemble.linear:
        found.append(Line2D([], [], color="black", linestyle=":", label="linearizations"))
    found.append(Line2D([], [], color=style.GREY, linestyle="-.", label="95 % below, if as NTK-GP"))
    if has_ratios:
        found.append(Line2D([], [], color=PROCESS, linestyle="--", label="NTK-GP"))
    return found
