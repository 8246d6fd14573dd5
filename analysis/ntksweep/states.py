"""Figures of what happens to examples on their way through a network, or to the rest of an equilibrium: a state that is
one number is drawn over depth, of others the first two components."""

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
PLACES = {"deq": "step $l$ of the solver"}
CAPTION = (
    "The state of test examples on their way through the trained network, of an equilibrium by the solver's steps, of the "
    "seed of median test loss; colour: the target. A state of one number: over depth. Of more: its first two components, "
    "from the ring to the dot."
)


def sections(context):
    studies = [study for study in context.studies if study.has(METRIC) and "y_test" in kept_of(study, {})]
    studies = [study for study in studies if not has_web(study)]
    chunks = [(study, chunk) for study in studies for chunk in style.chunks(cells_with_states(study))]
    for number, (study, chunk) in enumerate(chunks, start=1):
        words = "States over the solver's steps" if study.family == "deq" else "States over depth"
        heading = title(words, study.label * (len(context.studies) > 1))
        draw, rows = partial(state_figure, study, chunk), partial(state_rows, study, chunk)
        yield Section(METRIC, heading, CAPTION, draw, [], number, len(chunks), rows=rows)


def has_web(study):
    """Whether its state is an equilibrium of one number: cobwebs.py."""
    return study.family == "deq" and study.data.sizes["unit"] == 1


def cells_with_states(study):
    """The cells of the grid whose median seed has any: not those that diverged."""
    return [where for where in cells_of(study) if states_of(study, where)[0].size > 0]


def state_figure(study, cells, on=style.PAGE):
    figure, axes = on.grid(len(cells), row_length(study, cells), share_y=False)
    several = [name for name in cells[0] if study.data.sizes[name] > 1]
    for panel, where in zip(axes, cells):
        draw_states(panel, *states_of(study, where), PLACES.get(study.family, "depth $l$"))
        panel.set_title(where_text({name: where[name] for name in several}, study.labels))
    return figure


def median_seed(study, where):
    seeds, _ = ranked(study, where)
    return seeds[middle(seeds)]


def states_of(study, where):
    """States [example, depth, component] after training of the median seed, NaN behind an example's rest; and targets
    [example]."""
    array = study.data[METRIC].isel(state_step=-1)
    at = {**where, "seed": median_seed(study, where)}
    own = {name: value for name, value in at.items() if name in array.dims}  # without an axis that another study has
    states = array.sel(own).transpose("probe", ..., "unit").values
    there = np.isfinite(states)
    targets = kept_of(study, where)["y_test"]
    shown = states[:, there.any((0, 2))][:, :, there.any((0, 1))]
    return shown, targets.reshape(len(targets), -1)[: len(states), 0]


def state_rows(study, cells):
    """A row for each example and place."""
    for where in cells:
        states, targets = states_of(study, where)
        head = {"study": study.label, **where}
        for example, depth in np.ndindex(states.shape[:2]):
            parts = {f"h_{unit + 1}": float(states[example, depth, unit]) for unit in range(min(states.shape[2], 2))}
            if np.isfinite(states[example, depth]).all():
                yield {**head, "example": example, "target": float(targets[example]), "depth": depth, **parts}


def draw_states(panel, states, targets, place):
    shade = ScalarMappable(Normalize(targets.min(), targets.max()), TARGETS).to_rgba(targets)
    look = {"linewidth": 1.0, "alpha": 0.8}
    for path, colour in zip((path[np.isfinite(path).all(1)] for path in states), shade):
        if len(path) == 0:
            continue
        if path.shape[1] == 1:
            panel.plot(path[:, 0], color=colour, **look)
        else:
            panel.plot(path[:, 0], path[:, 1], color=colour, **look)
            panel.plot(*path[0, :2], "o", markersize=3, markerfacecolor="none", color=colour)
            panel.plot(*path[-1, :2], "o", markersize=3, color=colour)
    plane = states.shape[2] > 1
    panel.set_xlabel("$h_1$" if plane else place)
    panel.set_ylabel("$h_2$" if plane else "state $h_l$")
