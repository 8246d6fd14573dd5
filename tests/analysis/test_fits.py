"""Figures of functions of one number, of shares of seeds, of states over depth and of regions: what they say is what was
planted, in lines and in tables."""

import h5py
import numpy as np
import pytest
import synthetic
from ntksweep.context import Context
from ntksweep.figures import all_sections
from ntksweep.load import load_studies
from test_report import report, table

AXES = {"activation": ["relu", "tanh"], "depth": [4, 16], "train_size": [32], "width": [1], "seed": list(range(11))}
X = np.array([2.0, -3.0, 0.5, -1.0, 3.0, 1.0])  # in no order


def results():
    """Networks a sin x + 0.1, a = 1 - seed/10 at depth 4, of which the linearization has -a; losses rise with the seed."""
    data = synthetic.dataset(AXES, spread=0)
    size = (1 - data["seed"] / 10) * xr_where_four(data)
    like = data["rmse_test"] * 0 + 1
    outputs = (like * size * (data["step"] > 0)).expand_dims({"test_example": len(X), "output": 1}, (-2, -1))
    values = outputs * np.sin(X)[:, None] + 0.1
    data["loss_test"] = like * (data["seed"] + 1) * 0.01
    data["loss_train"] = like * (data["seed"] + 1) * 0.01
    data = data.drop_vars(["outputs", "outputs_linear"]).drop_dims("probe", errors="ignore")
    return data.assign(outputs=values, outputs_linear=-values).assign_coords(test_example=np.arange(len(X)))


def xr_where_four(data):
    return (data["depth"] == 4).astype(float)


def with_inputs(study):
    for line in (study / "points.tsv").read_text().splitlines()[1:]:
        key = line.split("\t")[0]
        path = study / "points" / key[:2] / f"{key}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["kept/x_test"], file["kept/y_test"] = X[:, None], np.sin(X)[:, None]
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    data = synthetic.change_point(results(), dict(activation="relu", depth=4, seed=0), 1)
    return with_inputs(synthetic.write_study(folder / "study", data, "Fits"))


def test_median_and_best_of_the_seeds_that_have_a_loss(study, tmp_path):
    page = report(tmp_path, study)
    assert 'alt="Fits"' in page and 'alt="Seeds below a loss"' in page
    rows = table(tmp_path, "fits.csv")
    chosen = {(row["activation"], row["depth"], row["which"]): int(row["seed"]) for row in rows}
    assert chosen["tanh", "4", "best"] == 0 and chosen["tanh", "4", "median"] == 5
    assert chosen["relu", "4", "best"] == 1 and chosen["relu", "4", "median"] == 6  # seed 0 diverged, and stands last
    mine = [row for row in rows if (row["activation"], row["depth"], row["which"]) == ("tanh", "4", "median")]
    assert [float(row["x"]) for row in mine] == sorted(X)
    for row in mine:
        assert float(row["target"]) == pytest.approx(np.sin(float(row["x"])))
        assert float(row["outputs"]) == pytest.approx(0.5 * np.sin(float(row["x"])) + 0.1)
        assert float(row["outputs_linear"]) == pytest.approx(-float(row["outputs"]))


def test_shares_count_what_diverged_as_above(study, tmp_path):
    report(tmp_path, study, options=("--figures", "0"))
    rows = [row for row in table(tmp_path, "loss_share.csv") if row["depth"] == "4"]
    shares = {name: [float(r["share"]) for r in rows if r["activation"] == name] for name in ("relu", "tanh")}
    assert np.allclose(shares["tanh"], np.arange(1, 12) / 11) and np.allclose(shares["relu"], np.arange(1, 11) / 11)
    assert [float(row["loss"]) for row in rows if row["activation"] == "tanh"][:2] == pytest.approx([0.01, 0.02])


def test_lines_are_drawn_over_the_inputs_in_order(study):
    section = next(s for s in all_sections(Context(load_studies([study]), [])) if s.kind == "fits")
    panel = section.figure.axes[0]
    assert panel.get_title().startswith("relu, depth 4\nmedian 0.14, best 0.04")
    assert all(np.all(np.diff(line.get_xdata()) > 0) for line in panel.lines) and len(panel.lines) == 5


def test_several_studies_have_figures_of_their_own(study, tmp_path):
    other = with_inputs(synthetic.write_study(tmp_path / "other", results().isel(depth=[0]).squeeze("depth", drop=True),
                                              network="{ family: fc, depth: 4 }"))  # fmt: skip
    page = report(tmp_path / "report", study, other)
    assert 'alt="Fits: study"' in page and 'alt="Fits: other"' in page
    shares = next(s for s in all_sections(Context(load_studies([study, tmp_path / "other"]), [])) if s.kind == "loss_share")
    told = shares.figure.legends[0].get_lines()
    assert len(told) > 2 and all(handle.get_marker() in ("", "None") for handle in told)


def test_one_example_is_no_function(tmp_path):
    one = synthetic.write_study(tmp_path / "one", results().isel(test_example=[0]))
    assert "fits" not in {section.kind for section in all_sections(Context(load_studies([with_inputs(one)]), []))}


def test_nothing_is_drawn_without_inputs_or_with_few_seeds(tmp_path):
    plain = synthetic.write_study(tmp_path / "plain", results().isel(seed=slice(9)))
    kinds = {section.kind for section in all_sections(Context(load_studies([plain]), []))}
    assert not kinds & {"fits", "loss_share"}


# ---- states and regions ----

PLANE = {"augment": [0, 1], "train_size": [4], "width": [2], "seed": [0, 1, 2]}
CORNERS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [2.0, -1.0]])  # sign(x_1) but for the third, of weight 1, 0
SETTINGS = {
    "network.family": "residual", "network.activation": "identity", "network.sigma_w2": "2", "network.sigma_b2": "0",
    "network.parameterization": "ntk", "network.output_scale": "1", "training.layers": "all", "network.cell": "pre",
    "network.depth": "1", "network.state": "input", "network.step": "one", "measure.keep": "[inputs, parameters]",
}  # fmt: skip


def in_the_plane():
    """States [probe, depth 2, unit]: the input, and twice the input; with augment 1 a third unit of 5."""
    data = synthetic.dataset(PLANE, spread=0, probes=4)
    data["loss_test"] = data["loss_test"] * 0 + 1 + data["seed"]
    states = np.stack([CORNERS, 2 * CORNERS], axis=1)
    wide = np.concatenate([states, np.full((4, 2, 1), 5.0)], axis=2)
    narrow = np.concatenate([states, np.full((4, 2, 1), np.nan)], axis=2)
    both = np.stack([narrow, wide])[:, None, None, None, None] + np.zeros((2, 1, 1, 3, 2, 1, 1, 1))
    dims = (*PLANE, "state_step", "probe", "state_index", "unit")
    return data.assign(trajectories=(dims, both))


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    return write_plane(tmp_path_factory.mktemp("plane") / "study", in_the_plane())


def write_plane(folder, data):
    study = with_inputs(synthetic.write_study(folder, data, "Plane"))
    settings = np.bytes_("".join(f"{name}={value}\n" for name, value in SETTINGS.items()))
    for path in study.glob("points/*/*.h5"):
        with h5py.File(path, "w") as file:
            file.attrs["settings"], file["layer"] = settings, np.array([b"block1_dense", b"readout"])
            file["kept/x_test"], file["kept/y_test"] = CORNERS, np.array([1.0, -1, 1, 1])[:, None]
            for tensor, array in enumerate([np.zeros((2, 2)), np.zeros(2), np.array([[1.0], [0.0]]), np.zeros(1)]):
                file[f"kept/parameters_final/{tensor:02d}"] = array
    return study


def test_states_are_those_of_the_median_seed_without_what_pads_them(plane, tmp_path):
    page = report(tmp_path, plane)
    assert 'alt="States over depth"' in page and 'alt="Decision regions"' in page
    rows = [row for row in table(tmp_path, "trajectories.csv") if row["augment"] == "0"]
    assert len(rows) == 8 and [float(rows[1][name]) for name in ("depth", "h_1", "h_2", "target")] == [1, 2, 2, 1]


def test_regions_are_the_networks_own(plane, tmp_path):
    report(tmp_path, plane, options=("--figures", "0"))
    rows = [row for row in table(tmp_path, "regions.csv") if row["augment"] == "0"]
    assert [float(row["output"]) for row in rows] == pytest.approx([1, -1, -1, 2])
    sections = {section.kind: section for section in all_sections(Context(load_studies([plane]), []))}
    assert sections["regions"].figure.axes[0].get_title() == "zeros appended: 0\n75 % right"
    assert [panel.get_xlabel() for panel in sections["trajectories"].figure.axes] == ["$h_1$", "$h_1$"]


def test_a_state_of_one_number_is_drawn_over_depth(tmp_path):
    study = write_plane(tmp_path / "study", in_the_plane().isel(unit=[0]))
    section = next(s for s in all_sections(Context(load_studies([study]), [])) if s.kind == "trajectories")
    panel = section.figure.axes[0]
    assert panel.get_xlabel() == "depth $l$" and len(panel.lines) == 4
