"""The package as users import it: datasets and their selections, one point's record, fits and figures of the report, the
installation."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import h5py
import matplotlib
import matplotlib.pyplot as plt
import ntksweep
import numpy as np
import pytest
import synthetic
import xarray as xr
from test_report import report, table

ROOT = Path(__file__).resolve().parents[2]
AXES = {"activation": ["erf", "relu"], "train_size": [32, 128], "width": [64, 256, 1024], "seed": [0, 1, 2]}
SETTINGS = {
    "network.family": "fc", "network.depth": "2", "network.activation": "tanh", "network.sigma_w2": "1.5",
    "network.sigma_b2": "0.1", "network.parameterization": "ntk", "network.output_scale": "1", "training.loss": "mse",
    "training.optimizer": "sgd", "training.momentum": "0.5", "training.batch_size": "full", "training.layers": "all",
    "training.centred": "false", "measure.keep": "[inputs, parameters]",
}  # fmt: skip
SHAPES = [(5, 4), (4,), (4, 4), (4,), (4, 2), (2,)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    data = synthetic.with_ensemble(synthetic.dataset(AXES))
    return synthetic.write_study(tmp_path_factory.mktemp("package") / "study", data)


@pytest.fixture(scope="module")
def data(study):
    return ntksweep.open(study)


def write_record(study, key, settings=SETTINGS, names=("dense_1", "dense_2", "readout")):
    random = np.random.default_rng(3)
    path = study / "points" / key[:2] / f"{key}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    coordinates = {"step": [0, 1, 7], "layer": np.array(names, object)}
    xr.Dataset({"learning_rate_used": 0.3}, coordinates).to_netcdf(path, engine="h5netcdf")
    with h5py.File(path, "a") as file:
        file.attrs["settings"] = np.bytes_("".join(f"{name}={value}\n" for name, value in settings.items()))
        if "inputs" in settings["measure.keep"]:
            for name, shape in {"x_train": (6, 5), "y_train": (6, 2), "x_test": (3, 5), "y_test": (3, 2)}.items():
                file[f"kept/{name}"] = random.standard_normal(shape)
        if "parameters" in settings["measure.keep"]:
            for tensor, shape in enumerate(SHAPES):
                file[f"kept/parameters/{tensor:02d}"] = random.standard_normal(shape)
    return path


def test_a_dataset_of_xarray_by_folder_or_file(study, data):
    assert isinstance(data, xr.Dataset) and data["rmse_test"].dims == (*AXES, "step")
    assert data.identical(ntksweep.open(str(study / "results.h5")))
    with pytest.raises(ntksweep.InputError, match="no study is there"):
        ntksweep.open(study / "nowhere")


def test_slopes_and_levels_are_those_of_the_report(study, data, tmp_path):
    report(tmp_path, study, options=("--figures", "0"))
    for name, ours in (("slopes.csv", ntksweep.slopes(data, "rmse_test", over="width")),
                       ("levels.csv", ntksweep.levels(data, "rmse_test", over="width"))):  # fmt: skip
        theirs = [row for row in table(tmp_path, name) if (row["metric"], row["against"]) == ("rmse_test", "width")]
        assert len(ours) == len(theirs) > 0
        for mine, row in zip(ours.to_dict("records"), theirs):
            for column, value in mine.items():
                assert row[column] == value if isinstance(value, str) else float(row[column] or "nan") == pytest.approx(
                    value, rel=1e-7, nan_ok=True
                ), column


def test_a_selection_is_a_study_too(data):
    whole = ntksweep.slopes(data, "rmse_test").query("activation == 'relu' and train_size == 128")
    part = ntksweep.slopes(data.sel(activation="relu", train_size=128), "rmse_test")
    assert part["slope"].tolist() == whole["slope"].tolist() and len(part) == 3
    assert ntksweep.slopes(data.sel(seed=1), "rmse_test")["low"].isna().all()


def test_what_is_not_there_is_said_in_a_line(data):
    for words, call in {
        "no metric `rmse`; there are rmse_test,": lambda: ntksweep.slopes(data, "rmse"),
        "no axis `activation` with numbers; it has train_size, width, step": lambda: ntksweep.slopes(
            data, "rmse_test", over="activation"
        ),
        "cost: no figure 2; there are 1": lambda: ntksweep.plot.cost(data, number=2),
        "local_slopes: nothing to draw": lambda: ntksweep.plot.local_slopes(data),
        "does not say where it is from": lambda: xr.Dataset(data.data_vars).point(width=64),
        "no axis `depth`; expected activation, train_size, width, seed": lambda: data.point(depth=3),
        "9 points; expected a value of width, seed too": lambda: data.point(activation="erf", train_size=32),
        "width=65 seed=0: no point has these values": lambda: data.point(width=65, seed=0),
        "seed=2: no record is there": lambda: data.point(activation="erf", train_size=32, width=64, seed=2),
        "this figure has 3 panels; expected as many axes, not 1": lambda: ntksweep.plot.eigenvalues(
            data.sel(train_size=32), axes=plt.subplots()[1]
        ),
    }.items():
        with pytest.raises(ntksweep.InputError) as error:
            call()
        assert words in str(error.value) and "\n" not in str(error.value)


def test_a_point_by_its_axes_with_its_parameters_by_name(study, data):
    keys = data.ntksweep.keys
    write_record(study, keys[4])
    point = data.sel(activation="erf").point(width=256, train_size=32, seed=1)
    assert point.path.stem == keys[4] and point.settings == SETTINGS
    assert point.where == {"activation": "erf", "train_size": 32, "width": 256, "seed": 1}
    assert list(point.parameters) == ["dense_1", "dense_2", "readout"]
    assert [tensor.shape for layer in point.parameters.values() for tensor in layer] == SHAPES
    assert set(point.arrays) == {"x_train", "y_train", "x_test", "y_test"} and point.kernels == {}
    assert point.metrics["step"].values.tolist() == [0, 1, 7]


def test_a_replay_follows_its_formulas(study, data):
    """The first steps of the linearization, and of the network in the outputs' limit of a small step."""
    write_record(study, data.ntksweep.keys[0])
    point = data.point(activation="erf", width=64, train_size=32, seed=0)
    found = ntksweep.replay(point)
    net, theta = ntksweep.Network(point.settings), [t for layer in point.parameters.values() for t in layer]
    x, y = point.arrays["x_train"], point.arrays["y_train"]
    hidden = x
    for layer in list(point.parameters.values())[:-1]:
        hidden = np.tanh(np.sqrt(1.5 / hidden.shape[1]) * hidden @ layer.weight + np.sqrt(0.1) * layer.bias)
    last = point.parameters["readout"]
    f = np.sqrt(1.5 / 4) * hidden @ last.weight + np.sqrt(0.1) * last.bias
    assert np.allclose(found["f_train"][0], f, rtol=1e-13) and np.array_equal(found["f_train_linear"][0], found["f_train"][0])
    jacobian = net.jacobian(theta, x)
    step = f - 0.3 * (jacobian @ jacobian.T @ (f - y).ravel() / y.size).reshape(f.shape)
    assert np.allclose(found["f_train_linear"][1], step, rtol=1e-12)
    assert found["rmse_test"].dims == ("step",) and float(found["rmse_test"][0]) == 0 < float(found["rmse_test"][2])


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"measure.keep": "[parameters]"}, "no inputs are kept; the study has `keep: [parameters]`"),
        ({"measure.keep": "[inputs]"}, "no parameters are kept"),
        ({"network.activation": "swish"}, "network.activation: swish has no replay in NumPy; there are relu, erf"),
    ],
)
def test_what_cannot_be_replayed_is_said(study, data, changed, words):
    write_record(study, data.ntksweep.keys[1], {**SETTINGS, **changed})
    with pytest.raises(ntksweep.InputError, match=re.escape(words)):
        ntksweep.replay(data.point(activation="erf", width=64, train_size=32, seed=1))


def test_every_figure_of_the_report_can_be_drawn(data):
    names = ntksweep.plot.names(data)
    assert "ensemble_2" in names and "rmse_width" in names
    for name in names:
        kind, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name).groups()
        figure = getattr(ntksweep.plot, kind)(data, number=int(number or 1))
        assert isinstance(figure, matplotlib.figure.Figure)


def test_on_axes_of_ones_own_and_without_a_trace(data):
    before = dict(matplotlib.rcParams)
    figure, panels = plt.subplots(1, 2)
    part = data.sel(activation="erf")
    assert ntksweep.plot.rmse_width(part, axes=panels[0]) is figure
    ntksweep.plot.kernel_change(part.drop_vars("nngp_change"), axes=panels[1])
    assert all(len(panel.lines) > 2 and panel.get_legend() and panel.get_ylabel() for panel in panels)
    assert panels[1].get_legend().get_title().get_text().startswith("training points")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("width", [3.4, 7.0])
def test_a_figure_for_a_paper_has_its_width_and_nothing_is_cut(data, width):
    for name in ("rmse_width", "layer_change", "rmse_time", "eigenvalues", "ensemble"):
        figure = getattr(ntksweep.plot, name)(data, width=width)
        inches = figure.get_size_inches()
        assert inches[0] == width
        box = figure.get_tightbbox(figure.canvas.get_renderer())
        panel = figure.axes[0]
        assert panel.yaxis.label.get_window_extent().height < panel.get_window_extent().height + 20, name
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= inches[0] and box.y1 <= inches[1], (name, box)


def test_saved_figures_have_text_and_equal_bytes(data, tmp_path):
    for name in ("a.svg", "b.svg", "a.pdf", "b.pdf", "a.png"):
        ntksweep.plot.save(ntksweep.plot.rmse_width(data.sel(activation="relu"), width=3.4), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert ">RMSE of network and linearization, test<" in (tmp_path / "a.svg").read_text() and b"CIDFontType2" in (tmp_path / "a.pdf").read_bytes()
    with pytest.raises(ntksweep.InputError, match="ends in pdf, png, svg"):
        ntksweep.plot.save(ntksweep.plot.cost(data), tmp_path / "a.jpg")


def test_it_says_what_it_is(data):
    for name in ntksweep.__all__:
        assert getattr(ntksweep, name).__doc__, name
    for name in ntksweep.plot.__all__:
        assert getattr(ntksweep.plot, name).__doc__, name
    text = (ROOT / "analysis/pyproject.toml").read_text()
    assert re.search(r"project\(ntksweep VERSION (\S+) ", (ROOT / "CMakeLists.txt").read_text()).group(1) in text


@pytest.mark.parametrize("editable", [[], ["--editable"]])
def test_pip_installs_it_from_the_checkout_without_a_network(tmp_path, editable):
    if not all(map(find_spec, ("pip", "setuptools", "wheel"))):
        pytest.skip("pip, setuptools and wheel are needed")
    copy, target = tmp_path / "analysis", tmp_path / "venv"
    subprocess.run(["cp", "-r", ROOT / "analysis", copy], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", target], check=True)
    python, clean = target / "bin/python", {**os.environ, "PYTHONPATH": "", "PIP_NO_INDEX": "1"}
    words = ["install", "--quiet", "--no-build-isolation", "--no-deps", *editable, copy]
    subprocess.run([python, "-m", "pip", *words], check=True, env=clean)
    code = "import ntksweep.paper as p; print(len(p.load_reference(p.FILE)), p.FILE.with_name('py.typed').exists())"
    done = subprocess.run([python, "-c", code], cwd=tmp_path, env=clean, check=True, capture_output=True, text=True)
    assert done.stdout.split()[1] == "True"
    assert "usage" in subprocess.run([target / "bin/ntksweep-report", "-h"], env=clean, capture_output=True, text=True).stdout
