"""Several studies in the same panels over time: what tells them apart, and what is not put together."""

import numpy as np
import pytest
import synthetic
from ntksweep import bands, predictions, times
from ntksweep.context import Context
from ntksweep.load import load_studies

AXES = {"train_size": [32, 128], "width": [64, 256], "seed": [0, 1, 2]}
NETWORK = "{ family: fc, depth: 2 }"
MODELS = ["network", "its linearization"]


def contexts(folder, make=synthetic.dataset, grids=(AXES, AXES), more=("", "")):
    """Of one study, and of two."""
    names = [
        synthetic.write_study(folder / name, make(axes, generator_seed=seed), network=NETWORK, more=text)
        for name, axes, text, seed in zip(("erf", "relu"), grids, more, (7, 8))
    ]
    return Context(load_studies(names[:1]), []), Context(load_studies(names), [])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return contexts(tmp_path_factory.mktemp("overlay"))


def legend(section):
    return [text.get_text() for text in section.figure.legends[0].get_texts()]


def looks(panel):
    return {(line.get_linestyle(), line.get_marker()) for line in panel.lines}


def test_losses_of_one_study_name_their_lines(plain):
    (section,) = times.losses(plain[0])
    assert legend(section) == ["64", "256", *MODELS]
    assert all(looks(panel) == {("-", "None"), ("--", "None")} for panel in section.figure.axes)


def test_losses_of_two_are_told_apart_by_markers(plain):
    (section,) = times.losses(plain[1])
    assert legend(section) == ["64", "256", *MODELS, "erf", "relu"] and "marker" in section.caption
    assert [panel.get_title() for panel in section.figure.axes] == ["N = 32", "N = 128"] * 2
    for panel in section.figure.axes:
        assert looks(panel) == {(line, marker) for line in ("-", "--") for marker in "os"} and len(panel.lines) == 8


def test_outputs_of_two_on_two_test_points(plain):
    (section,) = times.outputs(plain[1])
    assert legend(section) == ["0", "1", *MODELS, "erf", "relu"]
    assert len(section.figure.axes) == 4 and all(len(panel.lines) == 8 for panel in section.figure.axes)
    (alone,) = times.outputs(plain[0])
    assert legend(alone) == ["0", "1", "2", "3", *MODELS]
    shown = plain[1].studies[1].data["outputs"].sel(train_size=32, width=64, seed=0, probe=0, output=0)
    assert any(np.array_equal(line.get_ydata(), shown) for line in section.figure.axes[0].lines)


def test_a_line_begins_at_the_first_step_that_a_logarithmic_axis_has(plain):
    (section,) = times.losses(plain[1])
    for panel in section.figure.axes:
        for line in panel.lines:
            assert not np.isfinite(panel.transData.transform([[0, line.get_ydata()[0]]])[0, 0])


def test_what_cannot_be_compared_is_apart_and_named(tmp_path):
    _, both = contexts(tmp_path, more=("", "training:\n  loss: cross_entropy\n"))
    titles = [section.title for section in (*times.losses(both), *times.rmse(both))]
    assert titles == ["Losses against time: erf", "Losses against time: relu", "RMSE against time"]


def test_panels_are_of_values_that_all_have(tmp_path):
    grids = {**AXES, "width": [64, 128, 256]}, {**AXES, "width": [128, 256, 512, 1024]}
    (section,) = times.outputs(contexts(tmp_path, grids=grids)[1])
    titles = [panel.get_title() for panel in section.figure.axes]
    assert titles == [f"N = {size}, n = {width}" for size in (32, 128) for width in (128, 256)]


def with_predictions(axes, **options):
    return synthetic.with_predictions(synthetic.dataset(axes, **options).assign_coords(output=[0]))


def test_predictions_share_panels_and_their_table_names_studies(tmp_path):
    (section,) = predictions.against_time(contexts(tmp_path, with_predictions)[1])
    assert legend(section)[-2:] == ["erf", "relu"] and len(legend(section)) == 7
    assert all(len(panel.lines) == 10 for panel in section.figure.axes)
    rows = [row[0] for row in section.table[1]]
    assert len(rows) == 8 and rows[0] == "erf, N = 32, n = 64" and rows[-1] == "relu, N = 128, n = 256"


def with_ensemble(axes, **options):
    return synthetic.with_ensemble(synthetic.dataset({**axes, "train_size": [32], "seed": list(range(12))}, **options))


def test_ensembles_share_panels_in_colours_of_their_own(tmp_path):
    grids = AXES, {**AXES, "width": [64, 128]}
    section, agreement = bands.sections(contexts(tmp_path, with_ensemble, grids)[1])
    assert section.title == "Ensemble and Gaussian processes: N = 32" and section.of == 1
    assert legend(section) == [
        "erf: 12 networks, n = 256", "relu: 12 networks, n = 128", "networks, mean", "networks ± 2 sd",
        "linearized, mean", "NTK-GP, mean", "NTK-GP ± 2 sd", "NNGP posterior ± 2 sd",
    ]  # fmt: skip
    assert [row[0] for row in section.table[1]] == [
        f"{name}, N = 32, n = {width}" for name, widths in (("erf", (64, 256)), ("relu", (64, 128))) for width in widths
    ]
    for panel in (*section.figure.axes, *agreement.figure.axes):
        assert {line.get_color() for line in panel.lines} >= set(bands.style.OKABE_ITO[:2])
    assert legend(agreement)[:2] == legend(section)[:2]


def test_ensembles_on_other_test_points_are_apart(tmp_path):
    def make(axes, generator_seed):
        return with_ensemble(axes, generator_seed=generator_seed, probes=4 + (generator_seed == 8))

    places = [section.title.split(": ")[1] for section in bands.sections(contexts(tmp_path, make)[1])]
    assert places == 2 * ["erf, N = 32, n = 256"] + 2 * ["relu, N = 32, n = 256"]
