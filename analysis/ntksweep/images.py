"""Figures of test images with what the trained network says of them."""

from functools import partial

import numpy as np
from matplotlib.patches import Rectangle

from . import style
from .context import Section
from .curves import final
from .fits import cells_of, kept_of
from .load import EXAMPLES
from .states import median_seed
from .times import title
from .words import plural, where_text

MOST, ROW = 60, 10
HEAD, GAP = 0.45, 0.12  # above and beside an image, in its size
WRONG = style.OKABE_ITO[1]
CAPTION = (
    "The first test images, above each what the trained network says, of the seed of median test loss. Framed: where that "
    "is wrong, with the right one in brackets."
)


def sections(context):
    pairs = [(study, where) for study in context.studies if is_of_images(study) for where in cells_of(study)]
    for number, (study, where) in enumerate(pairs, start=1):
        several = {name: value for name, value in where.items() if study.data.sizes[name] > 1}
        words = where_text(several, study.labels)
        place = ", ".join(filter(None, [study.label * (len(context.studies) > 1), words]))
        draw, rows = partial(image_figure, study, where), partial(image_rows, study, where)
        heading = title("Test images and predictions", place)
        yield Section("predicted_images", heading, CAPTION, draw, [], number, len(pairs), rows=rows)


def is_of_images(study):
    kept = kept_of(study, {}) if study.has("outputs") else {}
    return kept.get("x_test", np.zeros(0)).ndim == 4 and is_classes(kept["y_test"])


def is_classes(targets):
    """Of two classes +1 and -1, or one 1 for each example among zeros."""
    if targets.shape[1] == 1:
        return bool((np.abs(targets) == 1).all())
    return bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all())


def classes_of(values):
    """Number of the class of each row of targets or outputs; a single one is positive for the first."""
    return (values[:, 0] <= 0).astype(int) if values.shape[1] == 1 else values.argmax(axis=1)


def names_of(settings, count):
    """Of the classes, those that the study names."""
    named = settings.get("data.classes", "[]").strip("[]")
    return [name.strip(" '\"") for name in named.split(",")] if named else [str(i) for i in range(count)]


def answers(study, where):
    """Images [example, ...], and names of what is predicted and of what is right."""
    point = study.point(**where, seed=median_seed(study, where))
    outputs = final(study, "outputs").sel({**where, "seed": median_seed(study, where)})
    example = next(name for name in EXAMPLES if name in outputs.dims)
    outputs = outputs.transpose(example, "output").values[:MOST]
    count = len(outputs)
    names = names_of(point.settings, max(outputs.shape[1], 2))
    wanted = classes_of(point.arrays["y_test"][:count])
    return point.arrays["x_test"][:count], [[names[i] for i in found] for found in (classes_of(outputs), wanted)]


def image_figure(study, where, on=style.PAGE):
    figure, (panel,) = on.grid(1)
    images, (said, right) = answers(study, where)
    high, wide = images.shape[1:3]
    panel.imshow(mosaic(images), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    for i, (one, other) in enumerate(zip(said, right)):
        row, column = corner(i, high, wide)
        is_wrong, text = one != other, f"{one} ({other})" if one != other else one
        look = {"color": WRONG, "weight": "bold"} if is_wrong else {"color": "0.3"}
        panel.text(column + wide / 2, row - 0.04 * high, text, ha="center", va="bottom", fontsize=size(text), **look)
        if is_wrong:
            panel.add_patch(Rectangle((column - 0.5, row - 0.5), wide, high, fill=False, edgecolor=WRONG))
    panel.set(xlim=(-1.5, panel.get_xlim()[1] + 1), ylim=(panel.get_ylim()[0] + 1, 0))
    panel.set_axis_off()
    panel.set_title(f"{sum(map(str.__eq__, said, right))} of {plural(len(said), 'image')} right")
    return figure


def size(text):
    return min(8, 46 / len(text))


def corner(i, high, wide):
    """Row and column of the first pixel of image i."""
    row, column = divmod(i, ROW)
    return round((row * (1 + HEAD) + HEAD) * high), round(column * (1 + GAP) * wide)


def mosaic(images):
    """All in one, dark on light where they are grey."""
    count, high, wide, channels = images.shape
    low, top = images.min(), images.max()
    shades = (images - low) / ((top - low) or 1)
    row, column = np.max([corner(i, high, wide) for i in range(count)], axis=0)
    sheet = np.ones((row + high, column + wide, channels))
    for i, image in enumerate(1 - shades if channels == 1 else shades):
        row, column = corner(i, high, wide)
        sheet[row : row + high, column : column + wide] = image
    return sheet[:, :, 0] if channels == 1 else sheet


def image_rows(study, where):
    """A row for each image."""
    _, (said, right) = answers(study, where)
    for i, (one, other) in enumerate(zip(said, right)):
        yield {"study": study.label, **where, "example": i, "prediction": one, "truth": other}
