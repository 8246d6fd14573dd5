"""What is read from DIR and from a reference file, and the one line that says what is wrong."""

import os
import shutil

import h5py
import numpy as np
import pytest
import synthetic
from ntksweep import curves, tables
from ntksweep.load import InputError, load_reference, load_studies

SMALL = {"train_size": [32, 128], "width": [64, 256, 1024], "seed": [0, 3]}
HEAD = "figure,panel,series,x_name,x,log2_y,y\n"


@pytest.fixture
def small(tmp_path):
    return synthetic.write_study(tmp_path / "small", synthetic.dataset(SMALL))


def error_of(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_results_name_the_command(small, tmp_path):
    assert "no study is there" in error_of(load_studies, [tmp_path / "nothing"])
    (small / "results.h5").unlink()
    assert f"run `ntksweep collect {small}`" in error_of(load_studies, [small])


def test_a_broken_file_is_one_line(small):
    (small / "results.h5").write_bytes(b"\x89HDF\r\n\x1a\n torn")
    assert "results.h5: cannot be read" in error_of(load_studies, [small])


def test_newer_records_are_noted(small):
    assert load_studies([small])[0].notes == []
    record = small / "points" / "ab" / "ab00.h5"
    record.parent.mkdir(parents=True)
    record.touch()
    os.utime(record, (2e9, 2e9))
    assert load_studies([small])[0].notes == [
        f"1 record newer than results.h5: `ntksweep collect {small}` takes them in"
    ]


def test_titles_and_labels(small, tmp_path):
    other = tmp_path / "elsewhere" / "small"
    shutil.copytree(small, other)
    studies = load_studies([small, other])
    assert [study.label for study in studies] == [str(small), str(other)]
    assert studies[0].title == "RMSE against width, synthetic"


def test_points_without_a_record_are_named_once(tmp_path):
    data = synthetic.dataset(SMALL)
    for at in (dict(train_size=32, width=64, seed=0), dict(train_size=32, width=64, seed=3)):
        data = synthetic.change_point(data, at, -1)
    data = synthetic.change_point(data, dict(train_size=128, width=64, seed=3), 1, 60)
    data["status"].encoding["_FillValue"] = np.int8(-1)  # which makes NaN of -1 on reading
    label = "train_size=32 width=64 seed=3"
    study = load_studies([synthetic.write_study(tmp_path / "holes", data, failures=[(label, "no memory: 3 GB")])])[0]
    rows = [(row["state"], row["point"], row["reason"]) for row in tables.unrecorded([study])]
    assert curves.curves_of([study], "rmse_test", "width")[0].absent[0] == 2
    assert rows == [
        ("failed", label, "no memory: 3 GB"),
        ("missing", "train_size=32 width=64 seed=0", ""),
        ("diverged", "train_size=128 width=64 seed=3", "network at step 60"),
    ]


def test_curves_are_sorted_and_carry_what_is_fixed(tmp_path):
    axes = {"activation": ["relu", "erf"], "train_size": [128, 32], "width": [256, 64], "seed": [0, 3]}
    data = synthetic.dataset(axes)
    study = load_studies([synthetic.write_study(tmp_path / "order", data)])[0]
    found = curves.curves_of([study], "rmse_test", "width")
    assert len(found) == 4 and found[0].where == {"activation": "relu", "train_size": 128}
    last = data["rmse_test"].isel(step=-1).sel(activation="erf", train_size=32)
    erf = next(curve for curve in found if curve.where == {"activation": "erf", "train_size": 32})
    assert list(erf.x) == [64, 256] and np.array_equal(erf.samples, last.sel(width=[64, 256]).values)


def test_the_last_value_of_a_diverged_point_is_no_result(tmp_path):
    """A point that diverges at its last step has a value there, far too large; what stands before training counts."""
    data = synthetic.change_point(synthetic.dataset(SMALL), dict(train_size=32, width=64, seed=3), 1, 1000)
    data["rmse_test"].loc[dict(train_size=32, width=64, seed=3, step=1000)] = 4.2e5
    study = load_studies([synthetic.write_study(tmp_path / "late", data)])[0]
    curve = curves.curves_of([study], "rmse_test", "width")[0]
    assert np.isnan(curve.samples[0, 1]) and curve.diverged[0] == 1
    before = curves.curves_of([study], "ntk_distance_infinite", "width")[0]
    assert np.isfinite(before.samples[0, 1]) and before.diverged[0] == 0


def test_reference_series(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(HEAD + "S5,FC,L=1,width,64,-1.3,0.4\nS5,FC,L=1,width,32,-0.8,0.57\nS5,FC,L=1,steps,3,0,1\n")
    (series,) = load_reference(path)
    assert (series.panel, series.name) == ("S5: FC", "L=1")
    assert np.array_equal(series.width, [32, 64]) and np.array_equal(series.y, [0.57, 0.4])


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b\n1,2\n", "no column `figure`"),
        (HEAD, "no column"),
        (HEAD + "S5,FC,L=1,width,64,-1.3,-0.4\n", ":2: x 64 and y -0.4 are not positive numbers"),
        (HEAD + "S5,FC,L=1,steps,64,-1.3,0.4\n", "no row has x_name width or channels"),
    ],
)
def test_reference_errors(tmp_path, text, words):
    path = tmp_path / "points.csv"
    path.write_text(text)
    assert words in error_of(load_reference, path)
    assert "No such file" in error_of(load_reference, tmp_path / "none.csv")


def test_words_may_be_bytes(tmp_path):
    axes = {"activation": ["relu", "erf"], "train_size": [32], "width": [64, 256], "seed": [0, 3]}
    data = synthetic.dataset(axes)
    words = {name: np.array([text.encode() for text in data[name].values]) for name in ("activation", "layer")}
    paths = [synthetic.write_study(tmp_path / name, data) for name in ("str", "bytes")]
    data.assign_coords(words).to_netcdf(paths[1] / "results.h5", engine="h5netcdf")
    for path in paths:
        with h5py.File(path / "results.h5", "a") as file:
            file.attrs["title"] = "Widths" if path.name == "str" else np.bytes_("Widths")
    studies = load_studies(paths)
    assert [study.title for study in studies] == ["Widths", "Widths"]
    for name in words:
        assert list(studies[1].data[name].values) == list(studies[0].data[name].values)
    found = [curves.curves_of([study], "parameter_change", "width") for study in studies]
    assert [curve.where for curve in found[0]] == [curve.where for curve in found[1]] and len(found[1]) == 8
