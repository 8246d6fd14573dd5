"""Figures of an equilibrium's solver where its state is one number: its steps between the curve of the cell and the
diagonal, and how far each is from the rest."""

from functools import partial

import numpy as np

from . import style
from .context import Section
from .fits import row_length
from .point import InputError
from .states import METRIC, cells_with_states, has_web, median_seed, states_of
from .times import title
from .training import Network, Pass, Value, tensors_of
from .words import plural, where_text

CURVE, ROOM = 200, 0.05
PANELS = 7  # of cells; the last one is of all
CAPTION = (
    "The solver's own steps for the first test example, of the seed of median test loss: from z (on the diagonal) to F(z) "
    "(black, the cell) and on to the next z. Ring: z = 0; dot: the rest, where both lines meet. Last panel: how far each "
    "step is from the last."
)


def sections(context):
    studies = [study for study in context.studies if study.has(METRIC) and has_web(study)]
    chunks = [(study, chunk) for study in studies for chunk in style.chunks(webs_of(study), PANELS)]
    for count, (study, chunk) in enumerate(chunks, start=1):
        heading = title("Steps to the rest", study.label * (len(context.studies) > 1))
        draw, rows = partial(web_figure, study, chunk), partial(web_rows, study, chunk)
        yield Section("cobweb", heading, CAPTION, draw, [], count, len(chunks), rows=rows)


def webs_of(study):
    """The cells of the grid that have steps, and what F is drawn from: not those that diverged."""
    return [where for where in cells_with_states(study) if cell_of(study, where) is not None]


def cell_of(study, where):
    """F of the first test example, a function of z [..]; None where its parameters or inputs are not kept."""
    try:
        point = study.point(**where, seed=median_seed(study, where))
        theta, x = tensors_of(point.parameters_final), point.arrays["x_test"][:1]
        network = Network(point.settings, 1)
    except (InputError, KeyError):
        return None
    go = Pass(network, theta)
    u = network.cell.entered(go, Value(x.reshape(1, -1)))
    return lambda z: network.cell(go, Value(z[:, None]), Value(np.repeat(u.v, len(z), axis=0))).v[:, 0]


def way_of(study, where):
    """z after each step [step], 0 first."""
    states = states_of(study, where)[0][0, :, 0]
    return states[np.isfinite(states)]


def web_figure(study, cells, on=style.PAGE):
    figure, axes = on.grid(len(cells) + 1, row_length(study, cells), share_y=False)
    several = [name for name in cells[0] if study.data.sizes[name] > 1]
    for panel, where, colour in zip(axes, cells, style.OKABE_ITO):
        way = way_of(study, where)
        draw_web(panel, way, cell_of(study, where), colour)
        words = where_text({name: where[name] for name in several}, study.labels)
        panel.set_title(": ".join(filter(None, [words, plural(len(way) - 1, "step")])))
        draw_distance(axes[-1], way, colour)
    return figure


def draw_web(panel, way, cell, colour):
    ends = np.array([min(way.min(), cell(way).min()), max(way.max(), cell(way).max())])
    ends += np.array([-ROOM, ROOM]) * (np.ptp(ends) or 1)
    curve = np.linspace(*ends, CURVE)
    panel.plot(ends, ends, color=style.GREY, linewidth=1)
    panel.plot(curve, cell(curve), color="black", linewidth=1.3)
    turns = np.stack([way[:-1], cell(way[:-1])], axis=1), np.stack([way[1:], way[1:]], axis=1)
    path = np.concatenate([[[way[0], way[0]]], np.stack(turns, axis=1).reshape(-1, 2)])
    panel.plot(*path.T, color=colour, linewidth=1)
    panel.plot(way[0], way[0], "o", markersize=5, markerfacecolor="white", color=colour)
    panel.plot(way[-1], way[-1], "o", markersize=5, color=colour)
    panel.set(xlim=ends, ylim=ends, xlabel="$z$", ylabel="$F(z)$")


def draw_distance(panel, way, colour):
    distance = np.abs(way[:-1] - way[-1])
    seen = distance > 0
    panel.semilogy(np.flatnonzero(seen), distance[seen], ".-", color=colour, linewidth=1, markersize=4)
    panel.set(title="distance from the rest", xlabel="step of the solver", ylabel="$|z - z^*|$")


def web_rows(study, cells):
    """A row for each step."""
    for where in cells:
        way = way_of(study, where)
        for step, (z, value) in enumerate(zip(way.tolist(), cell_of(study, where)(way).tolist())):
            yield {"study": study.label, **where, "step": step, "z": z, "F": value}
