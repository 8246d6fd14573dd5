"""The first sentences of the page: the exponents, and what stands behind them."""

from .tables import unrecorded
from .words import exponent, interval, number, plural, where_text

NAMED_FITS = 4


def headline(context):
    curves = context.curves(["rmse_test"])
    fitted = [curve for curve in curves if curve.fit]
    if not curves:
        return "No RMSE is recorded yet."
    if not fitted:
        level = curves[0].level
        place = f"{number(level.mean[0])} at width {curves[0].x[0]:g}"
        return f"RMSE between network and linearization: {place}. One width has no slope."
    start = "RMSE between network and linearization goes with the width n as "
    if len(fitted) <= NAMED_FITS:
        return start + "; ".join(named_fit(curve, fitted) for curve in fitted) + confidence(fitted)
    exponents = sorted(curve.fit.exponent for curve in fitted)
    return (
        start + f"n to the power of {exponent(exponents[0])} to {exponent(exponents[-1])}, over {len(fitted)} series."
    )


def confidence(fitted):
    return ". In brackets: 95 % interval over seeds." if any(interval(curve.fit) for curve in fitted) else "."


def named_fit(curve, fitted):
    names = [curve.source] * (len({other.source for other in fitted}) > 1) + [where_text(curve.where)]
    place = f" at {', '.join(filter(None, names))}" if len(fitted) > 1 else ""
    return f"n^{exponent(curve.fit.exponent)} {interval(curve.fit)}".strip() + place


def remarks(context):
    """One line for each thing that a reader of the figures must know."""
    lines = [note for study in context.studies for note in study.notes]
    lines += [line for study in context.studies for line in [points_line(study)] if line]
    diverged = [curve for curve in context.curves(["rmse_test"]) if curve.diverged.any()]
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
