"""The first sentences of the page: the exponents, and what stands behind them."""

import numpy as np

from .curves import PRE_ASYMPTOTIC
from .ensembles import ensemble_row, groups_of
from .local import local_curves, pair_text, pairs_of
from .paper import SOURCE, overall
from .predictions import final_curves
from .tables import unrecorded
from .statistics import FEWEST
from .words import FAMILIES, MODELS, SIGNS, exponent, interval, number, plural, value_text, where_text

NAMED_FITS = 4


def headline(context):
    """Paragraphs, the exponents first."""
    if not context.rmse:
        diverged = any((study.data["status"] > 0).any() for study in context.studies)
        if all(study.has("loss_train") and "rmse_test" not in study.data for study in context.studies):
            return ["The networks were trained alone, so there is no RMSE against a linearization."]
        return ["No RMSE at the last step: all recorded points diverged." if diverged else "No RMSE is recorded yet."]
    first = " ".join([width_line(context), *scale_lines(context)])
    return [first, *prediction_lines(context), *ensemble_lines(context)]


def width_line(context):
    curves = context.rmse
    fitted = [(curve, curve.fit) for curve in curves if curve.fit and not curve.is_local]
    local = local_curves(context)
    if not fitted and not local:
        level = curves[0].level
        place = f"{number(level.mean[0])} at {context.width} {curves[0].x[0]:g}"
        place += f" ({curves[0].place})" * (len(curves) > 1)
        return f"RMSE between network and linearization: {place}. One width has no slope."
    lines = [f"RMSE between network and linearization goes with the width n {powers(fitted)}"] if fitted else []
    return " ".join(lines + [local_line(*group) for group in last_slopes(local)])


def scale_lines(context):
    """RMSE against output_scale, where it is an axis."""
    fits = [(curve, curve.fit) for curve in context.curves(["rmse_test"], "output_scale") if curve.fit]
    if fits:
        yield f"With the output scale \N{GREEK SMALL LETTER ALPHA} it goes {powers(fits)}"


def prediction_lines(context):
    """How far networks of the largest set and width are from each prediction at the end, where that is one cell."""
    for curves in map(final_curves, context.studies):
        largest = largest_cell(curves)
        if largest and len({cell(curve.where, "prediction") for curve in largest}) == 1:
            place = where_text({"width": largest[0].x[-1], "train_size": largest[0].where["train_size"]})
            place += f" ({largest[0].source})" * (len(context.studies) > 1)
            yield f"At the last step the RMSE of the network with {place} is {distances(largest)}."


def largest_cell(curves):
    """Those that reach the largest set and width."""
    size = max((curve.where["train_size"] for curve in curves), default=0)
    return [curve for curve in curves if curve.where["train_size"] == size and np.isfinite(curve.level.mean[-1])]


def distances(curves):
    """0.12 from its linearization and discrete steps with Theta_0; 0.25 from ..."""
    groups = {}
    for curve in curves:
        name = curve.where["prediction"].replace(", ", " with ")
        groups.setdefault(number(curve.level.mean[-1]), []).append(name)
    return "; ".join(f"{level} from {listed(names)}" for level, names in groups.items())


def listed(names):
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def cell(where, left_out, labels=()):
    """The other dimensions and their values."""
    return where_text({name: value for name, value in where.items() if name != left_out}, labels)


def ensemble_lines(context):
    """How the widest ensembles agree with the infinitely wide one."""
    judged = [group[-1] for group in groups_of(context.ensembles) if group[-1].process and group[-1].is_large]
    for ensemble in judged[:NAMED_FITS]:
        row = ensemble_row(ensemble)
        several = len(context.studies) > 1
        place = f" ({', '.join([ensemble.source] * several + [ensemble.cell])})" if len(judged) > 1 or several else ""
        networks = f"{ensemble.size_text} networks of width {value_text(ensemble.where['width'])}{place}"
        score, ratio = number(row["largest_z_networks"]), number(row["variance_ratio_networks"])
        yield (
            f"{networks} beside the NTK Gaussian process at the last step: means at most {score} standard errors apart "
            f"over {plural(row['values'], 'test output')}" + (f"; summed variance {ratio} of it." if ratio else ".")
        )


def last_slopes(curves):
    """Yields (family, pair of widths, [(curve, slope)]): each curve's slope between its two largest widths."""
    groups = {}
    for curve in curves:
        pair, fit = [(pair, fit) for pair, fit in zip(pairs_of(curve), curve.slopes) if fit][-1]
        groups.setdefault((curve.family, pair), []).append((curve, fit))
    return [(*key, members) for key, members in groups.items()]


def local_line(family, pair, fits):
    start = f"{FAMILIES[family].capitalize()} networks, {pair_text(pair)} channels"
    return f"{start}: RMSE between network and linearization goes {powers(fits)}"


def powers(fits):
    """[(curve, fit)] in words, with the full stop. What has no interval is not stated: it may be anything."""
    known = [item for item in fits if item[1].has_interval]
    if not known:
        return f"as a power that is not known: {unknown(fits)}."
    more = f" Without an interval for {len(fits) - len(known)} more: {unknown(fits)}." * (len(known) < len(fits))
    if len(known) <= NAMED_FITS:
        named = "; ".join(named_fit(*item, fits) for item in known)
        return f"as {named}. In brackets: 95 % interval over seeds.{more}"
    exponents = sorted(fit.exponent for _, fit in known)
    sign = SIGNS[fits[0][0].x_name]
    between = f"{exponent(exponents[0])} to {exponent(exponents[-1])}"
    return f"as {sign} to the power of {between}, over {len(known)} series.{more}"


def unknown(fits):
    """Why there is no interval."""
    counts = sorted({fit.seeds for _, fit in fits if not fit.has_interval})
    seeds = " and ".join("one seed" if count == 1 else f"{count} seeds" for count in counts)
    give = "gives" if counts == [1] else "give"
    return f"{seeds} {give} no interval ({FEWEST} or more do; the bare fits stand in the tables)"


def named_fit(curve, fit, fits):
    several = len({other.source for other, _ in fits}) > 1
    names = [curve.source] * several + [where_text(numbers_first(curve.where), curve.labels)]
    place = f" at {', '.join(filter(None, names))}" if len(fits) > 1 else ""
    return f"{SIGNS[curve.x_name]}^{exponent(fit.exponent)} {interval(fit)}".strip() + place


def numbers_first(where):
    """at N = 32, not centred"""
    return dict(sorted(where.items(), key=lambda item: isinstance(item[1], (str, bytes))))


def local_remarks(context):
    """The fitted exponents stand behind the local slopes."""
    for family in PRE_ASYMPTOTIC:
        fits = [(curve, curve.fit) for curve in local_curves(context) if curve.family == family]
        if fits:
            given = overall(context.paper, family)
            paper = f" {SOURCE}: n^{exponent(given)}, the mean over its depths." if np.isfinite(given) else ""
            yield (
                f"{FAMILIES[family].capitalize()} networks are pre-asymptotic at such widths: the slope itself changes "
                f"with width towards \N{MINUS SIGN}1, so one exponent misleads. Over all widths it would go all the "
                f"same {powers(fits)}{paper}"
            )


def remarks(context):
    """One line for each thing that a reader of the figures must know."""
    lines = [note for study in context.studies for note in study.notes]
    lines += [line for study in context.studies for line in [points_line(study)] if line]
    lines += local_remarks(context)
    if any(curve.diverged.any() for curve in context.rmse):
        lines.append(
            "Where seeds diverged the means and fits are those of the survivors, which misleads: look at the medians."
        )
    if not all(row.is_judged for row in context.rows):
        lines.append(
            "Cross-entropy has no end: logits grow for ever, so the RMSE is that after a fixed number of steps and not "
            "a limit, and no set is called fitted."
        )
    unfitted = [row for row in context.rows if row.unfitted]
    if unfitted:
        lines.append(
            f"Not yet fitted at the last step (training loss above 1 % of its first value): {cells(unfitted)}. "
            "The RMSE there mixes convergence with width."
        )
    rounded = [row for row in context.rows if row.rounded]
    if rounded:
        lines.append(f"Rounding is above a tenth of the RMSE: {cells(rounded)}. Use f64 there.")
    return lines


def cells(rows):
    """The sets and values of other axes that are meant, each with how many of its widths."""
    counts = {}
    for row in rows:
        place = cell(row.where, "width", row.labels)
        counts[place] = counts.get(place, 0) + 1
    return "; ".join(f"{place} ({plural(count, 'width')})" for place, count in counts.items())


def points_line(study):
    """How many points diverged, failed or are missing, and which models diverged."""
    status = study.data["status"].values
    states = [row["state"] for row in unrecorded([study])]
    parts = [f"{states.count(state)} {state}" for state in ("diverged", "failed", "missing") if state in states]
    if "diverged" in states:
        counts = {model: int(np.sum((status > 0) & (status & model > 0))) for model in MODELS}
        parts[0] += f" ({', '.join(plural(count, MODELS[model]) for model, count in counts.items())})"
    return f"{study.label}: of {plural(status.size, 'point')} {', '.join(parts)} (named below)." if parts else ""
