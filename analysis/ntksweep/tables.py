"""Tables of the page and CSV files: exponents and slopes, levels, the summary, points without a record, cost."""

import csv
from functools import lru_cache

import numpy as np

from .curves import phases
from .load import DIVERGED_STEPS, RECORDED
from .summary import ROUNDING
from .words import LOSSES, MODELS, NETWORK, exponent, interval, interval_text, number, plain_name, value_text


def write_csv(path, rows):
    """Rows as dictionaries; the header is the union of their keys, in order of appearance. Nothing for no rows."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: csv_text(value) for name, value in row.items()} for row in rows)


def csv_text(value):
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:.8g}"
    return value_text(value) if isinstance(value, (bytes, np.bytes_)) else value


def with_columns(curves):
    """Yields (curve, its first columns), the same columns for all."""
    names = dict.fromkeys(name for curve in curves for name in curve.where)
    for curve in curves:
        places = {name: curve.where.get(name, "") for name in names}
        yield curve, {"study": curve.source, "metric": curve.metric, **places}


def level_rows(curves):
    return [row for curve, columns in with_columns(curves) for row in rows_of(curve, columns)]


def rows_of(curve, columns):
    """A row for each x."""
    values = {
        "x": curve.x.astype(float),
        "geometric_mean": curve.level.mean,
        "low": curve.level.low,
        "high": curve.level.high,
        "median": curve.median,
        "seeds": curve.level.count,
        "diverged": curve.diverged,
        **{f"diverged_{name}": curve.diverged_of(model) for model, name in MODELS.items()},
        "absent": curve.absent,
    }
    head = {**columns, "against": curve.x_name}
    return [{**head, **dict(zip(values, row))} for row in zip(*(array.tolist() for array in values.values()))]


def slope_rows(curves):
    """The fit of each curve (kind `fit`) and the slopes between its neighbours (kind `local`)."""
    rows = []
    for curve, columns in with_columns(curves):
        fits = [("fit", curve.x[0], curve.x[-1], curve.fit)]
        fits += [("local", *pair) for pair in zip(curve.x, curve.x[1:], curve.slopes)]
        rows += [slope_row(curve, columns, *item) for item in fits if item[-1] is not None]
    return rows


def slope_row(curve, columns, kind, x_from, x_to, fit):
    return {
        **columns,
        "against": curve.x_name,
        "kind": kind,
        "from": float(x_from),
        "to": float(x_to),
        "slope": fit.exponent,
        "low": fit.low,
        "high": fit.high,
        "values": fit.points,
        "seeds": fit.seeds,
        "diverged": int(curve.diverged.sum()),
        **{f"diverged_{name}": int(curve.diverged_of(model).sum()) for model, name in MODELS.items()},
    }


def slope_table(curves):
    """Header and rows for the page: a row for each curve, a column for each pair of neighbours."""
    curves = [curve for curve in curves if curve.fit]
    pairs = sorted({pair for curve in curves for pair in zip(curve.x, curve.x[1:])})
    if not pairs:
        return [], []
    sources = {curve.source for curve in curves}
    metrics = {curve.metric for curve in curves}
    header = [
        "series",
        "fitted exponent",
        "95 % interval",
        *(f"{value_text(a)}\N{EN DASH}{value_text(b)}" for a, b in pairs),
    ]
    if any(curve.diverged.any() for curve in curves):
        header.append("diverged")
    rows = []
    for curve in curves:
        names = [curve.source] * (len(sources) > 1) + [curve.metric] * (len(metrics) > 1) + [curve.place]
        local = dict(zip(zip(curve.x, curve.x[1:]), curve.slopes))
        cells = [exponent(local[pair].exponent) if local.get(pair) else "" for pair in pairs]
        row = [", ".join(filter(None, names)), exponent(curve.fit.exponent), interval(curve.fit).strip("()"), *cells]
        rows.append(row + [curve.diverged_text()] * (len(header) > len(row)))
    return header, rows


def summary_csv_rows(rows):
    return [
        {
            "study": row.source,
            **row.where,
            "rmse_test": row.level[0],
            "low": row.level[1],
            "high": row.level[2],
            "median": row.median,
            "seeds": row.seeds,
            "diverged": row.diverged,
            **{f"diverged_{MODELS[model]}": count for model, count in row.diverged_of.items()},
            "absent": row.absent,
            "loss_train": row.loss,
            "loss_share": row.loss_share,
            "not_fitted": int(row.unfitted),
            "rounding_share": row.rounding_share,
            "rounding_above_tenth": int(row.rounded),
        }
        for row in rows
    ]


def summary_table(rows, width):
    """Final training loss beside final RMSE; columns without any value are left out. width: what the axis is called."""
    several = len({row.source for row in rows}) > 1
    axes = list(dict.fromkeys(name for row in rows for name in row.where))
    columns = [("study", [row.source if several else "" for row in rows])]
    titles, losses = {"width": width}, {row.loss_name: row.loss_label for row in rows}
    columns += [
        (
            titles.get(name) or dict(rows[0].labels).get(name) or plain_name(name),
            [value_text(row.where[name]) if name in row.where else "" for row in rows],
        )
        for name in axes
    ]
    columns += [
        ("RMSE, test", [number(row.level[0]) for row in rows]),
        ("95 % interval", [interval_text(*row.level[1:]) for row in rows]),
        *((losses[name], losses_of(rows, name)) for name in LOSSES if name in losses),
        (
            "of the first",
            [number(100 * row.loss_share, 2) + " %" if np.isfinite(row.loss_share) else "" for row in rows],
        ),
        ("flags", [flags(row) for row in rows]),
        ("rounding / RMSE", [number(row.rounding_share, 2) for row in rows]),
        ("seeds", [str(row.seeds) for row in rows]),
        ("diverged", [row.diverged_text for row in rows]),
        ("median with diverged", [median_text(row) for row in rows]),
        ("absent", [str(row.absent or "") for row in rows]),
    ]
    columns = [column for column in columns if any(column[1])]
    return [name for name, _ in columns], [list(row) for row in zip(*(cells for _, cells in columns))]


def losses_of(rows, name):
    return [number(row.loss) if row.loss_name == name else "" for row in rows]


def median_text(row):
    if not row.diverged:
        return ""
    return number(row.median) if np.isfinite(row.median) else "half or more diverged"


def flags(row):
    words = ["not fitted"] * row.unfitted + [f"rounding above {ROUNDING:g}"] * row.rounded
    return ", ".join(words)


def unrecorded(studies):
    """Points without a full record: study, state, point, reason."""
    return [row for study in studies for row in unrecorded_of(study)]


@lru_cache(maxsize=None)
def unrecorded_of(study):
    rows = [failed_row(study, line) for line in study.failures.values()]
    rows += [point_row(study, tuple(index)) for index in np.argwhere(study.data["status"].values != RECORDED)]
    return [row for row in rows if row]


def failed_row(study, line):
    point, _, reason = line.partition(": ")
    return {"study": study.label, "state": "failed", "point": point, "reason": reason}


def point_row(study, index):
    """None for a point that has failed: it has its row already."""
    status = study.data["status"]
    label = " ".join(f"{name}={value_text(status[name].values[i])}" for name, i in zip(status.dims, index))
    if status.values[index] > RECORDED:
        return {"study": study.label, "state": "diverged", "point": label, "reason": diverged_at(study, index)}
    place = np.ravel_multi_index(index, status.shape)
    key = study.keys[place] if len(study.keys) == status.size else None
    return None if key in study.failures else {"study": study.label, "state": "missing", "point": label, "reason": ""}


def diverged_at(study, index):
    """Which models, and at which step where that is recorded."""
    found = []
    for model, metric in DIVERGED_STEPS.items():
        step = study.data[metric].values[index] if metric in study.data else np.nan
        if study.data["status"].values[index] & model:
            cause = diverged_of(study, index) if model == NETWORK else ""
            found.append(MODELS[model] + f" at step {step:g}" * bool(step >= 0) + cause)
    return ", ".join(found)


def diverged_of(study, index):
    """What a network diverged of, in brackets; nothing of a loss, which it mostly is, or where that is not recorded."""
    if "diverged_of" not in study.data:
        return ""
    cause = int(np.nan_to_num(study.data["diverged_of"].values[index]))
    lost = study.data["diverged_unconverged"].values[index] if "diverged_unconverged" in study.data else 0
    return ["", f" ({lost:g} without rest)", " (gradient not finite)", " (kernel not finite)"][max(cause, 0)]


def cost_rows(studies):
    """Seconds of each phase over all points, with its share of `total` where that was recorded."""
    rows = []
    for study in studies:
        array = phases(study)
        if array is not None:
            sums = {str(name): float(array.sel(phase=name).sum()) for name in array["phase"].values}
            total = sums.get("total") or sum(sums.values())
            rows += [
                {"study": study.label, "phase": name, "seconds": sum_, "share": sum_ / total}
                for name, sum_ in sums.items()
            ]
    return rows


def rank_rows(studies):
    """Busy seconds of each rank. A rank of a resumed run is counted with the earlier one of its number."""
    rows = []
    for study in studies:
        if not (study.has("rank") and study.has("seconds_total")):
            continue
        rank, seconds = study.data["rank"].values.ravel(), study.data["seconds_total"].values.ravel()
        host = study.data["host"].values.ravel() if "host" in study.data else np.full(rank.shape, "")
        there = np.isfinite(seconds)
        for key in sorted(set(zip(rank[there], map(value_text, host[there])))):
            mine = there & (rank == key[0]) & np.array([value_text(name) == key[1] for name in host])
            rows.append(
                {
                    "study": study.label,
                    "rank": int(key[0]),
                    "host": key[1],
                    "points": int(mine.sum()),
                    "busy_seconds": float(seconds[mine].sum()),
                }
            )
    return rows


def plain_table(rows):
    """Dictionaries as header and cells."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [name.replace("_", " ") for name in names], [
        [cell_text(row.get(name, "")) for name in names] for row in rows
    ]


def cell_text(value):
    return number(value) if isinstance(value, (float, np.floating)) else str(value)
