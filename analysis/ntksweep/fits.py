"""Figures of functions of one number: outputs after training over the input, beside the target."""

from functools import lru_cache, partial

import numpy as np
from matplotlib.lines import Line2D

from . import style
from .context import Section
from .curves import final, is_numeric
from .point import InputError
from .times import title
from .words import number, where_text

ROW = 4  # panels at most
TARGET = {"color": "0.6", "linewidth": 3.5, "solid_capstyle": "round"}
COLOURS = {"median": style.OKABE_ITO[0], "best": style.OKABE_ITO[1]}
LINES = {"outputs": "-", "outputs_linear": ":"}
CAPTION = (
    "Output after training over the input: the seed of median test loss and the best one, over the target (grey). In "
    "the title of a panel: their mean squared errors on the test points."
)


def sections(context):
    studies = [study for study in context.studies if input_size(study) == 1 and has_all_outputs(study)]
    chunks = [(study, chunk) for study in studies for chunk in style.chunks(cells_of(study))]
    for number_, (study, chunk) in enumerate(chunks, start=1):
        heading = title("Fits", study.label * (len(context.studies) > 1))
        words = CAPTION + " Dotted: its linearization." * study.has("outputs_linear")
        draw, rows = partial(fit_figure, study, chunk), partial(fit_rows, study, chunk)
        yield Section("fits", heading, words, draw, [], number_, len(chunks), rows=rows)


@lru_cache(maxsize=None)
def input_size(study):
    """Numbers in an input; 0 where inputs are not kept, or there is no record."""
    inputs = kept_of(study, {}).get("x_test")
    return 0 if inputs is None else int(np.prod(inputs.shape[1:]))


def has_all_outputs(study):
    """Of several test examples, one output each."""
    sizes = study.data["outputs"].sizes if study.has("outputs") else {}
    return sizes.get("test_example", 0) > 1 and sizes["output"] == 1


def kept_of(study, where):
    """Inputs, targets and so on of the first record at `where`; nothing without one."""
    status = study.data["status"]
    at = status.sel(where) if where else status
    there = np.argwhere(at.values >= 0)
    if not len(there):
        return {}
    place = {name: at[name].values[i] for name, i in zip(at.dims, there[0])}
    try:
        return study.point(**{**where, **place}).arrays
    except InputError:
        return {}


def cells_of(study):
    """Axes' values but for the seed, of cells with a record: axes of words first, so that numbers go along a row."""
    status = study.data["status"]
    names = sorted((name for name in status.dims if name != "seed"), key=lambda name: is_numeric(status[name].values))
    values = status.transpose(*names, "seed").values
    places = [index for index in np.ndindex(values.shape[:-1]) if (values[index] >= 0).any()]
    return [{name: status[name].values[i] for name, i in zip(names, index)} for index in places]


def row_length(study, cells):
    """Panels of a row: all values of the last axis that has several."""
    sizes = [study.data.sizes[name] for name in cells[0] if study.data.sizes[name] > 1]
    return sizes[-1] if sizes and sizes[-1] <= ROW else 3


def fit_figure(study, cells, on=style.PAGE):
    figure, axes = on.grid(len(cells), row_length(study, cells), share_y=False)
    several = [name for name in cells[0] if study.data.sizes[name] > 1]
    for panel, where in zip(axes, cells):
        draw_fit(panel, study, where)
        words = where_text({name: where[name] for name in several}, study.labels)
        panel.set_title("\n".join(filter(None, [words, errors_text(study, where)])))
    for panel in axes:
        panel.set_xlabel("input $x$")
        if style.is_first(panel):
            panel.set_ylabel("output")
    style.legend_beside(axes, fit_handles(study), None)
    return figure


def draw_fit(panel, study, where):
    x, target, order = test_set(study, where)
    panel.plot(x, target, **TARGET)
    own, linear = [target], []
    for name, seed in shown_seeds(study, where).items():
        for metric, values in outputs_of(study, where, seed, order).items():
            panel.plot(x, values, color=COLOURS[name], linestyle=LINES[metric], linewidth=1.4)
            (own if metric == "outputs" else linear).append(values)
    style.keep_in_view(panel, np.concatenate(own), np.concatenate([*linear, []]))


def test_set(study, where):
    """Inputs in order, targets, and the order."""
    kept = kept_of(study, where)
    x = kept["x_test"].ravel()
    order = np.argsort(x, kind="stable")
    return x[order], kept["y_test"].ravel()[order], order


def outputs_of(study, where, seed, order):
    """Metric -> outputs after training."""
    metrics = [metric for metric in LINES if study.has(metric)]
    return {m: final(study, m).sel({**where, "seed": seed}).isel(output=0).values[order] for m in metrics}


def fit_rows(study, cells):
    """A row for each input."""
    for where in cells:
        x, target, order = test_set(study, where)
        for name, seed in shown_seeds(study, where).items():
            head = {"study": study.label, **where, "seed": seed, "which": name}
            outputs = outputs_of(study, where, seed, order)
            for i, (place, wanted) in enumerate(zip(x.tolist(), target.tolist())):
                found = {metric: float(values[i]) for metric, values in outputs.items()}
                yield {**head, "x": place, "target": wanted, **found}


def ranked(study, where):
    """Seeds by their test loss, those without one last; and the losses."""
    losses = final(study, "loss_test").sel(where)
    order = np.argsort(losses.values, kind="stable")
    return losses["seed"].values[order], losses.values[order]


def shown_seeds(study, where):
    """Which -> seed, the best last, which covers the other; without those that have no loss."""
    seeds, losses = ranked(study, where)
    places = {"median": middle(seeds), "best": 0}
    return {name: seeds[i] for name, i in places.items() if np.isfinite(losses[i])}


def middle(values):
    return (len(values) - 1) // 2


def errors_text(study, where):
    """Mean squared errors, twice the losses."""
    _, losses = ranked(study, where)
    return f"median {number(2 * losses[middle(losses)], 2)}, best {number(2 * losses[0], 2)}"


def fit_handles(study):
    lines = [Line2D([], [], **TARGET, label="target")]
    lines += [Line2D([], [], color=colour, label=f"{name} seed") for name, colour in COLOURS.items()]
    linear = Line2D([], [], color=style.GREY, linestyle=LINES["outputs_linear"], label="linearization")
    return lines + [linear] * study.has("outputs_linear")
