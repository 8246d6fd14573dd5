"""Figures of what happens to examples on their way through a network: a state that is one number is drawn over depth, of
others the first two components."""

from functools import partial

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from . import style
from .context import Section
from .fits import cells_of, kept_of, middle, ranked, row_length
from .times import title
from .words import where_text

METRIC = "trajectories"
TARGETS = LinearSegmentedColormap.from_list("targets", [style.OKABE_ITO[0], "0.75", style.OKABE_ITO[1]])
CAPTION = (
    "The state of test examples on their way through the trained network, of the seed of median test loss; colour: the "
    "target. A state of one number: over depth. Of more: its first two components, from the ring to the dot."
)


def sections(context):
    studies = [study for study in context.studies if study.has(METRIC) and "y_test" in kept_of(study, {})]
    chunks = [(study, chunk) for study in studies for chunk in style.chunks(cells_of(study))]
    for number, (study, chunk) in enumerate(chunks, start=1):
        heading = title("States over depth", study.label * (len(context.studies) > 1))
        draw, rows = partial(state_figure, study, chunk), partial(state_rows, study, chunk)
        yield Section(METRIC, heading, CAPTION, draw, [], number, len(chunks), rows=rows)


def state_figure(study, cells, on=style.PAGE):
    figure, axes = on.grid(len(cells), row_length(study, cells), share_y=False)
    several = [name for name in cells[0] if study.data.sizes[name] > 1]
    for panel, where in zip(axes, cells):
        draw_states(panel, *states_of(study, where))
        panel.set_title(where_text({name: where[name] for name in several}, study.labels))
    return figure


def states_of(study, where):
    """States [example, depth, component] after training of the median seed, and targets [example]."""
    seeds, _ = ranked(study, where)
    array = study.data[METRIC].sel({**where, "seed": seeds[middle(seeds)]}).transpose("probe", ..., "unit")
    states = array.isel(state_step=-1).values
    depth, units = np.isfinite(states[0]).any(1), np.isfinite(states[0]).any(0)
    targets = kept_of(study, where)["y_test"]
    return states[:, depth][:, :, units], targets.reshape(len(targets), -1)[: len(states), 0]


def state_rows(study, cells):
    """A row for each example and place."""
    for where in cells:
        states, targets = states_of(study, where)
        head = {"study": study.label, **where}
        for example, depth in np.ndindex(states.shape[:2]):
            parts = {f"h_{unit + 1}": float(states[example, depth, unit]) for unit in range(min(states.shape[2], 2))}
            yield {**head, "example": example, "target": float(targets[example]), "depth": depth, **parts}


def draw_states(panel, states, targets):
    shade = ScalarMappable(Normalize(targets.min(), targets.max()), TARGETS).to_rgba(targets)
    look = {"linewidth": 1.0, "alpha": 0.8}
    for path, colour in zip(states, shade):
        if path.shape[1] == 1:
            panel.plot(path[:, 0], color=colour, **look)
        else:
            panel.plot(path[:, 0], path[:, 1], color=colour, **look)
            panel.plot(*path[0, :2], "o", markersize=3, markerfacecolor="none", color=colour)
            panel.plot(*path[-1, :2], "o", markersize=3, color=colour)
    plane = states.shape[2] > 1
    panel.set_xlabel("$h_1$" if plane else "depth $l$")
    panel.set_ylabel("$h_2$" if plane else "state $h_l$")
