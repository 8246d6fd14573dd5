"""Reads DIR of a study: results.h5, the frozen study, the manifest and the failures; and files of reference points."""

import csv
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr

from .point import InputError, Point, find_point, number_of
from .words import AXES, LINEARIZATION, NETWORK, SAID, plain_text, plural, value_text

GRID = ("train_size", "width", "seed")
EXAMPLES = ("probe", "test_example")
INNER = ("step", "kernel_step", "state_step", "layer", "output", "unit", *EXAMPLES, *(f"{name}_2" for name in EXAMPLES))
OVER_SEEDS = re.compile("ensemble_size|outputs.*_(mean|variance)$|ntk_gp_|nngp_posterior_")  # metrics without the axis
RECORDED, ABSENT = 0, -1  # status; above 0 the sum of the models that diverged
DIVERGED_STEPS = {NETWORK: "diverged_step", LINEARIZATION: "diverged_step_linear"}
SECTIONS = ("network", "training", "data", "run")
LABEL_LENGTH = 40  # of a long name, which stands at an axis if it is no sentence
PLAIN = {"loss": "mse", "optimizer": "sgd", "layers": "all", "centred": "false", "schedule": "constant"}
REFERENCE_COLUMNS = ("figure", "panel", "series", "x_name", "x", "log2_y", "y")


@dataclass(eq=False, repr=False)
class Study:
    """The results of one study with what stands around them in DIR; of a Dataset `data.ntksweep`."""

    directory: Path
    label: str
    data: xr.Dataset
    title: str
    text: str
    keys: list = field(default_factory=list)  # of the points in the grid's order, as the run wrote them
    failures: dict = field(default_factory=dict)  # key: "label: reason"
    run: dict = field(default_factory=dict)  # the last run's state.json; empty if there is none
    notes: list = field(default_factory=list)
    fixed: tuple = ()  # axes of one value that its study file says, and its points do not have

    def __repr__(self):
        return f"<Study {self.directory}: {self.title}; {dict(self.data['status'].sizes)}>"

    @property
    def axes(self):
        return self.data["status"].dims

    @property
    def family(self):
        return setting(self.text, "network", "family") or "fc"

    def choice(self, section, name, where, default=""):
        """What section.name is at `where` (axis -> value): the axis's value, or what the study file says."""
        return value_text(where[name]) if name in where else setting(self.text, section, name) or default

    def depth(self, where):
        """Of the network; 6 blocks + 4 where it has blocks; NaN if it is said nowhere."""
        name = "blocks" if self.family == "wrn" else "depth"
        value = float(self.choice("network", name, where, "nan"))
        return 6 * value + 4 if name == "blocks" else value

    def loss(self, where):
        return self.choice("training", "loss", where, "mse")

    def momentum(self, where):
        return float(self.choice("training", "momentum", where, "0"))

    def has_one_rate(self, where):
        """At all steps."""
        return self.choice("training", "schedule", where, "constant") == "constant"

    def is_plain(self, where):
        """Trained as the paper's networks of Fig. S5 were: the squared error of f itself, all layers, one rate, no
        momentum."""
        options = [self.choice("training", name, where, usual) == usual for name, usual in PLAIN.items()]
        return (
            all(options)
            and self.momentum(where) == 0
            and float(self.choice("network", "output_scale", where, "1")) == 1
        )

    @property
    def labels(self):
        """axis -> its long name in results.h5, where it has no words here: what a learning rate is measured in."""
        names = {name: plain_text(self.data[name].attrs.get("long_name", "")) for name in self.axes}
        return {name: text for name, text in names.items() if 0 < len(text) <= LABEL_LENGTH and name not in AXES}

    def said(self, metric):
        """What results.h5 says of how a metric is drawn: nothing in that of an older program, or of no metric in it."""
        given = self.data[metric].attrs if metric in self.data else {}
        return {name: plain_text(given[name]) for name in SAID if name in given}

    def point(self, **where) -> Point:
        """The record of the one point at these values of the axes; axes with one value may be left out."""
        single = {name: self.data[name].values[0] for name in self.axes if self.data.sizes[name] == 1}
        wanted = {name: value for name, value in {**single, **where}.items() if name not in self.fixed}
        return find_point(self.directory, wanted)

    @lru_cache(maxsize=None)
    def has(self, metric):
        return metric in self.data and bool(one_example(self.data[metric]).notnull().any())


@dataclass
class ReferenceSeries:
    panel: str  # "S5: FC |D|=128"
    name: str
    width: np.ndarray
    y: np.ndarray


def load_studies(directories):
    labels = unique_labels(directories)
    return [load_study(Path(directory), label) for directory, label in zip(directories, labels)]


def unique_labels(directories):
    names = [Path(directory).resolve().name for directory in directories]
    return [name if names.count(name) == 1 else str(directory) for name, directory in zip(names, directories)]


def load_study(directory, label):
    return study_of(open_results(directory), label)


@xr.register_dataset_accessor("ntksweep")
def study_of(data, label=""):
    """Of what open_results gave, or of a selection of it."""
    directory, data = directory_of(data), with_axes(data)
    label = label or directory.name
    text = str(data.attrs.get("study") or read_text(directory / "study.yaml"))
    study = Study(directory, label, data, title_of(data, text, label), text)
    study.keys = read_keys(directory)
    study.failures = read_failures(directory)
    study.run = read_state(directory)
    newer = count_newer_records(directory)
    if newer:
        study.notes.append(
            f"{plural(newer, 'record')} newer than results.h5: `ntksweep collect {directory}` takes them in"
        )
    return study


@xr.register_dataset_accessor("point")
def point_of(data):
    return data.ntksweep.point


def directory_of(data):
    source = data.encoding.get("source")
    if not source:
        raise InputError("this dataset does not say where it is from; expected one of ntksweep.open or its selection")
    return Path(source).parent


def with_axes(data):
    """Axes of which one value was selected are back, so that a selection is a study too."""
    taken = [name for name, values in data.coords.items() if values.ndim == 0 and name not in INNER]
    data = data.drop_vars([name for name in data.data_vars if "seed" in taken and OVER_SEEDS.match(name)])
    values = {name: [data[name].values.item()] for name in taken}
    return checked(expanded(data.drop_vars(taken), values) if taken else data, directory_of(data))


def with_shared_axes(studies):
    """An axis of one study is one of all that say its value in their study file: so they share panels."""
    names = dict.fromkeys(name for study in studies for name in study.axes)
    return [with_fixed(study, [name for name in names if name not in study.axes]) for study in studies]


def with_fixed(study, names):
    texts = {name: next(filter(None, (setting(study.text, part, name) for part in SECTIONS)), "") for name in names}
    said = {name: [number_of(text)] for name, text in texts.items() if text and text[0] not in "{["}
    return replace(study, data=expanded(study.data, said), fixed=tuple(said)) if said else study


def expanded(data, values):
    """With axes of one value each; large arrays stay without, as they would be read."""
    small = {name: array.expand_dims(values) for name, array in data.data_vars.items() if not is_large(array)}
    return data.assign_coords(values).assign(small)


def checked(data, place):
    missing = [name for name in GRID if "status" not in data or name not in data["status"].dims]
    if missing:
        raise InputError(f"{place}: `status` has no dimension {missing[0]}; expected the results of an ntksweep run")
    return data


def open_results(directory):
    path = directory / "results.h5"
    if not (directory / "study.yaml").exists() and not path.exists():
        raise InputError(f"{directory}: no study is there; expected the DIR of an ntksweep run")
    if not path.exists():
        raise InputError(f"{directory}: results.h5 is not there; run `ntksweep collect {directory}`")
    try:
        data = xr.open_dataset(path, engine="h5netcdf", decode_times=False)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: cannot be read ({reason}); run `ntksweep collect {directory}`") from error
    data = checked(data, path)
    data = data.assign({name: data[name].load() for name in data.data_vars if not is_large(data[name])})
    texts = {name: plain_text(value) for name, value in data.attrs.items()}
    data = data.assign(status=status_of(data)).assign_coords(words_of(data)).assign_attrs(texts)
    data.encoding["source"] = str(path)
    return data


def is_large(array):
    """The outputs of every network on every example, of which few are drawn: they are read when they are."""
    return "seed" in array.dims and any(name in array.dims for name in EXAMPLES)


def one_example(array):
    return array.isel({name: 0 for name in EXAMPLES if name in array.dims})


def words_of(data):
    """name -> axis with words as str, which h5py may give as bytes."""
    axes = {name: axis for name, axis in data.coords.items() if axis.dtype.kind in "SO"}
    words = {name: [value_text(value) for value in axis.values] for name, axis in axes.items()}
    return {name: axis.copy(data=np.array(words[name], object)) for name, axis in axes.items()}


def status_of(data):
    """The status in bits. Of a program that did not tell the models apart (no flag_masks, 1 for both) those that have a
    step of their divergence, or both where no step is recorded."""
    status = data["status"].fillna(ABSENT).astype(int)
    if "flag_masks" in data["status"].attrs:
        return status
    bits = sum(model * data[name].notnull() for model, name in DIVERGED_STEPS.items() if name in data)
    return status.where(status <= 0, xr.where(bits > 0, bits, NETWORK | LINEARIZATION)).astype(int)


def title_of(data, text, label):
    """The title in the root attributes, else the study's `title:`, else the name of the directory."""
    found = re.search(r"^title:\s*(.+?)\s*$", text, re.MULTILINE)
    title = data.attrs.get("title") or (found.group(1).strip("\"'") if found else "")
    return str(title) or label


def setting(text, section, name):
    """What a study file says of section.name; nothing where it is an axis. The section is in lines or in braces."""
    block = re.search(rf"^{section}:(.*(?:\n[ \t].*)*)", text, re.MULTILINE)
    found = block and re.search(rf"[\s{{,]{name}:\s*([^\s,}}]+)", block.group(1))
    return found.group(1) if found else ""


def read_text(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def count_newer_records(directory):
    written = (directory / "results.h5").stat().st_mtime
    return sum(path.stat().st_mtime > written for path in directory.glob("points/*/*.h5"))


def read_keys(directory):
    """First column of DIR/points.tsv (key, reference's key, seconds, label), below its head."""
    return [line.split("\t")[0] for line in read_text(directory / "points.tsv").splitlines()[1:]]


def read_failures(directory):
    """DIR/failed/KEY holds one line, "label: reason"."""
    paths = [path for path in sorted(directory.glob("failed/*")) if re.fullmatch("[0-9a-f]{32}", path.name)]
    return {path.name: read_text(path).strip() for path in paths}


def read_state(directory):
    try:
        state = json.loads(read_text(directory / "state.json"))
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def load_references(files):
    return [series for file in files for series in load_reference(Path(file))]


def load_reference(path):
    """Series over width or channels, in the file's order."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    missing = [name for name in REFERENCE_COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError(f"{path}: no column `{missing[0]}`; expected {','.join(REFERENCE_COLUMNS)}")
    groups = {}
    for number, row in enumerate(rows, start=2):
        if row["x_name"] in ("width", "channels"):
            points = groups.setdefault((f"{row['figure']}: {row['panel']}", row["series"]), [])
            points.append(reference_point(path, number, row))
    if not groups:
        raise InputError(f"{path}: no row has x_name width or channels")
    return [ReferenceSeries(panel, name, *np.array(sorted(points)).T) for (panel, name), points in groups.items()]


def reference_point(path, number, row):
    try:
        x, y = float(row["x"]), float(row["y"])
    except (TypeError, ValueError):
        x, y = 0, 0
    if not (x > 0 and y > 0 and np.isfinite([x, y]).all()):
        raise InputError(f"{path}:{number}: x {row['x']} and y {row['y']} are not positive numbers")
    return x, y
