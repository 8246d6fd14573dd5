"""The studies of "Your own arrays" in jobs/studies/README.md, from arrays made here to a report.

usage: own_arrays.py NTKSWEEP"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SMALL = ["training.steps=12", "sweep.width=[16, 32]", "sweep.train_size=[24]", "sweep.seed=[0, 1]", "data.test_size=24"]


def make_arrays(folder):
    random = np.random.default_rng(2385)
    x = random.normal(3, [1, 10, 0.1, 2, 5, 4], (400, 6)).astype("f4")
    (folder / "measured").mkdir()
    np.save(folder / "measured/x.npy", np.asfortranarray(x))
    np.save(folder / "measured/y.npy", np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 3]], 1).astype(">f8"))
    label = random.integers(0, 3, 200).astype("u1")
    images = random.integers(0, 200, (200, 6, 5)).astype("u1") + 20 * label[:, None, None]
    np.savez_compressed(folder / "shapes.npz", x_train=images[:110], y_train=label[:110], x_test=images[110:], y_test=label[110:])
    series = np.cumsum(random.normal(size=(300, 12, 1, 2)), 1)
    with h5py.File(folder / "series.h5", "w", userblock_size=512) as file:
        file.create_dataset("x", data=series.astype("f4"), chunks=(64, 12, 1, 1), compression="gzip", shuffle=True)
        file.create_dataset("y", data=series[:, -1, 0, 0] + 5)
    with open(folder / "series.h5", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, which is HDF5 behind a block of its own")


def studies():
    section = (ROOT / "jobs/studies/README.md").read_text().split("## Your own arrays")[1].split("\n## ")[0]
    found = re.findall(r"```yaml\n(# (\w+)\.yaml:.*?)```", section, re.S)
    assert len(found) == 3 and all(len(text.splitlines()) < 10 for text, _ in found), "README has other studies"
    return found


def run(program, folder, text, name):
    study, out = folder / f"{name}.yaml", folder / name
    study.write_text(text)
    options = [word for setting in SMALL for word in ("--set", setting)]
    subprocess.run([program, "plan", study, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([program, "run", study, "-o", out, *options], check=True)
    subprocess.run([ROOT / "analysis/report", out, "-o", out / "report"], check=True, stdout=subprocess.DEVNULL)
    assert (out / "report/index.html").stat().st_size > 1000, "there is no report"
    with h5py.File(out / "results.h5") as results:
        assert np.all(results["status"][()] >= 0), "points are missing"
        has_accuracy = "accuracy_test" in results and np.isfinite(results["accuracy_test"][()]).any()
    assert has_accuracy == (name == "shapes"), "accuracy belongs to labels, and to nothing else"


def refused(program, folder, *settings):
    """What plan says of the study with these settings, which it must refuse as run does."""
    options = [word for setting in settings for word in ("--set", setting)]
    said = []
    for command in (["plan"], ["run", "-o", folder / "none"]):
        done = subprocess.run([program, *command[:1], folder / "shapes.yaml", *command[1:], *options], text=True, capture_output=True)
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and not done.stdout, (settings, done)
        said.append(done.stderr)
    assert said[0] == said[1] and not (folder / "none").exists(), said
    return said[0]


def main(program):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_arrays(folder)
        for text, study in studies():
            run(program, folder, text, study)
        assert "train_size is 1000; the files hold" in refused(program, folder, "sweep.train_size=1000")
        assert "No such file" in refused(program, folder, "data.path=nowhere")
        assert "data.path" in refused(program, folder, 'data.path="a\\tb"')
        images = dict(np.load(folder / "shapes.npz"))
        images["y_test"][7] = 9
        np.savez(folder / "labels.npz", **images)
        assert "example 7 (the first is 0) has label 9" in refused(program, folder, f"data.path={folder}/labels.npz")
        images["x_train"] = images["x_train"].astype(object)
        np.savez(folder / "objects.npz", **images)
        assert "array x_train: holds Python objects" in refused(program, folder, f"data.path={folder}/objects.npz")


main(sys.argv[1])
