"""check-bands: each kind of band holds what it should and fails what is planted; files that are wrong are refused in a line."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import synthetic
import xarray as xr
from ntksweep.check_bands import COLUMNS, bands_file, main, read_bands
from ntksweep.criteria import telling

ROOT = Path(__file__).resolve().parents[2]
AXES = {"depth": [4, 16], "train_size": [32], "width": [64, 256, 1024], "seed": list(range(8))}
POINTS = 16


def results():
    """RMSE ~ 1/width, at depth 16 1.4 times that of 4; loss 0.05 at depth 4, and 0.005 of 6 of the 8 seeds at 16; outputs that are
    sin at depth 4 but for a constant of seed 0, and increase at 16."""
    data = synthetic.dataset(AXES, exponent=-1, spread=0.05)
    loss = xr.where(data["depth"] == 4, 0.05, xr.where(data["seed"] < 6, 0.005, 0.05))
    data["loss_train"] = data["loss_train"] * 0 + loss
    x = np.linspace(-3, 3, POINTS)
    shape = xr.DataArray(np.sin(x), dims="test_example")
    rising = xr.DataArray(x, dims="test_example")
    outputs = xr.where(data["depth"] == 4, xr.where(data["seed"] == 0, 0.3 + 0 * shape, shape), rising)
    like = data["rmse_test"] * 0
    data["outputs"] = (like + outputs).expand_dims("output", -1).transpose(*AXES, "step", "test_example", "output")
    return data.drop_vars("outputs_linear").assign_coords(test_example=np.arange(POINTS))


def keep(study, depth, width, seed, **arrays):
    key = next(line.split("\t")[0] for line in (study / "points.tsv").read_text().splitlines()
               if line.endswith(f"depth={depth} train_size=32 width={width} seed={seed}"))  # fmt: skip
    path = study / "points" / key[:2] / f"{key}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as file:
        file.attrs["settings"] = np.bytes_("measure.keep=[inputs]\n")
        for name, array in arrays.items():
            file[f"kept/{name}"] = array


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bands")
    directory = synthetic.write_study(folder / "run", results(), "Of bands")
    (folder / "study.yaml").write_text("title: Of bands\n")
    keep(directory, 4, 64, 0, x_test=np.arange(POINTS)[:, None])
    keep(directory, 16, 64, 0, x_test=np.arange(POINTS)[:, None])
    return folder


def judged(study, capsys, *rows):
    """(exit code, lines) of check-bands."""
    bands_file(study / "study.yaml").write_text("\n".join(["# words", ",".join(COLUMNS), *rows]) + "\n")
    code = main([str(study / "study.yaml"), str(study / "run")])
    said = capsys.readouterr()
    return code, said.out.splitlines() or [said.err.strip()]


@pytest.mark.parametrize(
    "row",
    [
        "a, least, mse_train, depth=4, , , , .1, .1",
        "a, median, mse_train, depth=16, , , , .01, .01",
        "a, mean, loss_train, depth=16, , , , .01624, .01626",
        "a, largest, mse_train, , , , , , .1",
        "a, share, mse_train, depth=16, , , .02, .75, .75",
        "a, share, mse_train, depth=4, , .09, , 1",
        "a, probability, span, depth=4, , , 0, .125, .125",
        "a, least, least_rise, depth=16, , , , .39, .41",
        "a, slope, rmse_test, depth=4, width, 64, 1024, -1.1, -.9, .05",
        "a, change, rmse_test, width=64, depth, 4, 16, .2, .6",
        "a, largest, rmse_test, step=0, , , , , 0",
        "a, slope, parameter_change, layer=dense2, width, 64, 1024, -1.1, -.9",
    ],
)
def test_what_holds(study, capsys, row):
    code, lines = judged(study, capsys, row)
    assert code == 0 and lines[0].startswith("holds  a: ") and lines[-1] == "study: 1 band, 0 failed", lines


@pytest.mark.parametrize(
    "row",
    [
        "a, least, mse_train, , , , , .0101",
        "a, median, mse_train, , , , , , .09",
        "a, largest, mse_train, depth=16, , , , , .0999",
        "a, share, mse_train, depth=16, , , .02, .76",
        "a, probability, span, depth=16, , , 0, .9, .9",
        "a, least, least_rise, depth=4, , , , 0",
        "a, slope, rmse_test, depth=4, width, 64, 1024, -.9, -.5",
        "a, slope, rmse_test, depth=4, width, 64, 1024, -1.1, -.9, .001",
        "a, change, rmse_test, width=64, depth, 4, 16, , .2",
        "a, slope, parameter_change, layer=readout, width, 64, 1024, -1.1, -.9",
    ],
)
def test_what_fails(study, capsys, row):
    code, lines = judged(study, capsys, row, "b, least, mse_train, , , , , 0")
    assert code == 1 and lines[0].startswith("FAILS  a: ") and lines[1].startswith("holds  b: ")
    assert lines[-1] == "study: 2 bands, 1 failed"


def test_a_line_says_what_was_asked_and_got_and_where_it_fails(study, capsys):
    _, lines = judged(study, capsys, "no fold, least, mse_train, width=64, , , , .0421377736")
    assert lines[0] == (
        "FAILS  no fold: least mse_train at width=64: asked >= 0.0421377736; got 0.01 to 0.1, not at depth=16"
    )


@pytest.mark.parametrize(
    "value, bounds, text",
    [
        (0.73908513321516, (0.739085133214, 0.739085133216), "0.739085133215"),
        (0.73908513321612, (0.739085133214, 0.739085133216), "0.7391"),
        (0.8500001, (0.85, np.inf), "0.8500001"),
        (0.85, (0.85, np.inf), "0.85"),
        (0.87020001, (-np.inf, 0.9), "0.8702"),
        (-np.inf, (0.0, 1.0), ""),
    ],
)
def test_as_many_digits_as_tell_a_value_from_its_bounds(value, bounds, text):
    assert telling(value, bounds, 4) == text


def test_seeds_without_a_value_fail_a_band(study, capsys, tmp_path):
    for status, row in ((1, "a, median, mse_train, depth=4"), (-1, "a, share, mse_train, depth=4")):
        data = synthetic.change_point(results(), dict(depth=4, train_size=32, width=64, seed=3), status)
        synthetic.write_study(tmp_path / str(status), data, "Of bands")
        bands_file(study / "study.yaml").write_text(f"{','.join(COLUMNS)}\n{row}, , , , 0\n")
        assert main([str(study / "study.yaml"), str(tmp_path / str(status))]) == 1
        assert "got 1 seed without a value (diverged or not recorded)" in capsys.readouterr().out


def test_the_mean_of_kernels_is_closer(study, capsys):
    random, infinite = np.random.default_rng(1), np.diag([2.0, 1.0])
    for seed in AXES["seed"]:
        noise = random.standard_normal((4, 4)) * 0.1
        keep(study / "run", 16, 256, seed, ntk_train_train=np.kron(infinite, np.eye(2)) + noise + noise.T,
             ntk_infinite_train_train=infinite)  # fmt: skip
    _, lines = judged(study, capsys, "a, largest, mean_kernel_distance, depth=16 width=256, , , , 0.001, .12")
    assert lines[0].startswith("holds")
    _, lines = judged(study, capsys, "a, largest, mean_kernel_distance, depth=4 width=64, , , , , .1")
    assert "no kernels are kept" in lines[0] or "no record is there" in lines[0]


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "no band is there"),
        (["a, medium, mse_train, , , , , 0"], "study.bands.csv:3: no kind `medium`; expected one of least, largest,"),
        (["a, median, , , , , , 0"], "study.bands.csv:3: no of"),
        (["a, median, mse_train"], "study.bands.csv:3: no bound; expected low, high or both"),
        (["a, median, mse_train, , , , , x"], "study.bands.csv:3: low: x is not a number"),
        (["a, slope, rmse_test, , width, , , 0"], "study.bands.csv:3: slope wants over, from and to"),
        (["a, median, mse_train, depth, , , , 0"], "at: `depth`; expected AXIS=VALUE"),
        (["a, median, mse_train, depth=8, , , , 0"], "no depth=8; there are 4, 16"),
        (["a, median, mse_train, knots=8, , , , 0"], "no axis `knots`; there are depth, train_size, width, seed"),
        (["a, slope, rmse_test, , width, 64, 128, 0"], "no width=128; there are 64, 256, 1024"),
        (["a, median, mse, , , , , 0"], "no metric `mse` of each seed; there are also mse_train,"),
        (["a, median, mse_train, , , , , 0, 1, 2, 3"], "11 columns; expected at most 10"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(study, capsys, rows, said):
    code, lines = judged(study, capsys, *rows)
    assert code == 1 and len(lines) == 1 and lines[0].startswith("check-bands: ") and said in lines[0]


def test_bands_are_of_one_study(study, capsys, tmp_path):
    other = synthetic.write_study(tmp_path / "other", results(), "Of others")
    bands_file(study / "study.yaml").write_text(f"{','.join(COLUMNS)}\na, least, mse_train, , , , , 0\n")
    assert main([str(study / "study.yaml"), str(other)]) == 1
    assert re.search("holds `Of others`, .*study.yaml is `Of bands`", capsys.readouterr().err)


def test_every_study_of_bands_can_be_read():
    files = sorted((ROOT / "jobs/studies").glob("*.bands.csv"))
    assert files
    for file in files:
        text = file.with_name(file.name.replace(".bands.csv", ".yaml")).read_text()
        for band in read_bands(file):
            for name in [*band.at, *filter(None, [band.over])]:
                assert re.search(rf"[{{ ,\n]{name}: [\[{{]", text) or name in ("step", "layer"), f"{band.place}: {name}"
