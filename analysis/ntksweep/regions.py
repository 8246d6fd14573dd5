"""Figures of networks of two inputs and one output: what they say of each place in the plane, beside the test points."""

from functools import partial

import numpy as np

from . import style
from .context import Section
from .fits import cells_of, input_size, kept_of, middle, ranked, row_length
from .point import InputError
from .states import TARGETS
from .times import title
from .training import Network, tensors_of
from .words import number, where_text

GRID, ROOM, LEVELS = 120, 0.15, 13
CAPTION = (
    "Output of the trained network over its two inputs, of the seed of median test loss; line: output 0. Points: the "
    "test examples, coloured by their targets. In the title of a panel: the share of them on the right side of it."
)


def sections(context):
    studies = [study for study in context.studies if input_size(study) == 2 and trained(study, cells_of(study)[0])]
    chunks = [(study, chunk) for study in studies for chunk in style.chunks(cells_of(study))]
    for number_, (study, chunk) in enumerate(chunks, start=1):
        heading = title("Decision regions", study.label * (len(context.studies) > 1))
        draw, rows = partial(region_figure, study, chunk), partial(region_rows, study, chunk)
        yield Section("regions", heading, CAPTION, draw, [], number_, len(chunks), rows=rows)


def trained(study, where):
    """(Network, its parameters) of the median seed; None where they are not kept, or of several outputs."""
    seeds, _ = ranked(study, where)
    try:
        point = study.point(**where, seed=seeds[middle(seeds)])
        parameters = tensors_of(point.parameters_final)
        network = Network(point.settings, 1)
    except InputError:
        return None
    return (network, parameters) if kept_of(study, where)["y_test"].reshape(-1, 1).shape[1] == 1 else None


def region_figure(study, cells, on=style.PAGE):
    figure, axes = on.grid(len(cells), row_length(study, cells), share_y=False)
    several = [name for name in cells[0] if study.data.sizes[name] > 1]
    for panel, where in zip(axes, cells):
        share = draw_region(panel, study, where)
        words = where_text({name: where[name] for name in several}, study.labels)
        panel.set_title("\n".join(filter(None, [words, f"{number(100 * share)} % right"])))
        panel.set_xlabel("$x_1$")
        panel.set_ylabel("$x_2$")
    return figure


def test_points(study, where):
    kept = kept_of(study, where)
    return kept["x_test"].reshape(-1, 2), kept["y_test"].ravel()


def draw_region(panel, study, where):
    """Returns the share on the right side."""
    (network, parameters), (x, y) = trained(study, where), test_points(study, where)
    low, high = x.min(0), x.max(0)
    ends = np.linspace(low - ROOM * (high - low), high + ROOM * (high - low), GRID)
    plane = np.stack(np.meshgrid(ends[:, 0], ends[:, 1]), -1)
    outputs = network.outputs(parameters, plane.reshape(-1, 2)).reshape(GRID, GRID)
    top = np.abs(y).max()
    panel.contourf(ends[:, 0], ends[:, 1], np.clip(outputs, -top, top), np.linspace(-top, top, LEVELS), cmap=TARGETS,
                   alpha=0.45)  # fmt: skip
    if outputs.min() < 0 < outputs.max():
        panel.contour(ends[:, 0], ends[:, 1], outputs, [0], colors="black", linewidths=1)
    panel.scatter(x[:, 0], x[:, 1], c=y, cmap=TARGETS, vmin=-top, vmax=top, s=10, edgecolors="white", linewidths=0.4)
    panel.grid(False)
    return float(np.mean(np.sign(network.outputs(parameters, x)[:, 0]) == np.sign(y)))


def region_rows(study, cells):
    """A row for each test point."""
    for where in cells:
        (network, parameters), (x, y) = trained(study, where), test_points(study, where)
        outputs = network.outputs(parameters, x)[:, 0]
        for place, target, output in zip(x.tolist(), y.tolist(), outputs.tolist()):
            yield {"study": study.label, **where, "x_1": place[0], "x_2": place[1], "target": target, "output": output}
