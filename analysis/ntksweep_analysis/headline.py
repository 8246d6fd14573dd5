"""The first sentences of the page: the exponents, and what stands behind them."""

from .curves import PRE_ASYMPTOTIC
from .local import local_curves, pair_text, pairs_of
from .paper import SOURCE, overall
from .tables import unrecorded
from .words import FAMILIES, exponent, interval, number, plural, where_text

NAMED_FITS = 4


def headline(context):
    curves = context.rmse
    if not curves:
        return "No RMSE is recorded yet."
    fitted = [(curve, curve.fit) for curve in curves if curve.fit and not curve.is_local]
    local = local_curves(context)
    if not fitted and not local:
        level = curves[0].level
        place = f"{number(level.mean[0])} at {context.width} {curves[0].x[0]:g}"
        return f"RMSE between network and linearization: {place}. One width has no slope."
    lines = [f"RMSE between network and linearization goes with the width n as {powers(fitted)}"] if fitted else []
    return " ".join(lines + [local_line(*group) for group in last_slopes(local)])


def last_slopes(curves):
    """Yields (family, pair of widths, [(curve, slope)]): each curve's slope between its two largest widths."""
    groups = {}
    for curve in curves:
        pair, fit = [(pair, fit) for pair, fit in zip(pairs_of(curve), curve.slopes) if fit][-1]
        groups.setdefault((curve.family, pair), []).append((curve, fit))
    return [(*key, members) for key, members in groups.items()]


def local_line(family, pair, fits):
    start = f"{FAMILIES[family].capitalize()} networks, {pair_text(pair)} channels"
    return f"{start}: RMSE between network and linearization goes as {powers(fits)}"


def powers(fits):
    """[(curve, fit)] in words, with the full stop."""
    if len(fits) <= NAMED_FITS:
        return "; ".join(named_fit(*item, fits) for item in fits) + confidence(fits)
    exponents = sorted(fit.exponent for _, fit in fits)
    return f"n to the power of {exponent(exponents[0])} to {exponent(exponents[-1])}, over {len(fits)} series."


def confidence(fits):
    return ". In brackets: 95 % interval over seeds." if any(interval(fit) for _, fit in fits) else "."


def named_fit(curve, fit, fits):
    names = [curve.source] * (len({other.source for other, _ in fits}) > 1) + [where_text(curve.where)]
    place = f" at {', '.join(filter(None, names))}" if len(fits) > 1 else ""
    return f"n^{exponent(fit.exponent)} {interval(fit)}".strip() + place


def local_remarks(context):
    """The fitted exponents stand behind the local slopes."""
    for family in PRE_ASYMPTOTIC:
        fits = [(curve, curve.fit) for curve in local_curves(context) if curve.family == family]
        if fits:
            yield (
                f"{FAMILIES[family].capitalize()} networks are pre-asymptotic at such widths: the slope itself changes "
                f"with width towards \N{MINUS SIGN}1, so one exponent misleads. Fitted over all widths all the same: "
                f"{powers(fits)} {SOURCE}: n^{exponent(overall(context.paper, family))}, the mean over its depths."
            )


def remarks(context):
    """One line for each thing that a reader of the figures must know."""
    lines = [note for study in context.studies for note in study.notes]
    lines += [line for study in context.studies for line in [points_line(study)] if line]
    lines += local_remarks(context)
    diverged = [curve for curve in context.rmse if curve.diverged.any()]
    if diverged:
        lines.append(
            "Where seeds diverged the means and fits are those of the survivors, which misleads: look at the medians."
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
        place = where_text({name: value for name, value in row.where.items() if name != "width"})
        counts[place] = counts.get(place, 0) + 1
    return "; ".join(f"{place} ({plural(count, 'width')})" for place, count in counts.items())


def points_line(study):
    status = study.data["status"].values
    states = [row["state"] for row in unrecorded([study])]
    parts = [f"{states.count(state)} {state}" for state in ("diverged", "failed", "missing") if state in states]
    return f"{study.label}: of {plural(status.size, 'point')} {', '.join(parts)} (named below)." if parts else ""
