"""Figures of ensembles: outputs of some test points with their bands, and the agreement with the NTK-GP over time. One
study has a colour for each thing that is drawn; of several each has its own."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import style
from .context import Section
from .ensembles import ensemble_table, largest, overlays_of
from .times import is_log, title
from .words import axis_label, exponent, value_text

POINTS = 4
DEVIATIONS = 2  # half a band
BAND = f" \N{PLUS-MINUS SIGN} {DEVIATIONS} sd"


@dataclass(frozen=True)
class Look:
    """Colours of one ensemble, and whether it shares its panels."""

    networks: str = style.OKABE_ITO[0]
    process: str = style.OKABE_ITO[1]
    posterior: str = style.OKABE_ITO[2]
    linear: str = "black"
    is_shared: bool = False


def looks_of(ensembles):
    """[(ensemble, look)]"""
    if len(ensembles) == 1:
        return [(ensembles[0], Look())]
    shades = [style.OKABE_ITO[i % len(style.OKABE_ITO)] for i in range(len(ensembles))]
    return [(ensemble, Look(shade, shade, shade, shade, True)) for ensemble, shade in zip(ensembles, shades)]


def look_of(ensembles):
    """Of what is the same for all: in grey where colours are the studies'."""
    return Look(*[style.GREY] * 4, True) if len(ensembles) > 1 else Look()


def sections(context):
    """For each cell without width the widest networks of each study: (bands, agreement), and in a table all widths. What
    is of step 0 alone is not over training."""
    overlays = list(overlays_of([ensemble for ensemble in context.ensembles if ensemble.time.any()]))
    for number, groups in enumerate(overlays, start=1):
        widest = [group[-1] for group in groups]
        place = place_of(widest, len(widest) < len(context.studies))
        yield bands_section(groups, widest, place, number, len(overlays))
        judged = [ensemble for ensemble in widest if ensemble.process and ensemble.is_large]
        if judged:
            yield agreement_section(judged, place, number, len(overlays))


def place_of(ensembles, is_named):
    """With the studies where it is not all of them."""
    names = [ensemble.source for ensemble in ensembles] * is_named
    return ", ".join(filter(None, [*names, ensembles[0].cell if differ(ensembles) else ensembles[0].place]))


def differ(ensembles):
    """Whether their widths do."""
    return len({ensemble.where["width"] for ensemble in ensembles}) > 1


def bands_section(groups, widest, place, number, of):
    processes = any(ensemble.process or ensemble.posterior for ensemble in widest)
    heading = title("Ensemble" + " and Gaussian processes" * processes, place)
    table = ensemble_table([ensemble for group in groups for ensemble in group])
    return Section("ensemble", heading, bands_caption(widest), partial(bands_figure, widest), [], number, of, table)


def bands_caption(ensembles):
    first, several = ensembles[0], any(ensemble.size > 1 for ensemble in ensembles)
    names = "; ".join(dict.fromkeys(map(named, ensembles)))
    start = "Outputs on some test points over training" + ", a colour for each study" * (len(ensembles) > 1)
    parts = [f"{start}: {names}"]
    if several:
        parts[0] += f" with a band of {DEVIATIONS} standard deviations (dark: {DEVIATIONS} standard errors of the mean)"
    if first.linear:
        parts.append("mean of their linearizations" if several else "linearized")
    if first.process:
        band = "with the same band" if first.process.has_band else "which has no spread or none that is recorded"
        parts.append(f"the NTK Gaussian process of infinitely wide networks, {band}")
    if first.posterior:
        parts.append("at the right edge the NNGP posterior, infinitely wide with the readout alone trained to the end")
    if first.process and several:
        parts[-1] += ". Shown are the test point where the mean is most standard errors (z) from the process, and"
        parts[-1] += " the first"
    return "; ".join(parts) + "."


def named(ensemble):
    return f"mean of {ensemble.size_text} networks" if ensemble.size > 1 else "one network"


def shown_points(ensembles):
    """[(example, output)]: the example with the largest |z| at the last step and the first others; of several outputs
    the one that is largest at the end of the first study."""
    scores = np.max([np.nan_to_num(np.abs(final_scores(ensemble))).max(axis=1) for ensemble in ensembles], axis=0)
    first = int(np.argmax(scores))
    others = [i for i in range(len(scores)) if i != first]
    outputs = np.argmax(ensembles[0].networks.mean[-1], axis=1)
    return [(i, int(outputs[i])) for i in sorted([first, *others[: POINTS - 1]])]


def final_scores(ensemble):
    return ensemble.scores(ensemble.networks)[-1]


def bands_figure(ensembles, on=style.PAGE):
    points = shown_points(ensembles)
    figure, axes = on.grid(len(points))
    values = seen_values(ensembles, points)
    for panel, (example, output) in zip(axes, points):
        for (ensemble, look), end in zip(looks_of(ensembles), ends_of(ensembles)):
            draw_bands(panel, ensemble, example, output, look, end)
        panel.set_title(point_title(ensembles, example, output))
        dress_time(panel, ensembles)
        style.keep_in_view(panel, *values)
        if style.is_first(panel):
            panel.set_ylabel("output")
    style.legend_beside(axes, study_handles(ensembles) + handles(ensembles), None)
    return figure


def seen_values(ensembles, points):
    """Edges of the networks' bands, and all others."""
    own, others = [], []
    for ensemble in ensembles:
        for part in filter(None, (ensemble.networks, ensemble.process, ensemble.posterior, ensemble.linear)):
            half = 0 if part is ensemble.linear else DEVIATIONS * np.nan_to_num(part.deviation)
            values = [(part.mean + sign * half)[:, example, output] for sign in (-1, 1) for example, output in points]
            (own if part is ensemble.networks else others).extend(values)
    return np.concatenate(own), np.concatenate([*others, []])


def point_title(ensembles, example, output):
    names = [f"test point {value_text(ensembles[0].examples[example])}"]
    names += [f"output {output}"] * (ensembles[0].networks.mean.shape[-1] > 1)
    scores = [final_scores(ensemble)[example, output] for ensemble in ensembles if ensemble.is_large]
    known = [exponent(score) for score in scores if np.isfinite(score)]
    return ", ".join(names + [f"z = {'; '.join(known)}"] * (len(known) == len(ensembles)))


def draw_bands(panel, ensemble, example, output, look, end):
    seen = seen_steps(ensemble)
    time, at = ensemble.time[seen], (seen, example, output)
    if ensemble.process and ensemble.process.has_band:
        draw_process_band(panel, time, edges(ensemble.process, at, DEVIATIONS), look)
    if ensemble.size > 1:
        for count, alpha in ((DEVIATIONS, 0.2), (DEVIATIONS / np.sqrt(ensemble.size), 0.35)):
            low, high = edges(ensemble.networks, at, count)
            panel.fill_between(time, low, high, color=look.networks, alpha=alpha, linewidth=0)
    panel.plot(time, ensemble.networks.mean[at], color=look.networks)
    if ensemble.process:
        panel.plot(time, ensemble.process.mean[at], color=look.process, linestyle="--")
    if ensemble.linear:
        panel.plot(time, ensemble.linear.mean[at], color=look.linear, linestyle=":", linewidth=1.3)
    if ensemble.posterior:
        draw_posterior(panel, ensemble, example, output, look, end)


def draw_process_band(panel, time, band, look):
    """Hatched; of several studies the edges alone."""
    if not look.is_shared:
        panel.fill_between(time, *band, facecolor="none", edgecolor=look.process, hatch="///", linewidth=1, alpha=0.5)
    for edge in band if look.is_shared else ():
        panel.plot(time, edge, color=look.process, linestyle="--", linewidth=0.8)


def seen_steps(ensemble):
    """On a logarithmic axis not step 0."""
    return ensemble.time > 0 if is_log(ensemble.time) else np.ones(len(ensemble.time), bool)


def edges(spread, at, count):
    half = count * spread.deviation[at]
    return spread.mean[at] - half, spread.mean[at] + half


def draw_posterior(panel, ensemble, example, output, look, end):
    mean, deviation = (part[0, example, output] for part in (ensemble.posterior.mean, ensemble.posterior.deviation))
    panel.errorbar(end, mean, DEVIATIONS * deviation, color=look.posterior, marker="s", markersize=4, capsize=3)


def ends_of(ensembles):
    """Places a little right of the last step of all, one for each."""
    shares = [0.06 + 0.03 * i for i in range(len(ensembles))]
    first, last = time_range(ensembles)
    return [last * (last / first) ** share if is_logarithmic(ensembles) else (1 + share) * last for share in shares]


def time_range(ensembles):
    times = np.concatenate([ensemble.time for ensemble in ensembles])
    return times[times > 0].min(), times.max()


def is_logarithmic(ensembles):
    return all(is_log(ensemble.time) for ensemble in ensembles)


def dress_time(panel, ensembles):
    if is_logarithmic(ensembles):
        style.log_axis(panel.xaxis, time_range(ensembles)[0] / 1.2, 1.3 * ends_of(ensembles)[-1])
    panel.set_xlabel(axis_label(ensembles[0].time_name))


def study_handles(ensembles):
    """A colour for each of several."""
    pairs = looks_of(ensembles) if len(ensembles) > 1 else []
    return [Line2D([], [], color=look.networks, label=study_name(one, differ(ensembles))) for one, look in pairs]


def study_name(ensemble, with_width):
    return f"{ensemble.source}: {ensemble.size_text} networks" + f", n = {ensemble.where['width']}" * with_width


def handles(ensembles):
    """What each line and band is."""
    look = look_of(ensembles)
    return network_handles(ensembles, look) + process_handles(ensembles, look)


def network_handles(ensembles, look):
    several = any(ensemble.size > 1 for ensemble in ensembles)
    label = "networks, mean" if look.is_shared else named(ensembles[0])
    found = [Line2D([], [], color=look.networks, label=label)]
    if several:
        found.append(Patch(color=look.networks, alpha=0.25, linewidth=0, label=f"networks{BAND}"))
    if any(ensemble.linear for ensemble in ensembles):
        label = "linearized" + ", mean" * several
        found.append(Line2D([], [], color=look.linear, linestyle=":", label=label))
    return found


def process_handles(ensembles, look):
    processes = [ensemble.process for ensemble in ensembles if ensemble.process]
    found = [Line2D([], [], color=look.process, linestyle="--", label="NTK-GP, mean")] * bool(processes)
    if any(process.has_band for process in processes):
        label = f"NTK-GP{BAND}"
        hatched = Patch(facecolor="none", edgecolor=look.process, hatch="///", alpha=0.6, label=label)
        edged = Line2D([], [], color=look.process, linestyle="--", linewidth=0.8, label=label)
        found.append(edged if look.is_shared else hatched)
    if any(ensemble.posterior for ensemble in ensembles):
        marker = {"marker": "s", "markersize": 4, "linestyle": ""}
        found.append(Line2D([], [], color=look.posterior, **marker, label=f"NNGP posterior{BAND}"))
    return found


def agreement_section(ensembles, place, number, of):
    caption = (
        "Largest |z| over test points and outputs, z being the mean's distance from the NTK-GP's in standard errors; "
        "if networks were as that process, 95 of 100 ensembles would stay below the line of dashes and dots. Beside it "
        "the variance summed over test points and outputs, over the NTK-GP's; band: 95 of 100 ensembles of that one."
    )
    heading = title("Agreement of ensemble and NTK-GP", place)
    return Section("ensemble_agreement", heading, caption, partial(agreement_figure, ensembles), [], number, of)


def agreement_figure(ensembles, on=style.PAGE):
    has_ratios = any(np.isfinite(ensemble.ratios(ensemble.networks)).any() for ensemble in ensembles)
    figure, panels = on.grid(1 + has_ratios, share_y=False)
    for ensemble, look in looks_of(ensembles):
        draw_scores(panels[0], ensemble, look)
        if has_ratios:
            draw_ratios(panels[1], ensemble, look)
    panels[0].set_ylim(0, 1.05 * panels[0].get_ylim()[1])
    panels[0].set_ylabel("largest |z| of the mean")
    if has_ratios:
        panels[1].axhline(1, color=look_of(ensembles).process, linestyle="--", linewidth=1.2)
        panels[1].set_ylabel("variance / that of the NTK-GP")
    for panel in panels:
        dress_time(panel, ensembles)
    style.legend_beside(panels, study_handles(ensembles) + agreement_handles(ensembles, has_ratios), None)
    return figure


def draw_models(panel, ensemble, values, look):
    """values: function of a spread -> [step]."""
    seen = seen_steps(ensemble)
    for spread, colour, line in ((ensemble.networks, look.networks, "-"), (ensemble.linear, look.linear, ":")):
        panel.plot(ensemble.time[seen], values(spread)[seen], color=colour, linestyle=line)


def draw_scores(panel, ensemble, look):
    draw_models(panel, ensemble, lambda spread: largest(ensemble.scores(spread)), look)
    colour = look.networks if look.is_shared else style.GREY
    panel.axhline(ensemble.bound, color=colour, linestyle="-.", linewidth=1.2)


def draw_ratios(panel, ensemble, look):
    seen = seen_steps(ensemble)
    draw_models(panel, ensemble, ensemble.ratios, look)
    low, high = ensemble.ratio_limits()[:, seen]
    panel.fill_between(ensemble.time[seen], low, high, color=look.process, alpha=0.15, linewidth=0)


def agreement_handles(ensembles, has_ratios):
    look, label = look_of(ensembles), "networks" if len(ensembles) > 1 else f"{ensembles[0].size_text} networks"
    found = [Line2D([], [], color=look.networks, label=label)]
    if any(ensemble.linear for ensemble in ensembles):
        found.append(Line2D([], [], color=look.linear, linestyle=":", label="linearizations"))
    found.append(Line2D([], [], color=style.GREY, linestyle="-.", label="95 % below, if as NTK-GP"))
    if has_ratios:
        found.append(Line2D([], [], color=look.process, linestyle="--", label="NTK-GP"))
    return found
