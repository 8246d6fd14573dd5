"""Figures of equilibria and of test images: the solver's steps, how they fare in training, what the network says of images."""

import h5py
import numpy as np
import pytest
import synthetic
from ntksweep.context import Context
from ntksweep.equilibria import columns_of
from ntksweep.figures import all_sections
from ntksweep.images import classes_of, is_classes, names_of
from ntksweep.load import load_studies
from test_report import report, table

DEQ = "{ family: deq, cell: one }"
SETTINGS = {
    "network.family": "deq", "network.activation": "cos", "network.sigma_w2": "2", "network.sigma_b2": "0",
    "network.parameterization": "ntk", "network.output_scale": "1", "training.layers": "all", "network.cell": "one",
    "network.feedback_w2": "1", "network.state": "input", "network.readout": "none", "measure.keep": "[]",
}  # fmt: skip
WAY = [0.0, 1.0, np.cos(1.0), np.cos(np.cos(1.0))]


def sections_of(study):
    return {section.kind: section for section in all_sections(Context(load_studies([study]), []))}


def write_records(study, **arrays):
    for line in (study / "points.tsv").read_text().splitlines()[1:]:
        key = line.split("\t")[0]
        path = study / "points" / key[:2] / f"{key}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file.attrs["settings"] = np.bytes_("".join(f"{name}={value}\n" for name, value in SETTINGS.items()))
            file["layer"] = np.array([b"feedback"])
            for name, array in arrays.items():
                file[f"kept/{name}"] = array
    return study


# ---- cobwebs ----


def cosines(units=1):
    """z <- cos z: with picard three steps, with anderson one; two examples, of which the second has one step."""
    axes = {"solver": ["picard", "anderson"], "train_size": [1], "width": [1], "seed": [0, 1]}
    data = synthetic.dataset(axes, spread=0, probes=2).drop_vars(["outputs", "outputs_linear"])
    data["loss_test"] = data["loss_test"] * 0 + 1 + data["seed"]
    way, short = np.array(WAY), np.array([0.0, 1.0, np.nan, np.nan])
    states = np.stack([np.stack([way, short]), np.stack([short, short])])[:, None, None, None, None, :, :, None]
    states = states + np.zeros((2, 1, 1, 2, 1, 2, 4, units))
    return data.assign(trajectories=((*axes, "state_step", "probe", "state_index", "unit"), states))


def write_cosines(folder, data):
    zeros = np.zeros((2, data.sizes["unit"]))
    study = synthetic.write_study(folder, data, "Cosines", network=DEQ)
    tensors = {"parameters_final/00": np.ones((1, 1))}
    return write_records(study, x_test=zeros, y_test=zeros[:, :1] + [[0.7], [1.0]], **tensors)


def test_a_web_has_the_solvers_own_steps(tmp_path):
    study = write_cosines(tmp_path / "study", cosines())
    sections = sections_of(study)
    assert "trajectories" not in sections
    picard, anderson, distance = sections["cobweb"].figure.axes
    assert picard.get_title() == "picard: 3 steps" and anderson.get_title() == "anderson: 1 step"
    path = np.array(picard.lines[2].get_xydata())
    assert np.allclose(path, [[0, 0], [0, 1], [1, 1], [1, WAY[2]], [WAY[2]] * 2, [WAY[2], WAY[3]], [WAY[3]] * 2])
    assert np.allclose(picard.lines[1].get_ydata(), np.cos(picard.lines[1].get_xdata()))
    assert np.allclose(distance.lines[0].get_ydata(), np.abs(np.array(WAY[:3]) - WAY[3]))


@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("lost", ["picard", "anderson"])
def test_a_cell_that_diverged_is_left_out(tmp_path, lost, units):
    data = cosines(units)
    data["trajectories"] = data["trajectories"].where(data["solver"] != lost)
    study = write_cosines(tmp_path / "study", data)
    sections = sections_of(study)
    section = sections["cobweb" if units == 1 else "trajectories"]
    assert lost not in "".join(axes.get_title() for axes in section.figure.axes)
    if units == 1:
        report(tmp_path, study, options=("--figures", "0"))
        assert {row["solver"] for row in table(tmp_path, "cobweb.csv")} == {"picard", "anderson"} - {lost}


def test_a_web_is_in_a_table(tmp_path):
    report(tmp_path, write_cosines(tmp_path / "study", cosines()), options=("--figures", "0"))
    rows = [row for row in table(tmp_path, "cobweb.csv") if row["solver"] == "picard"]
    assert [float(row["z"]) for row in rows] == pytest.approx(WAY)
    assert [float(row["F"]) for row in rows] == pytest.approx(np.cos(WAY).tolist())


def test_beside_a_study_with_an_axis_that_it_says_once(tmp_path):
    network = DEQ.replace("}", ", tolerance: 1e-12 }")
    study = synthetic.write_study(tmp_path / "study", cosines(), network=network)
    write_records(study, x_test=np.zeros((2, 1)), y_test=np.ones((2, 1)), **{"parameters_final/00": np.ones((1, 1))})
    page = report(tmp_path / "report", study, write_training(tmp_path / "other", in_training()))
    assert 'alt="Steps to the rest: study"' in page and 'alt="Equilibria in training: other"' in page


def test_states_of_more_numbers_are_drawn_as_far_as_they_go(tmp_path):
    study = write_cosines(tmp_path / "study", cosines(units=2))
    sections = sections_of(study)
    assert "cobweb" not in sections and sections["trajectories"].title == "States over the solver's steps"
    lines = sections["trajectories"].figure.axes[0].lines
    assert [len(line.get_xdata()) for line in lines] == [4, 1, 1, 2, 1, 1]


def test_no_web_without_parameters(tmp_path):
    study = synthetic.write_study(tmp_path / "study", cosines(), network=DEQ)
    assert "cobweb" not in sections_of(write_records(study, x_test=np.zeros((2, 1)), y_test=np.ones((2, 1))))


# ---- in training ----


def in_training(lost=0):
    axes = {"tolerance": [1e-4, 0.1], "contraction_held": [0.9, 0.0], "train_size": [640], "width": [32], "seed": [0, 1, 2]}
    data = synthetic.dataset(axes, spread=0)
    like = data["loss_train"] * 0 + 1
    free = data["contraction_held"] == 0
    data["solver_iterations"] = like * (5 + 3 * free * data["step"] / 1000)
    data["solver_iterations_max"] = 2 * data["solver_iterations"]
    data["contraction"], data["accuracy_test"] = like * (0.2 + 0.3 * free), like * 0.9
    data["solver_unconverged"] = like * lost * free * (data["seed"] == 0) * (data["step"] == 1000)
    return data


def write_training(folder, data):
    return synthetic.write_study(folder, data, network=DEQ, more="training: { models: [], batch_size: 128 }\n")


def test_steps_of_the_solver_epoch_by_epoch(tmp_path):
    study = write_training(tmp_path / "study", in_training())
    section = sections_of(study)["equilibria_time"]
    panels = section.figure.axes
    assert [panel.get_title() for panel in panels] == ["tolerance 0.0001", "tolerance 0.1"] * 3
    assert all(panel.get_xlabel() == "epoch" for panel in panels)
    held, free, held_most, free_most = panels[2].lines
    assert free.get_xdata()[-1] == 1000 / 5 and free.get_ydata()[-1] == pytest.approx(8)
    assert free_most.get_ydata()[-1] == pytest.approx(16) and held.get_ydata()[-1] == pytest.approx(5)
    assert "rest was not found: 0 of 12" in section.caption
    legend = [text.get_text() for text in section.figure.legends[0].get_texts()]
    assert set(legend) == {"0.9", "free", "mean of the examples", "most"}


def test_lost_rests_are_counted(tmp_path):
    study = write_training(tmp_path / "study", in_training(lost=7))
    assert "rest was not found: 2 of 12" in sections_of(study)["equilibria_time"].caption


def test_full_batches_have_steps(tmp_path):
    study = synthetic.write_study(tmp_path / "study", in_training(), network=DEQ)
    _, curves = columns_of(load_studies([study])[0])[0]
    assert {curve.x_name for curve in curves} == {"step"}


# ---- images ----

IMAGES = np.arange(3 * 4 * 5.0).reshape(3, 4, 5, 1)


def write_images(folder, x=IMAGES, network="{ family: fc, depth: 1 }"):
    """Three images of three classes; the network says 0, 1, 1 where 0, 1, 2 is right."""
    axes = {"train_size": [32], "width": [8], "seed": [0, 1, 2]}
    data = synthetic.dataset(axes, spread=0, probes=3, outputs=3)
    said = np.array([[3.0, 1, 2], [0, 1, -1], [0, 2, 1]])
    data["outputs"] = data["outputs"] * 0 + said
    return write_records(synthetic.write_study(folder, data, network=network), x_test=x, y_test=np.eye(3))


def test_what_is_said_of_images_stands_above_them(tmp_path):
    study = write_images(tmp_path / "study")
    panel = sections_of(study)["predicted_images"].figure.axes[0]
    assert panel.get_title() == "2 of 3 images right"
    assert [text.get_text() for text in panel.texts] == ["0", "1", "1 (2)"] and len(panel.patches) == 1
    shown = panel.images[0].get_array()
    assert shown.min() == 0 and shown[2, 0] == 1 and shown.shape[1] >= 3 * 5
    report(tmp_path / "report", study, options=("--figures", "0"))
    rows = table(tmp_path / "report", "predicted_images.csv")
    assert [(row["prediction"], row["truth"]) for row in rows] == [("0", "0"), ("1", "1"), ("1", "2")]


def test_colours_are_images_too_and_rows_of_numbers_are_not(tmp_path):
    assert "predicted_images" in sections_of(write_images(tmp_path / "colour", np.repeat(IMAGES, 3, axis=3)))
    assert "predicted_images" not in sections_of(write_images(tmp_path / "flat", IMAGES.reshape(3, -1)))


def test_classes():
    assert classes_of(np.array([[1.0], [-1.0]])).tolist() == [0, 1]  # the first class named is +1
    assert is_classes(np.array([[1.0], [-1.0]])) and not is_classes(np.array([[0.5], [1.0]]))
    assert not is_classes(np.array([[1.0, 1.0]]))
    assert names_of({"data.classes": "[cat, '3']"}, 2) == ["cat", "3"] and names_of({"data.classes": "[]"}, 2) == ["0", "1"]
